//! Causes between the identity provider and the record: the scoping filter, a missing attribute, a cycle that has not
//! run yet (docs/reference/rules.md#entra-scope-and-attributes). They explain a missing record, so they come before all
//! causes at Atlassian.

use super::{Answer, Case, fact};
use crate::evidence::{Assignment, LogEntry, Read, Source};
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

impl Case<'_> {
    /// Whether the reason of a log entry that leaves the person out no longer holds today: the person was disabled then
    /// and is enabled now, or what assigns the person is younger than the entry
    /// (docs/reference/rules.md#age-of-a-log-entry).
    #[must_use]
    pub fn is_outdated(&self, entry: &LogEntry) -> bool {
        let enabled = self.person.is_some_and(|person| person.enabled == Some(true));
        let assigned_since = self.reached_at().zip(entry.at).is_some_and(|(reached, at)| reached > at);
        (enabled && entry.scoping.active == Some(false)) || assigned_since
    }
}

/// Whether the scoping filter is what leaves the person out in this entry. `None` if the entry does not show it.
fn is_filtered(entry: &LogEntry) -> Option<bool> {
    if entry.filtered_out { Some(true) } else { entry.scoping.in_filter.map(|passed| !passed) }
}

/// The newest log entry, if it leaves the person out and still counts today. Otherwise the answer of the rule.
fn leaves_out<'a>(case: &Case<'a>) -> Result<&'a LogEntry, Answer> {
    let entry = case.newest_verdict().flatten().filter(|entry| left_out(entry) && !case.is_outdated(entry));
    entry.ok_or(Answer::No)
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
    let entry = match leaves_out(case) {
        Ok(entry) => entry,
        Err(answer) => return answer,
    };
    match is_filtered(entry) {
        Some(true) => {}
        Some(false) => return Answer::No,
        None => return Answer::Unread(&[Source::ProvisioningLog]),
    }
    let says = if entry.failed_clauses.is_empty() {
        "the filter left the person out, who is enabled and assigned".to_owned()
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

/// The person is enabled, assigned and in scope, and the newest log entry shows that no assignment entitles them. Then
/// the assignment itself is invalid, for example because its role was removed
/// (docs/reference/rules.md#entra-broken-assignments). Only the log shows it.
pub(super) fn assignment_broken(case: &Case<'_>) -> Answer {
    if case.person.is_none_or(|person| person.enabled == Some(false)) || case.has_no_job() {
        return Answer::No;
    }
    if case.e.log.get().is_none() {
        // With complete access, it would be advice alone.
        let possible = case.is_assigned() != Some(false) && case.has_access() != Some(true);
        return if possible { Answer::Unread(&[Source::ProvisioningLog]) } else { Answer::No };
    }
    let entry = match leaves_out(case) {
        Ok(entry) if entry.is_not_entitled() => entry,
        Ok(_) => return Answer::No,
        Err(answer) => return answer,
    };
    match case.is_assigned() {
        Some(true) => {}
        Some(false) => return Answer::No,
        None => return Answer::Unread(&[Source::Assignments, Source::Memberships]),
    }
    if case.person.is_some_and(|person| person.enabled.is_none()) {
        return Answer::Unread(&[Source::Users]);
    }
    let Some(mapping) = case.e.mapping.get() else { return Answer::Unread(&[Source::Schema]) };
    match is_filtered(entry) {
        Some(true) => return Answer::No,
        None if mapping.scoped => return Answer::Unread(&[Source::ProvisioningLog]),
        Some(false) | None => {}
    }
    let says = "the job skipped the person, because no assignment entitles them (NotEffectivelyEntitled)";
    let names: Vec<String> = assigned_by(case).map(|assignment| assignment.name.clone()).collect();
    fact(&case.e.log, Source::ProvisioningLog, says).map_or(Answer::No, |first| {
        Answer::Yes(Finding::new(Cause::AssignmentBroken, first).and(fact(
            &case.e.assignments,
            Source::Assignments,
            format!("the person is assigned by {}", names.join(", ")),
        )))
    })
}

/// The assignments that reach the person: their own, and those of their groups.
pub(crate) fn assigned_by<'a>(case: &Case<'a>) -> impl Iterator<Item = &'a Assignment> + use<'a> {
    let person = case.person.map(|person| person.id.as_str());
    let expected: Vec<&str> = case.expected().into_iter().flatten().map(|group| group.id.as_str()).collect();
    let all = case.e.assignments.get().into_iter().flatten();
    all.filter(move |assignment| {
        let direct = !assignment.is_group && Some(assignment.principal.as_str()) == person;
        direct || expected.contains(&assignment.principal.as_str())
    })
}

/// The source attribute of a mandatory target attribute is empty today. A log entry only confirms it. Not reported if
/// the person's record is linked: Entra sends no empty values, so that record keeps working.
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
    let unread =
        || [&case.identity.email, &case.identity.user_name].into_iter().any(|m| *m == Mapped::Unread);
    let empty = match (&case.identity.email, &case.identity.user_name) {
        (Mapped::Empty, _) => mapping.email_from.as_deref().map(|from| ("the work e-mail", from)),
        (_, Mapped::Empty) => mapping.user_name_from.as_deref().map(|from| ("userName", from)),
        _ => None,
    };
    // The log shows an earlier state. If every attribute has a value today, the entry is outdated.
    let Some((target, from)) = empty.map(|(target, from)| (target, from.trim_matches(['[', ']']))) else {
        let open = missing_by_log.is_some() && unread();
        return if open { Answer::Unread(&[Source::Schema]) } else { Answer::No };
    };
    let wants = format!("the job fills {target} from {from} alone");
    let by_log = missing_by_log.and_then(|code| {
        fact(&case.e.log, Source::ProvisioningLog, format!("the newest entry ends with {code}"))
    });
    let found = fact(&case.e.users, Source::Users, format!("{from} is empty")).map(|first| {
        Finding::new(Cause::AttributeMissing, first)
            .and(fact(&case.e.mapping, Source::Schema, wants))
            .and(by_log)
    });
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
    let reached = case.reached_at();
    // An attempt from before the person could be reached is no attempt.
    let before = |entry: &LogEntry| entry.at.zip(reached).is_some_and(|(at, reached)| at < reached);
    let says = if case.own.is_none() && case.e.log.get().is_none_or(|log| log.iter().all(before)) {
        let young = reached.is_some_and(|reached| reached > last);
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
