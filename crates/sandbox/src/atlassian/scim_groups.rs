//! SCIM groups. Their members are SCIM users of the same directory. A name can never change. A deletion also removes
//! the organization's group and its permissions.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::ask::{Answer, Ask, Reply};
use super::rules::same;
use super::scim_record::{bad, operations, schema};
use super::scim_request::{BASE_URL, body, filter, kept, page, shaped};
use super::state::{Atlassian, Member, OrgGroup, ScimGroup};

fn render(tenant: &Atlassian, group: &ScimGroup, with_members: bool) -> Value {
    let here = format!("{BASE_URL}/{}", group.directory);
    let members: Vec<Value> = group
        .members
        .keys()
        .filter(|_| with_members)
        .map(|id| {
            let name = tenant.scim_users.get(id).map(|u| u.user_name.clone());
            json!({"type": "User", "value": id, "display": name, "$ref": format!("{here}/Users/{id}")})
        })
        .collect();
    let mut shown = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "id": group.id, "displayName": group.name, "members": members,
        "meta": {
            "resourceType": "Group", "location": format!("{here}/Groups/{}", group.id),
            "lastModified": group.modified.to_string(), "created": group.created.to_string()
        }
    });
    if let (Some(id), Some(map)) = (&group.external_id, shown.as_object_mut()) {
        map.insert("externalId".into(), json!(id));
    }
    shown
}

pub(super) fn list(tenant: &Atlassian, ask: &Ask, directory: &str) -> Answer {
    let filter = filter(ask, &["displayName"])?;
    let wanted = |g: &&ScimGroup| filter.as_ref().is_none_or(|(_, value)| same(&g.name, value));
    let found: Vec<&ScimGroup> =
        tenant.scim_groups.values().filter(|g| g.directory == directory).filter(wanted).collect();
    // Members that are not shown are not rendered, because there may be a million.
    let obeyed = tenant.switches.groups_exclude_members;
    let members = kept(ask)?("members") || !obeyed;
    page(tenant, ask, &found, obeyed, |group| render(tenant, group, members))
}

fn find(tenant: &Atlassian, directory: &str, id: &str) -> Result<ScimGroup, Reply> {
    let found = tenant.scim_groups.get(id).filter(|g| g.directory == directory).cloned();
    found.ok_or_else(|| Reply::scim(404, None, format!("Resource [GROUP]: with id[{id}] not found.")))
}

pub(super) fn get(tenant: &Atlassian, ask: &Ask, directory: &str, id: &str) -> Answer {
    Ok(Reply::ok(shaped(ask, render(tenant, &find(tenant, directory, id)?, true))?))
}

pub(super) fn create(tenant: &mut Atlassian, ask: &Ask, directory: &str) -> Answer {
    let body = body(ask)?;
    schema(&body, "urn:ietf:params:scim:schemas:core:2.0:Group")?;
    let name = body.get("displayName").and_then(Value::as_str).unwrap_or_default().to_owned();
    if name.is_empty() {
        return Err(bad("displayName is required"));
    }
    let members = member_ids(body.get("members"))?;
    known(tenant, directory, &members, 400)?;
    let default =
        tenant.group_named(&name).map(|g| g.grants.iter().any(|grant| grant.default_role.is_some()));
    // The name of a default group is accepted, but the SCIM group never reaches the sites. Any other existing name
    // conflicts.
    if default == Some(false) || tenant.scim_groups.values().any(|g| same(&g.name, &name)) {
        tenant.log("SITE_SYNC_CONFLICTING_GROUP", &name, "existing group with same name in organization");
        return Err(Reply::scim(
            409,
            Some("uniqueness"),
            "Resource [GROUP]: with displayName already exists.",
        ));
    }
    let id = tenant.fresh_id("scim-group");
    let external_id = body.get("externalId").and_then(Value::as_str).map(str::to_owned);
    let group = ScimGroup {
        id: id.clone(),
        directory: directory.to_owned(),
        name: name.clone(),
        external_id,
        members: BTreeMap::new(),
        created: tenant.now,
        modified: tenant.now,
    };
    tenant.scim_groups.insert(id.clone(), group.clone());
    tenant.log("SCIM_GROUP_CREATE", &name, "");
    if default.is_none() {
        let org_id = if tenant.switches.same_group_ids { id.clone() } else { tenant.fresh_id("group") };
        let org_group = OrgGroup {
            directory: None,
            id: org_id.clone(),
            name,
            description: String::new(),
            synced: true,
            members: std::collections::BTreeSet::new(),
            grants: Vec::new(),
        };
        tenant.groups.insert(org_id, org_group);
    }
    settle(tenant, group, members, 201)
}

