//! What has worked here, for the card of a new plan, and what never worked. It is read from the newest runs that have
//! ended, at most every ten minutes, so that a busy hour costs no more reads. A plan must never fail for it.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use reinstate_core::evidence::HopelessPlan;
use reinstate_core::report::{Report, Tally};
use reinstate_core::{Cause, Kind, WorkedHere};
use reinstate_store::StoreError;

use super::Journal;

/// How many runs are read.
const MAX_RUNS: i64 = 500;
/// How old the figures may be.
const MAX_AGE: Duration = Duration::from_secs(600);
/// How long the figures are read at most.
const READ_TIMEOUT: Duration = Duration::from_secs(3);

/// The figures that were read last, and when. `None` in them if they could not be read.
#[derive(Debug, Default)]
pub(super) struct WhatWorked(Mutex<Option<(Instant, Option<Figures>)>>);

/// What is known of each step, and the plans that never worked.
type Figures = (Report, Vec<HopelessPlan>);

impl Journal {
    /// What the newest runs say about a step against a cause. `None` if it was not tried, or could not be read.
    pub(in crate::exec) async fn worked_here(&self, cause: Cause, action: &str) -> Option<WorkedHere> {
        let kept = self.what_worked.0.lock().await;
        let (_, figures) = kept.as_ref()?;
        figures.as_ref()?.0.worked_here(cause, action)
    }

    /// The plans that failed often here and never worked. Empty, if that could not be read.
    pub(in crate::exec) async fn hopeless(&self) -> Vec<HopelessPlan> {
        self.read_what_worked().await;
        let kept = self.what_worked.0.lock().await;
        kept.as_ref().and_then(|(_, figures)| Some(figures.as_ref()?.1.clone())).unwrap_or_default()
    }

    /// Reads the figures again if they are too old.
    pub(in crate::exec) async fn read_what_worked(&self) {
        let mut kept = self.what_worked.0.lock().await;
        if kept.as_ref().is_none_or(|(at, _)| at.elapsed() >= MAX_AGE) {
            let read = tokio::time::timeout(READ_TIMEOUT, self.newest()).await;
            let read = match read {
                Ok(Ok(figures)) => Some(figures),
                Ok(Err(error)) => {
                    tracing::warn!(%error, "what has worked here could not be read");
                    None
                }
                Err(_) => {
                    tracing::warn!("what has worked here could not be read in time");
                    None
                }
            };
            *kept = Some((Instant::now(), read));
        }
    }

    async fn newest(&self) -> Result<Figures, StoreError> {
        let now = self.now().await?;
        let mut tally = Tally::new(now, now);
        for run in self.store.last_ended_runs(Kind::Run.opening(), MAX_RUNS).await? {
            if let Some(record) = self.record(&run).await? {
                tally.add(&record);
            }
        }
        Ok((tally.report(), tally.hopeless()))
    }
}
