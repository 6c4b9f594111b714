//! What a run looks like: a pure view of its newest state. The same run gives the same card, so that nothing
//! unchanged is sent. It must never say by colour or picture alone what it does not say in words.

use jiff::Timestamp;
use serde_json::Value as Json;

use super::blocks::{
    Button, Card, Confirm, Status, Style, Task, actions, context, divider, header, progress, section,
};
use super::interaction::Value;
use super::markup::Markup;
use super::words;
use crate::config::Access;
use crate::core::diagnose::{Mark, Station};
use crate::core::plan::short;
use crate::core::run::{Current, Limits, Next, Outcome, Progress};
use crate::core::{Diagnosis, Event, Plan, Risk, Rules, Run, Step, Verdict};

/// What a card is drawn from.
pub struct View<'a> {
    /// The run's id.
    pub id: &'a str,
    /// Its newest state.
    pub run: &'a Run,
    /// Its entries.
    pub events: &'a [(i64, Timestamp, Event)],
    /// The planner's rules.
    pub rules: &'a Rules,
    /// Times of a run.
    pub limits: &'a Limits,
    /// Who has which role.
    pub access: &'a Access,
    /// Now.
    pub now: Timestamp,
    /// The end of the journal, shown on final cards.
    pub head: Option<String>,
    /// Slack refuses the `plan` block.
    pub plain: bool,
    /// `slack.channel`, where approvals are asked.
    pub channel: &'a str,
    /// Whether approvals are asked on this card.
    pub asks_here: bool,
}

impl View<'_> {
    fn next(&self) -> Next {
        self.run.next(self.now, self.rules, self.limits)
    }

    /// The digest that is waited for now.
    #[must_use]
    pub fn awaited(&self) -> Option<&str> {
        match self.next() {
            Next::AwaitApproval { .. } => self.run.current.as_ref()?.digest.as_deref(),
            _ => None,
        }
    }

    fn value(&self) -> String {
        let digest = self.run.current.as_ref().and_then(|current| current.digest.clone()).unwrap_or_default();
        Value { run: self.id.to_owned(), digest, who: String::new() }.text()
    }

    fn name(&self) -> Markup {
        let diagnosed = self.run.current.as_ref().and_then(|current| current.diagnosis.email.clone());
        let admitted = self.run.admitted.as_ref().map(|(_, who)| who.text().to_owned());
        Markup::new().data(&diagnosed.or(admitted).unwrap_or_else(|| "somebody".to_owned()))
    }
}

/// The root card of a run.
#[must_use]
pub fn root(view: &View<'_>) -> Card {
    let title = Markup::new().ours("Repair of ").then(&view.name());
    let says = state(view);
    let mut blocks = vec![
        header(&title),
        section(&says),
        progress(&Markup::new().ours("Progress"), &tasks(view), view.plain),
    ];
    if let Some(current) = &view.run.current {
        blocks.extend(found(&current.diagnosis));
        blocks.extend(planned(&current.plan));
    }
    let buttons = buttons(view);
    if !buttons.is_empty() {
        blocks.push(actions(&format!("run-{}", view.run.seq), &buttons));
    }
    blocks.push(context(&[foot(view)]));
    Card::of(&title.ours(": ").then(&says), blocks, 2)
}

/// The card that asks for an approval in `slack.channel`, when the root card stands elsewhere.
#[must_use]
pub fn approval(view: &View<'_>, digest: &str) -> Card {
    let waits = view.awaited() == Some(digest);
    let title = Markup::new().ours("Approval for ").then(&view.name());
    let says = if waits {
        state(view)
    } else {
        Markup::new().ours("*Nothing to approve here any more.* ").then(&state(view))
    };
    let mut blocks = vec![header(&title), section(&says)];
    if let Some(current) =
        view.run.current.as_ref().filter(|current| current.digest.as_deref() == Some(digest))
    {
        blocks.extend(found(&current.diagnosis));
        blocks.extend(planned(&current.plan));
    }
    if waits {
        blocks.push(actions(&format!("ask-{}", short(digest)), &asking(view)));
    }
    blocks.push(context(&[foot(view)]));
    Card::of(&title.ours(": ").then(&says), blocks, 2)
}

