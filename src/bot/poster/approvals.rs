//! The cards that request approvals. They are posted where the root card cannot ask, and emptied when nothing is
//! requested any more. Requests come first: a card that Slack refuses must never delay one.

use super::drawing::{Drawing, RunEntries};
use super::{PostError, PostErrors};
use crate::slack::cards;
use reinstate_core::Event;
use reinstate_core::subject::normalize;
use reinstate_store::{CardRole, MessageRef, PostedMessage};

/// How many approvers a card mentions (`messages::mentions`), and so how many are looked up.
const MAX_APPROVERS: usize = 20;

impl Drawing<'_, RunEntries> {
    /// Requests approvals where the root card cannot, calls the approvers, and removes old buttons. `root` is the root
    /// card, if it was just drawn.
    pub(super) async fn approvals(&mut self, root: Option<&MessageRef>) -> Result<(), PostError> {
        let mut troubles = PostErrors::default();
        let on_root = match self.known(&CardRole::Root) {
            Some(root) => root.at.channel == self.app.channel,
            None => self.typed() == self.app.channel,
        };
        // A channel that has become shared must not show names. The requester is told instead.
        let calls = on_root && self.approvals_channel().await?;
        let asked = if calls { self.call(root).await } else { self.ask().await };
        troubles.note(asked)?;
        let old: Vec<(PostedMessage, u32)> = self
            .cards
            .iter()
            .filter_map(|card| match card.role {
                CardRole::Approval(plan) => Some((card.clone(), plan)),
                _ => None,
            })
            .collect();
        for (card, plan) in old {
            let digest = self.digest_of(plan);
            let emptied = self.upsert(&card.role, &card.at.channel, None, |drawing| {
                cards::approval(&drawing.view(true), &digest)
            });
            let emptied = emptied.await;
            troubles.note(emptied)?;
        }
        troubles.settled()
    }

    /// The approvers whose Slack address is one of the person whom the plan is about. They may not approve it, so they
    /// are neither asked nor told the end. Someone whose address cannot be read is asked: the check of an approval is
    /// stricter (`self_approval.rs`).
    pub(super) async fn concerned(&self) -> Vec<String> {
        let asks = self.view(true).awaited().is_some();
        let asked =
            self.cards.iter().any(|card| matches!(card.role, CardRole::Approval(_) | CardRole::Call(_)));
        let Some(current) = self.of.run.current.as_ref().filter(|_| asks || asked) else { return Vec::new() };
        let mut concerned = Vec::new();
        for id in self.app.people.access().approver.users.iter().take(MAX_APPROVERS) {
            let email = self.app.people.email(&self.app.slack, id).await.ok().flatten();
            if email.is_some_and(|email| current.plan.subject.addresses.contains(&normalize(&email))) {
                concerned.push(id.clone());
            }
        }
        concerned
    }

    /// Calls the approvers in the thread of the root card, which has the button.
    async fn call(&mut self, root: Option<&MessageRef>) -> Result<(), PostError> {
        let role = CardRole::Call(self.of.run.plans);
        let (Some(root), true) = (root, self.view(true).awaited().is_some()) else { return Ok(()) };
        if self.known(&role).is_none() {
            self.upsert(&role, &root.channel, Some(&root.ts), |drawing| {
                cards::call(&drawing.view(true), None)
            })
            .await?;
        }
        Ok(())
    }

    /// Posts the request in `slack.channel`, because the root card is in another channel.
    async fn ask(&mut self) -> Result<(), PostError> {
        let Some(digest) = self.view(false).awaited().map(str::to_owned) else { return Ok(()) };
        if !self.approvals_channel().await? {
            return self.tell_wrong_channel().await;
        }
        let channel = self.app.channel.clone();
        let role = CardRole::Approval(self.of.run.plans);
        self.upsert(&role, &channel, None, |drawing| cards::approval(&drawing.view(true), &digest)).await?;
        Ok(())
    }

    /// The digest for which an approval card was posted.
    pub(super) fn digest_of(&self, plan: u32) -> String {
        let skipped = usize::try_from(plan.saturating_sub(1)).unwrap_or(usize::MAX);
        let mut plans = self.of.entries.iter().filter_map(|(_, _, event)| match event {
            Event::Planned { digest, .. } => Some(digest.clone().unwrap_or_default()),
            _ => None,
        });
        plans.nth(skipped).unwrap_or_default()
    }
}
