//! Writes of the Organizations API: suspend and restore, members and roles of groups that are not synced. Two calls
//! remove a person or a group permanently. They are carried out and recorded as harmful.

use serde_json::{Map, Value, json};

use super::ask::{Answer, Ask, Reply};
use super::groups;
use super::page::{body, invalid};
use super::people;
use super::refusal::{no_directory, no_user, not_there, unknown};
use super::rules::same;
use super::state::{Atlassian, Grant, Membership, OrgGroup};

pub(super) fn answer(tenant: &mut Atlassian, ask: &Ask, rest: &[&str], scope: Option<&str>) -> Answer {
    match (ask.method.as_str(), rest) {
        ("POST", ["users", _, "suspend" | "restore"]) if scope.is_none() && !tenant.switches.dash_writes => {
            Err(no_directory().faulty("`-` is documented for reading only"))
        }
        ("POST", ["users", _, "suspend" | "restore"]) if tenant.switches.original_user_management => {
            Err(not_there())
        }
        ("POST", ["users", account, "suspend"]) => suspend(tenant, account, scope),
        ("POST", ["users", account, "restore"]) => restore(tenant, account, scope),
        ("DELETE", ["users", account]) => remove(tenant, account),
        ("POST", ["groups"]) => create_group(tenant, ask),
        ("DELETE", ["groups", group]) => delete_group(tenant, group),
        ("POST", ["groups", group, "memberships"]) => add_member(tenant, ask, group),
        ("DELETE", ["groups", group, "memberships", account]) => remove_member(tenant, group, account),
        ("POST", ["groups", group, "role-assignments", verb @ ("assign" | "revoke")]) => {
            group_role(tenant, ask, group, *verb == "assign")
        }
        _ => Err(unknown()),
    }
}

/// Removes a person from the directory, through either of the two paths that do so.
pub(super) fn remove(tenant: &mut Atlassian, account: &str) -> Answer {
    people::find(tenant, account)?;
    tenant.remove_person(account);
    Ok(Reply::empty(204).faulty("harmful: a person was removed from the directory"))
}

/// The directories that a write applies to: the one of its path, or all directories of the person.
fn meant(tenant: &Atlassian, account: &str, scope: Option<&str>) -> Vec<String> {
    let all = tenant.user_directories().map(|(id, _)| id);
    let meant = all.filter(|id| scope.is_none_or(|scope| scope == *id));
    meant.filter(|id| people::is_in(tenant, account, Some(id))).map(str::to_owned).collect()
}

fn set(tenant: &mut Atlassian, account: &str, directory: &str, membership: Membership) {
    let first = tenant.directory_id == directory;
    let Some(found) = tenant.accounts.get_mut(account) else { return };
    if first {
        found.membership = membership;
    } else {
        found.elsewhere.insert(directory.to_owned(), membership);
    }
}

fn suspend(tenant: &mut Atlassian, account: &str, scope: Option<&str>) -> Answer {
    let meant = meant(tenant, account, scope);
    if meant.is_empty() {
        return Err(no_user());
    }
    meant.iter().for_each(|id| set(tenant, account, id, Membership::Suspended));
    tenant.log("USER_DISABLED_ORG_ACCESS", account, "");
    Ok(Reply::empty(204))
}

/// Restores roles and groups. This needs free seats, because a suspended person is not billed.
fn restore(tenant: &mut Atlassian, account: &str, scope: Option<&str>) -> Answer {
    let mut meant = meant(tenant, account, scope);
    let Some(found) = tenant.accounts.get(account).filter(|_| !meant.is_empty()) else {
        return Err(no_user());
    };
    let access = tenant.access_of(account);
    meant.retain(|id| tenant.membership_in(found, &access, id) == Membership::Suspended);
    let full = tenant.full();
    if meant.iter().any(|id| tenant.roles_in(found, &access, id).keys().any(|app| full.contains(app))) {
        return Err(no_seats());
    }
    drop(access);
    for id in &meant {
        set(tenant, account, id, Membership::Active);
    }
    if !meant.is_empty() {
        tenant.log("USER_ENABLED_ORG_ACCESS", account, "");
    }
    Ok(Reply::empty(204))
}

fn no_seats() -> Reply {
    Reply::admin("ADMIN-409-3", "License limit exceeded", "There is no seat left for this product")
}

fn by_hand<'a>(tenant: &'a Atlassian, group: &str) -> Result<&'a OrgGroup, Reply> {
    let found = groups::find(tenant, group)?;
    if found.synced {
        let text = "The members of this group are synced from an identity provider";
        return Err(Reply::admin(&tenant.switches.synced_group_code, "Forbidden", text));
    }
    Ok(found)
}

fn fields<const N: usize>(ask: &Ask, names: [&str; N]) -> Result<[String; N], Reply> {
    let body: Map<String, Value> = body(ask)?;
    let mut found = names.map(|_| String::new());
    for (slot, name) in found.iter_mut().zip(names) {
        let value = body.get(name).and_then(Value::as_str).filter(|v| !v.is_empty());
        value.ok_or_else(|| invalid(format!("{name} is required")))?.clone_into(slot);
    }
    match body.keys().find(|key| !names.contains(&key.as_str())) {
        Some(key) => Err(invalid(format!("unknown field {key}"))),
        None => Ok(found),
    }
}

