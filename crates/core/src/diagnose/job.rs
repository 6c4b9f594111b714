//! Causes at the provisioning job (docs/reference/rules.md#entra-job-status). They concern everybody, so they come
//! first.

use jiff::SignedDuration;

use super::deactivation::LinkedRecords;
use super::{Answer, Case, fact};
use crate::evidence::{Job, Mapping, Source};
use crate::expression::Expression;
use crate::finding::{Cause, Fact, Finding};
use crate::subject::normalize;

/// How far the clocks of Microsoft and Atlassian may differ.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);

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

/// The job writes `active` from something else than the person's status, or it wrote the person and left the record
/// inactive. Then another attempt writes the same again. It blocks only where it explains a deactivated account;
/// otherwise it is advice.
pub(super) fn active_mapping(case: &Case<'_>) -> Answer {
    if case.has_no_job() {
        return Answer::No;
    }
    let Some(mapping) = case.e.mapping.get() else { return Answer::Unread(&[Source::Schema]) };
    let Some(from) = mapping.active_from.as_deref() else { return Answer::No };
    let strange = match follows_the_status(from) {
        Some(follows) => !follows,
        None => return Answer::Unread(&[Source::Schema]),
    };
    let written = written_value(case, mapping);
    let turns_off = written.as_deref() == Some("false");
    let by_mapping = (strange || turns_off)
        .then(|| fact(&case.e.mapping, Source::Schema, format!("the job writes active from {from}")));
    let by_log = written_and_left_inactive(case);
    // A mapping that writes "True" does not deactivate anybody.
    let explains = by_log.is_some() || turns_off || (strange && written.as_deref() != Some("true"));
    let mut facts = by_mapping.flatten().into_iter().chain(by_log);
    let Some(first) = facts.next() else { return Answer::No };
    let mut finding = facts.fold(Finding::new(Cause::ActiveMapping, first), |all, one| all.and(Some(one)));
    let held = |account| {
        case.is_held_by_idp(account) == Some(true) && case.linked_records(account) != LinkedRecords::Active
    };
    finding.blocking = explains && case.account.is_some_and(|known| known.is_deactivated() && held(known));
    Answer::Yes(finding)
}

/// Whether an expression uses the attributes that hold the status of a person. `None` if the expression is unknown.
fn follows_the_status(from: &str) -> Option<bool> {
    const STATUS: [&str; 2] = ["issoftdeleted", "accountenabled"];
    if from.trim().is_empty() {
        return None;
    }
    Some(match Expression::parse(from) {
        Some(expression) => {
            expression.attributes().iter().any(|name| STATUS.contains(&name.to_lowercase().as_str()))
        }
        // An expression that is not understood in full still names its attributes in brackets.
        None => STATUS.iter().any(|name| from.to_lowercase().contains(&format!("[{name}]"))),
    })
}

/// The value that the job writes into `active` for an enabled person whom it provisions, in lower case. `None` if there
/// is no such person, or if the value is unknown.
fn written_value(case: &Case<'_>, mapping: &Mapping) -> Option<String> {
    let person = case.person.filter(|person| person.enabled == Some(true))?;
    mapping.active(person).one().map(normalize)
}

/// The fact that the newest export of the person succeeded and left the record inactive. It is proven only if nobody
/// has written the record since.
fn written_and_left_inactive(case: &Case<'_>) -> Option<Fact> {
    case.person.filter(|person| person.enabled == Some(true))?;
    let mut written = case.e.log.get()?.iter().filter(|entry| entry.succeeded());
    let newest =
        written.find(|entry| entry.is_export() || entry.is_withdrawn()).filter(|entry| entry.is_export())?;
    let record = case.own.as_ref()?.record.filter(|record| record.active == Some(false))?;
    let same = newest.target.as_deref() == Some(record.id.record.as_str());
    let (at, modified) = newest.at.zip(record.modified)?;
    let by_this_export = same && modified.duration_since(at) <= CLOCK_SKEW;
    let says = format!("the newest export succeeded and left the record {} inactive", record.id.record);
    by_this_export.then(|| fact(&case.e.log, Source::ProvisioningLog, says)).flatten()
}
