//! A call of the Web API: its arguments, and its answer or refusal.

use serde_json::{Map, Value, json};

/// The result of a method: an object, to which `ok: true` is added, or a refusal.
pub(super) type Answer = Result<Value, Refusal>;

/// Why a call was refused.
#[derive(Debug)]
pub(super) struct Refusal {
    /// Slack's error code.
    pub error: String,
    /// Further fields of the answer.
    pub more: Map<String, Value>,
    /// The number of seconds for `Retry-After`, with status 429.
    pub retry_after: Option<u64>,
    /// Set if no correct client would send this call.
    pub fault: Option<String>,
}

impl From<&str> for Refusal {
    fn from(error: &str) -> Self {
        Self { error: error.to_owned(), more: Map::new(), retry_after: None, fault: None }
    }
}

impl Refusal {
    pub(super) fn fault(error: &str, fault: impl Into<String>) -> Self {
        Self { fault: Some(fault.into()), ..Self::from(error) }
    }

    pub(super) fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.more.insert(key.to_owned(), value.into());
        self
    }

    pub(super) fn body(&self) -> Value {
        let mut body = self.more.clone();
        body.insert("ok".into(), false.into());
        body.insert("error".into(), self.error.clone().into());
        Value::Object(body)
    }
}

/// The arguments of a call, from a query, a form or JSON.
#[derive(Debug, Default)]
pub(super) struct Args(pub Map<String, Value>);

impl Args {
    pub(super) fn str(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    pub(super) fn need(&self, key: &str) -> Result<&str, Refusal> {
        self.str(key)
            .ok_or_else(|| Refusal::fault("invalid_arguments", format!("`{key}` is missing or no string")))
    }

    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        match self.0.get(key)? {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) => Some(text == "true" || text == "1"),
            _ => None,
        }
    }

    pub(super) fn number(&self, key: &str) -> Option<usize> {
        let value = self.0.get(key)?;
        let number = value.as_u64().or_else(|| value.as_str()?.parse().ok())?;
        usize::try_from(number).ok()
    }

    /// The value of a structured argument. Forms carry it as JSON inside a string.
    pub(super) fn value(&self, key: &str) -> Option<Value> {
        match self.0.get(key)? {
            Value::Null => None,
            Value::String(text) => serde_json::from_str(text).ok().or_else(|| self.0.get(key).cloned()),
            value => Some(value.clone()),
        }
    }
}

/// The refusal of invalid text or blocks by `chat.*` and response URLs, with the reasons.
pub(super) fn invalid_blocks(problems: &[String]) -> Refusal {
    Refusal::fault("invalid_blocks", format!("invalid blocks: {}", problems.join("; ")))
        .with("errors", json!(problems))
        .with("response_metadata", json!({"messages": problems}))
}
