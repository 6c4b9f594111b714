//! `/admin/user-provisioning/v1/org/{orgId}/…`: the four calls that show and break SCIM links. No call creates a
//! link, and none lists orphans.

use serde_json::{Value, json};

use super::ask::{Answer, Ask, Reply};
use super::org;
use super::page::{body, invalid};
use super::refusal;
use super::rules::same;
use super::state::{Account, Atlassian, ScimUser};

pub(super) fn answer(tenant: &mut Atlassian, ask: &Ask, rest: &[&str]) -> Answer {
    let scoped = org::authorize(tenant, ask)?;
    if scoped && !tenant.switches.links_take_scoped_key {
        return Err(Reply::admin("ADMIN-403-3", "Forbidden", "This key may not manage provisioning"));
    }
    let ["v1", "org", org_id, rest @ ..] = rest else {
        return Err(refusal::unknown());
    };
    org::same_org(tenant, org_id)?;
    match (ask.method.as_str(), rest) {
        ("GET", ["user", account, "get-scim-links"]) => {
            let known = tenant.accounts.get(*account).is_some_and(Account::managed);
            if !known {
                return Err(refusal::no_user());
            }
            let records = tenant.records_of(account);
            Ok(links(tenant, records.iter().filter_map(|id| tenant.scim_users.get(id))))
        }
        ("POST", ["get-scim-links-for-email"]) => {
            let body = body(ask)?;
            let email = body.get("email").and_then(Value::as_str).filter(|e| e.contains('@'));
            let Some(email) = email.filter(|_| body.len() == 1) else {
                return Err(invalid("the body must hold an email and nothing else"));
            };
            let candidates: Vec<&ScimUser> = match &tenant.index {
                Some(index) => {
                    let ids = index.by_mail.get(&email.to_lowercase()).into_iter().flatten();
                    ids.filter_map(|id| tenant.scim_users.get(id)).collect()
                }
                None => tenant.scim_users.values().collect(),
            };
            Ok(links(tenant, candidates.into_iter().filter(|user| same(&user.email, email))))
        }
        ("PATCH", ["scimDirectoryId", directory, "scimUserId", id, "unlink"]) => {
            let found = tenant.scim_users.get(*id).is_some_and(|u| u.directory == *directory);
            if !found {
                return Err(Reply::admin("ADMIN-404-8", "User not found", "No such SCIM user"));
            }
            tenant.unlink(id);
            Ok(done(tenant))
        }
        ("DELETE", ["user", account, "onlyDeleteUserInDB"]) => {
            if !tenant.accounts.get(*account).is_some_and(Account::managed) {
                return Err(refusal::no_user());
            }
            for record in tenant.records_of(account) {
                tenant.forget_record(&record);
            }
            if !tenant.switches.forget_keeps_active {
                tenant.set_active(account, false);
            }
            Ok(done(tenant))
        }
        _ => Err(refusal::unknown()),
    }
}

fn links<'a>(tenant: &Atlassian, users: impl Iterator<Item = &'a ScimUser>) -> Reply {
    let links: Vec<Value> = users
        .map(|u| {
            json!({"scimUserId": u.id, "atlassianAccountId": u.account, "orgId": tenant.org_id,
                   "directoryId": u.directory})
        })
        .collect();
    Reply::ok(json!({"scimLinks": links}))
}

fn done(tenant: &Atlassian) -> Reply {
    match tenant.switches.link_write_status {
        204 => Reply::empty(204),
        status => Reply::json(status, json!({})),
    }
}
