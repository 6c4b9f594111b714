//! Whether every app that an account gets back has a free seat. Atlassian does not restore an account if one app is
//! full, so the apps are checked before anything is sent.

use std::collections::BTreeSet;

use super::ConditionState;
use crate::diagnose::Case;
use crate::evidence::{Read, Source};

/// Rung 3: every app that the account gets back in this directory has a free seat.
pub(super) fn are_free(case: &Case<'_>, account: &str, directory: Option<&str>) -> ConditionState {
    let apps = match needed(case, account, directory) {
        Ok(apps) => apps,
        Err(unread) => return ConditionState::Unread(vec![unread]),
    };
    if apps.is_empty() {
        return ConditionState::True;
    }
    let Some(spaces) = case.e.workspaces.get() else {
        return ConditionState::Unread(vec![Source::Workspaces]);
    };
    let of = |app: &&str| spaces.iter().find(|space| space.id == **app);
    let full: Vec<&str> = apps
        .iter()
        .filter_map(of)
        .filter(|space| space.is_full() == Some(true))
        .map(|space| space.name.as_str())
        .collect();
    if !full.is_empty() {
        let names = full.join(", ");
        return ConditionState::False(format!(
            "no seat is free in {names}, and restoring needs one; free a seat first"
        ));
    }
    let counted = |app: &&str| of(app).is_some_and(|space| space.is_full().is_some());
    if apps.iter().all(counted) {
        ConditionState::True
    } else {
        ConditionState::Unread(vec![Source::Workspaces])
    }
}

/// The apps in which the restored account takes a seat: those of the account's roles in the directory. If it has no
/// role there, those that its groups grant.
fn needed<'a>(case: &Case<'a>, account: &str, directory: Option<&str>) -> Result<BTreeSet<&'a str>, Source> {
    let rows = case.e.roles.get(account).and_then(Read::get);
    let here = || rows.into_iter().flatten().filter(|row| row.app && row.directory.as_deref() == directory);
    if here().next().is_some() {
        return Ok(here().filter(|row| row.takes_seat()).map(|row| row.resource.as_str()).collect());
    }
    let groups = case.e.account(account).and_then(|known| known.groups.as_ref()).ok_or(Source::GroupRoles)?;
    let mut apps = BTreeSet::new();
    for group in groups {
        let granted = case.e.group_roles.get(&group.id).and_then(Read::get).ok_or(Source::GroupRoles)?;
        apps.extend(granted.iter().filter(|role| role.takes_seat).map(|role| role.resource.as_str()));
    }
    Ok(apps)
}
