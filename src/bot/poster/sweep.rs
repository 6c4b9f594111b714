//! Keeps the card of a sweep true, in `slack.channel`, with the table and the calls to people in its thread.

use std::time::{Duration, Instant};

use super::drawing::Drawing;
use super::{Trouble, Troubles};
use crate::bot::app::App;
use crate::sheet;
use crate::slack::blocks::Card as Shown;
use crate::slack::cards::{SweepView, sweep_root};
use crate::slack::words;
use reinstate_core::Run;
use reinstate_core::sweep::{Course, CourseNext, Found};
use reinstate_store::CardRef;

/// Where a thing stands that is no message.
const ELSEWHERE: &str = "-";

/// Draws a sweep, whose cards are ours until then.
pub(super) async fn show(app: &App, id: &str, until: Instant) -> Result<(), Trouble> {
    let course = app.ledger.sweep(id).await.map_err(|error| {
        tracing::warn!(run = id, %error, "a sweep cannot be shown");
        Trouble::Wait(Duration::from_secs(60))
    })?;
    let now = app.ledger.now().await?;
    let cards = app.ledger.store().cards(id).await?;
    let head = match &course.ended {
        Some(_) => app.ledger.store().head().await.ok().map(|head| head.to_string()),
        None => None,
    };
    // Cards are kept by the same hands as a run's; of a run they need its number and who asked. What goes wrong is told
    // to the operator who asked for the repairs, and before that to the person who asked for the sweep.
    let mut run = Run::default();
    let requester = course.requested.as_ref().map(|(by, _)| by).or(course.asked.as_ref());
    (run.seq, run.asked) = (course.seq, requester.cloned());
    let mut drawing = Drawing { app, id, run, events: Vec::new(), cards, head, now, until };
    if !drawing.approvals_channel().await? {
        drawing.tell_wrong_channel().await?;
        return Err(Trouble::Wait(Duration::from_secs(60)));
    }
    match drawing.sweep(&course).await {
        Err(Trouble::Gone) => {
            drawing.tell_wrong_channel().await?;
            return Err(Trouble::Gone);
        }
        drawn => drawn?,
    }
    for card in &drawing.cards {
        app.ledger.store().mark_rendered(id, &card.at, course.seq, &card.fingerprint).await?;
    }
    Ok(())
}

impl Drawing<'_> {
    /// The card, and what stands in its thread.
    async fn sweep(&mut self, course: &Course) -> Result<(), Trouble> {
        let (app, id, now, head) = (self.app, self.id, self.now, self.head.clone());
        let view = SweepView { id, course, limits: &app.limits, now, head };
        // Each for itself: what is refused delays no other message, and no call to the approvers.
        let mut troubles = Troubles::default();
        let drawn = self.put("root", &app.channel, None, |_| sweep_root(&view)).await;
        let drawn = troubles.note(drawn)?;
        if let Some(root) = self.known("root").map(|card| card.at.clone()) {
            let called = self.call_people(course, &root, drawn.is_some(), now).await;
            troubles.keep(called);
            let told = self.table(course, &root).await;
            troubles.keep(told);
        }
        troubles.settled()
    }

    /// Uploads the table of everything that is not healthy, once.
    async fn table(&mut self, course: &Course, root: &CardRef) -> Result<(), Trouble> {
        if course.surveyed.is_none() || self.known("table").is_some() {
            return Ok(());
        }
        let rows = self.app.ledger.store().found_by(self.id).await?;
        let mut found: Vec<Found> =
            rows.values().filter_map(|text| serde_json::from_str(text).ok()).collect();
        found.sort_by(|a, b| a.query.cmp(&b.query));
        let mut table = String::from(sheet::SWEEP_HEAD);
        for one in &found {
            table.push_str("\r\n");
            table.push_str(&sheet::sweep_row(one));
        }
        table.push_str("\r\n");
        let name = format!("sweep-{}.csv", course.opened_at.unwrap_or_default().strftime("%Y-%m-%d-%H%M"));
        let done = self.app.slack.upload(&root.channel, &root.ts, &name, table.into_bytes()).await;
        if let Err(crate::slack::api::ApiError::Refused(code)) = &done {
            // A workspace that does not let us upload still gets the card; the command line has the table.
            tracing::warn!(code, "Slack refuses the table of a sweep");
            let text = words::no_table(code);
            self.put("no-table", &root.channel, Some(&root.ts), |_| Shown::text(&text)).await?;
        } else {
            done?;
        }
        let at = CardRef { channel: ELSEWHERE.to_owned(), ts: "table".to_owned() };
        let note = self.card("table", at, String::new());
        if self.app.ledger.store().set_card(note.clone(), None).await? {
            self.cards.push(note);
        }
        Ok(())
    }

    /// Calls the approvers when the card above asks them, and tells the end to the person who asked.
    async fn call_people(
        &mut self,
        course: &Course,
        root: &CardRef,
        asks: bool,
        now: jiff::Timestamp,
    ) -> Result<(), Trouble> {
        let mut troubles = Troubles::default();
        let requester = course.requested.as_ref().map(|(by, _)| by.by.clone());
        let waits = matches!(course.next(now, &self.app.limits), CourseNext::AwaitApproval(_));
        if waits && asks && self.known("call").is_none() {
            let text = words::sweep_waits(self.app.people.access(), requester.as_deref());
            let called = self.put("call", &root.channel, Some(&root.ts), |_| Shown::text(&text)).await;
            troubles.note(called)?;
        }
        let stands = course.next(now, &self.app.limits) == CourseNext::AwaitPerson;
        let role = format!("stopped-{:04}", course.pauses);
        if let (Some(why), Some(requester), true) = (&course.paused, &requester, stands)
            && self.known(&role).is_none()
        {
            let text = words::sweep_stopped(requester, course.paused_by.as_deref(), why);
            let told = self.put(&role, &root.channel, Some(&root.ts), |_| Shown::text(&text)).await;
            troubles.note(told)?;
        }
        if let (Some(says), Some(requester)) = (&course.ended, requester)
            && self.known("outcome").is_none()
        {
            let text = words::sweep_over(&requester, says);
            let told = self.put("outcome", &root.channel, Some(&root.ts), |_| Shown::text(&text)).await;
            troubles.note(told)?;
        }
        troubles.settled()
    }
}
