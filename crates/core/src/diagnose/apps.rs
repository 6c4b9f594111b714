//! Causes at the last station of the trail, judged per app: the roles that the groups grant, the role that the account
//! has, and free seats (docs/reference/rules.md#expected-apps).

use super::account::suspension_sources;
use super::app_access::{GrantedApp, Grants};
use super::app_choice::AskedApp;
use super::{Answer, Case, fact};
use crate::evidence::{Account, IdpGroup, Read, RoleLevel, Source, Workspace, role_name};
use crate::finding::{Cause, Fact, Finding};

/// None of the expected groups grants an app, and the account holds no role that opens one. Where the person can open
/// something, a group that grants nothing is advice.
pub(super) fn group_without_role(case: &Case<'_>) -> Answer {
    let Some(account) = case.account else { return Answer::No };
    let Some(grants) = case.grants() else { return Answer::No };
    let holds = case.has_role(account);
    if holds == Some(true) {
        let shown: Vec<&IdpGroup> =
            grants.without_app.into_iter().filter(|group| case.shows(group) == Some(true)).collect();
        let Some(first) = without_role(case, &shown) else { return Answer::No };
        let mut finding = Finding::new(Cause::GroupWithoutRole, first);
        finding.blocking = false;
        return Answer::Yes(finding);
    }
    // A group that does not exist at Atlassian may get its roles later.
    if !grants.apps.is_empty() || !grants.absent.is_empty() {
        return Answer::No;
    }
    match (grants.unread, holds) {
        (true, _) => Answer::Unread(&[Source::GroupRoles]),
        // There is no expected group.
        _ if grants.without_app.is_empty() => Answer::No,
        (_, None) => Answer::Unread(&[Source::Roles]),
        _ => {
            let Some(first) = without_role(case, &grants.without_app) else { return Answer::No };
            let none = roles_fact(case, account, "the account has no app role".to_owned());
            Answer::Yes(Finding::new(Cause::GroupWithoutRole, first).and(none))
        }
    }
}

/// The fact that these groups grant no app.
fn without_role(case: &Case<'_>, groups: &[&IdpGroup]) -> Option<Fact> {
    (!groups.is_empty()).then_some(())?;
    let says = format!("{} give no app role", names(groups));
    let ids: Vec<&str> = groups.iter().filter_map(|group| case.ids_at_atlassian(group)).flatten().collect();
    let roles = ids.iter().find_map(|id| case.e.group_roles.get(*id).filter(|read| read.get().is_some()));
    // Atlassian's count of zero resources is enough, so the roles of such a group are not read.
    roles
        .and_then(|read| fact(read, Source::GroupRoles, says.clone()))
        .or_else(|| fact(&case.e.shown_groups, Source::Groups, says.clone()))
        .or_else(|| fact(&case.e.groups, Source::Groups, says))
}

/// The missing apps that a group of the account grants. A group that the account is not in cannot give it a role.
fn lacking<'a>(case: &Case<'a>, missing: Vec<GrantedApp<'a>>) -> Vec<GrantedApp<'a>> {
    let is_in = |group: &&IdpGroup| case.shows(group) == Some(true);
    missing.into_iter().filter(|app| app.groups.iter().any(is_in)).collect()
}

/// No seat is left in an app that the person lacks. Beside a suspension, every full app that restoring needs.
pub(super) fn seats_full(case: &Case<'_>) -> Answer {
    let Some(account) = case.account.filter(|account| account.is_active()) else { return Answer::No };
    if case.is_suspended(account) == Some(true) {
        return full_beside_suspension(case, account);
    }
    let Some(states) = case.app_states() else { return Answer::No };
    let lacking = lacking(case, states.missing);
    if lacking.is_empty() {
        return Answer::No;
    }
    if case.is_suspended(account).is_none() {
        return Answer::Unread(suspension_sources(case, account));
    }
    if case.e.workspaces.get().is_none() {
        return Answer::Unread(&[Source::Workspaces]);
    }
    let needed = needing_seats(&lacking);
    let full: Vec<&str> = needed.filter(|app| is_full(case, app) == Some(true)).collect();
    if full.is_empty() && needing_seats(&lacking).any(|app| is_full(case, app).is_none()) {
        return Answer::Unread(&[Source::Workspaces]);
    }
    let none = |resource: &str| format!("the account has no role in {}", case.app_name(resource, None));
    let roles = full.iter().map(|app| none(app)).collect::<Vec<_>>().join("; ");
    full_apps(case, &full, roles_fact(case, account, roles))
}