pub(super) fn replace(tenant: &mut Atlassian, ask: &Ask, directory: &str, id: &str) -> Answer {
    let mut group = find(tenant, directory, id)?;
    let body = body(ask)?;
    schema(&body, "urn:ietf:params:scim:schemas:core:2.0:Group")?;
    rename(tenant, &group, body.get("displayName"))?;
    let members = member_ids(body.get("members"))?;
    known(tenant, directory, &members, 400)?;
    if let Some(external_id) = body.get("externalId").and_then(Value::as_str) {
        group.external_id = Some(external_id.to_owned());
    }
    group.members.retain(|id, _| members.contains(id));
    settle(tenant, group, members, 200)
}

pub(super) fn patch(tenant: &mut Atlassian, ask: &Ask, directory: &str, id: &str) -> Answer {
    let mut group = find(tenant, directory, id)?;
    let mut sent = Vec::new();
    for (op, path, value) in operations(&body(ask)?)? {
        let mut changes: Vec<(String, Option<Value>)> = Vec::new();
        match (path, value) {
            (Some(path), value) => changes.push((path, value)),
            (None, Some(Value::Object(map))) => changes.extend(map.into_iter().map(|(k, v)| (k, Some(v)))),
            _ => return Err(bad("a value without a path must be an object")),
        }
        for (path, value) in changes {
            let one = one_member(&path);
            if same(&path, "members") || one.is_some() {
                let ids = one.map_or_else(|| member_ids(value.as_ref()), |id| Ok(vec![id]))?;
                match op.as_str() {
                    "add" => {
                        known(tenant, directory, &ids, 404)?;
                        sent.extend(ids);
                    }
                    "replace" => {
                        known(tenant, directory, &ids, 404)?;
                        group.members.retain(|id, _| ids.contains(id));
                        sent = ids;
                    }
                    _ if value.is_none() && ids.is_empty() => {
                        group.members.clear();
                        sent.clear();
                    }
                    _ => {
                        group.members.retain(|id, _| !ids.contains(id));
                        sent.retain(|id| !ids.contains(id));
                    }
                }
            } else if same(&path, "displayName") {
                rename(tenant, &group, value.as_ref())?;
            } else if same(&path, "externalId") {
                group.external_id = value.as_ref().and_then(Value::as_str).map(str::to_owned);
            } else if !matches!(path.as_str(), "id" | "schemas") {
                return Err(Reply::scim(400, Some("invalidPath"), path.clone())
                    .faulty("unknown attribute of a group"));
            }
        }
    }
    settle(tenant, group, sent, 200)
}

pub(super) fn delete(tenant: &mut Atlassian, directory: &str, id: &str) -> Answer {
    let group = find(tenant, directory, id)?;
    tenant.scim_groups.remove(id);
    tenant.groups.retain(|_, g| !(g.synced && same(&g.name, &group.name)));
    tenant.log("SCIM_GROUP_DELETE", &group.name, "its permissions are lost");
    Ok(Reply::empty(204))
}

