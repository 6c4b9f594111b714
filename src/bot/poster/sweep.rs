//! Keeps the card of a sweep in `slack.channel` up to date. Its thread holds the table and the calls to people.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::drawing::{Drawing, HasCards};
use super::waiting::{is_long, reminded};
use super::{PostError, PostErrors};
use crate::bot::app::App;
use crate::sheet::Sheet;
use crate::slack::blocks::Message as Shown;
use crate::slack::cards::{SweepView, sweep_root};
use crate::slack::messages;
use reinstate_core::run::Request;
use reinstate_core::sweep::{Sweep, SweepFinding, SweepNext};
use reinstate_store::{CardRole, MessageRef, Recovered};

/// The channel that is stored for something that is not a message.
const NO_CHANNEL: &str = "-";

impl HasCards for Sweep {
    fn seq(&self) -> i64 {
        self.seq
    }

    /// The operator who requested the repairs. Before that, the person who requested the sweep.
    fn asked(&self) -> Option<&Request> {
        self.requester()
    }

    fn asks(drawing: &Drawing<'_, Self>) -> bool {
        matches!(drawing.of.next(drawing.now, &drawing.app.limits), SweepNext::AwaitApproval(_))
    }
}

/// Draws the cards of a sweep. Our lease on them ends at `until`.
pub(super) async fn show(app: &App, id: &str, sweep: Sweep, until: Instant) -> Result<(), PostError> {
    let (seq, ended) = (sweep.seq, sweep.ended.is_some());
    let mut drawing = Drawing::of(app, id, sweep.clone(), ended, until).await?;
    if !drawing.approvals_channel().await? {
        drawing.tell_wrong_channel().await?;
        return Err(PostError::Wait(Duration::from_secs(60)));
    }
    let (recovered, changed_by) = match sweep.is_limited() {
        true => (app.journal.store().recovered(id).await?, app.journal.store().changed_by(id).await?),
        false => (Recovered::default(), Vec::new()),
    };
    match drawing.sweep(&sweep, recovered, changed_by).await {
        Err(PostError::Gone) => {
            drawing.tell_wrong_channel().await?;
            return Err(PostError::Gone);
        }
        drawn => drawn?,
    }
    for card in &drawing.cards {
        app.journal.store().mark_rendered(id, &card.at, seq, &card.fingerprint).await?;
    }
    // A recovery has no entry in the journal. One that was written while the card was drawn is not on it yet.
    if drawing.of.is_limited() && app.journal.store().recovered(id).await? != recovered {
        app.journal.store().draw_again(id).await?;
    }
    Ok(())
}

fn table(found: &[SweepFinding]) -> std::io::Result<Vec<u8>> {
    let mut table = Vec::new();
    let mut sheet = Sheet::with_crlf(&mut table);
    sheet.sweep_columns()?;
    found.iter().try_for_each(|found| sheet.sweep_row(found))?;
    sheet.flush()?;
    drop(sheet);
    Ok(table)
}

