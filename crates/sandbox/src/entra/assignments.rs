//! Enterprise applications and who is assigned to them. It must never expand a nested group: assignment reaches
//! direct members only.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::answer::{Refusal, Reply, page, select};
use super::directory::find;
use super::filter::{Op, parse};
use super::request::Ask;
use super::state::{Assignment, Entra, ServicePrincipal, USER_ROLE};

const ODATA_TYPE: &str = "microsoft.graph.servicePrincipal";
const READ_PERMISSIONS: &[&str] =
    &["Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"];
const DEFAULT_FIELDS: &[&str] = &[
    "id",
    "appId",
    "displayName",
    "applicationTemplateId",
    "accountEnabled",
    "appRoleAssignmentRequired",
    "appRoles",
    "tags",
    "servicePrincipalType",
    "deletedDateTime",
];

impl ServicePrincipal {
    fn properties(&self) -> Map<String, Value> {
        let value = json!({
            "id": self.id,
            "appId": self.app_id,
            "displayName": self.display_name,
            "appDisplayName": self.display_name,
            "applicationTemplateId": null,
            "accountEnabled": true,
            "appRoleAssignmentRequired": true,
            "appRoles": [{
                "id": USER_ROLE, "displayName": "User", "description": "User", "value": null,
                "isEnabled": true, "origin": "Application", "allowedMemberTypes": ["User"],
            }],
            "tags": ["WindowsAzureActiveDirectoryIntegratedApp"],
            "servicePrincipalType": "Application",
            "deletedDateTime": null,
            "homepage": null,
            "loginUrl": null,
            "notificationEmailAddresses": [],
            "preferredSingleSignOnMode": null,
            "replyUrls": [],
            "servicePrincipalNames": [self.app_id],
            "signInAudience": "AzureADMyOrg",
        });
        match value {
            Value::Object(map) => map,
            _ => Map::new(),
        }
    }
}

/// The object id behind `{id}` or `appId=…`.
pub(super) fn resolve(entra: &Entra, key: &str) -> Result<String, Refusal> {
    match key.strip_prefix("appId=") {
        Some(app) => entra.service_principals.values().find(|sp| sp.app_id == app).map(|sp| sp.id.clone()),
        None => entra.service_principals.get(key).map(|sp| sp.id.clone()),
    }
    .ok_or_else(|| Refusal::missing(key))
}

/// `GET /servicePrincipals`
pub(super) fn list(entra: &Entra, ask: &Ask) -> Result<Reply, Refusal> {
    let owner = ask.has(&["Application.ReadWrite.OwnedBy"]);
    if !owner {
        ask.need(READ_PERMISSIONS)?;
    }
    ask.only(&["$select", "$filter", "$top", "$count", "$skiptoken"])?;
    let clauses = match ask.option("$filter") {
        None => Vec::new(),
        Some(text) => parse(text).map_err(|why| Refusal::bad(format!("Invalid filter clause: {why}")))?,
    };
    if clauses.len() > 1
        || clauses.iter().any(|clause| {
            !clause.quoted
                || !matches!(
                    (clause.path.as_str(), clause.op),
                    ("displayName", Op::Eq | Op::StartsWith) | ("appId" | "id", Op::Eq | Op::In)
                )
        })
    {
        return Err(Refusal::fault(
            400,
            "Request_UnsupportedQuery",
            "Unsupported or invalid query filter clause specified for servicePrincipals.",
        ));
    }
    let mut items = Vec::new();
    for sp in entra.service_principals.values() {
        let all = sp.properties();
        let text = |path: &str| all.get(path).and_then(Value::as_str).unwrap_or_default().to_lowercase();
        let hit = clauses.iter().all(|clause| {
            clause.values.iter().map(|value| value.to_lowercase()).any(|value| match clause.op {
                Op::StartsWith => text(&clause.path).starts_with(&value),
                _ => text(&clause.path) == value,
            })
        });
        let item = select(ask, ODATA_TYPE, &all, DEFAULT_FIELDS)?;
        if hit {
            items.push(item.into());
        }
    }
    page(ask, &entra.switches, "servicePrincipals", items, 999)
}

