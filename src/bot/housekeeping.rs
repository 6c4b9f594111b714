//! What the bot does now and then besides repairing: it keeps its measurements small, notes what was refused at the
//! door, and forgets people when their time is over. It must never stand in the way of a repair: what fails here is
//! logged and tried again the next time.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::watch;
use tokio::time::interval;

use super::app::App;
use crate::exec::NoteKind;
use crate::slack::api::ApiError;
use crate::telemetry::Metrics;
use reinstate_store::NewEntry;

/// How often old measurements are thrown away.
const UPKEEP: Duration = Duration::from_secs(5);
/// How often refused requests are noted: a flood must not become a flood of entries.
const NOTED: Duration = Duration::from_secs(60);
/// How often it is looked for people to forget.
const FORGET: Duration = Duration::from_secs(3600);

/// Keeps house until `stopped` is set.
pub async fn run(app: Arc<App>, metrics: Option<Metrics>, mut stopped: watch::Receiver<bool>) {
    let (mut upkeep, mut noted, mut forgotten) = (interval(UPKEEP), interval(NOTED), interval(FORGET));
    // A sender that is gone is the end, too.
    let end = async move { stopped.wait_for(|end| *end).await.map(drop).unwrap_or_default() };
    tokio::pin!(end);
    loop {
        tokio::select! {
            _ = upkeep.tick() => if let Some(metrics) = &metrics { metrics.run_upkeep() },
            _ = noted.tick() => note_refused(&app).await,
            _ = forgotten.tick() => forget(&app).await,
            () = &mut end => break,
        }
    }
    note_refused(&app).await;
}

/// One entry with the counts, if there were any. Who sent them is not known, so nothing personal is in it.
async fn note_refused(app: &App) {
    let counts = app.refused_requests.take();
    if counts.is_empty() {
        return;
    }
    let facts = json!({ "by_reason": counts }).to_string();
    let at = crate::clock::now();
    let entry = NewEntry { at, kind: NoteKind::RequestsRefused.word().to_owned(), facts, personal: None };
    if let Err(error) = app.ledger.store().append_global(entry).await {
        tracing::warn!(%error, "refused requests could not be noted; they are counted on");
        app.refused_requests.put_back(counts);
    }
}

async fn forget(app: &App) {
    let Ok(before) = crate::clock::now().checked_sub(app.config.store.forget_after) else { return };
    match app.ledger.store().erase_personal(before).await {
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

/// Asks `auth.test` until it answers; then there is nothing left to do.
pub async fn keep_home(app: std::sync::Arc<crate::bot::app::App>, mut shutdown: watch::Receiver<bool>) {
    let mut wait = Duration::from_millis(500);
    while let Err(error) = app.people.learn_installation(&app.slack).await {
        tracing::warn!(%error, "Slack has not said whose bot this is yet, so nobody has a role");
        let pause = match error {
            ApiError::Limited(pause) => pause,
            _ => wait,
        };
        wait = wait.saturating_mul(2).min(Duration::from_secs(30));
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = shutdown.changed() => return,
        }
    }
    app.nudge();
}
