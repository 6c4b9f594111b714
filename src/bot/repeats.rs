//! Requests that come twice. Slack delivers a request again, perhaps to another replica, if it saw no acknowledgement
//! in time. Its trigger id tells that it is the same one. Only the first delivery is handled and answered.

use std::time::Duration;

use super::app::App;

/// How long the database may take to say whether a request is new. Without an answer, the request is handled: two
/// answers are better than none, and no decision depends on this.
const LOOKUP_TIMEOUT: Duration = Duration::from_millis(500);

impl App {
    /// Whether this request was delivered before.
    pub(super) async fn is_repeat(&self, trigger: Option<&str>) -> bool {
        let Some(trigger) = trigger else { return false };
        let key = format!("request {trigger}");
        let seen = self.journal.store().mark_seen(&key, crate::clock::now());
        match tokio::time::timeout(LOOKUP_TIMEOUT, seen).await {
            Ok(Ok(new)) => !new,
            Ok(Err(error)) => {
                tracing::debug!(%error, "whether a request came before could not be read");
                false
            }
            Err(_) => false,
        }
    }
}
