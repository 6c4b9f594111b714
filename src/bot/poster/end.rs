//! The messages about the end of a run to the people who wait for it, and the messages for the requester alone.

use super::drawing::{Drawing, HasCards, RunEntries};
use super::{PostError, PostErrors};
use crate::bot::private::ReplyTo;
use crate::slack::blocks::Message as Shown;
use crate::slack::cards;
use crate::slack::markup::Markup;
use crate::slack::messages;
use reinstate_core::run::{EndMessage, Requester};
use reinstate_core::subject::name_of;
use reinstate_core::{Denied, Event, Outcome, Role};
use reinstate_store::{CardRole, MessageRef, PostedMessage};

/// The channel that is stored for a message that only one person received.
pub(super) const NO_CHANNEL: &str = "-";

impl Drawing<'_, RunEntries> {
    /// Sends the outcome to the requester, and to the approvers who were asked and did not act. If the root card could
    /// not be drawn, the requester receives the outcome privately.
    pub(super) async fn end(&mut self, root: Option<&MessageRef>) -> Result<(), PostError> {
        let mut troubles = PostErrors::default();
        let asked: Vec<PostedMessage> = self
            .cards
            .iter()
            .filter(|card| matches!(card.role, CardRole::Approval(_) | CardRole::Call(_)))
            .cloned()
            .collect();
        let requester = self.of.run.asked.as_ref().map(|asked| asked.by.id.clone()).unwrap_or_default();
        let mut acted: Vec<String> = vec![requester.clone()];
        for (_, _, event) in &self.of.entries {
            if let Event::Approved { by, .. } | Event::Declined { by, .. } = event {
                acted.push(by.clone());
            }
        }
        acted.extend(self.concerned.iter().cloned());
        let approvers = messages::approvers(self.app.people.access(), &acted);
        let mut to = Markup::new().user(&requester);
        let separate = asked.iter().rev().find(|card| matches!(card.role, CardRole::Approval(_))).cloned();
        if separate.is_none() && !asked.is_empty() {
            to = to.literal(" ").then(&approvers);
        }
        let mut told = self.known(&CardRole::Outcome).is_some();
        if let (Some(root), false) = (root, told) {
            let outcome = self.upsert(&CardRole::Outcome, &root.channel, Some(&root.ts), |drawing| {
                cards::outcome(&drawing.view(true), &to)
            });
            let outcome = outcome.await;
            told = troubles.note(outcome)?.is_some();
        }
        if let Some(card) = separate
            && self.known(&CardRole::OutcomeApprovers).is_none()
        {
            let outcome =
                self.upsert(&CardRole::OutcomeApprovers, &card.at.channel, Some(&card.at.ts), |drawing| {
                    cards::outcome(&drawing.view(true), &approvers)
                });
            let outcome = outcome.await;
            troubles.note(outcome)?;
        }
        let elsewhere = root.is_none_or(|root| root.channel != self.typed());
        // If Slack only limits the rate, the outcome is posted there later.
        let later = root.is_some_and(|root| self.is_limited(&root.channel));
        if elsewhere || !(told || later) {
            let card = cards::outcome(&self.view(true), &Markup::new());
            self.tell_requester(&CardRole::PrivateEnd, &card).await?;
        }
        self.tell_helped().await?;
        troubles.settled()
    }

    /// Tells the person who asked for this help how it ended, in words without technical terms.
    async fn tell_helped(&mut self) -> Result<(), PostError> {
        let asked = self.of.run.asked.as_ref();
        let (Some(helped), Some((outcome, _))) =
            (asked.and_then(|asked| asked.helps.clone()), &self.of.run.ended)
        else {
            return Ok(());
        };
        let card = Shown::text(&messages::helped(*outcome));
        let by = Requester { id: helped, ..Requester::default() };
        self.tell_once(
            &CardRole::Helped,
            &card,
            ReplyTo { by, channel: None, response_url: None, view: None },
        )
        .await
    }

    /// Draws a run that others must not see: its requester was not admitted, or another run on the account was first.
    pub(super) async fn refuse(&mut self, outcome: Outcome, message: &EndMessage) -> Result<(), PostError> {
        let first = match outcome {
            Outcome::Busy => self.first_card().await?,
            _ => None,
        };
        let says = messages::end_message(message);
        let missing = outcome == Outcome::Refused && says == Denied::Missing(Role::Operator).to_string();
        let holders = missing.then(|| messages::holders(Role::Operator, self.app.people.access()));
        let text = messages::not_begun(&says, first.as_deref(), holders.as_ref());
        self.tell_requester(&CardRole::Root, &Shown::text(&text)).await?;
        for card in &self.cards {
            self.app.journal.store().mark_rendered(self.id, &card.at, self.of.run.seq, "").await?;
        }
        Ok(())
    }

    /// A link to the card of the run that was first, while that run is open.
    async fn first_card(&self) -> Result<Option<String>, PostError> {
        let Some((_, who)) = &self.of.run.admitted else { return Ok(None) };
        Ok(match self.app.journal.store().open_run_on(&name_of(who)).await? {
            Some(first) => self.app.card_link(&first).await,
            None => None,
        })
    }
}

impl<S: HasCards> Drawing<'_, S> {
    /// Tells the requester alone, once: it is written down before it is said.
    pub(super) async fn tell_requester(&mut self, role: &CardRole, card: &Shown) -> Result<(), PostError> {
        // A sweep by schedule was asked for by nobody.
        let Some(asked) = self.of.asked().cloned().filter(|asked| !asked.by.id.is_empty()) else {
            return Ok(());
        };
        let channel = Some(asked.channel).filter(|channel| !channel.is_empty());
        let reply_to = ReplyTo { by: asked.by, channel, response_url: asked.response_url, view: None };
        self.tell_once(role, card, reply_to).await
    }

    /// Tells one person alone, once.
    async fn tell_once(&mut self, role: &CardRole, card: &Shown, reply_to: ReplyTo) -> Result<(), PostError> {
        if self.known(role).is_some() {
            return Ok(());
        }
        let at = MessageRef { channel: NO_CHANNEL.to_owned(), ts: role.to_string() };
        let note = self.card(role, at, String::new());
        if !self.app.journal.store().set_card(note.clone(), None).await? {
            return Ok(());
        }
        self.cards.push(note);
        self.app.reply(&reply_to, card).await;
        Ok(())
    }
}
