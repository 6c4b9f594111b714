//! The journal: what an append may ask for, how entries are linked, and how they are read back. Every entry is
//! checked against its hash when it is read. A run with a missing entry must never be read as if it were complete.

use sqlx::{AnyConnection, Row};

use super::bulk_statement::Statements;
use super::claims::{DailyCap, Tenant};
use super::entry::{Entry, Head, NewEntry, entry_columns};
use super::{Store, StoreError};

/// What an append does in the same transaction besides writing its entries.
#[derive(Clone, Debug, Default)]
pub struct AppendOptions {
    /// Identities that this run will write to. No other run can claim them until this run ends.
    pub claim: Vec<String>,
    /// Identities that this run is about, for their history. Claimed identities are added automatically.
    pub about: Vec<String>,
    /// The run's claim on the whole tenant.
    pub tenant: Option<Tenant>,
    /// Counts a risky step against the daily cap.
    pub risky: Option<DailyCap>,
    /// The run has ended. Its claims are released, and so is the lease of the executor that ends it. Nothing can be
    /// appended to it any more.
    pub end: bool,
    /// The run has something to do now, even if it sleeps.
    pub wake: bool,
    /// The decision is valid until this instant. After it, nothing is written.
    pub deadline: Option<std::time::Instant>,
}

/// What an append has written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The run's newest sequence number.
    pub last_seq: i64,
    /// The end of the chain.
    pub head: Head,
}

/// Why nothing was appended.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Another append came first: fold again and decide again.
    #[error("the run has moved on to entry {seq}: fold again")]
    Conflict {
        /// The run's newest sequence number.
        seq: i64,
    },
    /// The lease has expired or was taken over: stop working on this run.
    #[error("the lease on the run is lost")]
    LeaseLost,
    /// Another open run claims one of the identities, or the tenant. The message does not print the identity, because
    /// it may name a person.
    #[error("run {by_run} has claimed the same account")]
    Claimed {
        /// The run that holds the claim.
        by_run: String,
        /// The claimed identity. `tenant` stands for the whole tenant.
        identity: String,
    },
    /// The daily cap on risky steps is reached.
    #[error("{used} of {limit} risky steps are used")]
    CapReached {
        /// How many steps began in the window.
        used: i64,
        /// How many steps may begin.
        limit: i64,
    },
    #[error("the run has ended")]
    Ended,
    /// The deadline of the decision has passed: gather and decide again.
    #[error("it was decided too long ago")]
    TooLate,
    /// The store failed. The outcome is unknown only if the commit itself failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for AppendError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl Store {
    /// Appends an entry that belongs to no run. `decision` sees the newest entry of its kind. Concurrent processes
    /// decide one after the other. Returns None if the decision was to write nothing.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn append_global_after(
        &self,
        kind: &'static str,
        decision: impl FnOnce(Option<Entry>) -> Option<NewEntry> + Send + 'static,
    ) -> Result<Option<Head>, StoreError> {
        self.write(move |conn| {
            Box::pin(async move {
                let head = lock_head(conn).await?;
                let last = sqlx::query(concat!(
                    "SELECT ",
                    entry_columns!(),
                    " FROM entries WHERE run IS NULL AND kind = $1 ORDER BY position DESC LIMIT 1",
                ))
                .bind(kind)
                .fetch_optional(&mut *conn)
                .await?;
                let last = last.as_ref().map(Entry::from_row).transpose()?;
                let Some(new) = decision(last) else { return Ok(None) };
                let entry = head.next(None, &new);
                let head = entry.head();
                write_entries(conn, &[entry]).await?;
                move_head(conn, &head).await?;
                Ok(Some(head))
            })
        })
        .await
    }

    /// The entries of a run, oldest first. Each is checked against its hash, and none is missing.
    ///
    /// # Errors
    /// There is no such run, an entry is missing or was changed, or the store fails.
    pub async fn entries(&self, run: &str) -> Result<Vec<Entry>, StoreError> {
        // The same statement reads the run's own count, so that both come from the same moment.
        let rows = sqlx::query(concat!(
            "SELECT ",
            entry_columns!(),
            ", runs.seq FROM runs LEFT JOIN entries ON entries.run = runs.run
             WHERE runs.run = $1 ORDER BY entries.run_seq",
        ))
        .bind(run)
        .fetch_all(&self.pool)
        .await?;
        let Some(first) = rows.first() else { return Err(StoreError::UnknownRun(run.to_owned())) };
        let seq: i64 = first.try_get("seq")?;
        let mut entries = Vec::with_capacity(rows.len());
        let (mut expected, mut position) = (1, 0);
        for row in &rows {
            // A run without any entry left still gives one row.
            if row.try_get::<Option<i64>, _>("position")?.is_none() {
                break;
            }
            let entry = Entry::from_row(row)?;
            entry.check()?;
            if entry.run_seq != Some(expected) || entry.position <= position {
                let why = format!("entry {expected} of the run is missing or out of place");
                return Err(StoreError::Tampered { position: entry.position, why });
            }
            (expected, position) = (expected + 1, entry.position);
            entries.push(entry);
        }
        if expected <= seq {
            let why = format!("entries {expected} to {seq} of the run are missing");
            return Err(StoreError::Tampered { position, why });
        }
        Ok(entries)
    }
}

/// Locks the end of the chain for this transaction, which serializes all appends.
pub(super) async fn lock_head(conn: &mut AnyConnection) -> Result<Head, StoreError> {
    // SQLite has no `FOR UPDATE`. An update that changes nothing locks the row on both engines.
    let row = sqlx::query("UPDATE head SET position = position WHERE id = 1 RETURNING position, hash")
        .fetch_one(conn)
        .await?;
    Ok(Head { position: row.try_get("position")?, hash: row.try_get("hash")? })
}

/// Writes entries that are already linked to one another.
pub(super) async fn write_entries(conn: &mut AnyConnection, entries: &[Entry]) -> Result<(), StoreError> {
    for (statement, rows) in INSERT_ENTRIES.pieces(entries) {
        let mut query = sqlx::query(statement);
        for entry in rows {
            query = query
                .bind(entry.map(|entry| entry.position))
                .bind(entry.and_then(|entry| entry.run.as_deref()))
                .bind(entry.and_then(|entry| entry.run_seq))
                .bind(entry.map(|entry| entry.at.as_millisecond()))
                .bind(entry.map(|entry| &entry.kind))
                .bind(entry.map(|entry| &entry.facts))
                .bind(entry.and_then(|entry| entry.personal.as_deref()))
                .bind(entry.and_then(|entry| entry.personal_salt.as_deref()))
                .bind(entry.and_then(|entry| entry.personal_hash.as_deref()))
                .bind(entry.map(|entry| &entry.prev_hash))
                .bind(entry.map(|entry| &entry.hash));
        }
        query.execute(&mut *conn).await?;
    }
    Ok(())
}

static INSERT_ENTRIES: Statements = Statements::new(
    "INSERT INTO entries (position, run, run_seq, at, kind, facts, personal, personal_salt, personal_hash, prev_hash, hash)
     SELECT * FROM",
    0,
    11,
    "AS new WHERE column1 IS NOT NULL",
);

pub(super) async fn move_head(conn: &mut AnyConnection, head: &Head) -> Result<(), StoreError> {
    sqlx::query("UPDATE head SET position = $1, hash = $2 WHERE id = 1")
        .bind(head.position)
        .bind(&head.hash)
        .execute(conn)
        .await?;
    Ok(())
}
