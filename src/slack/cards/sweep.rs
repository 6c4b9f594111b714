//! The card of a sweep: how far it is, what it found, and what can be done about it; and the pages of accounts whose
//! repair needs an approval of its own. Counts only, and no person's name, but on the private pages.

use jiff::Timestamp;

use crate::slack::blocks::{Button, Card, Confirm, Style, actions, context, header, section};
use crate::slack::markup::Markup;
use crate::slack::value::Value;
use reinstate_core::Cause;
use reinstate_core::plan::short;
use reinstate_core::run::Limits;
use reinstate_core::sweep::{Found, Surveyed, Sweep, SweepNext};

/// Causes listed on the card.
const CAUSES: usize = 20;
/// Accounts on one page.
const A_PAGE: usize = 8;

/// A sweep, to be drawn.
pub struct SweepView<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its fold.
    pub sweep: &'a Sweep,
    /// Times of approvals.
    pub limits: &'a Limits,
    /// Now.
    pub now: Timestamp,
    /// The end of the journal, once the sweep has ended.
    pub head: Option<String>,
}

fn count(number: u64) -> Markup {
    Markup::new().number(usize::try_from(number).unwrap_or(usize::MAX))
}

/// The root card.
#[must_use]
pub fn sweep_root(view: &SweepView<'_>) -> Card {
    let title = Markup::new().ours("Sweep of the organization");
    let says = state(view);
    let mut blocks = vec![header(&title), section(&says)];
    if let Some(surveyed) = &view.sweep.surveyed {
        blocks.push(section(&found(surveyed)));
        if !surveyed.unread.is_empty() {
            let mut lines = vec![Markup::new().ours("*Could not be read*, so what needs it is not judged:")];
            lines.extend(
                surveyed
                    .unread
                    .iter()
                    .map(|(source, why)| Markup::new().ours("• ").code(source.name()).ours(": ").data(why)),
            );
            blocks.push(section(&Markup::lines(&lines, 2900)));
        }
        blocks.push(section(&repairs(surveyed, view.sweep.ended.is_some())));
    }
    let buttons = buttons(view);
    if !buttons.is_empty() {
        blocks.push(actions(&format!("sweep-{}", view.sweep.seq), &buttons));
    }
    let mut foot = Markup::new().ours("Sweep ").code(view.id);
    if let Some(asked) = &view.sweep.asked {
        foot = if asked.by.is_empty() {
            foot.ours(" by schedule")
        } else {
            foot.ours(" asked by ").user(&asked.by)
        };
    }
    if let Some(head) = &view.head {
        foot = foot.ours(" · journal ").code(head);
    }
    blocks.push(context(&[foot]));
    Card::of(&title.ours(": ").then(&says), blocks, 2)
}

/// What `status SWEEP` answers: the card without its buttons, for one person alone, and what can be done.
#[must_use]
pub fn sweep_status(view: &SweepView<'_>, link: Option<&str>) -> Card {
    let mut card = sweep_root(view);
    card.blocks.retain(|block| block.get("type").is_none_or(|kind| kind != "actions"));
    if view.sweep.ended.is_none() {
        let stop =
            Markup::new().ours("To stop this sweep, type `/reinstate cancel ").data(view.id).ours("`.");
        card.blocks.push(context(&[stop]));
    }
    if let Some(link) = link {
        card.blocks.push(context(&[Markup::new().link(link, "The card of this sweep")]));
    }
    card.fitted(2)
}

