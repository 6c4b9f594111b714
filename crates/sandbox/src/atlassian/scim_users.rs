//! SCIM users. Only this module links a record to an account, changes its address, or removes the link. A record
//! whose address belongs to a managed account is linked to it, and the account keeps its history.

use serde_json::{Map, Value};

use super::ask::{Answer, Ask, Reply};
use super::rules::same;
use super::scim_record::{apply, overwrite, render};
use super::scim_request::{body, filter, page, shaped};
use super::state::{Atlassian, ScimUser, Status};

/// What happens to the account of a record that is written.
enum Link {
    /// It stays linked, or becomes linked.
    To(String),
    /// No account to link to, or no longer one.
    Orphan,
    /// A claimed address that nobody has: a new managed account.
    New,
}

pub(super) fn list(tenant: &Atlassian, ask: &Ask, directory: &str) -> Answer {
    let filter = filter(ask, &["userName", "externalId"])?;
    if let (None, Some(index)) = (&filter, &tenant.index) {
        let all = index.records.get(directory).map(Vec::as_slice).unwrap_or_default();
        return page(tenant, ask, all, true, |id| {
            tenant.scim_users.get(id).map_or(Value::Null, |u| render(tenant, u))
        });
    }
    let mut found: Vec<&ScimUser> = tenant
        .scim_users
        .values()
        .filter(|u| u.directory == directory)
        .filter(|u| match &filter {
            Some((name, value)) if name == "userName" => same(&u.user_name, value),
            Some((_, value)) => u.external_id.as_ref() == Some(value),
            None => true,
        })
        .collect();
    found.sort_by(|a, b| a.id.cmp(&b.id));
    page(tenant, ask, &found, true, |user| render(tenant, user))
}

fn find(tenant: &Atlassian, directory: &str, id: &str) -> Result<ScimUser, Reply> {
    let found = tenant.scim_users.get(id).filter(|u| u.directory == directory).cloned();
    found.ok_or_else(|| Reply::scim(404, None, format!("Resource [USER]: with id[{id}] not found.")))
}

pub(super) fn get(tenant: &Atlassian, ask: &Ask, directory: &str, id: &str) -> Answer {
    Ok(Reply::ok(shaped(ask, render(tenant, &find(tenant, directory, id)?))?))
}

pub(super) fn create(tenant: &mut Atlassian, ask: &Ask, directory: &str) -> Answer {
    let body = body(ask)?;
    let now = tenant.now;
    let mut draft = ScimUser {
        id: String::new(),
        directory: directory.to_owned(),
        user_name: String::new(),
        external_id: None,
        email: String::new(),
        active: true,
        account: None,
        linked_at: now,
        rest: Map::new(),
        created: now,
        modified: now,
    };
    overwrite(&mut draft, &body)?;
    let link = decide(tenant, &draft, true)?;
    draft.id = tenant.fresh_id("scim-user");
    tenant.log("SCIM_USER_CREATE", &draft.id, "SCIM record created");
    settle(tenant, draft, link, 201)
}

pub(super) fn replace(tenant: &mut Atlassian, ask: &Ask, directory: &str, id: &str) -> Answer {
    let mut draft = find(tenant, directory, id)?;
    overwrite(&mut draft, &body(ask)?)?;
    update(tenant, draft)
}

pub(super) fn patch(tenant: &mut Atlassian, ask: &Ask, directory: &str, id: &str) -> Answer {
    let mut draft = find(tenant, directory, id)?;
    apply(&mut draft, &body(ask)?)?;
    update(tenant, draft)
}

fn update(tenant: &mut Atlassian, mut draft: ScimUser) -> Answer {
    let link = decide(tenant, &draft, false)?;
    draft.modified = tenant.now;
    tenant.log("SCIM_USER_UPDATE", &draft.id, "SCIM record updated");
    settle(tenant, draft, link, 200)
}

/// Unlinks and deletes the record and deactivates the account, as the 2026 documents describe DELETE.
pub(super) fn delete(tenant: &mut Atlassian, directory: &str, id: &str) -> Answer {
    let user = find(tenant, directory, id)?;
    tenant.forget_record(id);
    let account = user.account.and_then(|id| tenant.accounts.get(&id)).filter(|a| a.managed());
    if let Some(id) = account.map(|a| a.id.clone()) {
        tenant.set_active(&id, false);
    }
    Ok(Reply::empty(204))
}

fn taken(attribute: &str, value: &str) -> Reply {
    Reply::scim(
        409,
        Some("uniqueness"),
        format!("Resource [USER]: with {attribute}[{value}] already exists."),
    )
}

