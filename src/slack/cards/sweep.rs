//! The card of a sweep: its progress, its findings, and what can be done about them. Also the pages of accounts whose
//! repair needs an approval of its own. Only these private pages may name a person; the card shows counts.

use jiff::Timestamp;

use crate::slack::action::ButtonAction;
use crate::slack::blocks::{Button, Confirm, Message, Style, actions, context, header, section};
use crate::slack::markup::Markup;
use crate::slack::messages;
use crate::slack::value::Value;
use reinstate_core::Cause;
use reinstate_core::plan::short;
use reinstate_core::run::Limits;
use reinstate_core::sweep::{SurveyResult, Sweep, SweepFinding, SweepNext};

/// The maximum number of causes on the card.
const MAX_CAUSES: usize = 20;
/// The number of accounts on one page.
const PAGE_SIZE: usize = 8;

/// The input from which the card of a sweep is drawn.
pub struct SweepView<'a> {
    pub id: &'a str,
    pub sweep: &'a Sweep,
    /// The time limits of approvals.
    pub limits: &'a Limits,
    pub now: Timestamp,
    /// The head of the journal, after the sweep has ended.
    pub head: Option<String>,
}

fn count(number: u64) -> Markup {
    Markup::new().number(usize::try_from(number).unwrap_or(usize::MAX))
}

#[must_use]
pub fn sweep_root(view: &SweepView<'_>) -> Message {
    let title = Markup::new().literal("Sweep of the organization");
    let says = state(view);
    let mut blocks = vec![header(&title), section(&says)];
    if let Some(surveyed) = &view.sweep.surveyed {
        blocks.push(section(&found(surveyed)));
        if !surveyed.unread.is_empty() {
            let mut lines =
                vec![Markup::new().literal("*Could not be read*, so what needs it is not judged:")];
            lines.extend(surveyed.unread.iter().map(|(source, why)| {
                Markup::new().literal("• ").code(source.name()).literal(": ").escaped(why)
            }));
            blocks.push(section(&Markup::lines(&lines, 2900)));
        }
        blocks.push(section(&repairs(surveyed, view.sweep.ended.is_some())));
    }
    let buttons = buttons(view);
    if !buttons.is_empty() {
        blocks.push(actions(&format!("sweep-{}", view.sweep.seq), &buttons));
    }
    let mut foot = Markup::new().literal("Sweep ").code(view.id);
    if let Some(asked) = &view.sweep.asked {
        foot = if asked.by.id.is_empty() {
            foot.literal(" by schedule")
        } else {
            foot.literal(" asked by ").user(&asked.by.id)
        };
    }
    if let Some(head) = &view.head {
        foot = foot.literal(" · journal ").code(head);
    }
    blocks.push(context(&[foot]));
    Message::of(&title.literal(": ").then(&says), blocks, 2)
}

/// The answer to `status SWEEP`: the card without its buttons, for one person alone, and what can be done.
#[must_use]
pub fn sweep_status(view: &SweepView<'_>, link: Option<&str>) -> Message {
    let mut card = sweep_root(view);
    card.blocks.retain(|block| block.get("type").is_none_or(|kind| kind != "actions"));
    if view.sweep.ended.is_none() {
        let stop = Markup::new()
            .literal("To stop this sweep, type `/reinstate cancel ")
            .escaped(view.id)
            .literal("`.");
        card.blocks.push(context(&[stop]));
    }
    if let Some(link) = link {
        card.blocks.push(context(&[Markup::new().link(link, "The card of this sweep")]));
    }
    card.fitted(2)
}

/// The state of the sweep, in one or two sentences.
fn state(view: &SweepView<'_>) -> Markup {
    let sweep = view.sweep;
    if let Some(message) = &sweep.ended {
        let says = messages::end_message(message);
        return match &sweep.ended_by {
            Some(by) => Markup::new().literal("*Ended by* ").user(by).literal("*.* ").escaped(&says),
            None => Markup::new().literal("*Ended.* ").escaped(&says),
        };
    }
    match sweep.next(view.now, view.limits) {
        SweepNext::Survey => match sweep.progress {
            Some((at, [accounts, looks, looked])) => {
                let text =
                    Markup::new().literal("*Reading:* ").then(&count(accounts)).literal(" accounts listed");
                let text = text
                    .literal(", looked closely at ")
                    .then(&count(looked))
                    .literal(" of ")
                    .then(&count(looks));
                rate(text, accounts, sweep.opened_at, at)
            }
            None => Markup::new().literal("*Reading every side in bulk.*"),
        },
        SweepNext::AwaitRequest(until) => Markup::new()
            .literal("*Everything is read, and nothing was changed.* The button works until ")
            .time(until)
            .literal("."),
        SweepNext::AwaitApproval(until) => {
            let text = Markup::new().literal("*Waits for an approval* until ").time(until).literal(". ");
            let text = match &sweep.requested {
                Some((by, _)) => text.user(&by.by.id).literal(" wants the harmless repairs carried out. "),
                None => text,
            };
            text.literal("They touch more than five accounts, so an approver is needed.")
        }
        SweepNext::AwaitPerson => {
            let text = progress(sweep).literal("\n*Waits for an operator:* ");
            if let Some(by) = &sweep.paused_by {
                return text.user(by).literal(" paused the repairs. Press *Go on* or *Stop*.");
            }
            let why = sweep.paused.as_ref().map(messages::pause_message).unwrap_or_default();
            text.escaped(&why).literal(". Look at what failed, then go on or stop.")
        }
        SweepNext::Repair => progress(sweep),
        SweepNext::End(_) | SweepNext::Nothing => Markup::new().literal("*Ending.*"),
    }
}

