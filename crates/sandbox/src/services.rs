//! The running simulators: three services on loopback ports, and the environment variables with which the bot finds
//! them. The bot may run in this process or in another.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use axum::Router;

use super::slack::Workspace;
use super::tenant::{
    ADMINS, BOT_TOKEN, CLIENT, CLIENT_SECRET, DIRECTORY, DOMAIN, ORG, ORG_KEY, SCIM_KEY, SIGNING_SECRET,
    TENANT, Tenant,
};
use super::wire::{Listening, Wire, listen, listen_at};
use super::{atlassian, entra, lock, slack};

/// The running simulators.
pub struct Sandbox {
    /// The call log and the faults.
    pub wire: Wire,
    /// Atlassian's state.
    pub atlassian: atlassian::Shared,
    /// Entra's state.
    pub entra: entra::Shared,
    /// Slack's state.
    pub slack: slack::Shared,
    directories: Directories,
    upstream: Listening,
    chat: Listening,
    _door: slack::SocketDoor,
}

impl Sandbox {
    /// Starts the simulators with a tenant.
    ///
    /// # Errors
    /// When no loopback port is available.
    pub async fn start(tenant: Tenant) -> std::io::Result<Self> {
        let wire = Wire::default();
        let directories = Directories::of(&tenant);
        let atlassian: atlassian::Shared = Arc::new(Mutex::new(tenant.atlassian));
        let entra = tenant.entra.shared();
        let slack: slack::Shared = Arc::new(Mutex::new(tenant.slack));
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        // Some routers print their own address, so the port must be known before they are created.
        let listener = tokio::net::TcpListener::bind(loopback).await?;
        let addr = listener.local_addr()?;
        let base = format!("http://{addr}");
        let router = upstream_router(&atlassian, &entra, &wire, &base);
        let upstream = listen_at(router, listener)?;
        aim_job(&entra, &base);
        let chat = listen(slack::router(slack.clone(), wire.clone(), String::new()), loopback).await?;
        lock(&slack).base = chat.url();
        let door = slack::sockets(slack.clone(), wire.clone()).await?;
        Ok(Self { wire, atlassian, entra, slack, directories, upstream, chat, _door: door })
    }

    /// Puts Atlassian and Microsoft out of order, or in order again. Out of order, they refuse connections.
    pub fn set_upstream_down(&self, down: bool) {
        self.upstream.set_down(down);
    }

    /// Puts Slack out of order, or in order again.
    pub fn set_slack_down(&self, down: bool) {
        self.chat.set_down(down);
    }

    /// The people, whose actions go to the bot at this request URL.
    #[must_use]
    pub fn workspace(&self, request_url: String) -> Workspace {
        Workspace::new(self.slack.clone(), self.wire.clone(), request_url)
    }

    /// All environment variables that the bot's configuration needs.
    #[must_use]
    pub fn env(&self, store_url: &str, listen: &str) -> BTreeMap<String, String> {
        let (transport, app_token) = {
            let slack = lock(&self.slack);
            let transport = if slack.sockets.on { "socket" } else { "http" };
            (transport.to_owned(), slack.sockets.app_token.clone())
        };
        let pairs = [
            ("SERVER__LISTEN", listen.to_owned()),
            ("SLACK__API_URL", format!("{}/api", self.chat.url())),
            ("SLACK__TRANSPORT", transport),
            ("SLACK__CHANNEL", ADMINS.to_owned()),
            ("STORE__URL", store_url.to_owned()),
            ("ACCESS__VIEWER__USERGROUPS", "S0HELPDESK".to_owned()),
            ("ACCESS__OPERATOR__USERS", "U0ADA".to_owned()),
            ("ACCESS__APPROVER__USERS", "U0GRACE".to_owned()),
            ("SLACK_SIGNING_SECRET", SIGNING_SECRET.to_owned()),
            ("SLACK_BOT_TOKEN", BOT_TOKEN.to_owned()),
            ("SLACK_APP_TOKEN", app_token),
        ];
        let mut env = upstream_env(&self.upstream.url(), &self.entra, &self.directories);
        env.extend(pairs.map(|(key, value)| (format!("REINSTATE_{key}"), value)));
        env
    }
}

/// Atlassian, Microsoft's login and Graph below one base URL.
pub(super) fn upstream_router(
    atlassian: &atlassian::Shared,
    entra: &entra::Shared,
    wire: &Wire,
    base: &str,
) -> Router {
    Router::new()
        .nest("/atlassian", atlassian::router(atlassian.clone(), wire.clone()))
        .nest("/login", entra::login_router(entra.clone(), wire.clone()))
        .nest("/graph", entra::graph_router(entra.clone(), wire.clone(), format!("{base}/graph")))
}

/// The directories in the bot's configuration.
pub(super) struct Directories {
    /// Those with a key come first.
    ids: Vec<String>,
    keys: Vec<String>,
}

impl Directories {
    pub fn of(tenant: &Tenant) -> Self {
        let with_key = tenant.with_key.iter().map(|(id, _)| id.clone());
        let ids = std::iter::once(DIRECTORY.to_owned()).chain(with_key).chain(tenant.without_key.clone());
        let keys = tenant.with_key.iter().map(|(_, key)| key.clone());
        Self { ids: ids.collect(), keys: std::iter::once(SCIM_KEY.to_owned()).chain(keys).collect() }
    }
}

/// Makes the job write to the simulated Atlassian at this base URL, and other jobs too that have no target yet.
pub(super) fn aim_job(entra: &entra::Shared, base: &str) {
    let mut entra = lock(entra);
    let ours = entra.atlassian.clone();
    for application in entra.service_principals.values_mut() {
        let is_ours = application.id == ours;
        if let Some(job) = application.job.as_mut().filter(|job| is_ours || job.base_address.is_empty()) {
            job.base_address = format!("{base}/atlassian/scim/directory/{DIRECTORY}");
        }
    }
}

/// The environment variables with which the bot finds Atlassian and Microsoft.
pub(super) fn upstream_env(
    base: &str,
    entra: &entra::Shared,
    directories: &Directories,
) -> BTreeMap<String, String> {
    let service_principal = lock(entra).atlassian.clone();
    let pairs = [
        ("ATLASSIAN__API_URL", format!("{base}/atlassian")),
        ("ATLASSIAN__ORG_ID", ORG.to_owned()),
        ("ATLASSIAN__PARKING_DOMAIN", DOMAIN.to_owned()),
        ("ATLASSIAN__DIRECTORIES", directories.ids.join(",")),
        ("ENTRA__LOGIN_URL", format!("{base}/login")),
        ("ENTRA__GRAPH_URL", format!("{base}/graph")),
        ("ENTRA__TENANT_ID", TENANT.to_owned()),
        ("ENTRA__CLIENT_ID", CLIENT.to_owned()),
        ("ENTRA__SERVICE_PRINCIPAL_ID", service_principal),
        ("ATLASSIAN_ORG_KEY", ORG_KEY.to_owned()),
        ("ENTRA_CLIENT_SECRET", CLIENT_SECRET.to_owned()),
    ];
    let keys = (1..).zip(&directories.keys).map(|(number, key)| {
        let suffix = if number == 1 { String::new() } else { format!("_{number}") };
        (format!("REINSTATE_ATLASSIAN_SCIM_KEY{suffix}"), key.clone())
    });
    pairs.into_iter().map(|(key, value)| (format!("REINSTATE_{key}"), value)).chain(keys).collect()
}
