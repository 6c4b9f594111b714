//! Gauges for work that does not progress: runs by state, pending approvals, cards that are out of date. They are read
//! from the store at intervals, so every replica shows the same values. A gauge must never name a person or a run.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::watch;

use super::app::App;
use reinstate_core::run::Next;

/// How often the gauges are read. Prometheus scrapes about as often.
const POLL_INTERVAL: Duration = Duration::from_secs(15);
/// How many open runs are folded. The rest is counted as `other`.
const MAX_RUNS: usize = 200;

/// Every state of an open run. A state without runs then shows zero instead of its last count.
const STATES: [&str; 4] = ["running", "waits-for-approval", "waits-for-person", "other"];

/// Reads the gauges until `stop` is set.
pub async fn run(app: std::sync::Arc<App>, mut stop: watch::Receiver<bool>) {
    loop {
        if let Err(error) = read(&app).await {
            tracing::debug!(%error, "the gauges could not be read");
        }
        tokio::select! {
            () = tokio::time::sleep(POLL_INTERVAL) => {}
            _ = stop.wait_for(|end| *end) => return,
        }
    }
}

async fn read(app: &App) -> Result<(), reinstate_store::StoreError> {
    let now = crate::clock::now();
    let (runs, all) = app.journal.store().oldest_open_runs(MAX_RUNS).await?;
    let mut states: BTreeMap<&str, u32> = STATES.iter().map(|state| (*state, 0)).collect();
    let mut oldest = 0.0_f64;
    for run in &runs {
        let state = match app.journal.run(run).await {
            Ok(run) => match run.next(now, &app.rules, &app.limits) {
                Next::AwaitApproval { .. } => {
                    let since = run.current.as_ref().map_or(now, |current| current.at);
                    oldest = oldest.max(now.duration_since(since).as_secs_f64());
                    "waits-for-approval"
                }
                Next::AwaitPerson => "waits-for-person",
                _ => "running",
            },
            Err(_) => "other",
        };
        *states.entry(state).or_default() += 1;
    }
    // A run may have ended since the store counted the open runs.
    let rest = usize::try_from(all).unwrap_or(usize::MAX).saturating_sub(runs.len());
    let rest = u32::try_from(rest).unwrap_or(u32::MAX);
    *states.entry("other").or_default() += rest;
    for (state, count) in &states {
        metrics::gauge!("reinstate_runs", "state" => (*state).to_owned()).set(f64::from(*count));
    }
    metrics::gauge!("reinstate_approval_oldest_seconds").set(oldest);
    let behind = app.journal.store().stale_cards(1000).await?.len();
    metrics::gauge!("reinstate_cards_behind").set(f64::from(u32::try_from(behind).unwrap_or(u32::MAX)));
    Ok(())
}
