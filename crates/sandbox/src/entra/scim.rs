//! The provisioning service as a SCIM client: capitalised operations, one filter for each matching attribute, over
//! HTTP. It must never call anything but the job's own base address.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Client, Method};
use serde_json::{Map, Value, json};

use crate::in_process::Services;
use crate::wire::FROM_JOB;

/// The target as a job's settings name it.
#[derive(Clone, Debug)]
pub(super) struct Scim {
    pub base: String,
    pub key: String,
    /// Whether booleans are sent as strings (no `aadOptscim062020` in the tenant URL).
    pub strings: bool,
    /// The target in this process, if it is not reached over the network.
    pub services: Option<Services>,
}

/// The target refused, or could not be reached (then there is no status).
#[derive(Clone, Debug)]
pub(super) struct Refused {
    pub status: Option<u16>,
    pub body: String,
}

/// Users or groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    User,
    Group,
}

impl Kind {
    /// The object's name in Graph and in events.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    fn resource(self) -> &'static str {
        match self {
            Self::User => "Users",
            Self::Group => "Groups",
        }
    }

    fn schema(self) -> &'static str {
        match self {
            Self::User => "urn:ietf:params:scim:schemas:core:2.0:User",
            Self::Group => "urn:ietf:params:scim:schemas:core:2.0:Group",
        }
    }
}

fn client() -> Result<&'static Client, Refused> {
    static CLIENT: OnceLock<Option<Client>> = OnceLock::new();
    let made = CLIENT.get_or_init(|| {
        // reqwest has no TLS provider of its own, and a test that starts here has not installed one yet.
        if rustls::crypto::CryptoProvider::get_default().is_none()
            && rustls::crypto::ring::default_provider().install_default().is_err()
        {
            tracing::debug!("another thread installed the TLS provider first");
        }
        let builder = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            // The client outlives the runtimes of tests, but idle connections do not.
            .pool_max_idle_per_host(0)
            .timeout(Duration::from_secs(30));
        builder.build().inspect_err(|error| tracing::error!(%error, "no HTTP client for SCIM")).ok()
    });
    made.as_ref().ok_or_else(|| Refused { status: None, body: "no HTTP client".into() })
}

/// All but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

impl Scim {
    /// One record by its id.
    pub async fn get(&self, kind: Kind, id: &str) -> Result<Value, Refused> {
        self.send(Method::GET, &format!("{}/{}", kind.resource(), encode(id)), None).await
    }

    /// Records whose attribute has this value.
    pub async fn find(&self, kind: Kind, attribute: &str, value: &str) -> Result<Vec<Value>, Refused> {
        let filter = format!("{attribute} eq {}", Value::String(value.to_owned()));
        let path = format!("{}?filter={}", kind.resource(), encode(&filter));
        let list = self.send(Method::GET, &path, None).await?;
        Ok(list.get("Resources").and_then(Value::as_array).cloned().unwrap_or_default())
    }

    /// A new record.
    pub async fn create(&self, kind: Kind, attributes: &BTreeMap<String, Value>) -> Result<Value, Refused> {
        let mut body = Map::new();
        body.insert("schemas".into(), json!([kind.schema()]));
        for (path, value) in attributes {
            set(&mut body, path, self.wire(value));
        }
        self.send(Method::POST, kind.resource(), Some(body.into())).await
    }

    /// Updates attributes: `Add` where the target had none, otherwise `Replace`.
    pub async fn update(
        &self,
        kind: Kind,
        id: &str,
        changes: &[(String, Option<Value>, Value)],
    ) -> Result<Value, Refused> {
        let operations = changes
            .iter()
            .map(|(path, old, new)| {
                let op = if old.is_some() { "Replace" } else { "Add" };
                json!({"op": op, "path": path, "value": self.wire(new)})
            })
            .collect();
        self.patch(kind, id, operations).await
    }

