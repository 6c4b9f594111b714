//! A strict, stateful simulator of Slack: the Web API and the response URLs behind real HTTP, and what people do in
//! Slack (`user_actions`), signed as Slack signs. It follows Slack's published rules, not the requests of our client.
//! It must never be more tolerant than Slack: it refuses an unknown method, a wrong content type or an invalid block,
//! and records a fault.

mod api;
mod call;
mod chat;
mod elements;
mod files;
mod hooks;
mod limits;
mod links;
mod modal_acts;
mod model;
mod payload;
mod people;
mod read;
mod render;
mod send;
pub mod sign;
mod socket;
mod state;
#[cfg(test)]
mod tests;
mod user_actions;
mod validate;
mod views;
mod workspace;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;

use super::lock;
use super::wire::{Service, Wire};

pub use limits::Limits;
pub use links::Sockets;
pub use model::{
    Channel, Edit, Enterprise, Ephemeral, File, Message, ResponseUrl, Restriction, Source, Switches, Team,
    Trigger, User, UserGroup, View,
};
pub use read::{Unread, wait_until};
pub use send::{Ack, ActError};
pub use sign::signature;
pub use socket::{SocketDoor, sockets};
pub use state::Slack;
pub use validate::{Surface, characters, problems};
pub use views::view_problems;
pub use workspace::Workspace;

/// The workspace, shared by its HTTP side and the people who act in it.
pub type Shared = Arc<Mutex<Slack>>;

#[derive(Clone)]
struct Context {
    state: Shared,
    wire: Wire,
}

/// Serves the workspace: `/api/{method}`, and the response URLs `/commands/…`, `/actions/…`, `/app/…` below `base`.
/// When the port is known only later, set [`Slack::base`] then.
pub fn router(state: Shared, wire: Wire, base: String) -> Router {
    lock(&state).base = base;
    let context = Context { state, wire: wire.clone() };
    let routes = Router::new()
        .route("/api/{method}", any(web_api))
        .route("/commands/{token}", any(response_url))
        .route("/actions/{token}", any(response_url))
        .route("/app/{token}", any(response_url))
        .route("/upload/v1/{id}", any(upload))
        .fallback(nowhere)
        .with_state(context);
    wire.around(Service::Slack, routes)
}

async fn web_api(State(context): State<Context>, Path(method): Path<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, 4 << 20).await.unwrap_or_default();
    let now = crate::clock::now();
    let (result, scopes, changed) = {
        let mut slack = lock(&context.state);
        let scopes = slack.scopes.iter().map(String::as_str).collect::<Vec<_>>().join(",");
        (api::answer(&mut slack, &method, &parts, &bytes, now), scopes, slack.change())
    };
    changed.notify_waiters();
    match result {
        Ok(value) => {
            // Slack lists the scopes of the token in a header of every answer. No method lists them.
            let mut response = json(StatusCode::OK, &value);
            if let Ok(scopes) = HeaderValue::from_str(&scopes) {
                response.headers_mut().insert("x-oauth-scopes", scopes);
            }
            response
        }
        Err(refusal) => {
            if let Some(fault) = &refusal.fault {
                context.wire.fault(format!("slack {method}: {fault}"));
            }
            let status =
                if refusal.retry_after.is_some() { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::OK };
            let mut response = json(status, &refusal.body());
            if let Some(seconds) = refusal.retry_after {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            response
        }
    }
}

async fn response_url(
    State(context): State<Context>,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, 4 << 20).await.unwrap_or_default();
    let now = crate::clock::now();
    let (result, changed) = {
        let mut slack = lock(&context.state);
        (hooks::answer(&mut slack, &token, &parts, &bytes, now), slack.change())
    };
    changed.notify_waiters();
    match result {
        Ok(()) => "ok".into_response(),
        Err((status, refusal)) => {
            if let Some(fault) = &refusal.fault {
                context.wire.fault(format!("slack response_url: {fault}"));
            }
            json(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), &refusal.body())
        }
    }
}

async fn upload(State(context): State<Context>, Path(id): Path<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, 64 << 20).await.unwrap_or_default();
    let result = files::receive(&mut lock(&context.state), &id, &parts, &bytes);
    match result {
        Ok(text) => text.into_response(),
        Err((status, why)) => {
            context.wire.fault(format!("slack upload: {why}"));
            (StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), why).into_response()
        }
    }
}

async fn nowhere(State(context): State<Context>, request: Request) -> Response {
    context.wire.fault(format!("slack has no {} {}", request.method(), request.uri().path()));
    (StatusCode::NOT_FOUND, "not found").into_response()
}

fn json(status: StatusCode, value: &serde_json::Value) -> Response {
    let mut response = (status, value.to_string()).into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    response
}
