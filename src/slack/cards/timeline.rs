//! The journal of a run as people read it: when, what, and who.

use jiff::Timestamp;

use crate::slack::markup::Markup;
use reinstate_core::plan::short;
use reinstate_core::{Event, Step};

/// One line for each entry.
pub(super) fn timeline(events: &[(i64, Timestamp, Event)]) -> Vec<Markup> {
    let mut steps: &[Step] = &[];
    let mut lines = Vec::new();
    for (_, at, event) in events {
        if let Event::Planned { plan, .. } = event {
            steps = &plan.steps;
        }
        let step = |index: &usize| {
            let says = steps.get(*index).map(|step| step.op.says()).unwrap_or_default();
            Markup::new().data(&says)
        };
        let text = Markup::new();
        let says = match event {
            Event::Opened { asked, .. } => text.ours("asked for by ").user(&asked.by),
            Event::Admitted { rule, .. } => text.ours("the requester may do it, by ").data(rule),
            Event::Planned { plan, digest, .. } => match digest {
                Some(digest) => {
                    text.ours("planned ").number(plan.steps.len()).ours(" steps, plan ").code(short(digest))
                }
                None => text.ours("looked: there is no step to take"),
            },
            Event::Approved { by, digest } => {
                text.ours("approved by ").user(by).ours(", plan ").code(short(digest))
            }
            Event::Declined { by, .. } => text.ours("declined by ").user(by),
            Event::Expired { .. } => text.ours("the time to approve was over"),
            Event::Cancelled { by } => text.ours("stopped by ").user(by),
            Event::Snapshot { .. } => continue,
            Event::Began { step: index, .. } => text.ours("began: ").then(&step(index)),
            Event::Accepted { step: index } => text.ours("taken, and awaited: ").then(&step(index)),
            Event::Already { step: index } => text.ours("was done already: ").then(&step(index)),
            Event::Confirmed { step: index, .. } => text.ours("confirmed: ").then(&step(index)),
            Event::NoEffect { step: index, why } => {
                text.ours("without effect: ").then(&step(index)).ours(" – ").data(why)
            }
            Event::Paused { why, .. } => text.ours("waits for a person: ").data(why),
            Event::Retried { by } => text.ours("looked at again, as ").user(by).ours(" wished"),
            Event::Denied { by, what, .. } => text.ours("refused to ").user(by).ours(": ").data(what),
            Event::Ended { says, .. } => text.ours("ended: ").data(says),
        };
        lines.push(Markup::new().ours("• ").time(*at).ours(" ").then(&says));
    }
    lines
}
