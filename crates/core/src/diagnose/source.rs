//! Causes at the identity provider: whether the person exists, is enabled and is assigned
//! (docs/reference/rules.md#entra-people-and-assignments).

use super::{Answer, Case, fact};
use crate::evidence::{Read, Source};
use crate::finding::{Cause, Fact, Finding};
use crate::subject::Who;

/// No user has this name, neither live nor deleted. An account id that no account has names nobody.
pub(super) fn missing(case: &Case<'_>) -> Answer {
    if let Who::Account(id) = &case.e.subject.who
        && case.e.accounts.get().is_some()
        && case.e.account(id).is_none()
    {
        let says = "no account of the organization has this id";
        return fact(&case.e.accounts, Source::Accounts, says)
            .map_or(Answer::No, |first| Answer::Yes(Finding::new(Cause::IdpUserMissing, first)));
    }
    let Some(users) = case.e.users.get() else { return Answer::Unread(&[Source::Users]) };
    if !users.is_empty() || case.e.deleted_users.get().is_some_and(|deleted| !deleted.is_empty()) {
        return Answer::No;
    }
    // A deleted person is not missing. If the deleted users are unread, it may be either.
    if case.e.deleted_users.gap().is_some() {
        return Answer::Unread(&[Source::DeletedUsers]);
    }
    let says = "no user has this name as user principal name, mail, proxy address or other address";
    match fact(&case.e.users, Source::Users, says) {
        Some(first) => Answer::Yes(Finding::new(Cause::IdpUserMissing, first).and(fact(
            &case.e.deleted_users,
            Source::DeletedUsers,
            "nor has a user deleted in the last 30 days",
        ))),
        None => Answer::No,
    }
}

/// The user was deleted within the last 30 days.
pub(super) fn deleted(case: &Case<'_>) -> Answer {
    let Some(users) = case.e.users.get() else { return Answer::Unread(&[Source::Users]) };
    if !users.is_empty() {
        return Answer::No;
    }
    match &case.e.deleted_users {
        Read::Seen { value, .. } if value.is_empty() => Answer::No,
        Read::Seen { .. } => {
            let fact = fact(
                &case.e.deleted_users,
                Source::DeletedUsers,
                "a user of this name is among the deleted users",
            );
            fact.map_or(Answer::No, |fact| Answer::Yes(Finding::new(Cause::IdpUserDeleted, fact)))
        }
        _ => Answer::Unread(&[Source::DeletedUsers]),
    }
}

/// `accountEnabled` is false.
pub(super) fn disabled(case: &Case<'_>) -> Answer {
    let Some(person) = case.person else {
        return if case.e.users.get().is_some() { Answer::No } else { Answer::Unread(&[Source::Users]) };
    };
    match (person.enabled, fact(&case.e.users, Source::Users, "accountEnabled is false")) {
        (Some(false), Some(fact)) => Answer::Yes(Finding::new(Cause::IdpUserDisabled, fact)),
        (Some(_), _) => Answer::No,
        (None, _) => Answer::Unread(&[Source::Users]),
    }
}

/// Whether assignment is not worth reporting. A disabled person is not provisioned, whether assigned or not.
fn is_settled(case: &Case<'_>) -> bool {
    // If Atlassian pulls people by itself, nobody needs an assignment, and nested groups count.
    case.person.is_none_or(|person| person.enabled == Some(false)) || case.has_no_job()
}

/// Whether the job exports everybody, or has exported this person and has not withdrawn them since
/// (docs/reference/rules.md#contradicted-assignment).
pub(crate) fn assignment_is_contradicted(case: &Case<'_>) -> bool {
    contradiction(case).is_some()
}

/// The fact that contradicts a missing assignment.
fn contradiction(case: &Case<'_>) -> Option<Fact> {
    if case.e.mapping.get().and_then(|mapping| mapping.sync_all) == Some(true) {
        return fact(&case.e.mapping, Source::Schema, "the job takes everybody, assigned or not (SyncAll)");
    }
    let newest = case.e.log.get().into_iter().flatten().find(|entry| {
        let withdrawn = matches!(entry.action.to_lowercase().as_str(), "disable" | "delete");
        let unassigned = entry.is_not_entitled();
        (entry.succeeded() && (entry.is_export() || withdrawn)) || unassigned
    });
    newest.filter(|entry| entry.succeeded() && entry.is_export())?;
    fact(&case.e.log, Source::ProvisioningLog, "the job has written the person since")
}

/// The person is assigned neither directly nor through a group, nested groups included. If other evidence contradicts
/// this, it is only advice (docs/reference/rules.md#contradicted-assignment).
pub(super) fn not_assigned(case: &Case<'_>) -> Answer {
    if is_settled(case) {
        return Answer::No;
    }
    let blocks = !assignment_is_contradicted(case);
    let unread = case.e.mapping.get().is_none() || case.e.log.get().is_none();
    if blocks && unread && case.has_access() == Some(true) {
        return Answer::Unread(&[Source::Jobs, Source::Schema, Source::ProvisioningLog]);
    }
    match case.is_assigned() {
        Some(true) => Answer::No,
        None => Answer::Unread(&[Source::Assignments, Source::Memberships]),
        Some(false) => match nested_hit(case) {
            None => Answer::Unread(&[Source::NestedMemberships]),
            Some(Some(_)) => Answer::No,
            Some(None) => fact(
                &case.e.assignments,
                Source::Assignments,
                "neither the person nor a group of theirs is assigned to the application",
            )
            .map_or(Answer::No, |first| {
                let groups = case.e.memberships.get().map_or(0, Vec::len);
                let mut finding = Finding::new(Cause::NotAssigned, first).and(fact(
                    &case.e.memberships,
                    Source::Memberships,
                    format!("the person is a direct member of {groups} groups"),
                ));
                finding.blocking = blocks;
                Answer::Yes(finding.and(contradiction(case)))
            }),
        },
    }
}

/// The name of an assigned group that contains the person only through another group. `None` if unknown; `Some(None)`
/// if there is no such group.
fn nested_hit(case: &Case<'_>) -> Option<Option<String>> {
    let assignments = case.e.assignments.get()?;
    if !assignments.iter().any(|a| a.is_group) {
        return Some(None);
    }
    let nested = case.e.nested.get()?;
    Some(
        assignments
            .iter()
            .find(|a| a.is_group && nested.iter().any(|group| group.id == a.principal))
            .map(|a| a.name.clone()),
    )
}

/// Provisioning covers only direct members of an assigned group (docs/reference/rules.md#entra-nested-groups).
pub(super) fn nested_only(case: &Case<'_>) -> Answer {
    if is_settled(case) || case.is_assigned() != Some(false) || assignment_is_contradicted(case) {
        return Answer::No;
    }
    match nested_hit(case) {
        None => Answer::Unread(&[Source::NestedMemberships]),
        Some(None) => Answer::No,
        Some(Some(group)) => fact(
            &case.e.nested,
            Source::NestedMemberships,
            format!("the person belongs to {group} only through another group, and provisioning does not look into nested groups"),
        )
        .map_or(Answer::No, |fact| Answer::Yes(Finding::new(Cause::NestedOnly, fact))),
    }
}
