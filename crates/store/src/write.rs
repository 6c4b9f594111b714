//! Writing: every change runs in one transaction, in its own task. On SQLite, changes that wait at the same time
//! share one commit, because each commit waits for the disk. Each change has its own savepoint, so that a refused
//! change does not affect the others. No caller gets a success before the commit has succeeded.
//!
//! A cancelled caller (a closed connection, a timeout) must never interrupt a change: a cancelled `begin` of sqlx
//! 0.9.0 on PostgreSQL puts a connection with an open transaction back into the pool.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_core::future::BoxFuture;
use futures_util::FutureExt as _;
use sqlx::{AnyConnection, Connection as _};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::queue::Queue;
use super::timeouts::{self, Ticket};
use super::{Engine, Store, StoreError};

/// The maximum number of changes in one commit, so that the first does not wait long for the last.
const MAX_CONCURRENT_WRITES: usize = 32;

/// A change that waits to be made. The types are erased, so that different changes can share one queue.
pub(super) trait Change: Send {
    /// Makes the change inside a transaction. Returns whether to keep it; otherwise it is rolled back.
    fn make<'c>(&'c mut self, conn: &'c mut AnyConnection) -> BoxFuture<'c, bool>;

    /// Sends the result to the waiting caller, or the reason why it was not written.
    fn tell(self: Box<Self>, written: Result<(), StoreError>);

    /// How long its transaction may take, if this differs from the default.
    fn limit(&self) -> Option<Duration> {
        None
    }
}

struct Waiting<T, E, F> {
    work: Option<F>,
    outcome: Option<Result<T, E>>,
    answer: oneshot::Sender<Result<T, E>>,
    ticket: Ticket,
    limit: Option<Duration>,
}

impl<T, E, F> Change for Waiting<T, E, F>
where
    T: Send,
    E: From<StoreError> + Send,
    F: for<'c> FnOnce(&'c mut AnyConnection) -> BoxFuture<'c, Result<T, E>> + Send,
{
    fn make<'c>(&'c mut self, conn: &'c mut AnyConnection) -> BoxFuture<'c, bool> {
        Box::pin(async move {
            if !self.ticket.begin() {
                return false;
            }
            let Some(work) = self.work.take() else { return false };
            let outcome = self.outcome.insert(work(conn).await);
            if outcome.is_err() {
                self.ticket.put_back();
            }
            outcome.is_ok()
        })
    }

    fn limit(&self) -> Option<Duration> {
        self.limit
    }

    fn tell(self: Box<Self>, written: Result<(), StoreError>) {
        let outcome = match (written, self.outcome) {
            // A refusal stays a refusal, whatever the outcome of the other changes is.
            (_, Some(Err(refused))) => Err(refused),
            (Ok(()), Some(made)) => made,
            (Err(error), _) => Err(error.into()),
            (Ok(()), None) => Err(StoreError::Interrupted.into()),
        };
        // The caller may have been cancelled.
        self.answer.send(outcome).ok();
    }
}

/// The queue of changes. They are committed together (SQLite) or in parallel (PostgreSQL).
pub(super) type Writers = Queue<Box<dyn Change>>;

/// SQLite's own lock is polled and unfair, so each process lets one writer at a time through, which takes all waiting
/// changes along. PostgreSQL queues writers itself. There, two transactions that each lock several runs in the order
/// of arrival could deadlock.
pub(super) fn writers(engine: Engine, connections: usize) -> Writers {
    match engine {
        Engine::Sqlite => Queue::new(1, MAX_CONCURRENT_WRITES),
        Engine::Postgres => Queue::new(connections, 1),
    }
}

impl Store {
    /// Makes one change atomically. Every write of the store uses this function.
    pub(super) async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'c> FnOnce(&'c mut AnyConnection) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
    {
        self.change(None, work).await
    }

    /// The same, with its own limit for the transaction.
    pub(super) async fn write_for<T, E, F>(&self, limit: Duration, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'c> FnOnce(&'c mut AnyConnection) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
    {
        self.change(Some(limit), work).await
    }

    async fn change<T, E, F>(&self, limit: Option<Duration>, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'c> FnOnce(&'c mut AnyConnection) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let ticket = Ticket::default();
        let waiting = Waiting { work: Some(work), outcome: None, answer, ticket: ticket.clone(), limit };
        self.queue(Box::new(waiting));
        timeouts::answer(answered, &ticket, limit.unwrap_or(self.patience.answer)).await
    }

    /// Adds a change to the queue, and starts a writer if none is free.
    pub(super) fn queue(&self, change: Box<dyn Change>) {
        let Some(mut server) = self.writers.push(change) else { return };
        let store = self.clone();
        tokio::spawn(async move {
            loop {
                let mut changes = server.take();
                if changes.is_empty() {
                    return;
                }
                // If the decision of one change panics, the changes behind it must still get an answer.
                let written = AssertUnwindSafe(store.commit(&mut changes)).catch_unwind().await;
                let written = written.unwrap_or(Err(StoreError::Interrupted));
                for change in changes {
                    change.tell(written.clone());
                }
            }
        });
    }

    async fn commit(&self, changes: &mut [Box<dyn Change>]) -> Result<(), StoreError> {
        let mut conn = self.writing.acquire().await?;
        let limit = changes.iter().filter_map(|change| change.limit()).max();
        let limit = limit.unwrap_or(self.patience.transaction);
        let written = timeout(limit, transact(&mut conn, self.engine.begin(), changes)).await;
        if !matches!(written, Ok(Ok(()))) {
            // The state of the connection is unknown. For example, SQLite rolls back by itself when the disk is full,
            // and sqlx would then count that transaction as open forever. Closing the connection ends the whole
            // transaction.
            conn.close_on_drop();
        }
        Ok(written.map_err(|_| StoreError::Interrupted)??)
    }
}

/// Runs one transaction around all changes. An error means that none of them is written, or that the outcome is
/// unknown because the commit itself failed. After an error the connection must not be used again.
async fn transact(
    conn: &mut AnyConnection,
    begin: &'static str,
    changes: &mut [Box<dyn Change>],
) -> Result<(), sqlx::Error> {
    let mut tx = conn.begin_with(begin).await?;
    let mut stand = false;
    if let [change] = changes {
        stand = change.make(&mut tx).await;
    } else {
        for change in changes {
            let mut part = tx.begin().await?;
            if change.make(&mut part).await {
                part.commit().await?;
                stand = true;
            } else {
                part.rollback().await?;
            }
        }
    }
    if stand { tx.commit().await } else { tx.rollback().await }
}