    /// Adds and removes members, by SCIM id.
    pub async fn members(&self, group: &str, add: &[String], remove: &[String]) -> Result<Value, Refused> {
        let mut operations = Vec::new();
        if !add.is_empty() {
            let values: Vec<Value> = add.iter().map(|id| json!({"value": id})).collect();
            operations.push(json!({"op": "Add", "path": "members", "value": values}));
        }
        for id in remove {
            let id = Value::String(id.clone());
            operations.push(json!({"op": "Remove", "path": format!("members[value eq {id}]")}));
        }
        self.patch(Kind::Group, group, operations).await
    }

    /// Deletes a record.
    pub async fn delete(&self, kind: Kind, id: &str) -> Result<Value, Refused> {
        self.send(Method::DELETE, &format!("{}/{}", kind.resource(), encode(id)), None).await
    }

    async fn patch(&self, kind: Kind, id: &str, operations: Vec<Value>) -> Result<Value, Refused> {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations,
        });
        self.send(Method::PATCH, &format!("{}/{}", kind.resource(), encode(id)), Some(body)).await
    }

    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value, Refused> {
        let unreachable = |error: reqwest::Error| Refused { status: None, body: error.to_string() };
        let url = format!("{}/{path}", self.base.trim_end_matches('/'));
        let mut request = client()?.request(method, url).bearer_auth(&self.key).header(FROM_JOB, "1");
        if let Some(body) = body {
            request = request.header("content-type", "application/scim+json").body(body.to_string());
        }
        let response = match &self.services {
            None => request.send().await.map_err(unreachable)?,
            Some(services) => {
                let answer = services.deliver(request.build().map_err(unreachable)?).await;
                answer.ok_or_else(|| Refused { status: None, body: "the connection was lost".to_owned() })?
            }
        };
        let status = response.status().as_u16();
        let text = response.text().await.map_err(unreachable)?;
        if (200..300).contains(&status) {
            Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
        } else {
            Err(Refused { status: Some(status), body: text })
        }
    }

    fn wire(&self, value: &Value) -> Value {
        match value {
            Value::Bool(is) if self.strings => Value::String(if *is { "True" } else { "False" }.into()),
            other => other.clone(),
        }
    }
}

/// The parts of a target attribute name: extension, name, type of a multi-valued attribute, sub-attribute.
fn parts(path: &str) -> (Option<&str>, &str, Option<&str>, Option<&str>) {
    let (urn, path) = match path.strip_prefix("urn:").and_then(|_| path.rfind(':')) {
        Some(at) => (path.get(..at), path.get(at.saturating_add(1)..).unwrap_or_default()),
        None => (None, path),
    };
    if let Some((name, rest)) = path.split_once("[type eq \"")
        && let Some((kind, sub)) = rest.split_once("\"].")
    {
        return (urn, name, Some(kind), Some(sub));
    }
    match path.split_once('.') {
        Some((name, sub)) => (urn, name, None, Some(sub)),
        None => (urn, path, None, None),
    }
}

/// Writes an attribute into a record.
fn set(record: &mut Map<String, Value>, path: &str, value: Value) {
    let (urn, name, kind, sub) = parts(path);
    let place = match urn {
        None => record,
        Some(urn) => match record.entry(urn).or_insert_with(|| json!({})) {
            Value::Object(extension) => extension,
            _ => return,
        },
    };
    match (kind, sub) {
        (Some(kind), Some(sub)) => {
            place.insert(name.into(), json!([{"type": kind, "primary": true, sub: value}]));
        }
        (None, Some(sub)) => {
            if let Value::Object(complex) = place.entry(name).or_insert_with(|| json!({})) {
                complex.insert(sub.into(), value);
            }
        }
        _ => {
            place.insert(name.into(), value);
        }
    }
}

/// Reads an attribute from a record.
pub(super) fn read(record: &Value, path: &str) -> Option<Value> {
    let (urn, name, kind, sub) = parts(path);
    let place = urn.map_or(Some(record), |urn| record.get(urn))?;
    let value = place.get(name)?;
    match (kind, sub) {
        (Some(kind), Some(sub)) => value
            .as_array()?
            .iter()
            .find(|item| item.get("type").and_then(Value::as_str) == Some(kind))?
            .get(sub)
            .cloned(),
        (None, Some(sub)) => value.get(sub).cloned(),
        _ => Some(value.clone()),
    }
}
