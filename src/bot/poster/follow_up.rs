//! What the end of a run means for the card of an earlier run: a repair that was undone is not offered for undo again,
//! and an account that was removed is not offered for removal again. Only a run that did what it was for counts.

use super::PostError;
use super::drawing::{Drawing, RunEntries};
use super::end::NO_CHANNEL;
use reinstate_core::{Goal, Outcome};
use reinstate_store::{CardRole, MessageRef, PostedMessage};

impl Drawing<'_, RunEntries> {
    /// Notes with the earlier run that this one undid it, or removed its left-over account. The note makes the card of
    /// the earlier run outdated, so that it is drawn again. The first note stays.
    pub(super) async fn note_on_earlier(&self) -> Result<(), PostError> {
        let done = matches!(self.of.run.ended, Some((Outcome::Done, _)));
        let aim = self.of.run.asked.as_ref().filter(|_| done).map(|asked| &asked.aim);
        let (earlier, role) = match aim {
            Some(Goal::Undo { run }) => (run, CardRole::Undone),
            Some(Goal::Retire { run }) => (run, CardRole::Removed),
            _ => return Ok(()),
        };
        let at = MessageRef { channel: NO_CHANNEL.to_owned(), ts: self.id.to_owned() };
        let note =
            PostedMessage { run: earlier.clone(), role, at, rendered_seq: 0, fingerprint: String::new() };
        self.app.journal.store().set_card(note, None).await?;
        Ok(())
    }

    /// The run that noted this with the present one.
    pub(super) fn noted(&self, role: &CardRole) -> Option<&str> {
        self.known(role).map(|card| card.at.ts.as_str())
    }
}
