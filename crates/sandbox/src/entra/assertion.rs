//! Certificate logins, checked as strictly as by the real login host: thumbprint of a registered certificate,
//! signature, audience, issuer, subject, and a short lifetime. It must never accept an assertion twice.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::Value;

use super::state::App;

/// Checks a signed assertion. If it is invalid, the error has Microsoft's code and text.
pub(super) fn check(
    app: &mut App,
    client: &str,
    tenant: &str,
    assertion: &str,
    now: Timestamp,
) -> Result<(), (u32, &'static str)> {
    let bad = (700_027, "The assertion's signature could not be verified.");
    let parts: Vec<&str> = assertion.split('.').collect();
    let [header, claims, signature] = parts.as_slice() else { return Err(bad) };
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| bad);
    let read =
        |part: &str| decode(part).and_then(|bytes| serde_json::from_slice::<Value>(&bytes).map_err(|_| bad));
    let (head, body) = (read(header)?, read(claims)?);
    let text =
        |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let thumbprint = text(&head, "x5t#S256");
    let known = app.certificates.iter().find(|known| known.thumbprint == thumbprint).ok_or(bad)?;
    if text(&head, "alg") != "PS256" || text(&head, "typ") != "JWT" {
        return Err(bad);
    }
    let key = UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, &known.public_key);
    key.verify(format!("{header}.{claims}").as_bytes(), &decode(signature)?).map_err(|_| bad)?;
    if text(&body, "iss") != client || text(&body, "sub") != client {
        return Err((700_021, "The assertion's issuer or subject is not the client id."));
    }
    if !text(&body, "aud").ends_with(&format!("/{tenant}/oauth2/v2.0/token")) {
        return Err((700_023, "The assertion's audience is not this token endpoint."));
    }
    let second = |key: &str| body.get(key).and_then(Value::as_i64).unwrap_or_default();
    let (from, until) = (second("nbf"), second("exp"));
    if now.as_second() < from || now.as_second() >= until || until - from > 600 {
        return Err((700_024, "The assertion is not within its valid time range."));
    }
    let id = text(&body, "jti");
    if id.is_empty() || app.used_assertions.contains(&id) {
        return Err((700_027, "The assertion was used before."));
    }
    app.used_assertions.push(id);
    Ok(())
}
