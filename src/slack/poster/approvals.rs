//! The cards that ask for approvals: posted where the root card cannot ask, and emptied when nothing is asked any
//! more.

use super::Trouble;
use super::drawing::Drawing;
use crate::core::Event;
use crate::slack::cards;
use crate::store::{Card, CardRef};

impl Drawing<'_> {
    /// Asks for approvals where the root card cannot, calls the approvers, and takes old buttons away.
    pub(super) async fn approvals(&mut self, root: &CardRef) -> Result<(), Trouble> {
        let round = self.run.plans;
        let on_root = root.channel == self.app.channel;
        let awaited = self.view(on_root).awaited().map(str::to_owned);
        let old: Vec<Card> =
            self.cards.iter().filter(|card| card.role.starts_with("approval-")).cloned().collect();
        for card in old {
            let digest = self.digest_of(&card.role);
            self.put(&card.role, &card.at.channel, None, |drawing| {
                cards::approval(&drawing.view(true), &digest)
            })
            .await?;
        }
        let Some(digest) = awaited else { return Ok(()) };
        if on_root {
            let thread = root.ts.clone();
            let role = format!("call-{round:04}");
            if self.known(&role).is_none() {
                let channel = root.channel.clone();
                self.put(&role, &channel, Some(&thread), |drawing| cards::call(&drawing.view(true))).await?;
            }
        } else if self.approvals_channel().await? {
            let channel = self.app.channel.clone();
            let role = format!("approval-{round:04}");
            self.put(&role, &channel, None, |drawing| cards::approval(&drawing.view(true), &digest)).await?;
        } else {
            self.tell_wrong_channel().await?;
        }
        Ok(())
    }

    /// The digest that an approval card was posted for.
    pub(super) fn digest_of(&self, role: &str) -> String {
        let round = role.rsplit('-').next().and_then(|round| round.parse::<usize>().ok()).unwrap_or(0);
        let mut plans = self.events.iter().filter_map(|(_, _, event)| match event {
            Event::Planned { digest, .. } => Some(digest.clone().unwrap_or_default()),
            _ => None,
        });
        plans.nth(round.saturating_sub(1)).unwrap_or_default()
    }
}
