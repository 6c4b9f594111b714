//! Writing: every change is one transaction in a task of its own, and on SQLite changes that wait for their turn
//! together are committed together, because a commit is a wait for the disk and the disk takes many at once. Each
//! stands in a savepoint, so that one that is refused takes no other with it, and nobody is told that something is
//! written before the commit that holds it has come back.
//!
//! A change must never be cut in half by a caller who is cancelled (a closed connection, a timeout): a cancelled
//! `begin` of sqlx 0.9.0 on PostgreSQL puts a connection with an open transaction back into the pool.

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

/// How many changes one commit carries at most, so that the first of them does not wait long for the last.
const MAX_CONCURRENT_WRITES: usize = 32;

/// A change that waits for its turn, with its types taken away so that it can wait beside others.
pub(super) trait Change: Send {
    /// Makes it, inside a transaction; whether it shall stand. A refused one is rolled back.
    fn make<'c>(&'c mut self, conn: &'c mut AnyConnection) -> BoxFuture<'c, bool>;

    /// Tells the waiting caller the result, or why it was not written after all.
    fn tell(self: Box<Self>, written: Result<(), StoreError>);

    /// How long its transaction may take, if it is another time than usual.
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
            // A refusal stays one, whatever became of the others.
            (_, Some(Err(refused))) => Err(refused),
            (Ok(()), Some(made)) => made,
            (Err(error), _) => Err(error.into()),
            (Ok(()), None) => Err(StoreError::Interrupted.into()),
        };
        // The caller may have been cancelled.
        self.answer.send(outcome).ok();
    }
}

/// Where changes wait, to be committed together or beside each other.
pub(super) type Writers = Queue<Box<dyn Change>>;

/// SQLite's own lock is polled and unfair, so one writer a process is let through at a time, and takes along all that wait.
/// PostgreSQL queues by itself; and two transactions that each lock several runs in the order in which they happened to
/// wait could lock each other out there.
pub(super) fn writers(engine: Engine, connections: usize) -> Writers {
    match engine {
        Engine::Sqlite => Queue::new(1, MAX_CONCURRENT_WRITES),
        Engine::Postgres => Queue::new(connections, 1),
    }
}

impl Store {
    /// Makes one change, all of it or nothing. Every write of the store passes here.
    pub(super) async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'c> FnOnce(&'c mut AnyConnection) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
    {
        self.change(None, work).await
    }

    /// The same for a change that may take so long.
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

    /// Puts a change in line, and sees to it that somebody makes it.
    pub(super) fn queue(&self, change: Box<dyn Change>) {
        let Some(mut server) = self.writers.push(change) else { return };
        let store = self.clone();
        tokio::spawn(async move {
            loop {
                let mut changes = server.take();
                if changes.is_empty() {
                    return;
                }
                // Those that wait behind a decision that panics are not at fault.
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
            // Nobody knows what it has open. SQLite, for one, rolls back by itself when the disk is full, and sqlx
            // would count that transaction as open forever. With its connection the transaction ends as a whole.
            conn.close_on_drop();
        }
        Ok(written.map_err(|_| StoreError::Interrupted)??)
    }
}

/// One transaction around all changes. An error says that none of them is written (or, if the commit itself failed,
/// that nobody knows) and that the connection is not as good as before.
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
