//! Everything we ask of Atlassian and Microsoft, as typed functions over one way out ([`http`]). It must never
//! decide anything: it reports what was said, or why nothing could be read.

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

/// Makes ring the one TLS provider of this process; with two, the first connection panics. Call it first.
pub fn install_tls() {
    // An error means that somebody has called it before.
    rustls::crypto::ring::default_provider().install_default().ok();
}

/// What the clients are made of. Without its secret a client is absent, and what it would read is a gap.
#[derive(Clone, Debug)]
pub struct UpstreamConfig {
    /// Atlassian's base address; its path is kept.
    pub atlassian_url: Url,
    /// The Atlassian organization.
    pub org_id: String,
    /// The organization's API key.
    pub org_key: Option<SecretString>,
    /// The SCIM directories, each with its own key if there is one.
    pub directories: Vec<(String, Option<SecretString>)>,
    /// Microsoft's login; its path is kept.
    pub login_url: Url,
    /// Microsoft Graph, without `/v1.0`; its path is kept.
    pub graph_url: Url,
    pub tenant_id: String,
    /// Our application in it.
    pub client_id: String,
    /// How it proves to be itself.
    pub credential: Option<EntraCredential>,
    /// How many processes share these credentials, and so their limits.
    pub replicas: u32,
    /// Bounds on each call.
    pub limits: Limits,
}

pub struct ScimDirectory {
    pub id: String,
    /// The client, if there is a key.
    pub client: Option<Scim>,
}

/// The clients for everything upstream.
pub struct Clients {
    /// Microsoft Graph.
    pub entra: Option<Entra>,
    pub atlassian: Option<Atlassian>,
    /// The SCIM directories, in the order of the configuration.
    pub scim: Vec<ScimDirectory>,
    pub places: Installation,
}

impl Clients {
    /// The same clients for sweeps: they share every limit, and everything else goes first.
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

    /// Builds the clients and connects to nothing. The TLS provider must be installed before.
    ///
    /// # Errors
    /// When the system's certificates or proxy settings cannot be used.
    pub fn new(config: UpstreamConfig) -> Result<Self, reqwest::Error> {
        let http = Http::new(config.limits)?;
        let places = Installation {
            organization: Some(config.org_id.clone()),
            tenant: Some(config.tenant_id.clone()),
            application: None,
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
        Ok(Self { entra, atlassian, scim: scim.collect(), places })
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
