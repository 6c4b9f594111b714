//! `/admin/user-provisioning/v1/org/{orgId}/…`: the four calls that look at and break SCIM links. There is no
//! call to make one, and none to list orphans.

use serde_json::{Value, json};

use super::ask::{Answer, Ask, Reply};
use super::org;
use super::page::{body, invalid};
use super::rules::same;
use super::state::{Account, Atlassian, ScimUser};

pub(super) fn answer(tenant: &mut Atlassian, ask: &Ask, rest: &[&str]) -> Answer {
    let scoped = org::authorize(tenant, ask)?;
    if scoped && !tenant.switches.links_take_scoped_key {
        return Err(Reply::admin("ADMIN-403-3", "Forbidden", "This key may not manage provisioning"));
    }
    let ["v1", "org", org_id, rest @ ..] = rest else {
        return Err(org::unknown());
    };
    org::same_org(tenant, org_id)?;
    match (ask.method.as_str(), rest) {
        ("GET", ["user", account, "get-scim-links"]) => {
            let known = tenant.accounts.get(*account).is_some_and(Account::managed);
            if !known {
                return Err(org::no_user());
            }
            Ok(links(tenant, |user| user.account.as_deref() == Some(*account)))
        }
        ("POST", ["get-scim-links-for-email"]) => {
            let body = body(ask)?;
            let email = body.get("email").and_then(Value::as_str).filter(|e| e.contains('@'));
            let Some(email) = email.filter(|_| body.len() == 1) else {
                return Err(invalid("the body must hold an email and nothing else"));
            };
            Ok(links(tenant, |user| same(&user.email, email)))
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
                return Err(org::no_user());
            }
            for record in tenant.records_of(account) {
                tenant.forget_record(&record);
            }
            if !tenant.switches.forget_keeps_active {
                tenant.set_active(account, false);
            }
            Ok(done(tenant))
        }
        _ => Err(org::unknown()),
    }
}

fn links(tenant: &Atlassian, wanted: impl Fn(&ScimUser) -> bool) -> Reply {
    let links: Vec<Value> = tenant
        .scim_users
        .values()
        .filter(|u| wanted(u))
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
