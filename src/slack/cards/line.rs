//! Lists of runs and sweeps with one line each, and the messages about a run that is no longer progressing.

use jiff::Timestamp;

use super::state::{ending, state};
use super::{SweepView, View};
use crate::config::Grant;
use crate::slack::blocks::{Message, listing};
use crate::slack::markup::Markup;
use crate::slack::messages;
use reinstate_core::Event;
use reinstate_core::run::{Goal, Next};
use reinstate_core::short_id;
use reinstate_core::sweep::SweepNext;

/// The maximum number of sections of a list. Slack limits the characters of a section.
const MAX_SECTIONS: usize = 4;

/// A run in a list: its kind and the person, who asked, and for whom it waits since when.
#[must_use]
pub fn line(view: &View<'_>) -> Markup {
    let kind = match view.aim() {
        Goal::Repair { .. } => " – repair of ",
        Goal::Undo { .. } => " – undo of a repair of ",
        Goal::Retire { .. } => " – deactivation of the left-over account of ",
    };
    let text = Markup::new().code(short_id(view.id)).literal(kind);
    let text = match &view.run.admitted {
        Some(_) => text.then(&view.name()),
        None => text.literal("somebody not looked up yet"),
    };
    let requester = view.run.asked.as_ref().map(|asked| asked.by.id.as_str()).unwrap_or_default();
    let text = asked_by(text, requester).literal(": ");
    match (&view.run.ended, view.next()) {
        (Some((outcome, _)), _) => {
            let at = last(view, |event| matches!(event, Event::Ended { .. }));
            at_time(text.literal(ending(*outcome)), ", ", at)
        }
        (None, Next::AwaitApproval { until }) => {
            let since = view.run.current.as_ref().map(|current| current.at);
            waiting_for(text, &view.access.approver, &view.not_asked(), until, since)
        }
        (None, Next::AwaitPerson) => {
            let since = last(view, |event| matches!(event, Event::Paused { .. }));
            let why = view.run.waiting.as_ref().map(|waiting| messages::pause_message(&waiting.why));
            let text = needs(text, requester, since, &why.unwrap_or_default());
            // A repair of a sweep has no card.
            text.literal(if view.run.part.is_some() { "" } else { ". Press *Retry* or *Stop*" })
        }
        (None, Next::Expire) => text.literal("its time to approve is over"),
        (None, _) => at_time(text.literal("running"), " since ", view.run.opened_at),
    }
}

/// The time of the newest entry of a kind.
fn last(view: &View<'_>, wanted: impl Fn(&Event) -> bool) -> Option<Timestamp> {
    view.events.iter().rev().find(|(_, _, event)| wanted(event)).map(|(_, at, _)| *at)
}

/// A sweep in a list: who asked, and for whom it waits since when.
#[must_use]
pub fn sweep_line(view: &SweepView<'_>) -> Markup {
    let sweep = view.sweep;
    let requester = sweep.requester().map(|asked| asked.by.id.as_str()).unwrap_or_default();
    let is_warning = sweep.warnings().is_some();
    let kind = match sweep.is_limited() {
        _ if is_warning => " – warning of what runs out",
        true => " – repairs of people who lost access",
        false => " – sweep",
    };
    let text = Markup::new().code(short_id(view.id)).literal(kind);
    let text = match requester {
        "" if is_warning => text,
        "" if sweep.watch.is_some() => text.literal(" by the watch"),
        "" => text.literal(" by schedule"),
        by => asked_by(text, by),
    };
    let text = text.literal(": ");
    match view.next() {
        _ if sweep.ended.is_some() => at_time(text.literal("ended"), ", ", sweep.ended_at),
        SweepNext::Survey => at_time(text.literal("reading"), " since ", sweep.opened_at),
        SweepNext::AwaitRequest(until) => {
            let only = Grant { users: [requester.to_owned()].into(), ..Grant::default() };
            let operators = if requester.is_empty() { &view.access.operator } else { &only };
            let since = sweep.surveyed.as_ref().map(|surveyed| surveyed.at);
            waiting_for(text, operators, &[], until, since).literal(". Press *Repair the harmless ones*")
        }
        SweepNext::AwaitApproval(until) => {
            let since = sweep.requested.as_ref().map(|(_, at)| *at);
            waiting_for(text, &view.access.approver, &[requester.to_owned()], until, since)
        }
        SweepNext::AwaitPerson => {
            let why = sweep.paused.as_ref().map(messages::pause_message).unwrap_or_default();
            needs(text, requester, sweep.paused_at, &why).literal(". Press *Go on* or *Stop*")
        }
        SweepNext::Repair => {
            let approved = sweep.approved.as_ref().map(|(_, at)| *at);
            let since = approved.or(sweep.requested.as_ref().map(|(_, at)| *at));
            at_time(text.literal("repairing"), " since ", since)
        }
        SweepNext::End(_) | SweepNext::Nothing => text.literal("ending"),
    }
}

