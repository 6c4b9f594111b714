//! `/users/{account_id}/manage…`: what an organization may do to its managed accounts. The permission document and
//! every write use the same rule, so the document is always true.

use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use super::ask::{Answer, Ask, Reply};
use super::state::{Account, Atlassian, Status};
use super::switches::PrivilegesQuery;

const DELETION_GRACE: SignedDuration = SignedDuration::from_hours(14 * 24);
const FIELDS: [&str; 10] = [
    "name",
    "nickname",
    "zoneinfo",
    "locale",
    "extended_profile.phone_number",
    "extended_profile.job_title",
    "extended_profile.organization",
    "extended_profile.department",
    "extended_profile.location",
    "extended_profile.team_type",
];
const PRIVILEGES: [&str; 12] = [
    "email.set",
    "lifecycle.enablement",
    "lifecycle.delete",
    "profile",
    "profile.write",
    "profile.read",
    "linkedAccounts.read",
    "apiToken.read",
    "apiToken.delete",
    "avatar",
    "privacy.set",
    "session.read",
];

pub(super) fn answer(tenant: &mut Atlassian, ask: &Ask, id: &str, rest: &[&str]) -> Answer {
    authorize(tenant, ask)?;
    tenant.actor = "organization-key".to_owned();
    let account = tenant.accounts.get(id).filter(|a| a.status != Status::Closed);
    let account = account.ok_or_else(|| Reply::keyed(404, "accountNotFound"))?.clone();
    if !account.managed() {
        return Err(Reply::keyed(403, "forbidden"));
    }
    match (ask.method.as_str(), rest) {
        ("GET", []) => permissions(tenant, ask, &account),
        ("GET", ["profile"]) => Ok(Reply::ok(json!({"account": profile(&account)}))),
        ("PATCH", ["profile"]) => write_profile(tenant, ask, &account),
        ("PUT", ["email"]) => set_email(tenant, ask, &account),
        ("GET", ["api-tokens"]) => Ok(Reply::ok(json!([]))),
        ("POST", ["lifecycle", "disable"]) => {
            message(ask)?;
            allow(tenant, &account, "lifecycle.enablement")?;
            blocked(&account)?;
            tenant.set_active(id, false);
            Ok(Reply::empty(204))
        }
        ("POST", ["lifecycle", "enable"]) => {
            allow(tenant, &account, "lifecycle.enablement")?;
            tenant.set_active(id, true);
            Ok(Reply::empty(204))
        }
        ("POST", ["lifecycle", "delete"]) => {
            allow(tenant, &account, "lifecycle.delete")?;
            blocked(&account)?;
            tenant.set_active(id, false);
            let due = tenant.now.saturating_add(DELETION_GRACE).ok();
            if let Some(found) = tenant.accounts.get_mut(id).filter(|a| a.deletion_due.is_none()) {
                found.deletion_due = due;
            }
            tenant.log("MANAGED_ACCOUNT_DELETION_SCHEDULED", id, "");
            Ok(Reply::ok(json!({"message": "Success"})))
        }
        ("POST", ["lifecycle", "cancel-delete"]) => {
            allow(tenant, &account, "lifecycle.delete")?;
            if let Some(found) = tenant.accounts.get_mut(id).filter(|a| a.pending()) {
                found.deletion_due = None;
                found.status = Status::Active;
                tenant.log("MANAGED_ACCOUNT_DELETION_CANCELLED", id, "");
            }
            Ok(Reply::ok(json!({"message": "Success"})))
        }
        _ => Err(Reply::keyed(404, "notFound").faulty("no such path or method")),
    }
}

fn authorize(tenant: &Atlassian, ask: &Ask) -> Result<(), Reply> {
    let refused = Reply::keyed(401, "unauthorized");
    match ask.key.as_deref() {
        Some(key) if key == tenant.org_key => Ok(()),
        // Measured by the author of a client: the form that creates scoped keys does not offer this scope.
        Some(key) if tenant.scoped_key.as_deref() == Some(key) => Err(Reply::json(
            403,
            json!({"key": "forbidden", "context": {"message": "The key lacks the scope manage:org"}}),
        )),
        Some(key) if tenant.directories.iter().any(|d| d.key == key) => {
            Err(refused.faulty("a SCIM key was sent to user management"))
        }
        Some(_) => Err(refused),
        None => Err(refused.faulty("no bearer key")),
    }
}

