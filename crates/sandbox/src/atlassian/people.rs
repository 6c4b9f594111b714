//! People of the user directory as v2 shows them: the search, one person's details, roles and last activity. The
//! composite `status` is computed here and stored nowhere.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::ask::{Answer, Ask, Reply};
use super::index::Index;
use super::page::{Kind, Spec, Walk, check, from_query, invalid, optional_body};
use super::refusal::{no_user, not_there, stamp, unknown};
use super::rules::{Access, same};
use super::state::{Account, Atlassian, Membership, Status};

const SEARCH_SPEC: Spec = &[
    ("cursor", Kind::Text),
    ("limit", Kind::Number),
    ("accountIds", Kind::List(&[])),
    ("directoryIds", Kind::List(&[])),
    ("resourceIds", Kind::List(&[])),
    ("groupIds", Kind::List(&[])),
    ("mfaEnabled", Kind::Flag),
    ("claimStatus", Kind::OneOf(&["managed", "unmanaged"])),
    ("status", Kind::List(&["active", "suspended", "not_invited", "deactivated", "for_deletion"])),
    ("accountStatus", Kind::List(&["active", "inactive", "closed"])),
    ("membershipStatus", Kind::List(&["active", "suspended", "no_membership"])),
    ("roleIds", Kind::List(&[])),
    ("emailDomains", Kind::List(&[])),
    ("searchTerm", Kind::Text),
    ("emails", Kind::List(&[])),
    ("expand", Kind::List(&["platformRoles", "counts.resources", "productAccess", "groups"])),
    ("sortBy", Kind::Sort),
];

pub(super) fn answer(tenant: &mut Atlassian, ask: &Ask, rest: &[&str], scope: Option<&str>) -> Answer {
    match (ask.method.as_str(), rest) {
        ("POST", ["users", "search"]) => {
            let body = optional_body(ask)?;
            check(&body, SEARCH_SPEC)?;
            let walk = Walk::search(tenant, body, tenant.switches.page_size, 100)?;
            search(tenant, walk, scope)
        }
        ("GET", ["users"]) => {
            let query = from_query(ask, SEARCH_SPEC)?;
            check(&query, SEARCH_SPEC)?;
            let walk = Walk::new(tenant, query, 20, 100)?;
            search(tenant, walk, scope)
        }
        ("GET", ["users", "count"]) => Ok(Reply::ok(json!({"count": seen(tenant).len()}))),
        ("GET", ["users", "stats"]) => {
            let count = |s| seen(tenant).iter().filter(|a| account_status(a) == s).count();
            let counts: Vec<Value> =
                ["active", "inactive", "closed"].map(|s| json!({"status": s, "count": count(s)})).to_vec();
            Ok(Reply::ok(json!({"roles": [], "accountStatus": counts})))
        }
        ("GET", ["users", id]) => {
            let account = find(tenant, id)?;
            let access = tenant.access_of(id);
            Ok(Reply::ok(
                json!({"data": person(tenant, account, &access, &["platformRoles", "counts.resources"], scope)}),
            ))
        }
        ("GET", ["users", id, "role-assignments"]) => role_assignments(tenant, ask, id, scope),
        _ => Err(unknown()),
    }
}

/// All managed accounts, even those in no directory, and all other accounts in a directory.
fn seen(tenant: &Atlassian) -> Vec<&Account> {
    tenant.accounts.values().filter(|a| a.managed() || a.is_in_a_directory()).collect()
}

pub(super) fn find<'a>(tenant: &'a Atlassian, id: &str) -> Result<&'a Account, Reply> {
    let found = tenant.accounts.get(id).filter(|a| a.managed() || a.is_in_a_directory());
    found.ok_or_else(no_user)
}

/// Whether an account is in this user directory, or in any directory if none is given.
pub(super) fn is_in(tenant: &Atlassian, id: &str, directory: Option<&str>) -> bool {
    let access = tenant.access_of(id);
    tenant.accounts.get(id).is_some_and(|a| membership(tenant, a, &access, directory) != Membership::None)
}

fn membership(
    tenant: &Atlassian,
    account: &Account,
    access: &Access<'_>,
    directory: Option<&str>,
) -> Membership {
    match directory {
        Some(id) => tenant.membership_in(account, access, id),
        None => tenant.membership(account, access),
    }
}

fn account_status(account: &Account) -> &'static str {
    match account.status {
        Status::Active => "active",
        Status::Inactive => "inactive",
        Status::Closed => "closed",
    }
}

fn word(membership: Membership) -> &'static str {
    match membership {
        Membership::Active => "active",
        Membership::Suspended => "suspended",
        Membership::None => "no_membership",
    }
}

