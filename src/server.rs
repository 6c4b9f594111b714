//! The HTTP server: Slack's requests, and health and metrics. `listener.rs` holds the limits on connections.
//! `/readyz` and `/metrics` must never contain personal data.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tower_http::timeout::TimeoutLayer;

use crate::bot::app::App;
use crate::bot::housekeeping;
use crate::bot::inbound;
use crate::config::Transport;
use crate::listener::{self, ConnectionLimits};
use crate::slack::manifest::EVENTS_PATH;
use crate::telemetry::Metrics;

/// The time within which a whole request must arrive.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

pub fn router(app: Arc<App>, metrics: Option<Metrics>) -> Router {
    Router::new()
        .route(EVENTS_PATH, post(inbound::events))
        .route("/livez", get(|| async { "alive" }))
        .route("/readyz", get(ready))
        .with_state(app)
        .route("/metrics", get(move || std::future::ready(shown(metrics.as_ref()))))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, REQUEST_TIMEOUT))
}

/// Serves until `shutdown` is set, then finishes what was acknowledged.
pub async fn run(
    app: Arc<App>,
    metrics: Option<Metrics>,
    listener: TcpListener,
    shutdown: watch::Receiver<bool>,
) {
    let home = tokio::spawn(housekeeping::keep_home(Arc::clone(&app), shutdown.clone()));
    let routes = router(Arc::clone(&app), metrics);
    listener::serve(listener, routes, ConnectionLimits::default(), shutdown).await;
    home.abort();
    app.drain(Duration::from_secs(10)).await;
}

/// Ready when the store and Slack's `auth.test` answer, whether or not Atlassian and Entra answer. Over a socket, a
/// link must be open or have been open a short time ago (docs/reference/rules.md#readiness).
async fn ready(State(app): State<Arc<App>>) -> Response {
    let store = tokio::time::timeout(Duration::from_secs(2), app.journal.store().ping()).await;
    let mut parts = vec![("store", matches!(store, Ok(Ok(())))), ("slack", app.people.home().is_some())];
    if app.config.slack.transport == Transport::Socket {
        parts.push(("socket", app.socket_links.are_ready(Instant::now())));
    }
    let fine = parts.iter().all(|(_, fine)| *fine);
    let status = if fine { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let line = |(name, fine): (&str, bool)| format!("{name}: {}\n", if fine { "ok" } else { "not yet" });
    (status, parts.into_iter().map(line).collect::<String>()).into_response()
}

fn shown(metrics: Option<&Metrics>) -> String {
    metrics
        .map(|metrics| {
            metrics.run_upkeep();
            metrics.render()
        })
        .unwrap_or_default()
}
