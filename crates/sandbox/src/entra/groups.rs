//! Groups and memberships as Graph shows them. Direct links are current; queries to the index show changes with a
//! delay. A nested membership must never look like a direct one.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::answer::{Refusal, Reply, page, page_of, select};
use super::directory::{READ_USERS, find, holds};
use super::filter::{Op, parse};
use super::request::Ask;
use super::state::{Entra, Group};

const ODATA_TYPE: &str = "microsoft.graph.group";
/// The permissions that show more of a group than its id.
const READ_GROUPS: &[&str] = &[
    "GroupMember.Read.All",
    "GroupMember.ReadBasic.All",
    "Group.Read.All",
    "Group.ReadBasic.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
const DEFAULT_FIELDS: &[&str] = &[
    "id",
    "createdDateTime",
    "description",
    "displayName",
    "groupTypes",
    "mail",
    "mailEnabled",
    "mailNickname",
    "membershipRule",
    "membershipRuleProcessingState",
    "onPremisesSyncEnabled",
    "securityEnabled",
];

impl Group {
    pub(super) fn properties(&self) -> Map<String, Value> {
        let dynamic = self.membership_rule.is_some();
        let value = json!({
            "@odata.type": "#microsoft.graph.group",
            "id": self.id,
            "displayName": self.display_name,
            "description": null,
            "createdDateTime": self.created.to_string(),
            "deletedDateTime": null,
            "securityEnabled": self.security_enabled,
            "mailEnabled": !self.security_enabled,
            "mail": null,
            "mailNickname": self.display_name.replace(' ', ""),
            "groupTypes": if dynamic { json!(["DynamicMembership"]) } else { json!([]) },
            "membershipRule": self.membership_rule,
            "membershipRuleProcessingState": dynamic.then_some(if self.rule_is_paused { "Paused" } else { "On" }),
            "onPremisesSyncEnabled": self.on_premises_sync_enabled,
            "onPremisesLastSyncDateTime": null,
            "onPremisesSamAccountName": null,
            "isAssignableToRole": null,
            "visibility": null,
        });
        match value {
            Value::Object(map) => map,
            _ => Map::new(),
        }
    }

    /// Whether the user or group is a direct member.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        self.members.iter().any(|member| member.id == id)
    }
}

/// The ids of the groups that contain this object: directly, or at any depth. `until` hides newer memberships.
fn containing(entra: &Entra, id: &str, transitive: bool, until: Timestamp) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![id.to_owned()];
    while let Some(child) = open.pop() {
        for (group, since) in entra.holding(&child) {
            if since <= until && found.insert(group.id.clone()) && transitive {
                open.push(group.id.clone());
            }
        }
    }
    found
}

/// `GET /users/{id}/memberOf` and `/transitiveMemberOf`, with or without the cast to groups.
pub(super) fn member_of(
    entra: &Entra,
    ask: &Ask,
    key: &str,
    transitive: bool,
    cast: bool,
    now: Timestamp,
) -> Result<Reply, Refusal> {
    if !ask.has(READ_GROUPS) {
        ask.need(READ_USERS)?;
    }
    ask.only(&["$select", "$top", "$count", "$skiptoken"])?;
    if cast && !ask.advanced() {
        return Err(Refusal::fault(
            400,
            "Request_UnsupportedQuery",
            "A cast on a membership list needs the ConsistencyLevel header and $count=true on every page.",
        ));
    }
    let user = find(entra, key)?;
    let until = if cast { now.checked_sub(entra.switches.index_lag).unwrap_or(now) } else { Timestamp::MAX };
    let mut items = Vec::new();
    for id in containing(entra, &user.id, transitive, until) {
        if let Some(group) = entra.groups.get(&id) {
            let all = visible(ask, group);
            let mut item = select(ask, ODATA_TYPE, &all, DEFAULT_FIELDS)?;
            if cast {
                item.remove("@odata.type");
            }
            items.push(item.into());
        }
    }
    let context = if cast { "groups" } else { "directoryObjects" };
    page(ask, &entra.switches, context, items, 999)
}

/// The properties that the caller may see. Without a permission on groups: type and id, and null for everything else
/// (the "limited info" rule).
fn visible(ask: &Ask, group: &Group) -> Map<String, Value> {
    let mut all = group.properties();
    if !ask.has(READ_GROUPS) {
        for (name, value) in &mut all {
            if name != "id" && name != "@odata.type" {
                *value = Value::Null;
            }
        }
    }
    all
}

