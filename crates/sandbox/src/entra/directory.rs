//! Users, existing and deleted, as Graph shows them. It must never find a user by a filter that the real directory
//! would refuse, because this would hide a wrong fallback order.

use serde_json::{Map, Value, json};

use super::answer::{Refusal, Reply, page, page_of, select};
use super::filter::{Clause, Op, parse};
use super::request::Ask;
use super::state::{Entra, User};
use super::switches::Switches;

const ODATA_TYPE: &str = "microsoft.graph.user";
pub(super) const READ_USERS: &[&str] =
    &["User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"];
/// The properties returned without `$select`. `accountEnabled` is not among them.
const DEFAULT_FIELDS: &[&str] = &[
    "businessPhones",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
    "id",
];

impl User {
    /// Every property of the allow-list, whether requested or not.
    pub(super) fn properties(&self) -> Map<String, Value> {
        let synced = self.on_premises_sync_enabled;
        let value = json!({
            "id": self.id,
            "userPrincipalName": self.upn,
            "mail": self.mail,
            "proxyAddresses": self.proxy_addresses,
            "otherMails": self.other_mails,
            "accountEnabled": self.account_enabled,
            "userType": self.user_type,
            "displayName": self.display_name,
            "givenName": self.given_name,
            "surname": self.surname,
            "department": self.department,
            "jobTitle": self.job_title,
            "createdDateTime": self.created.to_string(),
            "deletedDateTime": self.deleted.map(|at| at.to_string()),
            "onPremisesSyncEnabled": synced,
            "onPremisesLastSyncDateTime": synced.and(Some(self.created.to_string())),
            "onPremisesProvisioningErrors": [],
            "onPremisesImmutableId": self.on_premises_immutable_id,
            "onPremisesSamAccountName": null,
            "onPremisesDomainName": null,
            "onPremisesUserPrincipalName": self.on_premises_upn,
            "onPremisesExtensionAttributes": self.extensions(),
            "externalUserState": (self.user_type == "Guest").then_some("Accepted"),
            "mailNickname": self.mail_nickname,
            "businessPhones": [],
            "companyName": null,
            "creationType": null,
            "employeeId": self.employee_id,
            "employeeType": null,
            "identities": [],
            "isResourceAccount": null,
            "mobilePhone": null,
            "officeLocation": null,
            "preferredLanguage": null,
            "usageLocation": null,
        });
        match value {
            Value::Object(map) => map,
            _ => Map::new(),
        }
    }

    /// All fifteen extension attributes, set or not.
    fn extensions(&self) -> Map<String, Value> {
        (1..=15)
            .map(|number| format!("extensionAttribute{number}"))
            .map(|name| (name.clone(), self.extension_attributes.get(&name).cloned().into()))
            .collect()
    }

    /// The attributes that a mapping may name, with the names of the provisioning service: the object id is
    /// `objectId`, and extension attributes are top-level attributes. A guest's name has no mark `#EXT#`.
    pub(super) fn source(&self, switches: &Switches) -> Map<String, Value> {
        let mut source = self.properties();
        source.extend(self.extensions());
        source.insert("objectId".into(), self.id.clone().into());
        source.insert("originalUserPrincipalName".into(), self.upn.clone().into());
        source.insert("userPrincipalName".into(), switches.guest_name.of(&self.upn).into());
        source
    }
}

/// An existing user by object id or by user principal name.
pub(super) fn find<'a>(entra: &'a Entra, key: &str) -> Result<&'a User, Refusal> {
    entra
        .users
        .get(key)
        .or_else(|| entra.users.values().find(|user| same(&user.upn, key)))
        .ok_or_else(|| Refusal::missing(key))
}

/// Compares without case, as the directory does.
pub(super) fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

/// `GET /users/{id or UPN}`
pub(super) fn user(entra: &Entra, ask: &Ask, key: &str) -> Result<Reply, Refusal> {
    ask.need(READ_USERS)?;
    ask.only(&["$select"])?;
    let mut body = select(ask, ODATA_TYPE, &find(entra, key)?.properties(), DEFAULT_FIELDS)
        .map_err(|refusal| without_fault(entra, ask, refusal))?;
    body.insert("@odata.context".into(), format!("{}/v1.0/$metadata#users/$entity", ask.base).into());
    Ok(Reply::ok(body.into()))
}

/// A mapping may name an attribute that a Graph user does not have. A client learns that only from the refusal, so asking
/// for such an attribute is no fault.
fn without_fault(entra: &Entra, ask: &Ask, refusal: Refusal) -> Refusal {
    let jobs = entra.service_principals.values().filter_map(|sp| sp.job.as_ref());
    let schemas: Vec<String> = jobs.map(|job| job.schema.to_string().to_lowercase()).collect();
    let mapped = |name: &str| schemas.iter().any(|schema| schema.contains(&name.trim().to_lowercase()));
    match ask.option("$select") {
        Some(list) if list.split(',').all(|name| name == "id" || mapped(name)) => {
            Refusal { fault: None, ..refusal }
        }
        _ => refusal,
    }
}

/// `GET /organization`: the tenant itself, with its verified domains.
pub(super) fn organization(entra: &Entra, ask: &Ask) -> Result<Reply, Refusal> {
    ask.need(&["Organization.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"])?;
    ask.only(&["$select"])?;
    let domains: Vec<Value> = entra
        .domains
        .iter()
        .map(|name| json!({"name": name, "type": "Managed", "isDefault": false, "isInitial": false}))
        .collect();
    let tenant = json!({"id": entra.tenant_id, "displayName": "Acme", "verifiedDomains": domains});
    let all = tenant.as_object().cloned().unwrap_or_default();
    let one = select(ask, "microsoft.graph.organization", &all, &["id", "displayName", "verifiedDomains"])?;
    let context = format!("{}/v1.0/$metadata#organization", ask.base);
    Ok(Reply::ok(json!({"@odata.context": context, "value": [one]})))
}

