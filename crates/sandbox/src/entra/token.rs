//! The login host: it exchanges client credentials for opaque tokens with an expiry and a list of permissions. It
//! must never issue a refresh token, and the text of a token must never reveal its permissions.

use std::collections::BTreeSet;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use axum::routing::any;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::answer::Refusal;
use super::state::{Entra, Shared, Token};
use crate::lock;
use crate::wire::{Service, Wire};

/// The login host: `POST /{tenant}/oauth2/v2.0/token`.
pub fn login_router(state: Shared, wire: Wire) -> Router {
    let router = Router::new()
        .route("/{tenant}/oauth2/v2.0/token", any(token))
        .fallback(unknown)
        .with_state((state, wire.clone()));
    wire.around(Service::Entra, router)
}

async fn unknown(State((_, wire)): State<(Shared, Wire)>, method: Method, uri: axum::http::Uri) -> Response {
    wire.fault(format!("login host: unknown {method} {}", uri.path()));
    plain(404, &Value::Null)
}

async fn token(
    State((state, wire)): State<(Shared, Wire)>,
    Path(tenant): Path<String>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let now = lock(&state).now();
    let is_form = headers
        .get("content-type")
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
    if method != Method::POST || !is_form {
        wire.fault(format!("login host: {method} that is not a form POST"));
        return problem(400, "invalid_request", 900_144, "The request must be a POST of a form.", now);
    }
    let form: Vec<(String, String)> = url::form_urlencoded::parse(&body).into_owned().collect();
    match grant(&mut lock(&state), &tenant, &form, &headers, now) {
        Ok(body) => plain(200, &body),
        Err(no) => {
            if no.fault {
                wire.fault(format!("login host: {}", no.text));
            }
            problem(no.status, no.error, no.code, no.text, now)
        }
    }
}

struct No {
    status: u16,
    error: &'static str,
    code: u32,
    text: &'static str,
    fault: bool,
}

fn no(status: u16, error: &'static str, code: u32, text: &'static str) -> No {
    No { status, error, code, text, fault: false }
}

fn wrong(error: &'static str, code: u32, text: &'static str) -> No {
    No { status: 400, error, code, text, fault: true }
}

