//! The only persistent storage: runs, their journal, leases, claims, and the Slack messages that show runs. The crate
//! does not know the types of the core: an entry is a kind, facts and personal facts, all text. All SQL is in this
//! crate, as static text that both SQLite and PostgreSQL accept.
//!
//! The store must never leave a half-written change: every write is one transaction in its own task (see `write.rs`).
//! It must never use the clock of this machine to decide what another machine may do: leases are compared with the
//! database's clock. It must never show the password of its URL.

mod affected;
mod append;
mod batch;
mod bulk_statement;
mod card_role;
mod cards;
mod chain;
mod claims;
mod connect;
mod dedup;
mod entry;
mod erasure;
mod file_lock;
mod health;
mod incidents;
mod journal;
mod leases;
mod migrations;
mod open_run;
mod queue;
mod release;
mod reminders;
mod retention;
mod runs;
mod sweeps;
#[cfg(test)]
mod tests;
mod timeouts;
mod warnings;
mod watch;
mod write;

pub use affected::UntoldPerson;
pub use card_role::CardRole;
pub use cards::{MessageRef, PostedMessage};
pub use chain::{AuditError, Export, MIN_HASH, Verified};
pub use claims::{DailyCap, TENANT, Tenant};
pub use entry::{Entry, Head, NewEntry};
pub use file_lock::FileLock;
pub use health::Durability;
pub use incidents::{IncidentRow, IncidentUpdate, NewIncident, Recovered, Settled, TENANT_PREFIX};
pub use journal::{AppendError, AppendOptions, Appended};
pub use leases::{Lease, Sleep};
pub use open_run::OpenError;
pub use release::Released;
pub use retention::Erased;
pub use runs::{NewRun, Opened, RunRow, RunsSince};
pub use sweeps::SweepRow;
pub use warnings::{NewWarning, WarningLook, WarningsFound};
pub use watch::{FeedState, Queued, Reported, WantedSweep};

use std::sync::Arc;

use jiff::Timestamp;
use sqlx::AnyPool;

use append::Append;
use batch::Batcher;
use timeouts::{ReadPool, Timeouts};
use write::Writers;

/// A handle on the database. Clones share the connections.
#[derive(Clone)]
pub struct Store {
    pool: ReadPool,
    /// The connections for writing. For a SQLite file this is one dedicated connection: its page cache stays valid as
    /// long as no other connection writes.
    writing: AnyPool,
    engine: Engine,
    writers: Writers,
    patience: Timeouts,
    openings: Batcher<open_run::Opening, Opened>,
    appends: Batcher<Append, append::Outcome>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    /// SQLite's plain `BEGIN` takes the write lock too late. A transaction that reads first and then writes fails if
    /// another connection wrote in between. `IMMEDIATE` waits at the start instead.
    fn begin(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN IMMEDIATE",
            Self::Postgres => "BEGIN",
        }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not derived: the options of the pool contain the URL, which may contain a password.
        f.debug_struct("Store").field("engine", &self.engine).finish_non_exhaustive()
    }
}

/// Why the store could not do what was asked. It is `Clone` because one failed commit may fail many changes.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The database could not be opened. The text never contains the password of the URL.
    #[error("the database could not be opened: {0}")]
    Open(String),
    /// There is no SQLite file at this path, and the caller does not want one to be made.
    #[error("the database could not be opened: there is no file {0}; look at store.url")]
    NoFile(String),
    /// The database was written by a newer program.
    #[error("the database has schema version {found}, this program knows {known}: start the newer program")]
    NewerSchema {
        /// The version found in the database.
        found: i64,
        /// The newest version known here.
        known: i64,
    },
    /// The disk of the database is full.
    #[error("the disk of the database is full")]
    Full,
    /// The database can be read but not written.
    #[error("the database cannot be written: its disk, its folder or its role is read-only")]
    ReadOnly,
    /// The database refused for another reason, or could not be reached.
    #[error("the database failed: {0}")]
    Database(Arc<sqlx::Error>),
    /// Another program or transaction held the database for too long. Nothing was written.
    #[error("the database is busy: something else has held it for too long")]
    Busy,
    /// The database did not answer before the timeout. Nothing was written, and nothing will be.
    #[error("the database did not answer in time")]
    NoAnswer,
    /// The writing task ended before it could answer, because the program shuts down. The outcome is unknown.
    #[error("the write was interrupted, its outcome is unknown")]
    Interrupted,
    /// There is no such run.
    #[error("there is no run {0}")]
    UnknownRun(String),
    /// An append without an entry. It is refused because every action needs an entry that was written before it.
    #[error("an append needs at least one entry")]
    NothingToAppend,
    /// The stored data differs from what was written.
    #[error("the journal was tampered with at position {position}: {why}")]
    Tampered {
        /// The position in the chain. For a missing entry, the position after which it is missing.
        position: i64,
        /// What does not match.
        why: String,
    },
}

impl From<sqlx::Error> for StoreError {
    /// Sorts out the errors that a person has to fix by hand, by the codes of both engines.
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(|known| known.code()).unwrap_or_default();
        match code.as_ref() {
            // PostgreSQL: disk_full, and a write in a read-only transaction (read_only_sql_transaction).
            "53100" => return Self::Full,
            "25006" => return Self::ReadOnly,
            // lock_not_available, and query_canceled: a statement that exceeded its timeout.
            "55P03" | "57014" => return Self::Busy,
            _ => {}
        }
        // SQLite: FULL, a WAL index without space (IOERR_SHMSIZE), and READONLY in all its variants. SQLite reports
        // BUSY or LOCKED when the wait for a lock exceeds the timeout. PostgreSQL codes have five characters, and
        // some consist of digits only.
        let sqlite = Some(code).filter(|code| code.len() < 5).map_or(Ok(0), |code| code.parse::<u32>());
        match sqlite {
            Ok(13 | 4874) => Self::Full,
            Ok(code) if code & 0xff == 8 => Self::ReadOnly,
            Ok(code) if matches!(code & 0xff, 5 | 6) => Self::Busy,
            _ if timeouts::is_silence(&error) => Self::NoAnswer,
            _ => Self::Database(Arc::new(error)),
        }
    }
}

impl StoreError {
    /// Whether it is certain that nothing was written. A commit without an answer may have succeeded.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        match self {
            Self::Interrupted => false,
            Self::Database(cause) => match &**cause {
                // A server that shuts down reports a code of class 57, perhaps during the commit.
                sqlx::Error::Database(refused) => !refused.code().is_some_and(|code| code.starts_with("57")),
                sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => true,
                _ => false,
            },
            _ => true,
        }
    }
}

impl Store {
    /// Checks that the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.now().await.map(drop)
    }

    /// The present time by the database's clock, which all replicas share.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn now(&self) -> Result<Timestamp, StoreError> {
        let now = sqlx::query_scalar("SELECT ms FROM db_clock").fetch_one(&self.pool).await?;
        runs::time(now)
    }
}

/// A duration in milliseconds, rounded up: a run that wakes too early would sleep again at once.
fn millis(length: std::time::Duration) -> i64 {
    i64::try_from(length.as_nanos().div_ceil(1_000_000)).unwrap_or(i64::MAX / 4).min(i64::MAX / 4)
}
