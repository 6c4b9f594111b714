//! The organization's groups and the roles they grant, and the product instances with their seats.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::ask::{Answer, Ask, Reply};
use super::index::GroupSizes;
use super::page::{Kind, Spec, Walk, check, from_query, invalid, optional_body};
use super::refusal::unknown;
use super::rules::same;
use super::state::{Atlassian, OrgGroup, Workspace};

const SEARCH_SPEC: Spec = &[
    ("cursor", Kind::Text),
    ("limit", Kind::Number),
    ("sortBy", Kind::Sort),
    ("accountIds", Kind::List(&[])),
    ("directoryIds", Kind::List(&[])),
    ("roleIds", Kind::List(&[])),
    ("resourceOwners", Kind::List(&[])),
    ("resourceIds", Kind::List(&[])),
    ("searchTerm", Kind::Text),
    ("groupIds", Kind::List(&[])),
    ("groupNames", Kind::List(&[])),
    ("expand", Kind::List(&["counts.resources", "counts.users"])),
];
const PAGE_SPEC: Spec = &[("cursor", Kind::Text), ("limit", Kind::Number)];

pub(super) fn answer(tenant: &mut Atlassian, ask: &Ask, rest: &[&str], scope: Option<&str>) -> Answer {
    match (ask.method.as_str(), rest) {
        ("POST", ["groups", "search"]) => {
            let body = optional_body(ask)?;
            check(&body, SEARCH_SPEC)?;
            let walk = Walk::search(tenant, body, 20, 100)?;
            search(tenant, walk, scope)
        }
        ("GET", ["groups"]) => {
            let query = from_query(ask, SEARCH_SPEC)?;
            check(&query, SEARCH_SPEC)?;
            let walk = Walk::new(tenant, query, 20, 100)?;
            search(tenant, walk, scope)
        }
        ("GET", ["groups", "count"]) => Ok(Reply::ok(json!({"count": tenant.groups.len()}))),
        ("GET", ["groups", "stats"]) => {
            Ok(Reply::ok(json!({"types": [], "totals": {"groups": tenant.groups.len()}})))
        }
        ("GET", ["groups", id]) => {
            let group = find(tenant, id)?;
            Ok(Reply::ok(json!({"data": shown(tenant, group, &Counts::default())})))
        }
        ("GET", ["groups", id, "role-assignments"]) => {
            let query = from_query(ask, PAGE_SPEC)?;
            check(&query, PAGE_SPEC)?;
            let walk = Walk::new(tenant, query, 20, 100)?;
            let all: Vec<Value> = find(tenant, id)?
                .grants
                .iter()
                .map(|g| {
                    json!({"resourceId": g.resource_id, "resourceOwner": g.owner, "roles": g.roles,
                           "defaultRole": g.default_role})
                })
                .collect();
            let (data, next) = walk.take(&all);
            let next = walk.cursor(tenant, next);
            Ok(Reply::ok(json!({"data": data, "links": {"next": next}})))
        }
        _ => Err(unknown()),
    }
}

pub(super) fn find<'a>(tenant: &'a Atlassian, id: &str) -> Result<&'a OrgGroup, Reply> {
    tenant.groups.get(id).ok_or_else(|| Reply::admin("ADMIN-404-10", "Group not found", "No such group"))
}

fn search(tenant: &mut Atlassian, walk: Walk, scope: Option<&str>) -> Answer {
    let names = walk.list("groupNames");
    if names.is_some() && (walk.text("searchTerm").is_some() || walk.list("groupIds").is_some()) {
        return Err(invalid("groupNames excludes searchTerm and groupIds"));
    }
    let people = walk.list("accountIds");
    let theirs: Option<BTreeSet<String>> = people.map(|ids| {
        let access = tenant.access(&ids.iter().map(String::as_str).collect());
        access.values().flat_map(|a| &a.groups).map(|g| g.id.clone()).collect()
    });
    let term = walk.text("searchTerm").map(str::to_lowercase);
    let grants = |g: &OrgGroup, name: &str, value: fn(&super::state::Grant) -> Vec<String>| {
        walk.list(name).is_none_or(|l| g.grants.iter().flat_map(value).any(|v| l.contains(&v)))
    };
    let mut all: Vec<&OrgGroup> = tenant
        .groups
        .values()
        .filter(|g| theirs.as_ref().is_none_or(|ids| ids.contains(&g.id)))
        .filter(|g| names.as_ref().is_none_or(|l| l.iter().any(|n| same(n, &g.name))))
        .filter(|g| walk.list("groupIds").is_none_or(|l| l.contains(&g.id)))
        .filter(|g| scope.is_none_or(|id| tenant.directory_of(g) == id))
        .filter(|g| walk.list("directoryIds").is_none_or(|l| l.iter().any(|id| id == tenant.directory_of(g))))
        .filter(|g| term.as_ref().is_none_or(|t| g.name.to_lowercase().contains(t)))
        .filter(|g| grants(g, "resourceIds", |grant| vec![grant.resource_id.clone()]))
        .filter(|g| grants(g, "resourceOwners", |grant| vec![grant.owner.clone()]))
        .filter(|g| grants(g, "roleIds", |grant| grant.roles.clone()))
        .collect();
    all.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    let (page, next) = walk.take(&all);
    let counts = Counts {
        resources: walk.expands("counts.resources"),
        users: walk.expands("counts.users").then(|| tenant.group_sizes()),
    };
    let data: Vec<Value> = page.iter().map(|g| shown(tenant, g, &counts)).collect();
    let next = walk.cursor(tenant, next);
    Ok(Reply::ok(json!({"data": data, "links": {"self": null, "prev": null, "next": next}})))
}