fn add_member(tenant: &mut Atlassian, ask: &Ask, group: &str) -> Answer {
    let [account] = fields(ask, ["accountId"])?;
    let found = by_hand(tenant, group)?;
    people::find(tenant, &account)?;
    if found.members.contains(&account) {
        return Err(Reply::admin("ADMIN-409-28", "Conflict", "The user is already a member of the group"));
    }
    let full = tenant.full();
    if found.grants.iter().any(|grant| full.contains(&grant.resource_id)) {
        return Err(no_seats());
    }
    if let Some(found) = tenant.groups.get_mut(group) {
        found.members.insert(account.clone());
    }
    tenant.log("USER_ADDED_TO_GROUP", &account, group);
    Ok(Reply::empty(204))
}

fn remove_member(tenant: &mut Atlassian, group: &str, account: &str) -> Answer {
    by_hand(tenant, group)?;
    if !tenant.groups.get_mut(group).is_some_and(|g| g.members.remove(account)) {
        return Err(Reply::admin("ADMIN-404-8", "User not found", "The user is not a member of the group"));
    }
    tenant.log("USER_REMOVED_FROM_GROUP", account, group);
    Ok(Reply::empty(204))
}

fn create_group(tenant: &mut Atlassian, ask: &Ask) -> Answer {
    let body = body(ask)?;
    if let Some(key) = body.keys().find(|key| !matches!(key.as_str(), "name" | "description")) {
        return Err(invalid(format!("unknown field {key}")));
    }
    let text = |name| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let name = text("name");
    if name.is_empty() {
        return Err(invalid("name is required"));
    }
    if tenant.groups.values().any(|g| same(&g.name, &name)) {
        return Err(Reply::admin("ADMIN-409-28", "Conflict", "A group of this name already exists"));
    }
    let id = tenant.add_group(&name, false, &[]);
    if let Some(group) = tenant.groups.get_mut(&id) {
        group.description = text("description");
    }
    tenant.log("GROUP_CREATED", &id, &name);
    let shown = tenant.groups.get(&id).map(|g| groups::shown(tenant, g, &groups::Counts::default()));
    Ok(Reply::json(201, json!({"data": shown})))
}

fn delete_group(tenant: &mut Atlassian, group: &str) -> Answer {
    by_hand(tenant, group)?;
    tenant.groups.remove(group);
    tenant.log("GROUP_DELETED", group, "its permissions are lost");
    Ok(Reply::empty(204).faulty("harmful: a group was deleted"))
}

fn group_role(tenant: &mut Atlassian, ask: &Ask, group: &str, assign: bool) -> Answer {
    let [resource_id, role] = fields(ask, ["resourceId", "roleId"])?;
    groups::find(tenant, group)?;
    if !tenant.workspaces.iter().any(|w| w.id == resource_id) {
        return Err(Reply::admin("ADMIN-UAM-404-1", "Not found", "No such resource"));
    }
    let owner = tenant.owner_of(&resource_id);
    let Some(found) = tenant.groups.get_mut(group) else { return Err(unknown()) };
    let standing = found.grants.iter_mut().find(|g| g.resource_id == resource_id);
    match (standing, assign) {
        (Some(grant), true) if !grant.roles.contains(&role) => grant.roles.push(role),
        (Some(grant), false) => grant.roles.retain(|r| *r != role),
        (None, true) => {
            found.grants.push(Grant { resource_id, owner, roles: vec![role], default_role: None });
        }
        _ => {}
    }
    found.grants.retain(|g| !g.roles.is_empty());
    tenant.log(if assign { "GROUP_GRANTED_ROLE" } else { "GROUP_REVOKED_ROLE" }, group, "");
    Ok(if assign { Reply::ok(json!({})) } else { Reply::empty(204) })
}

/// v1 `roles` names a role and a resource; v1 `role-assignments` names only a role of the organization.
pub(super) fn person_role(tenant: &mut Atlassian, ask: &Ask, account: &str, assign: bool) -> Answer {
    people::find(tenant, account)?;
    let segments = ask.segments();
    let platform = segments.contains(&"role-assignments");
    let pair = if platform {
        let [role] = fields(ask, ["role"])?;
        (String::new(), role)
    } else {
        let [role, resource] = fields(ask, ["role", "resource"])?;
        (resource, role)
    };
    if let Some(found) = tenant.accounts.get_mut(account) {
        match (platform, assign) {
            (true, true) if !found.platform_roles.contains(&pair.1) => found.platform_roles.push(pair.1),
            (true, true) => {}
            (true, false) => found.platform_roles.retain(|r| *r != pair.1),
            (false, true) => drop(found.direct_roles.insert(pair)),
            (false, false) => drop(found.direct_roles.remove(&pair)),
        }
    }
    tenant.log(if assign { "USER_GRANTED_ROLE" } else { "USER_REVOKED_ROLE" }, account, "");
    Ok(Reply::empty(204))
}
