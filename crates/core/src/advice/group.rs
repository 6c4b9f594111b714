//! Advice about groups, the roles they grant, and seats. This program never writes a group.

use super::{directory, listed, name};
use crate::diagnose::{AskedApp, Case, Diagnosis, local_group, seats, weak_apps};
use crate::evidence::{OrgGroup, Workspace};
use crate::finding::Cause;
use crate::subject::normalize_name;

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
            "{} is a built-in group or a default group of an app, which cannot be synced. Use a new Entra group with another name, and give it the roles that are needed in admin.atlassian.com, Directory > Groups. For a default group you can instead make another group the default one (Products > the app > Manage access). Never delete or un-assign the group, and never let the identity provider take it over.",
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
        Cause::GroupWithoutRole => without_role(case),
        Cause::SeatsFull => {
            let full: Vec<String> = full_apps(case).map(|space| format!("{} ({} taken)", space.name, seats(space))).collect();
            let suspended = case.account.is_some_and(|account| case.is_suspended(account) == Some(true));
            let then = if suspended {
                "Then repair again: Atlassian gives all apps back at once, or none."
            } else {
                "Then take the person out of the group at Entra and put them back."
            };
            format!(
                "No seat is left in {}. In admin.atlassian.com, Billing > the app: add seats, or take access from people who do not use it (Directory > Users, by last activity). {then}",
                full.join(", ")
            )
        }
        Cause::RoleTooWeak => {
            let weak = case.account.map(|account| weak_apps(case, account)).unwrap_or_default();
            let lines = weak.iter().map(|(app, held)| {
                format!("remove {} in {} (its groups grant {})", held.join(", "), case.app_name(app.resource, app.owner), app.role)
            });
            format!(
                "In admin.atlassian.com, Directory > Users > the person > App access: {}. A weaker role that was given by hand can keep the role of the group from having effect.",
                lines.collect::<Vec<_>>().join("; ")
            )
        }
        Cause::AppNotGranted => not_granted(case),
        Cause::GroupTooLarge => "Split the group at the identity provider into smaller groups, assign them to the Atlassian application, and give each of them the same roles at Atlassian before people are moved. Do not delete or un-assign the old group.".to_owned(),
        _ => return None,
    })
}

/// What to do if the memberships were written on demand without effect. The identity provider writes only what has changed
/// there, and a person can make that change for one person. A restart would affect everybody.
pub(crate) fn put_back(case: &Case<'_>) -> String {
    let missing = case.missing().unwrap_or_default();
    let free = missing.iter().filter(|group| local_group(case, group).is_none());
    let groups = listed(free.map(|group| group.name.as_str()), "the groups");
    format!(
        "The memberships were written again and Atlassian still does not show them. The identity provider sends no member that it believes is there already. In Entra admin center > Groups, take {} out of {groups} (the person, never the group), wait for one cycle (about 40 minutes), and put them back. Then check again. Only if that does not help, restart provisioning with everything matched again (resetScope Full), which concerns the whole tenant.",
        name(case)
    )
}

/// One line for the missing apps that no cause explains, and one for those that were not asked for.
pub(super) fn about_apps(diagnosis: &Diagnosis) -> Vec<String> {
    let missing = diagnosis.apps.missing.iter().flatten();
    let unexplained: Vec<String> =
        missing.filter(|app| app.why.0.is_none()).map(|app| app.name.to_string()).collect();
    let others: Vec<String> = diagnosis.apps.others_missing.iter().map(ToString::to_string).collect();
    let mut lines = Vec::new();
    if !unexplained.is_empty() {
        lines.push(format!(
            "The groups grant {}, and Atlassian shows no role of the account there. A role can take some minutes. Then take the person out of the group at Entra and put them back, and open a ticket if that does not help.",
            unexplained.join(", ")
        ));
    }
    if !others.is_empty() {
        lines.push(format!("Also missing, and not asked for: {}.", others.join(", ")));
    }
    lines
}