/// Where it stands, in a sentence or two.
fn state(view: &SweepView<'_>) -> Markup {
    let sweep = view.sweep;
    if let Some(says) = &sweep.ended {
        return match &sweep.ended_by {
            Some(by) => Markup::new().ours("*Ended by* ").user(by).ours("*.* ").data(says),
            None => Markup::new().ours("*Ended.* ").data(says),
        };
    }
    match sweep.next(view.now, view.limits) {
        SweepNext::Survey => match sweep.progress {
            Some((at, [accounts, looks, looked])) => {
                let text = Markup::new().ours("*Reading:* ").then(&count(accounts)).ours(" accounts listed");
                let text =
                    text.ours(", looked closely at ").then(&count(looked)).ours(" of ").then(&count(looks));
                rate(text, accounts, sweep.opened_at, at)
            }
            None => Markup::new().ours("*Reading every side in bulk.*"),
        },
        SweepNext::AwaitRequest(until) => Markup::new()
            .ours("*Everything is read, and nothing was changed.* The button works until ")
            .time(until)
            .ours("."),
        SweepNext::AwaitApproval(until) => {
            let text = Markup::new().ours("*Waits for an approval* until ").time(until).ours(". ");
            let text = match &sweep.requested {
                Some((by, _)) => text.user(&by.by).ours(" wants the harmless repairs carried out. "),
                None => text,
            };
            text.ours("They touch more than five accounts, so an approver is needed.")
        }
        SweepNext::AwaitPerson => {
            let text = progress(sweep).ours("\n*Waits for an operator:* ");
            if let Some(by) = &sweep.paused_by {
                return text.user(by).ours(" paused the repairs. Press *Go on* or *Stop*.");
            }
            let why = sweep.paused.clone().unwrap_or_default();
            text.data(&why).ours(". Look at what failed, then go on or stop.")
        }
        SweepNext::Repair => progress(sweep),
        SweepNext::End(_) | SweepNext::Nothing => Markup::new().ours("*Ending.*"),
    }
}

/// The rate, where enough time has passed to tell.
fn rate(text: Markup, done: u64, since: Option<Timestamp>, at: Timestamp) -> Markup {
    let seconds = since.map_or(0, |since| at.duration_since(since).as_secs());
    match u64::try_from(seconds) {
        Ok(seconds) if seconds > 0 => text.ours(" (").then(&count(done / seconds)).ours(" a second)."),
        _ => text.ours("."),
    }
}

/// Counts of the repairs, their rate, and when they may be through if it stays so.
fn progress(sweep: &Sweep) -> Markup {
    let total = sweep.surveyed.as_ref().map_or(0, |surveyed| surveyed.list.repairs().len());
    let total = u64::try_from(total).unwrap_or(u64::MAX);
    let (at, counts) = sweep.repaired.unwrap_or((Timestamp::MIN, reinstate_core::sweep::Repaired::default()));
    let ended = counts.restored + counts.skipped + counts.failed;
    let mut text = Markup::new()
        .ours("*Repairing:* ")
        .then(&count(counts.restored))
        .ours(" of ")
        .then(&count(total))
        .ours(" restored");
    if counts.skipped > 0 {
        text = text.ours(", ").then(&count(counts.skipped)).ours(" skipped because they had changed");
    }
    if counts.failed > 0 {
        text = text.ours(", ").then(&count(counts.failed)).ours(" need another look");
    }
    let began = sweep.approved.as_ref().map(|(_, at)| *at).or(sweep.requested.as_ref().map(|(_, at)| *at));
    let seconds = began.map_or(0, |began| at.duration_since(began).as_secs());
    let left = total.saturating_sub(ended);
    // Before the first few have ended, any estimate would be a guess.
    match u64::try_from(seconds) {
        Ok(seconds) if ended >= 5 && seconds > 0 && left > 0 => {
            let minutes = (left * seconds / ended).div_ceil(60);
            text.ours(". At this rate about ").then(&count(minutes)).ours(" more minutes.")
        }
        _ => text.ours(". In waves of 5, 50 and the rest; whatever people ask for meanwhile goes first."),
    }
}

fn found(surveyed: &Surveyed) -> Markup {
    let tally = &surveyed.tally;
    let mut lines = vec![
        Markup::new()
            .ours("*")
            .then(&count(tally.accounts))
            .ours(" accounts*: ")
            .then(&count(tally.healthy))
            .ours(" healthy, ")
            .then(&count(tally.broken))
            .ours(" broken, ")
            .then(&count(tally.cannot_tell))
            .ours(" cannot be told"),
    ];
    if let Some(since) = &surveyed.since {
        lines.push(
            Markup::new()
                .ours("Since the sweep of ")
                .time(since.at)
                .ours(": ")
                .then(&count(since.newly))
                .ours(" new, ")
                .then(&count(since.gone))
                .ours(" gone, ")
                .then(&count(since.otherwise))
                .ours(" with other causes"),
        );
    }
    let mut causes: Vec<(Cause, u64)> =
        Cause::ALL.iter().filter_map(|cause| Some((*cause, *tally.by_cause.get(cause.code())?))).collect();
    causes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let more = causes.len().saturating_sub(CAUSES);
    for (cause, number) in causes.into_iter().take(CAUSES) {
        let line = Markup::new().ours("• ").then(&count(number)).ours(" × ");
        lines.push(line.ours(cause.title()).ours(" (").code(cause.code()).ours(")"));
    }
    if more > 0 {
        lines.push(Markup::new().ours("… and ").number(more).ours(" more causes, in the table"));
    }
    Markup::lines(&lines, 2900)
}

