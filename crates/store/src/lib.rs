//! The one place that remembers: runs, their journal, who holds them, what they claim, and which cards show
//! them. It knows nothing of the core's types: an entry is a kind, facts and personal facts, all text. SQL
//! stands only here, as static text that SQLite and PostgreSQL both read.
//!
//! It must never leave a half-written change behind (every write is one transaction in a task of its own, see
//! `write.rs`), never decide by this machine's clock what another machine may do (leases are compared
//! with the database's clock), and never show the password of its URL.

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
mod journal;
mod leases;
mod migrations;
mod open_run;
mod queue;
mod release;
mod retention;
mod runs;
mod sweeps;
#[cfg(test)]
mod tests;
mod timeouts;
mod write;

pub use card_role::CardRole;
pub use cards::{MessageRef, PostedMessage};
pub use chain::{AuditError, Export, Verified};
pub use claims::{DailyCap, TENANT, Tenant};
pub use entry::{Entry, Head, NewEntry};
pub use file_lock::FileLock;
pub use health::Durability;
pub use journal::{AppendError, AppendOptions, Appended};
pub use leases::{Lease, Sleep};
pub use open_run::OpenError;
pub use release::Released;
pub use retention::Erased;
pub use runs::{NewRun, Opened, RunRow};
pub use sweeps::SweepRow;

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
    /// Where changes are made. For a SQLite file it is one connection of its own: the pages that it keeps in memory stay
    /// true as long as no other one writes.
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
    /// SQLite's plain `BEGIN` takes the write lock too late: a transaction that has read and then wants to write
    /// fails when somebody else wrote in between. `IMMEDIATE` waits at the start instead.
    fn begin(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN IMMEDIATE",
            Self::Postgres => "BEGIN",
        }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not derived: the pool's options hold the URL, and that may hold a password.
        f.debug_struct("Store").field("engine", &self.engine).finish_non_exhaustive()
    }
}

/// Why the store could not do what was asked.
// Clone: many changes may fail by one commit.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The database could not be opened. The text never holds the URL's password.
    #[error("the database could not be opened: {0}")]
    Open(String),
    /// The database was written by a newer program.
    #[error("the database has schema version {found}, this program knows {known}: start the newer program")]
    NewerSchema {
        /// The version found in the database.
        found: i64,
        /// The newest version known here.
        known: i64,
    },
    /// Nothing more fits on the disk of the database.
    #[error("the disk of the database is full")]
    Full,
    /// The database can be read and not written.
    #[error("the database cannot be written: its disk, its folder or its role is read-only")]
    ReadOnly,
    /// The database refused for another reason, or could not be reached.
    #[error("the database failed: {0}")]
    Database(Arc<sqlx::Error>),
    /// Something else held the database for too long. Nothing was written.
    #[error("the database is busy: something else has held it for too long")]
    Busy,
    /// It was waited for in vain. Nothing was written, and nothing will be.
    #[error("the database did not answer in time")]
    NoAnswer,
    /// The writing task ended before it could answer (the program is shutting down): the outcome is unknown.
    #[error("the write was interrupted, its outcome is unknown")]
    Interrupted,
    /// There is no such run.
    #[error("there is no run {0}")]
    UnknownRun(String),
    /// An append without an entry: nothing is done that was not first written down.
    #[error("an append needs at least one entry")]
    NothingToAppend,
    /// What is stored is not what was written.
    #[error("the journal was tampered with at position {position}: {why}")]
    Tampered {
        /// The place in the chain; for a missing entry, the place after which it is missing.
        position: i64,
        /// What does not fit.
        why: String,
    },
}

impl From<sqlx::Error> for StoreError {
    /// Sorts out what a person has to fix by hand, by the codes of both engines.
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(|known| known.code()).unwrap_or_default();
        match code.as_ref() {
            // PostgreSQL: disk_full, and a statement that writes in a read-only transaction.
            "53100" => return Self::Full,
            "25006" => return Self::ReadOnly,
            // lock_not_available, and a statement that took too long.
            "55P03" | "57014" => return Self::Busy,
            _ => {}
        }
        // SQLite: FULL, a WAL index that finds no room (IOERR_SHMSIZE), and READONLY in all its kinds.
        // BUSY and LOCKED are what a lock is that was waited for in vain.
        // Those of PostgreSQL have five characters, and some of them are digits only.
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
    /// Whether it is certain that nothing was written. A commit of which no answer came back may have been made.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        match self {
            Self::Interrupted => false,
            Self::Database(cause) => match &**cause {
                // A server that is shut down says so in class 57, perhaps while it commits.
                sqlx::Error::Database(refused) => !refused.code().is_some_and(|code| code.starts_with("57")),
                sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => true,
                _ => false,
            },
            _ => true,
        }
    }
}

impl Store {
    /// Answers whether the database does.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.now().await.map(drop)
    }

    /// What time it is by the clock of the database, which all replicas share.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn now(&self) -> Result<Timestamp, StoreError> {
        let now = sqlx::query_scalar("SELECT ms FROM db_clock").fetch_one(&self.pool).await?;
        runs::time(now)
    }
}

/// Milliseconds of a length of time, rounded up: a sleeper who wakes too early would sleep again at once.
fn millis(length: std::time::Duration) -> i64 {
    i64::try_from(length.as_nanos().div_ceil(1_000_000)).unwrap_or(i64::MAX / 4).min(i64::MAX / 4)
}
