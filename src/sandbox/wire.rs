//! What all three fakes share: the call log, the list of faults (requests that no real service would have
//! understood), latency and injected failures. It must never answer on a fake's behalf except where a test
//! asked for exactly that.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use jiff::Timestamp;
use serde_json::Value;

use super::lock;

/// Which fake a call reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    /// `api.atlassian.com`
    Atlassian,
    /// `login.microsoftonline.com` and `graph.microsoft.com`
    Entra,
    /// `slack.com/api` and `hooks.slack.com`
    Slack,
}

/// One request as it arrived and the status it was answered with.
#[derive(Clone, Debug)]
pub struct Call {
    /// When it arrived.
    pub at: Timestamp,
    /// Where it arrived.
    pub service: Service,
    /// The HTTP method, upper case.
    pub method: String,
    /// The path, still percent-encoded, without the query.
    pub path: String,
    /// The raw query, empty if there was none.
    pub query: String,
    /// The body as JSON; form bodies and others as a JSON string.
    pub body: Value,
    /// The status of the answer.
    pub status: u16,
}

/// What an injected failure does to a matching request.
#[derive(Clone, Debug)]
pub enum Injection {
    /// Answer with this status, headers and body; the fake never sees the request.
    Answer {
        /// HTTP status.
        status: u16,
        /// Header name and value pairs.
        headers: Vec<(String, String)>,
        /// Body text, sent as `application/json`.
        body: String,
    },
    /// Wait this long, then let the fake answer.
    Delay(Duration),
    /// Let the fake act, then lose the answer: the client sees the connection break.
    LoseAnswer,
    /// Break the connection before the fake sees the request.
    LoseRequest,
    /// Let the fake act, then answer 200 with these bytes instead.
    Garble(String),
    /// Stop the request at a gate: before the fake sees it, or after it has acted and before the answer.
    Hold {
        /// Whether the fake acts first.
        after_effect: bool,
        /// The gate.
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

    async fn stand(&self) {
        self.reached.notify_one();
        self.open.notified().await;
    }
}

/// Whether an injection is for a call, given the calls before it.
type Test = Box<dyn Fn(&Call, &[Call]) -> bool + Send>;

struct Rule {
    test: Test,
    times: u32,
    injection: Injection,
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rule")
            .field("times", &self.times)
            .field("injection", &self.injection)
            .finish_non_exhaustive()
    }
}

/// The shared wire. Clone freely.
#[derive(Clone, Debug, Default)]
pub struct Wire {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    calls: Mutex<Vec<Call>>,
    faults: Mutex<Vec<String>>,
    rules: Mutex<VecDeque<Rule>>,
    latency: Mutex<Duration>,
}

impl Wire {
    /// Every call so far, in order of arrival.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.inner.calls).clone()
    }

    /// Requests that no real service would have understood. A test with a fault has failed.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        lock(&self.inner.faults).clone()
    }

    /// Writes down a request that no real service would have understood.
    pub fn fault(&self, text: impl Into<String>) {
        lock(&self.inner.faults).push(text.into());
    }

    /// Delays every answer of every fake by this much.
    pub fn set_latency(&self, latency: Duration) {
        *lock(&self.inner.latency) = latency;
    }

    /// Fails the next `times` requests that match: `method` (any if `None`) and a part of the path.
    pub fn inject(
        &self,
        service: Service,
        method: Option<&str>,
        path_contains: &str,
        times: u32,
        injection: Injection,
    ) {
        let (method, path) = (method.map(str::to_owned), path_contains.to_owned());
        let test = move |call: &Call, _: &[Call]| {
            call.service == service
                && method.as_deref().is_none_or(|method| method == call.method)
                && call.path.contains(&path)
        };
        self.inject_when(times, injection, test);
    }

    /// Fails the next `times` requests for which `test` says so; it sees the call and those before it.
    pub fn inject_when(
        &self,
        times: u32,
        injection: Injection,
        test: impl Fn(&Call, &[Call]) -> bool + Send + 'static,
    ) {
        lock(&self.inner.rules).push_back(Rule { test: Box::new(test), times, injection });
    }

    /// Forgets injected failures that have not happened yet.
    pub fn clear_injections(&self) {
        lock(&self.inner.rules).clear();
    }

    fn injection_for(&self, index: usize) -> Option<Injection> {
        let calls = lock(&self.inner.calls);
        let (call, before) = (calls.get(index)?, calls.get(..index)?);
        let mut rules = lock(&self.inner.rules);
        let rule = rules.iter_mut().find(|rule| rule.times > 0 && (rule.test)(call, before))?;
        rule.times = rule.times.saturating_sub(1);
        Some(rule.injection.clone())
    }

    /// Wraps a fake's router so that calls are logged, delayed and failed as told.
    pub fn around(&self, service: Service, router: Router) -> Router {
        router.layer(from_fn_with_state((self.clone(), service), pass))
    }
}

async fn pass(State((wire, service)): State<(Wire, Service)>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, 4 << 20).await.unwrap_or_default();
    let method = parts.method.as_str().to_owned();
    let path = parts.uri.path().to_owned();
    let index = {
        let mut calls = lock(&wire.inner.calls);
        calls.push(Call {
            at: crate::clock::now(),
            service,
            method: method.clone(),
            path: path.clone(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            body: as_json(&bytes),
            status: 0,
        });
        calls.len().saturating_sub(1)
    };
    let latency = *lock(&wire.inner.latency);
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let injection = wire.injection_for(index);
    let request = Request::from_parts(parts, Body::from(bytes));
    let response = match injection {
        None => next.run(request).await,
        Some(Injection::Delay(wait)) => {
            tokio::time::sleep(wait).await;
            next.run(request).await
        }
        Some(Injection::Answer { status, headers, body }) => answer(status, &headers, body),
        Some(Injection::LoseRequest) => broken(),
        Some(Injection::Hold { after_effect: false, gate }) => {
            gate.stand().await;
            next.run(request).await
        }
        Some(Injection::Hold { after_effect: true, gate }) => {
            let response = next.run(request).await;
            gate.stand().await;
            response
        }
        Some(Injection::LoseAnswer) => {
            drop(next.run(request).await);
            broken()
        }
        Some(Injection::Garble(text)) => {
            drop(next.run(request).await);
            answer(200, &[], text)
        }
    };
    if let Some(call) = lock(&wire.inner.calls).get_mut(index) {
        call.status = response.status().as_u16();
    }
    response
}

fn as_json(bytes: &Bytes) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(bytes)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(bytes).into_owned()))
}

fn answer(status: u16, headers: &[(String, String)], body: String) -> Response {
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

/// An answer whose body ends before the length it promised: to the client, a broken connection.
fn broken() -> Response {
    let stream = futures_body();
    let mut response = Response::new(stream);
    response.headers_mut().insert("content-length", HeaderValue::from_static("64"));
    response
}

fn futures_body() -> Body {
    Body::from_stream(BrokenStream)
}

struct BrokenStream;

impl futures_core::Stream for BrokenStream {
    type Item = Result<Bytes, std::io::Error>;

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(Some(Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))))
    }
}

/// A fake that listens on a port of its own.
#[derive(Debug)]
pub struct Listening {
    /// Where it listens.
    pub addr: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Listening {
    /// The base URL, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves a router on a loopback port until the handle is dropped.
///
/// # Errors
/// When no port can be had.
pub async fn listen(router: Router, addr: SocketAddr) -> std::io::Result<Listening> {
    let listener = tokio::net::TcpListener::bind(addr).await?;
    let addr = listener.local_addr()?;
    let task = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "a simulated service stopped");
        }
    });
    Ok(Listening { addr, task })
}
