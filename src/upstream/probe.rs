//! For tests: a small server that records exact request lines and answers as the test defines.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use url::Url;

use super::http::{Http, Limits};
use super::rate_limit::RateLimiter;
use super::transport::Transport;

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    /// `GET /path?query`, still encoded.
    pub line: String,
    pub headers: axum::http::HeaderMap,
    pub body: String,
}

impl Seen {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }
}

pub type Reply = (u16, Vec<(&'static str, String)>, String);

/// A plain JSON reply.
pub fn ok(body: impl ToString) -> Reply {
    (200, vec![], body.to_string())
}

pub fn status(status: u16, body: impl ToString) -> Reply {
    (status, vec![], body.to_string())
}

/// A running server and the requests it received.
pub struct Probe {
    pub url: Url,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Probe {
    pub async fn start(answer: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static) -> Self {
        let seen = Arc::<Mutex<Vec<Seen>>>::default();
        let (log, answer) = (Arc::clone(&seen), Arc::new(answer));
        let app = Router::new().fallback(move |request: Request| {
            let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
            async move {
                let (parts, body) = request.into_parts();
                let body = to_bytes(body, usize::MAX).await.unwrap();
                let now = Seen {
                    line: format!("{} {}", parts.method, parts.uri),
                    headers: parts.headers,
                    body: String::from_utf8(body.to_vec()).unwrap(),
                };
                let count = {
                    let mut log = log.lock().unwrap();
                    log.push(now.clone());
                    log.len()
                };
                let (status, headers, text) = answer(&now, count);
                let mut response = Response::builder().status(status);
                for (name, value) in headers {
                    response = response.header(name, value);
                }
                response.body(Body::from(text)).unwrap()
            }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, seen }
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub fn lines(&self) -> Vec<String> {
        self.seen().into_iter().map(|s| s.line).collect()
    }
}

/// A client with very short waits.
pub fn http() -> Http {
    let limits = limits();
    Http::new(Transport::network().unwrap(), limits)
}

pub fn limits() -> Limits {
    drop(rustls::crypto::ring::default_provider().install_default());
    Limits {
        budget: Duration::from_secs(20),
        first_wait: Duration::from_millis(10),
        longest_wait: Duration::from_millis(20),
        answer: 100_000,
        ..Limits::default()
    }
}

pub fn free() -> RateLimiter {
    RateLimiter::bucket(1000, 1000, 16, 1)
}
