//! Conditions for asking the identity provider to write one person again. Provision on demand does what a cycle does.
//! It disables a person who is not entitled. It writes the record that it is anchored on, even if that record belongs
//! to another person. A step must never count as harmless unless all of these conditions were read and are true.

use super::ConditionState;
use super::account::link_is_not_anothers;
use crate::diagnose::{Case, RecordLink, assignment_is_contradicted};
use crate::evidence::{LogEntry, Source};
use crate::op::Op;
use crate::subject::RecordId;

pub(super) fn assigned(case: &Case<'_>) -> ConditionState {
    match case.is_assigned() {
        Some(true) => ConditionState::True,
        Some(false) if !assignment_is_contradicted(case) => {
            ConditionState::False("the person is not assigned".to_owned())
        }
        _ => ConditionState::Unread(vec![Source::Assignments]),
    }
}

/// An assignment alone does not prove that the person is entitled. It may be invalid, it may be Default Access, or its
/// group may not entitle its members. The last result of the identity provider decides.
pub(super) fn entitled(case: &Case<'_>) -> ConditionState {
    match case.is_not_entitled() {
        None => return ConditionState::Unread(vec![Source::ProvisioningLog]),
        Some(true) => {
            let why = "the identity provider found last that no assignment entitles the person, and on demand would disable them";
            return ConditionState::False(why.to_owned());
        }
        Some(false) => {}
    }
    let (Some(person), Some(assignments)) = (case.person, case.e.assignments.get()) else {
        return ConditionState::Unread(vec![Source::Assignments]);
    };
    // The job has written the person, so the assignment entitles them, even with Default Access.
    let was_written = case.was_written() == Some(true);
    let by_role =
        |default_access: Option<bool>| (was_written || default_access == Some(false)).then_some(true);
    let expected = case.expected().unwrap_or_default();
    let mut entitles: Vec<Option<bool>> = Vec::new();
    for assignment in assignments {
        if !assignment.is_group && assignment.principal == person.id {
            entitles.push(by_role(assignment.default_access));
        } else if let Some(group) = expected.iter().find(|group| group.id == assignment.principal) {
            entitles.push(match group.security {
                Some(true) => by_role(assignment.default_access),
                Some(false) => Some(false),
                None => None,
            });
        }
    }
    if entitles.contains(&Some(true)) {
        return ConditionState::True;
    }
    // The person is assigned in another way; only the log can confirm or contradict it.
    if entitles.is_empty() || entitles.contains(&None) {
        return ConditionState::Unread(vec![Source::Assignments]);
    }
    ConditionState::False("none of the person's assigned groups is a security group".to_owned())
}

/// Without a scoping filter, every assigned person is in scope. With a filter, only the log shows it.
pub(super) fn in_scope(case: &Case<'_>) -> ConditionState {
    match case.e.mapping.get() {
        None => ConditionState::Unread(vec![Source::Schema]),
        Some(mapping) if !mapping.scoped => ConditionState::True,
        Some(_) => match case.e.log.get() {
            None => ConditionState::Unread(vec![Source::ProvisioningLog]),
            Some(log) => {
                // Entra compares only people who are in scope, so "nothing to export" proves that the person is.
                let compared = |entry: &LogEntry| entry.skip_reason.as_deref() == Some("RedundantExport");
                let skipped = |entry: &LogEntry| entry.skip_reason.is_some() || entry.filtered_out;
                let newest = log.iter().find(|entry| entry.succeeded() || skipped(entry));
                match newest {
                    Some(entry) if (entry.succeeded() && entry.is_export()) || compared(entry) => {
                        ConditionState::True
                    }
                    Some(_) => ConditionState::False("the scoping filter leaves the person out".to_owned()),
                    None => ConditionState::Unread(vec![Source::ProvisioningLog]),
                }
            }
        },
    }
}

/// The record that the identity provider will write must be the person's, or there must be none. It is the record of
/// the anchor. If there is no anchor, or its record no longer exists, it is any record that a new match could find.
/// Without the log, which shows the anchor, [`entitled`] already makes the step unread.
pub(super) fn written_record(case: &Case<'_>, account: Option<&str>, earlier: &[&Op]) -> ConditionState {
    let written_to = case.e.mapping.get().and_then(|mapping| mapping.directory.as_ref());
    if !case.every_directory_was_read() || written_to.is_some_and(|id| !case.e.records.contains_key(id)) {
        return ConditionState::Unread(vec![Source::ScimUsers]);
    }
    if let Some(anchor) = case.anchor() {
        if let Some(record_link) = case
            .record_links
            .iter()
            .find(|record_link| record_link.id.record == anchor && record_link.record.is_some())
        {
            return if is_deleted(earlier, &record_link.id) {
                matched_record(case, account, earlier)
            } else {
                anchored(case, record_link, account, earlier).and(|| matched_record(case, account, earlier))
            };
        }
        let is_gone = |directory: &String| {
            let id = RecordId { directory: directory.clone(), record: anchor.to_owned() };
            case.e.record(&id) == Some(None)
        };
        if !case.e.records.keys().all(is_gone) {
            return ConditionState::Unread(vec![Source::ScimUsers]);
        }
    }
    matched_record(case, account, earlier)
}

