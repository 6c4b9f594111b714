//! The possible outcomes of a call, as the rest of the program distinguishes them: not sent, refused, or perhaps
//! done. An error must never contain a raw body, a header or a secret. An unknown outcome must never count as a
//! success or a failure.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;
use thiserror::Error;

/// Why a call failed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CallError {
    /// A part of the request cannot be sent safely (an empty or `..` path segment); nothing was sent.
    #[error("{}", self.reason())]
    Invalid {
        /// What is wrong, without the value itself.
        why: &'static str,
    },
    /// No connection, or no token: nothing was sent.
    #[error("{}", self.reason())]
    Unreachable {
        /// A short reason.
        why: String,
    },
    /// The service refused the request: certainly not done.
    #[error("{}", self.reason())]
    Refused {
        /// HTTP status, 3xx or 4xx.
        status: u16,
        /// The service's own code, such as `Authorization_RequestDenied`.
        code: Option<String>,
        /// The service's own message, shortened. It may contain personal data: for cards, not for logs.
        message: Option<String>,
        /// The service's id of this request, for a support case.
        request_id: Option<String>,
    },
    /// Rate limited, by the service or by our own limiter: not done. Try again later.
    #[error("{}", self.reason())]
    Later {
        /// When to try again, if known.
        after: Option<Duration>,
        /// The status; `None` if our own limiter refused and nothing was sent.
        status: Option<u16>,
    },
    /// No answer, or an answer that does not tell the outcome: the request may have been done.
    #[error("{}", self.reason())]
    Unknown {
        /// A short reason.
        why: String,
    },
    /// A 2xx whose content could not be parsed.
    #[error("{}", self.reason())]
    Garbled {
        /// A short reason with the position, but without the content.
        why: String,
    },
    /// A list that does not end: too many pages, or the same page again.
    #[error("{}", self.reason())]
    TooMany,
    /// The next page is on another origin; the token was not sent there.
    #[error("{}", self.reason())]
    Foreign,
}

impl CallError {
    /// A short message for people, such as `403 Authorization_RequestDenied`.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Invalid { why } => format!("not sent: {why}"),
            Self::Unreachable { why } => format!("not reached: {why}"),
            Self::Refused { status, code, .. } => {
                // The edge proxy repeats the status as its code (docs/reference/rules.md#atlassian-errors).
                let code = code.as_ref().filter(|code| **code != status.to_string());
                let plain = match self.is_missing_right() {
                    true => Some("the application lacks a right for this call"),
                    false => code.and_then(|code| super::login_error::plain_login_error(code)),
                };
                match (code, plain) {
                    (Some(code), Some(plain)) => format!("{status} {code}: {plain}"),
                    (Some(code), None) => format!("{status} {code}"),
                    (None, _) => named(*status),
                }
            }
            Self::Later { after, status } => {
                let what = match status {
                    Some(status) => named(*status),
                    None => "our own limit for this service".to_owned(),
                };
                match after {
                    Some(after) => format!("{what}, again in {} s", after.as_secs().max(1)),
                    None => format!("{what}, again later"),
                }
            }
            Self::Unknown { why } => format!("outcome unknown: {why}"),
            Self::Garbled { why } => format!("answer not understood: {why}"),
            Self::TooMany => "the list does not end".to_owned(),
            Self::Foreign => "the next page points to another host".to_owned(),
        }
    }

    /// The HTTP status of a refusal or of a rate limit.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            Self::Later { status, .. } => *status,
            _ => None,
        }
    }

    /// Whether the requested item does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused { status: 404 | 410, .. })
    }

    /// Whether Microsoft Graph refused the request because the application lacks a right, in its shape that looks
    /// like an expired token (docs/reference/rules.md#entra-missing-right).
    #[must_use]
    pub fn is_missing_right(&self) -> bool {
        matches!(self, Self::Refused { status: 401, code: Some(code), .. } if code == "UnknownError")
    }

    /// Whether Atlassian refused the request because the organization is on the original user management
    /// (docs/reference/rules.md#atlassian-original-user-management).
    #[must_use]
    pub fn is_original_user_management(&self) -> bool {
        matches!(self, Self::Refused { status: 400, code: Some(code), .. } if code == "ADMIN-400-4")
    }

    /// Whether Microsoft Graph no longer knows the place from which a client wanted to read on
    /// (docs/reference/rules.md#entra-delta-queries).
    #[must_use]
    pub fn is_expired_link(&self) -> bool {
        let Self::Refused { status, code, .. } = self else { return false };
        let code = code.as_deref().unwrap_or_default().to_ascii_lowercase();
        match status {
            410 => true,
            400 | 404 => ["syncstate", "resync", "expired"].iter().any(|word| code.contains(word)),
            _ => false,
        }
    }

    /// Whether Atlassian no longer knows a cursor (docs/reference/rules.md#atlassian-event-stream).
    #[must_use]
    pub fn is_unknown_cursor(&self) -> bool {
        matches!(self, Self::Refused { status: 400, code: Some(code), .. } if code == "ADMIN-400-1")
    }

    /// Whether the request certainly had no effect.
    #[must_use]
    pub fn is_not_done(&self) -> bool {
        match self {
            Self::Invalid { .. } | Self::Unreachable { .. } | Self::Refused { .. } | Self::Later { .. } => {
                true
            }
            Self::Unknown { .. } | Self::Garbled { .. } | Self::TooMany | Self::Foreign => false,
        }
    }

    /// The same failure for a call that was never sent, because this call (for the token) failed first.
    #[must_use]
    pub(super) fn before_sending(self) -> Self {
        match self {
            Self::Unknown { why } | Self::Garbled { why } => {
                Self::Unreachable { why: format!("no token: {why}") }
            }
            other => other,
        }
    }
}

