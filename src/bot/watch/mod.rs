//! The watch (`[watch] every`): reads what changed since the last look, looks closely at the people whom that names, and
//! tells `slack.channel` who lost access. The database decides which process looks and when, so replicas and restarts
//! make no difference: each part of a look is written before the next one begins. It only reads. It must never begin a
//! repair, and must never tell the same incident twice.

mod affected;
mod feeds;
mod notices;
mod people;
mod tenant;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::app::App;
use reinstate_store::{Store, StoreError};

/// How often to check whether a look is due.
const POLL_INTERVAL: Duration = Duration::from_secs(5);
/// How long a look belongs to a process that gives no sign of life, and how often it does.
const LOOK_LEASE: Duration = Duration::from_secs(90);
const RENEWAL_INTERVAL: Duration = Duration::from_secs(20);

/// Why a look ended early. What was written stays, and the next look continues there.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// The process was suspended for too long, and another one may look by now.
    #[error("another process has taken over the look")]
    Lost,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A look that this process holds.
pub(super) struct Look<'a> {
    app: &'a App,
    store: &'a Store,
    epoch: i64,
}

/// Looks when it is time, until `stop` is set. Returns immediately if the watch is off.
pub async fn run(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let Some(every) = app.config.watch.every else { return };
    loop {
        tokio::select! {
            looked = look(&app, every) => report(&looked),
            _ = stop.wait_for(|end| *end) => return,
        }
        tokio::select! {
            () = tokio::time::sleep(POLL_INTERVAL) => {}
            _ = stop.wait_for(|end| *end) => return,
        }
    }
}

fn report(looked: &Result<bool, LookError>) {
    let outcome = match looked {
        Ok(false) => return,
        Ok(true) => "complete",
        Err(LookError::Lost) => "lost",
        Err(LookError::Store(_)) => "failed",
    };
    if let Err(error) = looked {
        tracing::warn!(%error, "a look of the watch ended early; the next one continues");
    }
    metrics::counter!("reinstate_watch_looks_total", "outcome" => outcome).increment(1);
}

/// Looks once, if a look is due and no other process holds it. Returns whether it looked.
///
/// # Errors
/// [`LookError`]
pub async fn look(app: &App, every: Duration) -> Result<bool, LookError> {
    let store = app.journal.store();
    let Some(epoch) = store.take_look(every, LOOK_LEASE).await? else { return Ok(false) };
    let look = Look { app, store, epoch };
    tokio::select! {
        done = look.carry_out() => done?,
        kept = look.keep() => return Err(kept),
    }
    store.end_look(epoch).await?;
    Ok(true)
}

impl Look<'_> {
    async fn carry_out(&self) -> Result<(), LookError> {
        // A process that died may have left messages that are written and not sent.
        self.open_notices().await?;
        self.read_feeds().await?;
        let notice = uuid::Uuid::now_v7().to_string();
        let mut faults = self.tenant_faults(&notice).await?;
        self.look_at_people(&notice, &mut faults).await?;
        self.open_notices().await?;
        self.tell_affected().await?;
        let open = self.store.count_incidents().await?;
        metrics::gauge!("reinstate_watch_incidents").set(gauge(open));
        let (_, due) = self.store.count_due().await?;
        metrics::gauge!("reinstate_watch_queue").set(gauge(due));
        Ok(())
    }

    /// Holds the look until it is lost.
    async fn keep(&self) -> LookError {
        loop {
            tokio::time::sleep(RENEWAL_INTERVAL).await;
            match self.store.renew_look(self.epoch, LOOK_LEASE).await {
                Ok(true) => {}
                Ok(false) => return LookError::Lost,
                // The lease lasts for some more intervals.
                Err(error) => tracing::debug!(%error, "a look of the watch could not be extended"),
            }
        }
    }
}

/// A write that is refused means that another process has taken the look over.
fn held(written: bool) -> Result<(), LookError> {
    if written { Ok(()) } else { Err(LookError::Lost) }
}

fn gauge(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