fn grant(
    entra: &mut Entra,
    tenant: &str,
    form: &[(String, String)],
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<Value, No> {
    let field = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let known = tenant.eq_ignore_ascii_case(&entra.tenant_id)
        || entra.domains.iter().any(|domain| domain.eq_ignore_ascii_case(tenant));
    if !known {
        return Err(no(
            400,
            "invalid_request",
            90_002,
            "Tenant not found. Check that the tenant id is correct.",
        ));
    }
    if field("grant_type") != Some("client_credentials") {
        return Err(wrong("unsupported_grant_type", 70_003, "The app requested an unsupported grant type."));
    }
    // Exactly one resource, of one of the clouds in section 1.
    if !matches!(
        field("scope"),
        Some(
            "https://graph.microsoft.com/.default"
                | "https://graph.microsoft.us/.default"
                | "https://dod-graph.microsoft.us/.default"
                | "https://microsoftgraph.chinacloudapi.cn/.default"
        )
    ) {
        return Err(wrong(
            "invalid_scope",
            70_011,
            "The provided value for the input parameter 'scope' is not valid.",
        ));
    }
    let basic = basic(headers);
    let client = field("client_id").map(str::to_owned).or_else(|| basic.as_ref().map(|(id, _)| id.clone()));
    let Some(client) = client else {
        return Err(wrong(
            "invalid_request",
            900_144,
            "The request body must contain the parameter 'client_id'.",
        ));
    };
    let secret = field("client_secret").map(str::to_owned).or_else(|| basic.map(|(_, secret)| secret));
    let Some(app) = entra.apps.get_mut(&client) else {
        return Err(no(400, "unauthorized_client", 700_016, "Application was not found in the directory."));
    };
    match (secret, field("client_assertion")) {
        (Some(secret), None) if app.secret.as_ref() == Some(&secret) => {}
        (Some(secret), None) if app.expired_secrets.contains(&secret) => {
            return Err(no(401, "invalid_client", 7_000_222, "The provided client secret keys are expired."));
        }
        (Some(_), None) => {
            return Err(no(401, "invalid_client", 7_000_215, "Invalid client secret provided."));
        }
        (None, Some(assertion)) => {
            if field("client_assertion_type")
                != Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
            {
                return Err(wrong(
                    "invalid_request",
                    50_027,
                    "The client assertion type is wrong or missing.",
                ));
            }
            if !app.assertions.iter().any(|known| known == assertion) {
                super::assertion::check(app, &client, tenant, assertion, now)
                    .map_err(|(code, text)| no(401, "invalid_client", code, text))?;
            }
        }
        _ => {
            return Err(wrong(
                "invalid_client",
                7_000_218,
                "Exactly one of secret and assertion is required.",
            ));
        }
    }
    let roles: BTreeSet<String> = app.roles.iter().cloned().collect();
    let text = format!("eyJ0{}.{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
    let lifetime = entra.switches.token_lifetime;
    let expires = now.checked_add(lifetime).unwrap_or(now);
    entra.tokens.insert(text.clone(), Token { expires, client_id: client, roles });
    let seconds = lifetime.as_secs();
    Ok(json!({
        "token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": text,
    }))
}

/// `client_id:client_secret` in HTTP Basic, which the endpoint accepts too (RFC 6749, 2.3.1).
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let encoded = headers.get("authorization")?.to_str().ok()?.strip_prefix("Basic ")?;
    let text = String::from_utf8(base64(encoded)?).ok()?;
    let (id, secret) = text.split_once(':')?;
    let decode = |part: &str| {
        percent_encoding::percent_decode_str(part).decode_utf8().ok().map(|text| text.into_owned())
    };
    Some((decode(id)?, decode(secret)?))
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let (mut bits, mut held) = (0_u32, 0_u32);
    for c in text.trim_end_matches('=').bytes() {
        let six = match c {
            b'A'..=b'Z' => c.checked_sub(b'A')?,
            b'a'..=b'z' => c.checked_sub(b'a')?.checked_add(26)?,
            b'0'..=b'9' => c.checked_sub(b'0')?.checked_add(52)?,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(six);
        held = held.checked_add(6)?;
        if held >= 8 {
            held = held.checked_sub(8)?;
            out.push(u8::try_from((bits >> held) & 0xff).ok()?);
        }
    }
    Some(out)
}

fn problem(status: u16, error: &str, code: u32, text: &str, now: Timestamp) -> Response {
    let (trace, correlation) = (uuid::Uuid::new_v4(), uuid::Uuid::new_v4());
    let stamp = now.strftime("%Y-%m-%d %H:%M:%SZ").to_string();
    let description =
        format!("AADSTS{code}: {text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}");
    plain(
        status,
        &json!({
            "error": error, "error_description": description, "error_codes": [code], "timestamp": stamp,
            "trace_id": trace.to_string(), "correlation_id": correlation.to_string(),
            "error_uri": format!("https://login.microsoftonline.com/error?code={code}"),
        }),
    )
}

fn plain(status: u16, body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
        .headers_mut()
        .insert("content-type", axum::http::HeaderValue::from_static("application/json; charset=utf-8"));
    response
}

/// The caller of Graph. A missing, unknown or expired token gives 401, as on the real host.
pub(super) fn bearer(entra: &Entra, headers: &HeaderMap, now: Timestamp) -> Result<Token, Refusal> {
    let refuse = |text: &str| Refusal::new(401, "InvalidAuthenticationToken", text);
    let text = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .ok_or_else(|| Refusal::fault(401, "InvalidAuthenticationToken", "Access token is empty."))?;
    let token = entra
        .tokens
        .get(text)
        .ok_or_else(|| refuse("CompactToken parsing failed with error code: 80049217"))?;
    if token.expires <= now {
        return Err(refuse("Lifetime validation failed, the token is expired."));
    }
    Ok(token.clone())
}
impl Entra {
    /// Every issued token, so that a test can check where no token may appear.
    #[must_use]
    pub fn issued_tokens(&self) -> Vec<String> {
        self.tokens.keys().cloned().collect()
    }
}