fn full_beside_suspension(case: &Case<'_>, account: &Account) -> Answer {
    let mut needed: Vec<&str> = Vec::new();
    for directory in case.suspended_in(account) {
        match case.seats_needed(account, Some(directory)) {
            Ok(apps) => needed.extend(apps),
            Err(Source::GroupRoles) => return Answer::Unread(&[Source::GroupRoles]),
            Err(_) => return Answer::Unread(&[Source::Groups]),
        }
    }
    needed.sort_unstable();
    needed.dedup();
    if needed.is_empty() {
        return Answer::No;
    }
    if case.e.workspaces.get().is_none() {
        return Answer::Unread(&[Source::Workspaces]);
    }
    let is_unknown = needed.iter().any(|app| is_full(case, app).is_none());
    needed.retain(|app| is_full(case, app) == Some(true));
    if needed.is_empty() && is_unknown {
        return Answer::Unread(&[Source::Workspaces]);
    }
    full_apps(case, &needed, None)
}

/// The missing apps that take a seat. A role that takes no seat does not wait for one.
fn needing_seats<'a>(missing: &[GrantedApp<'a>]) -> impl Iterator<Item = &'a str> {
    missing.iter().filter(|app| app.level >= RoleLevel::User).map(|app| app.resource)
}

/// Whether an app has no seat left. `None` if its seats are not shown.
fn is_full(case: &Case<'_>, app: &str) -> Option<bool> {
    case.e.workspaces.get()?.iter().find(|space| space.id == app)?.is_full()
}

/// The names of the apps that the person lacks and whose seats are not shown.
pub(super) fn unknown_seats(case: &Case<'_>) -> Vec<String> {
    if case.e.workspaces.get().is_none() {
        return Vec::new();
    }
    let states = case.app_states().unwrap_or_default();
    let lacking = lacking(case, states.missing);
    let unknown: Vec<&str> = needing_seats(&lacking).filter(|app| is_full(case, app).is_none()).collect();
    unknown.into_iter().map(|app| case.app_name(app, None).to_string()).collect()
}

/// The finding that these apps are full.
fn full_apps(case: &Case<'_>, full: &[&str], roles: Option<Fact>) -> Answer {
    let spaces = case.e.workspaces.get().into_iter().flatten();
    let says: Vec<String> = spaces
        .filter(|space| full.contains(&space.id.as_str()))
        .map(|space| format!("{} has {} seats taken", space.name, seats(space)))
        .collect();
    if says.is_empty() {
        return Answer::No;
    }
    fact(&case.e.workspaces, Source::Workspaces, says.join("; "))
        .map_or(Answer::No, |first| Answer::Yes(Finding::new(Cause::SeatsFull, first).and(roles)))
}

/// The seats of an app in words, such as "100 of 100".
pub(crate) fn seats(space: &Workspace) -> String {
    format!("{} of {}", space.usage.unwrap_or_default(), space.capacity.unwrap_or_default())
}

/// On an expected app, the account has only roles that are weaker than what its group grants.
pub(super) fn role_too_weak(case: &Case<'_>) -> Answer {
    let Some(account) = case.account.filter(|account| account.is_active()) else { return Answer::No };
    if case.is_suspended(account) == Some(true) {
        return Answer::No;
    }
    let says: Vec<String> = weak_apps(case, account)
        .iter()
        .map(|(app, roles)| {
            format!(
                "the account has only {} in {}, and {} grants {}",
                roles.join(", "),
                case.app_name(app.resource, app.owner),
                names(&app.groups),
                app.role
            )
        })
        .collect();
    if says.is_empty() {
        return Answer::No;
    }
    // A role in a directory where the account is suspended has no effect.
    if case.is_suspended(account).is_none() {
        return Answer::Unread(suspension_sources(case, account));
    }
    roles_fact(case, account, says.join("; ")).map_or(Answer::No, |first| {
        let mut grants = weak_apps(case, account).into_iter().flat_map(|(app, _)| app.groups);
        let grants = grants.find_map(|group| {
            let ids = case.ids_at_atlassian(group)?;
            let read =
                ids.iter().find_map(|id| case.e.group_roles.get(*id).filter(|read| read.get().is_some()))?;
            fact(read, Source::GroupRoles, format!("{} grants the stronger role", group.name))
        });
        Answer::Yes(Finding::new(Cause::RoleTooWeak, first).and(grants))
    })
}

