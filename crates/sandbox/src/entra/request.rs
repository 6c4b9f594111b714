//! A parsed request to Graph: path segments, query options, headers, body, caller. It must never accept an option
//! that the resource does not name.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, Method};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::answer::Refusal;
use super::state::{Entra, Token};

/// The version of Graph in the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    V1,
    Beta,
}

/// A request with a valid token.
#[derive(Debug)]
pub(super) struct Ask {
    pub method: Method,
    pub version: Version,
    /// Decoded segments after the version, with keys in parentheses split off.
    pub segments: Vec<String>,
    /// The path as it was sent, for links.
    pub raw_path: String,
    /// Decoded query options in order.
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub body: Value,
    /// The public base URL, without a trailing slash.
    pub base: String,
    pub caller: Token,
}

impl Ask {
    /// The value of a query option.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Refuses options that the resource does not name, and repeated options.
    pub fn only(&self, allowed: &[&str]) -> Result<(), Refusal> {
        let mut seen = BTreeMap::new();
        for (key, _) in &self.query {
            if !allowed.contains(&key.as_str()) {
                return Err(Refusal::bad(format!("The query option '{key}' is not supported here.")));
            }
            if seen.insert(key.as_str(), ()).is_some() {
                return Err(Refusal::bad(format!("Query option '{key}' was specified more than once.")));
            }
        }
        Ok(())
    }

    /// Whether the request is an advanced query: the header and `$count=true` together.
    pub fn advanced(&self) -> bool {
        self.eventual() && self.option("$count") == Some("true")
    }

    /// Whether this page request has the `ConsistencyLevel: eventual` header.
    pub fn eventual(&self) -> bool {
        self.headers
            .get("consistencylevel")
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.eq_ignore_ascii_case("eventual"))
    }

    /// Refuses a caller without any of these permissions.
    pub fn need(&self, any: &[&str]) -> Result<(), Refusal> {
        if any.iter().any(|role| self.caller.roles.contains(*role)) { Ok(()) } else { Err(Refusal::denied()) }
    }

    /// Whether the caller has any of these permissions.
    pub fn has(&self, any: &[&str]) -> bool {
        any.iter().any(|role| self.caller.roles.contains(*role))
    }

    /// Refuses a caller without any of these permissions. `Application.ReadWrite.OwnedBy` is enough for an owner.
    pub fn need_or_own(&self, entra: &Entra, sp: &str, any: &[&str]) -> Result<(), Refusal> {
        let owns = self.caller.roles.contains("Application.ReadWrite.OwnedBy")
            && entra.service_principals.get(sp).is_some_and(|sp| sp.owners.contains(&self.caller.client_id));
        if owns { Ok(()) } else { self.need(any) }
    }
}

/// Splits a path into decoded segments; `users('x')` becomes two segments, as in OData.
pub(super) fn segments(path: &str) -> Option<Vec<String>> {
    let mut out = Vec::new();
    for raw in path.split('/') {
        let text = percent_decode_str(raw).decode_utf8().ok()?.into_owned();
        if text.is_empty() {
            return None;
        }
        match text.split_once('(').and_then(|(name, rest)| Some((name, rest.strip_suffix(')')?))) {
            Some((name, key)) if !name.is_empty() => {
                out.push(name.to_owned());
                out.push(literal(key)?);
            }
            _ => out.push(text),
        }
    }
    Some(out)
}

/// `'x'` becomes `x`; `appId='x'` becomes `appId=x`. Quotation marks inside must be doubled.
fn literal(key: &str) -> Option<String> {
    let (name, quoted) = match key.split_once('=') {
        Some((name, quoted)) if !name.starts_with('\'') => (Some(name), quoted),
        _ => (None, key),
    };
    let inner = quoted.strip_prefix('\'')?.strip_suffix('\'')?;
    let plain = inner.replace("''", "\u{0}");
    if plain.contains('\'') {
        return None;
    }
    let value = plain.replace('\u{0}', "'");
    Some(name.map_or(value.clone(), |name| format!("{name}={value}")))
}

/// Splits a raw query into decoded pairs. A `+` is a space, as Graph reads it.
pub(super) fn query(raw: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(raw.as_bytes()).into_owned().collect()
}
