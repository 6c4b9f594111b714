//! `/admin/v1` and `/admin/v2`: the authorization and the routes of the Organizations API, with organizations,
//! domains and the list of managed accounts. People, groups, writes and events are in their own files.

use serde_json::{Value, json};

use super::ask::{Answer, Ask, Reply};
use super::page::{Kind, Spec, Walk, check, from_query};
use super::refusal::{no_directory, stamp, unknown};
use super::rules::Access;
use super::state::{Account, Atlassian, Domain, Status};
use super::{events, groups, people, writes};

const DIRECTORY_ICON: &str = "https://admin.atlassian.com/directory.png";
const API_BASE_URL: &str = "https://api.atlassian.com/admin";

pub(super) fn answer(tenant: &mut Atlassian, ask: &Ask, rest: &[&str]) -> Answer {
    let scoped = authorize(tenant, ask)?;
    let reads = ask.method == "GET" || matches!(rest, [.., "search" | "workspaces"]);
    if scoped && !reads && !tenant.switches.scoped_key_writes {
        return Err(Reply::admin("ADMIN-403-3", "Forbidden", "This key may not manage the organization"));
    }
    tenant.actor = "organization-key".to_owned();
    match rest {
        ["v1", "orgs"] if ask.method == "GET" => Ok(Reply::ok(json!({
            "data": [organization(tenant)], "links": {"self": format!("{API_BASE_URL}/v1/orgs")}, "meta": null
        }))),
        ["v1" | "v2", "orgs", org_id, ..] => {
            same_org(tenant, org_id)?;
            match rest {
                ["v1", _, _, rest @ ..] => version_1(tenant, ask, rest, scoped),
                ["v2", _, _, rest @ ..] => version_2(tenant, ask, rest),
                _ => Err(unknown()),
            }
        }
        _ => Err(unknown()),
    }
}

fn version_1(tenant: &mut Atlassian, ask: &Ask, rest: &[&str], scoped: bool) -> Answer {
    match (ask.method.as_str(), rest) {
        ("GET", []) => Ok(Reply::ok(json!({"data": organization(tenant)}))),
        ("GET", ["users"]) => managed_accounts(tenant, ask),
        ("GET", ["domains"]) => {
            let all: Vec<Value> = tenant.domains.iter().map(|d| domain(tenant, d)).collect();
            let here = format!("{API_BASE_URL}/v1/orgs/{}/domains", tenant.org_id);
            Ok(Reply::ok(json!({"data": all, "links": {"self": here, "prev": null, "next": null}})))
        }
        ("GET", ["domains", id]) => match tenant.domains.iter().find(|d| d.name == *id) {
            Some(found) => Ok(Reply::ok(json!({"data": domain(tenant, found)}))),
            None => Err(Reply::admin("ADMIN-404-3", "Domain not found", "No such domain")),
        },
        ("GET", ["events" | "events-stream" | "event-actions", ..]) => {
            if scoped && !tenant.switches.scoped_key_reads_events {
                return Err(Reply::admin("ADMIN-403-3", "Forbidden", "Use a key without scopes"));
            }
            events::answer(tenant, ask, rest)
        }
        ("GET", ["directory", "users", account, "last-active-dates"]) => people::last_active(tenant, account),
        // The call from the forum. The path knows only the method DELETE, which removes the person from the
        // directory.
        ("DELETE", ["directory", "users", account]) => writes::remove(tenant, account),
        (_, ["directory", "users", _]) => {
            let text = format!("{} is not supported on this path", ask.method);
            Err(Reply::admin("ADMIN-405-1", "Method not allowed", text).faulty("the path knows only DELETE"))
        }
        ("POST", ["users", account, "roles" | "role-assignments", verb @ ("assign" | "revoke")]) => {
            writes::person_role(tenant, ask, account, *verb == "assign")
        }
        (_, ["directory", ..] | ["users" | "groups", "search"] | ["users", "invite"]) => {
            let gone = tenant.switches.gone_status;
            Err(Reply::proxy(gone, "This API was shut down on 30 June 2026").faulty("a v1 path that is gone"))
        }
        _ => Err(unknown()),
    }
}

fn version_2(tenant: &mut Atlassian, ask: &Ask, rest: &[&str]) -> Answer {
    match (ask.method.as_str(), rest) {
        ("GET", ["directories"]) => directories(tenant, ask),
        ("POST", ["workspaces"]) => groups::workspaces(tenant, ask),
        (method, ["directories", directory, rest @ ..]) => {
            let scope = (*directory != "-").then_some(*directory);
            if scope.is_some_and(|id| tenant.user_directories().all(|(known, _)| known != id)) {
                return Err(no_directory());
            }
            match (method, rest) {
                ("GET", ["users", ..]) | ("POST", ["users", "search"]) => {
                    people::answer(tenant, ask, rest, scope)
                }
                ("GET", ["groups", ..]) | ("POST", ["groups", "search"]) => {
                    groups::answer(tenant, ask, rest, scope)
                }
                _ => writes::answer(tenant, ask, rest, scope),
            }
        }
        _ => Err(unknown()),
    }
}