/// `GET /users`
pub(super) fn users(entra: &Entra, ask: &Ask) -> Result<Reply, Refusal> {
    ask.need(READ_USERS)?;
    list(entra, ask, "users", entra.users.len(), entra.users.values())
}

/// `GET /directory/deletedItems/microsoft.graph.user`
pub(super) fn deleted(entra: &Entra, ask: &Ask) -> Result<Reply, Refusal> {
    ask.need(READ_USERS)?;
    let context = "directory/deletedItems/microsoft.graph.user";
    list(entra, ask, context, entra.deleted_users.len(), entra.deleted_users.values())
}

fn list<'a>(
    entra: &Entra,
    ask: &Ask,
    context: &str,
    total: usize,
    users: impl Iterator<Item = &'a User>,
) -> Result<Reply, Refusal> {
    ask.only(&["$select", "$filter", "$top", "$count", "$skiptoken"])?;
    let clause = match ask.option("$filter") {
        None => None,
        Some(text) => Some(one_clause(ask, text)?),
    };
    // Properties are checked even if no user matches.
    select(ask, ODATA_TYPE, &User::default().properties(), DEFAULT_FIELDS)?;
    let Some(clause) = clause else {
        return page_of(ask, &entra.switches, context, total, 999, |start, size| {
            let page = users.skip(start).take(size);
            page.map(|user| select(ask, ODATA_TYPE, &user.properties(), DEFAULT_FIELDS).map(Value::from))
                .collect()
        });
    };
    let mut items = Vec::new();
    for user in users {
        let all = user.properties();
        if holds(&clause, &all) {
            items.push(select(ask, ODATA_TYPE, &all, DEFAULT_FIELDS)?.into());
        }
    }
    page(ask, &entra.switches, context, items, 999)
}

/// Parses a filter with a single clause and the operators of the filter table (section 4.1).
fn one_clause(ask: &Ask, text: &str) -> Result<Clause, Refusal> {
    let mut clauses = parse(text).map_err(|why| Refusal::bad(format!("Invalid filter clause: {why}")))?;
    let clause = match (clauses.pop(), clauses.is_empty()) {
        (Some(clause), true) => clause,
        _ => return Err(Refusal::bad("Only filters of a single clause are known to work on users.")),
    };
    let Some(rule) = rule(&clause) else {
        return Err(Refusal::fault(
            400,
            "Request_UnsupportedQuery",
            format!("Unsupported or invalid query filter clause specified for property '{}'.", clause.path),
        ));
    };
    if rule == Query::Advanced && !ask.advanced() {
        return Err(Refusal::fault(
            400,
            "Request_UnsupportedQuery",
            format!(
                "The filter on '{}' is not supported without ConsistencyLevel: eventual and $count=true.",
                clause.path
            ),
        ));
    }
    Ok(clause)
}

/// What a filter requires.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Query {
    Default,
    /// The header `ConsistencyLevel: eventual` and `$count=true`.
    Advanced,
}

/// Microsoft's table of filters on directory objects: which operator a property supports, and how. None if the
/// property does not support the operator or is unknown.
fn rule(clause: &Clause) -> Option<Query> {
    use Query::{Advanced, Default};
    let extension = clause.path.strip_prefix("onPremisesExtensionAttributes/extensionAttribute");
    if let Some(number) = extension {
        let known = number.parse::<u8>().is_ok_and(|number| (1..=15).contains(&number));
        return (known && clause.quoted && matches!(clause.op, Op::Eq | Op::In)).then_some(Advanced);
    }
    match (clause.path.as_str(), clause.op, clause.quoted) {
        (
            "mail"
            | "userPrincipalName"
            | "displayName"
            | "mailNickname"
            | "onPremisesUserPrincipalName"
            | "givenName"
            | "surname"
            | "department",
            Op::Eq | Op::In | Op::StartsWith,
            true,
        )
        | ("employeeId", Op::Eq | Op::StartsWith, true)
        | ("jobTitle" | "id", Op::Eq | Op::In, true)
        | ("proxyAddresses" | "otherMails", Op::AnyEq, true) => Some(Default),
        ("accountEnabled", Op::Eq, false) => {
            clause.values.iter().all(|v| v == "true" || v == "false").then_some(Default)
        }
        ("mail" | "userPrincipalName", Op::EndsWith, true)
        | ("onPremisesImmutableId", Op::Eq | Op::In, true)
        | ("companyName", Op::Eq | Op::In | Op::StartsWith, true) => Some(Advanced),
        _ => None,
    }
}

pub(super) fn holds(clause: &Clause, all: &Map<String, Value>) -> bool {
    let (name, part) = clause.path.split_once('/').unwrap_or((&clause.path, ""));
    let whole = all.get(name);
    let actual = if part.is_empty() { whole } else { whole.and_then(|whole| whole.get(part)) };
    let Some(actual) = actual else { return false };
    clause.values.iter().any(|wanted| match (clause.op, actual) {
        (Op::AnyEq, Value::Array(items)) => {
            items.iter().filter_map(Value::as_str).any(|item| same(item, wanted))
        }
        (Op::Eq, Value::Bool(is)) => is.to_string() == *wanted,
        (Op::Eq | Op::In, Value::String(text)) => same(text, wanted),
        (Op::StartsWith, Value::String(text)) => text.to_lowercase().starts_with(&wanted.to_lowercase()),
        (Op::EndsWith, Value::String(text)) => text.to_lowercase().ends_with(&wanted.to_lowercase()),
        _ => false,
    })
}
