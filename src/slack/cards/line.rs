//! A run in one line: in a list, and when it ends.

use jiff::Timestamp;

use super::View;
use super::state::{ending, state};
use crate::slack::blocks::Message;
use crate::slack::markup::Markup;
use reinstate_core::run::{Goal, Limits, Next};
use reinstate_core::sweep::{Sweep, SweepNext};
use reinstate_core::{Rules, Run};

/// One line for a list of runs.
#[must_use]
pub fn line(id: &str, run: &Run, rules: &Rules, limits: &Limits, now: Timestamp) -> Markup {
    let who = run.admitted.as_ref().map(|(_, who)| who.text().to_owned());
    let mut text =
        Markup::new().code(id).literal(" – ").escaped(&who.unwrap_or_else(|| "not looked up yet".to_owned()));
    if let Some(asked) = &run.asked {
        text = text.literal(", asked by ").user(&asked.by.id);
    }
    if let Some(at) = run.opened_at {
        text = text.literal(" ").time(at);
    }
    text = text.literal(": ");
    match (&run.ended, run.next(now, rules, limits)) {
        (Some((outcome, _)), _) => text.literal(ending(*outcome)),
        (None, Next::AwaitApproval { until }) => text.literal("waits for an approver until ").time(until),
        (None, Next::AwaitPerson) => text.literal("waits for an operator: Retry or Stop on its card"),
        (None, Next::Expire) => text.literal("its time to approve is over"),
        (None, _) => text.literal("running"),
    }
}

/// One line for a sweep in such a list.
#[must_use]
pub fn sweep_line(id: &str, sweep: &Sweep, limits: &Limits, now: Timestamp) -> Markup {
    let mut text = Markup::new().code(id).literal(" – sweep");
    if let Some(asked) = sweep.asked.as_ref().filter(|asked| !asked.by.id.is_empty()) {
        text = text.literal(", asked by ").user(&asked.by.id);
    }
    if let Some(at) = sweep.opened_at {
        text = text.literal(" ").time(at);
    }
    text = text.literal(": ");
    match sweep.next(now, limits) {
        _ if sweep.ended.is_some() => text.literal("ended"),
        SweepNext::Survey => text.literal("reading"),
        SweepNext::AwaitRequest(until) => text.literal("its repairs can be asked for until ").time(until),
        SweepNext::AwaitApproval(until) => text.literal("waits for an approver until ").time(until),
        SweepNext::AwaitPerson => text.literal("waits for an operator: Go on or Stop on its card"),
        SweepNext::Repair => text.literal("repairing"),
        SweepNext::End(_) | SweepNext::Nothing => text.literal("ending"),
    }
}

/// A run in such a list whose journal cannot be read.
#[must_use]
pub fn unreadable_line(id: &str) -> Markup {
    Markup::new().literal("Run ").code(id).literal(" cannot be read.")
}

/// A list of runs: a line for each that is shown, with the link to its card. `count`: how many there are.
#[must_use]
pub fn list(title: Markup, shown: &[(Markup, Option<String>)], count: usize) -> Message {
    let mut lines = vec![title];
    lines.extend(shown.iter().map(|(line, link)| {
        let line = Markup::new().literal("• ").then(line);
        match link {
            Some(link) => line.literal(" – ").link(link, "its card"),
            None => line,
        }
    }));
    let more = count.saturating_sub(shown.len());
    if more > 0 {
        lines.push(Markup::new().literal("… and ").number(more).literal(" more"));
    }
    Message::text(&Markup::lines(&lines, 2900))
}

/// Tells the requester that a run stopped for a person: what happened, why, and what to do. `here`: the card stands
/// above.
#[must_use]
pub fn stopped(view: &View<'_>, channel: &str, here: bool) -> Message {
    let what = match view.aim() {
        Goal::Repair { .. } => "The repair of ",
        Goal::Undo { .. } => "The undo of a repair of ",
        Goal::Retire { .. } => "The retirement of an account left over by the repair of ",
    };
    let text = match &view.run.asked {
        Some(asked) if here => Markup::new().user(&asked.by.id).literal(" "),
        _ => Markup::new(),
    };
    let text = text.literal(what).then(&view.name()).literal(" has stopped. ").then(&state(view));
    Message::text(&if here {
        text.literal(" The buttons are on the card above.")
    } else {
        text.literal(" The buttons are on its card in ").channel(channel).literal(".")
    })
}

/// Tells how a run ended, to those named.
#[must_use]
pub fn outcome(view: &View<'_>, to: &Markup) -> Message {
    let to = if to.is_empty() { Markup::new() } else { to.clone().literal(" ") };
    let what = match view.aim() {
        Goal::Repair { .. } => "the repair of ",
        Goal::Undo { .. } => "the undo of a repair of ",
        Goal::Retire { .. } => "the retirement of an account left over by the repair of ",
    };
    Message::text(&to.literal(what).then(&view.name()).literal(" has ended. ").then(&state(view)))
}
