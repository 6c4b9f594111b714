//! What one run tried against which cause, and whether it worked. A step counts as having worked only if access was back
//! and no later plan had to do the work. A step whose effect did not help must never be praised for the rung that did.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::run_record::{MainCause, PlanRecord, RunRecord};
use crate::finding::Cause;

/// A cause, and the action of a step that was tried against it.
pub(super) type Remedy = (Cause, String);

/// For each remedy that a run has tried: when the step began and when access was back. `None` where it did not work. A
/// run that has not ended has tried nothing yet.
pub(super) fn of_run(run: &RunRecord) -> BTreeMap<Remedy, Option<(Timestamp, Timestamp)>> {
    let mut all = BTreeMap::new();
    if run.ended.is_none() {
        return all;
    }
    let mut later_began = false;
    for plan in run.plans.iter().rev() {
        if let MainCause::Proven(cause) = plan.cause() {
            let helped = run.restored_at().filter(|_| !(later_began && has_failed(plan)));
            for step in plan.begun() {
                let same = || plan.begun().filter(|other| other.action == step.action);
                let began = same().filter_map(|step| step.began).min();
                let worked = helped.filter(|_| same().all(|step| step.is_done));
                let tried = all.entry((cause, step.action.clone())).or_insert(None);
                // The newest plan comes first, and its try is the one that worked.
                *tried = tried.or(began.zip(worked));
            }
        }
        later_began |= plan.begun().next().is_some();
    }
    all
}

/// Whether the plan was carried out, or as far as it went, and access was still missing. A plan that was only
/// interrupted, because its approval was too old or a person asked for a new look, has not failed.
fn has_failed(plan: &PlanRecord) -> bool {
    plan.steps.iter().any(|step| step.had_no_effect) || plan.steps.iter().all(|step| step.is_done)
}
