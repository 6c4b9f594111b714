//! The first sentence of every card of a run: who must act, or what the result is.

use super::View;
use crate::slack::markup::Markup;
use crate::slack::messages;
use reinstate_core::run::{Next, Outcome, PauseReason, Progress};
use reinstate_core::{Event, Rules, Run, short_id};

pub(super) fn ending(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Healthy => "Access was already fine",
        Outcome::Restored => "Access restored and verified",
        Outcome::Done => "Done",
        Outcome::Advice => "A person has to do the rest",
        Outcome::CannotTell => "Could not check",
        Outcome::Refused => "Refused",
        Outcome::Busy => "Another run works on the same account",
        Outcome::Declined => "Declined",
        Outcome::Expired => "Nobody approved in time",
        Outcome::Cancelled => "Stopped",
        Outcome::Skipped => "Skipped, because the account had changed",
    }
}

pub(super) fn state(view: &View<'_>) -> Markup {
    if view.run.ended.is_some() {
        return ended(view);
    }
    match view.next() {
        Next::AwaitApproval { until } => {
            let text = Markup::new().literal("*Waiting for approval* until ").time(until);
            let text = match approvals(view.run, view.rules) {
                Some((given, needed)) if needed > 1 => {
                    text.literal(" · ").number(given).literal(" of ").number(needed).literal(" approvals")
                }
                _ => text,
            };
            if view.asks_here {
                let people = messages::mentions(&view.access.approver, &view.not_asked());
                if people.is_empty() {
                    return text.literal(
                        " · nobody else may approve this; somebody must be added to `access.approver`",
                    );
                }
                text.literal(" · ").then(&people)
            } else {
                text.literal(" · asked in ").channel(view.channel)
            }
        }
        Next::AwaitPerson => waiting(view),
        Next::Expire => Markup::new().literal("*The time to approve is over.*"),
        Next::Stop => Markup::new().literal("*Stopping.*"),
        Next::Admit => Markup::new().literal("*Checking who asks.*"),
        Next::Look | Next::Conclude => {
            Markup::new().literal("*Reading the identity provider and Atlassian.*")
        }
        Next::Prove => Markup::new().literal("*Checking that access is back.*"),
        Next::Step { index, .. } => {
            let total = view.run.current.as_ref().map_or(0, |current| current.plan.steps.len());
            Markup::new()
                .literal("*Repairing*, step ")
                .number(index + 1)
                .literal(" of ")
                .number(total)
                .literal(".")
        }
        Next::Nothing => Markup::new().literal("*Repairing.*"),
    }
}

/// How many approvals the next step has, and how many it needs.
fn approvals(run: &Run, rules: &Rules) -> Option<(usize, usize)> {
    let (_, step, _) = run.open_step()?;
    Some((run.approved_by().len(), usize::try_from(rules.needs(step.risk)).ok()?))
}

fn ended(view: &View<'_>) -> Markup {
    let Some((outcome, message)) = &view.run.ended else { return Markup::new() };
    let by = view.events.iter().rev().find_map(|(_, _, event)| match event {
        Event::Declined { by, .. } | Event::Cancelled { by } => Some(by),
        _ => None,
    });
    let mut text = Markup::new().literal("*").literal(ending(*outcome));
    text = match (by, outcome) {
        (Some(by), Outcome::Declined | Outcome::Cancelled) => text.literal("* by ").user(by).literal("."),
        _ => text.literal(".*"),
    };
    let says = match &view.run.current {
        Some(current) => current.diagnosis.names.in_words(&messages::end_message(message)),
        None => reinstate_core::Names::default().in_words(&messages::end_message(message)),
    };
    text = text.literal(" ").escaped(&says);
    let approved: Vec<Markup> = approvers(view).iter().map(|by| Markup::new().user(by)).collect();
    if !approved.is_empty() {
        text = text.literal(" Approved by ").then(&Markup::list(&approved, ", ")).literal(".");
    }
    let text = match (outcome, view.run.opened_at, view.events.last()) {
        (Outcome::Restored | Outcome::Done, Some(began), Some((_, ended, _))) => {
            text.literal(" Took ").then(&lasted(ended.duration_since(began).as_secs())).literal(".")
        }
        _ => text,
    };
    let text = match view.removed_by {
        Some(run) => {
            text.literal(" Its left-over account was removed later, by run ").code(short_id(run)).literal(".")
        }
        None => text,
    };
    match view.undone_by {
        Some(run) => text.literal(" *Undone* later, by run ").code(short_id(run)).literal("."),
        None => text,
    }
}

/// Everybody who approved a plan of the run, in order.
fn approvers(view: &View<'_>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for (_, _, event) in view.events {
        if let Event::Approved { by, .. } = event
            && !all.contains(by)
        {
            all.push(by.clone());
        }
    }
    all
}

fn lasted(seconds: i64) -> Markup {
    let number = |number: i64| Markup::new().number(usize::try_from(number).unwrap_or(0));
    match seconds {
        ..120 => number(seconds).literal(" s"),
        120..7200 => number(seconds / 60).literal(" minutes"),
        _ => number(seconds / 3600).literal(" hours"),
    }
}

/// Why a person is asked, and what each button does.
fn waiting(view: &View<'_>) -> Markup {
    let text = Markup::new().literal("*Paused, needs ");
    let text = match &view.run.asked {
        Some(asked) if !asked.by.id.is_empty() => text.user(&asked.by.id),
        _ => text.literal("an operator"),
    };
    let text =
        text.literal(":* ").then(&why(view)).literal("\n*Retry* reads everything again. *Stop* ends the run");
    let changed = view.run.steps_done().iter().any(|(_, worked)| *worked);
    let begun = view.run.current.iter().flat_map(|current| &current.progress).any(|p| *p != Progress::Open);
    match (changed || begun, super::after::undo(view)) {
        (false, _) => text.literal("; nothing was changed so far."),
        (true, None) => text.literal("; what was done stays."),
        (true, Some(_)) => text.literal(". *Undo* ends it and plans the way back."),
    }
}

/// Why the run is paused, with the step that was refused.
pub(super) fn why(view: &View<'_>) -> Markup {
    let Some(waiting) = &view.run.waiting else { return Markup::new() };
    let names = view.run.current.as_ref().map(|current| current.diagnosis.names.clone()).unwrap_or_default();
    let says = names.in_words(&messages::pause_message(&waiting.why));
    let step = waiting.step.and_then(|index| {
        let current = view.run.current.as_ref()?;
        let op = &current.plan.steps.get(index)?.op;
        Some((op, super::steps::ops_text(&[op], &current.diagnosis)))
    });
    match (waiting.halt, step) {
        (PauseReason::Refused, Some((op, step))) => messages::refused(op, &step, &says),
        (PauseReason::Refused, None) => Markup::new().literal("a call was refused: ").then(&sentence(&says)),
        (_, Some((_, step))) => Markup::new().literal("“").then(&step).literal("”: ").then(&sentence(&says)),
        (_, None) => sentence(&says),
    }
}

fn sentence(says: &str) -> Markup {
    Markup::new().escaped(says.trim_end_matches('.')).literal(".")
}
