//! Makes a message show what is drawn: updates it, or posts it where there is none. The first stored card counts. What
//! Slack does not let us update is posted again; what it does not take as a whole is said in short.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::drawing::{Drawing, HasCards};
use super::{CHANNEL_GONE_CODES, CONTENT_REFUSED_CODES, PostError, REFUSED_PAUSE};
use crate::slack::api::ApiError;
use crate::slack::blocks::Message as Shown;
use crate::slack::messages;
use reinstate_store::{CardRole, MessageRef, PostedMessage};

/// What Slack says of a thread in which nothing can be said: its root is gone, or it is closed.
const THREAD_GONE_CODES: [&str; 5] = [
    "cannot_reply_to_message",
    "thread_not_found",
    "invalid_thread_ts",
    "restricted_action_thread_locked",
    "restricted_action_non_threadable_channel",
];

/// The method that updates, whose limit is one for the whole workspace.
const UPDATE_METHOD: &str = "chat.update";

/// What a limit on new messages is known by, which is one for each channel.
fn posts(channel: &str) -> String {
    format!("chat.postMessage {channel}")
}

/// Where a message goes.
#[derive(Clone, Copy)]
enum Destination<'a> {
    New {
        channel: &'a str,
        thread: Option<&'a str>,
    },
    /// It takes the place of what stands here.
    Standing(&'a MessageRef),
}

impl<S: HasCards> Drawing<'_, S> {
    pub(super) fn known(&self, role: &CardRole) -> Option<&PostedMessage> {
        self.cards.iter().find(|card| card.role == *role)
    }

    /// A new card. It counts as behind until all that belongs to the newest entry is said: a process that dies
    /// between two messages must not leave the second one out.
    pub(super) fn card(&self, role: &CardRole, at: MessageRef, fingerprint: String) -> PostedMessage {
        PostedMessage { run: self.id.to_owned(), role: role.clone(), at, rendered_seq: 0, fingerprint }
    }

    /// Makes a message show what `draw` draws: updates it, or posts it where there is none, or where it cannot be
    /// updated any more.
    pub(super) async fn upsert(
        &mut self,
        role: &CardRole,
        channel: &str,
        thread: Option<&str>,
        draw: impl Fn(&Self) -> Shown,
    ) -> Result<MessageRef, PostError> {
        let old = self.known(role).map(|card| (card.at.clone(), card.fingerprint.clone()));
        let Some((at, known)) = old else { return self.post(role, channel, thread, None, draw).await };
        // By now somebody else may draw a newer state, over which this one must not be shown.
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
        match self.send(Destination::Standing(&at), &draw).await {
            Ok((_, print)) => {
                self.logs("updated", role);
                self.note(role, at.clone(), print);
                Ok(at)
            }
            // Updates have a limit of their own, which is no reason to post nothing.
            Err(ApiError::Limited(pause)) => {
                self.app.refused_cards.hold(UPDATE_METHOD.to_owned(), pause);
                Err(PostError::Card)
            }
            Err(ApiError::Refused(code)) if !CHANNEL_GONE_CODES.contains(&code.as_str()) => {
                let again = self.post(role, channel, thread, Some(at), draw).await?;
                self.says_again(role, channel, &code).await?;
                Ok(again)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Tells the requester that there is a new card, and why.
    async fn says_again(&mut self, role: &CardRole, channel: &str, code: &str) -> Result<(), PostError> {
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

    /// Posts a message, which may take the place of another one.
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
        // The thread takes no answers: say it beside it then.
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
            // Other channels have limits of their own.
            Err(ApiError::Limited(pause)) => {
                self.app.refused_cards.hold(posts(channel), pause);
                Err(PostError::Card)
            }
            Err(error) => {
                if let ApiError::Refused(code) = &error
                    && !CHANNEL_GONE_CODES.contains(&code.as_str())
                {
                    self.app.refused_cards.hold(key, REFUSED_PAUSE);
                    self.says_refused(role, channel, code).await?;
                }
                Err(error.into())
            }
        }
    }

    /// Whether Slack takes no new message in this channel for a while.
    pub(super) fn is_limited(&self, channel: &str) -> bool {
        self.app.refused_cards.is_held(&posts(channel))
    }

    /// Tells the requester that a card which people need cannot be posted.
    async fn says_refused(&mut self, role: &CardRole, channel: &str, code: &str) -> Result<(), PostError> {
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

    /// What a card is known by that Slack refused.
    fn key(&self, role: &CardRole, channel: &str, print: &str) -> String {
        format!("{} {role} {channel} {print}", self.id)
    }

    /// Sends what is drawn, and where Slack does not take it: without the `plan` block, then in short. Gives the time
    /// stamp, and the fingerprint of the whole.
    async fn send(
        &self,
        to: Destination<'_>,
        draw: &impl Fn(&Self) -> Shown,
    ) -> Result<(String, String), ApiError> {
        let mut brief = false;
        loop {
            let plain = self.app.plan_blocks_refused.load(Ordering::Relaxed);
            let whole = draw(self);
            let print = whole.fingerprint();
            let shown = if brief { whole.brief(&messages::card_in_short()) } else { whole };
            let sent = match to {
                Destination::New { channel, thread } => self.app.slack.post(channel, thread, &shown).await,
                // A state that is no longer the newest must not be shown over a newer one.
                Destination::Standing(_) if Instant::now() >= self.until => {
                    Err(ApiError::Limited(Duration::ZERO))
                }
                Destination::Standing(at) => {
                    self.app.slack.update(&at.channel, &at.ts, &shown).await.map(|()| at.ts.clone())
                }
            };
            match sent {
                Ok(ts) => return Ok((ts, print)),
                Err(error) if !plain && self.fall_back_to_plain(&error) => {}
                Err(ApiError::Refused(code)) if !brief && CONTENT_REFUSED_CODES.contains(&code.as_str()) => {
                    tracing::warn!(run = self.id, code, "Slack does not take a card as a whole");
                    brief = true;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The first stored card counts; a second one is taken back.
    pub(super) async fn keep(
        &mut self,
        role: &CardRole,
        at: MessageRef,
        print: String,
        instead_of: Option<MessageRef>,
    ) -> Result<MessageRef, PostError> {
        let card = self.card(role, at.clone(), print.clone());
        if self.app.ledger.store().set_card(card, instead_of).await? {
            self.note(role, at.clone(), print);
            return Ok(at);
        }
        if let Err(error) = self.app.slack.delete(&at.channel, &at.ts).await {
            tracing::info!(%error, "a second card could not be taken back; its buttons do nothing");
        }
        Err(PostError::Wait(Duration::ZERO))
    }

    /// The newest entry that the card shows is how a line here is put beside the lines of the journal.
    fn logs(&self, what: &str, role: &CardRole) {
        let (run, seq, role) = (self.id, self.of.seq(), role.to_string());
        tracing::info!(run, seq, role, "the card {role} was {what}");
    }

    pub(super) fn note(&mut self, role: &CardRole, at: MessageRef, print: String) {
        let card = self.card(role, at, print);
        self.cards.retain(|known| known.role != *role);
        self.cards.push(card);
    }

    /// Whether Slack refuses the blocks as they are; from then on no card has a `plan` block.
    pub(super) fn fall_back_to_plain(&self, error: &ApiError) -> bool {
        let refused = matches!(error, ApiError::Refused(code) if code == "invalid_blocks" || code == "invalid_blocks_format");
        if refused {
            self.app.plan_blocks_refused.store(true, Ordering::Relaxed);
        }
        refused
    }
}