/// The shared rule: why a privilege on this account is refused, if it is.
fn refusal(tenant: &Atlassian, account: &Account, privilege: &str) -> Option<String> {
    let linked = !tenant.records_of(&account.id).is_empty();
    let key = match privilege {
        "privacy.set" => "myselfOnly",
        "email.set" | "lifecycle.enablement" | "lifecycle.delete" | "name" => {
            if let Some(reason) = &account.restricted {
                return Some(reason.clone());
            }
            let own = tenant.key_owner.as_ref() == Some(&account.id) && privilege != "name";
            let by_scim = privilege != "lifecycle.delete" || tenant.switches.delete_refused_while_linked;
            let too_late = match privilege {
                "email.set" => tenant.switches.email_refused_while_pending,
                "lifecycle.enablement" => true,
                _ => false,
            };
            if own {
                "administrative.notMyself"
            } else if linked && by_scim {
                "externalDirectory.scim"
            } else if account.pending() && too_late {
                "administrative"
            } else {
                return None;
            }
        }
        _ => return None,
    };
    Some(key.to_owned())
}

fn verdict(tenant: &Atlassian, account: &Account, privilege: &str) -> Value {
    match refusal(tenant, account, privilege) {
        Some(key) => json!({"allowed": false, "reason": {"key": key}}),
        None => json!({"allowed": true}),
    }
}

fn allow(tenant: &Atlassian, account: &Account, privilege: &str) -> Result<(), Reply> {
    let context = verdict(tenant, account, privilege);
    if context.get("allowed") == Some(&json!(true)) {
        return Ok(());
    }
    Err(Reply::json(403, json!({"key": "forbidden.action", "context": context})))
}

fn blocked(account: &Account) -> Result<(), Reply> {
    let Some(code) = &account.blocked_by else { return Ok(()) };
    let message = "The account still owns something that must be handed over first";
    Err(Reply::json(
        409,
        json!({"key": "conflict.lifecycleErrors", "context": {"message": message, "accountId": account.id,
               "errorCodes": [{"code": code, "message": message, "link": "https://support.atlassian.com"}]}}),
    ))
}

fn permissions(tenant: &Atlassian, ask: &Ask, account: &Account) -> Answer {
    let asked: Vec<&str> =
        ask.query.iter().filter(|(n, _)| n == "privileges").map(|(_, v)| v.as_str()).collect();
    if let Some(name) = ask.unknown_param(&["privileges"]) {
        return Err(violation("privileges", "unknown").faulty(format!("unknown query parameter {name}")));
    }
    let wanted: Vec<&str> = match tenant.switches.privileges_query {
        PrivilegesQuery::Repeated => asked,
        PrivilegesQuery::Comma if asked.len() > 1 => return Err(violation("privileges", "repeated")),
        _ => asked.iter().flat_map(|v| v.split(',')).collect(),
    };
    if let Some(name) = wanted.iter().find(|name| !PRIVILEGES.contains(name)) {
        let both = tenant.switches.privileges_query == PrivilegesQuery::Both;
        let refused = violation("privileges", "unknown");
        return Err(if both { refused.faulty(format!("unknown privilege {name}")) } else { refused });
    }
    let mut document = Map::new();
    for name in PRIVILEGES.iter().filter(|name| wanted.is_empty() || wanted.contains(name)) {
        let rule = match *name {
            "profile" | "profile.write" => {
                let fields = FIELDS.iter().map(|f| ((*f).to_owned(), verdict(tenant, account, f)));
                Value::Object(fields.collect())
            }
            name => verdict(tenant, account, name),
        };
        document.insert((*name).to_owned(), rule);
    }
    Ok(Reply::ok(Value::Object(document)))
}

