//! Answers that only one person sees: in their modal, by `response_url`, as an ephemeral message, or in their direct
//! messages, in this order. It must never fall back to a message that others see.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::app::App;
use crate::exec::NoteKind;
use crate::slack::api::ApiError;
use crate::slack::blocks::Message;
use crate::slack::cards::{SweepView, View};
use crate::slack::messages;
use crate::slack::modal;
use crate::slack::payload::Slash;
use reinstate_core::run::Requester;
use reinstate_core::sweep::Sweep;
use reinstate_core::{Action, Event, Permit, Run};
use reinstate_store::{CardRole, NewEntry, Recovered};

/// How long a private answer is retried after a rate limit. Slack accepts one message per second and conversation, and
/// the poster may send as many at once as it draws runs at once. It must end within the lease of a drawing.
const MAX_RATE_LIMIT_WAIT: Duration = Duration::from_secs(25);
const MIN_RATE_LIMIT_PAUSE: Duration = Duration::from_millis(200);

/// Where one person can be answered privately.
#[derive(Clone, Debug)]
pub(crate) struct ReplyTo {
    pub(crate) by: Requester,
    pub(crate) channel: Option<String>,
    pub(crate) response_url: Option<String>,
    /// Their open modal, which then shows the newest answer.
    pub(crate) view: Option<String>,
}

impl ReplyTo {
    /// The person who typed a command.
    pub(crate) fn command(slash: &Slash) -> Self {
        Self {
            by: slash.by.clone(),
            channel: Some(slash.channel.clone()).filter(|channel| !channel.is_empty()),
            response_url: slash.response_url.clone(),
            view: None,
        }
    }
}

impl App {
    /// Sends a message to one person alone. A message that cannot be delivered is counted and dropped.
    pub(crate) async fn reply(&self, reply_to: &ReplyTo, card: &Message) {
        if let Some(view) = &reply_to.view
            && self.slack.update_view(view, &modal::answer(card)).await.is_ok()
        {
            return;
        }
        if let Some(url) = &reply_to.response_url
            && self.responses.send(url, card).await
        {
            return;
        }
        if let Some(channel) = &reply_to.channel
            && self.slack.ephemeral(channel, &reply_to.by.id, card).await.is_ok()
        {
            return;
        }
        // From the App Home, or if the channel is gone, only their direct messages remain.
        let mut told = self.reply_directly(&reply_to.by.id, card).await;
        let mut left = MAX_RATE_LIMIT_WAIT;
        while let Err(ApiError::Limited(pause)) = told {
            let pause = pause.max(MIN_RATE_LIMIT_PAUSE);
            match left.checked_sub(pause) {
                Some(rest) => left = rest,
                None => break,
            }
            tokio::time::sleep(pause).await;
            told = self.reply_directly(&reply_to.by.id, card).await;
        }
        if let Err(error) = told {
            metrics::counter!("reinstate_answers_lost_total").increment(1);
            tracing::warn!(%error, "a private answer could not be delivered");
        }
    }

    pub(crate) async fn reply_directly(&self, user: &str, card: &Message) -> Result<(), ApiError> {
        let channel = self.slack.direct(user).await?;
        self.slack.post(&channel, None, card).await.map(drop)
    }

    /// Opens a modal for a person and returns its id. If that fails, the person is told.
    pub(crate) async fn open_modal(
        &self,
        reply_to: &ReplyTo,
        trigger: Option<&str>,
        view: &Value,
    ) -> Option<String> {
        let opened = match trigger {
            Some(trigger) => self.slack.open_view(trigger, view).await,
            None => Err(ApiError::Lost("there is no trigger id")),
        };
        match opened {
            Ok(id) => Some(id),
            // Slack delivered the request twice, and the other delivery opened the modal first.
            Err(ApiError::Refused(code)) if code == "exchanged_trigger_id" => None,
            Err(error) => {
                tracing::info!(%error, "a modal could not be opened");
                self.reply(reply_to, &Message::text(&messages::no_modal())).await;
                None
            }
        }
    }

    /// Checks a permission. A refusal is recorded, and comes back as a message for the person.
    pub(crate) async fn allow(
        &self,
        reply_to: &ReplyTo,
        what: &str,
        action: &Action,
    ) -> Result<Permit, Message> {
        match self.people.permit(&self.slack, &reply_to.by, action).await {
            Ok(permit) => Ok(permit),
            Err(denied) => {
                self.record_denial(&reply_to.by.id, what, &denied.to_string()).await;
                Err(Message::text(&messages::denied(denied, self.people.access())))
            }
        }
    }

    /// Records a refusal that belongs to no run.
    pub(crate) async fn record_denial(&self, by: &str, what: &str, why: &str) {
        self.record(NoteKind::Denied, what, by, why).await;
    }

    /// Records an act of a person that belongs to no run.
    pub(crate) async fn record(&self, kind: NoteKind, what: &str, by: &str, why: &str) {
        let facts = serde_json::json!({ "what": what });
        let personal = serde_json::json!({ "by": by, "why": why });
        let entry = NewEntry {
            at: crate::clock::now(),
            kind: kind.word().to_owned(),
            facts: facts.to_string(),
            personal: Some(personal.to_string()),
        };
        if let Err(error) = self.journal.store().append_global(entry).await {
            tracing::warn!(%error, kind = kind.word(), "what somebody did could not be recorded");
        }
    }

    /// The view of a run for one person alone. It has no approval buttons.
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
            channel: &self.channel,
            asks_here: false,
            concerned: &[],
            undone_by: None,
            removed_by: None,
            docs: self.config.slack.docs_url.as_ref(),
        }
    }

    /// The same for a sweep.
    pub(crate) fn private_sweep_view<'a>(
        &'a self,
        id: &'a str,
        sweep: &'a Sweep,
        now: Timestamp,
    ) -> SweepView<'a> {
        let (access, recovered) = (self.people.access(), Recovered::default());
        SweepView {
            id,
            sweep,
            limits: &self.limits,
            access,
            now,
            head: None,
            recovered,
            changed_by: Vec::new(),
        }
    }

    /// A link to a run's root card. None if there is no card, or if Slack does not give the link.
    pub(crate) async fn card_link(&self, run: &str) -> Option<String> {
        let ask = || async {
            let cards = self.journal.store().cards(run).await.map_err(drop)?;
            let root = cards.into_iter().find(|card| card.role == CardRole::Root).ok_or(())?;
            self.slack.permalink(&root.at.channel, &root.at.ts).await.map_err(drop)
        };
        self.links.get(run, None, ask).await.ok()
    }
}
