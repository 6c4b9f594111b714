//! What all three simulators share: the call log, the list of faults (requests that no real service would accept),
//! latency and injected failures. It must never answer instead of a simulator, except where a test asks for exactly
//! that.

mod injection;
mod listening;

pub use injection::{Gate, Injection};
pub(crate) use listening::HangUp;
pub use listening::{Listening, listen, listen_at};

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use jiff::Timestamp;
use serde_json::Value;

use super::lock;
use injection::{Rule, answer, hang_up, restate, truncate};

/// The header by which the simulated job differs from the program under test. No real service sends it.
pub const FROM_JOB: &str = "x-sandbox-job";

/// The simulator that a call reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    /// `api.atlassian.com`
    Atlassian,
    /// `login.microsoftonline.com` and `graph.microsoft.com`
    Entra,
    /// `slack.com/api` and `hooks.slack.com`
    Slack,
}

/// A request as it arrived, and the status of its answer.
#[derive(Clone, Debug)]
pub struct Call {
    pub at: Timestamp,
    pub service: Service,
    /// The HTTP method, upper case.
    pub method: String,
    /// The path, still percent-encoded, without the query.
    pub path: String,
    /// The raw query, empty if there was none.
    pub query: String,
    /// The user agent. It tells our client from the simulated provisioning service.
    pub agent: String,
    /// The body as JSON. Form bodies and other bodies are a JSON string.
    pub body: Value,
    /// The status of the answer.
    pub status: u16,
    /// The body of the simulator's answer, if answers are recorded ([`Wire::record_answers`]). Injected answers are not
    /// recorded, because no simulator gave them.
    pub answer: Option<Value>,
}

impl Call {
    /// Whether the bot changes something with this call. Writes of the simulated provisioning job do not count.
    #[must_use]
    pub fn changes_something(&self) -> bool {
        match self.service {
            Service::Entra => self.path.ends_with("/provisionOnDemand"),
            Service::Atlassian => {
                let ours = !self.path.contains("/scim/") || self.method == "DELETE";
                let lifecycle = self.method == "POST"
                    && (self.path.contains("/lifecycle/") || self.path.ends_with("/restore"));
                ours && (matches!(self.method.as_str(), "PUT" | "PATCH" | "DELETE") || lifecycle)
            }
            Service::Slack => false,
        }
    }
}

/// The shared wire. Clones share their state.
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
    remembers: AtomicBool,
    records: AtomicBool,
    answers: Mutex<HashMap<String, Known>>,
}

/// A successful answer: status, content type, body.
type Known = (u16, String, Bytes);

impl Wire {
    /// Every call so far, in order of arrival.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.inner.calls).clone()
    }

    /// The number of calls to Atlassian and Entra. Also the `newest` calls and all calls that changed something, with
    /// their numbers, newest first.
    #[must_use]
    pub fn upstream(&self, newest: usize) -> (usize, Vec<(usize, Call)>) {
        let calls = lock(&self.inner.calls);
        let upstream = calls.iter().filter(|call| call.service != Service::Slack);
        let numbered: Vec<(usize, &Call)> = (1..).zip(upstream).collect();
        let count = numbered.len();
        let shown = numbered
            .into_iter()
            .rev()
            .filter(|(number, call)| call.changes_something() || count.saturating_sub(*number) < newest);
        (count, shown.map(|(number, call)| (number, call.clone())).collect())
    }

    /// Requests that no real service would accept. A test with a fault has failed.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        lock(&self.inner.faults).clone()
    }

    /// Records a request that no real service would accept.
    pub fn fault(&self, text: impl Into<String>) {
        lock(&self.inner.faults).push(text.into());
    }

    /// Sets how long every call to every simulator takes, from its arrival to its answer. The computing time of the
    /// simulator is part of it, because it says nothing about the speed of a real service.
    pub fn set_latency(&self, latency: Duration) {
        *lock(&self.inner.latency) = latency;
    }

    /// The minimum duration of every call.
    #[must_use]
    pub fn latency(&self) -> Duration {
        *lock(&self.inner.latency)
    }

    /// The number of injected failures that have not happened yet.
    #[must_use]
    pub fn armed(&self) -> u32 {
        lock(&self.inner.rules).iter().map(|rule| rule.times).sum()
    }

    /// Fails the next `times` requests that match `method` (any if `None`) and a part of the path.
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

    /// Fails the next `times` requests for which `test` returns true. It sees the call and the calls before it.
    pub fn inject_when(
        &self,
        times: u32,
        injection: Injection,
        test: impl Fn(&Call, &[Call]) -> bool + Send + 'static,
    ) {
        lock(&self.inner.rules).push_back(Rule { test: Box::new(test), times, injection });
    }

    /// Keeps every successful answer from now on, for [`Injection::Stale`].
    pub fn remember(&self) {
        self.inner.remembers.store(true, Ordering::Relaxed);
    }

    /// Records the body of every answer from now on.
    pub fn record_answers(&self) {
        self.inner.records.store(true, Ordering::Relaxed);
    }

    /// Removes the injected failures that have not happened yet.
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

    /// Wraps a simulator's router, so that calls are logged, delayed and failed as configured.
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
            agent: parts
                .headers
                .get("user-agent")
                .and_then(|agent| agent.to_str().ok())
                .unwrap_or_default()
                .to_owned(),
            body: as_json(&bytes),
            status: 0,
            answer: None,
        });
        calls.len().saturating_sub(1)
    };
    let latency = *lock(&wire.inner.latency);
    let answered = tokio::time::Instant::now() + latency;
    let injection = wire.injection_for(index);
    let same = format!("{method} {path}?{} {}", parts.uri.query().unwrap_or_default(), as_json(&bytes));
    let request = Request::from_parts(parts, Body::from(bytes));
    let response = match injection {
        None => wire.keep(same, wire.record(index, run(next, request).await).await).await,
        Some(injection) => fail(&wire, injection, &same, request, next).await,
    };
    if !latency.is_zero() {
        tokio::time::sleep_until(answered).await;
    }
    if let Some(call) = lock(&wire.inner.calls).get_mut(index) {
        call.status = response.status().as_u16();
    }
    response
}

