//! The only HTTP client: each request to Atlassian and Microsoft is built as a [`Call`] and sent by [`Http`]. It
//! applies the rate limit, sends, classifies the answer, waits and retries; then it emits an event and a metric. It
//! must never follow a redirect, or send a secret to another origin. It must never retry a request that is not
//! repeatable after it may have been done. It must never write personal data or a secret to the log.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use jiff::Timestamp;
use reqwest::header::{ACCEPT, AUTHORIZATION, DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

pub use super::call::Call;
use super::call::Content;
use super::error::{CallError, complaint, named, token_like};
use super::rate_limit::RateLimiter;
use super::transport::{SendError, Transport};

/// Bounds on one call, including its retries.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The total time: waiting for the rate limit, sending, and waiting between retries.
    pub budget: Duration,
    /// The same for a sweep in the background.
    pub patience: Duration,
    /// The time for one request and its answer.
    pub per_request: Duration,
    /// The number of requests in total, including those after a rate limit.
    pub attempts: u32,
    /// How many of them may fail with a connection error or a 5xx.
    pub failures: u32,
    /// The first backoff if the service names no wait; it doubles each time.
    pub first_wait: Duration,
    pub longest_wait: Duration,
    /// The size limit of one answer, in bytes.
    pub answer: usize,
    /// Whether the rate limiters are active. Only simulated services may turn them off.
    pub paced: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            budget: Duration::from_secs(60),
            patience: Duration::from_secs(900),
            per_request: Duration::from_secs(30),
            attempts: 6,
            failures: 3,
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(30),
            answer: 16 * 1024 * 1024,
            paced: true,
        }
    }
}

/// A 2xx answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// The service's id of this request.
    pub request_id: Option<String>,
    /// When the service answered, by its own clock.
    pub date: Option<Timestamp>,
    body: Vec<u8>,
}

impl Answer {
    /// Parses the body as JSON; an empty body counts as an empty object.
    ///
    /// # Errors
    /// [`CallError::Garbled`] with the position, not the content.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, CallError> {
        let empty = self.body.iter().all(u8::is_ascii_whitespace);
        serde_json::from_slice(if empty { b"{}" } else { &self.body }).map_err(|e| CallError::Garbled {
            why: format!("{:?} error at line {} column {}", e.classify(), e.line(), e.column()),
        })
    }
}

/// The result of one request.
enum Outcome {
    Done(Answer),
    Limited { status: u16, after: Option<Duration> },
    Failed(CallError, Option<Duration>),
    Final(CallError),
}

/// The client. It is cheap to clone.
#[derive(Clone, Debug)]
pub struct Http {
    transport: Transport,
    limits: Limits,
}

impl Http {
    #[must_use]
    pub fn new(transport: Transport, limits: Limits) -> Self {
        Self { transport, limits }
    }

    /// The given limiter, or one without an effective limit if rate limiters are turned off.
    pub(super) fn pace(&self, limiter: RateLimiter) -> RateLimiter {
        if self.limits.paced { limiter } else { RateLimiter::bucket(1_000_000, 1_000_000, 16, 1) }
    }

