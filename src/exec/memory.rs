//! What only our own journal knows about a person: that something was moved out of their way, and when. An old
//! refusal in the provisioning log says nothing about a world that was changed since. It must never be the only
//! proof of anything: it takes weight from a fact and adds none.

use jiff::Timestamp;

use super::Journal;
use reinstate_core::diagnose::Case;
use reinstate_core::run::Halt;
use reinstate_core::{Event, Evidence, Plan, Run, diagnose};

/// How many earlier runs on a person are looked at.
const RUNS: usize = 20;

/// Adds it to the evidence, where a refusal stands there that it may explain.
pub async fn remember(ledger: &Journal, evidence: &mut Evidence) {
    if Case::new(evidence).conflict().is_none() {
        return;
    }
    let mut runs = Vec::new();
    for identity in diagnose(evidence).subject.claims() {
        // What cannot be read takes no weight from anything.
        for row in ledger.store().runs_for_identity(&identity).await.unwrap_or_default() {
            if !runs.contains(&row.run) && runs.len() < RUNS {
                runs.push(row.run);
            }
        }
    }
    for run in runs {
        // A run whose personal part was erased is too old to matter.
        let events = ledger.entries::<Run>(&run).await.unwrap_or_default();
        evidence.cleared = evidence.cleared.max(cleared(&events));
    }
}

/// When a run last began to move something aside. Began is enough, unless it was refused: whether it worked is seen
/// in the world.
fn cleared(events: &[(i64, Timestamp, Event)]) -> Option<Timestamp> {
    let mut plan: Option<&Plan> = None;
    let (mut earlier, mut last) = (None, None);
    for (_, at, event) in events {
        match event {
            Event::Planned { plan: newer, .. } => plan = Some(newer),
            Event::Began { step, .. } => {
                let op = plan.and_then(|plan| plan.steps.get(*step)).map(|step| &step.op);
                if op.is_some_and(|op| matches!(op.rung(), 4..=6 | 8)) {
                    earlier = last;
                    last = Some(*at);
                }
            }
            Event::Paused { halt: Halt::Refused, .. } => last = earlier,
            Event::Confirmed { .. } => earlier = last,
            _ => {}
        }
    }
    last
}
