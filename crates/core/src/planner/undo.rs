//! Plans an undo: the inverses of what a run began, newest first, as a plan that needs its own approval. It must never
//! include an inverse whose condition is unread or false. It always lists what cannot be undone.

use super::cost::what_stays;
use super::{Rules, finish, rungs, step};
use crate::diagnose::{Case, Diagnosis};
use crate::evidence::Evidence;
use crate::op::{Op, State};
use crate::plan::{Plan, Step};

/// Makes the plan that undoes these ops, given in the order in which they began. `tried` holds the settled steps of the
/// run that undoes them.
#[must_use]
pub fn undo_plan(
    evidence: &Evidence,
    diagnosis: &Diagnosis,
    rules: &Rules,
    begun: &[Op],
    tried: &[Step],
) -> Plan {
    let case = Case::new(evidence);
    let mut steps: Vec<Step> = Vec::new();
    let mut words: Vec<String> = Vec::new();
    for op in inverses(&case, begun) {
        // Skips what is already as it was before the run.
        if matches!(op.state(&case), State::Done(_)) {
            continue;
        }
        match step(op, &case, rules, &steps) {
            Ok(step) if tried.iter().any(|done| done.op == step.op && done.before == step.before) => {
                words.push(format!("{} was done, and it does not show.", step.op.says()));
            }
            Ok(step) => steps.push(step),
            Err(why) => words.push(why),
        }
    }
    let stays = begun.iter().rev().filter(|op| inverse(op).is_none());
    for line in stays.filter_map(|op| what_stays(&case, op, &[])) {
        if !words.contains(&line) {
            words.push(line);
        }
    }
    finish(&case, diagnosis, steps, words)
}

/// The inverses, newest first. Inverses that need provisioning come last, because provisioning needs the addresses to
/// be in place.
fn inverses(case: &Case<'_>, begun: &[Op]) -> Vec<Op> {
    let mut ops: Vec<Op> = Vec::new();
    for op in begun.iter().rev().filter_map(inverse) {
        if !ops.contains(&op) {
            ops.push(op);
        }
    }
    if begun.iter().any(|op| !op.records().is_empty()) {
        ops.extend(rungs::provisioning(case));
    }
    ops
}

/// The inverse of an op. `None` if no op restores the state.
#[must_use]
pub fn inverse(op: &Op) -> Option<Op> {
    match op.clone() {
        Op::RestoreAccess { account, directory } => Some(Op::SuspendAccess { account, directory }),
        Op::SuspendAccess { account, directory } => Some(Op::RestoreAccess { account, directory }),
        Op::ActivateAccount { account } => Some(Op::DeactivateAccount { account }),
        Op::DeactivateAccount { account } => Some(Op::ActivateAccount { account }),
        Op::CancelDeletion { account } => Some(Op::ScheduleDeletion { account }),
        Op::ScheduleDeletion { account } => Some(Op::CancelDeletion { account }),
        Op::ParkEmail { account, from, to } => Some(Op::ReturnEmail { account, from: to, to: from }),
        Op::ReturnEmail { account, from, to } => Some(Op::ParkEmail { account, from: to, to: from }),
        Op::ProvisionUser { .. }
        | Op::ProvisionMembership { .. }
        | Op::UnlinkRecord { .. }
        | Op::DeleteRecord { .. }
        | Op::ForgetAccountRecords { .. }
        | Op::StartProvisioning { .. }
        | Op::RestartProvisioning { .. } => None,
    }
}