fn membership_status(
    tenant: &Atlassian,
    account: &Account,
    access: &Access<'_>,
    scope: Option<&str>,
) -> &'static str {
    let scope = scope.filter(|_| tenant.switches.membership_of_scope);
    word(membership(tenant, account, access, scope))
}

fn status(account: &Account, membership: &str) -> &'static str {
    match (account.status, membership) {
        _ if account.pending() => "for_deletion",
        (Status::Inactive | Status::Closed, _) => "deactivated",
        (Status::Active, "suspended") => "suspended",
        (Status::Active, "no_membership") => "not_invited",
        (Status::Active, _) => "active",
    }
}

fn search(tenant: &mut Atlassian, walk: Walk, scope: Option<&str>) -> Answer {
    if walk.text("searchTerm").is_some() && walk.list("emails").is_some() {
        return Err(invalid("emails and searchTerm exclude each other"));
    }
    let index = tenant.index.clone().filter(|_| scope.is_none());
    if let Some(accounts) = index.as_ref().and_then(|index| indexed(index, &walk)) {
        let (ids, next) = walk.take(&accounts);
        let page: Vec<&Account> = ids.iter().filter_map(|id| tenant.accounts.get(id)).collect();
        let data = shown(tenant, &walk, &page, scope);
        return listed(tenant, walk, data, next);
    }
    let fits = plain(&walk, tenant.switches.emails_ignore_case);
    let plain: Vec<&Account> = candidates(tenant, &walk).into_iter().filter(|a| fits(a)).collect();
    let all: Vec<&Account> = if scope.is_some() || needs_access(&walk) {
        let ids: BTreeSet<&str> = plain.iter().map(|a| a.id.as_str()).collect();
        let access = tenant.access(&ids);
        let fits = |a: &&Account| {
            access.get(&a.id).is_some_and(|found| access_match(tenant, &walk, a, found, scope))
        };
        plain.into_iter().filter(fits).collect()
    } else {
        plain
    };
    let (page, next) = walk.take(&all);
    let data = shown(tenant, &walk, &page, scope);
    listed(tenant, walk, data, next)
}

/// The accounts that the index returns for a search: all of them, or those with one of the given roles, on one resource
/// if one is given.
fn indexed<'a>(index: &'a Index, walk: &Walk) -> Option<Cow<'a, [String]>> {
    let known = |name: &String| {
        matches!(name.as_str(), "cursor" | "limit" | "expand" | "sortBy" | "roleIds" | "resourceIds")
    };
    if !walk.body.keys().all(known) {
        return None;
    }
    let resource = match walk.list("resourceIds").as_deref() {
        None => None,
        Some([one]) => Some(one.clone()),
        Some(_) => return None,
    };
    let Some(roles) = walk.list("roleIds") else {
        return resource.is_none().then_some(Cow::Borrowed(&index.accounts));
    };
    let mut lists = roles.iter().filter_map(|role| index.by_role.get(&(resource.clone(), role.clone())));
    Some(match (lists.next(), lists.next()) {
        (None, _) => Cow::Owned(Vec::new()),
        (Some(one), None) => Cow::Borrowed(one),
        (Some(one), Some(two)) => {
            let all: BTreeSet<&String> = one.iter().chain(two).chain(lists.flatten()).collect();
            Cow::Owned(all.into_iter().cloned().collect())
        }
    })
}

fn listed(tenant: &mut Atlassian, walk: Walk, data: Vec<Value>, next: Option<usize>) -> Answer {
    let next = walk.cursor(tenant, next);
    Ok(Reply::ok(json!({"data": data, "links": {"self": null, "prev": null, "next": next}})))
}

/// A superset of the search result. With an index: only the accounts with the given ids or addresses.
fn candidates<'a>(tenant: &'a Atlassian, walk: &Walk) -> Vec<&'a Account> {
    let Some(index) = &tenant.index else { return seen(tenant) };
    let ids: Vec<String> = match (walk.list("accountIds"), walk.list("emails")) {
        (Some(ids), _) => ids,
        (None, Some(emails)) => emails
            .iter()
            .filter_map(|email| index.by_email.get(&email.to_lowercase()))
            .flatten()
            .cloned()
            .collect(),
        (None, None) => return seen(tenant),
    };
    let found = ids.iter().filter_map(|id| tenant.accounts.get(id));
    found.filter(|a| a.managed() || a.is_in_a_directory()).collect()
}

/// One page of people.
fn shown(tenant: &Atlassian, walk: &Walk, page: &[&Account], scope: Option<&str>) -> Vec<Value> {
    let access = tenant.access(&page.iter().map(|a| a.id.as_str()).collect());
    let expand = walk.list("expand").unwrap_or_default();
    let expand: Vec<&str> = expand.iter().map(String::as_str).collect();
    let none = Access::default();
    page.iter().map(|a| person(tenant, a, access.get(&a.id).unwrap_or(&none), &expand, scope)).collect()
}

