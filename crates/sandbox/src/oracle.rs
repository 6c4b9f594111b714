//! Who can open which app now, and who should. It is computed from the simulated state alone: never from what the
//! services answer, and never with the program's rules.

use std::collections::{BTreeMap, BTreeSet};

use super::atlassian::{Account, Atlassian, Membership, OrgGroup, Status};
use super::entra::{Entra, User};
use super::generator::{FORMER_OBJECT, GroupLink, Human};

/// How much a role lets a person do in an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// Guests, and the roles of a part of an app.
    Partial,
    User,
    Admin,
}

/// The strength of a role. None for a role that opens no app.
#[must_use]
pub fn strength(role: &str) -> Option<Strength> {
    match role.rsplit('/').next()? {
        "guest" | "basic" | "contributor" | "stakeholder" => Some(Strength::Partial),
        "user" => Some(Strength::User),
        "admin" => Some(Strength::Admin),
        _ => None,
    }
}

/// What one account can do now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// Resources that it can open, and how far.
    pub apps: BTreeMap<String, Strength>,
    /// Ids of the organization's groups in which it is.
    pub groups: BTreeSet<String>,
}

impl Access {
    /// Whether nothing of the other access is missing here.
    #[must_use]
    pub fn is_at_least(&self, other: &Self) -> bool {
        other.groups.is_subset(&self.groups)
            && other.apps.iter().all(|(app, needed)| self.apps.get(app).is_some_and(|held| held >= needed))
    }
}

/// What an account can do now.
#[must_use]
pub fn access(atlassian: &Atlassian, account: &str) -> Access {
    let Some(known) = atlassian.accounts.get(account) else { return Access::default() };
    if known.status != Status::Active || known.pending() {
        return Access::default();
    }
    let groups = atlassian.group_ids_of(account);
    let mut apps: BTreeMap<String, Strength> = BTreeMap::new();
    let mut open = |resource: &str, role: &str| {
        if let Some(strength) = strength(role) {
            let held = apps.entry(resource.to_owned()).or_insert(strength);
            *held = (*held).max(strength);
        }
    };
    for group in groups.iter().filter_map(|id| atlassian.groups.get(id)) {
        if !lets_in(atlassian, known, group.directory.as_deref(), true) {
            continue;
        }
        for grant in &group.grants {
            let seatless = atlassian
                .workspaces
                .iter()
                .any(|app| app.id == grant.resource_id && app.unseated.contains(account));
            if !seatless {
                grant.roles.iter().for_each(|role| open(&grant.resource_id, role));
            }
        }
    }
    if lets_in(atlassian, known, None, !groups.is_empty()) {
        known.direct_roles.iter().for_each(|(resource, role)| open(resource, role));
    }
    Access { apps, groups }
}

/// What a human can do now, with all their accounts together.
#[must_use]
pub fn access_of(atlassian: &Atlassian, human: &Human) -> Access {
    let mut all = Access::default();
    for account in human.account.iter().chain(&human.spare_accounts) {
        let Access { apps, groups } = access(atlassian, account);
        all.groups.extend(groups);
        for (app, strength) in apps {
            let held = all.apps.entry(app).or_insert(strength);
            *held = (*held).max(strength);
        }
    }
    all
}

/// The addresses that a user object has now, in lower case.
fn addresses(user: &User) -> BTreeSet<String> {
    let proxies = user.proxy_addresses.iter().map(|proxy| proxy.rsplit(':').next().unwrap_or(proxy));
    let all = proxies.chain(user.mail.as_deref()).chain([user.upn.as_str()]);
    all.map(str::to_lowercase).collect()
}

/// Whether anything ties the account of a human to their user object: an address that the user object has now, or a
/// record that is linked to it. The record counts if it has a name or address that the user object has now, or an
/// `externalId` that the job writes now.
#[must_use]
pub fn account_is_tied(atlassian: &Atlassian, entra: &Entra, human: &Human) -> bool {
    let account = human.account.as_ref().and_then(|id| atlassian.accounts.get(id));
    let (Some(account), Some(user)) = (account, human.idp.as_ref().and_then(|id| entra.users.get(id))) else {
        return false;
    };
    let addresses = addresses(user);
    let has_job = entra.service_principals.get(&entra.atlassian).is_some_and(|known| known.job.is_some());
    let is_linked = |record: &String| {
        let known = atlassian.scim_users.get(record);
        known.filter(|known| known.account.as_ref() == Some(&account.id)).is_some_and(|known| {
            let is_written = match known.external_id.as_deref() {
                Some(external) if has_job => external != FORMER_OBJECT,
                external => external == Some(user.id.as_str()),
            };
            let named = [&known.user_name, &known.email];
            is_written || named.iter().any(|name| addresses.contains(&name.to_lowercase()))
        })
    };
    addresses.contains(&account.email.to_lowercase()) || human.records.iter().any(is_linked)
}

