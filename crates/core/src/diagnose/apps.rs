//! Causes at the last station of the trail: the roles that the groups grant, and free seats. These rules apply only if
//! every earlier station is good, so each cause explains the missing access alone.

use super::{Answer, Case, fact};
use crate::evidence::{Account, Read, Source};
use crate::finding::{Cause, Finding};

/// The person's account, if everything up to the apps is good and the account has no app role. Otherwise the answer of
/// the rule.
fn without_app<'a>(case: &Case<'a>) -> Result<&'a Account, Answer> {
    if case.good_record().is_none() || case.missing().is_none_or(|missing| !missing.is_empty()) {
        return Err(Answer::No);
    }
    let Some(account) = case.account else { return Err(Answer::No) };
    match case.has_role(account) {
        None => Err(Answer::Unread(&[Source::Roles])),
        Some(true) => Err(Answer::No),
        Some(false) => Ok(account),
    }
}

/// The apps that the account's groups grant. `None` if a group could not be read.
fn granted<'a>(case: &Case<'a>, account: &Account) -> Option<Vec<&'a str>> {
    let mut apps = Vec::new();
    for group in account.groups.as_ref()? {
        let roles = case.e.group_roles.get(&group.id)?.get()?;
        apps.extend(roles.iter().filter(|role| role.grants).map(|role| role.resource.as_str()));
    }
    apps.sort_unstable();
    apps.dedup();
    Some(apps)
}

/// Everything up to the apps is good, but no group grants an app.
pub(super) fn group_without_role(case: &Case<'_>) -> Answer {
    let account = match without_app(case) {
        Ok(account) => account,
        Err(answer) => return answer,
    };
    match granted(case, account) {
        None => Answer::Unread(&[Source::GroupRoles]),
        Some(apps) if !apps.is_empty() => Answer::No,
        Some(_) => {
            let names: Vec<&str> = account.groups.iter().flatten().map(|group| group.name.as_str()).collect();
            let says = if names.is_empty() {
                "the account is in no group that could give an app role".to_owned()
            } else {
                format!("{} give no app role", names.join(", "))
            };
            let grants = case.e.group_roles.values().find(|read| read.get().is_some());
            let grants = grants.and_then(|read| fact(read, Source::GroupRoles, says));
            let roles = case.e.roles.get(&account.id);
            roles
                .and_then(|read| fact(read, Source::Roles, "the account has no app role"))
                .map_or(Answer::No, |first| {
                    Answer::Yes(Finding::new(Cause::GroupWithoutRole, first).and(grants))
                })
        }
    }
}

/// Not reported for a person who already has the app.
pub(super) fn seats_full(case: &Case<'_>) -> Answer {
    let account = match without_app(case) {
        Ok(account) => account,
        Err(answer) => return answer,
    };
    let apps = match granted(case, account) {
        None => return Answer::Unread(&[Source::GroupRoles]),
        Some(apps) if apps.is_empty() => return Answer::No,
        Some(apps) => apps,
    };
    let Read::Seen { value: spaces, .. } = &case.e.workspaces else {
        return Answer::Unread(&[Source::Workspaces]);
    };
    let full: Vec<String> = spaces
        .iter()
        .filter(|space| apps.contains(&space.id.as_str()) && space.is_full() == Some(true))
        .map(|space| {
            let (usage, capacity) = (space.usage.unwrap_or_default(), space.capacity.unwrap_or_default());
            format!("{} has {usage} of {capacity} seats taken", space.name)
        })
        .collect();
    if full.is_empty() {
        return Answer::No;
    }
    fact(&case.e.workspaces, Source::Workspaces, full.join("; ")).map_or(Answer::No, |first| {
        let roles = case.e.roles.get(&account.id);
        let none = roles.and_then(|read| fact(read, Source::Roles, "the account has no app role"));
        Answer::Yes(Finding::new(Cause::SeatsFull, first).and(none))
    })
}