/// The filters that need only the account, parsed once for the whole search.
fn plain(walk: &Walk, ignores_case: bool) -> impl Fn(&Account) -> bool + use<> {
    let (ids, emails) = (walk.list("accountIds"), walk.list("emails"));
    let (domains, statuses) = (walk.list("emailDomains"), walk.list("accountStatus"));
    let term = walk.text("searchTerm").map(str::to_lowercase);
    let managed = walk.text("claimStatus").map(|c| c == "managed");
    let mfa = walk.body.get("mfaEnabled").is_none_or(|m| m == &json!(true));
    let among = |list: &Option<Vec<String>>, value: &str| {
        list.as_ref().is_none_or(|l| l.iter().any(|v| same(v, value)))
    };
    move |account| {
        let domain = account.email.rsplit_once('@').map_or("", |(_, d)| d);
        mfa && ids.as_ref().is_none_or(|l| l.contains(&account.id))
            && emails.as_ref().is_none_or(|l| {
                l.iter().any(|asked| *asked == account.email || ignores_case && same(asked, &account.email))
            })
            && among(&domains, domain)
            && among(&statuses, account_status(account))
            && managed.is_none_or(|m| m == account.managed())
            && term.as_ref().is_none_or(|t| {
                account.email.to_lowercase().contains(t) || account.display_name().to_lowercase().contains(t)
            })
    }
}

fn needs_access(walk: &Walk) -> bool {
    ["status", "membershipStatus", "groupIds", "resourceIds", "roleIds", "directoryIds"]
        .iter()
        .any(|name| walk.body.contains_key(*name))
}

fn access_match(
    tenant: &Atlassian,
    walk: &Walk,
    account: &Account,
    access: &Access<'_>,
    scope: Option<&str>,
) -> bool {
    let roles = tenant.roles(account, access);
    let shown = membership_status(tenant, account, access, scope);
    let is_in = |id: &str| tenant.membership_in(account, access, id) != Membership::None;
    // Managed accounts in no directory are listed in every directory.
    let nowhere = tenant.membership(account, access) == Membership::None;
    scope.is_none_or(|id| nowhere || is_in(id))
        && walk.list("status").is_none_or(|l| l.iter().any(|s| s == status(account, shown)))
        && walk.list("membershipStatus").is_none_or(|l| l.iter().any(|s| s == shown))
        && walk.list("groupIds").is_none_or(|l| access.groups.iter().any(|g| l.contains(&g.id)))
        && walk.list("resourceIds").is_none_or(|l| l.iter().any(|r| roles.contains_key(r)))
        && walk.list("roleIds").is_none_or(|l| roles.values().any(|by| l.iter().any(|r| by.contains_key(r))))
        && (!tenant.switches.role_on_resource
            || holds_there(&walk.list("resourceIds"), &walk.list("roleIds"), &roles))
        && walk.list("directoryIds").is_none_or(|l| l.iter().any(|id| is_in(id)))
}

/// Whether one of these roles is held on one of these resources.
fn holds_there(
    resources: &Option<Vec<String>>,
    wanted: &Option<Vec<String>>,
    roles: &super::rules::RolesByResource,
) -> bool {
    let (Some(resources), Some(wanted)) = (resources, wanted) else { return true };
    resources
        .iter()
        .filter_map(|resource| roles.get(resource))
        .any(|held| wanted.iter().any(|role| held.contains_key(role)))
}

/// When each app was last used. This does not tell whether the person may use it now.
fn product_access(tenant: &Atlassian, account: &Account) -> Value {
    let listed = tenant.workspaces.iter().filter_map(|app| {
        let used = account.activity.iter().find(|used| used.resource_id == app.id);
        let listed = used.is_some() || tenant.switches.unused_apps_listed;
        let last = used.map(|used| stamp(&used.day));
        listed.then(|| json!({"key": app.key, "id": app.id, "lastActiveTimestamp": last}))
    });
    listed.collect()
}