/// `503 Service Unavailable`
pub(super) fn named(status: u16) -> String {
    match StatusCode::from_u16(status).ok().and_then(|s| s.canonical_reason()) {
        Some(reason) => format!("{status} {reason}"),
        None => status.to_string(),
    }
}

/// Converts "does not exist" to `None`: only a 404 or 410 of the item itself means absence.
pub(super) fn absent<T>(result: Result<T, CallError>) -> Result<Option<T>, CallError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// The same for one item, which must have its id. A 200 about something else proves neither presence nor absence.
pub(super) fn whole<T>(
    result: Result<T, CallError>,
    id: impl Fn(&T) -> &Option<String>,
) -> Result<Option<T>, CallError> {
    match absent(result)? {
        Some(found) if id(&found).is_none() => {
            Err(CallError::Garbled { why: "no id in the answer".to_owned() })
        }
        other => Ok(other),
    }
}

/// What the body of an error contains.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Complaint {
    pub code: Option<String>,
    pub message: Option<String>,
    pub request_id: Option<String>,
}

/// Reads the error shapes of all three services. They differ even within one service (the reference lists five for
/// Atlassian alone), so no field is required and unknown fields are ignored.
pub(super) fn complaint(body: &[u8], secret: Option<&str>) -> Complaint {
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return Complaint::default() };
    let at = |pointer: &str| body.pointer(pointer).and_then(text);
    // Microsoft's login endpoint returns `error_codes`; its documentation lists these numbers.
    let login = at("/error_codes/0").map(|number| format!("AADSTS{number}"));
    let code = login
        .or_else(|| at("/error/code"))
        .or_else(|| at("/errors/0/code"))
        .or_else(|| at("/code"))
        .or_else(|| match (at("/key"), at("/context/reason/key")) {
            (Some(key), Some(why)) => Some(format!("{key}:{why}")),
            (key, _) => key,
        })
        .or_else(|| at("/scimType"))
        .or_else(|| at("/error"));
    let message = at("/error/message")
        .or_else(|| at("/error_description"))
        .or_else(|| at("/errors/0/detail"))
        .or_else(|| at("/errors/0/title"))
        .or_else(|| at("/detail"))
        .or_else(|| at("/message"))
        .or_else(|| at("/context/message"))
        .or_else(|| at("/context/domain"));
    let request_id = at("/error/innerError/request-id")
        .or_else(|| at("/error/innererror/request-id"))
        .or_else(|| at("/requestId"))
        .or_else(|| at("/traceId"))
        .or_else(|| at("/trace_id"))
        .or_else(|| at("/errors/0/id"));
    Complaint {
        code: code.and_then(|c| token_like(&c, secret)),
        message: message.map(|m| shorten(&m, secret)),
        request_id: request_id.and_then(|r| token_like(&r, secret)),
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(s) if !s.is_empty() => Some(s.clone()),
        Value::Number(n) => Some(n.to_string()),
        _ => None,
    }
}

