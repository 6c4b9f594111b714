//! How a request reaches its service: over the network, or through a function in the same process. Everything else
//! that HTTP needs (limits, classification, retries) is in [`super::http`], and is the same for both. The program
//! itself always uses the network. Only tests with simulated services use a function. This module must never read or
//! change a request or an answer.

use std::sync::Arc;
use std::time::Duration;

use futures_core::future::BoxFuture;
use reqwest::header::USER_AGENT;
use reqwest::{Request, Response};

const AGENT: &str = concat!("reinstate/", env!("CARGO_PKG_VERSION"));

/// Carries one request to a service and returns its answer. `None` means that the connection was lost.
pub type Deliver = Arc<dyn Fn(Request) -> BoxFuture<'static, Option<Response>> + Send + Sync>;

/// Why there is no answer. The error of reqwest contains the URL, and so personal data; it goes no further.
pub(super) enum SendError {
    Invalid,
    NoConnection { timed_out: bool },
    Lost,
}

/// A way to the services. It is cheap to clone.
#[derive(Clone)]
pub struct Transport {
    client: reqwest::Client,
    deliver: Option<Deliver>,
}

impl std::fmt::Debug for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.deliver.is_some() { "Transport::InProcess" } else { "Transport::Network" })
    }
}

impl Transport {
    /// The network. This opens no connection. The crypto provider must be installed before.
    ///
    /// # Errors
    /// When the system's certificates or proxy settings cannot be used.
    pub fn network() -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10))
            // Shorter than the keep-alive of the services, so that a write seldom uses a connection that is closing.
            .pool_idle_timeout(Duration::from_secs(20))
            .build()?;
        Ok(Self { client, deliver: None })
    }

    /// The same, but every request goes to this function instead of the network.
    #[must_use]
    pub fn through(&self, deliver: Deliver) -> Self {
        Self { client: self.client.clone(), deliver: Some(deliver) }
    }

    pub(super) fn request(&self, method: reqwest::Method, url: reqwest::Url) -> reqwest::RequestBuilder {
        self.client.request(method, url).header(USER_AGENT, AGENT)
    }

    pub(super) async fn send(&self, request: reqwest::RequestBuilder) -> Result<Response, SendError> {
        let request = request.build().map_err(|_| SendError::Invalid)?;
        match &self.deliver {
            Some(deliver) => deliver(request).await.ok_or(SendError::Lost),
            None => self.client.execute(request).await.map_err(|error| match error {
                e if e.is_builder() => SendError::Invalid,
                e if e.is_connect() => SendError::NoConnection { timed_out: e.is_timeout() },
                _ => SendError::Lost,
            }),
        }
    }
}