/// Adds the rate, if enough time has passed to measure it.
fn rate(text: Markup, done: u64, since: Option<Timestamp>, at: Timestamp) -> Markup {
    let seconds = since.map_or(0, |since| at.duration_since(since).as_secs());
    match u64::try_from(seconds) {
        Ok(seconds) if seconds > 0 => text.literal(" (").then(&count(done / seconds)).literal(" a second)."),
        _ => text.literal("."),
    }
}

/// The counts of the repairs, their rate, and the estimated time of completion.
fn progress(sweep: &Sweep) -> Markup {
    let total = sweep.surveyed.as_ref().map_or(0, |surveyed| surveyed.list.repairs().len());
    let total = u64::try_from(total).unwrap_or(u64::MAX);
    let (at, counts) =
        sweep.repaired.unwrap_or((Timestamp::MIN, reinstate_core::sweep::RepairCounts::default()));
    let ended = counts.restored + counts.skipped + counts.failed;
    let mut text = Markup::new()
        .literal("*Repairing:* ")
        .then(&count(counts.restored))
        .literal(" of ")
        .then(&count(total))
        .literal(" restored");
    if counts.skipped > 0 {
        text = text.literal(", ").then(&count(counts.skipped)).literal(" skipped because they had changed");
    }
    if counts.failed > 0 {
        text = text.literal(", ").then(&count(counts.failed)).literal(" need another look");
    }
    let began = sweep.approved.as_ref().map(|(_, at)| *at).or(sweep.requested.as_ref().map(|(_, at)| *at));
    let seconds = began.map_or(0, |began| at.duration_since(began).as_secs());
    let left = total.saturating_sub(ended);
    // Before five repairs have ended, an estimate would be a guess.
    match u64::try_from(seconds) {
        Ok(seconds) if ended >= 5 && seconds > 0 && left > 0 => {
            let minutes = (left * seconds / ended).div_ceil(60);
            text.literal(". At this rate about ").then(&count(minutes)).literal(" more minutes.")
        }
        _ => text.literal(". In waves of 5, 50 and the rest; whatever people ask for meanwhile goes first."),
    }
}

fn found(surveyed: &SurveyResult) -> Markup {
    let tally = &surveyed.tally;
    let mut lines = vec![
        Markup::new()
            .literal("*")
            .then(&count(tally.accounts))
            .literal(" accounts*: ")
            .then(&count(tally.healthy))
            .literal(" healthy, ")
            .then(&count(tally.broken))
            .literal(" broken, ")
            .then(&count(tally.cannot_tell))
            .literal(" cannot be told"),
    ];
    if let Some(since) = &surveyed.since {
        lines.push(
            Markup::new()
                .literal("Since the sweep of ")
                .time(since.at)
                .literal(": ")
                .then(&count(since.newly))
                .literal(" new, ")
                .then(&count(since.gone))
                .literal(" gone, ")
                .then(&count(since.otherwise))
                .literal(" with other causes"),
        );
    }
    for cause in &tally.tenant_causes {
        let line = Markup::new().literal("*Concerns everybody:* ").literal(cause.title());
        lines.push(line.literal(" (").code(cause.code()).literal(")"));
    }
    if tally.has_tenant_fault() {
        let says = "Correct this first. Until then, no repair of many accounts is offered.";
        lines.push(Markup::new().literal(says));
    }
    let mut causes: Vec<(Cause, u64)> =
        Cause::ALL.iter().filter_map(|cause| Some((*cause, *tally.by_cause.get(cause.code())?))).collect();
    causes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let more = causes.len().saturating_sub(MAX_CAUSES);
    for (cause, number) in causes.into_iter().take(MAX_CAUSES) {
        let line = Markup::new().literal("• ").then(&count(number)).literal(" × ");
        lines.push(line.literal(cause.title()).literal(" (").code(cause.code()).literal(")"));
    }
    if more > 0 {
        lines.push(Markup::new().literal("… and ").number(more).literal(" more causes, in the table"));
    }
    Markup::lines(&lines, 2900)
}

