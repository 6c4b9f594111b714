//! Causes at the name of a group: a local group or an app's default group already has it, or Atlassian keeps an old
//! name (docs/reference/rules.md#atlassian-group-names). The program never writes a group; these causes lead to advice.

use super::{Answer, Case, fact};
use crate::evidence::{IdpGroup, OrgGroup, Read, Source};
use crate::finding::{Cause, Finding};
use crate::subject::normalize_name;

/// The local group that has the name of a missing group.
pub(crate) fn local<'a>(case: &Case<'a>, group: &IdpGroup) -> Option<&'a OrgGroup> {
    let groups = case.e.groups.get()?;
    let named = |known: &&OrgGroup| normalize_name(&known.name) == normalize_name(&group.name);
    // If a synced group has the name too, the local group did not prevent the synchronization.
    if groups.iter().filter(named).any(|known| known.synced != Some(false)) {
        return None;
    }
    groups.iter().find(named)
}

fn clash(case: &Case<'_>, cause: Cause, default: bool) -> Answer {
    let missing = case.missing().unwrap_or_default();
    if missing.is_empty() || case.good_record().is_none() {
        return Answer::No;
    }
    if case.e.groups.get().is_none() {
        return Answer::Unread(&[Source::Groups]);
    }
    let mut names = Vec::new();
    for group in missing.iter().filter_map(|group| local(case, group)) {
        let Some(Read::Seen { value: roles, .. }) = case.e.group_roles.get(&group.id) else {
            return Answer::Unread(&[Source::GroupRoles]);
        };
        let reserved = is_built_in(group) || roles.iter().any(|role| role.is_default || role.is_for_admins());
        if reserved == default {
            names.push(group);
        }
    }
    let Some(group) = names.first() else { return Answer::No };
    let list = names.iter().map(|group| group.name.as_str()).collect::<Vec<_>>().join(", ");
    let says =
        format!("{list} is a group of the organization whose members do not come from the identity provider");
    fact(&case.e.groups, Source::Groups, says).map_or(Answer::No, |first| {
        let roles = case.e.group_roles.get(&group.id).filter(|_| default);
        let default = roles.and_then(|read| {
            fact(read, Source::GroupRoles, "it is a built-in group or a default group of an app")
        });
        Answer::Yes(Finding::new(cause, first).and(default))
    })
}

/// A local group has the same name. The admin console shows this as a conflict to review.
pub(super) fn group_name_conflict(case: &Case<'_>) -> Answer {
    clash(case, Cause::GroupNameConflict, false)
}

/// The groups that Atlassian makes itself, with the roles of administrators
/// (docs/reference/rules.md#atlassian-built-in-groups).
const BUILT_IN: &[&str] = &[
    "org-admins",
    "site-admins",
    "administrators",
    "system-administrators",
    "atlassian-addons",
    "atlassian-addons-admin",
];

fn is_built_in(group: &OrgGroup) -> bool {
    is_built_in_name(&group.name)
}

/// Whether Atlassian makes a group of this name itself.
pub fn is_built_in_name(name: &str) -> bool {
    BUILT_IN.contains(&normalize_name(name).as_str())
}

/// The local group is a built-in group, or an app's default group. Atlassian then answers success, but the synced group never arrives.
pub(super) fn default_group_clash(case: &Case<'_>) -> Answer {
    clash(case, Cause::DefaultGroupClash, true)
}

/// A renamed group does not count as missing; it is reported as advice (docs/reference/rules.md#renamed-group).
pub(super) fn group_renamed(case: &Case<'_>) -> Answer {
    let renamed = case.renamed();
    if renamed.is_empty() {
        return Answer::No;
    }
    let says: Vec<String> = renamed
        .iter()
        .map(|(group, old)| format!("{} is still called {old} at Atlassian", group.name))
        .collect();
    fact(&case.e.scim_groups, Source::ScimGroups, says.join("; "))
        .map_or(Answer::No, |fact| Answer::Yes(Finding::new(Cause::GroupRenamed, fact)))
}