impl Drawing<'_, Sweep> {
    /// Draws the card and the messages in its thread.
    async fn sweep(
        &mut self,
        sweep: &Sweep,
        recovered: Recovered,
        changed_by: Vec<(String, u64)>,
    ) -> Result<(), PostError> {
        let (app, id, now, head) = (self.app, self.id, self.now, self.head.clone());
        let access = app.people.access();
        let view = SweepView { id, sweep, limits: &app.limits, access, now, head, recovered, changed_by };
        // The messages are independent: one that Slack refuses delays no other message and no call to the approvers.
        let mut troubles = PostErrors::default();
        let drawn = self.upsert(&CardRole::Root, &app.channel, None, |_| sweep_root(&view)).await;
        let drawn = troubles.note(drawn)?;
        if let Some(root) = self.known(&CardRole::Root).map(|card| card.at.clone()) {
            let called = self.call_people(sweep, &root, drawn.is_some(), now).await;
            troubles.keep(called);
            let told = self.tell_joined(sweep, &root).await;
            troubles.keep(told);
            let told = self.table(sweep, &root).await;
            troubles.keep(told);
        }
        troubles.settled()
    }

    /// Uploads once the table of all people who are not healthy.
    async fn table(&mut self, sweep: &Sweep, root: &MessageRef) -> Result<(), PostError> {
        // The card of the watch names everybody.
        if sweep.surveyed.is_none() || sweep.is_limited() || self.known(&CardRole::Table).is_some() {
            return Ok(());
        }
        let rows = self.app.journal.store().found_by(self.id).await?;
        let mut found: Vec<SweepFinding> =
            rows.values().filter_map(|text| serde_json::from_str(text).ok()).collect();
        found.sort_by(|a, b| a.query.cmp(&b.query));
        let table = table(&found).map_err(|error| {
            tracing::error!(run = self.id, %error, "the table of a sweep cannot be made");
            PostError::Card
        })?;
        let name = format!("sweep-{}.csv", sweep.opened_at.unwrap_or_default().strftime("%Y-%m-%d-%H%M"));
        let done = self.app.slack.upload(&root.channel, &root.ts, &name, table).await;
        if let Err(crate::slack::api::ApiError::Refused(code)) = &done {
            // A workspace that does not permit uploads still receives the card. The command line can write the table.
            tracing::warn!(code, "Slack refuses the table of a sweep");
            let text = messages::no_table(code);
            self.upsert(&CardRole::NoTable, &root.channel, Some(&root.ts), |_| Shown::text(&text)).await?;
        } else {
            done?;
        }
        let at = MessageRef { channel: NO_CHANNEL.to_owned(), ts: CardRole::Table.to_string() };
        let note = self.card(&CardRole::Table, at, String::new());
        if self.app.journal.store().set_card(note.clone(), None).await? {
            self.cards.push(note);
        }
        Ok(())
    }

    /// Tells once those who joined the sweep while it read that it has read everything, or was stopped before.
    async fn tell_joined(&mut self, sweep: &Sweep, root: &MessageRef) -> Result<(), PostError> {
        let reads = sweep.surveyed.is_none() && sweep.ended.is_none();
        if reads || sweep.joined.is_empty() || self.known(&CardRole::Joined).is_some() {
            return Ok(());
        }
        let text = messages::joined_sweep_over(sweep.joined.iter(), sweep);
        self.upsert(&CardRole::Joined, &root.channel, Some(&root.ts), |_| Shown::text(&text)).await.map(drop)
    }

    /// Calls the approvers when the card requests approval, and tells the requester when the sweep ends.
    async fn call_people(
        &mut self,
        sweep: &Sweep,
        root: &MessageRef,
        asks: bool,
        now: Timestamp,
    ) -> Result<(), PostError> {
        let mut troubles = PostErrors::default();
        let requester = sweep.requested.as_ref().map(|(asked, _)| asked.by.id.clone());
        let waits = matches!(sweep.next(now, &self.app.limits), SweepNext::AwaitApproval(_));
        if let (true, true, Some((role, since))) = (waits, asks, self.uncalled(sweep, now)) {
            let text = messages::sweep_waits(self.app.people.access(), requester.as_deref(), since);
            let called = self.upsert(&role, &root.channel, Some(&root.ts), |_| Shown::text(&text)).await;
            troubles.note(called)?;
        }
        // Paused repairs end by themselves after a day, so no reminder of a pause is needed.
        let stands = sweep.next(now, &self.app.limits) == SweepNext::AwaitPerson;
        let role = CardRole::Stopped(sweep.pauses);
        if let (Some(why), Some(requester), true) = (&sweep.paused, &requester, stands)
            && self.known(&role).is_none()
        {
            let why = messages::pause_message(why);
            let text = messages::sweep_stopped(requester, sweep.paused_by.as_deref(), &why);
            let told = self.upsert(&role, &root.channel, Some(&root.ts), |_| Shown::text(&text)).await;
            troubles.note(told)?;
        }
        if let (Some(_), Some(requester)) = (&sweep.ended, requester)
            && self.known(&CardRole::Outcome).is_none()
        {
            let text = messages::sweep_over(&requester, sweep);
            let told =
                self.upsert(&CardRole::Outcome, &root.channel, Some(&root.ts), |_| Shown::text(&text)).await;
            troubles.note(told)?;
        }
        troubles.settled()
    }

    /// The call that the approvers have yet to get, and since when the list waits if it is a reminder.
    fn uncalled(&self, sweep: &Sweep, now: Timestamp) -> Option<(CardRole, Option<Timestamp>)> {
        if self.known(&CardRole::SweepCall).is_none() {
            return Some((CardRole::SweepCall, None));
        }
        let (entry, since) = (sweep.requested_entry?, sweep.requested.as_ref()?.1);
        let again = reminded(entry);
        (is_long(since, now) && self.known(&again).is_none()).then_some((again, Some(since)))
    }
}
