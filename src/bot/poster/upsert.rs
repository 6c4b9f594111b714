//! Makes a message show the drawn content: updates it, or posts it if it does not exist. If two processes post the same
//! card, the first one in the store counts. If Slack refuses an update, the card is posted again. If Slack does not
//! accept the whole content, a short form is sent.

use std::time::{Duration, Instant};

use super::drawing::{Drawing, HasCards};
use super::{CHANNEL_GONE_CODES, CONTENT_REFUSED_CODES, PostError, REFUSED_PAUSE};
use crate::slack::api::ApiError;
use crate::slack::blocks::Message as Shown;
use crate::slack::messages;
use reinstate_store::{CardRole, MessageRef, PostedMessage};

/// Slack's error codes for a thread that accepts no replies: its root is gone, or it is locked.
const THREAD_GONE_CODES: [&str; 5] = [
    "cannot_reply_to_message",
    "thread_not_found",
    "invalid_thread_ts",
    "restricted_action_thread_locked",
    "restricted_action_non_threadable_channel",
];

/// The method for updates. Its rate limit applies to the whole workspace.
const UPDATE_METHOD: &str = "chat.update";

/// The key for the rate limit on new messages, which applies per channel.
fn posts(channel: &str) -> String {
    format!("chat.postMessage {channel}")
}

#[derive(Clone, Copy)]
enum Destination<'a> {
    New {
        channel: &'a str,
        thread: Option<&'a str>,
    },
    /// The new content replaces this message.
    Existing(&'a MessageRef),
}

