//! Conversion of one SCIM user record: how its JSON looks, and how a body or a patch operation changes a draft of it.
//! `scim_users.rs` decides whether the draft is accepted.

use serde_json::{Map, Value, json};

use super::ask::Reply;
use super::rules::same;
use super::scim_request::BASE_URL;
use super::state::{Atlassian, ScimUser};

const ENTERPRISE_SCHEMA: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const EXTERNAL_SCHEMA: &str = "urn:scim:schemas:extension:atlassian-external:1.0";
const KEPT_ATTRIBUTES: [&str; 11] = [
    "name",
    "displayName",
    "nickName",
    "title",
    "preferredLanguage",
    "timezone",
    "department",
    "organization",
    "locale",
    "phoneNumbers",
    ENTERPRISE_SCHEMA,
];

/// The record as SCIM shows it. Without a link, the extension block is absent.
pub(super) fn render(tenant: &Atlassian, user: &ScimUser) -> Value {
    let here = format!("{BASE_URL}/{}", user.directory);
    let groups: Vec<Value> = tenant
        .groups_holding(&user.id)
        .into_iter()
        .filter(|g| g.directory == user.directory && g.members.contains_key(&user.id))
        .map(|g| {
            json!({"type": "Group", "value": g.id, "display": g.name, "$ref": format!("{here}/Groups/{}", g.id)})
        })
        .collect();
    let mut map = user.rest.clone();
    map.insert(
        "schemas".into(),
        json!([EXTERNAL_SCHEMA, "urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE_SCHEMA]),
    );
    map.insert("id".into(), json!(user.id));
    if let Some(external_id) = &user.external_id {
        map.insert("externalId".into(), json!(external_id));
    }
    map.insert("userName".into(), json!(user.user_name));
    map.insert("emails".into(), json!([{"value": user.email, "type": "work", "primary": true}]));
    map.insert("groups".into(), json!(groups));
    if let Some(account) = &user.account {
        map.insert(EXTERNAL_SCHEMA.into(), json!({"atlassianAccountId": account}));
    }
    map.insert("active".into(), json!(user.active));
    map.insert(
        "meta".into(),
        json!({
            "resourceType": "User", "location": format!("{here}/Users/{}", user.id),
            "lastModified": user.modified.to_string(), "created": user.created.to_string()
        }),
    );
    Value::Object(map)
}

/// Applies a body of POST or PUT to a draft whose old attributes are cleared.
pub(super) fn overwrite(draft: &mut ScimUser, body: &Map<String, Value>) -> Result<(), Reply> {
    schema(body, "urn:ietf:params:scim:schemas:core:2.0:User")?;
    draft.external_id = None;
    draft.active = true;
    draft.rest.clear();
    draft.user_name.clear();
    draft.email.clear();
    for (name, value) in body {
        set(draft, name, Some(value))?;
    }
    if draft.user_name.is_empty() {
        return Err(bad("userName is required"));
    }
    if draft.email.is_empty() {
        // A job may leave it out, for a person without a mailbox. That is a fault of the tenant, and not of the program.
        return Err(Reply::scim(400, Some("invalidSyntax"), "one primary email is required"));
    }
    Ok(())
}

/// One patch operation: op in lower case, path, value.
pub(super) type Operation = (String, Option<String>, Option<Value>);

/// RFC 7644 PatchOp. `op` in any case, `Operations` or `operations` (the document's spelling).
pub(super) fn operations(body: &Map<String, Value>) -> Result<Vec<Operation>, Reply> {
    schema(body, "urn:ietf:params:scim:api:messages:2.0:PatchOp")?;
    let list = body.get("Operations").or_else(|| body.get("operations")).and_then(Value::as_array);
    let list = list.ok_or_else(|| bad("a patch without Operations"))?;
    let mut found = Vec::new();
    for item in list {
        let op = item.get("op").and_then(Value::as_str).unwrap_or_default().to_lowercase();
        if !matches!(op.as_str(), "add" | "replace" | "remove") {
            return Err(bad(format!("unknown op {op:?}")));
        }
        let path = item.get("path").and_then(Value::as_str).map(str::to_owned);
        let value = item.get("value").cloned();
        if (op == "remove" && path.is_none()) || (op != "remove" && value.is_none()) {
            return Err(bad("an operation without its path or value"));
        }
        found.push((op, path, value));
    }
    Ok(found)
}

/// Applies a patch to a draft.
pub(super) fn apply(draft: &mut ScimUser, body: &Map<String, Value>) -> Result<(), Reply> {
    for (op, path, value) in operations(body)? {
        match (op.as_str(), path, value) {
            ("remove", Some(path), _) => set(draft, &path, None)?,
            (_, Some(path), Some(value)) => set(draft, &path, Some(&value))?,
            (_, None, Some(Value::Object(map))) => {
                for (name, value) in &map {
                    set(draft, name, Some(value))?;
                }
            }
            _ => return Err(bad("a value without a path must be an object")),
        }
    }
    Ok(())
}

fn set(draft: &mut ScimUser, path: &str, value: Option<&Value>) -> Result<(), Reply> {
    let text = || value.and_then(Value::as_str).map(str::to_owned);
    if same(path, "userName") {
        draft.user_name = text().filter(|t| !t.is_empty()).ok_or_else(|| bad("userName must be a string"))?;
    } else if same(path, "externalId") {
        draft.external_id = text().filter(|t| !t.is_empty());
    } else if same(path, "active") {
        draft.active = flag(value)?;
    } else if path.get(..6).is_some_and(|start| same(start, "emails")) {
        draft.email = address(value).ok_or_else(|| bad("an email without a value"))?;
    } else if let Some(name) = path.strip_prefix(ENTERPRISE_SCHEMA).and_then(|rest| rest.strip_prefix(':')) {
        nested(&mut draft.rest, ENTERPRISE_SCHEMA, name, value);
    } else if let Some(name) = path.strip_prefix("name.") {
        nested(&mut draft.rest, "name", name, value);
    } else if let Some(name) = KEPT_ATTRIBUTES.iter().find(|known| same(known, path)) {
        match value {
            Some(value) => drop(draft.rest.insert((*name).to_owned(), value.clone())),
            None => drop(draft.rest.remove(*name)),
        }
    } else if matches!(path, "id" | "schemas" | "meta" | "groups") || path.starts_with("urn:") {
        // Read-only here, or an unknown schema: ignored, as RFC 7644 section 3.5.1 requires.
    } else {
        let text = format!("unknown attribute {path}");
        return Err(Reply::scim(400, Some("invalidPath"), text.clone()).faulty(text));
    }
    Ok(())
}

/// Entra sends `"False"` as a string by default.
fn flag(value: Option<&Value>) -> Result<bool, Reply> {
    match value {
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(Value::String(text)) if same(text, "true") => Ok(true),
        Some(Value::String(text)) if same(text, "false") => Ok(false),
        _ => Err(bad("active must be true or false")),
    }
}

/// The primary address, in whatever shape it was sent.
fn address(value: Option<&Value>) -> Option<String> {
    let found = match value? {
        Value::String(text) => Some(text.clone()),
        Value::Array(list) => {
            let primary =
                list.iter().find(|e| e.get("primary") == Some(&json!(true))).or_else(|| list.first())?;
            primary.get("value").and_then(Value::as_str).map(str::to_owned)
        }
        Value::Object(map) => map.get("value").and_then(Value::as_str).map(str::to_owned),
        _ => None,
    };
    found.filter(|text| text.contains('@'))
}

fn nested(rest: &mut Map<String, Value>, outer: &str, inner: &str, value: Option<&Value>) {
    let entry = rest.entry(outer.to_owned()).or_insert_with(|| json!({}));
    if let Some(map) = entry.as_object_mut() {
        match value {
            Some(value) => drop(map.insert(inner.to_owned(), value.clone())),
            None => drop(map.remove(inner)),
        }
    }
}

pub(super) fn schema(body: &Map<String, Value>, wanted: &str) -> Result<(), Reply> {
    let schemas = body.get("schemas").and_then(Value::as_array);
    if schemas.is_some_and(|list| list.iter().any(|s| s.as_str() == Some(wanted))) {
        return Ok(());
    }
    Err(bad(format!("schemas lacks {wanted}")))
}

pub(super) fn bad(text: impl Into<String>) -> Reply {
    let text = text.into();
    Reply::scim(400, Some("invalidSyntax"), text.clone()).faulty(text)
}