/// Tells approvers, who do not hear of an update, that the card above waits for them.
#[must_use]
pub fn call(view: &View<'_>) -> Card {
    Card::text(
        &words::approvers(view.access, &requesters(view))
            .ours(" the plan for ")
            .then(&view.name())
            .ours(" waits for an approval. The buttons are on the card above."),
    )
}

/// Tells how a run ended, to those named.
#[must_use]
pub fn outcome(view: &View<'_>, to: &Markup) -> Card {
    let to = if to.is_empty() { Markup::new() } else { to.clone().ours(" ") };
    Card::text(&to.ours("the repair of ").then(&view.name()).ours(" has ended. ").then(&state(view)))
}

/// Those who asked; they are not asked to approve.
#[must_use]
pub fn requesters(view: &View<'_>) -> Vec<String> {
    view.run.asked.iter().map(|asked| asked.by.clone()).collect()
}

/// One line for a list of runs.
#[must_use]
pub fn line(id: &str, run: &Run, rules: &Rules, limits: &Limits, now: Timestamp) -> Markup {
    let who = run.admitted.as_ref().map(|(_, who)| who.text().to_owned());
    let mut text =
        Markup::new().code(id).ours(" – ").data(&who.unwrap_or_else(|| "not looked up yet".to_owned()));
    if let Some(asked) = &run.asked {
        text = text.ours(", asked by ").user(&asked.by);
    }
    if let Some(at) = run.opened_at {
        text = text.ours(" ").time(at);
    }
    text = text.ours(": ");
    match (&run.ended, run.next(now, rules, limits)) {
        (Some((outcome, _)), _) => text.ours(ending(*outcome)),
        (None, Next::AwaitApproval { until }) => text.ours("waits for an approver until ").time(until),
        (None, Next::AwaitPerson) => text.ours("waits for an operator: Retry or Cancel on its card"),
        (None, Next::Expire) => text.ours("its time to approve is over"),
        (None, _) => text.ours("running"),
    }
}

fn ending(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Healthy => "Access was good from the start",
        Outcome::Restored => "Access is back, and that was proven",
        Outcome::Advice => "Only people can do what is left",
        Outcome::CannotTell => "It could not be told",
        Outcome::Refused => "Refused",
        Outcome::Busy => "Another run is on the same account",
        Outcome::Declined => "Declined",
        Outcome::Expired => "Nobody approved in time",
        Outcome::Cancelled => "Stopped",
    }
}

/// Who must act, or what came of it.
fn state(view: &View<'_>) -> Markup {
    if let Some((outcome, says)) = &view.run.ended {
        let mut text = Markup::new().ours("*").ours(ending(*outcome)).ours(".* ").data(says);
        let by = view.events.iter().rev().find_map(|(_, _, event)| match event {
            Event::Declined { by, .. } | Event::Cancelled { by } => Some(by),
            _ => None,
        });
        if let (Some(by), Outcome::Declined | Outcome::Cancelled) = (by, outcome) {
            text = text.ours(" By ").user(by).ours(".");
        }
        return text;
    }
    match view.next() {
        Next::AwaitApproval { until } => {
            let text = Markup::new().ours("*Waits for an approval* until ").time(until).ours(".");
            if view.asks_here {
                text.ours(" ")
                    .then(&words::approvers(view.access, &requesters(view)))
                    .ours(": please approve or decline.")
            } else {
                text.ours(" It is asked in ").channel(view.channel).ours(".")
            }
        }
        Next::AwaitPerson => {
            let why = view.run.waiting.as_ref().map(|waiting| waiting.why.clone()).unwrap_or_default();
            Markup::new()
                .ours("*Waits for an operator:* ")
                .data(&why)
                .ours(" Retry looks at everything again; Cancel stops the run.")
        }
        Next::Expire => Markup::new().ours("*The time to approve is over.*"),
        Next::Stop => Markup::new().ours("*Stopping.*"),
        Next::Admit => Markup::new().ours("*Looking up who asks.*"),
        Next::Look | Next::Conclude => Markup::new().ours("*Reading what is there.*"),
        Next::Prove => Markup::new().ours("*Confirming that access is back.*"),
        Next::Step { .. } | Next::Nothing => Markup::new().ours("*Repairing.*"),
    }
}

