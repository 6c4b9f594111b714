//! What a test can make go wrong with a request, and at exactly which moment.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;

use super::Call;
use super::listening::HangUp;

/// What an injected failure does to a matching request.
#[derive(Clone, Debug)]
pub enum Injection {
    /// Answer with this status, headers and body; the fake never sees the request.
    Answer {
        status: u16,
        /// Header name and value pairs.
        headers: Vec<(String, String)>,
        /// Body text, sent as `application/json`.
        body: String,
    },
    /// Wait this long, then let the fake act and answer, whether or not the client still waits.
    Delay(Duration),
    /// Let the fake act, then close the connection without a byte of the answer.
    LoseAnswer,
    /// Close the connection before the fake sees the request.
    LoseRequest,
    /// Let the fake act, then break its answer off half-way.
    Truncate,
    /// Let the fake act, then answer 200 with these bytes instead.
    Garble(String),
    /// Let the fake act, then answer with this status in place of a successful one; 204 has no body.
    Restate(u16),
    /// Answer what the same request was answered the last time, if it was; needs [`super::Wire::remember`].
    Stale,
    /// Stop the request at a gate: before the fake sees it, or after it has acted and before the answer.
    Hold {
        /// Whether the fake acts first.
        after_effect: bool,
        gate: Gate,
    },
}

/// Where a request can be stopped, so that a test can do something at exactly that moment.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    reached: Arc<tokio::sync::Notify>,
    open: Arc<tokio::sync::Notify>,
}

impl Gate {
    /// Waits until a request stands at the gate.
    pub async fn reached(&self) {
        self.reached.notified().await;
    }

    /// Lets the request through.
    pub fn open(&self) {
        self.open.notify_one();
    }

    pub(super) async fn stand(&self) {
        self.reached.notify_one();
        self.open.notified().await;
    }
}

/// Whether an injection is for a call, given the calls before it.
pub(super) type Test = Box<dyn Fn(&Call, &[Call]) -> bool + Send>;

pub(super) struct Rule {
    pub test: Test,
    pub times: u32,
    pub injection: Injection,
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rule")
            .field("times", &self.times)
            .field("injection", &self.injection)
            .finish_non_exhaustive()
    }
}

pub(super) fn answer(status: u16, headers: &[(String, String)], body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) =
            (HeaderName::try_from(name.as_str()), HeaderValue::try_from(value.as_str()))
        {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// No answer at all: the connection closes.
pub(super) fn hang_up() -> Response {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(HangUp);
    response
}

/// The same answer with another status, if it was a success.
pub(super) fn restate(mut response: Response, status: u16) -> Response {
    if response.status().is_success()
        && let Ok(status) = StatusCode::from_u16(status)
    {
        *response.status_mut() = status;
        if status == StatusCode::NO_CONTENT {
            *response.body_mut() = Body::empty();
            response.headers_mut().remove("content-length");
        }
    }
    response
}

/// The first half of an answer that promised to be whole.
pub(super) async fn truncate(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, 16 << 20).await.unwrap_or_default();
    let whole = bytes.len().max(2);
    parts.headers.insert("content-length", HeaderValue::from(whole));
    let half = bytes.slice(..bytes.len() / 2);
    Response::from_parts(parts, Body::from_stream(Broken(Some(half))))
}

/// Bytes, then a broken connection.
struct Broken(Option<Bytes>);

impl futures_core::Stream for Broken {
    type Item = Result<Bytes, std::io::Error>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        let next = match self.0.take().filter(|bytes| !bytes.is_empty()) {
            Some(bytes) => Ok(bytes),
            None => Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)),
        };
        std::task::Poll::Ready(Some(next))
    }
}
