//! The simulated Atlassian Cloud: the organization, account and SCIM state of one organization behind the real paths
//! of `api.atlassian.com`. It follows the published documents and never our client: it refuses what they do not
//! describe and records a fault. Where the documents leave a question open, a field of [`Switches`] sets the answer,
//! so that tests can try each.

mod ask;
mod build;
mod events;
mod groups;
mod index;
mod links;
mod manage;
mod org;
mod page;
mod people;
mod refusal;
mod rules;
mod scim;
mod scim_groups;
mod scim_record;
mod scim_request;
mod scim_users;
mod snapshot;
mod state;
mod switches;
#[cfg(test)]
mod tests;
mod writes;

pub use state::{
    Account, Activity, Atlassian, Domain, Event, Grant, ManagedBy, Member, Membership, OrgGroup,
    ScimDirectory, ScimGroup, ScimUser, Status, UserDirectory, Workspace,
};
pub use switches::{PrivilegesQuery, ScimContext, Switches};

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::Response;
use jiff::fmt::rfc2822::DateTimePrinter;

use self::ask::{Ask, Reply};
use super::lock;
use super::wire::{Service, Wire};

/// The state, shared by the router and a test.
pub type Shared = Arc<Mutex<Atlassian>>;

/// Serves the whole of `api.atlassian.com` over this state, wrapped by the wire.
pub fn router(state: Shared, wire: Wire) -> Router {
    let routes = Router::new().fallback(serve).with_state((state, wire.clone()));
    wire.around(Service::Atlassian, routes)
}

async fn serve(State((state, wire)): State<(Shared, Wire)>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, 4 << 20).await.unwrap_or_default();
    let ask = Ask::new(&parts, &bytes);
    let reply = {
        let mut tenant = lock(&state);
        tenant.thaw_for(&ask.method, &ask.segments());
        tenant.tick(crate::clock::now());
        let mut reply = route(&mut tenant, &ask);
        if let Ok(date) = DateTimePrinter::new().timestamp_to_rfc9110_string(&tenant.now) {
            reply.headers.push(("date", date));
        }
        reply
    };
    if let Some(fault) = &reply.fault {
        wire.fault(format!("{} {}: {fault}", ask.method, parts.uri.path()));
    }
    reply.into_response()
}

/// The four API families differ in their credentials and error shapes, so each checks the credentials itself.
fn route(tenant: &mut Atlassian, ask: &Ask) -> Reply {
    let segments = ask.segments();
    let answer = match segments.as_slice() {
        ["admin", "user-provisioning", rest @ ..] => links::answer(tenant, ask, rest),
        ["admin", rest @ ..] => org::answer(tenant, ask, rest),
        ["users", account, "manage", rest @ ..] => manage::answer(tenant, ask, account, rest),
        ["scim", "directory", directory, "scim", rest @ ..] | ["scim", "directory", directory, rest @ ..] => {
            scim::answer(tenant, ask, directory, rest)
        }
        _ => Err(Reply::proxy(404, "Not Found").faulty("no such path")),
    };
    answer.unwrap_or_else(|refusal| refusal)
}
