//! The table of supported Graph calls. It must never answer a call that is not in the table. It refuses every write
//! to the directory, because Reinstate promises not to make one.

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::response::Response;
use jiff::Timestamp;
use serde_json::Value;

use super::answer::{Refusal, Reply, respond};
use super::delta_places::Kind;
use super::request::{Ask, Version, query, segments};
use super::state::{Entra, Shared};
use super::{
    applications, assignments, audits, cycle, delta, directory, groups, jobs, logs, ondemand, token,
};
use crate::lock;
use crate::wire::{Service, Wire};

/// Graph under `/v1.0`, and the one read that exists only under `/beta`. `base` is the public base URL, perhaps with a path. Links to next pages begin with it.
pub fn graph_router(state: Shared, wire: Wire, base: String) -> Router {
    let base = base.trim_end_matches('/').to_owned();
    let router = Router::new()
        .route("/v1.0/{*rest}", axum::routing::any(graph))
        .route("/beta/{*rest}", axum::routing::any(graph))
        .fallback(graph)
        .with_state((state, wire.clone(), base));
    wire.around(Service::Entra, router)
}

async fn graph(State((state, wire, base)): State<(Shared, Wire, String)>, request: Request) -> Response {
    let now = lock(&state).now();
    let line = format!("graph: {} {}", request.method(), request.uri());
    let client_request_id =
        request.headers().get("client-request-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    let result = match read(&state, request, base, now).await {
        Ok(ask) => answer(&state, &ask, now).await,
        Err(refusal) => Err(refusal),
    };
    if let Err(refusal) = &result
        && let Some(fault) = &refusal.fault
    {
        wire.fault(format!("{line}: {fault}"));
    }
    respond(result, client_request_id.as_deref(), now)
}

async fn read(state: &Shared, request: Request, base: String, now: Timestamp) -> Result<Ask, Refusal> {
    let (parts, body) = request.into_parts();
    let caller = token::bearer(&lock(state), &parts.headers, now)?;
    let raw_path = parts.uri.path().to_owned();
    let versioned = match raw_path.strip_prefix("/beta/") {
        Some(rest) => Some((Version::Beta, rest)),
        None => raw_path.strip_prefix("/v1.0/").map(|rest| (Version::V1, rest)),
    };
    let (version, segments) = versioned
        .and_then(|(version, rest)| Some((version, segments(rest)?)))
        .ok_or_else(|| Refusal::fault(400, "BadRequest", "Invalid version or path."))?;
    let bytes = to_bytes(body, 1 << 20).await.unwrap_or_default();
    let is_json = parts
        .headers
        .get("content-type")
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("application/json"));
    let body = if bytes.is_empty() {
        Value::Null
    } else if is_json {
        serde_json::from_slice(&bytes)
            .map_err(|_| Refusal::fault(400, "BadRequest", "Unable to read JSON request payload."))?
    } else {
        return Err(Refusal::fault(400, "BadRequest", "Write requests must be application/json."));
    };
    let query = query(parts.uri.query().unwrap_or_default());
    Ok(Ask {
        method: parts.method,
        version,
        segments,
        raw_path,
        query,
        headers: parts.headers,
        body,
        base,
        caller,
    })
}

async fn answer(state: &Shared, ask: &Ask, now: Timestamp) -> Result<Reply, Refusal> {
    let path: Vec<&str> = ask.segments.iter().map(String::as_str).collect();
    if ask.method == Method::POST
        && let ["servicePrincipals", sp, "synchronization", "jobs", job, "provisionOnDemand"] =
            path.as_slice()
    {
        return ondemand::run(state, ask, sp, job, now).await;
    }
    let (reply, started) = {
        let mut entra = lock(state);
        let started = match path.as_slice() {
            ["servicePrincipals", sp, .., "start" | "restart"] => Some((*sp).to_owned()),
            _ => None,
        };
        let reply = table(&mut entra, ask, &path, now)?;
        (reply, started.filter(|_| entra.switches.cycle_after_start))
    };
    if let Some(sp) = started {
        let state = state.clone();
        tokio::spawn(async move { cycle::cycle_of(&state, &sp).await });
    }
    Ok(reply)
}

