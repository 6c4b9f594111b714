//! Makes a message show what is drawn: updates it, or posts it where there is none. The first stored card counts.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::drawing::Drawing;
use super::{AGAIN, Trouble};
use crate::slack::api::ApiError;
use crate::slack::blocks::Card as Shown;
use crate::slack::words;
use crate::store::{Card, CardRef};

/// What Slack says of a thread whose root is gone.
const THREAD_GONE: [&str; 3] = ["cannot_reply_to_message", "thread_not_found", "invalid_thread_ts"];

impl Drawing<'_> {
    pub(super) fn known(&self, role: &str) -> Option<&Card> {
        self.cards.iter().find(|card| card.role == role)
    }

    /// A new card. It counts as behind until all that belongs to the newest entry is said: a process that dies
    /// between two messages must not leave the second one out.
    pub(super) fn card(&self, role: &str, at: CardRef, fingerprint: String) -> Card {
        Card { run: self.id.to_owned(), role: role.to_owned(), at, rendered_seq: 0, fingerprint }
    }

    /// Makes a message show what `draw` draws: updates it, or posts it where there is none.
    pub(super) async fn put(
        &mut self,
        role: &str,
        channel: &str,
        thread: Option<&str>,
        draw: impl Fn(&Self) -> Shown,
    ) -> Result<CardRef, Trouble> {
        let old = self.known(role).map(|card| (card.at.clone(), card.fingerprint.clone()));
        let Some((at, known)) = old else { return self.post(role, channel, thread, None, draw).await };
        for _ in 0..2 {
            // By now somebody else may draw a newer state, over which this one must not be shown.
            if Instant::now() >= self.until {
                return Err(Trouble::Wait(Duration::ZERO));
            }
            let plain = self.app.plain.load(Ordering::Relaxed);
            let shown = draw(self);
            let print = shown.fingerprint();
            if known == print {
                return Ok(at);
            }
            match self.app.slack.update(&at.channel, &at.ts, &shown).await {
                Ok(()) => {
                    self.logs("updated", role);
                    self.note(role, at.clone(), print);
                    return Ok(at);
                }
                Err(ApiError::Refused(code)) if code == "message_not_found" => {
                    let again = self.post(role, channel, thread, Some(at), draw).await?;
                    if role == "root" {
                        self.whisper("again", &Shown::text(&words::card_again(channel))).await?;
                    }
                    return Ok(again);
                }
                Err(error) if !plain && self.goes_plain(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Trouble::Wait(AGAIN))
    }

    /// Posts a message, which may take the place of another one.
    pub(super) async fn post(
        &mut self,
        role: &str,
        channel: &str,
        thread: Option<&str>,
        instead_of: Option<CardRef>,
        draw: impl Fn(&Self) -> Shown,
    ) -> Result<CardRef, Trouble> {
        for _ in 0..2 {
            let plain = self.app.plain.load(Ordering::Relaxed);
            let shown = draw(self);
            let posted = match self.app.slack.post(channel, thread, &shown).await {
                // Somebody deleted the card above: say it beside it then.
                Err(ApiError::Refused(code)) if thread.is_some() && THREAD_GONE.contains(&code.as_str()) => {
                    self.app.slack.post(channel, None, &shown).await
                }
                posted => posted,
            };
            match posted {
                Ok(ts) => {
                    self.logs("posted", role);
                    let at = CardRef { channel: channel.to_owned(), ts };
                    return self.keep(role, at, shown.fingerprint(), instead_of).await;
                }
                Err(error) if !plain && self.goes_plain(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Trouble::Wait(AGAIN))
    }

    /// The first stored card counts; a second one is taken back.
    pub(super) async fn keep(
        &mut self,
        role: &str,
        at: CardRef,
        print: String,
        instead_of: Option<CardRef>,
    ) -> Result<CardRef, Trouble> {
        let card = self.card(role, at.clone(), print.clone());
        if self.app.ledger.store().set_card(card, instead_of).await? {
            self.note(role, at.clone(), print);
            return Ok(at);
        }
        if let Err(error) = self.app.slack.delete(&at.channel, &at.ts).await {
            tracing::info!(%error, "a second card could not be taken back; its buttons do nothing");
        }
        Err(Trouble::Wait(Duration::ZERO))
    }

    /// The newest entry that the card shows is how a line here is put beside the lines of the journal.
    fn logs(&self, what: &str, role: &str) {
        let (run, seq) = (self.id, self.run.seq);
        tracing::info!(run, seq, role, "the card {role} was {what}");
    }

    pub(super) fn note(&mut self, role: &str, at: CardRef, print: String) {
        let card = self.card(role, at, print);
        self.cards.retain(|known| known.role != role);
        self.cards.push(card);
    }

    /// Whether Slack refuses the blocks as they are; from then on no card has a `plan` block.
    pub(super) fn goes_plain(&self, error: &ApiError) -> bool {
        let refused = matches!(error, ApiError::Refused(code) if code == "invalid_blocks" || code == "invalid_blocks_format");
        if refused {
            self.app.plain.store(true, Ordering::Relaxed);
        }
        refused
    }
}