/// What can be done about what was found; once the sweep has ended, what could be.
fn repairs(surveyed: &Surveyed, ended: bool) -> Markup {
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
    let mut text = Markup::new().number(harmless).ours(can);
    if surveyed.approvals > 0 {
        text = text.then(&count(surveyed.approvals)).ours(need);
    }
    if rest > 0 {
        text = text.then(&count(rest)).ours(others);
    }
    text.ours("The table is in the thread.")
}

fn buttons(view: &SweepView<'_>) -> Vec<Button> {
    let sweep = view.sweep;
    let digest = sweep.digest().unwrap_or_default();
    let value = Value { run: view.id.to_owned(), digest: digest.clone(), ..Value::default() }.text();
    let plain =
        |action, words| Button { action, words, value: value.clone(), style: Style::Plain, confirm: None };
    let stop = || Button { style: Style::Danger, ..plain("reinstate.cancel", "Stop") };
    let Some(surveyed) = &sweep.surveyed else {
        return if sweep.ended.is_none() { vec![stop()] } else { Vec::new() };
    };
    let primary = |action, words, title: &'static str, yes| {
        Button {
        style: Style::Primary,
        confirm: Some(Confirm {
            title: Markup::new().ours(title),
            text: Markup::new()
                .ours("Exactly the ")
                .number(surveyed.list.repairs().len())
                .ours(" listed accounts and plans, list ")
                .code(short(&digest))
                .ours(". No irreversible step. Each account is looked at again first, and skipped if it has changed."),
            yes,
            no: "Back",
        }),
        ..plain(action, words)
    }
    };
    let mut all = match sweep.next(view.now, view.limits) {
        SweepNext::AwaitRequest(_) => vec![primary(
            "reinstate.sweep_repair",
            "Repair the harmless ones",
            "Repair the harmless ones?",
            "Repair",
        )],
        SweepNext::AwaitApproval(_) => vec![
            primary("reinstate.approve", "Approve", "Approve this list?", "Approve"),
            Button { style: Style::Danger, ..plain("reinstate.decline", "Decline") },
        ],
        SweepNext::Repair => vec![plain("reinstate.sweep_pause", "Pause"), stop()],
        SweepNext::AwaitPerson => {
            vec![Button { style: Style::Primary, ..plain("reinstate.retry", "Go on") }, stop()]
        }
        SweepNext::Survey | SweepNext::End(_) | SweepNext::Nothing => Vec::new(),
    };
    if surveyed.approvals > 0 {
        all.push(plain("reinstate.sweep_page", "Show those that need an approval"));
    }
    all
}

/// One page of accounts whose repair needs an approval of its own, each with its button: for one person alone.
#[must_use]
pub fn sweep_page(id: &str, found: &[Found], page: usize) -> Card {
    let pages = found.len().div_ceil(A_PAGE).max(1);
    let page = page.min(pages.saturating_sub(1));
    let title = Markup::new()
        .ours("Repairs that need an approval each, page ")
        .number(page + 1)
        .ours(" of ")
        .number(pages);
    let mut blocks = vec![section(&title)];
    for (place, one) in found.iter().enumerate().skip(page * A_PAGE).take(A_PAGE) {
        let causes: Vec<Markup> = one.causes.iter().map(|cause| Markup::new().ours(cause.title())).collect();
        let risk = one.risk.map_or("", reinstate_core::Risk::word);
        let text = Markup::new()
            .ours("*")
            .data(&one.query)
            .ours("*: ")
            .then(&Markup::list(&causes, "; "))
            .ours(" (")
            .ours(risk)
            .ours(")");
        blocks.push(section(&text));
        let value = Value { who: one.query.clone(), ..Value::default() }.text();
        blocks.push(actions(
            &format!("sweep-page-{place}"),
            &[Button {
                action: "reinstate.repair",
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
                action: "reinstate.sweep_page",
                words: "Next page",
                value,
                style: Style::Plain,
                confirm: None,
            }],
        ));
    }
    Card::of(&title, blocks, 1)
}