const GROUP_ODATA_TYPE: &str = "microsoft.graph.group";

fn table(entra: &mut Entra, ask: &Ask, path: &[&str], now: Timestamp) -> Result<Reply, Refusal> {
    if ask.version == Version::Beta {
        return match (ask.method.as_str(), path) {
            ("GET", ["servicePrincipals", id, "synchronization", "secrets"]) => jobs::secrets(entra, ask, id),
            _ => Err(unknown(path)),
        };
    }
    if ask.method == Method::GET {
        return match path {
            ["users", "delta"] => delta::delta(entra, ask, Kind::Users, now),
            ["groups", "delta"] => delta::delta(entra, ask, Kind::Groups, now),
            ["users"] => directory::users(entra, ask),
            ["users", id] => directory::user(entra, ask, id),
            ["users", id, "memberOf"] => groups::member_of(entra, ask, id, false, false, now),
            ["users", id, "memberOf", GROUP_ODATA_TYPE] => {
                groups::member_of(entra, ask, id, false, true, now)
            }
            ["users", id, "transitiveMemberOf"] => groups::member_of(entra, ask, id, true, false, now),
            ["users", id, "transitiveMemberOf", GROUP_ODATA_TYPE] => {
                groups::member_of(entra, ask, id, true, true, now)
            }
            ["users", id, "appRoleAssignments"] => assignments::of_user(entra, ask, id),
            ["directory", "deletedItems", "microsoft.graph.user"] => directory::deleted(entra, ask),
            ["organization"] => directory::organization(entra, ask),
            ["groups"] => groups::list(entra, ask),
            ["groups", id] => groups::group(entra, ask, id),
            ["groups", id, "members"] => groups::members(entra, ask, id),
            ["applications"] => applications::list(entra, ask, now),
            ["servicePrincipals"] => assignments::list(entra, ask),
            ["servicePrincipals", id] => assignments::one(entra, ask, id),
            ["servicePrincipals", id, "appRoleAssignedTo"] => assignments::assigned_to(entra, ask, id, now),
            ["servicePrincipals", id, "synchronization", "jobs"] => jobs::list(entra, ask, id),
            ["servicePrincipals", id, "synchronization", "jobs", job] => jobs::one(entra, ask, id, job),
            ["servicePrincipals", id, "synchronization", "jobs", job, "schema"] => {
                jobs::schema(entra, ask, id, job)
            }
            ["auditLogs", "provisioning"] => logs::list(entra, ask, now),
            ["auditLogs", "directoryAudits"] => audits::list(entra, ask, now),
            _ => Err(unknown(path)),
        };
    }
    match (ask.method.as_str(), path) {
        ("POST", ["users", id, "checkMemberGroups"]) => groups::check(entra, ask, id),
        ("POST", ["servicePrincipals", id, "synchronization", "jobs", job, "start"]) => {
            jobs::start(entra, ask, id, job)
        }
        ("POST", ["servicePrincipals", id, "synchronization", "jobs", job, "pause"]) => {
            jobs::pause(entra, ask, id, job)
        }
        ("POST", ["servicePrincipals", id, "synchronization", "jobs", job, "restart"]) => {
            jobs::restart(entra, ask, id, job)
        }
        (_, [.., "synchronization" | "jobs" | "start" | "pause" | "restart" | "provisionOnDemand"]) => {
            Err(Refusal::fault(
                405,
                "Request_BadRequest",
                "Specified HTTP method is not allowed for the request target.",
            ))
        }
        (
            _,
            [
                "users" | "groups" | "directory" | "directoryObjects" | "servicePrincipals" | "applications",
                ..,
            ],
        ) => {
            let mut refusal = Refusal::denied();
            refusal.fault = Some("Reinstate must never write to the directory".into());
            Err(refusal)
        }
        _ => Err(unknown(path)),
    }
}

fn unknown(path: &[&str]) -> Refusal {
    let last = path.last().copied().unwrap_or_default();
    Refusal::fault(400, "BadRequest", format!("Resource not found for the segment '{last}'."))
}
