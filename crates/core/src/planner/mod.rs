//! Makes the least destructive plan that can work for a diagnosis. The planner takes the lowest rung that the evidence
//! allows. It must never plan a rung whose condition is false, or one that was tried without effect.

mod cost;
mod reactivate;
mod retire;
mod rungs;
mod undo;

use serde_json::json;

use super::advice::{about_apps, advise, by_hand};
use super::condition::{ConditionState, approver_decides, conditions_after};
use super::diagnose::{Case, Diagnosis};
use super::evidence::Evidence;
use super::finding::{Cause, Verdict};
use super::op::{Op, Risk, State};
use super::plan::{Plan, Step, because};
use super::rules::{Approvers, Rules};
use super::ticket::tickets;
pub(crate) use cost::last_used;
pub use retire::{left_over, retire_plan};
#[cfg(test)]
pub(crate) use rungs::is_proven;
pub use rungs::parking_address;
pub use undo::{inverse, undo_plan};

/// Makes the plan that restores access. `tried` holds the settled steps of this run. The planner does not propose them
/// again on the same evidence. A plan that failed here each time is not proposed, if another one follows
/// (docs/reference/rules.md#a-plan-that-never-worked-here).
#[must_use]
pub fn plan(evidence: &Evidence, diagnosis: &Diagnosis, rules: &Rules, tried: &[Step]) -> Plan {
    let mut plan = plan_after(evidence, diagnosis, rules, tried, &[]);
    let (mut hopeless, mut skipped) = (Vec::new(), Vec::new());
    while let (Some(cause), Some(first)) = (diagnosis.main_cause(), plan.steps.first()) {
        let actions = plan.essence();
        let known = evidence.hopeless.iter().find(|known| known.cause == cause && known.actions == actions);
        let Some(known) = known.filter(|known| !skipped.contains(*known)) else { break };
        hopeless.push(first.clone());
        let next = plan_after(evidence, diagnosis, rules, tried, &hopeless);
        if next.steps.is_empty() || next.steps == plan.steps {
            break;
        }
        skipped.push(known.clone());
        plan = next;
    }
    Plan { skipped, ..plan }
}

/// The plan that follows if the first steps of plans that never worked here count as tried. They are no proof: a step that
/// needs one is allowed only by what this run has tried.
fn plan_after(
    evidence: &Evidence,
    diagnosis: &Diagnosis,
    rules: &Rules,
    tried: &[Step],
    hopeless: &[Step],
) -> Plan {
    let case = Case::new(evidence);
    let done_with = [tried, hopeless].concat();
    let undecided = !diagnosis.candidates.is_empty();
    // If nothing is missing, nothing is repaired. If it is unknown which account is the person's, neither.
    let nothing_to_do = diagnosis.verdict != Verdict::Broken
        || undecided
        || case.has_access() == Some(true)
        || case.account_is_in_doubt();
    let made = if nothing_to_do || rungs::blocked_at_source(diagnosis) {
        Ok(Vec::new())
    } else {
        rungs::ops(&case, diagnosis, rules, &done_with)
            .and_then(|ops| steps(ops, &case, rules))
            .and_then(|steps| if_proven(steps, &case, tried))
            .and_then(|steps| unless_tried(steps, &done_with))
    };
    match made {
        Ok(steps) => {
            let advice = advice(&case, diagnosis, &steps);
            finish(&case, diagnosis, steps, advice)
        }
        Err(why) => {
            let mut advice = advice(&case, diagnosis, &[]);
            advice.push(why);
            finish(&case, diagnosis, Vec::new(), advice)
        }
    }
}

/// What only a person can do about the findings.
fn advice(case: &Case<'_>, diagnosis: &Diagnosis, steps: &[Step]) -> Vec<String> {
    let by_step = |cause: Cause| match cause {
        Cause::ProvisioningStopped | Cause::ProvisioningQuarantined => {
            steps.iter().any(|step| step.op.is_tenant_wide())
        }
        Cause::EmailHeldByManagedAccount | Cause::LinkedToOtherAccount => !steps.is_empty(),
        _ => false,
    };
    let causes = diagnosis.findings.iter().map(|finding| finding.code).filter(|cause| !by_step(*cause));
    let words = causes.filter_map(|cause| advise(cause, case));
    let ask = if case.is_ambiguous() {
        "More than one person or account is meant. Ask again with the account id or the exact address."
    } else {
        "Both accounts were used, or their use could not be read. Pick the account to keep. This starts a new plan \
         with its own approval."
    };
    let undecided = (!diagnosis.candidates.is_empty()).then(|| ask.to_owned());
    undecided.into_iter().chain(words).chain(about_apps(diagnosis)).collect()
}