/// Codes and ids appear in logs and lists, so they must look like codes: no spaces, no markup, no secrets.
pub(super) fn token_like(raw: &str, secret: Option<&str>) -> Option<String> {
    let fits = raw.len() <= 120 && raw.chars().all(|c| c.is_ascii_alphanumeric() || "._:-".contains(c));
    (fits && !raw.is_empty() && !holds(raw, secret)).then(|| raw.to_owned())
}

fn shorten(raw: &str, secret: Option<&str>) -> String {
    if holds(raw, secret) {
        return "(withheld: it repeats a secret)".to_owned();
    }
    let line: String = raw.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect();
    line.trim().to_owned()
}

fn holds(raw: &str, secret: Option<&str>) -> bool {
    secret.is_some_and(|s| !s.is_empty() && raw.contains(s))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_shape_of_error() {
        let of = |body: &str| complaint(body.as_bytes(), Some("sesame"));
        let graph = of(
            r#"{"error":{"code":"Authorization_RequestDenied","message":"Insufficient","innererror":{"request-id":"r-1"}}}"#,
        );
        assert_eq!(graph.code.as_deref(), Some("Authorization_RequestDenied"));
        assert_eq!(graph.request_id.as_deref(), Some("r-1"));
        let org =
            of(r#"{"errors":[{"id":"u","status":"404","code":"ADMIN-404-8","title":"User not found"}]}"#);
        assert_eq!(
            (org.code.as_deref(), org.message.as_deref()),
            (Some("ADMIN-404-8"), Some("User not found"))
        );
        assert_eq!(of(r#"{"code":401,"message":"Unauthorized"}"#).code.as_deref(), Some("401"));
        let refused = of(
            r#"{"key":"forbidden.action","context":{"allowed":false,"reason":{"key":"externalDirectory.scim"}}}"#,
        );
        assert_eq!(refused.code.as_deref(), Some("forbidden.action:externalDirectory.scim"));
        assert_eq!(
            of(r#"{"status":"409","scimType":"uniqueness","detail":"x"}"#).code.as_deref(),
            Some("uniqueness")
        );
        let login = of(
            r#"{"error":"invalid_client","error_description":"AADSTS7000222: ...","error_codes":[7000222]}"#,
        );
        assert_eq!(login.code.as_deref(), Some("AADSTS7000222"));
        assert_eq!(of("<html>502</html>"), Complaint::default());
    }

    #[test]
    fn secrets_and_markup_do_not_survive() {
        let c = complaint(
            br#"{"code":"sesame","message":"bad key sesame","requestId":"<!channel>"}"#,
            Some("sesame"),
        );
        assert_eq!(c.code, None);
        assert_eq!(c.request_id, None);
        assert!(!c.message.unwrap_or_default().contains("sesame"));
    }

    #[test]
    fn reasons_are_short_sentences() {
        let refused = |code: Option<&str>| CallError::Refused {
            status: 403,
            code: code.map(str::to_owned),
            message: Some("jane@acme.example".into()),
            request_id: None,
        };
        assert_eq!(
            refused(Some("Authorization_RequestDenied")).to_string(),
            "403 Authorization_RequestDenied"
        );
        assert_eq!(refused(None).reason(), "403 Forbidden");
        assert_eq!(refused(Some("403")).reason(), "403 Forbidden");
        let later = CallError::Later { after: Some(Duration::from_secs(7)), status: Some(429) };
        assert_eq!(later.reason(), "429 Too Many Requests, again in 7 s");
        assert!(!CallError::Unknown { why: String::new() }.is_not_done());
    }
}
