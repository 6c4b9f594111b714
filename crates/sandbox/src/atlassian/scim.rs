//! The door of `/scim/directory/{id}/…`: the directory's own key, its errors, filters and lists. An
//! organization key never opens it.

use serde_json::{Value, json};

use super::ask::{Answer, Ask, Reply};
use super::scim_request::BASE_URL;
use super::state::Atlassian;
use super::{scim_groups, scim_users};

pub(super) fn answer(tenant: &mut Atlassian, ask: &Ask, directory: &str, rest: &[&str]) -> Answer {
    authorize(tenant, ask, directory, rest)?;
    tenant.actor = "identity-provider".to_owned();
    match (ask.method.as_str(), rest) {
        ("GET", ["ServiceProviderConfig"]) => Ok(Reply::ok(config(directory))),
        ("GET", ["Users"]) => scim_users::list(tenant, ask, directory),
        ("POST", ["Users"]) => scim_users::create(tenant, ask, directory),
        ("GET", ["Users", id]) => scim_users::get(tenant, ask, directory, id),
        ("PUT", ["Users", id]) => scim_users::replace(tenant, ask, directory, id),
        ("PATCH", ["Users", id]) => scim_users::patch(tenant, ask, directory, id),
        ("DELETE", ["Users", id]) => scim_users::delete(tenant, directory, id),
        ("GET", ["Groups"]) => scim_groups::list(tenant, ask, directory),
        ("POST", ["Groups"]) => scim_groups::create(tenant, ask, directory),
        ("GET", ["Groups", id]) => scim_groups::get(tenant, ask, directory, id),
        ("PUT", ["Groups", id]) => scim_groups::replace(tenant, ask, directory, id),
        ("PATCH", ["Groups", id]) => scim_groups::patch(tenant, ask, directory, id),
        ("DELETE", ["Groups", id]) => scim_groups::delete(tenant, directory, id),
        (_, ["ServiceProviderConfig" | "Users" | "Groups"] | ["Users" | "Groups", _]) => {
            Err(Reply::scim(405, None, "Method not allowed").faulty("no such method"))
        }
        _ => Err(Reply::scim(404, None, "Resource not found").faulty("no such path")),
    }
}

fn authorize(tenant: &Atlassian, ask: &Ask, directory: &str, rest: &[&str]) -> Result<(), Reply> {
    let target = rest.first().copied().unwrap_or_default();
    let refusal = |error: String| {
        Reply::json(401, json!({"error": error, "traceId": uuid::Uuid::new_v4().simple().to_string()}))
    };
    let Some(key) = ask.key.as_deref() else {
        return Err(refusal("Missing authorization header".to_owned()).faulty("no bearer key"));
    };
    if tenant.directories.iter().any(|d| d.id == directory && d.key == key) {
        return Ok(());
    }
    let refused = refusal(format!("Not authorized to access : scim/directory/{directory}/{target}"));
    if key == tenant.org_key || tenant.scoped_key.as_deref() == Some(key) {
        return Err(refused.faulty("an organization key was sent to SCIM"));
    }
    if tenant.directories.iter().any(|d| d.key == key) {
        return Err(refused.faulty("the key of another directory"));
    }
    Err(refused)
}

fn config(directory: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": {"supported": true},
        "bulk": {"supported": false, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"maxResults": 10000, "supported": true},
        "changePassword": {"supported": false}, "sort": {"supported": false}, "etag": {"supported": false},
        "authenticationSchemes": [{
            "type": "oauthbearertoken", "name": "OAuth Bearer Token",
            "description": "Authentication scheme using the OAuth Bearer Token Standard"
        }],
        "meta": {
            "location": format!("{BASE_URL}/{directory}/ServiceProviderConfig"),
            "resourceType": "ServiceProviderConfig",
            "lastModified": "2018-05-03T19:31:29.723Z", "created": "2018-05-03T19:31:29.723Z"
        }
    })
}
