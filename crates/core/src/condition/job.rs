//! Rung 7: when the job of the whole tenant may be started or restarted. If somebody stopped it, if deletions are
//! staged, or if the reason is unknown, people decide (docs/reference/rules.md#who-stopped-the-job).

use super::Held;
use crate::diagnose::Case;
use crate::evidence::{Job, Read, Source, Stopper};

pub(super) fn may_run(case: &Case<'_>) -> Held {
    let Some(job) = case.e.job.get() else { return Held::Unread(vec![Source::Jobs]) };
    stands_for_a_known_reason(case, job).and(|| nothing_waits_to_be_deleted(case))
}

fn stands_for_a_known_reason(case: &Case<'_>, job: &Job) -> Held {
    if job.key_is_rejected() {
        return Held::False("Atlassian refuses the job's key, which a person must renew first".to_owned());
    }
    if job.is_quarantined() {
        let reason = job.quarantine.as_deref().map(str::trim).unwrap_or_default();
        return match reason.to_lowercase().as_str() {
            "" | "unknown" | "no reason given" => {
                Held::False("the reason of the quarantine is not known".to_owned())
            }
            "toomanydeletes" => {
                Held::False("the job stands still because it would delete too many".to_owned())
            }
            _ => Held::True,
        };
    }
    if job.standstill().is_none() {
        return Held::True;
    }
    match &case.e.stopped_by {
        Read::Seen { value: Some(Stopper::Service), .. } => Held::True,
        Read::Seen { value: Some(Stopper::Named(name)), .. } => {
            Held::False(format!("{name} stopped the job, so ask them first"))
        }
        Read::Seen { value: None, .. } => {
            Held::False("who stopped the job is not in the audit log".to_owned())
        }
        _ => Held::Unread(vec![Source::AuditLog]),
    }
}

fn nothing_waits_to_be_deleted(case: &Case<'_>) -> Held {
    let none_staged = case.e.pending.get().map(|pending| pending.staged_deletes == 0);
    Held::of(none_staged, Source::ProvisioningLog, "deletions are staged, and only a person may allow them")
}
