//! Scheduled sweeps (`[sweep] every`). The database knows when the last one was, so replicas and restarts make no
//! difference. The idempotency key of a sweep is its period, so two processes that wake together open only one.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use super::app::App;
use super::commands::reading_sweep;
use reinstate_core::run::{Goal, Request, Requester};

/// How often to check whether a sweep is due.
const POLL_INTERVAL: Duration = Duration::from_secs(60);

/// Opens sweeps until `stop` is set. Returns immediately if no schedule is set.
pub async fn run(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let Some(every) = app.config.sweep.every else { return };
    while !*stop.borrow() {
        if let Err(error) = open(&app, every, crate::clock::now()).await {
            tracing::warn!(%error, "whether a sweep is due could not be read; looking again in a minute");
        }
        tokio::select! {
            () = tokio::time::sleep(POLL_INTERVAL) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Opens a sweep if one is due.
///
/// # Errors
/// If the store fails.
pub async fn open(app: &App, every: Duration, now: Timestamp) -> Result<bool, reinstate_store::StoreError> {
    let length = i64::try_from(every.as_millis()).unwrap_or(i64::MAX).max(1);
    let last = app.journal.store().last_survey().await?;
    if last.is_some_and(|last| now.as_millisecond().saturating_sub(last) < length) {
        return Ok(false);
    }
    // A sweep that reads already is as good as the one that is due.
    if reading_sweep(app).await?.is_some() {
        return Ok(false);
    }
    let turn = now.as_millisecond().div_euclid(length);
    let (id, key) = (uuid::Uuid::now_v7().to_string(), format!("sweep schedule {turn}"));
    let opened = app.journal.open_sweep(id, key, request(app), "schedule".to_owned(), now).await?;
    app.nudge();
    Ok(opened == reinstate_store::Opened::New)
}

/// The request of a sweep that no person asked for.
pub(super) fn request(app: &App) -> Request {
    Request {
        by: Requester::default(),
        channel: app.channel.clone(),
        text: "sweep".to_owned(),
        response_url: None,
        aim: Goal::default(),
        helps: None,
    }
}