/// The missing apps in which the account has a weaker role, with these roles. A full app is not among them: without a
/// seat, a stronger role cannot arrive.
pub(crate) fn weak_apps<'a>(case: &Case<'a>, account: &Account) -> Vec<(GrantedApp<'a>, Vec<&'a str>)> {
    let states = case.app_states().unwrap_or_default();
    let spaces = case.e.workspaces.get();
    let is_full = |app: &GrantedApp<'_>| {
        let space = spaces.into_iter().flatten().find(|space| space.id == app.resource);
        app.level >= RoleLevel::User && space.and_then(Workspace::is_full) == Some(true)
    };
    let roles = |app: &GrantedApp<'_>| {
        let rows = case.role_rows(account).into_iter().flatten();
        let mut held: Vec<&'a str> = rows
            .filter(|row| row.resource == app.resource && !row.role.is_empty())
            .map(|row| role_name(&row.role))
            .collect();
        held.sort_unstable();
        held.dedup();
        held
    };
    let lacking = lacking(case, states.missing).into_iter().filter(|app| !is_full(app));
    lacking
        .map(|app| (roles(&app), app))
        .filter(|(held, _)| !held.is_empty())
        .map(|(held, app)| (app, held))
        .collect()
}

/// One app was asked for, and none of the expected groups grants it.
pub(super) fn app_not_granted(case: &Case<'_>) -> Answer {
    let space = match case.asked_app() {
        AskedApp::One(space) => space,
        AskedApp::Unread => return Answer::Unread(&[Source::Workspaces]),
        AskedApp::Any | AskedApp::Unclear(_) => return Answer::No,
    };
    if case.person.is_none() {
        return Answer::No;
    }
    let Some(grants) = case.grants() else {
        return Answer::Unread(&[Source::Assignments, Source::Memberships]);
    };
    if grants.apps.iter().any(|app| app.resource == space.id) {
        return Answer::No;
    }
    if grants.unread {
        return Answer::Unread(&[Source::GroupRoles]);
    }
    let app = case.app_name(&space.id, None);
    let expected = case.expected().unwrap_or_default();
    let first = if expected.is_empty() {
        fact(
            &case.e.memberships,
            Source::Memberships,
            format!("no assigned group of the person grants {app}"),
        )
    } else {
        not_granted(case, &grants, format!("{} do not grant {app}", names(&expected)))
    };
    first.map_or(Answer::No, |first| Answer::Yes(Finding::new(Cause::AppNotGranted, first)))
}

fn not_granted(case: &Case<'_>, grants: &Grants<'_>, says: String) -> Option<Fact> {
    let granting = grants.apps.iter().flat_map(|app| &app.groups);
    let ids: Vec<&str> = granting.filter_map(|group| case.ids_at_atlassian(group)).flatten().collect();
    let roles = ids.iter().find_map(|id| case.e.group_roles.get(*id).filter(|read| read.get().is_some()));
    roles
        .and_then(|read| fact(read, Source::GroupRoles, says.clone()))
        .or_else(|| fact(&case.e.shown_groups, Source::Groups, says.clone()))
        .or_else(|| fact(&case.e.groups, Source::Groups, says))
}

fn roles_fact(case: &Case<'_>, account: &Account, says: String) -> Option<Fact> {
    let read: &Read<_> = case.e.roles.get(&account.id)?;
    fact(read, Source::Roles, says)
}

fn names(groups: &[&IdpGroup]) -> String {
    groups.iter().map(|group| group.name.as_str()).collect::<Vec<_>>().join(", ")
}
