//! `report`: what the repairs of the last 30 days achieved, in figures and without names. It reads only the journal.
//! Callers that come together share one reading, because it reads every run of that time.

use std::sync::Arc;

use jiff::SignedDuration;

use super::check::patiently;
use crate::bot::app::App;
use crate::bot::private::ReplyTo;
use crate::slack::blocks::Message;
use crate::slack::cards;
use crate::slack::messages;
use reinstate_core::Action;
use reinstate_core::report::Report;

/// The time that the answer is about.
const LENGTH: SignedDuration = SignedDuration::from_hours(30 * 24);

pub(super) async fn report(app: &App, reply_to: &ReplyTo) {
    patiently(app, reply_to, answer(app, reply_to)).await;
}

async fn answer(app: &App, reply_to: &ReplyTo) -> Message {
    if let Err(card) = app.allow(reply_to, "report", &Action::Check).await {
        return card;
    }
    match app.reports.get("report", None, || read(app)).await {
        Ok(report) => cards::report(&report),
        Err(()) => Message::text(&messages::no_store()),
    }
}

async fn read(app: &App) -> Result<Arc<Report>, ()> {
    let failed = |error| tracing::warn!(%error, "the journal could not be read for a report");
    let now = app.journal.now().await.map_err(failed)?;
    let since = now.checked_sub(LENGTH).unwrap_or(now);
    app.journal.report(since, now).await.map(Arc::new).map_err(failed)
}
