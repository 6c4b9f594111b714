//! Answers for one person alone: by `response_url`, else as an ephemeral message. It must never fall back to a
//! message that others see.

use super::blocks::Card;
use super::people::Caller;
use crate::app::App;
use crate::store::NewEntry;

/// Where one person can be answered alone.
#[derive(Clone, Debug)]
pub(crate) struct Ear {
    pub(crate) by: Caller,
    pub(crate) channel: Option<String>,
    pub(crate) response_url: Option<String>,
}

impl App {
    /// Says something to one person alone; a message that cannot be delivered is counted and given up.
    pub(crate) async fn tell(&self, ear: &Ear, card: &Card) {
        if let Some(url) = &ear.response_url
            && self.responses.say(url, card).await
        {
            return;
        }
        let Some(channel) = &ear.channel else {
            metrics::counter!("reinstate_answers_lost_total").increment(1);
            return;
        };
        if let Err(error) = self.slack.ephemeral(channel, &ear.by.id, card).await {
            metrics::counter!("reinstate_answers_lost_total").increment(1);
            tracing::warn!(%error, "a private answer could not be delivered");
        }
    }

    /// Records a refusal that belongs to no run.
    pub(crate) async fn record_denial(&self, by: &str, what: &str, why: &str) {
        let facts = serde_json::json!({ "what": what });
        let personal = serde_json::json!({ "by": by, "why": why });
        let entry = NewEntry {
            at: crate::clock::now(),
            kind: "denied".to_owned(),
            facts: facts.to_string(),
            personal: Some(personal.to_string()),
        };
        if let Err(error) = self.ledger.store().append_global(entry).await {
            tracing::warn!(%error, "a refusal could not be recorded");
        }
    }
}