/// Carries out a request even if the client disconnects before the answer, as a real service does.
async fn run(next: Next, request: Request) -> Response {
    tokio::spawn(next.run(request)).await.unwrap_or_else(|_| hang_up())
}

async fn fail(wire: &Wire, injection: Injection, same: &str, request: Request, next: Next) -> Response {
    match injection {
        Injection::Delay(wait) => {
            // A client that gives up does not stop its request.
            let late = tokio::spawn(async move {
                tokio::time::sleep(wait).await;
                next.run(request).await
            });
            late.await.unwrap_or_else(|_| hang_up())
        }
        Injection::Answer { status, headers, body } => answer(status, &headers, body),
        Injection::LoseRequest => hang_up(),
        Injection::LoseAnswer => {
            drop(run(next, request).await);
            hang_up()
        }
        Injection::Truncate => truncate(run(next, request).await).await,
        Injection::Garble(text) => {
            drop(run(next, request).await);
            answer(200, &[], text)
        }
        Injection::Restate(status) => restate(run(next, request).await, status),
        Injection::Stale => {
            let known = lock(&wire.inner.answers).get(same).cloned();
            match known {
                None => run(next, request).await,
                Some((status, kind, bytes)) => {
                    let mut response = answer(status, &[("content-type".to_owned(), kind)], String::new());
                    *response.body_mut() = Body::from(bytes);
                    response
                }
            }
        }
        Injection::Hold { after_effect: false, gate } => {
            gate.stand().await;
            run(next, request).await
        }
        Injection::Hold { after_effect: true, gate } => {
            let response = run(next, request).await;
            gate.stand().await;
            response
        }
    }
}

impl Wire {
    /// Records the body of an answer, if answers are recorded, and returns the answer.
    async fn record(&self, index: usize, response: Response) -> Response {
        if !self.inner.records.load(Ordering::Relaxed) {
            return response;
        }
        let (parts, body) = response.into_parts();
        let Ok(bytes) = to_bytes(body, 16 << 20).await else { return hang_up() };
        if let Some(call) = lock(&self.inner.calls).get_mut(index) {
            call.answer = Some(as_json(&bytes));
        }
        Response::from_parts(parts, Body::from(bytes))
    }

    /// Stores a successful answer if answers are kept, and returns it.
    async fn keep(&self, same: String, response: Response) -> Response {
        if !self.inner.remembers.load(Ordering::Relaxed) || !response.status().is_success() {
            return response;
        }
        let (parts, body) = response.into_parts();
        let Ok(bytes) = to_bytes(body, 16 << 20).await else { return hang_up() };
        let kind = parts.headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let known = (parts.status.as_u16(), kind.to_owned(), bytes.clone());
        lock(&self.inner.answers).insert(same, known);
        Response::from_parts(parts, Body::from(bytes))
    }
}

fn as_json(bytes: &Bytes) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(bytes)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(bytes).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_slow_call_is_done_at_once_and_answered_later() {
        let wire = Wire::default();
        wire.set_latency(Duration::from_secs(600));
        let done = Arc::new(tokio::sync::Notify::new());
        let router = Router::new().fallback({
            let done = Arc::clone(&done);
            move || async move { done.notify_one() }
        });
        let local = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
        let listening = listen(wire.around(Service::Entra, router), local).await.unwrap();
        let mut asking = tokio::spawn(reqwest::get(listening.url()));
        tokio::select! {
            answer = &mut asking => panic!("answered at once: {answer:?}"),
            () = done.notified() => {}
            () = tokio::time::sleep(Duration::from_secs(60)) => panic!("not done while it waits"),
        }
        assert_eq!(wire.calls()[0].status, 0, "and it has no answer yet");
        asking.abort();
    }
}