/// Accepts either organization key. Returns whether it is the scoped one.
pub(super) fn authorize(tenant: &Atlassian, ask: &Ask) -> Result<bool, Reply> {
    let refused = Reply::proxy(401, "Unauthorized");
    match ask.key.as_deref() {
        Some(key) if key == tenant.org_key => Ok(false),
        Some(key) if tenant.scoped_key.as_deref() == Some(key) => Ok(true),
        Some(key) if tenant.directories.iter().any(|d| d.key == key) => {
            Err(refused.faulty("a SCIM key was sent to an admin API"))
        }
        Some(_) => Err(refused),
        None => Err(refused.faulty("no bearer key")),
    }
}

pub(super) fn same_org(tenant: &Atlassian, org_id: &str) -> Result<(), Reply> {
    if org_id == tenant.org_id {
        return Ok(());
    }
    Err(Reply::admin("ADMIN-404-2", "Organization not found", "No such organization"))
}

fn organization(tenant: &Atlassian) -> Value {
    let here = format!("{API_BASE_URL}/v1/orgs/{}", tenant.org_id);
    json!({
        "id": tenant.org_id, "type": "orgs", "attributes": {"name": tenant.org_name}, "links": {"self": here},
        "relationships": {"domains": {"related": format!("{here}/domains")},
                          "users": {"related": format!("{here}/users")}}
    })
}

fn domain(tenant: &Atlassian, domain: &Domain) -> Value {
    json!({
        "id": domain.name, "type": "domains",
        "attributes": {"name": domain.name, "claim": {"type": domain.kind, "status": domain.status}},
        "links": {"self": format!("{API_BASE_URL}/v1/orgs/{}/domains/{}", tenant.org_id, domain.name)}
    })
}

const CURSOR_SPEC: Spec = &[("cursor", Kind::Text)];
const DIRECTORIES_SPEC: Spec = &[
    ("accountId", Kind::Text),
    ("directoryIds", Kind::List(&[])),
    ("searchTerm", Kind::Text),
    ("cursor", Kind::Text),
    ("limit", Kind::Number),
];

fn directories(tenant: &Atlassian, ask: &Ask) -> Answer {
    let query = from_query(ask, DIRECTORIES_SPEC)?;
    check(&query, DIRECTORIES_SPEC)?;
    let walk = Walk::new(tenant, query, 20, 100)?;
    let wanted = |id: &str| walk.list("directoryIds").is_none_or(|ids| ids.iter().any(|known| known == id));
    let member =
        |id: &str| walk.text("accountId").is_none_or(|account| people::is_in(tenant, account, Some(id)));
    let all = tenant.user_directories().filter(|(id, _)| wanted(id) && member(id));
    let data: Vec<Value> =
        all.map(|(id, name)| json!({"directoryId": id, "name": name, "icon": DIRECTORY_ICON})).collect();
    Ok(Reply::ok(json!({"data": data, "links": {"self": null, "prev": null, "next": null}})))
}

/// Managed accounts, whether or not they are in a directory. There is no filter.
fn managed_accounts(tenant: &mut Atlassian, ask: &Ask) -> Answer {
    let query = from_query(ask, CURSOR_SPEC)?;
    check(&query, CURSOR_SPEC)?;
    let size = tenant.switches.v1_page_size;
    let walk = Walk::new(tenant, query, size, size)?;
    let all: Vec<String> = tenant.accounts.values().filter(|a| a.managed()).map(|a| a.id.clone()).collect();
    let (page, next) = walk.take(&all);
    let access = tenant.access(&page.iter().map(String::as_str).collect());
    let data: Vec<Value> = access
        .iter()
        .filter_map(|(id, access)| Some(managed_account(tenant, tenant.accounts.get(id)?, access)))
        .collect();
    let here = format!("{API_BASE_URL}/v1/orgs/{}/users", tenant.org_id);
    let mut next = walk.cursor(tenant, next);
    if let (Some(cursor), false) = (next.as_str(), tenant.switches.v1_next_is_token) {
        let encoded: String = url::form_urlencoded::byte_serialize(cursor.as_bytes()).collect();
        next = json!(format!("{here}?cursor={encoded}"));
    }
    Ok(Reply::ok(json!({
        "data": data, "meta": {"total": all.len()}, "links": {"self": here, "prev": null, "next": next}
    })))
}

fn managed_account(tenant: &Atlassian, account: &Account, access: &Access<'_>) -> Value {
    let roles = tenant.roles(account, access);
    let products: Vec<Value> = tenant
        .workspaces
        .iter()
        .filter(|w| roles.contains_key(&w.id))
        .map(|w| {
            let last = account.activity.iter().find(|a| a.resource_id == w.id).map(|a| stamp(&a.day));
            json!({"key": w.key, "name": w.name, "url": w.host_url, "last_active": last})
        })
        .collect();
    let last = account.activity.iter().map(|a| a.day.clone()).max().map(|day| stamp(&day));
    let status = match account.status {
        Status::Active => "active",
        Status::Inactive => "inactive",
        Status::Closed => "closed",
    };
    let mut shown = json!({
        "account_id": account.id, "account_type": account.kind, "account_status": status,
        "name": account.display_name(), "picture": "https://secure.gravatar.com/avatar/0?d=mm",
        "email": account.email, "access_billable": !products.is_empty(), "last_active": last,
        "product_access": products,
        "links": {"self": format!("https://api.atlassian.com/users/{}/manage/profile", account.id)}
    });
    if let Some(map) = shown.as_object_mut().filter(|_| account.email.is_empty()) {
        map.remove("email");
    }
    shown
}
