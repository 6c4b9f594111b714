//! Whether every app that an account gets back has a free seat. Atlassian does not restore an account if one app is
//! full, so the apps are checked before anything is sent.

use super::ConditionState;
use crate::diagnose::Case;
use crate::evidence::Source;

/// Rung 3: every app that the account gets back in this directory has a free seat.
pub(super) fn are_free(case: &Case<'_>, account: &str, directory: Option<&str>) -> ConditionState {
    let Some(known) = case.e.account(account) else { return ConditionState::Unread(vec![Source::Accounts]) };
    let apps = match case.seats_needed(known, directory) {
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