fn tasks(view: &View<'_>) -> Vec<Task> {
    let task = |title: Markup, status| Task { title, status };
    let ended = view.run.ended.is_some();
    let open = |now: bool| match (ended, now) {
        (false, true) => Status::InProgress,
        _ => Status::Pending,
    };
    let next = view.next();
    let mut all = Vec::new();
    for (op, worked) in &view.run.done {
        // Once nothing is left to do, all that was done stands together, whichever plan it was of.
        let last = view.run.current.as_ref().is_none_or(|current| current.plan.steps.is_empty());
        let note = match (worked, last) {
            (true, true) => "",
            (true, false) => " (earlier plan)",
            (false, true) => " (without effect)",
            (false, false) => " (earlier plan, without effect)",
        };
        all.push(task(Markup::new().data(&op.says()).ours(note), Status::Complete));
    }
    let read = if view.run.current.is_some() && next != Next::Look {
        Status::Complete
    } else {
        open(matches!(next, Next::Look))
    };
    all.push(task(Markup::new().ours("Read everything and find the cause"), read));
    let Some(current) = &view.run.current else { return all };
    let waiting = view.run.waiting.as_ref().and_then(|waiting| waiting.step);
    for (index, (step, done)) in current.plan.steps.iter().zip(&current.progress).enumerate() {
        let status = match done {
            Progress::Done => Status::Complete,
            Progress::Fruitless => Status::Error,
            _ if waiting == Some(index) => Status::Error,
            Progress::Begun => Status::InProgress,
            Progress::Open => open(matches!(next, Next::Step { index: at, .. } if at == index)),
        };
        let note = if *done == Progress::Fruitless { " (without effect)" } else { "" };
        all.push(task(Markup::new().data(&step.op.says()).ours(note), status));
    }
    if !current.plan.steps.is_empty() {
        let restored = matches!(view.run.ended, Some((Outcome::Restored | Outcome::Healthy, _)));
        let status = if restored { Status::Complete } else { open(next == Next::Prove) };
        all.push(task(Markup::new().ours("Confirm access"), status));
    }
    all
}

/// What is broken, with the facts behind it.
fn found(diagnosis: &Diagnosis) -> Vec<Json> {
    let mut blocks = Vec::new();
    for finding in diagnosis.findings.iter().take(8) {
        let head = Markup::new().ours("*").ours(finding.code.title()).ours("* ").code(finding.code.code());
        let mut lines = vec![head];
        lines.extend(finding.because.iter().map(|fact| {
            Markup::new()
                .ours("• ")
                .data(&fact.says)
                .ours(" (")
                .ours(fact.source.name())
                .ours(", ")
                .time(fact.seen_at)
                .ours(")")
        }));
        blocks.push(section(&Markup::lines(&lines, 2900)));
    }
    if diagnosis.findings.len() > 8 {
        blocks.push(context(&[Markup::new()
            .ours("… and ")
            .number(diagnosis.findings.len() - 8)
            .ours(" more findings")]));
    }
    let groups = groups(diagnosis);
    if !groups.is_empty() {
        blocks.push(section(&groups));
    }
    if !diagnosis.unread.is_empty() {
        let mut lines = vec![Markup::new().ours("*Could not be read*")];
        lines.extend(
            diagnosis
                .unread
                .iter()
                .map(|(source, why)| Markup::new().ours("• ").ours(source.name()).ours(": ").data(why)),
        );
        blocks.push(section(&Markup::lines(&lines, 2900)));
    }
    blocks
}