fn set_email(tenant: &mut Atlassian, ask: &Ask, account: &Account) -> Answer {
    let body = body(ask)?;
    let email = body.get("email").and_then(Value::as_str).filter(|_| body.len() == 1);
    let Some(email) = email else {
        return Err(
            Reply::keyed(400, "bodyParseFailure").faulty("the body must hold an email and nothing else")
        );
    };
    let (local, domain) = email.rsplit_once('@').unwrap_or_default();
    let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, ',' | '<' | '>' | '@');
    if local.is_empty() || local.contains(odd) || !domain.contains('.') || domain.contains(odd) {
        return Err(violation("email", "validCharacters"));
    }
    allow(tenant, account, "email.set")?;
    if !tenant.claims(email) {
        return Err(Reply::json(
            403,
            json!({"key": "forbidden.unclaimedDomain", "context": {"domain": domain}}),
        ));
    }
    if tenant.bearer(email).is_some_and(|other| other.id != account.id) {
        let mut refused = violation("email", &tenant.switches.email_taken_key);
        refused.status = tenant.switches.email_taken_status;
        return Err(refused);
    }
    if let Some(found) = tenant.accounts.get_mut(&account.id) {
        email.clone_into(&mut found.email);
        found.email_verified = true;
        found.sessions = 0;
    }
    tenant.log("EMAIL_CHANGE", &account.id, &format!("{} became {email}", account.email));
    Ok(Reply::empty(204))
}

fn write_profile(tenant: &mut Atlassian, ask: &Ask, account: &Account) -> Answer {
    let body = body(ask)?;
    let known = ["name", "nickname", "zoneinfo", "locale", "extended_profile"];
    if let Some(field) = body.keys().find(|field| !known.contains(&field.as_str())) {
        return Err(Reply::json(
            403,
            json!({"key": "forbidden.fieldMutation", "context": {field.as_str(): {"allowed": false}}}),
        )
        .faulty(format!("{field} is not writable here")));
    }
    if body.contains_key("name") && refusal(tenant, account, "name").is_some() {
        let context = json!({"name": verdict(tenant, account, "name")});
        return Err(Reply::json(403, json!({"key": "forbidden.fieldMutation", "context": context})));
    }
    let Some(found) = tenant.accounts.get_mut(&account.id) else {
        return Err(Reply::keyed(404, "accountNotFound"));
    };
    for (field, value) in body {
        match (field.as_str(), value.as_str()) {
            ("name", Some(name)) => name.clone_into(&mut found.name),
            _ => drop(found.profile.insert(field, value)),
        }
    }
    Ok(Reply::ok(json!({"account": profile(found)})))
}

fn profile(account: &Account) -> Value {
    let status = if account.status == Status::Active { "active" } else { "inactive" };
    let mut shown = json!({
        "account_id": account.id, "account_type": account.kind, "account_status": status,
        "name": account.display_name(), "nickname": account.display_name(), "zoneinfo": "Etc/UTC",
        "locale": "en-US", "email": account.email, "email_verified": account.email_verified,
        "picture": "https://avatar-management--avatars.us-west-2.prod.public.atl-paas.net/default-avatar.png",
        "extended_profile": {}, "characteristics": {"not_mentionable": null},
        "privacy_settings": {"name": "public", "nickname": "public", "picture": "collaborator",
            "zoneinfo": "collaborator", "email": "collaborator"}
    });
    if let Some(map) = shown.as_object_mut() {
        map.extend(account.profile.clone());
    }
    shown
}

fn body(ask: &Ask) -> Result<Map<String, Value>, Reply> {
    ask.object().map_err(|why| Reply::keyed(400, "bodyParseFailure").faulty(why))
}

/// The body of `disable` is optional and contains a message for the person.
fn message(ask: &Ask) -> Result<(), Reply> {
    if !ask.has_body() || body(ask)?.iter().all(|(name, value)| name == "message" && value.is_string()) {
        return Ok(());
    }
    Err(Reply::keyed(400, "bodyParseFailure").faulty("only a message may be sent along"))
}

fn violation(field: &str, key: &str) -> Reply {
    let violations = json!([{"field": field, "violations": [{"key": key}]}]);
    Reply::json(400, json!({"key": "fieldConstraintsViolated", "context": {"fieldViolations": violations}}))
}
