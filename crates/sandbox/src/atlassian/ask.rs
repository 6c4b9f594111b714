//! A parsed request, a reply, and the error shapes of the four API families. Nothing here knows the state.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use crate::wire::FROM_JOB;

/// A reply, or the refusal that ends a handler early.
pub(super) type Answer = Result<Reply, Reply>;

/// A request. Each path segment is percent-decoded on its own.
pub(super) struct Ask {
    pub method: String,
    path: Vec<String>,
    pub query: Vec<(String, String)>,
    /// The bearer token.
    pub key: Option<String>,
    /// Whether the simulated job sent it, and not the program under test.
    pub by_job: bool,
    content_type: String,
    body: Vec<u8>,
}

impl Ask {
    pub fn new(parts: &Parts, body: &[u8]) -> Self {
        let header = |name| parts.headers.get(name).and_then(|v: &HeaderValue| v.to_str().ok());
        let path = parts.uri.path().split('/').skip(1);
        Self {
            method: parts.method.as_str().to_owned(),
            path: path.map(|s| percent_decode_str(s).decode_utf8_lossy().into_owned()).collect(),
            query: url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
                .into_owned()
                .collect(),
            key: header(header::AUTHORIZATION).and_then(|v| v.strip_prefix("Bearer ")).map(str::to_owned),
            by_job: parts.headers.contains_key(FROM_JOB),
            content_type: header(header::CONTENT_TYPE).unwrap_or_default().to_owned(),
            body: body.to_vec(),
        }
    }

    pub fn segments(&self) -> Vec<&str> {
        self.path.iter().map(String::as_str).collect()
    }

    /// The first value of a query parameter.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    pub fn has_body(&self) -> bool {
        !self.body.is_empty()
    }

    /// The body as a JSON object, or the reason why it is not one.
    pub fn object(&self) -> Result<Map<String, Value>, &'static str> {
        let kind = self.content_type.split(';').next().unwrap_or_default().trim();
        if !matches!(kind, "application/json" | "application/scim+json") {
            return Err("the content type of the body is not JSON");
        }
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(map)) => Ok(map),
            Ok(_) => Err("the body is not a JSON object"),
            Err(_) => Err("the body is not JSON"),
        }
    }

    /// The first query parameter that is not in the list. An unknown parameter is a fault.
    pub fn unknown_param(&self, known: &[&str]) -> Option<&str> {
        self.query.iter().map(|(n, _)| n.as_str()).find(|n| !known.contains(n))
    }
}

/// A reply, and the fault to record if Atlassian does not document such a request.
#[derive(Debug)]
pub(super) struct Reply {
    pub status: u16,
    pub body: Option<Value>,
    pub headers: Vec<(&'static str, String)>,
    pub fault: Option<String>,
}

impl Reply {
    pub fn json(status: u16, body: Value) -> Self {
        Self { status, body: Some(body), headers: Vec::new(), fault: None }
    }

    pub fn empty(status: u16) -> Self {
        Self { status, body: None, headers: Vec::new(), fault: None }
    }

    pub fn ok(body: Value) -> Self {
        Self::json(200, body)
    }

    /// Marks the request as one that a correct client never sends.
    pub fn faulty(mut self, text: impl Into<String>) -> Self {
        self.fault = Some(text.into());
        self
    }

    /// The error shape of the proxy at the edge: 401 and 429 of the organization families.
    pub fn proxy(status: u16, message: &str) -> Self {
        Self::json(status, json!({"code": status, "message": message}))
    }

    /// The error list of the Organizations API. Its `status` is a string.
    pub fn admin(code: &str, title: &str, detail: impl Into<String>) -> Self {
        let status: u16 = code.split('-').nth(1).and_then(|s| s.parse().ok()).unwrap_or(500);
        Self::json(
            status,
            json!({"errors": [{
                "id": uuid::Uuid::new_v4().to_string(), "status": status.to_string(),
                "code": code, "title": title, "detail": detail.into()
            }]}),
        )
    }

    /// The flat error of user management, with a key.
    pub fn keyed(status: u16, key: &str) -> Self {
        Self::json(status, json!({"key": key}))
    }

    /// An error of SCIM (RFC 7644 section 3.12).
    pub fn scim(status: u16, kind: Option<&str>, detail: impl Into<String>) -> Self {
        let mut body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "status": status.to_string(), "detail": detail.into()
        });
        if let (Some(kind), Some(map)) = (kind, body.as_object_mut()) {
            map.insert("scimType".into(), kind.into());
        }
        Self::json(status, body)
    }

    pub fn into_response(self) -> Response {
        let kind = HeaderValue::from_static("application/json");
        let mut response = match &self.body {
            Some(body) => Response::new(Body::from(body.to_string())),
            None => Response::new(Body::empty()),
        };
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if self.body.is_some() {
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
        }
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::try_from(value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}
