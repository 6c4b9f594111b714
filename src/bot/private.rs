//! Answers for one person alone: in their own modal, by `response_url`, else as an ephemeral message, else in their direct messages. It must never fall back to a
//! message that others see.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::app::App;
use crate::exec::NoteKind;
use crate::slack::api::ApiError;
use crate::slack::blocks::Message;
use crate::slack::cards::View;
use crate::slack::messages;
use crate::slack::modal;
use reinstate_core::run::Requester;
use reinstate_core::{Action, Event, Permit, Run};
use reinstate_store::{CardRole, NewEntry};

/// How often a private answer waits for a limit to pass, and for how long at most.
const MAX_RETRIES: usize = 2;
const MAX_RETRY_AFTER: Duration = Duration::from_secs(5);

/// Where one person can be answered alone.
#[derive(Clone, Debug)]
pub(crate) struct ReplyTo {
    pub(crate) by: Requester,
    pub(crate) channel: Option<String>,
    pub(crate) response_url: Option<String>,
    /// A modal of theirs, which then shows the newest answer.
    pub(crate) view: Option<String>,
}

impl App {
    /// Says something to one person alone; a message that cannot be delivered is counted and given up.
    pub(crate) async fn reply(&self, ear: &ReplyTo, card: &Message) {
        if let Some(view) = &ear.view
            && self.slack.update_view(view, &modal::answer(card)).await.is_ok()
        {
            return;
        }
        if let Some(url) = &ear.response_url
            && self.responses.send(url, card).await
        {
            return;
        }
        if let Some(channel) = &ear.channel
            && self.slack.ephemeral(channel, &ear.by.id, card).await.is_ok()
        {
            return;
        }
        // From the App Home, or where the channel is gone, there is no place but their own.
        let mut told = self.reply_directly(&ear.by.id, card).await;
        for _ in 0..MAX_RETRIES {
            match told {
                Err(ApiError::Limited(pause)) if pause <= MAX_RETRY_AFTER => tokio::time::sleep(pause).await,
                _ => break,
            }
            told = self.reply_directly(&ear.by.id, card).await;
        }
        if let Err(error) = told {
            metrics::counter!("reinstate_answers_lost_total").increment(1);
            tracing::warn!(%error, "a private answer could not be delivered");
        }
    }

    async fn reply_directly(&self, user: &str, card: &Message) -> Result<(), ApiError> {
        let channel = self.slack.direct(user).await?;
        self.slack.post(&channel, None, card).await.map(drop)
    }

    /// Opens a modal for somebody; its id. Where none can be opened, they are told so.
    pub(crate) async fn open_modal(
        &self,
        ear: &ReplyTo,
        trigger: Option<&str>,
        view: &Value,
    ) -> Option<String> {
        let opened = match trigger {
            Some(trigger) => self.slack.open_view(trigger, view).await,
            None => Err(ApiError::Lost("there is no trigger id")),
        };
        match opened {
            Ok(id) => Some(id),
            // The same request came twice, and the other one was first.
            Err(ApiError::Refused(code)) if code == "exchanged_trigger_id" => None,
            Err(error) => {
                tracing::info!(%error, "a modal could not be opened");
                self.reply(ear, &Message::text(&messages::no_modal())).await;
                None
            }
        }
    }

    /// Whether somebody may do something; a refusal is recorded, and comes back in words for them.
    pub(crate) async fn allow(&self, ear: &ReplyTo, what: &str, action: &Action) -> Result<Permit, Message> {
        match self.people.permit(&self.slack, &ear.by, action).await {
            Ok(permit) => Ok(permit),
            Err(denied) => {
                self.record_denial(&ear.by.id, what, &denied.to_string()).await;
                Err(Message::text(&messages::denied(denied, self.people.access())))
            }
        }
    }

    /// Records a refusal that belongs to no run.
    pub(crate) async fn record_denial(&self, by: &str, what: &str, why: &str) {
        self.record(NoteKind::Denied, what, by, why).await;
    }

    /// Records what somebody did that belongs to no run.
    pub(crate) async fn record(&self, kind: NoteKind, what: &str, by: &str, why: &str) {
        let facts = serde_json::json!({ "what": what });
        let personal = serde_json::json!({ "by": by, "why": why });
        let entry = NewEntry {
            at: crate::clock::now(),
            kind: kind.word().to_owned(),
            facts: facts.to_string(),
            personal: Some(personal.to_string()),
        };
        if let Err(error) = self.ledger.store().append_global(entry).await {
            tracing::warn!(%error, kind = kind.word(), "what somebody did could not be recorded");
        }
    }

    /// The view of a run for one person alone: nothing can be approved there, and nobody can tell whether Slack draws a
    /// plan block.
    pub(crate) fn private_view<'a>(
        &'a self,
        id: &'a str,
        run: &'a Run,
        events: &'a [(i64, Timestamp, Event)],
        now: Timestamp,
    ) -> View<'a> {
        View {
            id,
            run,
            events,
            rules: &self.rules,
            limits: &self.limits,
            access: self.people.access(),
            now,
            head: None,
            plain: true,
            channel: &self.channel,
            asks_here: false,
            docs: self.config.slack.docs_url.as_ref(),
        }
    }

    /// Where a run's root card stands, as a link; none if it stands nowhere or Slack does not say.
    pub(crate) async fn card_link(&self, run: &str) -> Option<String> {
        let ask = || async {
            let cards = self.ledger.store().cards(run).await.map_err(drop)?;
            let root = cards.into_iter().find(|card| card.role == CardRole::Root).ok_or(())?;
            self.slack.permalink(&root.at.channel, &root.at.ts).await.map_err(drop)
        };
        self.links.get(run, None, ask).await.ok()
    }
}