impl<S: HasCards> Drawing<'_, S> {
    pub(super) fn known(&self, role: &CardRole) -> Option<&PostedMessage> {
        self.cards.iter().find(|card| card.role == *role)
    }

    /// A new card. It counts as out of date until all messages of the newest entry are sent. Otherwise a process that
    /// dies between two messages would leave the second one out.
    pub(super) fn card(&self, role: &CardRole, at: MessageRef, fingerprint: String) -> PostedMessage {
        PostedMessage { run: self.id.to_owned(), role: role.clone(), at, rendered_seq: 0, fingerprint }
    }

    /// Makes a message show what `draw` draws. Updates it, or posts it if it does not exist or can no longer be
    /// updated.
    pub(super) async fn upsert(
        &mut self,
        role: &CardRole,
        channel: &str,
        thread: Option<&str>,
        draw: impl Fn(&Self) -> Shown,
    ) -> Result<MessageRef, PostError> {
        let old = self.known(role).map(|card| (card.at.clone(), card.fingerprint.clone()));
        let Some((at, known)) = old else { return self.post(role, channel, thread, None, draw).await };
        // The lease has expired. Another process may have drawn a newer state, and this one must not replace it.
        if Instant::now() >= self.until {
            return Err(PostError::Wait(Duration::ZERO));
        }
        let print = draw(self).fingerprint();
        if known == print {
            return Ok(at);
        }
        if self.app.refused_cards.is_held(UPDATE_METHOD)
            || self.app.refused_cards.is_held(&self.key(role, channel, &print))
        {
            return Err(PostError::Card);
        }
        match self.send(Destination::Existing(&at), &draw).await {
            Ok((_, print)) => {
                self.logs("updated", role);
                self.note(role, at.clone(), print);
                Ok(at)
            }
            // Updates have their own rate limit, so new messages can still be posted.
            Err(ApiError::Limited(pause)) => {
                self.app.refused_cards.hold(UPDATE_METHOD.to_owned(), pause);
                Err(PostError::Card)
            }
            Err(ApiError::Refused(code)) if !CHANNEL_GONE_CODES.contains(&code.as_str()) => {
                let again = self.post(role, channel, thread, Some(at), draw).await?;
                self.tell_reposted(role, channel, &code).await?;
                Ok(again)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Tells the requester that there is a new card, and why.
    async fn tell_reposted(&mut self, role: &CardRole, channel: &str, code: &str) -> Result<(), PostError> {
        let name = role.to_string();
        tracing::info!(
            run = self.id,
            role = name,
            code,
            "the card {name} was posted anew: Slack refused the update"
        );
        let asks = matches!(role, CardRole::Root | CardRole::Approval(_));
        match code {
            "message_not_found" if *role == CardRole::Root => {
                self.tell_requester(&CardRole::Again, &Shown::text(&messages::card_again(channel))).await
            }
            _ if asks => {
                self.tell_requester(&CardRole::Renewed, &Shown::text(&messages::card_renewed(channel, code)))
                    .await
            }
            _ => Ok(()),
        }
    }

    /// Posts a message, which may replace another one.
    pub(super) async fn post(
        &mut self,
        role: &CardRole,
        channel: &str,
        thread: Option<&str>,
        instead_of: Option<MessageRef>,
        draw: impl Fn(&Self) -> Shown,
    ) -> Result<MessageRef, PostError> {
        let key = self.key(role, channel, &draw(self).fingerprint());
        if self.app.refused_cards.is_held(&key) || self.is_limited(channel) {
            return Err(PostError::Card);
        }
        let mut posted = self.send(Destination::New { channel, thread }, &draw).await;
        // The thread accepts no replies, so the message goes into the channel.
        if let (Err(ApiError::Refused(code)), Some(_)) = (&posted, thread)
            && THREAD_GONE_CODES.contains(&code.as_str())
        {
            posted = self.send(Destination::New { channel, thread: None }, &draw).await;
        }
        match posted {
            Ok((ts, print)) => {
                self.logs("posted", role);
                self.keep(role, MessageRef { channel: channel.to_owned(), ts }, print, instead_of).await
            }
            // Other channels have their own rate limits.
            Err(ApiError::Limited(pause)) => {
                self.app.refused_cards.hold(posts(channel), pause);
                Err(PostError::Card)
            }
            Err(error) => {
                if let ApiError::Refused(code) = &error
                    && !CHANNEL_GONE_CODES.contains(&code.as_str())
                {
                    self.app.refused_cards.hold(key, REFUSED_PAUSE);
                    self.tell_refused(role, channel, code).await?;
                }
                Err(error.into())
            }
        }
    }

    /// Whether Slack's rate limit on new messages in this channel is exhausted.
    pub(super) fn is_limited(&self, channel: &str) -> bool {
        self.app.refused_cards.is_held(&posts(channel))
    }

    /// Tells the requester that a card that people need cannot be posted.
    async fn tell_refused(&mut self, role: &CardRole, channel: &str, code: &str) -> Result<(), PostError> {
        let is_root = *role == CardRole::Root;
        let on_root = is_root && channel == self.app.channel && S::asks(self);
        let asks = on_root || matches!(role, CardRole::Approval(_));
        if asks || is_root {
            let text = messages::card_refused(self.id, channel, code, asks);
            let role = if asks { CardRole::RefusedApproval } else { CardRole::Refused };
            self.tell_requester(&role, &Shown::text(&text)).await?;
        }
        Ok(())
    }

    /// The key under which a refused card is held.
    fn key(&self, role: &CardRole, channel: &str, print: &str) -> String {
        format!("{} {role} {channel} {print}", self.id)
    }

    /// Sends what is drawn. If Slack refuses its content, sends it in a short form. Returns the time stamp, and the fingerprint of the whole content.
    async fn send(
        &self,
        to: Destination<'_>,
        draw: &impl Fn(&Self) -> Shown,
    ) -> Result<(String, String), ApiError> {
        let mut brief = false;
        loop {
            let whole = draw(self);
            let print = whole.fingerprint();
            let shown = if brief { whole.brief(&messages::card_in_short()) } else { whole };
            let sent = match to {
                Destination::New { channel, thread } => self.app.slack.post(channel, thread, &shown).await,
                // The lease has expired. This state may be old and must not replace a newer one.
                Destination::Existing(_) if Instant::now() >= self.until => {
                    Err(ApiError::Limited(Duration::ZERO))
                }
                Destination::Existing(at) => {
                    self.app.slack.update(&at.channel, &at.ts, &shown).await.map(|()| at.ts.clone())
                }
            };
            match sent {
                Ok(ts) => return Ok((ts, print)),
                Err(ApiError::Refused(code)) if !brief && CONTENT_REFUSED_CODES.contains(&code.as_str()) => {
                    tracing::warn!(run = self.id, code, "Slack does not take a card as a whole");
                    brief = true;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Stores a posted card. The first stored card counts; a second one is deleted from Slack.
    pub(super) async fn keep(
        &mut self,
        role: &CardRole,
        at: MessageRef,
        print: String,
        instead_of: Option<MessageRef>,
    ) -> Result<MessageRef, PostError> {
        let card = self.card(role, at.clone(), print.clone());
        if self.app.journal.store().set_card(card, instead_of).await? {
            self.note(role, at.clone(), print);
            return Ok(at);
        }
        if let Err(error) = self.app.slack.delete(&at.channel, &at.ts).await {
            tracing::info!(%error, "a second card could not be taken back; its buttons do nothing");
        }
        Err(PostError::Wait(Duration::ZERO))
    }

    /// Logs the sequence number of the newest entry that the card shows, so that log lines can be matched with the
    /// journal.
    fn logs(&self, what: &str, role: &CardRole) {
        let (run, seq, role) = (self.id, self.of.seq(), role.to_string());
        tracing::info!(run, seq, role, "the card {role} was {what}");
    }

    pub(super) fn note(&mut self, role: &CardRole, at: MessageRef, print: String) {
        let card = self.card(role, at, print);
        self.cards.retain(|known| known.role != *role);
        self.cards.push(card);
    }
}
