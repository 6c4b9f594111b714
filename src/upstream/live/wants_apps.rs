//! Decides what to read next about the groups of a person and the apps that they grant. Pure, like [`super::wants`]. It
//! must never request a list again because another answer has made it shorter.

use std::collections::BTreeSet;

use super::read_request::{MAX_PER_SEARCH, MAX_ROLES, ReadRequest};
use reinstate_core::diagnose::Case;
use reinstate_core::evidence::{Claim, Evidence, IdpGroup, Read};
use reinstate_core::subject::{Who, normalize_name};

/// How many SCIM groups are read when a name does not match: a rename, not a listing.
const MAX_RENAMED: usize = 10;
/// For how many groups that grant nothing a group of a similar name is looked for.
const MAX_SIMILAR: usize = 3;

/// A group that the directory knows under an older name is not missing (docs/reference/rules.md#renamed-group).
pub(super) fn renamed_groups(case: &Case<'_>, all: &mut Vec<ReadRequest>) {
    if case.unnamed().is_empty() && case.missing().is_none_or(|missing| missing.is_empty()) {
        return;
    }
    let expected: BTreeSet<String> =
        case.expected().into_iter().flatten().map(|group| normalize_name(&group.name)).collect();
    let own = case.own.as_ref().and_then(|tie| tie.record);
    // The groups with unknown names come first. A group with an expected name may be another group of that name.
    let groups = own.into_iter().flat_map(|record| {
        let is_strange = |group: &&IdpGroup| !expected.contains(&normalize_name(&group.name));
        let (strange, named): (Vec<&IdpGroup>, Vec<&IdpGroup>) = record.groups.iter().partition(is_strange);
        let ordered = strange.into_iter().chain(named);
        ordered.map(|group| ReadRequest::ScimGroup(record.id.directory.clone(), group.id.clone()))
    });
    all.extend(groups.take(MAX_RENAMED));
}

/// Whether a local group with the same name is the reason for a missing group. Only if everything before the groups
/// is good.
pub(super) fn clashing_groups(case: &Case<'_>, all: &mut Vec<ReadRequest>) {
    if case.missing().is_none_or(|missing| missing.is_empty()) || case.good_record().is_none() {
        return;
    }
    let local = case.e.groups.get().into_iter().flatten().filter(|group| group.synced == Some(false));
    all.extend(local.map(|group| ReadRequest::GroupRoles(group.id.clone())));
}

/// The groups of the account, the expected groups that it is not in, what the expected groups grant, and the apps.
pub(super) fn granted_apps(case: &Case<'_>, all: &mut Vec<ReadRequest>) {
    all.push(ReadRequest::Workspaces);
    let shown = case.account.and_then(|account| account.groups.as_ref());
    let ids: Vec<String> =
        shown.into_iter().flatten().map(|group| group.id.clone()).filter(|id| !id.is_empty()).collect();
    all.extend(ids.chunks(MAX_PER_SEARCH).map(|ids| ReadRequest::ShownGroups(ids.to_vec())));
    let Some(expected) = case.expected() else { return };
    if case.e.accounts.get().is_some() && (case.account.is_none() || shown.is_some()) {
        let names: BTreeSet<String> =
            shown.into_iter().flatten().map(|group| normalize_name(&group.name)).collect();
        let absent = expected.iter().map(|group| &group.name);
        let absent: Vec<String> = absent
            .filter(|name| !name.trim().is_empty() && !names.contains(&normalize_name(name)))
            .cloned()
            .collect();
        all.extend(absent.chunks(MAX_PER_SEARCH).map(|names| ReadRequest::OrgGroups(names.to_vec())));
    }
    let mut roles: BTreeSet<&str> = BTreeSet::new();
    for id in expected.iter().filter_map(|group| case.ids_at_atlassian(group)).flatten() {
        // The search tells for most groups that they grant nothing, so it is read first.
        let waits = matches!(case.e.shown_groups, Read::NotAsked) && ids.iter().any(|known| known == id);
        if !waits && !case.grants_nothing(id) {
            roles.insert(id);
        }
    }
    all.extend(roles.into_iter().take(MAX_ROLES).map(|id| ReadRequest::GroupRoles(id.to_owned())));
    let without = case.groups_without_app();
    all.extend(
        without.into_iter().take(MAX_SIMILAR).map(|group| ReadRequest::SimilarGroups(group.name.clone())),
    );
    all.extend(case.app_not_granted().map(|resource| ReadRequest::GrantingGroups(resource.to_owned())));
}

/// Whether the person needs neither the verified domains nor the permissions of their account: it is managed and active,
/// and its access is complete, or this is not known yet. Only a check or the beginning of a repair asks about nothing
/// but the person. An undo also writes to a healthy person's account.
pub(super) fn has_what_is_needed(e: &Evidence, last: bool) -> bool {
    let case = Case::new(e);
    let subject = &e.subject;
    let beyond = !subject.records.is_empty() || subject.addresses.len() > 1 || subject.keep.is_some();
    let asked = match &subject.who {
        Who::Account(id) => subject.accounts.iter().all(|known| known == id),
        Who::Email(_) => subject.accounts.is_empty(),
    };
    if beyond || !asked || case.other.is_some() || !case.candidates.is_empty() {
        return false;
    }
    let only = e.accounts.get().is_none_or(|all| {
        all.len() == 1 && all.iter().all(|account| account.claim == Claim::Managed && account.is_active())
    });
    let access = case.has_access();
    only && (access == Some(true) || (access.is_none() && !last))
}
