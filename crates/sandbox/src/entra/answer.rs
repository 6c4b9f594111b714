//! Graph's answers: bodies, pages, selected properties, and errors in Graph's shape. It must never send an error
//! without a `request-id`, and must never change the state when it refuses.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::request::Ask;
use super::switches::Switches;

/// A successful answer: a status and perhaps a body.
#[derive(Debug)]
pub(super) struct Reply {
    pub status: u16,
    pub body: Option<Value>,
}

impl Reply {
    pub fn ok(body: Value) -> Self {
        Self { status: 200, body: Some(body) }
    }

    pub fn empty() -> Self {
        Self { status: 204, body: None }
    }
}

/// A refused request.
#[derive(Debug)]
pub(super) struct Refusal {
    pub status: u16,
    pub code: &'static str,
    pub message: String,
    /// The text for the list of faults. Set when no real client would send this request.
    pub fault: Option<String>,
    pub retry_after: Option<i64>,
    /// Where to begin again, for the header `Location`.
    pub location: Option<String>,
}

impl Refusal {
    /// An error that a correct client may meet.
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), fault: None, retry_after: None, location: None }
    }

    /// A malformed request: 400 and a fault.
    pub fn bad(message: impl Into<String>) -> Self {
        Self::fault(400, "Request_BadRequest", message)
    }

    /// An error that only an incorrect client can meet.
    pub fn fault(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { status, code, fault: Some(message.clone()), message, retry_after: None, location: None }
    }

    pub fn denied() -> Self {
        Self::new(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    }

    pub fn missing(id: &str) -> Self {
        Self::new(
            404,
            "Request_ResourceNotFound",
            format!(
                "Resource '{id}' does not exist or one of its queried reference-property objects are not \
                 present."
            ),
        )
    }
}

/// Turns a result into a response with Graph's headers.
pub(super) fn respond(
    result: Result<Reply, Refusal>,
    client_request_id: Option<&str>,
    now: Timestamp,
) -> Response {
    let request_id = uuid::Uuid::new_v4().to_string();
    let (status, body, retry_after, location) = match result {
        Ok(reply) => (reply.status, reply.body, None, None),
        Err(refusal) => {
            let body = json!({"error": {
                "code": refusal.code,
                "message": refusal.message,
                "innerError": {
                    "date": now.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
                    "request-id": request_id,
                    "client-request-id": client_request_id.unwrap_or(&request_id),
                }
            }});
            (refusal.status, Some(body), refusal.retry_after, refusal.location)
        }
    };
    let mut response = Response::new(body.as_ref().map_or_else(Body::empty, |b| Body::from(b.to_string())));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut set = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    };
    set("request-id", &request_id);
    set("client-request-id", client_request_id.unwrap_or(&request_id));
    if body.is_some() {
        set("content-type", "application/json; odata.metadata=minimal; odata.streaming=true; charset=utf-8");
    }
    if let Ok(date) = DateTimePrinter::new().timestamp_to_rfc9110_string(&now) {
        set("date", &date);
    }
    if let Some(location) = location {
        set("location", &location);
    }
    if let Some(seconds) = retry_after {
        set("retry-after", &seconds.to_string());
    }
    response
}

/// Keeps the properties that `$select` names, or the default ones. An unknown name is a fault, as in Graph.
pub(super) fn select(
    ask: &Ask,
    kind: &str,
    all: &Map<String, Value>,
    default: &[&str],
) -> Result<Map<String, Value>, Refusal> {
    let names: Vec<&str> = match ask.option("$select") {
        None => default.to_vec(),
        Some(list) => list.split(',').map(str::trim).collect(),
    };
    let mut out = Map::new();
    for name in names {
        let Some(value) = all.get(name) else {
            return Err(Refusal::bad(format!(
                "Parsing OData Select and Expand failed: Could not find a property named '{name}' on type \
                 '{kind}'."
            )));
        };
        out.insert(name.to_owned(), value.clone());
    }
    if let Some(kind) = all.get("@odata.type") {
        out.insert("@odata.type".to_owned(), kind.clone());
    }
    Ok(out)
}

const IN_QUERY: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'&').add(b'+').add(b'%').add(b'<').add(b'>');

/// One page of a collection, with the `nextLink` of the next page. `$top` is the page size, as for directory lists.
pub(super) fn page(
    ask: &Ask,
    switches: &Switches,
    context: &str,
    items: Vec<Value>,
    max_top: usize,
) -> Result<Reply, Refusal> {
    let total = items.len();
    page_of(ask, switches, context, total, max_top, |start, size| {
        Ok(items.into_iter().skip(start).take(size).collect())
    })
}

/// The same, but only the items of the page are created: `make` returns a number of items from an offset.
pub(super) fn page_of(
    ask: &Ask,
    switches: &Switches,
    context: &str,
    total: usize,
    max_top: usize,
    make: impl FnOnce(usize, usize) -> Result<Vec<Value>, Refusal>,
) -> Result<Reply, Refusal> {
    let size = match ask.option("$top") {
        None => switches.page_size,
        Some(text) => match text.parse::<usize>() {
            Ok(top) if (1..=max_top).contains(&top) => top,
            _ => return Err(Refusal::bad(format!("Invalid page size specified: '{text}'."))),
        },
    };
    let (empty, start) = match ask.option("$skiptoken") {
        None => (false, 0),
        Some(token) => token
            .strip_prefix("RFNwdAIAAQ")
            .and_then(|rest| Some((rest.starts_with('e'), rest.trim_start_matches(['e', 'p']).parse().ok()?)))
            .filter(|(_, start)| *start <= total)
            .ok_or_else(|| {
                Refusal::fault(400, "Directory_ExpiredPageToken", "The skip token is not ours.")
            })?,
    };
    let taken: Vec<Value> = if empty { Vec::new() } else { make(start, size)? };
    let end = if empty { start } else { start.saturating_add(size).min(total) };
    let mut body = Map::new();
    body.insert("@odata.context".into(), format!("{}/v1.0/$metadata#{context}", ask.base).into());
    if start == 0 && !empty && ask.advanced() {
        body.insert("@odata.count".into(), total.into());
    }
    if end < total || (empty && start < total) {
        let kind = if switches.empty_pages && !empty { 'e' } else { 'p' };
        body.insert("@odata.nextLink".into(), next_link(ask, &format!("RFNwdAIAAQ{kind}{end}")).into());
    }
    body.insert("value".into(), taken.into());
    Ok(Reply::ok(body.into()))
}

fn next_link(ask: &Ask, token: &str) -> String {
    let mut link = format!("{}{}", ask.base, ask.raw_path);
    let mut join = '?';
    for (key, value) in ask.query.iter().filter(|(key, _)| key != "$skiptoken") {
        link.push(join);
        link.push_str(key);
        link.push('=');
        link.push_str(&utf8_percent_encode(value, IN_QUERY).to_string());
        join = '&';
    }
    format!("{link}{join}$skiptoken={token}")
}
