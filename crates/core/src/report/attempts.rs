//! What one run tried against which cause, and whether it worked. A step counts as having worked only if access was back
//! and no later plan had to do the work. A step whose effect did not help must never be praised for the rung that did.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::run_record::{MainCause, PlanRecord, RunRecord};
use crate::finding::{Cause, Verdict};
use crate::plan::essence;

/// A cause, and the action of a step that was tried against it.
pub(super) type Remedy = (Cause, String);

/// The cause of a plan, and what the plan did ([`essence`]).
pub(super) type PlanKind = (Cause, Vec<String>);

/// How a plan that was carried out came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PlanResult {
    Worked,
    /// Access was looked at afterwards, and was still missing.
    Failed,
}

/// How each plan that a run has carried out came out. A plan that was interrupted, or of which it could not be read what
/// came of it, is left out.
pub(super) fn plans_of(run: &RunRecord) -> BTreeMap<PlanKind, PlanResult> {
    let mut all = BTreeMap::new();
    if run.ended.is_none() {
        return all;
    }
    let (mut later_began, mut found_after) = (false, None);
    for plan in run.plans.iter().rev() {
        let began = plan.begun().next().is_some();
        let result = if !later_began && run.restored_at().is_some() {
            Some(PlanResult::Worked)
        } else if has_failed(plan) && found_after == Some(Verdict::Broken) {
            Some(PlanResult::Failed)
        } else {
            None
        };
        if let (true, MainCause::Proven(cause), Some(result)) = (began, plan.cause(), result) {
            let actions = essence(plan.steps.iter().map(|step| step.action.as_str()));
            // The newest plan comes first. It is the only one that can have worked.
            all.entry((cause, actions)).or_insert(result);
        }
        later_began |= began;
        found_after = Some(plan.facts.verdict);
    }
    all
}

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