/// If the anchor's record exists, it must be the record that this program takes for the person's own.
fn anchored<'a>(
    case: &Case<'a>,
    record_link: &RecordLink<'a>,
    account: Option<&str>,
    earlier: &[&Op],
) -> ConditionState {
    may_be_written(case, record_link, account, earlier).and(|| match &case.own {
        Some(own) if own.id == record_link.id => ConditionState::True,
        Some(_) => ConditionState::False(
            "the identity provider is anchored on another record than the person's".to_owned(),
        ),
        None => ConditionState::Unread(vec![Source::ScimUsers]),
    })
}

/// Writing a record also changes its account. So the record must not belong to another living person, and it must be
/// linked to the expected account or to none.
fn may_be_written<'a>(
    case: &Case<'a>,
    record_link: &RecordLink<'a>,
    account: Option<&str>,
    earlier: &[&Op],
) -> ConditionState {
    let is_loosened = earlier.iter().any(|op| op.records().contains(&record_link.id));
    link_is_not_anothers(case, record_link).and(|| {
        match record_link.account.as_deref().filter(|_| !is_loosened) {
            Some(linked) if Some(linked) != account => ConditionState::False(format!(
                "the provisioning record {} that would be written is linked to account {linked}",
                record_link.id.record
            )),
            _ => ConditionState::True,
        }
    })
}

/// No record that a new match could find may belong to another living person or be linked to another account.
fn matched_record(case: &Case<'_>, account: Option<&str>, earlier: &[&Op]) -> ConditionState {
    let own = case.own.as_ref().map(|own| &own.id);
    let here = |record_link: &&RecordLink<'_>| {
        case.target_directory().is_none_or(|target| target == record_link.id.directory)
    };
    let found = case.record_links.iter().filter(here).filter(|record_link| {
        Some(&record_link.id) == own
            || case.has_the_name(record_link)
            || case.has_the_external_id(record_link)
    });
    found
        .filter(|record_link| !is_deleted(earlier, &record_link.id))
        .fold(ConditionState::True, |held, record_link| {
            held.and(|| may_be_written(case, record_link, account, earlier))
        })
}

fn is_deleted(earlier: &[&Op], id: &RecordId) -> bool {
    earlier.iter().any(|op| !matches!(op, Op::UnlinkRecord { .. }) && op.records().contains(id))
}

/// The newest failure must not be one that a new attempt would only repeat. A conflict no longer counts if an earlier
/// step of this plan, or an earlier run, has removed the obstacle.
pub(super) fn would_not_be_refused(case: &Case<'_>, earlier: &[&Op]) -> ConditionState {
    let Some(failure) = case.newest_failure() else {
        return ConditionState::Unread(vec![Source::ProvisioningLog]);
    };
    let Some(entry) = failure else { return ConditionState::True };
    let cleared = entry.at.zip(case.e.cleared).is_some_and(|(at, cleared)| at < cleared);
    let clears = earlier.iter().any(|op| !op.records().is_empty() || matches!(op, Op::ParkEmail { .. }));
    let anchor_is_gone = entry.error_code.as_deref().is_some_and(|code| code.ends_with("InvalidAnchor"));
    if ((cleared || clears) && entry.is_conflict()) || anchor_is_gone {
        return ConditionState::True;
    }
    let works_again = |at| case.e.job.get().is_some_and(|job| job.has_worked_since(at));
    if entry.is_key_refused() && entry.at.is_some_and(works_again) {
        return ConditionState::True;
    }
    match entry.http_status {
        // The service was busy, slow or down. Another attempt may succeed.
        Some(408 | 425 | 429 | 500..) => ConditionState::True,
        // If the record no longer exists, Entra makes a new match.
        Some(404) => ConditionState::True,
        Some(_) => ConditionState::False(repeated(entry)),
        None if entry.is_conflict() => ConditionState::False(repeated(entry)),
        None => ConditionState::Unread(vec![Source::ProvisioningLog]),
    }
}

fn repeated(entry: &LogEntry) -> String {
    let said = entry.detail.as_deref().or(entry.error_code.as_deref()).unwrap_or("no reason given");
    format!("Atlassian refused the last attempt, and another one would be refused as well: {said}")
}
