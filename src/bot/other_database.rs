//! Clicks on the cards of another database: this bot has posted the card, but its database does not know the run. So
//! `store.url` was changed, an older backup was restored, or a second bot uses the same Slack app. Such a click decides
//! nothing.

use std::sync::atomic::{AtomicBool, Ordering};

use super::app::App;
use crate::slack::markup::Markup;
use crate::slack::messages;
use crate::slack::payload::Click;

/// Whether the log already says that there is such a card.
#[derive(Debug, Default)]
pub(crate) struct OtherDatabase(AtomicBool);

impl App {
    /// The answer to a click on a card of another database. None for every other click.
    pub(super) async fn is_of_another_database(&self, click: &Click, run: &str) -> Option<Markup> {
        let bot = self.people.home().and_then(|home| home.bot)?;
        if run.is_empty() || click.author.as_ref() != Some(&bot) {
            return None;
        }
        let known = self.journal.store().run(run).await;
        if !matches!(known, Ok(None)) {
            return None;
        }
        if !self.other_database.0.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                run,
                "a card in Slack belongs to another database of Reinstate: was store.url changed, was an older backup \
                 restored, or does a second bot use the same Slack app? Further cards of this kind are not logged"
            );
        }
        metrics::counter!("reinstate_clicks_total", "outcome" => "refused").increment(1);
        Some(messages::click::other_database())
    }
}