/// Turns all ops into steps. The error says why one of them is not allowed.
fn steps(ops: Vec<Op>, case: &Case<'_>, rules: &Rules) -> Result<Vec<Step>, String> {
    ops.into_iter().try_fold(Vec::new(), |mut steps, op| {
        steps.push(step(op, case, rules, &steps)?);
        Ok(steps)
    })
}

/// Refuses the steps if one of them removes or moves something without proof that it is the cause.
fn if_proven(steps: Vec<Step>, case: &Case<'_>, tried: &[Step]) -> Result<Vec<Step>, String> {
    match steps.iter().find(|step| !rungs::is_proven(case, tried, &step.op)) {
        Some(step) => Err(format!(
            "{} is not proposed: no refusal newer than the last success and no link to a wrong account was read.",
            step.op.says()
        )),
        None => Ok(steps),
    }
}

/// Refuses steps that were tried before on the same evidence, because they would have the same result. If the record is
/// not written, no later step of the plan begins, so a plan is also refused if it begins with that step.
fn unless_tried(steps: Vec<Step>, tried: &[Step]) -> Result<Vec<Step>, String> {
    let again = |step: &Step| tried.iter().any(|done| done.op == step.op && done.before == step.before);
    let in_vain = |step: &Step| matches!(step.op, Op::ProvisionUser { .. }) && again(step);
    if steps.first().is_some_and(in_vain) || (!steps.is_empty() && steps.iter().all(again)) {
        return Err(
            "All that could be done was done in this run, and what was found is there again as before."
                .to_owned(),
        );
    }
    Ok(steps)
}

/// Completes the plan: which identities it touches, what it costs, and why.
fn finish(case: &Case<'_>, diagnosis: &Diagnosis, steps: Vec<Step>, advice: Vec<String>) -> Plan {
    if steps.is_empty() {
        let plan = Plan::advice_only(diagnosis.subject.clone(), &diagnosis.findings, advice);
        return Plan { tickets: tickets(case, diagnosis), ..plan };
    }
    let mut subject = diagnosis.subject.clone();
    for step in &steps {
        subject.accounts.extend(step.op.account().map(str::to_owned));
        subject.records.extend(step.op.records().iter().cloned());
    }
    let cost = cost::cost(case, &steps);
    Plan {
        subject,
        steps,
        cost,
        advice,
        tickets: Vec::new(),
        because: because(&diagnosis.findings),
        worked_here: None,
        skipped: Vec::new(),
    }
}

/// Makes one step, if its conditions allow it. Conditions that earlier steps make true are checked when the step
/// begins.
fn step(op: Op, case: &Case<'_>, rules: &Rules, earlier: &[Step]) -> Result<Step, String> {
    let mut risk = op.risk();
    let before: Vec<&Op> = earlier.iter().map(|step| &step.op).collect();
    match conditions_after(&op, case, rules, &before) {
        // A person deactivated the account, and it may have been meant. So an approver decides.
        ConditionState::True if reactivate::undoes_a_person(case, &op) => risk = Risk::Disruptive.max(risk),
        ConditionState::True => {}
        ConditionState::Unread(sources) => {
            let names: Vec<&str> = sources.iter().map(|source| source.name()).collect();
            if !approver_decides(&op, &sources) {
                return Err(format!(
                    "{} is not proposed: {} could not be read.",
                    op.says(),
                    names.join(", ")
                ));
            }
            // The approver decides whether the step may run with this source unread.
            risk = Risk::Disruptive;
        }
        ConditionState::False(why) => return Err(format!("{} is not proposed: {why}.", op.says())),
    }
    if rules.approvers(risk) == Approvers::Never {
        return Err(format!(
            "{} would be {}, which the configuration leaves to people. {}",
            op.says(),
            risk.word(),
            by_hand(&op, case)
        ));
    }
    let before = match op.state(case) {
        State::Blocked(why) => return Err(format!("{} is not proposed: {why}.", op.says())),
        _ if !earlier.is_empty() => expected_before(&op, case, earlier),
        State::Open(before) | State::Done(before) | State::Underway(before) => before,
        State::Unread(_) => json!(null),
    };
    let undo = op.undo();
    Ok(Step { op, risk, undo, before })
}

fn expected_before(op: &Op, case: &Case<'_>, earlier: &[Step]) -> serde_json::Value {
    let own = case.own.as_ref();
    match op {
        Op::ProvisionUser { .. } => {
            let loosened = own
                .is_some_and(|record_link| earlier.iter().any(|s| s.op.records().contains(&record_link.id)));
            let linked = own.and_then(|record_link| record_link.account.clone()).filter(|_| !loosened);
            json!({ "linked_to": linked })
        }
        Op::ProvisionMembership { .. } => json!({ "member": false }),
        Op::DeleteRecord { .. } => json!({ "exists": true }),
        other => match other.state(case) {
            State::Open(before) | State::Done(before) => before,
            _ => json!(null),
        },
    }
}
