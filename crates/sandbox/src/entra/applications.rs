//! App registrations with their client secrets, as Graph lists them: when each ends and its first characters. It must
//! never show a secret.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::answer::{Refusal, Reply, page, select};
use super::filter::{Op, parse};
use super::request::Ask;
use super::state::{App, Entra};

const ODATA_TYPE: &str = "microsoft.graph.application";
const READ_PERMISSIONS: &[&str] = &[
    "Application.Read.All",
    "Application.ReadWrite.OwnedBy",
    "Application.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
const DEFAULT_FIELDS: &[&str] = &["id", "appId", "displayName", "passwordCredentials", "keyCredentials"];
/// The object id of a registration differs from its client id.
const OBJECT_ID_PREFIX: &str = "registration-";

impl App {
    fn properties(&self, client_id: &str, now: Timestamp) -> Map<String, Value> {
        let yesterday = now.checked_sub(SignedDuration::from_hours(24)).unwrap_or(now);
        let valid = self.secret.iter().map(|secret| (hint(secret), self.secret_ends));
        let expired = self.expired_secrets.iter().map(|secret| (hint(secret), yesterday));
        let all = valid.chain(expired).chain(self.other_secrets.iter().cloned());
        let secrets: Vec<Value> = all
            .map(|(hint, ends)| {
                json!({
                    "customKeyIdentifier": null, "displayName": "Reinstate", "endDateTime": ends.to_string(),
                    "hint": hint, "keyId": "f0b0b335-1d71-4883-8f98-567911bfdca6", "secretText": null,
                    "startDateTime": "2026-01-01T00:00:00Z",
                })
            })
            .collect();
        let value = json!({
            "id": format!("{OBJECT_ID_PREFIX}{client_id}"), "appId": client_id, "displayName": "Reinstate",
            "passwordCredentials": secrets, "keyCredentials": [],
        });
        match value {
            Value::Object(map) => map,
            _ => Map::new(),
        }
    }
}

/// What Microsoft shows of a secret: its first three characters.
fn hint(secret: &str) -> String {
    secret.chars().take(3).collect()
}

/// `GET /applications?$filter=appId eq '…'`
pub(super) fn list(entra: &Entra, ask: &Ask, now: Timestamp) -> Result<Reply, Refusal> {
    ask.need(READ_PERMISSIONS)?;
    ask.only(&["$select", "$filter", "$top", "$count", "$skiptoken"])?;
    let clauses = match ask.option("$filter") {
        None => Vec::new(),
        Some(text) => parse(text).map_err(|why| Refusal::bad(format!("Invalid filter clause: {why}")))?,
    };
    if clauses.len() > 1
        || clauses.iter().any(|clause| !clause.quoted || clause.path != "appId" || clause.op != Op::Eq)
    {
        return Err(Refusal::fault(
            400,
            "Request_UnsupportedQuery",
            "Unsupported or invalid query filter clause specified for applications.",
        ));
    }
    let mut items = Vec::new();
    for (client_id, app) in &entra.apps {
        let item = select(ask, ODATA_TYPE, &app.properties(client_id, now), DEFAULT_FIELDS)?;
        if clauses
            .iter()
            .all(|clause| clause.values.iter().any(|value| value.eq_ignore_ascii_case(client_id)))
        {
            items.push(item.into());
        }
    }
    page(ask, &entra.switches, "applications", items, 999)
}