/// Decides before anything changes: either the whole write happens or none of it.
fn decide(tenant: &Atlassian, draft: &ScimUser, create: bool) -> Result<Link, Reply> {
    for other in tenant.scim_users.values().filter(|u| u.directory == draft.directory && u.id != draft.id) {
        if same(&other.email, &draft.email) {
            return Err(taken("email", &draft.email));
        }
        if same(&other.user_name, &draft.user_name) {
            return Err(taken("userName", &draft.user_name));
        }
        if let Some(external_id) =
            draft.external_id.as_ref().filter(|id| other.external_id.as_ref() == Some(id))
        {
            return Err(taken("externalId", external_id));
        }
    }
    let bearer = tenant.bearer(&draft.email);
    if let Some(current) = draft.account.as_ref().and_then(|id| tenant.accounts.get(id)) {
        if !current.managed() || current.status == Status::Closed {
            return Ok(Link::Orphan);
        }
        return match bearer {
            Some(other) if other.id != current.id => Err(taken("email", &draft.email)),
            Some(_) => Ok(Link::To(current.id.clone())),
            None if tenant.claims(&draft.email) => Ok(Link::To(current.id.clone())),
            None => Ok(Link::Orphan),
        };
    }
    let switches = &tenant.switches;
    if !create && !switches.relink_on_update {
        return Ok(Link::Orphan);
    }
    let Some(bearer) = bearer else {
        return Ok(if create && tenant.claims(&draft.email) { Link::New } else { Link::Orphan });
    };
    if !bearer.managed() {
        return Ok(Link::Orphan);
    }
    let here = |u: &&ScimUser| u.directory == draft.directory && u.account.as_ref() == Some(&bearer.id);
    let busy = tenant.scim_users.values().filter(|u| u.id != draft.id).find(here).is_some();
    let allowed = match bearer.status {
        _ if busy => false,
        _ if bearer.pending() => switches.create_links_pending,
        Status::Inactive => switches.create_links_inactive,
        _ => true,
    };
    match (allowed, create) {
        (true, _) => Ok(Link::To(bearer.id.clone())),
        (false, true) => Err(taken("email", &draft.email)),
        (false, false) => Ok(Link::Orphan),
    }
}

fn settle(tenant: &mut Atlassian, mut draft: ScimUser, link: Link, status: u16) -> Answer {
    let id = draft.id.clone();
    let was = draft.account.clone();
    let target = match link {
        Link::To(account) => Some(account),
        Link::New => Some(tenant.make_account(&draft.email, &name_of(&draft))),
        Link::Orphan => None,
    };
    if target.is_some() && target != was {
        draft.account.clone_from(&target);
        draft.linked_at = tenant.now;
    }
    let (email, active, name) = (draft.email.clone(), draft.active, name_of(&draft));
    tenant.scim_users.insert(id.clone(), draft);
    match &target {
        Some(account) => {
            if was.as_ref() != Some(account) {
                tenant.log("SCIM_USER_LINKED_TO_AA", account, &format!("SCIM record {id} was linked"));
            }
            push(tenant, account, &email, &name);
            tenant.set_active(account, active);
        }
        None if was.is_some() => {
            let text = format!(
                "Email update to unmanaged user with ID {id}, primary email {email}, unlinked any associated atlassian account."
            );
            tenant.unlink(&id);
            tenant.log("SCIM_UNMANAGED_USER_UPDATED", &id, &text);
        }
        None if status == 201 => tenant.log("SCIM_UNMANAGED_USER_CREATED", &id, ""),
        None => tenant.log("SCIM_UNMANAGED_USER_UPDATED", &id, ""),
    }
    let body = tenant.scim_users.get(&id).map_or(Value::Null, |user| render(tenant, user));
    Ok(Reply::json(status, body))
}

/// Copies the data of SCIM to the linked account.
fn push(tenant: &mut Atlassian, account: &str, email: &str, name: &str) {
    let Some(found) = tenant.accounts.get_mut(account) else { return };
    if name != email {
        name.clone_into(&mut found.name);
    }
    if !same(&found.email, email) {
        let text = format!("{} became {email}", found.email);
        email.clone_into(&mut found.email);
        tenant.log("EMAIL_CHANGE", account, &text);
    }
}

fn name_of(user: &ScimUser) -> String {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let name = user.rest.get("name");
    let formatted = || text(name.and_then(|n| n.get("formatted")));
    text(user.rest.get("displayName")).or_else(formatted).unwrap_or_else(|| user.email.clone())
}
