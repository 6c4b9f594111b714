//! The organization: its domains, apps and accounts, with the directories and roles of the accounts.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use reinstate_core::diagnose::Case;
use reinstate_core::evidence::{Account as Known, AppRole, Claim, Read};
use serde_json::Map;

use super::Missing;
use crate::atlassian::{
    Account, Activity, Domain, Event, ManagedBy, Membership, Status, UserDirectory, Workspace,
};
use crate::tenant::{DOMAIN, Tenant};

/// How old an event of the audit log is, because the evidence does not say it.
const AGE_OF_EVENT: SignedDuration = SignedDuration::from_hours(24);
/// How long until a scheduled deletion, because the evidence does not say when it is due.
const UNTIL_DELETION: SignedDuration = SignedDuration::from_hours(7 * 24);

pub(super) fn arrange(case: &Case<'_>, tenant: &mut Tenant, missing: &mut Missing) {
    let e = case.e;
    for domain in e.domains.get().into_iter().flatten() {
        let status = if domain.verified { "verified" } else { "unverified" };
        tenant.atlassian.domains.push(Domain {
            name: domain.name.clone(),
            kind: "dns".to_owned(),
            status: status.to_owned(),
        });
    }
    directories(case, tenant);
    workspaces(case, tenant);
    let known = e.accounts.get().into_iter().chain(e.namesakes.get()).flatten();
    for account in known {
        if tenant.atlassian.accounts.contains_key(&account.id) {
            continue;
        }
        let made = account_of(case, account, tenant, missing);
        tenant.atlassian.accounts.insert(made.id.clone(), made);
    }
    for (account, read) in &e.deactivated_by {
        if let Some(Some(name)) = read.get() {
            // The admin has an address, because an actor without one is no person.
            let admin = tenant
                .atlassian
                .add_account(&format!("admin-{}@{DOMAIN}", tenant.atlassian.events.len()), name);
            let id = format!("event-{}", tenant.atlassian.events.len());
            tenant.atlassian.events.push(Event {
                id,
                time: e.asked_at.saturating_sub(AGE_OF_EVENT).unwrap_or(e.asked_at),
                processed: e.asked_at.saturating_sub(AGE_OF_EVENT).unwrap_or(e.asked_at),
                action: "MANAGED_ACCOUNT_DEACTIVATED".to_owned(),
                actor: admin,
                subject: account.clone(),
                message: String::new(),
            });
        }
    }
}

fn rows<'e>(case: &Case<'e>, account: &str) -> &'e [AppRole] {
    case.e.roles.get(account).and_then(Read::get).map(Vec::as_slice).unwrap_or_default()
}

/// The user directories by id. The first one that an account is in becomes the primary one.
fn directories(case: &Case<'_>, tenant: &mut Tenant) {
    let e = case.e;
    let mut all: BTreeMap<String, Option<String>> = BTreeMap::new();
    for directory in e.user_directories.values().filter_map(Read::get).flatten() {
        all.insert(directory.id.clone(), directory.name.clone());
    }
    let of_roles = e.roles.values().filter_map(Read::get).flatten().filter_map(|row| row.directory.clone());
    let of_groups = e.groups.get().into_iter().flatten().filter_map(|group| group.directory.clone());
    for id in of_roles.chain(of_groups) {
        all.entry(id).or_default();
    }
    // Roles that no group grants come through the primary directory, so an active one comes first.
    let own = case.account.map(|account| rows(case, &account.id)).unwrap_or_default();
    let works = |row: &&AppRole| row.app && row.is_status("active") == Some(true);
    let first = own.iter().find(works).or(own.first()).and_then(|row| row.directory.clone());
    if let Some(id) = first.or_else(|| all.keys().next().cloned()) {
        all.remove(&id);
        tenant.atlassian.directory_id = id;
    }
    for (id, name) in all {
        let name = name.unwrap_or_else(|| "Another directory".to_owned());
        tenant.atlassian.more_directories.push(UserDirectory { id, name });
    }
}

/// The product in the id of a resource (ARI).
fn product(resource: &str) -> &str {
    resource.split(':').nth(2).unwrap_or(resource)
}

fn is_platform(resource: &str) -> bool {
    resource.is_empty() || resource.starts_with("ari:cloud:platform")
}

