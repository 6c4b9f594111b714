//! The messages of a run that waits for a person: at once, and again if it has waited for long. They go to those who
//! can act. Each is sent once, by one of the replicas.

use std::time::Duration;

use jiff::Timestamp;

use super::PostError;
use super::drawing::{Drawing, RunEntries};
use crate::slack::blocks::Message as Shown;
use crate::slack::cards;
use crate::slack::messages;
use reinstate_core::Event;
use reinstate_core::run::Next;
use reinstate_store::CardRole;

/// How long a run or a sweep waits before people hear of it again.
pub const REMIND_AFTER: Duration = Duration::from_secs(24 * 3600);

/// Whether a wait is so long that people should hear of it again.
pub(super) fn is_long(since: Timestamp, now: Timestamp) -> bool {
    now.duration_since(since) >= jiff::SignedDuration::try_from(REMIND_AFTER).unwrap_or_default()
}

/// The role of the reminder for a wait that began with this entry.
pub(super) fn reminded(entry: i64) -> CardRole {
    CardRole::Reminded(u32::try_from(entry).unwrap_or(u32::MAX))
}

impl Drawing<'_, RunEntries> {
    /// Tells the requester that the run waits for a person. The message goes into the thread of the card. It is
    /// private if the card is in another channel or cannot be posted.
    pub(super) async fn tell_stopped(&mut self) -> Result<(), PostError> {
        let Some((role, since)) = self.untold() else { return Ok(()) };
        let root = self.known(&CardRole::Root).map(|card| card.at.clone());
        let mut told = Ok(());
        if let Some(root) = root.as_ref().filter(|root| root.channel == self.typed()) {
            let put = self.upsert(&role, &root.channel, Some(&root.ts), |drawing| {
                cards::stopped(&drawing.view(true), &root.channel, true, since)
            });
            match put.await {
                Ok(_) => return Ok(()),
                Err(PostError::Wait(pause)) => return Err(PostError::Wait(pause)),
                // If Slack only limits the rate, the message is posted there later.
                Err(trouble) if self.is_limited(&root.channel) => return Err(trouble),
                Err(trouble) => told = Err(trouble),
            }
        }
        let channel = root.map_or_else(|| self.app.channel.clone(), |root| root.channel);
        let card = cards::stopped(&self.view(true), &channel, false, since);
        self.tell_requester(&role, &card).await?;
        told
    }

    /// Like [`Self::tell_stopped`], for one run of a sweep, which has no card.
    pub(super) async fn tell_part_stopped(&mut self) -> Result<(), PostError> {
        let Some((role, since)) = self.untold() else { return Ok(()) };
        let waiting = self.of.run.waiting.as_ref();
        let why = waiting.map(|waiting| messages::pause_message(&waiting.why)).unwrap_or_default();
        let text = messages::part_stopped(self.id, &self.view(false).name(), &why, since);
        self.tell_requester(&role, &Shown::text(&text)).await
    }

    /// The message that the requester has yet to get about the present pause, and since when the run waits if it is a
    /// reminder.
    fn untold(&self) -> Option<(CardRole, Option<Timestamp>)> {
        let waits =
            self.of.run.ended.is_none() && self.of.run.waiting.is_some() && self.of.run.cancelled.is_none();
        let mut pauses = self.of.entries.iter().filter(|(_, _, event)| matches!(event, Event::Paused { .. }));
        let count = pauses.clone().count();
        let (seq, since) = pauses.next_back().map(|(seq, at, _)| (*seq, *at)).filter(|_| waits)?;
        let first = CardRole::Stopped(u32::try_from(count).unwrap_or(u32::MAX));
        if self.known(&first).is_none() {
            return Some((first, None));
        }
        let again = reminded(seq);
        (is_long(since, self.now) && self.known(&again).is_none()).then_some((again, Some(since)))
    }

    /// Calls the approvers once more if the run has waited long for them. The message goes into the thread of the card
    /// with the button.
    pub(super) async fn remind_approvers(&mut self) -> Result<(), PostError> {
        if !matches!(
            self.of.run.next(self.now, &self.app.rules, &self.app.limits),
            Next::AwaitApproval { .. }
        ) {
            return Ok(());
        }
        let planned = |(seq, at, event): &(i64, Timestamp, Event)| {
            matches!(event, Event::Planned { .. }).then_some((*seq, *at))
        };
        let Some((seq, since)) = self.of.entries.iter().rev().find_map(planned) else { return Ok(()) };
        let role = reminded(seq);
        if !is_long(since, self.now) || self.known(&role).is_some() || !self.approvals_channel().await? {
            return Ok(());
        }
        let asks = [CardRole::Approval(self.of.run.plans), CardRole::Root];
        let card = asks.iter().find_map(|role| self.known(role)).map(|card| card.at.clone());
        let Some(card) = card.filter(|card| card.channel == self.app.channel) else { return Ok(()) };
        self.upsert(&role, &card.channel, Some(&card.ts), |drawing| {
            cards::call(&drawing.view(true), Some(since))
        })
        .await
        .map(drop)
    }
}