/// What can be done about the findings. After the sweep has ended, what could be done.
fn repairs(surveyed: &SurveyResult, ended: bool) -> Markup {
    let harmless = surveyed.list.repairs().len();
    let tally = &surveyed.tally;
    let planned = u64::try_from(harmless).unwrap_or(u64::MAX).saturating_add(surveyed.approvals);
    let rest = (tally.broken + tally.cannot_tell).saturating_sub(planned);
    let (can, need, others) = if ended {
        (
            " could be repaired harmlessly when the organization was read: what provisioning would do anyway. ",
            " needed an approval each. ",
            " were for a person, or needed no approval and are repaired one by one. ",
        )
    } else {
        (
            " can be repaired harmlessly: what provisioning would do anyway. ",
            " need an approval each. ",
            " are for a person, or need no approval and are repaired one by one. ",
        )
    };
    let mut text = Markup::new().number(harmless).literal(can);
    if surveyed.approvals > 0 {
        text = text.then(&count(surveyed.approvals)).literal(need);
    }
    if rest > 0 {
        text = text.then(&count(rest)).literal(others);
    }
    text.literal("The table is in the thread.")
}

fn buttons(view: &SweepView<'_>) -> Vec<Button> {
    let sweep = view.sweep;
    let digest = sweep.digest().unwrap_or_default();
    let value = Value { run: view.id.to_owned(), digest: digest.clone(), ..Value::default() }.text();
    let plain =
        |action, words| Button { action, words, value: value.clone(), style: Style::Plain, confirm: None };
    let stop = || Button { style: Style::Danger, ..plain(ButtonAction::Cancel, "Stop") };
    let Some(surveyed) = &sweep.surveyed else {
        return if sweep.ended.is_none() { vec![stop()] } else { Vec::new() };
    };
    let primary = |action, words, title: &'static str, yes| {
        Button {
        style: Style::Primary,
        confirm: Some(Confirm {
            title: Markup::new().literal(title),
            text: Markup::new()
                .literal("Exactly the ")
                .number(surveyed.list.repairs().len())
                .literal(" listed accounts and plans, list ")
                .code(short(&digest))
                .literal(". No irreversible step. Each account is looked at again first, and skipped if it has changed."),
            yes,
            no: "Back",
        }),
        ..plain(action, words)
    }
    };
    let mut all = match sweep.next(view.now, view.limits) {
        SweepNext::AwaitRequest(_) => vec![primary(
            ButtonAction::SweepRepair,
            "Repair the harmless ones",
            "Repair the harmless ones?",
            "Repair",
        )],
        SweepNext::AwaitApproval(_) => vec![
            primary(ButtonAction::Approve, "Approve", "Approve this list?", "Approve"),
            Button { style: Style::Danger, ..plain(ButtonAction::Decline, "Decline") },
        ],
        SweepNext::Repair => vec![plain(ButtonAction::SweepPause, "Pause"), stop()],
        SweepNext::AwaitPerson => {
            vec![Button { style: Style::Primary, ..plain(ButtonAction::Retry, "Go on") }, stop()]
        }
        SweepNext::Survey | SweepNext::End(_) | SweepNext::Nothing => Vec::new(),
    };
    if surveyed.approvals > 0 {
        all.push(plain(ButtonAction::SweepPage, "Show those that need an approval"));
    }
    all
}

/// One page of accounts whose repair needs an approval of its own, each with its button. For one person alone.
#[must_use]
pub fn sweep_page(id: &str, found: &[SweepFinding], page: usize) -> Message {
    let pages = found.len().div_ceil(PAGE_SIZE).max(1);
    let page = page.min(pages.saturating_sub(1));
    let title = Markup::new()
        .literal("Repairs that need an approval each, page ")
        .number(page + 1)
        .literal(" of ")
        .number(pages);
    let mut blocks = vec![section(&title)];
    for (place, one) in found.iter().enumerate().skip(page * PAGE_SIZE).take(PAGE_SIZE) {
        let causes: Vec<Markup> =
            one.causes.iter().map(|cause| Markup::new().literal(cause.title())).collect();
        let risk = one.risk.map_or("", reinstate_core::Risk::word);
        let text = Markup::new()
            .literal("*")
            .escaped(&one.query)
            .literal("*: ")
            .then(&Markup::list(&causes, "; "))
            .literal(" (")
            .literal(risk)
            .literal(")");
        blocks.push(section(&text));
        let value = Value { who: one.query.clone(), ..Value::default() }.text();
        blocks.push(actions(
            &format!("sweep-page-{place}"),
            &[Button {
                action: ButtonAction::Repair,
                words: "Repair",
                value,
                style: Style::Plain,
                confirm: None,
            }],
        ));
    }
    if page + 1 < pages {
        let value = Value { run: id.to_owned(), page: page + 1, ..Value::default() }.text();
        blocks.push(actions(
            &format!("sweep-next-{page}"),
            &[Button {
                action: ButtonAction::SweepPage,
                words: "Next page",
                value,
                style: Style::Plain,
                confirm: None,
            }],
        ));
    }
    Message::of(&title, blocks, 1)
}
