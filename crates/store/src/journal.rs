//! The journal: what an append may ask for, how entries are linked, and how they are read back. What is read is checked
//! against its hash, and a run of which an entry is missing is never read as if it were whole.

use sqlx::{AnyConnection, Row};

use super::bulk_statement::Statements;
use super::claims::{DailyCap, Tenant};
use super::entry::{Entry, Head, NewEntry, entry_columns};
use super::{Store, StoreError};

/// What an append does besides writing its entries, all or nothing.
#[derive(Clone, Debug, Default)]
pub struct AppendOptions {
    /// Identities that this run will write to, kept from all other runs until it ends.
    pub claim: Vec<String>,
    /// Identities that this run is about, for their history; claimed ones are added by themselves.
    pub about: Vec<String>,
    /// The run's share in the whole tenant.
    pub tenant: Option<Tenant>,
    /// Counts a risky step against the cap.
    pub risky: Option<DailyCap>,
    /// The run has ended: its claims are released, so is the lease of the executor that ends it, and nothing can be
    /// appended to it any more.
    pub end: bool,
    /// The run has something to do now, even if it sleeps.
    pub wake: bool,
    /// What was decided is no longer true after this instant: later, nothing is written.
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
    /// Somebody appended since: fold again and decide again.
    #[error("the run has moved on to entry {seq}: fold again")]
    Conflict {
        /// The run's newest sequence number.
        seq: i64,
    },
    /// The lease has expired or was taken over: stop working on this run.
    #[error("the lease on the run is lost")]
    LeaseLost,
    /// Another open run claims one of the identities, or the tenant.
    // The identity is not printed: it may name a person.
    #[error("run {by_run} has claimed the same account")]
    Claimed {
        /// The run that holds the claim.
        by_run: String,
        /// What it holds; `tenant` for the tenant as a whole.
        identity: String,
    },
    /// The cap of risky steps is used up.
    #[error("{used} of {limit} risky steps are used")]
    CapReached {
        /// How many began in the window.
        used: i64,
        /// How many may.
        limit: i64,
    },
    #[error("the run has ended")]
    Ended,
    /// The deadline of the decision has passed: look again and decide again.
    #[error("it was decided too long ago")]
    TooLate,
    /// The store could not do it; the outcome is unknown only if the commit itself failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for AppendError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl Store {
    /// Appends what belongs to no run, decided on the newest entry of its kind; several processes that decide at
    /// once decide one after the other. None if the decision was to write nothing.
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

    /// The entries of a run, oldest first, each checked against its hash, none missing.
    ///
    /// # Errors
    /// There is no such run, an entry is missing or was changed, or the store fails.
    pub async fn entries(&self, run: &str) -> Result<Vec<Entry>, StoreError> {
        // The run's own count is read in the same statement, so that the two are of the same moment.
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
            // A run of which no entry is left is one row all the same.
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

/// Locks the end of the chain for this transaction, so that appends follow one another.
pub(super) async fn lock_head(conn: &mut AnyConnection) -> Result<Head, StoreError> {
    // `FOR UPDATE` is unknown to SQLite; an update that changes nothing locks the row on both.
    let row = sqlx::query("UPDATE head SET position = position WHERE id = 1 RETURNING position, hash")
        .fetch_one(conn)
        .await?;
    Ok(Head { position: row.try_get("position")?, hash: row.try_get("hash")? })
}

/// Writes links that were made one after the other.
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
