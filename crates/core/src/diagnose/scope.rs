//! Causes between the identity provider and the record: the scoping filter, a missing attribute, a cycle that has not
//! run yet (docs/reference/rules.md#entra-scope-and-attributes). They explain a missing record, so they come before all
//! causes at Atlassian.

use super::{Answer, Case, fact};
use crate::evidence::{LogEntry, Read, Source};
use crate::expression::Mapped;
use crate::finding::{Cause, Finding};

/// Whether the person is enabled and assigned. Other causes cover everybody else.
pub(super) fn is_due(case: &Case<'_>) -> bool {
    case.person.is_some_and(|person| person.enabled != Some(false))
        && (case.is_assigned() == Some(true) || super::assignment_is_contradicted(case))
}

fn left_out(entry: &LogEntry) -> bool {
    entry.filtered_out || entry.is_not_entitled()
}

/// The job has a filter, and the newest log entry shows that it leaves the person out.
pub(super) fn out_of_scope(case: &Case<'_>) -> Answer {
    if !is_due(case) || case.has_no_job() {
        return Answer::No;
    }
    match case.e.mapping.get() {
        None => return Answer::Unread(&[Source::Jobs, Source::Schema]),
        Some(mapping) if !mapping.scoped => return Answer::No,
        Some(_) => {}
    }
    if case.e.log.get().is_none() {
        return Answer::Unread(&[Source::ProvisioningLog]);
    }
    let newest = case.newest_verdict().flatten();
    let Some(entry) = newest.filter(|entry| left_out(entry)) else { return Answer::No };
    let says = if entry.failed_clauses.is_empty() {
        "the job skipped the person, who is enabled and assigned".to_owned()
    } else {
        format!("the job skipped the person: {} is false", entry.failed_clauses.join(", "))
    };
    fact(&case.e.log, Source::ProvisioningLog, says).map_or(Answer::No, |first| {
        Answer::Yes(Finding::new(Cause::OutOfScope, first).and(fact(
            &case.e.mapping,
            Source::Schema,
            "the job's mapping of users has a scoping filter",
        )))
    })
}

/// The source attribute of a mandatory target attribute is empty, or the log says so. Not reported if the person's
/// record is linked: Entra sends no empty values, so that record keeps working.
pub(super) fn attribute_missing(case: &Case<'_>) -> Answer {
    if !is_due(case) || case.own.as_ref().is_some_and(|own| own.account.is_some()) {
        return Answer::No;
    }
    if case.record_is_unread() {
        return Answer::Unread(&[Source::Users, Source::Schema]);
    }
    let newest = case.e.log.get().and_then(|log| log.first());
    let code = newest.and_then(|entry| entry.error_code.as_deref().or(entry.skip_reason.as_deref()));
    let missing_by_log = code.filter(|code| {
        ["ImportSkipped", "MandatoryFieldsMissing", "MissingValues"].iter().any(|known| code.ends_with(known))
    });
    let Some(mapping) = case.e.mapping.get() else {
        return if case.has_no_job() { Answer::No } else { Answer::Unread(&[Source::Jobs, Source::Schema]) };
    };
    let empty = match (&case.identity.email, &case.identity.user_name) {
        (Mapped::Empty, _) => mapping.email_from.as_deref().map(|from| ("the work e-mail", from)),
        (_, Mapped::Empty) => mapping.user_name_from.as_deref().map(|from| ("userName", from)),
        _ => None,
    };
    let empty = empty.map(|(target, from)| (target, from.trim_matches(['[', ']'])));
    let by_log =
        |code: &str| fact(&case.e.log, Source::ProvisioningLog, format!("the newest entry ends with {code}"));
    let found = match (empty, missing_by_log) {
        (Some((target, from)), code) => {
            let says = format!("{from} is empty");
            let wants = format!("the job fills {target} from {from} alone");
            fact(&case.e.users, Source::Users, says).map(|first| {
                Finding::new(Cause::AttributeMissing, first)
                    .and(fact(&case.e.mapping, Source::Schema, wants))
                    .and(code.and_then(by_log))
            })
        }
        (None, Some(code)) => by_log(code).map(|first| Finding::new(Cause::AttributeMissing, first)),
        (None, None) => None,
    };
    found.map_or(Answer::No, Answer::Yes)
}

/// The person or the assignment was created after the last cycle ended, and no attempt has been made yet
/// (docs/reference/rules.md#age-of-a-membership).
pub(super) fn sync_pending(case: &Case<'_>) -> Answer {
    if !is_due(case) {
        return Answer::No;
    }
    let job = match &case.e.job {
        Read::Seen { value, .. } => value,
        Read::Gap(_) => return Answer::Unread(&[Source::Jobs]),
        Read::NotAsked => return Answer::No,
    };
    let Some(last) = job.last_cycle else { return Answer::No };
    let says = if case.own.is_none() && case.e.log.get().is_none_or(Vec::is_empty) {
        let young = case.reached_at().is_some_and(|reached| reached > last);
        young.then(|| {
            "the person, or the first assignment that reaches them, is newer than the last cycle".to_owned()
        })
    } else if case.good_record().is_some() {
        let young: Vec<&str> = case
            .missing()
            .unwrap_or_default()
            .into_iter()
            .filter(|group| case.is_young(group))
            .map(|group| group.name.as_str())
            .collect();
        (!young.is_empty()).then(|| format!("{} was assigned after the last cycle", young.join(", ")))
    } else {
        None
    };
    let first = says.and_then(|says| fact(&case.e.assignments, Source::Assignments, says));
    first.map_or(Answer::No, |first| {
        Answer::Yes(Finding::new(Cause::SyncPending, first).and(fact(
            &case.e.job,
            Source::Jobs,
            "the job runs; a cycle comes about every 40 minutes",
        )))
    })
}