fn asked_by(text: Markup, requester: &str) -> Markup {
    if requester.is_empty() { text } else { text.literal(", asked by ").user(requester) }
}

fn at_time(text: Markup, word: &'static str, at: Option<Timestamp>) -> Markup {
    match at {
        Some(at) => text.literal(word).time(at),
        None => text,
    }
}

/// Who can decide, until when, and since when this is so.
fn waiting_for(
    text: Markup,
    who: &Grant,
    but: &[String],
    until: Timestamp,
    since: Option<Timestamp>,
) -> Markup {
    let people = messages::mentions(who, but);
    let text = text.literal("waiting for ");
    let text = if people.is_empty() { text.literal("somebody with the role") } else { text.then(&people) };
    at_time(text.literal(" until ").time(until), ", since ", since)
}

/// Who has to act, since when and why.
fn needs(text: Markup, requester: &str, since: Option<Timestamp>, why: &str) -> Markup {
    let text = text.literal("needs ");
    let text = if requester.is_empty() { text.literal("an operator") } else { text.user(requester) };
    at_time(text, " since ", since).literal(": ").escaped(why.trim_end_matches('.'))
}

/// The line of a run whose journal cannot be read.
#[must_use]
pub fn unreadable_line(id: &str) -> Markup {
    Markup::new()
        .code(short_id(id))
        .literal(" – cannot be read. Type `/reinstate status ")
        .escaped(id)
        .literal("`.")
}

/// A list of runs: one line for each shown run, with a link to its card. `count` is the number of all runs.
#[must_use]
pub fn list(title: &Markup, shown: &[(Markup, Option<String>)], count: usize) -> Message {
    let mut lines: Vec<Markup> = shown
        .iter()
        .map(|(line, link)| {
            let line = Markup::new().literal("• ").then(line);
            match link {
                Some(link) => line.literal(" – ").link(link, "its card"),
                None => line,
            }
        })
        .collect();
    let more = count.saturating_sub(shown.len());
    if more > 0 {
        lines.push(Markup::new().literal("… and ").number(more).literal(" more"));
    }
    let blocks = listing(title, &lines, MAX_SECTIONS);
    lines.insert(0, title.clone());
    Message::of(&Markup::lines(&lines, 2900), blocks, 0)
}

/// Tells the requester that a run waits for a person: what happened, why, and what to do. `here` means that the card
/// is directly above. `since` is set if they were told before.
#[must_use]
pub fn stopped(view: &View<'_>, channel: &str, here: bool, since: Option<Timestamp>) -> Message {
    let what = match view.aim() {
        Goal::Repair { .. } => "The repair of ",
        Goal::Undo { .. } => "The undo of a repair of ",
        Goal::Retire { .. } => "The removal of the left-over account of ",
    };
    let text = match &view.run.asked {
        Some(asked) if here => Markup::new().user(&asked.by.id).literal(" "),
        _ => Markup::new(),
    };
    let text = text.literal(what).then(&view.name());
    let text = match since {
        Some(since) => text.literal(" has been waiting since ").time(since).literal(". "),
        None => text.literal(" is waiting. "),
    };
    let text = text.then(&state(view));
    Message::text(&if here {
        text.literal(" The buttons are on the card above.")
    } else {
        text.literal(" The buttons are on its card in ").channel(channel).literal(".")
    })
}

/// Tells the given people how a run ended.
#[must_use]
pub fn outcome(view: &View<'_>, to: &Markup) -> Message {
    let to = if to.is_empty() { Markup::new() } else { to.clone().literal(" ") };
    let what = match view.aim() {
        Goal::Repair { .. } => "the repair of ",
        Goal::Undo { .. } => "the undo of a repair of ",
        Goal::Retire { .. } => "the removal of the left-over account of ",
    };
    Message::text(&to.literal(what).then(&view.name()).literal(" has ended. ").then(&state(view)))
}
