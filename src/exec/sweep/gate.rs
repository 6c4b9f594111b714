//! A world that is asked for no further page once its sweep was stopped, by this process or by another. The store is
//! asked before each page, so that nobody has to tell the process that reads. It must never act.

use std::sync::Arc;
use std::time::Duration;

use futures_core::future::BoxFuture;

use crate::exec::Journal;
use crate::world::{ActOutcome, Page, ReadScope, SweepProgress, World};
use reinstate_core::sweep::{Census, SweepQuery};
use reinstate_core::{Evidence, Op, Subject};

/// How often a reading that waits for an answer looks whether its sweep was stopped.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// The world of one sweep, as long as the sweep goes on.
pub(super) struct Gate {
    world: Arc<dyn World>,
    journal: Journal,
    sweep: String,
}

impl Gate {
    pub(super) fn new(world: &Arc<dyn World>, journal: &Journal, sweep: &str) -> Self {
        Self { world: Arc::clone(world), journal: journal.clone(), sweep: sweep.to_owned() }
    }

    /// Whether the sweep has ended. A store that does not answer ends nothing: the lease does, if it stays so.
    async fn is_closed(&self) -> bool {
        let row = self.journal.store().run(&self.sweep).await;
        row.is_ok_and(|row| row.is_some_and(|row| row.ended()))
    }

    /// Waits until the sweep has ended.
    pub(super) async fn closed(&self) {
        while !self.is_closed().await {
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// Waits forever if the sweep has ended: the reader is dropped where [`Self::closed`] is noticed.
    async fn pass(&self) {
        if self.is_closed().await {
            std::future::pending::<()>().await;
        }
    }
}

impl World for Gate {
    fn gather(&self, subject: Subject, look: ReadScope) -> BoxFuture<'_, Evidence> {
        self.world.gather(subject, look)
    }

    fn act<'a>(&'a self, _: &'a Op, _: Duration) -> BoxFuture<'a, ActOutcome> {
        Box::pin(async { ActOutcome::Refused("a sweep only reads".to_owned()) })
    }

    fn census<'a>(&'a self, meter: &'a SweepProgress) -> BoxFuture<'a, Census> {
        self.world.census(meter)
    }

    fn accounts(&self, cursor: Option<String>) -> BoxFuture<'_, Result<Page, String>> {
        Box::pin(async move {
            self.pass().await;
            self.world.accounts(cursor).await
        })
    }

    fn app_role_holders(&self, cursor: Option<String>) -> BoxFuture<'_, Result<Page<String>, String>> {
        Box::pin(async move {
            self.pass().await;
            self.world.app_role_holders(cursor).await
        })
    }

    fn look<'a>(&'a self, asked: &'a SweepQuery, census: &'a Census) -> BoxFuture<'a, Evidence> {
        Box::pin(async move {
            self.pass().await;
            self.world.look(asked, census).await
        })
    }
}