    /// Sends a call, and retries it as long as that is safe and the budget allows.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn send(&self, call: &Call, pace: &RateLimiter) -> Result<Answer, CallError> {
        if let Some(broken) = &call.broken {
            return Err(broken.clone());
        }
        // A sweep has time: it waits for a rate limit instead of leaving a source unread.
        let patient = pace.is_background();
        let budget = call.budget.unwrap_or(self.limits.budget);
        let deadline = Instant::now() + if patient { budget.max(self.limits.patience) } else { budget };
        let attempts = if patient { self.limits.attempts.saturating_mul(5) } else { self.limits.attempts };
        let (mut attempt, mut failures) = (0, 0);
        let mut backoff = self.backoff().build();
        loop {
            attempt += 1;
            let outcome = match pace.turn(deadline).await {
                Ok(_turn) => self.once(call, deadline).await,
                Err(after) => return Err(CallError::Later { after, status: None }),
            };
            let (error, after) = match outcome {
                Outcome::Done(answer) => return Ok(answer),
                Outcome::Final(error) => return Err(error),
                // A rate-limited request was not done, so even a write may be sent again.
                Outcome::Limited { status, after } => {
                    if let Some(after) = after {
                        // A limit for one caller applies to all of them, and failed requests count against the limit
                        // too.
                        pace.close(after);
                    }
                    (CallError::Later { after, status: Some(status) }, after)
                }
                Outcome::Failed(error, after) => {
                    failures += 1;
                    if !call.repeatable || failures > self.limits.failures {
                        return Err(error);
                    }
                    (error, after)
                }
            };
            // The backoff also grows while the service names the waits.
            let own = backoff.next().unwrap_or(self.limits.longest_wait);
            let wait = after.unwrap_or(own).max(self.limits.first_wait / 10);
            if attempt >= attempts || Instant::now() + wait >= deadline {
                return Err(error);
            }
            metrics::histogram!("reinstate_upstream_wait_seconds", "service" => call.service)
                .record(wait.as_secs_f64());
            tokio::time::sleep(wait).await;
        }
    }

    /// The jitter adds up to the same amount again, so each wait is between half of the limit and all of it. Parallel
    /// calls therefore do not retry at the same moment.
    fn backoff(&self) -> ExponentialBuilder {
        ExponentialBuilder::new()
            .with_min_delay(self.limits.first_wait.min(self.limits.longest_wait) / 2)
            .with_max_delay(self.limits.longest_wait / 2)
            .with_jitter()
            .without_max_times()
    }

    async fn once(&self, call: &Call, deadline: Instant) -> Outcome {
        let started = Instant::now();
        let limit = started + call.per_request.unwrap_or(self.limits.per_request);
        let (status, outcome) = match tokio::time::timeout_at(limit.min(deadline), self.exchange(call)).await
        {
            Ok(done) => done,
            Err(_) => {
                (None, Outcome::Failed(CallError::Unknown { why: "no answer in time".to_owned() }, None))
            }
        };
        let class = match status {
            Some(status) => format!("{}xx", status / 100),
            None => "none".to_owned(),
        };
        metrics::counter!("reinstate_upstream_requests_total", "service" => call.service, "status_class" => class)
            .increment(1);
        tracing::debug!(
            service = call.service,
            method = %call.method,
            path = call.template,
            status,
            milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "asked {} {} {}", call.service, call.method, call.template
        );
        outcome
    }

    async fn exchange(&self, call: &Call) -> (Option<u16>, Outcome) {
        let mut request =
            self.transport.request(call.method.clone(), call.target()).header(ACCEPT, "application/json");
        for (name, value) in &call.headers {
            request = request.header(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        if let Some(secret) = call.secret() {
            let Ok(mut value) = HeaderValue::from_str(&format!("Bearer {secret}")) else {
                return (
                    None,
                    Outcome::Final(CallError::Invalid { why: "the key has characters no key has" }),
                );
            };
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        request = match &call.content {
            Content::Nothing => request,
            Content::Json(body) => request.json(body),
            Content::Form(pairs) => {
                request.form(&pairs.iter().map(|(k, v)| (*k, v.expose_secret())).collect::<Vec<_>>())
            }
        };
        let mut response = match self.transport.send(request).await {
            Ok(response) => response,
            Err(SendError::Invalid) => {
                return (None, Outcome::Final(CallError::Invalid { why: "the request could not be built" }));
            }
            Err(SendError::NoConnection { timed_out }) => {
                let why = if timed_out { "no connection in time" } else { "no connection" };
                return (None, Outcome::Failed(CallError::Unreachable { why: why.to_owned() }, None));
            }
            Err(SendError::Lost) => {
                let why = "the connection was lost before the answer".to_owned();
                return (None, Outcome::Failed(CallError::Unknown { why }, None));
            }
        };
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() <= self.limits.answer => {
                    body.extend_from_slice(&chunk)
                }
                Ok(None) => break,
                Ok(Some(_)) if (200..300).contains(&status) => {
                    let why = "larger than the limit".to_owned();
                    return (Some(status), Outcome::Final(CallError::Garbled { why }));
                }
                Err(_) if (200..300).contains(&status) => {
                    let why = format!("the connection was lost within the answer ({status})");
                    return (Some(status), Outcome::Failed(CallError::Unknown { why }, None));
                }
                // The status already makes it an error, even if the body is incomplete.
                Ok(Some(_)) | Err(_) => break,
            }
        }
        (Some(status), classify(call, status, &headers, body))
    }
}

fn classify(call: &Call, status: u16, headers: &HeaderMap, body: Vec<u8>) -> Outcome {
    let id = ["request-id", "x-request-id", "atl-traceid", "x-trace-id"]
        .iter()
        .find_map(|name| headers.get(*name)?.to_str().ok().and_then(|v| token_like(v, call.secret())));
    match status {
        200..=299 => Outcome::Done(Answer { status, request_id: id, date: date(headers), body }),
        429 => Outcome::Limited { status, after: retry_after(headers, crate::clock::now()) },
        // A gateway timed out: the service behind it may still have done the request.
        408 | 500.. => {
            let why = match complaint(&body, call.secret()).code {
                Some(code) => format!("{status} {code}"),
                None => named(status),
            };
            Outcome::Failed(CallError::Unknown { why }, retry_after(headers, crate::clock::now()))
        }
        _ => {
            let said = complaint(&body, call.secret());
            Outcome::Final(CallError::Refused {
                status,
                code: said.code,
                message: said.message,
                request_id: id.or(said.request_id),
            })
        }
    }
}

fn date(headers: &HeaderMap) -> Option<Timestamp> {
    let raw = headers.get(DATE).and_then(|value| value.to_str().ok())?;
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(raw.trim()).ok()
}

/// The longest wait that an answer can impose. No header can pause a client for longer.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(15 * 60);

/// The later of `Retry-After` (seconds or an HTTP date) and Atlassian's `X-RateLimit-Reset` (an ISO instant). Values
/// that cannot be parsed are ignored.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let from_now = |at: Timestamp| Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO);
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).map(str::trim);
    let retry = text(RETRY_AFTER.as_str()).and_then(|raw| {
        let date = || jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(raw).ok().map(from_now);
        seconds(raw).or_else(date)
    });
    let reset = text("x-ratelimit-reset").and_then(super::lenient::to_time).map(from_now);
    retry.max(reset).map(|after| after.min(MAX_RETRY_AFTER))
}

/// A number of seconds, with or without a fraction, capped at the longest wait. A negative number is ignored.
fn seconds(raw: &str) -> Option<Duration> {
    let plain = raw.starts_with(|c: char| c.is_ascii_digit()) && raw.ends_with(|c: char| c.is_ascii_digit());
    let number: f64 = raw.parse().ok().filter(|_| plain)?;
    Duration::try_from_secs_f64(number.clamp(0.0, MAX_RETRY_AFTER.as_secs_f64())).ok()
}

#[cfg(test)]
#[path = "http_tests.rs"]
mod tests;
