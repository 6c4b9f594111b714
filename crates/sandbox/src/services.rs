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
    /// The directories in the bot's configuration. Those with a key come first.
    directories: Vec<String>,
    /// The keys of the first directories.
    keys: Vec<String>,
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
        let mut directories = vec![DIRECTORY.to_owned()];
        let mut keys = vec![SCIM_KEY.to_owned()];
        for (id, key) in tenant.with_key {
            directories.push(id);
            keys.push(key);
        }
        directories.extend(tenant.without_key);
        let atlassian: atlassian::Shared = Arc::new(Mutex::new(tenant.atlassian));
        let entra = tenant.entra.shared();
        let slack: slack::Shared = Arc::new(Mutex::new(tenant.slack));
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        // Some routers print their own address, so the port must be known before they are created.
        let listener = tokio::net::TcpListener::bind(loopback).await?;
        let addr = listener.local_addr()?;
        let base = format!("http://{addr}");
        let router = Router::new()
            .nest("/atlassian", atlassian::router(atlassian.clone(), wire.clone()))
            .nest("/login", entra::login_router(entra.clone(), wire.clone()))
            .nest("/graph", entra::graph_router(entra.clone(), wire.clone(), format!("{base}/graph")));
        let upstream = listen_at(router, listener)?;
        if let Some(job) = lock(&entra).atlassian_job() {
            job.base_address = format!("{base}/atlassian/scim/directory/{DIRECTORY}");
        }
        let chat = listen(slack::router(slack.clone(), wire.clone(), String::new()), loopback).await?;
        lock(&slack).base = chat.url();
        let door = slack::sockets(slack.clone(), wire.clone()).await?;
        Ok(Self { wire, atlassian, entra, slack, directories, keys, upstream, chat, _door: door })
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
        let upstream = self.upstream.url();
        let service_principal = lock(&self.entra).atlassian.clone();
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
            ("ATLASSIAN__API_URL", format!("{upstream}/atlassian")),
            ("ATLASSIAN__ORG_ID", ORG.to_owned()),
            ("ATLASSIAN__PARKING_DOMAIN", DOMAIN.to_owned()),
            ("ATLASSIAN__DIRECTORIES", self.directories.join(",")),
            ("ENTRA__LOGIN_URL", format!("{upstream}/login")),
            ("ENTRA__GRAPH_URL", format!("{upstream}/graph")),
            ("ENTRA__TENANT_ID", TENANT.to_owned()),
            ("ENTRA__CLIENT_ID", CLIENT.to_owned()),
            ("ENTRA__SERVICE_PRINCIPAL_ID", service_principal),
            ("ACCESS__VIEWER__USERGROUPS", "S0HELPDESK".to_owned()),
            ("ACCESS__OPERATOR__USERS", "U0ADA".to_owned()),
            ("ACCESS__APPROVER__USERS", "U0GRACE".to_owned()),
            ("SLACK_SIGNING_SECRET", SIGNING_SECRET.to_owned()),
            ("SLACK_BOT_TOKEN", BOT_TOKEN.to_owned()),
            ("SLACK_APP_TOKEN", app_token),
            ("ATLASSIAN_ORG_KEY", ORG_KEY.to_owned()),
            ("ENTRA_CLIENT_SECRET", CLIENT_SECRET.to_owned()),
        ];
        let keys = (1..).zip(&self.keys).map(|(number, key)| {
            let suffix = if number == 1 { String::new() } else { format!("_{number}") };
            (format!("REINSTATE_ATLASSIAN_SCIM_KEY{suffix}"), key.clone())
        });
        pairs.into_iter().map(|(key, value)| (format!("REINSTATE_{key}"), value)).chain(keys).collect()
    }
}