/// The apps with their seats, and the apps that are known only by roles.
fn workspaces(case: &Case<'_>, tenant: &mut Tenant) {
    let e = case.e;
    let mut add = |id: &str, name: &str, site: Option<&str>, usage: Option<i64>, capacity: Option<i64>| {
        if is_platform(id) || tenant.atlassian.workspaces.iter().any(|known| known.id == id) {
            return;
        }
        let count = |number: Option<i64>| number.and_then(|number| u32::try_from(number).ok());
        tenant.atlassian.workspaces.push(Workspace {
            id: id.to_owned(),
            key: product(id).to_owned(),
            name: name.to_owned(),
            host_url: format!("https://{}.atlassian.net", site.unwrap_or("case")),
            usage: count(usage),
            capacity: count(capacity),
            unseated: std::collections::BTreeSet::new(),
        });
    };
    for app in e.workspaces.get().into_iter().flatten() {
        add(&app.id, &app.name, app.site.as_deref(), app.usage, app.capacity);
    }
    let held = e.roles.values().filter_map(Read::get).flatten().map(|row| row.resource.as_str());
    let granted = e.group_roles.values().filter_map(Read::get).flatten().map(|role| role.resource.as_str());
    for resource in held.chain(granted) {
        add(resource, product(resource), None, None, None);
    }
}

fn account_of(case: &Case<'_>, known: &Known, tenant: &Tenant, missing: &mut Missing) -> Account {
    let short = || known.id.chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect::<String>();
    if known.email.is_none() {
        missing.add(format!("The address of the account …{} is hidden.", short()));
    }
    if known.claim == Claim::Unknown {
        missing.add(format!("Whether the account …{} is managed is not known, so it is.", short()));
    }
    let status = match known.status.as_deref().map(str::to_lowercase).as_deref() {
        Some("inactive") => Status::Inactive,
        Some("closed") => Status::Closed,
        _ => Status::Active,
    };
    let membership = match known.membership.as_deref().map(str::to_lowercase).as_deref() {
        Some("suspended") => Membership::Suspended,
        Some("no_membership") => Membership::None,
        _ => Membership::Active,
    };
    let mut account = Account {
        id: known.id.clone(),
        kind: known.kind.clone().unwrap_or_else(|| "atlassian".to_owned()),
        email: known.email.clone().unwrap_or_default(),
        email_verified: known.email_verified != Some(false),
        name: known.name.clone().unwrap_or_default(),
        status,
        deletion_due: known
            .for_deletion
            .then(|| case.e.asked_at.saturating_add(UNTIL_DELETION).ok())
            .flatten(),
        managed_by: if known.claim == Claim::Unmanaged { ManagedBy::Nobody } else { ManagedBy::Us },
        membership,
        elsewhere: BTreeMap::new(),
        invited: known.source.as_deref() == Some("invited"),
        platform_roles: known.platform_roles.clone().unwrap_or_default(),
        direct_roles: std::collections::BTreeSet::new(),
        activity: activity(case, known, tenant),
        added_to_org: "2024-01-01".to_owned(),
        sessions: 0,
        contributions: 0,
        blocked_by: None,
        restricted: restriction(case, known),
        profile: Map::new(),
    };
    memberships(case, known, tenant, &mut account);
    account
}

/// The membership of each directory.
fn memberships(case: &Case<'_>, known: &Known, tenant: &Tenant, account: &mut Account) {
    let primary = tenant.atlassian.directory_id.as_str();
    let state = |row: &AppRole| match row.is_status("suspended") {
        Some(true) => Membership::Suspended,
        _ => Membership::Active,
    };
    let is_member = account.membership != Membership::None;
    for row in rows(case, &known.id).iter().filter(|_| is_member) {
        match row.directory.as_deref() {
            Some(id) if id == primary => account.membership = state(row),
            Some(id) => drop(account.elsewhere.insert(id.to_owned(), state(row))),
            None => {}
        }
    }
    let listed = case.e.user_directories.get(&known.id).and_then(Read::get);
    for directory in listed.into_iter().flatten().filter(|directory| directory.id != primary) {
        let everywhere =
            if known.is_member("suspended") { Membership::Suspended } else { Membership::Active };
        account.elsewhere.entry(directory.id.clone()).or_insert(everywhere);
    }
}

/// A reason for which Atlassian refuses changes, other than those that follow from the tenant.
fn restriction(case: &Case<'_>, known: &Known) -> Option<String> {
    let permissions = case.e.permissions.get(&known.id)?.get()?;
    let own = ["externalDirectory.scim", "administrative.notMyself", "administrative", "myselfOnly"];
    permissions.0.values().flatten().find(|reason| !own.contains(&reason.as_str())).cloned()
}

fn activity(case: &Case<'_>, known: &Known, tenant: &Tenant) -> Vec<Activity> {
    let uses = case.e.last_active.get(&known.id).and_then(Read::get);
    let app = |key: &str| tenant.atlassian.workspaces.iter().find(|app| app.key == key);
    uses.into_iter()
        .flatten()
        .filter_map(|used| Some(Activity { resource_id: app(&used.app)?.id.clone(), day: used.day.clone() }))
        .collect()
}
