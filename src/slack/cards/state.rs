//! The first sentence of every card of a run: who must act, or what the result is.

use super::{View, requesters};
use crate::slack::markup::Markup;
use crate::slack::messages;
use reinstate_core::Event;
use reinstate_core::run::{Next, Outcome, PauseReason};

pub(super) fn ending(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Healthy => "Access was good from the start",
        Outcome::Restored => "Access is back, and that was proven",
        Outcome::Done => "Done",
        Outcome::Advice => "Only people can do what is left",
        Outcome::CannotTell => "It could not be told",
        Outcome::Refused => "Refused",
        Outcome::Busy => "Another run is on the same account",
        Outcome::Declined => "Declined",
        Outcome::Expired => "Nobody approved in time",
        Outcome::Cancelled => "Stopped",
        Outcome::Skipped => "Skipped: it had changed",
    }
}

pub(super) fn state(view: &View<'_>) -> Markup {
    if let Some((outcome, message)) = &view.run.ended {
        let says = messages::end_message(message);
        let mut text = Markup::new().literal("*").literal(ending(*outcome)).literal(".* ").escaped(&says);
        let by = view.events.iter().rev().find_map(|(_, _, event)| match event {
            Event::Declined { by, .. } | Event::Cancelled { by } => Some(by),
            _ => None,
        });
        if let (Some(by), Outcome::Declined | Outcome::Cancelled) = (by, outcome) {
            text = text.literal(" By ").user(by).literal(".");
        }
        return text;
    }
    match view.next() {
        Next::AwaitApproval { until } => {
            let text = Markup::new().literal("*Waits for an approval* until ").time(until).literal(".");
            if view.asks_here {
                text.literal(" ")
                    .then(&messages::approvers(view.access, &requesters(view)))
                    .literal(": please approve or decline.")
            } else {
                text.literal(" It is asked in ").channel(view.channel).literal(".")
            }
        }
        Next::AwaitPerson => waiting(view),
        Next::Expire => Markup::new().literal("*The time to approve is over.*"),
        Next::Stop => Markup::new().literal("*Stopping.*"),
        Next::Admit => Markup::new().literal("*Looking up who asks.*"),
        Next::Look | Next::Conclude => Markup::new().literal("*Reading what is there.*"),
        Next::Prove => Markup::new().literal("*Reading everything once more.*"),
        Next::Step { .. } | Next::Nothing => Markup::new().literal("*Repairing.*"),
    }
}

/// Why a person is asked, and what each button does.
fn waiting(view: &View<'_>) -> Markup {
    let text = Markup::new().literal("*Waits for an operator:* ");
    let text = match &view.run.waiting {
        Some(waiting) => {
            let refused = if waiting.halt == PauseReason::Refused { "the call was refused: " } else { "" };
            let why = messages::pause_message(&waiting.why);
            text.literal(refused).escaped(why.trim_end_matches('.')).literal(".")
        }
        None => text,
    };
    let undo =
        super::after::undo(view).map_or("", |_| " Undo what was done ends the run and plans the way back.");
    text.literal(" Retry looks at everything again. Stop ends the run, and what was done stays done.")
        .literal(undo)
}