fn groups(diagnosis: &Diagnosis) -> Markup {
    let named = |title: &'static str, names: &Option<Vec<String>>| {
        let text = Markup::new().ours(title);
        match names {
            None => text.ours("not known"),
            Some(names) if names.is_empty() => text.ours("none"),
            Some(names) => {
                let shown: Vec<Markup> = names.iter().take(30).map(|name| Markup::new().code(name)).collect();
                let text = text.then(&Markup::list(&shown, ", "));
                if names.len() > 30 {
                    text.ours(" and ").number(names.len() - 30).ours(" more")
                } else {
                    text
                }
            }
        }
    };
    let groups = &diagnosis.groups;
    if groups.expected.is_none() && groups.present.is_none() {
        return Markup::new();
    }
    let lines = [
        named("*Groups missing:* ", &groups.missing),
        named("*Groups present:* ", &groups.present),
        named("*Groups expected:* ", &groups.expected),
    ];
    Markup::lines(&lines, 2900)
}

fn step_line(number: usize, step: &Step) -> Markup {
    Markup::new()
        .number(number)
        .ours(". ")
        .data(&step.op.says())
        .ours(" – *")
        .ours(step.risk.word())
        .ours("*, ")
        .ours(step.undo.says())
}

/// What will happen, what it costs, and what only people can do.
fn planned(plan: &Plan) -> Vec<Json> {
    let mut blocks = Vec::new();
    let list = |title: &'static str, texts: &[String]| {
        let mut lines = vec![Markup::new().ours(title)];
        lines.extend(texts.iter().map(|text| Markup::new().ours("• ").data(text)));
        section(&Markup::lines(&lines, 2900))
    };
    if !plan.steps.is_empty() {
        blocks.push(divider());
        let mut lines = vec![Markup::new().ours("*What will happen*")];
        lines.extend(plan.steps.iter().enumerate().map(|(index, step)| step_line(index + 1, step)));
        blocks.push(section(&Markup::lines(&lines, 2900)));
    }
    if !plan.cost.is_empty() {
        blocks.push(list("*What it costs*", &plan.cost));
    }
    if !plan.advice.is_empty() {
        blocks.push(list("*What only a person can do*", &plan.advice));
    }
    blocks
}

fn buttons(view: &View<'_>) -> Vec<Button> {
    let plain =
        |action, words| Button { action, words, value: view.value(), style: Style::Plain, confirm: None };
    let recheck = || plain("reinstate.recheck", "Recheck");
    if view.run.ended.is_some() {
        return Vec::new();
    }
    match view.next() {
        Next::AwaitApproval { .. } if view.asks_here => asking(view),
        Next::AwaitApproval { .. } => vec![recheck()],
        Next::AwaitPerson => vec![
            Button { style: Style::Primary, ..plain("reinstate.retry", "Retry") },
            Button { style: Style::Danger, ..plain("reinstate.cancel", "Cancel") },
            recheck(),
        ],
        _ => Vec::new(),
    }
}

fn asking(view: &View<'_>) -> Vec<Button> {
    let plain =
        |action, words| Button { action, words, value: view.value(), style: Style::Plain, confirm: None };
    let confirm = view.run.current.as_ref().map(|current| confirm(view, current));
    vec![
        Button { style: Style::Primary, confirm, ..plain("reinstate.approve", "Approve") },
        Button { style: Style::Danger, ..plain("reinstate.decline", "Decline") },
        plain("reinstate.recheck", "Recheck"),
    ]
}

/// Slack's dialog repeats the account, the irreversible steps and the digest; the digest and the name always fit.
fn confirm(view: &View<'_>, current: &Current) -> Confirm {
    let digest = current.digest.as_deref().map(short).unwrap_or_default();
    let risky: Vec<Markup> = current
        .plan
        .steps
        .iter()
        .filter(|step| step.risk >= Risk::Disruptive)
        .map(|step| Markup::new().ours("• ").data(&step.op.says()))
        .collect();
    let name = Markup::new().data(&view.name_for_dialog());
    let lines = if risky.is_empty() { vec![Markup::new().ours("No irreversible step.")] } else { risky };
    let text = Markup::new().ours("For ").then(&name).ours(", plan ").code(digest).ours(":\n");
    let room = 300usize.saturating_sub(text.as_str().chars().count());
    Confirm {
        title: Markup::new().ours("Approve this plan?"),
        text: text.then(&Markup::lines(&lines, room)),
        yes: "Approve",
        no: "Back",
    }
}