fn person(
    tenant: &Atlassian,
    account: &Account,
    access: &Access<'_>,
    expand: &[&str],
    scope: Option<&str>,
) -> Value {
    let membership = membership_status(tenant, account, access, scope);
    let source = match (account.managed(), access.linked, account.invited) {
        (true, true, _) => json!("synced"),
        (true, false, true) => json!("invited"),
        _ => Value::Null,
    };
    let picture = "https://secure.gravatar.com/avatar/0?d=mm";
    let mut shown = json!({
        "accountId": account.id, "accountType": account.kind, "status": status(account, membership),
        "accountStatus": account_status(account), "membershipStatus": membership,
        "addedToOrg": format!("{}T00:00:00.000Z", account.added_to_org), "deactivatedOn": null,
        "forDeletion": account.pending(), "name": account.display_name(), "nickname": account.display_name(),
        "email": account.email, "emailVerified": account.email_verified,
        "claimStatus": if account.managed() { "managed" } else { "unmanaged" },
        "managementSource": source, "mfaEnabled": true, "picture": picture, "avatar": picture,
        "jobTitle": null, "department": null, "organization": null, "location": null, "timeZone": null,
        "links": {"self": format!("ECg53/{}", account.id)}
    });
    let roles = tenant.roles(account, access);
    if let Some(map) = shown.as_object_mut() {
        for part in expand {
            let value = match *part {
                "platformRoles" => json!(account.platform_roles),
                "counts.resources" => json!({"resources": roles.len()}),
                "groups" if scope.is_none() && !tenant.switches.dash_groups => json!([]),
                "groups" => access
                    .groups
                    .iter()
                    .map(|g| json!({"id": g.id, "name": g.name, "description": null}))
                    .collect(),
                "productAccess" => product_access(tenant, account),
                _ => continue,
            };
            map.insert(part.split('.').next().unwrap_or(part).to_owned(), value);
        }
        if account.email.is_empty() {
            map.remove("email");
        }
    }
    shown
}

const ROLES_SPEC: Spec = &[
    ("resourceIds", Kind::List(&[])),
    ("resourceOwners", Kind::List(&[])),
    ("roleIds", Kind::List(&[])),
    ("directoryIds", Kind::List(&[])),
    ("cursor", Kind::Text),
    ("limit", Kind::Number),
];

fn role_assignments(tenant: &mut Atlassian, ask: &Ask, id: &str, scope: Option<&str>) -> Answer {
    let query = from_query(ask, ROLES_SPEC)?;
    check(&query, ROLES_SPEC)?;
    let walk = Walk::new(tenant, query, 20, 100)?;
    let account = find(tenant, id)?;
    let access = tenant.access_of(id);
    let among = |name: &str, value: &str| walk.list(name).is_none_or(|l| l.iter().any(|v| v == value));
    let mut all: Vec<Value> = Vec::new();
    let in_scope = |id: &str| scope.is_none_or(|scope| scope == id) && among("directoryIds", id);
    for (directory, _) in tenant.user_directories().filter(|(id, _)| in_scope(id)) {
        let standing = word(tenant.membership_in(account, &access, directory));
        for (resource, by_role) in tenant.roles_in(account, &access, directory) {
            let owner = tenant.owner_of(&resource);
            let roles: Vec<&String> = by_role.keys().filter(|role| among("roleIds", role)).collect();
            if roles.is_empty() || !among("resourceIds", &resource) || !among("resourceOwners", &owner) {
                continue;
            }
            let assignments: Vec<Value> = by_role
                .iter()
                .filter(|(role, _)| roles.contains(role))
                .map(|(role, methods)| json!({"role": role, "roleAssignmentMethods": methods}))
                .collect();
            all.push(json!({
                "resourceId": resource, "resourceOwner": owner, "roles": roles,
                "roleAssignments": assignments,
                "directoryId": directory, "userDirectoryStatus": standing
            }));
        }
    }
    let org = format!("ari:cloud:platform::org/{}", tenant.org_id);
    for role in account.platform_roles.iter().filter(|role| among("roleIds", role)) {
        if among("resourceIds", &org) && among("resourceOwners", "platform") {
            all.push(json!({
                "resourceId": org, "resourceOwner": "platform", "roles": [role],
                "roleAssignments": [{"role": role, "roleAssignmentMethods": ["direct"]}],
                "directoryId": null, "userDirectoryStatus": null
            }));
        }
    }
    let (data, next) = walk.take(&all);
    let next = walk.cursor(tenant, next);
    Ok(Reply::ok(json!({"data": data, "links": {"next": next}})))
}

pub(super) fn last_active(tenant: &Atlassian, id: &str) -> Answer {
    let account = find(tenant, id)?;
    if tenant.switches.original_user_management {
        return Err(not_there());
    }
    let products: Vec<Value> = account
        .activity
        .iter()
        .map(|a| {
            json!({"id": a.resource_id, "key": tenant.owner_of(&a.resource_id), "last_active": a.day,
                   "last_active_timestamp": stamp(&a.day)})
        })
        .collect();
    Ok(Reply::ok(json!({
        "data": {"product_access": products, "added_to_org": account.added_to_org}, "links": {"next": null}
    })))
}
