//! The SCIM records with their links and groups, and the groups of the organization with what they grant.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use reinstate_core::diagnose::{Case, RecordLink};
use reinstate_core::evidence::{Account, IdpGroup, Read};
use reinstate_core::subject::{RecordId, normalize_name};
use serde_json::{Map, json};

use super::Missing;
use crate::atlassian::{Grant, Member, OrgGroup, ScimGroup, ScimUser};
use crate::tenant::Tenant;

pub(super) fn arrange(case: &Case<'_>, tenant: &mut Tenant, missing: &mut Missing) {
    for link in &case.record_links {
        record(case, link, tenant, missing);
    }
    scim_groups(case, tenant);
    let accounts: Vec<&Account> = case.e.accounts.get().into_iter().flatten().collect();
    for account in &accounts {
        for group in account.groups.iter().flatten() {
            let id = add_group(case, group, tenant);
            join(case, account, group, &id, tenant);
        }
        if account.groups.is_none() {
            missing.add("The groups of an account were not shown.");
        }
    }
    // Groups without members here. What the evidence does not show may exist, but it is not arranged.
    let e = case.e;
    let lists = [&e.shown_groups, &e.groups, &e.similar_groups, &e.granting_groups];
    for known in lists.into_iter().filter_map(Read::get).flatten() {
        add_group(case, &IdpGroup { id: known.id.clone(), name: known.name.clone(), security: None }, tenant);
    }
    if case.e.groups.get().is_none() {
        for group in case.expected().into_iter().flatten() {
            add_group(
                case,
                &IdpGroup { id: String::new(), name: group.name.clone(), security: None },
                tenant,
            );
        }
    }
    roles_of_other_directories(case, tenant, missing);
    direct_roles(case, tenant);
}

fn record(case: &Case<'_>, link: &RecordLink<'_>, tenant: &mut Tenant, missing: &mut Missing) {
    if !tenant.atlassian.directories.iter().any(|known| known.id == link.id.directory) {
        tenant.atlassian.add_directory(&link.id.directory, "a-key-that-the-bot-does-not-have");
    }
    let address =
        case.wanted.clone().or_else(|| case.e.subject.addresses.first().cloned()).unwrap_or_default();
    if link.record.is_none() {
        missing.add("Of a SCIM record, only the link is known.");
    }
    let record = link.record;
    let mut rest = Map::new();
    let name = case.person.and_then(|person| person.name.clone());
    rest.insert("displayName".to_owned(), json!(name));
    let user_name = record.and_then(|record| record.user_name.clone());
    let made = ScimUser {
        id: link.id.record.clone(),
        directory: link.id.directory.clone(),
        user_name: user_name.unwrap_or_else(|| address.clone()),
        external_id: record.and_then(|record| record.external_id.clone()),
        email: record.and_then(|record| record.email.clone()).unwrap_or(address),
        active: record.and_then(|record| record.active) != Some(false),
        account: link.account.clone(),
        linked_at: Timestamp::UNIX_EPOCH,
        rest,
        created: record.and_then(|record| record.created).unwrap_or(Timestamp::UNIX_EPOCH),
        modified: record.and_then(|record| record.created).unwrap_or(Timestamp::UNIX_EPOCH),
    };
    tenant.atlassian.scim_users.insert(made.id.clone(), made);
}

/// The SCIM groups of the records. A membership that the organization does not show has no effect.
fn scim_groups(case: &Case<'_>, tenant: &mut Tenant) {
    for link in &case.record_links {
        for group in link.record.map(|record| record.groups.as_slice()).unwrap_or_default() {
            let id = add_scim_group(case, &link.id, group, tenant);
            let shown = link.account.as_deref().and_then(|id| case.e.account(id)).is_some_and(|account| {
                let name = normalize_name(&group.name);
                account.groups.iter().flatten().any(|known| normalize_name(&known.name) == name)
            });
            let member = Member { since: Timestamp::UNIX_EPOCH, dropped: !shown };
            if let Some(found) = tenant.atlassian.scim_groups.get_mut(&id) {
                found.members.insert(link.id.record.clone(), member);
            }
        }
    }
}

