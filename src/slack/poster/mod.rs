//! Keeps cards true: shows each run's *newest* state, at most once a second and message, so that ten entries cost
//! one update. Where a card stands is in the store; nothing is read back from Slack. A post that fails is tried
//! again later and never stands in the way of a repair.

mod approvals;
mod drawing;
mod end;
mod put;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::api::ApiError;
use crate::app::App;
use drawing::show;

/// One update per message and second (Slack's rule for posting).
const EVERY: Duration = Duration::from_secs(1);
/// How often is looked without being woken: another replica may have appended.
const LOOK: Duration = Duration::from_secs(1);
/// What Slack says of a channel where nothing can be posted any more.
const GONE: [&str; 4] = ["is_archived", "channel_not_found", "not_in_channel", "restricted_action"];
/// What a refusal waits for: nothing but a person changes it.
const REFUSED: Duration = Duration::from_secs(30);
/// What a failure waits for before it is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// Runs until `shutdown` says so.
pub async fn run(app: Arc<App>, mut shutdown: watch::Receiver<bool>) {
    let mut work: JoinSet<(String, Duration)> = JoinSet::new();
    let mut busy: HashSet<String> = HashSet::new();
    let mut due: HashMap<String, Instant> = HashMap::new();
    loop {
        due.retain(|_, at| *at > Instant::now());
        let stale = app.ledger.store().stale_cards(500).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "which cards are behind cannot be read");
            Vec::new()
        });
        for run in stale {
            if work.len() < 16 && !busy.contains(&run) && !due.contains_key(&run) {
                busy.insert(run.clone());
                let app = Arc::clone(&app);
                work.spawn(async move {
                    let pause = match show(&app, &run).await {
                        Ok(()) => EVERY,
                        Err(Trouble::Wait(pause)) => pause,
                        Err(Trouble::Gone) => REFUSED,
                    };
                    (run, pause)
                });
            }
        }
        let wake =
            due.values().min().map_or(LOOK, |at| at.saturating_duration_since(Instant::now()).min(LOOK));
        tokio::select! {
            () = app.nudge.poster.notified() => {}
            () = tokio::time::sleep(wake) => {}
            Some(done) = work.join_next() => if let Ok((run, pause)) = done {
                busy.remove(&run);
                due.insert(run, Instant::now() + pause);
            } else {
                // A task that broke off cannot say which run it was for.
                busy.clear();
            },
            _ = shutdown.wait_for(|end| *end) => break,
        }
    }
    while work.join_next().await.is_some() {}
}

pub(super) enum Trouble {
    /// Try again after this long.
    Wait(Duration),
    /// Nothing can be posted there any more: archived, deleted, or we were removed.
    Gone,
}

impl From<ApiError> for Trouble {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Limited(pause) => Self::Wait(pause),
            ApiError::Refused(code) if GONE.contains(&code.as_str()) => Self::Gone,
            ApiError::Refused(code) => {
                tracing::warn!(code, "Slack refuses a card");
                Self::Wait(REFUSED)
            }
            ApiError::Lost(_) => Self::Wait(AGAIN),
        }
    }
}

impl From<crate::store::StoreError> for Trouble {
    fn from(error: crate::store::StoreError) -> Self {
        tracing::warn!(%error, "a card's place could not be read or written");
        Self::Wait(AGAIN)
    }
}