/// `GET /servicePrincipals/{id}`
pub(super) fn one(entra: &Entra, ask: &Ask, key: &str) -> Result<Reply, Refusal> {
    if !ask.has(&["Application.ReadWrite.OwnedBy"]) {
        ask.need(READ_PERMISSIONS)?;
    }
    ask.only(&["$select"])?;
    let id = resolve(entra, key)?;
    let sp = entra.service_principals.get(&id).ok_or_else(|| Refusal::missing(key))?;
    let mut body = select(ask, ODATA_TYPE, &sp.properties(), DEFAULT_FIELDS)?;
    body.insert(
        "@odata.context".into(),
        format!("{}/v1.0/$metadata#servicePrincipals/$entity", ask.base).into(),
    );
    Ok(Reply::ok(body.into()))
}

/// `GET /servicePrincipals/{id}/appRoleAssignedTo`, which lags behind recent changes.
pub(super) fn assigned_to(entra: &Entra, ask: &Ask, key: &str, now: Timestamp) -> Result<Reply, Refusal> {
    if !ask.has(&["Application.ReadWrite.OwnedBy"]) {
        ask.need(READ_PERMISSIONS)?;
    }
    ask.only(&["$select", "$top", "$skiptoken"])?;
    let id = resolve(entra, key)?;
    let until = now.checked_sub(entra.switches.assignment_listed_after).unwrap_or(now);
    let mine = entra.assignments.iter().filter(|a| a.resource == id && a.created <= until);
    let context = format!("servicePrincipals('{id}')/appRoleAssignedTo");
    let items = show(entra, ask, mine)?;
    page(ask, &entra.switches, &context, items, 999)
}

/// `GET /users/{id}/appRoleAssignments`: direct ones and those of groups the user is a direct member of.
pub(super) fn of_user(entra: &Entra, ask: &Ask, key: &str) -> Result<Reply, Refusal> {
    ask.need(&["Directory.Read.All", "Directory.ReadWrite.All", "AppRoleAssignment.ReadWrite.All"])?;
    ask.only(&["$select", "$filter", "$top", "$skiptoken"])?;
    let user = find(entra, key)?;
    let resource = match ask.option("$filter") {
        None => None,
        Some(text) => match parse(text).as_deref() {
            // The GUID stands without quotes here (section 5).
            Ok([clause]) if clause.path == "resourceId" && clause.op == Op::Eq && !clause.quoted => {
                clause.values.first().cloned()
            }
            _ => return Err(Refusal::bad("Only '$filter=resourceId eq {guid}' is supported here.")),
        },
    };
    let held: BTreeSet<&str> =
        entra.holding(&user.id).into_iter().map(|(group, _)| group.id.as_str()).collect();
    let mine = entra.assignments.iter().filter(|a| {
        let reaches = a.principal == user.id || held.contains(a.principal.as_str());
        reaches && resource.as_ref().is_none_or(|wanted| *wanted == a.resource)
    });
    let context = format!("users('{}')/appRoleAssignments", user.id);
    let items = show(entra, ask, mine)?;
    page(ask, &entra.switches, &context, items, 999)
}

const ASSIGNMENT_FIELDS: &[&str] = &[
    "id",
    "deletedDateTime",
    "appRoleId",
    "createdDateTime",
    "principalDisplayName",
    "principalId",
    "principalType",
    "resourceDisplayName",
    "resourceId",
];

fn show<'a>(
    entra: &Entra,
    ask: &Ask,
    assignments: impl Iterator<Item = &'a Assignment>,
) -> Result<Vec<Value>, Refusal> {
    let mut out = Vec::new();
    for assignment in assignments {
        let group = entra.groups.get(&assignment.principal).map(|group| group.display_name.clone());
        let kind = if group.is_some() { "Group" } else { "User" };
        let user = entra.users.get(&assignment.principal).map(|user| user.display_name.clone());
        let resource = entra.service_principals.get(&assignment.resource);
        let all = json!({
            "id": assignment.id,
            "deletedDateTime": null,
            "appRoleId": assignment.app_role,
            "createdDateTime": assignment.created.to_string(),
            "principalDisplayName": group.or(user),
            "principalId": assignment.principal,
            "principalType": kind,
            "resourceDisplayName": resource.map(|sp| sp.display_name.clone()),
            "resourceId": assignment.resource,
        });
        if let Value::Object(all) = all {
            out.push(select(ask, "microsoft.graph.appRoleAssignment", &all, ASSIGNMENT_FIELDS)?.into());
        }
    }
    Ok(out)
}