/// Adds a SCIM group and returns its id. A group without an id gets one.
fn add_scim_group(case: &Case<'_>, record: &RecordId, group: &IdpGroup, tenant: &mut Tenant) -> String {
    let name = normalize_name(&group.name);
    let known = tenant.atlassian.scim_groups.values().find(|known| {
        known.directory == record.directory && (known.id == group.id || normalize_name(&known.name) == name)
    });
    if let Some(known) = known {
        return known.id.clone();
    }
    let mapped = case.e.scim_groups.get().and_then(|all| all.get(&group.id)).cloned();
    let by_name = || case.expected().into_iter().flatten().find(|known| normalize_name(&known.name) == name);
    let external = mapped.or_else(|| by_name().map(|known| known.id.clone()));
    let id = if group.id.is_empty() {
        return tenant.atlassian.add_scim_group(&record.directory, &group.name, external.as_deref());
    } else {
        group.id.clone()
    };
    let made = ScimGroup {
        id: id.clone(),
        directory: record.directory.clone(),
        name: group.name.clone(),
        external_id: external,
        members: BTreeMap::new(),
        created: Timestamp::UNIX_EPOCH,
        modified: Timestamp::UNIX_EPOCH,
    };
    tenant.atlassian.scim_groups.insert(id.clone(), made);
    id
}

/// Whether the identity provider controls the members of a group.
fn is_synced(case: &Case<'_>, name: &str) -> bool {
    let name = normalize_name(name);
    let read = [&case.e.shown_groups, &case.e.groups].into_iter().filter_map(Read::get).flatten();
    let mut shown = read.filter(|known| normalize_name(&known.name) == name);
    if let Some(synced) = shown.find_map(|known| known.synced) {
        return synced;
    }
    let of_records =
        case.record_links.iter().filter_map(|link| link.record).flat_map(|record| &record.groups);
    let expected = case.expected().unwrap_or_default();
    of_records.chain(expected).any(|known| normalize_name(&known.name) == name)
}

/// Adds a group of the organization with what it grants, and returns its id.
fn add_group(case: &Case<'_>, group: &IdpGroup, tenant: &mut Tenant) -> String {
    let name = normalize_name(&group.name);
    let known = tenant.atlassian.groups.values().find(|known| normalize_name(&known.name) == name);
    if let Some(known) = known {
        return known.id.clone();
    }
    let id = if group.id.is_empty() {
        format!("group-{}", tenant.atlassian.groups.len())
    } else {
        group.id.clone()
    };
    let synced = is_synced(case, &group.name);
    let read = [&case.e.shown_groups, &case.e.groups].into_iter().filter_map(Read::get).flatten();
    let shown = read.into_iter().find(|known| known.id == group.id);
    let made = OrgGroup {
        id: id.clone(),
        name: group.name.clone(),
        description: String::new(),
        directory: shown.and_then(|known| known.directory.clone()),
        synced,
        members: BTreeSet::new(),
        grants: grants(case, &group.id),
    };
    tenant.atlassian.groups.insert(id.clone(), made);
    if let (true, Some(directory)) =
        (synced, tenant.atlassian.directories.first().map(|first| first.id.clone()))
    {
        let id = RecordId { directory, record: String::new() };
        let scim = IdpGroup { id: String::new(), name: group.name.clone(), security: None };
        add_scim_group(case, &id, &scim, tenant);
    }
    id
}

fn grants(case: &Case<'_>, group: &str) -> Vec<Grant> {
    let roles = case.e.group_roles.get(group).and_then(Read::get);
    let product = |resource: &str| resource.split(':').nth(2).unwrap_or_default().to_owned();
    roles
        .into_iter()
        .flatten()
        .map(|held| Grant {
            resource_id: held.resource.clone(),
            owner: held.owner.clone().unwrap_or_else(|| product(&held.resource)),
            roles: held.roles.clone(),
            default_role: held.is_default.then(|| "atlassian/user".to_owned()),
        })
        .collect()
}

