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
            Markup::new().escaped(&says)
        };
        let text = Markup::new();
        let says = match event {
            Event::Opened { asked, .. } => text.literal("asked for by ").user(&asked.by.id),
            Event::Admitted { rule, .. } => text.literal("the requester may do it, by ").escaped(rule),
            Event::Planned { plan, digest, .. } => match digest {
                Some(digest) => text
                    .literal("planned ")
                    .number(plan.steps.len())
                    .literal(" steps, plan ")
                    .code(short(digest)),
                None => text.literal("looked: there is no step to take"),
            },
            Event::Approved { by, digest } => {
                text.literal("approved by ").user(by).literal(", plan ").code(short(digest))
            }
            Event::Declined { by, .. } => text.literal("declined by ").user(by),
            Event::Expired { .. } => text.literal("the time to approve was over"),
            Event::Cancelled { by } => text.literal("stopped by ").user(by),
            Event::Snapshot { .. } => continue,
            Event::Began { step: index, .. } => text.literal("began: ").then(&step(index)),
            Event::Accepted { step: index } => text.literal("taken, and awaited: ").then(&step(index)),
            Event::Already { step: index } => text.literal("was done already: ").then(&step(index)),
            Event::Confirmed { step: index, .. } => text.literal("confirmed: ").then(&step(index)),
            Event::NoEffect { step: index, why } => {
                text.literal("without effect: ").then(&step(index)).literal(" – ").escaped(why)
            }
            Event::Paused { why, .. } => text.literal("waits for a person: ").escaped(why),
            Event::Retried { by } => text.literal("looked at again, as ").user(by).literal(" wished"),
            Event::Denied { by, what, .. } => {
                text.literal("refused to ").user(by).literal(": ").escaped(what)
            }
            Event::Ended { message: says, .. } => text.literal("ended: ").escaped(says),
        };
        lines.push(Markup::new().literal("• ").time(*at).literal(" ").then(&says));
    }
    lines
}
