//! Periodic work besides repairs: it limits the memory of the metrics, records the counts of refused requests, has
//! people reminded of runs that wait for them, and erases personal data when its retention period has ended. It must never delay a repair: a failure is logged, and the
//! work is tried again at the next interval.

use std::sync::Arc;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::interval;

use super::app::App;
use super::poster::REMIND_AFTER;
use crate::exec::NoteKind;
use crate::slack::api::ApiError;
use crate::telemetry::Metrics;
use reinstate_store::NewEntry;

/// How often old metric samples are discarded.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);
/// How often refused requests are recorded. A flood of requests must not become a flood of entries.
const NOTE_INTERVAL: Duration = Duration::from_secs(60);
/// How often runs are looked for that have waited long for a person.
const REMIND_INTERVAL: Duration = Duration::from_secs(600);
/// How often personal data that is too old is erased.
const FORGET_INTERVAL: Duration = Duration::from_secs(3600);
/// The backoff for `auth.test` if Slack gives no pause of its own.
const HOME_BACKOFF: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(500))
    .with_max_delay(Duration::from_secs(30))
    .without_max_times();

/// Runs the periodic work until `stopped` is set.
pub async fn run(app: Arc<App>, metrics: Option<Metrics>, mut stopped: watch::Receiver<bool>) {
    let (mut upkeep, mut noted) = (interval(UPKEEP_INTERVAL), interval(NOTE_INTERVAL));
    let (mut reminded, mut forgotten) = (interval(REMIND_INTERVAL), interval(FORGET_INTERVAL));
    // A dropped sender also means the end.
    let end = async move { stopped.wait_for(|end| *end).await.map(drop).unwrap_or_default() };
    tokio::pin!(end);
    loop {
        tokio::select! {
            _ = upkeep.tick() => if let Some(metrics) = &metrics { metrics.run_upkeep() },
            _ = noted.tick() => note_refused(&app).await,
            _ = reminded.tick() => remind(&app).await,
            _ = forgotten.tick() => forget(&app).await,
            () = &mut end => break,
        }
    }
    note_refused(&app).await;
}

/// Appends one entry with the counts, if there are any. The senders are unknown, so the entry holds no personal data.
async fn note_refused(app: &App) {
    let counts = app.refused_requests.take();
    if counts.is_empty() {
        return;
    }
    let facts = json!({ "by_reason": counts }).to_string();
    let at = crate::clock::now();
    let entry = NewEntry { at, kind: NoteKind::RequestsRefused.word().to_owned(), facts, personal: None };
    if let Err(error) = app.journal.store().append_global(entry).await {
        tracing::warn!(%error, "refused requests could not be noted; they are counted on");
        app.refused_requests.put_back(counts);
    }
}

/// Has the cards drawn again of runs and sweeps that have waited long for a person: the reminder is sent with them.
async fn remind(app: &App) {
    match app.journal.store().draw_long_waiting(REMIND_AFTER).await {
        Ok(0) => {}
        Ok(_) => app.wake.poster.notify_one(),
        Err(error) => {
            tracing::warn!(%error, "runs that wait for people could not be read; trying again in ten minutes")
        }
    }
}

async fn forget(app: &App) {
    let Ok(before) = crate::clock::now().checked_sub(app.config.store.forget_after) else { return };
    match app.journal.store().erase_personal(before).await {
        Ok(erased) if erased.entries > 0 => {
            tracing::info!(
                entries = erased.entries,
                identities = erased.identities,
                "old personal data was erased"
            );
        }
        Ok(_) => {}
        Err(error) => {
            tracing::warn!(%error, "old personal data could not be erased; trying again in an hour")
        }
    }
}

/// Calls `auth.test` until it succeeds. Then there is nothing left to do.
pub async fn keep_home(app: Arc<App>, mut shutdown: watch::Receiver<bool>) {
    let learn = (|| app.people.learn_installation(&app.slack))
        .retry(HOME_BACKOFF)
        .adjust(|error, backoff| match error {
            ApiError::Limited(pause) => Some(*pause),
            _ => backoff,
        })
        .notify(|error, _| {
            tracing::warn!(%error, "Slack has not said whose bot this is yet, so nobody has a role");
        });
    tokio::select! {
        learned = learn => if learned.is_ok() { app.nudge() },
        _ = shutdown.changed() => {}
    }
}
