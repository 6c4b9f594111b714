//! Conditions for asking the identity provider to write one person again. Provision on demand does what a cycle does.
//! It disables a person who is not entitled. It writes the record that it is anchored on, even if that record belongs
//! to another person. A step must never count as harmless unless all of these conditions were read and are true.

use super::ConditionState;
use super::account::link_is_not_anothers;
use crate::diagnose::{Case, RecordLink, assignment_is_contradicted, export_answer};
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
    let verdict = case.newest_verdict().flatten();
    match case.is_not_entitled() {
        // What left the person out has changed since; nothing shows yet whether the person is entitled now.
        Some(true) if verdict.is_some_and(|entry| case.is_outdated(entry)) => {
            return ConditionState::Unread(vec![Source::ProvisioningLog]);
        }
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
        Some(_) => match case.newest_verdict() {
            Some(Some(entry)) if entry.is_in_reach() => ConditionState::True,
            Some(Some(entry)) if entry.filtered_out || entry.is_not_entitled() => {
                ConditionState::False("the scoping filter leaves the person out".to_owned())
            }
            // The person was withdrawn, which may have another reason than the filter. Or nothing shows it.
            _ => ConditionState::Unread(vec![Source::ProvisioningLog]),
        },
    }
}

/// The record that the identity provider will write must be the person's, or there must be none. It is the record of
/// the anchor. If there is no anchor, or its record no longer exists, it is any record that a new match could find.
/// Without the log, which shows the anchor, [`entitled`] already makes the step unread.
pub(super) fn written_record(case: &Case<'_>, account: Option<&str>, earlier: &[&Op]) -> ConditionState {
    let target = case.target_directory();
    if !case.every_directory_was_read() || target.is_some_and(|id| !case.e.records.contains_key(id)) {
        return ConditionState::Unread(vec![Source::ScimUsers]);
    }
    // Then the person may have a record that no look-up finds, and the identity provider may write it.
    if case.record_is_unread() {
        return ConditionState::Unread(vec![Source::ScimUsers, Source::Schema]);
    }
    // A directory that is not configured may hold a record, and only the links by address show it.
    if case.own.is_none() && case.e.links.get().is_none() {
        return ConditionState::Unread(vec![Source::ScimLinks]);
    }
    match (case.anchor_link(), case.anchor_is_gone()) {
        (Some(link), _) if !is_deleted(earlier, &link.id) => anchored(case, link, account, earlier),
        (None, None) if case.anchor().is_some() => ConditionState::Unread(vec![Source::ScimUsers]),
        _ => ConditionState::True,
    }
    .and(|| matched_record(case, account, earlier))
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
    // If two sources disagree, one of them shows another account.
    if !record_link.link_known && !is_loosened {
        return ConditionState::False(format!(
            "the sources disagree about the account of the SCIM record {}",
            record_link.id.record
        ));
    }
    link_is_not_anothers(case, record_link).and(|| {
        match record_link.account.as_deref().filter(|_| !is_loosened) {
            Some(linked) if Some(linked) != account => ConditionState::False(format!(
                "the SCIM record {} that would be written is linked to account {linked}",
                record_link.id.record
            )),
            _ => ConditionState::True,
        }
    })
}

/// Neither the person's own record nor a record that a new match could find may belong to another living person or be
/// linked to another account. An unlinked record is linked to the account that has its address, which is checked apart.
fn matched_record(case: &Case<'_>, account: Option<&str>, earlier: &[&Op]) -> ConditionState {
    let own = case.own.as_ref().map(|own| &own.id);
    let here = |record_link: &&RecordLink<'_>| {
        case.target_directory().is_none_or(|target| target == record_link.id.directory)
    };
    let found = case.record_links.iter().filter(|record_link| {
        let matches = || case.has_the_name(record_link) || case.has_the_external_id(record_link);
        Some(&record_link.id) == own || (here(record_link) && matches())
    });
    found
        .filter(|record_link| !is_deleted(earlier, &record_link.id))
        .fold(ConditionState::True, |held, record_link| {
            held.and(|| may_be_written(case, record_link, account, earlier))
        })
}

/// Atlassian links a new or unlinked record to the account that has its address, and makes an account if there is none
/// (docs/reference/rules.md#scim-record-and-link-of-atlassian). So the expected account must have the address, or the record
/// that will be written must already be linked to it. Otherwise the person would get a second account, and the earlier
/// work would stay on the first one.
pub(super) fn makes_no_second_account(
    case: &Case<'_>,
    account: Option<&str>,
    email: &str,
    earlier: &[&Op],
) -> ConditionState {
    let Some(known) = account.and_then(|id| case.e.account(id)).filter(|known| !known.bears(email)) else {
        return ConditionState::True;
    };
    let is_written = |link: &&RecordLink<'_>| {
        case.target_directory().is_none_or(|target| target == link.id.directory)
            && !earlier.iter().any(|op| op.records().contains(&link.id))
    };
    let own = case.own.as_ref().filter(is_written);
    if own.is_some_and(|own| own.account.as_deref() == Some(known.id.as_str())) {
        return ConditionState::True;
    }
    let shown = known.email.as_deref().unwrap_or(known.id.as_str());
    ConditionState::False(format!(
        "the person's account has the address {shown}, no record of the directory that provisioning writes to is \
         linked to it, and no account has {email}, so Atlassian would make a second account. Give the account the \
         address {email} in admin.atlassian.com first, then check again"
    ))
}

fn is_deleted(earlier: &[&Op], id: &RecordId) -> bool {
    earlier.iter().any(|op| !matches!(op, Op::UnlinkRecord { .. }) && op.records().contains(id))
}

/// The newest failure must not be one that a new attempt would only repeat. A conflict no longer counts if an earlier
/// step of this plan removes the obstacle. The look-up must be one that Atlassian can answer.
pub(super) fn would_not_be_refused(case: &Case<'_>, earlier: &[&Op]) -> ConditionState {
    if case.looks_up_in_vain() {
        let why =
            "the job looks people up by an attribute that Atlassian cannot filter by, so it would fail again";
        return ConditionState::False(why.to_owned());
    }
    let Some(failure) = case.newest_failure() else {
        return ConditionState::Unread(vec![Source::ProvisioningLog]);
    };
    let Some(entry) = failure else { return ConditionState::True };
    let clears = earlier.iter().any(|op| !op.records().is_empty() || matches!(op, Op::ParkEmail { .. }));
    if (clears && entry.is_conflict()) || entry.is_lost_anchor() || case.is_old_key_refusal(entry) {
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
    format!(
        "Atlassian refused the last attempt, and another one would be refused as well: {}",
        export_answer(entry)
    )
}
