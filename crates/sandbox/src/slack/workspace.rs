//! The people of a workspace, and the bot they talk to.

use std::time::Duration;

use super::super::wire::Wire;
use super::Shared;

/// The people of a workspace, and the bot they talk to.
#[derive(Clone, Debug)]
pub struct Workspace {
    pub state: Shared,
    /// Where faults go.
    pub wire: Wire,
    /// The bot's `POST /slack/events`.
    pub request_url: String,
    /// How long Slack waits for an acknowledgement.
    pub patience: Duration,
    pub(super) http: reqwest::Client,
}

impl Workspace {
    /// Lets people talk to the bot at `request_url`.
    #[must_use]
    pub fn new(state: Shared, wire: Wire, request_url: String) -> Self {
        // The client is built without a TLS provider of its own; a second installation is refused and harmless.
        rustls::crypto::ring::default_provider().install_default().ok();
        let patience = Duration::from_secs(3);
        Self { state, wire, request_url, patience, http: reqwest::Client::new() }
    }
}
