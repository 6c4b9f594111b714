//! A run in one line: in a list, and when it ends.

use jiff::Timestamp;

use super::View;
use super::state::{ending, state};
use crate::slack::blocks::Card;
use crate::slack::markup::Markup;
use reinstate_core::run::{Aim, Limits, Next};
use reinstate_core::sweep::{Sweep, SweepNext};
use reinstate_core::{Rules, Run};

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
        (None, Next::AwaitPerson) => text.ours("waits for an operator: Retry or Stop on its card"),
        (None, Next::Expire) => text.ours("its time to approve is over"),
        (None, _) => text.ours("running"),
    }
}

/// One line for a sweep in such a list.
#[must_use]
pub fn sweep_line(id: &str, sweep: &Sweep, limits: &Limits, now: Timestamp) -> Markup {
    let mut text = Markup::new().code(id).ours(" – sweep");
    if let Some(asked) = sweep.asked.as_ref().filter(|asked| !asked.by.is_empty()) {
        text = text.ours(", asked by ").user(&asked.by);
    }
    if let Some(at) = sweep.opened_at {
        text = text.ours(" ").time(at);
    }
    text = text.ours(": ");
    match sweep.next(now, limits) {
        _ if sweep.ended.is_some() => text.ours("ended"),
        SweepNext::Survey => text.ours("reading"),
        SweepNext::AwaitRequest(until) => text.ours("its repairs can be asked for until ").time(until),
        SweepNext::AwaitApproval(until) => text.ours("waits for an approver until ").time(until),
        SweepNext::AwaitPerson => text.ours("waits for an operator: Go on or Stop on its card"),
        SweepNext::Repair => text.ours("repairing"),
        SweepNext::End(_) | SweepNext::Nothing => text.ours("ending"),
    }
}

/// A run in such a list whose journal cannot be read.
#[must_use]
pub fn unreadable_line(id: &str) -> Markup {
    Markup::new().ours("Run ").code(id).ours(" cannot be read.")
}

/// A list of runs: a line for each that is shown, with the link to its card. `count`: how many there are.
#[must_use]
pub fn list(title: Markup, shown: &[(Markup, Option<String>)], count: usize) -> Card {
    let mut lines = vec![title];
    lines.extend(shown.iter().map(|(line, link)| {
        let line = Markup::new().ours("• ").then(line);
        match link {
            Some(link) => line.ours(" – ").link(link, "its card"),
            None => line,
        }
    }));
    let more = count.saturating_sub(shown.len());
    if more > 0 {
        lines.push(Markup::new().ours("… and ").number(more).ours(" more"));
    }
    Card::text(&Markup::lines(&lines, 2900))
}

/// Tells the requester that a run stopped for a person: what happened, why, and what to do. `here`: the card stands
/// above.
#[must_use]
pub fn stopped(view: &View<'_>, channel: &str, here: bool) -> Card {
    let what = match view.aim() {
        Aim::Repair { .. } => "The repair of ",
        Aim::Undo { .. } => "The undo of a repair of ",
        Aim::Retire { .. } => "The retirement of an account left over by the repair of ",
    };
    let text = match &view.run.asked {
        Some(asked) if here => Markup::new().user(&asked.by).ours(" "),
        _ => Markup::new(),
    };
    let text = text.ours(what).then(&view.name()).ours(" has stopped. ").then(&state(view));
    Card::text(&if here {
        text.ours(" The buttons are on the card above.")
    } else {
        text.ours(" The buttons are on its card in ").channel(channel).ours(".")
    })
}

/// Tells how a run ended, to those named.
#[must_use]
pub fn outcome(view: &View<'_>, to: &Markup) -> Card {
    let to = if to.is_empty() { Markup::new() } else { to.clone().ours(" ") };
    let what = match view.aim() {
        Aim::Repair { .. } => "the repair of ",
        Aim::Undo { .. } => "the undo of a repair of ",
        Aim::Retire { .. } => "the retirement of an account left over by the repair of ",
    };
    Card::text(&to.ours(what).then(&view.name()).ours(" has ended. ").then(&state(view)))
}
