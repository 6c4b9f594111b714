//! The cards of a run or a sweep, and the channels where they may be. It must never post where another company can
//! read.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::end::NO_CHANNEL;
use super::{PostError, PostErrors};
use crate::bot::app::App;
use crate::exec::Entries;
use crate::slack::blocks::Message as Shown;
use crate::slack::cards::{self, View};
use crate::slack::channel::ChannelInfo;
use crate::slack::messages;
use reinstate_core::run::Request;
use reinstate_core::{Outcome, Run};
use reinstate_store::{CardRole, MessageRef, PostedMessage};

/// A run or a sweep: it has cards in Slack.
pub(super) trait HasCards: Sized {
    /// The sequence number of its newest entry.
    fn seq(&self) -> i64;
    /// The request whose author is told privately about problems with the cards.
    fn asked(&self) -> Option<&Request>;
    /// Whether its root card requests an approval now.
    fn asks(drawing: &Drawing<'_, Self>) -> bool;
}

/// A run, with the entries that its cards show.
pub(super) struct RunEntries {
    pub(super) run: Run,
    pub(super) entries: Entries<Run>,
}

impl HasCards for RunEntries {
    fn seq(&self) -> i64 {
        self.run.seq
    }

    fn asked(&self) -> Option<&Request> {
        self.run.asked.as_ref()
    }

    fn asks(drawing: &Drawing<'_, Self>) -> bool {
        drawing.view(true).awaited().is_some()
    }
}

/// A run or a sweep, with its cards in Slack.
pub(super) struct Drawing<'a, S> {
    pub(super) app: &'a App,
    pub(super) id: &'a str,
    /// The run or the sweep.
    pub(super) of: S,
    pub(super) cards: Vec<PostedMessage>,
    pub(super) head: Option<String>,
    /// The current time by the clock of the database, which decides when approvals expire.
    pub(super) now: Timestamp,
    /// The end of our lease on these cards.
    pub(super) until: Instant,
    /// The approvers who are not asked because the plan is about their own account, by Slack user id.
    pub(super) concerned: Vec<String>,
}

impl<'a, S: HasCards> Drawing<'a, S> {
    /// Reads which cards exist. The head of the journal is shown after the run or the sweep has ended. A later head
    /// proves as much.
    pub(super) async fn of(
        app: &'a App,
        id: &'a str,
        of: S,
        ended: bool,
        until: Instant,
    ) -> Result<Self, PostError> {
        let now = app.journal.now().await?;
        let cards = app.journal.store().cards(id).await?;
        let head = match ended {
            true => app.journal.store().head().await.ok().map(|head| head.to_string()),
            false => None,
        };
        Ok(Self { app, id, of, cards, head, now, until, concerned: Vec::new() })
    }

    /// Whether personal data may be shown in `slack.channel`.
    pub(super) async fn approvals_channel(&self) -> Result<bool, PostError> {
        Ok(self.place(&self.app.channel).await?.judge().is_ok())
    }

    pub(super) async fn place(&self, channel: &str) -> Result<ChannelInfo, PostError> {
        Ok(self.app.people.channel_info(&self.app.slack, channel).await?)
    }

    pub(super) async fn tell_wrong_channel(&mut self) -> Result<(), PostError> {
        self.tell_requester(
            &CardRole::WrongChannel,
            &Shown::text(&messages::wrong_channel(&self.app.channel)),
        )
        .await
    }
}

/// Draws the cards of a run. Our lease on them ends at `until`.
pub(super) async fn show(
    app: &App,
    id: &str,
    run: Run,
    entries: Entries<Run>,
    until: Instant,
) -> Result<(), PostError> {
    let ended = run.ended.is_some();
    let mut drawing = Drawing::of(app, id, RunEntries { run, entries }, ended, until).await?;
    drawing.concerned = drawing.concerned().await;
    drawing.draw().await
}

