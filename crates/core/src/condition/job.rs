//! Rung 7: when the job of the whole tenant may be started or restarted. People decide if somebody stopped it, if
//! deletions are staged, or if the reason is unknown (docs/reference/rules.md#who-stopped-the-job).

use super::ConditionState;
use crate::diagnose::Case;
use crate::evidence::{Job, JobStart, Read, Source, StoppedBy};

pub(super) fn may_run(case: &Case<'_>) -> ConditionState {
    let Some(job) = case.e.job.get() else { return ConditionState::Unread(vec![Source::Jobs]) };
    stands_for_a_known_reason(case, job)
        .and(|| was_not_started_in_vain(case, job))
        .and(|| nothing_waits_to_be_deleted(case))
}

/// A start that ended in the same state again would end there once more.
fn was_not_started_in_vain(case: &Case<'_>, job: &Job) -> ConditionState {
    let state = job.state();
    let in_vain = |start: &&JobStart| start.before == state && !job.has_succeeded_since(start.at);
    match case.e.starts.iter().rev().find(in_vain) {
        Some(start) if !job.runs() => ConditionState::False(format!(
            "the job was started on {} and came back to the same state",
            start.at.strftime("%Y-%m-%d")
        )),
        _ => ConditionState::True,
    }
}

fn stands_for_a_known_reason(case: &Case<'_>, job: &Job) -> ConditionState {
    if job.key_is_rejected() {
        return ConditionState::False(
            "Atlassian refuses the job's key, which a person must renew first".to_owned(),
        );
    }
    if job.is_quarantined() && job.tenant_actionable == Some(true) {
        return ConditionState::False(
            "the quarantine names a fault that your organization must correct first".to_owned(),
        );
    }
    if job.is_quarantined() {
        let reason = job.quarantine.as_deref().map(str::trim).unwrap_or_default();
        return match reason.to_lowercase().as_str() {
            "" | "unknown" | "no reason given" => {
                ConditionState::False("the reason of the quarantine is not known".to_owned())
            }
            "toomanydeletes" => {
                ConditionState::False("the job stands still because it would delete too many".to_owned())
            }
            _ => ConditionState::True,
        };
    }
    if job.standstill().is_none() {
        return ConditionState::True;
    }
    match &case.e.stopped_by {
        Read::Seen { value: Some(StoppedBy::Service), .. } => ConditionState::True,
        Read::Seen { value: Some(StoppedBy::Named(name)), .. } => {
            ConditionState::False(format!("{name} stopped the job, so ask them first"))
        }
        Read::Seen { value: None, .. } => {
            ConditionState::False("who stopped the job is not in the audit log".to_owned())
        }
        _ => ConditionState::Unread(vec![Source::AuditLog]),
    }
}

fn nothing_waits_to_be_deleted(case: &Case<'_>) -> ConditionState {
    let none_staged = case.e.pending.get().map(|pending| pending.staged_deletes == 0);
    ConditionState::of(
        none_staged,
        Source::ProvisioningLog,
        "deletions are staged, and only a person may allow them",
    )
}
