//! Atlassian and Microsoft without sockets: requests are function calls in the same process. Tests that read thousands
//! of tenants use it. It must never answer differently from the services behind HTTP: both use the same routers.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::response::Response;
use futures_core::future::BoxFuture;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;

use super::services::{Directories, aim_job, upstream_env, upstream_router};
use super::tenant::Tenant;
use super::wire::{HangUp, Wire};
use super::{atlassian, entra, lock};

/// No host has this name (RFC 2606), so a request that leaves the process fails.
const BASE: &str = "http://services.invalid";

/// The size limit of a simulated answer, above that of the client.
const ANSWER_LIMIT_BYTES: usize = 64 << 20;

/// A router that requests reach without a socket.
#[derive(Clone)]
pub struct Services(Router);

impl std::fmt::Debug for Services {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Services")
    }
}

impl Services {
    /// Carries one request to the router. `None` when the simulated connection breaks.
    pub fn deliver(&self, request: reqwest::Request) -> BoxFuture<'static, Option<reqwest::Response>> {
        let router = TowerToHyperService::new(self.0.clone());
        Box::pin(async move {
            let request = axum::http::Request::<reqwest::Body>::try_from(request).ok()?;
            let answer: Response =
                router.call(request.map(Body::new)).await.unwrap_or_else(|never: Infallible| match never {});
            if answer.extensions().get::<HangUp>().is_some() {
                return None;
            }
            let (parts, body) = answer.into_parts();
            let bytes = to_bytes(body, ANSWER_LIMIT_BYTES).await.ok()?;
            Some(axum::http::Response::from_parts(parts, bytes).into())
        })
    }
}

/// The simulated Atlassian and Microsoft of one tenant in this process.
pub struct InProcess {
    /// The call log and the faults.
    pub wire: Wire,
    /// Atlassian's state.
    pub atlassian: atlassian::Shared,
    /// Entra's state.
    pub entra: entra::Shared,
    pub services: Services,
    directories: Directories,
}

impl InProcess {
    #[must_use]
    pub fn new(tenant: Tenant) -> Self {
        let wire = Wire::default();
        let directories = Directories::of(&tenant);
        let atlassian: atlassian::Shared = Arc::new(Mutex::new(tenant.atlassian));
        let entra = tenant.entra.shared();
        let services = Services(upstream_router(&atlassian, &entra, &wire, BASE));
        aim_job(&entra, BASE);
        lock(&entra).write_through(Some(services.clone()));
        Self { wire, atlassian, entra, services, directories }
    }

    /// The environment variables with which the bot finds the services. Slack is not among them.
    #[must_use]
    pub fn env(&self) -> BTreeMap<String, String> {
        upstream_env(BASE, &self.entra, &self.directories)
    }
}

/// The services hold the state, and the state holds the services, so neither would ever be freed.
impl Drop for InProcess {
    fn drop(&mut self) {
        lock(&self.entra).write_through(None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_is_freed_with_its_services() {
        let services = InProcess::new(Tenant::new());
        let (entra, atlassian) = (Arc::downgrade(&services.entra), Arc::downgrade(&services.atlassian));
        drop(services);
        assert!(entra.upgrade().is_none() && atlassian.upgrade().is_none());
    }
}
