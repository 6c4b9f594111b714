//! A small SCIM target: enough to record what the engine sends and to refuse it on request.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::lock;
use crate::wire::{Listening, listen};

#[derive(Default)]
pub(super) struct Records {
    pub by_path: BTreeMap<String, Value>,
    pub writes: Vec<(String, Value)>,
    pub refuse_writes: Option<(u16, Value)>,
    next: u32,
}

pub(super) struct Target {
    pub records: Arc<Mutex<Records>>,
    listening: Listening,
}

impl Target {
    pub async fn start() -> Self {
        let records = Arc::new(Mutex::new(Records::default()));
        let router = Router::new().fallback(handle).with_state(records.clone());
        let listening = listen(router, "127.0.0.1:0".parse().unwrap()).await.unwrap();
        Self { records, listening }
    }

    pub fn url(&self) -> String {
        format!("{}/scim/directory/d1", self.listening.url())
    }

    /// The only record of this kind.
    pub fn only(&self, kind: &str) -> Value {
        let records = lock(&self.records);
        let found: Vec<&Value> = records
            .by_path
            .iter()
            .filter(|(path, _)| path.starts_with(kind))
            .map(|(_, value)| value)
            .collect();
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].clone()
    }

    pub fn forget_writes(&self) {
        lock(&self.records).writes.clear();
    }

    pub fn writes(&self) -> Vec<(String, Value)> {
        lock(&self.records).writes.clone()
    }

    /// Removes everyone from the group without Entra's knowledge.
    pub fn empty_groups(&self) {
        for (path, record) in &mut lock(&self.records).by_path {
            if path.starts_with("Groups/") {
                record["members"] = json!([]);
            }
        }
    }

    pub fn members(&self) -> Vec<Value> {
        self.only("Groups/")["members"].as_array().cloned().unwrap_or_default()
    }
}

async fn handle(State(state): State<Arc<Mutex<Records>>>, request: Request) -> (StatusCode, String) {
    let key =
        request.headers().get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if key != "Bearer scim-key" {
        return (StatusCode::UNAUTHORIZED, json!({"error": "unauthorized"}).to_string());
    }
    let (method, uri) = (request.method().as_str().to_owned(), request.uri().clone());
    let body: Bytes = to_bytes(request.into_body(), 1 << 20).await.unwrap();
    let path = uri.path().strip_prefix("/scim/directory/d1/").unwrap().to_owned();
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let mut records = lock(&state);
    if method != "GET" {
        records.writes.push((format!("{method} {}", path.split('/').next().unwrap()), body.clone()));
        if let Some((status, body)) = &records.refuse_writes {
            return (StatusCode::from_u16(*status).unwrap(), body.to_string());
        }
    }
    match method.as_str() {
        "GET" if uri.query().is_some() => {
            let (_, filter) = url::form_urlencoded::parse(uri.query().unwrap().as_bytes()).next().unwrap();
            let (attribute, value) = filter.split_once(" eq ").unwrap();
            let wanted: Value = serde_json::from_str(value).unwrap();
            let hits: Vec<&Value> = records
                .by_path
                .iter()
                .filter(|(at, record)| at.starts_with(&path) && record[attribute] == wanted)
                .map(|(_, record)| record)
                .collect();
            (StatusCode::OK, json!({"totalResults": hits.len(), "Resources": hits}).to_string())
        }
        "POST" => {
            records.next += 1;
            let (id, mut record) = (format!("scim-{}", records.next), body);
            record["id"] = json!(id);
            records.by_path.insert(format!("{path}/{id}"), record.clone());
            (StatusCode::CREATED, record.to_string())
        }
        _ => match (method.as_str(), records.by_path.get_mut(&path)) {
            (_, None) => (StatusCode::NOT_FOUND, json!({"status": "404"}).to_string()),
            ("PATCH", Some(record)) => {
                for operation in body["Operations"].as_array().unwrap() {
                    apply(record, operation);
                }
                (StatusCode::OK, record.to_string())
            }
            (_, Some(record)) => (StatusCode::OK, record.to_string()),
        },
    }
}

fn apply(record: &mut Value, operation: &Value) {
    let path = operation["path"].as_str().unwrap();
    match operation["op"].as_str().unwrap() {
        "Add" if path == "members" => {
            let mut members = record["members"].as_array().cloned().unwrap_or_default();
            for value in operation["value"].as_array().unwrap() {
                if !members.contains(value) {
                    members.push(value.clone());
                }
            }
            record["members"] = json!(members);
        }
        "Remove" => {
            let id = path.strip_prefix("members[value eq \"").unwrap().strip_suffix("\"]").unwrap();
            record["members"].as_array_mut().unwrap().retain(|member| member["value"] != id);
        }
        "Add" | "Replace" => record[path] = operation["value"].clone(),
        other => panic!("unknown operation {other}"),
    }
}
