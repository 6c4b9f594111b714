//! Causes at the provisioning job (docs/reference/rules.md#entra-job-status). They concern everybody, so they come
//! first.

use super::{Answer, Case, fact};
use crate::evidence::{Job, Source};
use crate::finding::{Cause, Finding};

fn with_job(case: &Case<'_>, cause: Cause, test: impl Fn(&Job) -> Option<String>) -> Answer {
    if case.has_no_job() {
        return Answer::No;
    }
    let Some(job) = case.e.job.get() else { return Answer::Unread(&[Source::Jobs]) };
    match test(job).and_then(|says| fact(&case.e.job, Source::Jobs, says)) {
        Some(fact) => Answer::Yes(Finding::new(cause, fact)),
        None => Answer::No,
    }
}

/// The key of the identity provider was rejected: quarantine with invalid credentials, or 401 in the person's newest
/// log entry. If a cycle has succeeded since then, that entry is outdated.
pub(super) fn scim_key_rejected(case: &Case<'_>) -> Answer {
    let newest = case.e.log.get().and_then(|log| log.first()).filter(|entry| entry.is_key_refused());
    if let Some(entry) = newest {
        let Some(job) = case.e.job.get() else { return Answer::Unread(&[Source::Jobs]) };
        let is_history = entry.at.is_some_and(|at| job.has_worked_since(at));
        let says = "Atlassian answered 401 to the identity provider";
        if let Some(fact) = fact(&case.e.log, Source::ProvisioningLog, says).filter(|_| !is_history) {
            return Answer::Yes(Finding::new(Cause::ScimKeyRejected, fact));
        }
    }
    with_job(case, Cause::ScimKeyRejected, |job| {
        (job.is_quarantined() && job.key_is_rejected()).then(|| {
            format!(
                "the job is in quarantine: {}",
                job.error_code.as_deref().unwrap_or("invalid credentials")
            )
        })
    })
}

/// The job is in quarantine for a reason other than the key.
pub(super) fn quarantined(case: &Case<'_>) -> Answer {
    with_job(case, Cause::ProvisioningQuarantined, |job| {
        (job.is_quarantined() && !job.key_is_rejected()).then(|| {
            format!("the job is in quarantine: {}", job.quarantine.as_deref().unwrap_or("no reason given"))
        })
    })
}

/// The job is paused, disabled or was never started.
pub(super) fn stopped(case: &Case<'_>) -> Answer {
    with_job(case, Cause::ProvisioningStopped, |job| {
        let state = job.standstill().filter(|_| !job.is_quarantined());
        state.map(|state| format!("the job's state is {state}"))
    })
}

/// No Atlassian application of the tenant has a job, so Atlassian's own integration pulls people and groups. If another
/// application has a job, the configuration names the wrong one. That answer is unread, not this cause.
pub(super) fn pull_sync(case: &Case<'_>) -> Answer {
    if !case.has_no_job() {
        // A person with a record is provisioned, even if the job cannot be read.
        let unread = case.e.job.gap().is_some() && !case.is_wrong_application() && case.own.is_none();
        return if unread { Answer::Unread(&[Source::Jobs, Source::Applications]) } else { Answer::No };
    }
    let names: Vec<&str> =
        case.e.applications.get().into_iter().flatten().map(|one| one.name.as_str()).collect();
    let says = format!(
        "no Atlassian application of the tenant has a job that writes to a configured directory ({})",
        names.join(", ")
    );
    fact(&case.e.applications, Source::Applications, says)
        .map_or(Answer::No, |fact| Answer::Yes(Finding::new(Cause::PullSync, fact)))
}

/// No group mapping is enabled that maps members.
pub(super) fn group_sync_off(case: &Case<'_>) -> Answer {
    if case.has_no_job() {
        return Answer::No;
    }
    let Some(mapping) = case.e.mapping.get() else { return Answer::Unread(&[Source::Schema]) };
    let fact =
        fact(&case.e.mapping, Source::Schema, "the job has no enabled mapping of groups with their members");
    match fact {
        Some(fact) if !mapping.groups_on => Answer::Yes(Finding::new(Cause::GroupSyncOff, fact)),
        _ => Answer::No,
    }
}

/// Advice: a renamed person will get a second account.
pub(super) fn matching_on_email(case: &Case<'_>) -> Answer {
    if case.has_no_job() {
        return Answer::No;
    }
    let Some(mapping) = case.e.mapping.get() else { return Answer::Unread(&[Source::Schema]) };
    let by_email = mapping.matching.first().is_some_and(|target| target.to_lowercase().starts_with("emails"));
    let says = format!(
        "the first matching attribute is {}",
        mapping.matching.first().map_or("unknown", String::as_str)
    );
    match fact(&case.e.mapping, Source::Schema, says) {
        Some(fact) if by_email => Answer::Yes(Finding::new(Cause::MatchingOnEmail, fact)),
        _ => Answer::No,
    }
}