/// What to do about groups that grant no app. A group of a similar name that grants one is named.
fn without_role(case: &Case<'_>) -> String {
    let grants = case.grants().unwrap_or_default();
    let groups = grants.without_app.iter().map(|group| group.name.as_str());
    let names = listed(groups, "the group");
    let similar = similar(case);
    let similar = if similar.is_empty() {
        String::new()
    } else {
        format!(
            " A group of a similar name has roles in apps: {}. Give the same roles to the synced group.",
            similar.join(", ")
        )
    };
    let has_role = case.account.and_then(|account| case.has_role(account)) == Some(true);
    if has_role && similar.is_empty() {
        return format!(
            "{names} give no app. That is right for groups that are used only for permissions inside apps."
        );
    }
    format!(
        "In admin.atlassian.com, Directory > Groups: open the group ({names}) and give it a role in the app that its members need (Add products).{similar}"
    )
}

/// Groups with roles whose names contain the name of a group that grants nothing, or the reverse.
fn similar(case: &Case<'_>) -> Vec<String> {
    let grants = case.grants().unwrap_or_default();
    let without: Vec<String> = grants.without_app.iter().map(|group| normalize_name(&group.name)).collect();
    let found = case
        .e
        .similar_groups
        .get()
        .into_iter()
        .flatten()
        .chain(case.e.shown_groups.get().into_iter().flatten());
    let is_similar = |known: &&OrgGroup| {
        let name = normalize_name(&known.name);
        known.resources != Some(0)
            && without
                .iter()
                .any(|group| *group != name && (name.starts_with(group.as_str()) || group.starts_with(&name)))
    };
    let mut names: Vec<String> = found.filter(is_similar).map(|known| known.name.clone()).collect();
    names.sort();
    names.dedup();
    names
}

/// Which assigned groups grant the app that was asked for.
fn not_granted(case: &Case<'_>) -> String {
    let AskedApp::One(space) = case.asked_app() else { return String::new() };
    let app = case.app_name(&space.id, None);
    let assigned = case.e.assignments.get().into_iter().flatten().filter(|a| a.is_group);
    let assigned: Vec<String> = assigned.map(|a| normalize_name(&a.name)).collect();
    let granting = case.e.granting_groups.get().map(|all| {
        let mut names: Vec<&str> = all
            .iter()
            .filter(|group| assigned.contains(&normalize_name(&group.name)))
            .map(|group| group.name.as_str())
            .collect();
        names.sort_unstable();
        names
    });
    match granting.as_deref() {
        Some([]) => format!(
            "No group that is assigned to the Atlassian application grants {app}. In admin.atlassian.com, Directory > Groups: give a synced group a role in it, or assign another Entra group that grants it."
        ),
        Some(names) => format!(
            "To give {app}, make the person a direct member of one of these Entra groups, which are assigned and grant it: {}. If a group is dynamic, change the attribute that its rule reads.",
            names.join(", ")
        ),
        None => format!(
            "Find out which assigned Entra group grants {app} (admin.atlassian.com, Directory > Groups), and make the person a direct member of it."
        ),
    }
}

/// The full apps that the finding names.
fn full_apps<'a>(case: &Case<'a>) -> impl Iterator<Item = &'a Workspace> {
    let account = case.account;
    let suspended = account.map(|account| case.suspended_in(account)).unwrap_or_default();
    let needed = suspended.iter().filter_map(|id| case.seats_needed(account?, Some(id)).ok()).flatten();
    let missing = case.app_states().unwrap_or_default().missing.into_iter().map(|app| app.resource);
    let apps: Vec<&'a str> = if suspended.is_empty() { missing.collect() } else { needed.collect() };
    let spaces = case.e.workspaces.get().into_iter().flatten();
    spaces.filter(move |space| space.is_full() == Some(true) && apps.contains(&space.id.as_str()))
}

/// Missing groups whose names a local group has.
fn clashing(case: &Case<'_>) -> String {
    let missing = case.missing().unwrap_or_default();
    let names = missing.iter().filter_map(|group| local_group(case, group)).map(|group| group.name.as_str());
    listed(names, "the group")
}
