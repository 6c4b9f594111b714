//! Waiting for the database, but not forever. A server may be frozen, or a lock may never be given back, and nobody who
//! asks may wait for that. What is certain must be told apart from what is not: a change that its caller has given up
//! before it was begun is never made.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use sqlx::{Any, AnyPool, Database, Either, Execute, Executor, SqlStr};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::StoreError;

/// How long is waited for what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeouts {
    /// How long a caller waits for an answer.
    pub answer: Duration,
    /// How long one transaction may take. Its connection is closed then, so that nothing of it is left behind.
    pub transaction: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { answer: Duration::from_secs(40), transaction: Duration::from_secs(60) }
    }
}

/// What an upgrade of the tables may take.
pub(super) const UPGRADE_TIMEOUT: Duration = Duration::from_secs(3600);

/// Limits that PostgreSQL keeps by itself. The last one frees what a frozen process has locked.
pub(super) const POSTGRES_SETTINGS: &str = "SET statement_timeout = '15s'; SET lock_timeout = '10s'; \
                                   SET idle_in_transaction_session_timeout = '30s'";
/// The same for a command that only reads.
pub(super) const POSTGRES_READ_SETTINGS: &str = "SET statement_timeout = '15s'; SET lock_timeout = '10s'; \
                                                 SET default_transaction_read_only = on";
/// The same within an upgrade, which may take long and may wait long for another upgrade.
pub(super) const POSTGRES_UPGRADE_SETTINGS: &str = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; \
                                           SET LOCAL idle_in_transaction_session_timeout = 0";
/// How long an upgrade waits for a lock on the tables. All who read them wait behind it, so it is shorter than their
/// own limit; then the upgrade lets them through and is tried again.
pub(super) const POSTGRES_UPGRADE_LOCK_SETTING: &str = "SET LOCAL lock_timeout = '5s'";

const WAITING: u8 = 0;
const BEGUN: u8 = 1;
const GIVEN_UP: u8 = 2;

/// Whether a change is still wanted. Shared by its caller and by those who make it.
#[derive(Clone, Debug, Default)]
pub(super) struct Ticket(Arc<AtomicU8>);

impl Ticket {
    /// Begins the change. False if its caller has given up: it must not be made.
    pub(super) fn begin(&self) -> bool {
        self.swap(WAITING, BEGUN) || self.0.load(Ordering::SeqCst) == BEGUN
    }

    /// Nothing of the change was written.
    pub(super) fn put_back(&self) {
        self.swap(BEGUN, WAITING);
    }

    /// Gives up. False if the change has begun: nobody knows what becomes of it.
    pub(super) fn give_up(&self) -> bool {
        self.swap(WAITING, GIVEN_UP)
    }

    fn swap(&self, from: u8, to: u8) -> bool {
        self.0.compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }
}

/// Waits for the answer to a change.
pub(super) async fn answer<T, E: From<StoreError>>(
    mut answered: oneshot::Receiver<Result<T, E>>,
    ticket: &Ticket,
    limit: Duration,
) -> Result<T, E> {
    match timeout(limit, &mut answered).await {
        Ok(answer) => answer.unwrap_or_else(|_| Err(StoreError::Interrupted.into())),
        Err(_) if ticket.give_up() => Err(StoreError::NoAnswer.into()),
        // It may have come just now.
        Err(_) => answered.try_recv().unwrap_or_else(|_| Err(StoreError::Interrupted.into())),
    }
}

/// What a read came to that was waited for in vain.
#[derive(Debug)]
pub(super) struct NoAnswer;

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the database did not answer in time")
    }
}

impl std::error::Error for NoAnswer {}

fn silence() -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::other(NoAnswer))
}

/// Whether an error is that of a read which was waited for in vain.
pub(super) fn is_silence(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(why) if why.get_ref().is_some_and(|inner| inner.is::<NoAnswer>()))
}

/// The connections for reading. Nothing is read through them without a limit.
#[derive(Clone, Debug)]
pub(super) struct ReadPool {
    pub(super) pool: AnyPool,
    pub(super) limit: Duration,
}

impl<'p> Executor<'p> for &'_ ReadPool {
    type Database = Any;

    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<'e, Result<Either<<Any as Database>::QueryResult, <Any as Database>::Row>, sqlx::Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let (rows, limit) = (self.pool.fetch_many(query), self.limit);
        stream::unfold(Some(rows), move |rows| async move {
            let mut rows = rows?;
            match timeout(limit, rows.next()).await {
                Ok(row) => row.map(|row| (row, Some(rows))),
                Err(_) => Some((Err(silence()), None)),
            }
        })
        .boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxFuture<'e, Result<Option<<Any as Database>::Row>, sqlx::Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let (row, limit) = (self.pool.fetch_optional(query), self.limit);
        async move { timeout(limit, row).await.unwrap_or_else(|_| Err(silence())) }.boxed()
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [<Any as Database>::TypeInfo],
    ) -> BoxFuture<'e, Result<<Any as Database>::Statement, sqlx::Error>>
    where
        'p: 'e,
    {
        self.pool.prepare_with(sql, parameters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_either_begun_or_given_up() {
        let ticket = Ticket::default();
        assert!(ticket.begin() && ticket.begin() && !ticket.give_up());
        ticket.put_back();
        assert!(ticket.give_up() && !ticket.begin());
        ticket.put_back();
        assert!(!ticket.begin(), "what was given up stays so");
    }
}