/// `POST /users/{id}/checkMemberGroups`: transitive.
pub(super) fn check(entra: &Entra, ask: &Ask, key: &str) -> Result<Reply, Refusal> {
    // Section 3 requires both: a permission on users and a permission on groups.
    ask.need(READ_USERS)?;
    ask.need(READ_GROUPS)?;
    ask.only(&[])?;
    let ids: Option<Vec<&str>> = ask
        .body
        .get("groupIds")
        .and_then(Value::as_array)
        .and_then(|ids| ids.iter().map(Value::as_str).collect());
    let ids = ids
        .filter(|ids| (1..=20).contains(&ids.len()))
        .ok_or_else(|| Refusal::bad("groupIds must be a list of 1 to 20 object ids."))?;
    let user = find(entra, key)?;
    let all = containing(entra, &user.id, true, Timestamp::MAX);
    let hits: Vec<&str> = ids.into_iter().filter(|id| all.contains(*id)).collect();
    Ok(Reply::ok(json!({
        "@odata.context": format!("{}/v1.0/$metadata#Collection(Edm.String)", ask.base),
        "value": hits,
    })))
}

/// `GET /groups`, with the two filters on dynamic groups that Microsoft documents.
pub(super) fn list(entra: &Entra, ask: &Ask) -> Result<Reply, Refusal> {
    ask.need(READ_GROUPS)?;
    ask.only(&["$select", "$filter", "$top", "$count", "$skiptoken"])?;
    let clauses = ask.option("$filter").map(parse).transpose();
    let clauses = clauses.map_err(|why| Refusal::bad(format!("Invalid filter clause: {why}")))?;
    for clause in clauses.iter().flatten() {
        let known = matches!(
            (clause.path.as_str(), clause.op, clause.quoted),
            ("groupTypes", Op::AnyEq, true) | ("membershipRuleProcessingState", Op::Eq, true)
        );
        if !known {
            let why = format!("Unsupported query filter clause for property '{}'.", clause.path);
            return Err(Refusal::fault(400, "Request_UnsupportedQuery", why));
        }
    }
    let mut items = Vec::new();
    for group in entra.groups.values() {
        let all = group.properties();
        if clauses.iter().flatten().all(|clause| holds(clause, &all)) {
            let mut item = select(ask, ODATA_TYPE, &all, DEFAULT_FIELDS)?;
            item.remove("@odata.type");
            items.push(item.into());
        }
    }
    page(ask, &entra.switches, "groups", items, 999)
}

/// `GET /groups/{id}`
pub(super) fn group(entra: &Entra, ask: &Ask, id: &str) -> Result<Reply, Refusal> {
    ask.need(READ_GROUPS)?;
    ask.only(&["$select"])?;
    let group = entra.groups.get(id).ok_or_else(|| Refusal::missing(id))?;
    let mut body = select(ask, ODATA_TYPE, &group.properties(), DEFAULT_FIELDS)?;
    body.remove("@odata.type");
    body.insert("@odata.context".into(), format!("{}/v1.0/$metadata#groups/$entity", ask.base).into());
    Ok(Reply::ok(body.into()))
}

/// `GET /groups/{id}/members`: direct members, users and groups mixed.
pub(super) fn members(entra: &Entra, ask: &Ask, id: &str) -> Result<Reply, Refusal> {
    ask.need(READ_GROUPS)?;
    ask.only(&["$select", "$top", "$count", "$skiptoken"])?;
    let group = entra.groups.get(id).ok_or_else(|| Refusal::missing(id))?;
    page_of(ask, &entra.switches, "directoryObjects", group.members.len(), 999, |start, size| {
        let page = group.members.iter().skip(start).take(size);
        page.filter_map(|member| shown(entra, ask, &member.id)).collect()
    })
}

/// A member in a list: a user, or a group with the properties that both types have.
fn shown(entra: &Entra, ask: &Ask, id: &str) -> Option<Result<Value, Refusal>> {
    const USER_ODATA_TYPE: &str = "microsoft.graph.user";
    let kind = || Value::from(format!("#{USER_ODATA_TYPE}"));
    let Some(user) = entra.users.get(id) else {
        let all = entra.groups.get(id)?.properties();
        // As in any mixed list, properties that only users have are left out.
        let shared = ["@odata.type", "id", "displayName"];
        let pick = |name: &str| (name.to_owned(), all.get(name).cloned().unwrap_or_default());
        return Some(Ok(Value::Object(shared.into_iter().map(pick).collect())));
    };
    if ask.option("$select") == Some("id") {
        return Some(Ok(json!({"@odata.type": kind(), "id": id})));
    }
    let mut all = user.properties();
    if !ask.has(READ_USERS) {
        for (name, value) in &mut all {
            if name != "id" {
                *value = Value::Null;
            }
        }
    }
    all.insert("@odata.type".into(), kind());
    let default = ["id", "displayName", "mail", "userPrincipalName"];
    Some(select(ask, USER_ODATA_TYPE, &all, &default).map(Value::from))
}
