//! Causes at the identity provider: whether the person exists, is enabled and is assigned
//! (docs/reference/rules.md#entra-people-and-assignments).

use super::{Answer, Case, fact};
use crate::evidence::{LogEntry, Read, Source};
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
    if case.owner_of_the_asked_account_is_unread() {
        return Answer::Unread(&[Source::Users]);
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
    if case.sync_all() == Some(true) {
        let says = "the job provisions everybody, assigned or not (SyncAll)";
        let read = fact(&case.e.mapping, Source::Schema, says);
        return read.or_else(|| fact(&case.e.assignments, Source::Assignments, says));
    }
    let newest = case.e.log.get().into_iter().flatten().find(|entry| {
        let withdrawn = matches!(entry.action.to_lowercase().as_str(), "disable" | "delete");
        let unassigned = entry.is_not_entitled();
        (entry.succeeded() && (entry.is_export() || withdrawn)) || unassigned
    });
    newest.filter(|entry| entry.succeeded() && entry.is_export())?;
    fact(&case.e.log, Source::ProvisioningLog, "the job has written the person since")
}

/// Whether a missing assignment keeps the person out of the job.
enum Unassigned {
    /// It does: the job provisions only assigned people, and nothing shows that it provisions this person.
    Proven,
    /// It does not, because of this fact.
    Contradicted(Fact),
    /// It depends on these sources.
    Unread(&'static [Source]),
}

/// See docs/reference/rules.md#contradicted-assignment.
fn unassigned(case: &Case<'_>) -> Unassigned {
    if let Some(fact) = contradiction(case) {
        return Unassigned::Contradicted(fact);
    }
    match (case.sync_all(), case.e.log.get()) {
        // The log could contradict the missing assignment. For a person with access, that is likely.
        (Some(_), None) if case.has_access() == Some(true) => {
            Unassigned::Unread(&[Source::Jobs, Source::ProvisioningLog])
        }
        (Some(_), _) => Unassigned::Proven,
        (None, None) => Unassigned::Unread(&[Source::Jobs, Source::Schema, Source::ProvisioningLog]),
        // A job that provisions everybody would have written the person, or skipped them for another reason.
        (None, Some(log)) => {
            let withdrawn = case.newest_verdict().flatten().is_some_and(LogEntry::is_not_entitled);
            let never = !log.iter().any(LogEntry::succeeded);
            if never || withdrawn { Unassigned::Proven } else { Unassigned::Unread(&[Source::Schema]) }
        }
    }
}

/// The person is assigned neither directly nor through a group, nested groups included. If other evidence contradicts
/// this, it is only advice (docs/reference/rules.md#contradicted-assignment).
pub(super) fn not_assigned(case: &Case<'_>) -> Answer {
    if is_settled(case) {
        return Answer::No;
    }
    match case.is_assigned() {
        Some(true) => return Answer::No,
        None => return Answer::Unread(&[Source::Assignments, Source::Memberships]),
        Some(false) => {}
    }
    match nested_hit(case) {
        None => return Answer::Unread(&[Source::NestedMemberships]),
        Some(Some(_)) => return Answer::No,
        Some(None) => {}
    }
    let contradicted = match unassigned(case) {
        Unassigned::Unread(sources) => return Answer::Unread(sources),
        Unassigned::Proven => None,
        Unassigned::Contradicted(fact) => Some(fact),
    };
    let says = "neither the person nor a group of theirs is assigned to the application";
    fact(&case.e.assignments, Source::Assignments, says).map_or(Answer::No, |first| {
        let groups = case.e.memberships.get().map_or(0, Vec::len);
        let says = format!("the person is a direct member of {groups} groups");
        let mut finding =
            Finding::new(Cause::NotAssigned, first).and(fact(&case.e.memberships, Source::Memberships, says));
        finding.blocking = contradicted.is_none();
        Answer::Yes(finding.and(contradicted))
    })
}

/// An assigned group is dynamic and its rule is paused, and the person is in no assigned group. While the rule is
/// paused, the group takes nobody in (docs/reference/rules.md#entra-dynamic-groups).
pub(super) fn dynamic_group_pending(case: &Case<'_>) -> Answer {
    if is_settled(case) || case.is_assigned() != Some(false) {
        return Answer::No;
    }
    let assigned = case.e.assignments.get().into_iter().flatten().filter(|assignment| assignment.is_group);
    let assigned: Vec<&str> = assigned.map(|assignment| assignment.principal.as_str()).collect();
    if assigned.is_empty() {
        return Answer::No;
    }
    match unassigned(case) {
        Unassigned::Contradicted(_) => return Answer::No,
        Unassigned::Unread(sources) => return Answer::Unread(sources),
        Unassigned::Proven => {}
    }
    let Some(dynamic) = case.e.dynamic_groups.get() else { return Answer::Unread(&[Source::DynamicGroups]) };
    let mine: Vec<_> = dynamic.iter().filter(|group| assigned.contains(&group.id.as_str())).collect();
    let paused: Vec<&str> =
        mine.iter().filter(|group| group.paused == Some(true)).map(|group| group.name.as_str()).collect();
    if paused.is_empty() {
        let unread = mine.iter().any(|group| group.paused.is_none());
        return if unread { Answer::Unread(&[Source::DynamicGroups]) } else { Answer::No };
    }
    let says = format!("{} is a dynamic group, and the evaluation of its rule is paused", paused.join(", "));
    fact(&case.e.dynamic_groups, Source::DynamicGroups, says).map_or(Answer::No, |first| {
        let says = "the person is a direct member of no assigned group";
        let none = fact(&case.e.memberships, Source::Memberships, says);
        Answer::Yes(Finding::new(Cause::DynamicGroupPending, first).and(none))
    })
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
        Some(Some(_)) if let Unassigned::Unread(sources) = unassigned(case) => Answer::Unread(sources),
        Some(Some(group)) => fact(
            &case.e.nested,
            Source::NestedMemberships,
            format!("the person belongs to {group} only through another group, and provisioning does not look into nested groups"),
        )
        .map_or(Answer::No, |fact| Answer::Yes(Finding::new(Cause::NestedOnly, fact))),
    }
}