/// The account with which a human works: theirs. If it has an address that the user object has no more, a spare account
/// to which one of their records is linked.
fn account_in_use<'a>(atlassian: &'a Atlassian, entra: &Entra, human: &'a Human) -> Option<&'a String> {
    let own = human.account.as_ref()?;
    let user = human.idp.as_ref().and_then(|id| entra.users.get(id))?;
    let email = atlassian.accounts.get(own).map(|known| known.email.to_lowercase());
    if email.is_some_and(|email| addresses(user).contains(&email)) {
        return Some(own);
    }
    let mut linked = human.records.iter().filter_map(|id| atlassian.scim_users.get(id)?.account.as_ref());
    linked.find(|id| human.spare_accounts.contains(*id)).or(Some(own))
}

/// Whether a user directory lets the account in. One of its groups brings a person in who was not put in by hand.
fn lets_in(atlassian: &Atlassian, account: &Account, directory: Option<&str>, by_group: bool) -> bool {
    let by_hand = match directory {
        Some(id) if id != atlassian.directory_id => {
            account.elsewhere.get(id).copied().unwrap_or(Membership::None)
        }
        _ => account.membership,
    };
    match by_hand {
        Membership::Active => true,
        Membership::Suspended => false,
        Membership::None => by_group,
    }
}

/// The groups of the Atlassian application of which a user is a direct member.
#[must_use]
pub fn assigned_groups(entra: &Entra, idp: &str) -> BTreeSet<String> {
    let assigned = entra.assignments.iter().filter(|one| one.resource == entra.atlassian);
    let groups = assigned.filter_map(|one| entra.groups.get(&one.principal));
    groups.filter(|group| group.has(idp)).map(|group| group.id.clone()).collect()
}

/// The synced group of the organization that belongs to a group of the identity provider.
fn group_here<'a>(atlassian: &'a Atlassian, groups: &[GroupLink], idp_group: &str) -> Option<&'a OrgGroup> {
    let link = groups.iter().find(|link| link.idp == idp_group)?;
    atlassian.groups.get(&link.org).filter(|group| group.synced)
}

/// The apps that the assigned groups of a human open, each as far as the weakest of them opens it.
#[must_use]
pub fn expected_apps(
    atlassian: &Atlassian,
    entra: &Entra,
    groups: &[GroupLink],
    human: &Human,
) -> BTreeMap<String, Strength> {
    let mut expected: BTreeMap<String, Strength> = BTreeMap::new();
    let assigned = human.idp.iter().flat_map(|idp| assigned_groups(entra, idp));
    for group in assigned.filter_map(|id| group_here(atlassian, groups, &id)) {
        for grant in &group.grants {
            if let Some(weakest) = grant.roles.iter().filter_map(|role| strength(role)).min() {
                let needed = expected.entry(grant.resource_id.clone()).or_insert(weakest);
                *needed = (*needed).min(weakest);
            }
        }
    }
    expected
}

/// The first thing that a human lacks, in words. None if they have everything that they should have: an enabled user
/// object, an active account that is let in, every assigned group, every app that these groups open as far as the
/// weakest of them opens it, and at least one app.
#[must_use]
pub fn lacks(atlassian: &Atlassian, entra: &Entra, groups: &[GroupLink], human: &Human) -> Option<String> {
    let Some(idp) = &human.idp else { return Some("a user object".to_owned()) };
    if !entra.users.get(idp).is_some_and(|user| user.account_enabled) {
        return Some("an enabled user object".to_owned());
    }
    let Some(account) = account_in_use(atlassian, entra, human) else { return Some("an account".to_owned()) };
    let held = access(atlassian, account);
    let Some(known) = atlassian.accounts.get(account) else { return Some("an account".to_owned()) };
    if known.status != Status::Active || known.pending() {
        return Some("an active account".to_owned());
    }
    // A person who never confirmed the address has never been in.
    if !known.email_verified && known.activity.is_empty() {
        return Some("a confirmed address".to_owned());
    }
    for idp_group in assigned_groups(entra, idp) {
        let here = group_here(atlassian, groups, &idp_group);
        let Some(group) = here.filter(|group| held.groups.contains(&group.id)) else {
            return Some(format!("the group {idp_group}"));
        };
        if !lets_in(atlassian, known, group.directory.as_deref(), true) {
            return Some(format!("access to the directory of {}", group.name));
        }
    }
    let expected = expected_apps(atlassian, entra, groups, human);
    let missing = expected.iter().find(|(app, needed)| held.apps.get(*app).is_none_or(|has| has < *needed));
    if let Some((app, _)) = missing {
        return Some(format!("the app {app}"));
    }
    held.apps.is_empty().then(|| "any app".to_owned())
}