impl Drawing<'_, RunEntries> {
    pub(super) fn view(&self, asks_here: bool) -> View<'_> {
        View {
            id: self.id,
            run: &self.of.run,
            events: &self.of.entries,
            rules: &self.app.rules,
            limits: &self.app.limits,
            access: self.app.people.access(),
            now: self.now,
            head: self.head.clone(),
            channel: &self.app.channel,
            asks_here,
            concerned: &self.concerned,
            undone_by: self.noted(&CardRole::Undone),
            removed_by: self.noted(&CardRole::Removed),
            docs: self.app.config.slack.docs_url.as_ref(),
        }
    }

    pub(super) async fn draw(mut self) -> Result<(), PostError> {
        // A run of a sweep has no card of its own. The sweep's card counts it, and `status RUN` shows it.
        if self.of.run.part.is_some() {
            self.tell_part_stopped().await?;
            return self.draw_nothing().await;
        }
        match self.all().await {
            Err(PostError::Gone) => {
                self.tell_wrong_channel().await?;
                Err(PostError::Gone)
            }
            drawn => drawn,
        }
    }

    async fn all(&mut self) -> Result<(), PostError> {
        if self.of.run.admitted.is_none() {
            return match self.of.run.ended.clone() {
                // Nothing is shown to others before the executor has admitted the requester.
                None => Err(PostError::Wait(Duration::from_millis(200))),
                Some((outcome, message)) => self.refuse(outcome, &message).await,
            };
        }
        // Another run on this account was open, and this was found before a card was posted. Only the caller is told,
        // with a link to the first run.
        let shown = self.known(&CardRole::Root).is_some_and(|card| card.at.channel != NO_CHANNEL);
        if let (Some((Outcome::Busy, says)), false) = (self.of.run.ended.clone(), shown) {
            return self.refuse(Outcome::Busy, &says).await;
        }
        // The cards are independent: one that Slack refuses delays no other card and no request for an approval.
        let mut troubles = PostErrors::default();
        let drawn = self.root().await;
        let root = troubles.note(drawn)?;
        let asked = self.approvals(root.as_ref()).await;
        troubles.note(asked)?;
        let told = self.tell_stopped().await;
        troubles.note(told)?;
        let told = self.remind_approvers().await;
        troubles.note(told)?;
        if self.of.run.ended.is_some() {
            // A root card that could not be updated still has its thread.
            let root = self.known(&CardRole::Root).map(|card| card.at.clone());
            let told = self.end(root.as_ref()).await;
            troubles.note(told)?;
            let noted = self.note_on_earlier().await;
            troubles.note(noted)?;
        }
        troubles.settled()?;
        for card in &self.cards {
            let store = self.app.journal.store();
            store.mark_rendered(self.id, &card.at, self.of.run.seq, &card.fingerprint).await?;
        }
        Ok(())
    }

    async fn draw_nothing(&self) -> Result<(), PostError> {
        let at = MessageRef { channel: NO_CHANNEL.to_owned(), ts: self.id.to_owned() };
        let store = self.app.journal.store();
        store.set_card(self.card(&CardRole::Root, at.clone(), String::new()), None).await?;
        store.mark_rendered(self.id, &at, self.of.run.seq, "").await?;
        for card in &self.cards {
            store.mark_rendered(self.id, &card.at, self.of.run.seq, "").await?;
        }
        Ok(())
    }

    /// The channel in which the command was typed.
    pub(super) fn typed(&self) -> String {
        self.of.run.asked.as_ref().map(|asked| asked.channel.clone()).unwrap_or_default()
    }

    /// Draws the root card again.
    pub(super) async fn root(&mut self) -> Result<MessageRef, PostError> {
        let typed = self.typed();
        let channel = match self.known(&CardRole::Root) {
            Some(card) => card.at.channel.clone(),
            None => {
                let place = if typed.is_empty() { None } else { Some(self.place(&typed).await?) };
                match place {
                    Some(place) if place.judge().is_ok() => typed.clone(),
                    _ if self.approvals_channel().await? => self.app.channel.clone(),
                    _ => {
                        self.tell_wrong_channel().await?;
                        return Err(PostError::Wait(Duration::from_secs(60)));
                    }
                }
            }
        };
        let asks_here = channel == self.app.channel && self.approvals_channel().await?;
        let draw = |drawing: &Self, asks_here| cards::root(&drawing.view(asks_here));
        match self.upsert(&CardRole::Root, &channel, None, |drawing| draw(drawing, asks_here)).await {
            Ok(at) => Ok(at),
            // The channel was archived, or the bot was removed from it. The card moves to the channel for approvals.
            Err(PostError::Gone) if channel != self.app.channel && self.approvals_channel().await? => {
                let moved = self.app.channel.clone();
                let old = self.known(&CardRole::Root).map(|card| card.at.clone());
                let at = self.post(&CardRole::Root, &moved, None, old, |drawing| draw(drawing, true)).await?;
                self.tell_requester(&CardRole::Moved, &Shown::text(&messages::card_moved(&channel, &moved)))
                    .await?;
                Ok(at)
            }
            Err(trouble) => Err(trouble),
        }
    }
}
