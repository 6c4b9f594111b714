//! All requests to Atlassian and Microsoft, as typed functions over one HTTP client ([`http`]). It must never decide
//! anything: it reports what a service returned, or why a read failed.

pub mod assertion;
pub mod atlassian;
pub mod call;
pub mod entra;
pub mod error;
pub mod http;
mod lenient;
pub mod literal;
pub mod live;
pub mod login_error;
#[cfg(test)]
mod probe;
pub mod rate_limit;
pub mod scim;
pub mod token;
pub mod transport;
mod validity;

use secrecy::SecretString;
use url::Url;

use reinstate_core::evidence::Installation;

pub use assertion::{Certificate, Federated};
pub use atlassian::Atlassian;
pub use entra::Entra;
pub use error::CallError;
pub use http::{Http, Limits};
pub use scim::Scim;
pub use token::EntraCredential;
pub use transport::Transport;

/// Makes ring the only TLS provider of this process; with two, the first connection panics. Call it first.
pub fn install_tls() {
    // An error means that it was already installed.
    rustls::crypto::ring::default_provider().install_default().ok();
}

/// The configuration of the clients. A client without a secret is absent, and what it would read becomes a gap.
#[derive(Clone, Debug)]
pub struct UpstreamConfig {
    /// Atlassian's base URL; its path is kept.
    pub atlassian_url: Url,
    /// The Atlassian organization.
    pub org_id: String,
    /// The organization's API key.
    pub org_key: Option<SecretString>,
    /// The SCIM directories, each with its key if there is one.
    pub directories: Vec<(String, Option<SecretString>)>,
    /// The base URL of Microsoft's login; its path is kept.
    pub login_url: Url,
    /// Microsoft Graph, without `/v1.0`; its path is kept.
    pub graph_url: Url,
    pub tenant_id: String,
    /// The bot's application in the tenant.
    pub client_id: String,
    /// The directory that the job writes to, according to the configuration.
    pub job_directory: Option<String>,
    /// Whether the job provisions everybody, according to the configuration.
    pub sync_all: Option<bool>,
    /// How many members of a group the synchronization takes.
    pub group_members: Option<i64>,
    /// How the application authenticates.
    pub credential: Option<EntraCredential>,
    /// How many processes share these credentials, and so their rate limits.
    pub replicas: u32,
    /// Bounds on each call.
    pub limits: Limits,
}

pub struct ScimDirectory {
    pub id: String,
    /// `None` if there is no key.
    pub client: Option<Scim>,
}

/// The clients of all upstream services.
pub struct Clients {
    pub entra: Option<Entra>,
    pub atlassian: Option<Atlassian>,
    /// The SCIM directories, in the order of the configuration.
    pub scim: Vec<ScimDirectory>,
    pub places: Installation,
}

impl Clients {
    /// The same clients for sweeps. They share every rate limit, and all other requests have priority.
    #[must_use]
    pub fn in_background(&self) -> Self {
        let scim = self.scim.iter().map(|directory| ScimDirectory {
            id: directory.id.clone(),
            client: directory.client.as_ref().map(Scim::in_background),
        });
        Self {
            entra: self.entra.as_ref().map(Entra::in_background),
            atlassian: self.atlassian.as_ref().map(Atlassian::in_background),
            scim: scim.collect(),
            places: self.places.clone(),
        }
    }

    /// Builds the clients for the network and opens no connection. The TLS provider must be installed before.
    ///
    /// # Errors
    /// When the system's certificates or proxy settings cannot be used.
    pub fn new(config: UpstreamConfig) -> Result<Self, reqwest::Error> {
        Ok(Self::over(Transport::network()?, config))
    }

    /// Builds the clients for this way to the services.
    #[must_use]
    pub fn over(transport: Transport, config: UpstreamConfig) -> Self {
        let http = Http::new(transport, config.limits);
        let places = Installation {
            organization: Some(config.org_id.clone()),
            tenant: Some(config.tenant_id.clone()),
            application: None,
            job_directory: config.job_directory.clone(),
            sync_all: config.sync_all,
            group_members: config.group_members,
        };
        let replicas = config.replicas;
        let entra = config.credential.map(|credential| {
            let (tenant, client) = (config.tenant_id, config.client_id);
            let tokens = token::Tokens::new(
                http.clone(),
                config.login_url,
                &config.graph_url,
                tenant,
                client,
                credential,
            );
            Entra::new(http.clone(), config.graph_url, tokens, replicas)
        });
        let base = config.atlassian_url;
        let atlassian = config
            .org_key
            .map(|key| Atlassian::new(http.clone(), base.clone(), config.org_id, key, replicas));
        let scim = config.directories.into_iter().map(|(id, key)| ScimDirectory {
            client: key.map(|key| Scim::new(http.clone(), base.clone(), id.clone(), key, replicas)),
            id,
        });
        Self { entra, atlassian, scim: scim.collect(), places }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_secret_there_is_no_client() {
        let nowhere = Url::parse("http://127.0.0.1:1/x").unwrap();
        let config = UpstreamConfig {
            atlassian_url: nowhere.clone(),
            org_id: "o".into(),
            org_key: None,
            directories: vec![("d1".into(), Some("scim-key".into())), ("d2".into(), None)],
            login_url: nowhere.clone(),
            graph_url: nowhere,
            tenant_id: "t".into(),
            client_id: "c".into(),
            job_directory: None,
            sync_all: None,
            group_members: None,
            credential: Some(EntraCredential::Secret("sesame".into())),
            replicas: 1,
            limits: probe::limits(),
        };
        let shown = format!("{config:?}");
        assert!(!shown.contains("sesame") && !shown.contains("scim-key"), "{shown}");
        let clients = Clients::new(config).unwrap();
        assert!(clients.entra.is_some() && clients.atlassian.is_none());
        assert_eq!(clients.scim.iter().map(|d| d.client.is_some()).collect::<Vec<_>>(), [true, false]);
    }
}
