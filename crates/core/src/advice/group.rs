//! Advice about groups, the roles they grant, and seats. This program never writes a group.

use super::{directory, listed};
use crate::diagnose::{Case, local_group};
use crate::evidence::Workspace;
use crate::finding::Cause;

pub(super) fn advise(cause: Cause, case: &Case<'_>) -> Option<String> {
    Some(match cause {
        Cause::PropagationLag => {
            "Wait some minutes and check again: Atlassian has the membership and does not show it yet."
                .to_owned()
        }
        Cause::GroupNameConflict => format!(
            "In {} > Review groups: compare the members of {}, then let the identity provider take the group over (this replaces its members), or give the Entra group a new name as a new group. Never delete or un-assign the group: its permissions would be lost.",
            directory(case),
            clashing(case)
        ),
        Cause::DefaultGroupClash => format!(
            "{} is a default group of an app, which cannot be synced. In admin.atlassian.com, Products > the app > Manage access: make another group the default one, or use a new Entra group with another name. Never delete or un-assign the group.",
            clashing(case)
        ),
        Cause::GroupRenamed => {
            let renamed: Vec<String> = case
                .renamed()
                .iter()
                .map(|(group, old)| format!("{} is called {old} there", group.name))
                .collect();
            format!(
                "Atlassian takes no new name for a synced group: {}. Nothing is lost; give the Entra group its old name back, or make a new group and move its roles before the old one is touched.",
                renamed.join(", ")
            )
        }
        Cause::GroupWithoutRole if case.account.and_then(|account| account.groups.as_ref()).is_some_and(Vec::is_empty) => {
            "The account is in no group. Make the person a direct member of an assigned Entra group whose group at Atlassian has a role in an app.".to_owned()
        }
        Cause::GroupWithoutRole => {
            let groups = case.account.and_then(|account| account.groups.as_ref()).into_iter().flatten();
            format!(
                "In admin.atlassian.com, Directory > Groups: open one of the person's groups ({}) and give it a role in the app they need (Add products).",
                listed(groups.map(|group| group.name.as_str()), "they are in none")
            )
        }
        Cause::SeatsFull => {
            let full = |space: &&Workspace| space.is_full() == Some(true);
            let full: Vec<String> =
                case.e.workspaces.get().into_iter().flatten().filter(full).map(seats).collect();
            format!(
                "No seat is left in {}. In admin.atlassian.com, Billing > the app: add seats, or take access from people who do not use it (Directory > Users, by last activity). Then take the person out of the group at Entra and put them back.",
                full.join(", ")
            )
        }
        _ => return None,
    })
}

fn seats(space: &Workspace) -> String {
    let (usage, capacity) = (space.usage.unwrap_or_default(), space.capacity.unwrap_or_default());
    format!("{} ({usage} of {capacity} taken)", space.name)
}

/// Missing groups whose names a local group has.
fn clashing(case: &Case<'_>) -> String {
    let missing = case.missing().unwrap_or_default();
    let names = missing.iter().filter_map(|group| local_group(case, group)).map(|group| group.name.as_str());
    listed(names, "the group")
}