/// Makes an account a member of a group: through its record if the group is synced.
fn join(case: &Case<'_>, account: &Account, group: &IdpGroup, id: &str, tenant: &mut Tenant) {
    let is_synced = tenant.atlassian.groups.get(id).is_some_and(|known| known.synced);
    let linked = case.record_links.iter().filter(|link| link.account.as_deref() == Some(account.id.as_str()));
    let record = linked.map(|link| link.id.clone()).next();
    match record.filter(|_| is_synced) {
        Some(record) => {
            let scim = add_scim_group(
                case,
                &record,
                &IdpGroup { id: String::new(), name: group.name.clone(), security: None },
                tenant,
            );
            let member = Member { since: Timestamp::UNIX_EPOCH, dropped: false };
            if let Some(found) = tenant.atlassian.scim_groups.get_mut(&scim) {
                found.members.insert(record.record, member);
            }
        }
        None => {
            if let Some(found) = tenant.atlassian.groups.get_mut(id) {
                found.synced = false;
                found.members.insert(account.id.clone());
            }
        }
    }
}

/// The roles that an account holds through another directory than the primary one. There, only a group grants roles.
fn roles_of_other_directories(case: &Case<'_>, tenant: &mut Tenant, missing: &mut Missing) {
    for (account, read) in &case.e.roles {
        let shown = tenant.atlassian.groups_of(account);
        for row in read.get().into_iter().flatten().filter(|row| row.app) {
            let Some(directory) = row.directory.as_ref() else { continue };
            if *directory == tenant.atlassian.directory_id {
                continue;
            }
            let mut here =
                tenant.atlassian.groups.values_mut().filter(|group| {
                    group.directory.as_ref() == Some(directory) && shown.contains(&group.name)
                });
            let Some(group) = here.next() else {
                missing.add("Which group grants a role in another directory is not known.");
                continue;
            };
            let is_granted = group.grants.iter().any(|grant| grant.resource_id == row.resource);
            if !is_granted {
                group.grants.push(Grant {
                    resource_id: row.resource.clone(),
                    owner: row.resource.split(':').nth(2).unwrap_or_default().to_owned(),
                    roles: vec![row.role.clone()],
                    default_role: None,
                });
            }
        }
    }
}

/// The roles that an account holds and that none of its groups grants.
fn direct_roles(case: &Case<'_>, tenant: &mut Tenant) {
    for (account, read) in &case.e.roles {
        let groups = tenant.atlassian.groups_of(account);
        let all = tenant.atlassian.groups.values();
        let granted: BTreeSet<(String, String)> = all
            .filter(|group| groups.contains(&group.name))
            .flat_map(|group| &group.grants)
            .flat_map(|grant| grant.roles.iter().map(|role| (grant.resource_id.clone(), role.clone())))
            .collect();
        let rows = read.get().into_iter().flatten();
        let held: BTreeSet<(String, String)> = rows
            .filter(|row| !row.role.is_empty() && row.resource.starts_with("ari:cloud:"))
            .filter(|row| !row.resource.starts_with("ari:cloud:platform"))
            .map(|row| (row.resource.clone(), row.role.clone()))
            .collect();
        for (resource, _) in granted.difference(&held) {
            // A role of a group that the account does not hold got no seat.
            let is_held = granted.intersection(&held).any(|(other, _)| other == resource);
            let app = tenant.atlassian.workspaces.iter_mut().find(|app| app.id == *resource && !is_held);
            if let Some(app) = app {
                app.unseated.insert(account.clone());
            }
        }
        if let Some(found) = tenant.atlassian.accounts.get_mut(account) {
            found.direct_roles = held.difference(&granted).cloned().collect();
        }
    }
}