/// Stores the members that were sent. Sending a dropped member again renews the membership. A group comes back in
/// this way after a new link, and therefore shows only after the lag.
fn settle(tenant: &mut Atlassian, mut group: ScimGroup, sent: Vec<String>, status: u16) -> Answer {
    let before = tenant.scim_groups.get(&group.id).map(|g| g.members.clone()).unwrap_or_default();
    let now = tenant.now;
    group.modified = now;
    for id in sent {
        let standing = group.members.get(&id).is_some_and(|m| !m.dropped);
        if !standing {
            group.members.insert(id, Member { since: now, dropped: false });
        }
    }
    for id in group.members.keys().filter(|id| !before.contains_key(*id)) {
        let linked = tenant.scim_users.get(id).is_some_and(|u| u.account.is_some());
        let action = if linked { "SCIM_GROUP_ADD_MEMBER" } else { "SCIM_GROUP_UNMANAGED_MEMBER_ADDED" };
        tenant.log(action, id, &group.name);
    }
    for id in before.keys().filter(|id| !group.members.contains_key(*id)) {
        let linked = tenant.scim_users.get(id).is_some_and(|u| u.account.is_some());
        let action = if linked { "SCIM_GROUP_REMOVE_MEMBER" } else { "SCIM_GROUP_UNMANAGED_MEMBER_REMOVED" };
        tenant.log(action, id, &group.name);
    }
    seat(tenant, &group, &before);
    let shown = render(tenant, &group, true);
    tenant.scim_groups.insert(group.id.clone(), group);
    Ok(Reply::json(status, shown))
}

/// When no seat is left, a new member joins the group but does not get the role.
fn seat(tenant: &mut Atlassian, group: &ScimGroup, before: &BTreeMap<String, Member>) {
    let full = tenant.full();
    let Some(org_group) = tenant.group_named(&group.name).filter(|g| g.synced) else { return };
    let wanted: Vec<String> =
        org_group.grants.iter().map(|g| g.resource_id.clone()).filter(|r| full.contains(r)).collect();
    let account = |id: &String| tenant.scim_users.get(id).and_then(|u| u.account.clone());
    let new: Vec<String> =
        group.members.keys().filter(|id| !before.contains_key(*id)).filter_map(account).collect();
    for account in new {
        let access = tenant.access_of(&account);
        let has = tenant.accounts.get(&account).map(|a| tenant.roles(a, &access)).unwrap_or_default();
        for workspace in
            tenant.workspaces.iter_mut().filter(|w| wanted.contains(&w.id) && !has.contains_key(&w.id))
        {
            workspace.unseated.insert(account.clone());
        }
    }
}

fn rename(tenant: &Atlassian, group: &ScimGroup, name: Option<&Value>) -> Result<(), Reply> {
    let changed = name.and_then(Value::as_str).is_some_and(|name| name != group.name);
    if changed && tenant.switches.rename_refused {
        return Err(Reply::scim(400, Some("mutability"), "displayName is immutable"));
    }
    Ok(())
}

fn known(tenant: &Atlassian, directory: &str, ids: &[String], status: u16) -> Result<(), Reply> {
    let here = |id: &&String| tenant.scim_users.get(*id).is_some_and(|u| u.directory == directory);
    match ids.iter().find(|id| !here(id)) {
        Some(id) => Err(Reply::scim(status, None, format!("Resource [USER]: with id[{id}] not found."))),
        None => Ok(()),
    }
}

fn member_ids(value: Option<&Value>) -> Result<Vec<String>, Reply> {
    let id = |item: &Value| item.get("value").and_then(Value::as_str).map(str::to_owned);
    let ids = match value {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(list)) => list.iter().map(id).collect::<Option<Vec<_>>>(),
        Some(one @ Value::Object(_)) => id(one).map(|id| vec![id]),
        Some(_) => None,
    };
    ids.ok_or_else(|| bad("members must be objects with a value"))
}

/// `members[value eq "…"]`
fn one_member(path: &str) -> Option<String> {
    let inner = path.strip_prefix("members[value eq ")?.strip_suffix(']')?;
    serde_json::from_str(inner).ok()
}