/// What a group shows besides its properties. The default shows nothing.
#[derive(Default)]
pub(super) struct Counts {
    resources: bool,
    /// How many people each group has.
    users: Option<Arc<GroupSizes>>,
}

pub(super) fn shown(tenant: &Atlassian, group: &OrgGroup, expand: &Counts) -> Value {
    let by_hand = !group.synced;
    let mut shown = json!({
        "id": group.id, "name": group.name, "description": group.description,
        "directoryId": tenant.directory_of(group),
        "managementAccess": {"deletable": by_hand, "modifiable": by_hand, "readable": true},
        "externalSynced": group.synced, "managedBy": if group.synced { "external" } else { "admins" },
        "links": {"self": format!("ECg53/{}", group.id)}
    });
    let mut counts = Map::new();
    if let Some(sizes) = &expand.users {
        counts.insert("users".into(), json!(sizes.get(&group.id).copied().unwrap_or_default()));
    }
    if expand.resources {
        counts.insert("resources".into(), json!(group.grants.len()));
    }
    if let Some(map) = shown.as_object_mut().filter(|_| !counts.is_empty()) {
        map.insert("counts".into(), Value::Object(counts));
    }
    shown
}

const WORKSPACES_SPEC: Spec =
    &[("cursor", Kind::Text), ("limit", Kind::Number), ("sort", Kind::Sort), ("query", Kind::Query)];

/// Product instances. `usage` and `capacity` are the evidence for "no seats left".
pub(super) fn workspaces(tenant: &mut Atlassian, ask: &Ask) -> Answer {
    let body = optional_body(ask)?;
    check(&body, WORKSPACES_SPEC)?;
    if body.contains_key("cursor") && body.len() > 1 {
        return Err(invalid("a body with a cursor must hold nothing else"));
    }
    let walk = Walk::new(tenant, body, 20, 1000)?;
    let mut all: Vec<Value> = Vec::new();
    for workspace in &tenant.workspaces {
        if matches(walk.body.get("query"), workspace)? {
            all.push(rendered(workspace));
        }
    }
    let (data, next) = walk.take(&all);
    let size = data.len();
    let next = walk.cursor(tenant, next);
    Ok(Reply::ok(json!({
        "data": data, "links": {"self": null, "prev": null, "next": next},
        "meta": {"pageSize": size, "startIndex": null, "endIndex": null, "total": all.len()}
    })))
}

fn matches(query: Option<&Value>, workspace: &Workspace) -> Result<bool, Reply> {
    let Some(query) = query else { return Ok(true) };
    let terms = match query.get("and") {
        Some(and) => and.as_array().ok_or_else(|| invalid("query.and must be a list"))?.clone(),
        None => vec![query.clone()],
    };
    for term in terms {
        let field = term.get("field").ok_or_else(|| invalid("an operator that is not simulated"))?;
        let values = field.get("values").and_then(Value::as_array).cloned().unwrap_or_default();
        let value = match field.get("name").and_then(Value::as_str) {
            Some("id") => &workspace.id,
            Some("attributes.type" | "attributes.typeKey") => &workspace.key,
            Some("attributes.name") => &workspace.name,
            _ => return Err(invalid("an unknown field of a workspace")),
        };
        if !values.is_empty() && !values.contains(&json!(value)) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn rendered(workspace: &Workspace) -> Value {
    json!({
        "id": workspace.id, "type": "workspaces",
        "attributes": {
            "name": workspace.name, "typeKey": workspace.key, "type": workspace.key, "owner": null,
            "status": "online", "statusDetails": [], "icons": {}, "avatars": {}, "labels": [],
            "sandbox": {"type": "NONE"}, "usage": workspace.usage, "capacity": workspace.capacity,
            "createdAt": "2024-01-01T00:00:00Z", "createdBy": null, "updatedAt": null,
            "hostUrl": workspace.host_url, "realm": "default", "regions": []
        },
        "links": {"self": null}, "relationships": {}
    })
}