impl View<'_> {
    /// Short enough that the steps have room beside it.
    fn name_for_dialog(&self) -> String {
        let current = self.run.current.as_ref();
        let account = current.and_then(|current| current.diagnosis.account.clone());
        let email = current.and_then(|current| current.diagnosis.email.clone());
        let who = self.run.admitted.as_ref().map(|(_, who)| who.text().to_owned());
        let name: String = email.or(who).unwrap_or_default().chars().take(80).collect();
        account
            .map_or(name.clone(), |account| format!("{name} (account {account})"))
            .chars()
            .take(140)
            .collect()
    }
}

fn foot(view: &View<'_>) -> Markup {
    let mut text = Markup::new().ours("Run ").code(view.id);
    if let Some(asked) = &view.run.asked {
        text = text.ours(", asked by ").user(&asked.by);
    }
    if let Some(at) = view.run.opened_at {
        text = text.ours(" ").time(at);
    }
    if let Some(current) = &view.run.current {
        if let Some(digest) = &current.digest {
            text = text.ours(", plan ").code(short(digest));
        }
        for approval in &current.approvals {
            text = text.ours(", approved by ").user(&approval.by).ours(" ").time(approval.at);
        }
    }
    match &view.head {
        Some(head) => text.ours(", journal ").code(head),
        None => text,
    }
}

/// The private answer to `check`: trail, findings, groups, plan, and buttons.
#[must_use]
pub fn diagnosis(diagnosis: &Diagnosis, plan: &Plan, at: Timestamp, asked: &str) -> Card {
    let name = diagnosis.email.clone().unwrap_or_else(|| asked.to_owned());
    let title = Markup::new().ours("Access of ").data(&name);
    let verdict = match diagnosis.verdict {
        Verdict::Healthy => "Healthy: access is as it should be.",
        Verdict::Broken => "Broken: access is missing.",
        Verdict::CannotTell => "Cannot tell: not enough could be read.",
    };
    let says = Markup::new().ours("*").ours(verdict).ours("* Read ").time(at).ours(".");
    let mut blocks = vec![header(&title), section(&says)];
    let trail: Vec<Markup> = diagnosis.trail.iter().map(station).collect();
    if !trail.is_empty() {
        blocks.push(section(&Markup::lines(&trail, 2900)));
    }
    blocks.extend(found(diagnosis));
    for candidate in diagnosis.candidates.iter().take(5) {
        let mut lines = vec![
            Markup::new()
                .ours("*Candidate:* ")
                .data(&candidate.kind)
                .ours(" ")
                .code(&candidate.id)
                .ours(" ")
                .data(candidate.email.as_deref().unwrap_or_default())
                .ours(" ")
                .data(candidate.name.as_deref().unwrap_or_default()),
        ];
        lines.extend(candidate.says.iter().map(|says| Markup::new().ours("• ").data(says)));
        blocks.push(section(&Markup::lines(&lines, 2900)));
    }
    blocks.extend(planned(plan));
    let value = Value { who: asked.to_owned(), ..Value::default() }.text();
    let button = |action, words, style| Button { action, words, value: value.clone(), style, confirm: None };
    let mut buttons = Vec::new();
    if !plan.steps.is_empty() {
        buttons.push(button("reinstate.repair", "Repair", Style::Primary));
    }
    buttons.push(button("reinstate.recheck", "Recheck", Style::Plain));
    blocks.push(actions("check", &buttons));
    Card::of(&title.ours(": ").ours(verdict), blocks, 1)
}

fn station(station: &Station) -> Markup {
    let mark = match station.mark {
        Mark::Good => ":white_check_mark: good – ",
        Mark::Broken => ":x: broken – ",
        Mark::Unread => ":grey_question: unread – ",
    };
    Markup::new().ours(mark).ours("*").data(&station.name).ours("*: ").data(&station.says)
}
