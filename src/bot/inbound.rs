//! `POST /slack/events`: everything that Slack sends over HTTP. Verifies the signature, parses the body, hands it over.
//! It must never act on a body whose signature was not checked, and must never log a body.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody as _, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use slack_morphism::prelude::SlackSigningSecret;
use slack_morphism::signature_verifier::SlackEventSignatureVerifier as Verifier;

use super::app::App;
use super::dispatch::dispatch;
use crate::slack::payload;

/// The largest body accepted from Slack. A click carries the whole message it is on.
pub const BODY_LIMIT_BYTES: usize = 1 << 20;

/// Handles one request from Slack.
pub async fn events(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let text = match verified(&app, &parts.headers, body).await {
        Ok(text) => text,
        Err((status, reason)) => {
            metrics::counter!("reinstate_slack_refused_total", "reason" => reason).increment(1);
            app.refused_requests.count(reason);
            return status.into_response();
        }
    };
    let kind =
        parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let sent_at = sent_at(&parts.headers);
    match dispatch(&app, payload::read(&text, kind), sent_at).await.body() {
        Some(body) => axum::Json(body).into_response(),
        None => StatusCode::OK.into_response(),
    }
}

/// When Slack sent a request whose signature was verified, to the second.
fn sent_at(headers: &HeaderMap) -> Timestamp {
    let now = crate::clock::now();
    let stamp = headers.get(Verifier::SLACK_SIGNED_TIMESTAMP).and_then(|value| value.to_str().ok());
    let sent = stamp.and_then(|stamp| Timestamp::new(stamp.parse().ok()?, 999_999_999).ok());
    sent.map_or(now, |sent| sent.min(now))
}

type Refusal = (StatusCode, &'static str);

/// Reads and verifies the body. A request that the headers alone disqualify is refused before its body is read.
async fn verified(app: &App, headers: &HeaderMap, body: Body) -> Result<String, Refusal> {
    let too_large = (StatusCode::PAYLOAD_TOO_LARGE, "size");
    let refuse = |reason| (StatusCode::UNAUTHORIZED, reason);
    // A body that declares too large a size is refused without reading. Any other body is read up to the limit.
    let signed = signed_just_now(app, headers).and_then(|signed| {
        if body.size_hint().lower() > BODY_LIMIT_BYTES as u64 { Err(too_large) } else { Ok(signed) }
    });
    let (signature, stamp, secret) = match signed {
        Ok(signed) => signed,
        Err(refusal) => {
            tokio::spawn(read_to_end(body));
            return Err(refusal);
        }
    };
    let bytes = to_bytes(body, BODY_LIMIT_BYTES).await.map_err(|_| too_large)?;
    let body = String::from_utf8(bytes.into()).map_err(|_| refuse("not text"))?;
    Verifier::new(&secret).verify(signature, &body, stamp).map_err(|_| refuse("signature"))?;
    Ok(body)
}

/// Checks the headers: they must have the shape of Slack's and a recent time stamp. Returns the signature, the time
/// stamp and the secret to verify them with.
fn signed_just_now<'a>(
    app: &App,
    headers: &'a HeaderMap,
) -> Result<(&'a str, &'a str, SlackSigningSecret), Refusal> {
    let refuse = |reason| (StatusCode::UNAUTHORIZED, reason);
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(signature), Some(stamp)) =
        (text(Verifier::SLACK_SIGNED_HASH_HEADER), text(Verifier::SLACK_SIGNED_TIMESTAMP))
    else {
        return Err(refuse("unsigned"));
    };
    // This also keeps values away from the library that would overflow its subtraction.
    let second: i64 = stamp.parse().map_err(|_| refuse("stamp"))?;
    let age = crate::clock::now().as_second().abs_diff(second);
    if age > Verifier::MAX_TIMESTAMP_AGE_SECONDS.unsigned_abs() {
        return Err(refuse("stamp"));
    }
    let secret = app.config.secrets.slack_signing.as_ref().ok_or_else(|| refuse("no secret"))?;
    Ok((signature, stamp, SlackSigningSecret(secret.expose_secret().to_owned())))
}

/// Reads and discards the rest of a refused body, up to a small limit. A sender whose connection closes while it writes
/// never reads the answer. A sender that sends more than the limit is disconnected anyway.
async fn read_to_end(mut body: Body) {
    const DRAIN_LIMIT_BYTES: usize = 2 * BODY_LIMIT_BYTES;
    const DRAIN_TIMEOUT: Duration = Duration::from_secs(2);
    if body.size_hint().lower() > DRAIN_LIMIT_BYTES as u64 {
        return;
    }
    let mut taken = 0;
    let finish = async {
        while let Some(Ok(frame)) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
            taken += frame.data_ref().map_or(0, |data| data.len());
            if taken > DRAIN_LIMIT_BYTES {
                return;
            }
        }
    };
    if tokio::time::timeout(DRAIN_TIMEOUT, finish).await.is_err() {
        metrics::counter!("reinstate_slack_cut_off_total").increment(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_as_old_as_its_stamp_and_never_of_the_future() {
        let now = crate::clock::now();
        let of = |second: i64| {
            let mut headers = HeaderMap::new();
            headers.insert(Verifier::SLACK_SIGNED_TIMESTAMP, second.to_string().parse().unwrap());
            sent_at(&headers)
        };
        let old = of(now.as_second() - 200);
        assert_eq!(old.as_second(), now.as_second() - 200);
        assert!(of(now.as_second() + 200) <= crate::clock::now());
        assert!(of(now.as_second()) >= now, "within the second of its stamp nobody knows better");
    }
}
