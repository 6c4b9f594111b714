//! A wrapper around the world that requests no further page once its sweep was stopped, by this process or another
//! one. It asks the store before each page, so no signal between processes is needed. It must never act.

use std::sync::Arc;
use std::time::Duration;

use futures_core::future::BoxFuture;

use crate::exec::Journal;
use crate::world::{ActOutcome, Page, ReadScope, SweepProgress, World};
use reinstate_core::sweep::{Census, Grants, RoleList, SweepQuery};
use reinstate_core::{Evidence, Op, Subject};

/// How often a sweep that waits for an answer checks whether it was stopped.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// The world as one sweep sees it.
pub(super) struct Gate {
    world: Arc<dyn World>,
    journal: Journal,
    sweep: String,
}

impl Gate {
    pub(super) fn new(world: &Arc<dyn World>, journal: &Journal, sweep: &str) -> Self {
        Self { world: Arc::clone(world), journal: journal.clone(), sweep: sweep.to_owned() }
    }

    /// Whether the sweep has ended. A store that does not answer does not end it: if the failure lasts, the lease
    /// expires.
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

    /// Never returns if the sweep has ended. The caller of [`Self::closed`] then drops the reader.
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
        Box::pin(async { ActOutcome::Refused("read-only".to_owned()) })
    }

    fn grants(&self) -> BoxFuture<'_, Grants> {
        self.world.grants()
    }

    fn census<'a>(&'a self, grants: Grants, meter: &'a SweepProgress) -> BoxFuture<'a, Census> {
        self.world.census(grants, meter)
    }

    fn accounts(&self, cursor: Option<String>) -> BoxFuture<'_, Result<Page, String>> {
        Box::pin(async move {
            self.pass().await;
            self.world.accounts(cursor).await
        })
    }

    fn role_holders<'a>(
        &'a self,
        list: &'a RoleList,
        cursor: Option<String>,
    ) -> BoxFuture<'a, Result<Page<String>, String>> {
        Box::pin(async move {
            self.pass().await;
            self.world.role_holders(list, cursor).await
        })
    }

    fn look<'a>(&'a self, asked: &'a SweepQuery, census: &'a Census) -> BoxFuture<'a, Evidence> {
        Box::pin(async move {
            self.pass().await;
            self.world.look(asked, census).await
        })
    }
}
