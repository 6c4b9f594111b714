//! Runs as rows: what can be queried without folding a journal. The journal is the source of truth. A row only holds
//! what must be found or locked quickly (the newest sequence number, the end, the lease, the wake time).

use jiff::Timestamp;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::entry::NewEntry;
use super::{Store, StoreError};

/// The number of runs in one page.
const PAGE_SIZE: i64 = 500;

/// A run to be opened.
#[derive(Clone, Debug)]
pub struct NewRun {
    /// Its id: a UUID of version 7 that the caller creates.
    pub run: String,
    /// The idempotency key of the request (Slack's trigger id): a retry finds the run that the first request opened.
    pub key: String,
    /// Its first entry. The run is opened at the time of this entry.
    pub first: NewEntry,
    /// Whether an executor may claim it at once.
    pub wake: bool,
}

/// The outcome of opening a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// The run was opened and has one entry.
    New,
    /// The same request has opened a run before. Nothing was written.
    Existing {
        /// The run of the first request.
        run: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRow {
    pub run: String,
    /// The idempotency key of its request.
    pub key: String,
    /// Its newest sequence number.
    pub seq: i64,
    pub opened_at: Timestamp,
    /// When it ended. None while it is open.
    pub ended_at: Option<Timestamp>,
    /// The present or last holder of its lease.
    pub owner: Option<String>,
    /// How often its lease was taken.
    pub epoch: i64,
}

impl RunRow {
    /// Whether the run has ended.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.ended_at.is_some()
    }

    pub(super) fn from_row(row: &AnyRow) -> Result<Self, StoreError> {
        Ok(Self {
            run: row.try_get("run")?,
            key: row.try_get("request_key")?,
            seq: row.try_get("seq")?,
            opened_at: time(row.try_get("opened_at")?)?,
            ended_at: row.try_get::<Option<i64>, _>("ended_at")?.map(time).transpose()?,
            owner: row.try_get("owner")?,
            epoch: row.try_get("epoch")?,
        })
    }
}

pub(super) fn time(millisecond: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(millisecond).map_err(|error| sqlx::Error::Decode(error.into()).into())
}

/// Reads the ids of runs page by page, in the order in which they were opened. A run that is opened meanwhile may be
/// among them.
#[derive(Debug)]
pub struct RunsSince {
    store: Store,
    opening: &'static str,
    /// The newest time of the page before, or the time to begin with.
    from: i64,
    /// The position of the first entry of the last run of the page before. Several runs may have the same time.
    after: i64,
}

impl RunsSince {
    /// The next ids. None at the end.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn next_page(&mut self) -> Result<Option<Vec<String>>, StoreError> {
        let rows = sqlx::query(
            "SELECT runs.run, runs.opened_at, first.position
             FROM runs JOIN entries AS first ON first.run = runs.run AND first.run_seq = 1
             WHERE runs.opened_at >= $1 AND (runs.opened_at > $1 OR first.position > $2) AND first.kind = $3
             ORDER BY runs.opened_at, first.position LIMIT $4",
        )
        .bind(self.from)
        .bind(self.after)
        .bind(self.opening)
        .bind(PAGE_SIZE)
        .fetch_all(&self.store.pool)
        .await?;
        let Some(last) = rows.last() else { return Ok(None) };
        (self.from, self.after) = (last.try_get("opened_at")?, last.try_get("position")?);
        Ok(Some(rows.iter().map(|row| row.try_get("run")).collect::<Result<_, _>>()?))
    }
}

/// The columns of [`RunRow`], by name (see `entry.rs` for the reason).
macro_rules! run_columns {
    () => {
        "runs.run, runs.request_key, runs.seq, runs.opened_at, runs.ended_at, runs.owner, runs.epoch"
    };
}

/// Orders runs that were opened in the same millisecond. The ids cannot do this: the order of texts depends on the
/// locale of the database.
macro_rules! first_position {
    () => {
        "(SELECT first.position FROM entries AS first WHERE first.run = runs.run AND first.run_seq = 1)"
    };
}

pub(super) use {first_position, run_columns};

impl Store {
    /// The row of one run.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn run(&self, run: &str) -> Result<Option<RunRow>, StoreError> {
        let row = sqlx::query(concat!("SELECT ", run_columns!(), " FROM runs WHERE run = $1"))
            .bind(run)
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(RunRow::from_row).transpose()
    }

    /// Up to `most` of the runs whose id begins or ends with these characters, newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn runs_with_part(&self, part: &str, most: i64) -> Result<Vec<String>, StoreError> {
        // Equality of parts does not depend on the locale of the database, unlike a range of texts.
        Ok(sqlx::query_scalar(concat!(
            "SELECT run FROM runs
             WHERE substr(run, 1, length($1)) = $1 OR substr(run, length(run) - length($1) + 1) = $1
             ORDER BY opened_at DESC, ",
            first_position!(),
            " DESC LIMIT $2",
        ))
        .bind(part)
        .bind(most)
        .fetch_all(&self.pool)
        .await?)
    }

    /// The runs that have not ended, oldest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn open_runs(&self) -> Result<Vec<RunRow>, StoreError> {
        sqlx::query(concat!(
            "SELECT ",
            run_columns!(),
            " FROM runs WHERE ended_at IS NULL ORDER BY opened_at, ",
            first_position!(),
        ))
        .fetch_all(&self.pool)
        .await?
        .iter()
        .map(RunRow::from_row)
        .collect()
    }

    /// Up to `most` of the oldest runs that have not ended, and the number of all such runs.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn oldest_open_runs(&self, most: usize) -> Result<(Vec<String>, i64), StoreError> {
        let runs = sqlx::query_scalar(concat!(
            "SELECT run FROM runs WHERE ended_at IS NULL ORDER BY opened_at, ",
            first_position!(),
            " LIMIT $1",
        ))
        .bind(i64::try_from(most).unwrap_or(i64::MAX))
        .fetch_all(&self.pool)
        .await?;
        let all = sqlx::query_scalar("SELECT COUNT(*) FROM runs WHERE ended_at IS NULL")
            .fetch_one(&self.pool)
            .await?;
        Ok((runs, all))
    }

    /// The runs that were opened last, newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn recent_runs(&self, limit: i64) -> Result<Vec<RunRow>, StoreError> {
        sqlx::query(concat!(
            "SELECT ",
            run_columns!(),
            " FROM runs ORDER BY opened_at DESC, ",
            first_position!(),
            " DESC LIMIT $1",
        ))
        .bind(limit)
        .fetch_all(&self.pool)
        .await?
        .iter()
        .map(RunRow::from_row)
        .collect()
    }

    /// The runs that were opened at or after a time with an entry of this kind, page by page.
    #[must_use]
    pub fn runs_since(&self, since: Timestamp, opening: &'static str) -> RunsSince {
        RunsSince { store: self.clone(), opening, from: since.as_millisecond(), after: 0 }
    }

    /// Up to `most` of the runs that were opened last with an entry of this kind and have ended, newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn last_ended_runs(&self, opening: &str, most: i64) -> Result<Vec<String>, StoreError> {
        Ok(sqlx::query_scalar(
            "SELECT runs.run FROM runs JOIN entries AS first ON first.run = runs.run AND first.run_seq = 1
             WHERE runs.ended_at IS NOT NULL AND first.kind = $1
             ORDER BY runs.opened_at DESC, first.position DESC LIMIT $2",
        )
        .bind(opening)
        .bind(most)
        .fetch_all(&self.pool)
        .await?)
    }

    /// Every run that was ever about an identity, newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn runs_for_identity(&self, identity: &str) -> Result<Vec<RunRow>, StoreError> {
        sqlx::query(concat!(
            "SELECT ",
            run_columns!(),
            " FROM runs JOIN subjects ON subjects.run = runs.run
             WHERE subjects.identity = $1 ORDER BY runs.opened_at DESC, ",
            first_position!(),
            " DESC",
        ))
        .bind(identity)
        .fetch_all(&self.pool)
        .await?
        .iter()
        .map(RunRow::from_row)
        .collect()
    }

    /// Whether a run about one of these identities has begun, settled or ended something at or after `since`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_changed(&self, identities: &[String], since: Timestamp) -> Result<bool, StoreError> {
        for identity in identities {
            let changes: i64 = sqlx::query_scalar(
                "SELECT COUNT(*) FROM entries JOIN subjects ON subjects.run = entries.run
                 WHERE subjects.identity = $1 AND entries.at >= $2
                    AND entries.kind IN ('began', 'accepted', 'already', 'confirmed', 'no-effect', 'ended')",
            )
            .bind(identity)
            .bind(since.as_millisecond())
            .fetch_one(&self.pool)
            .await?;
            if changes > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The oldest open run that is about an identity.
    pub async fn open_run_on(&self, identity: &str) -> Result<Option<String>, StoreError> {
        Ok(sqlx::query_scalar(concat!(
            "SELECT runs.run FROM runs JOIN subjects ON subjects.run = runs.run
             WHERE subjects.identity = $1 AND runs.ended_at IS NULL ORDER BY runs.opened_at, ",
            first_position!(),
            " LIMIT 1",
        ))
        .bind(identity)
        .fetch_optional(&self.pool)
        .await?)
    }

    /// The open run that claims an identity.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn claimed_by(&self, identity: &str) -> Result<Option<String>, StoreError> {
        Ok(sqlx::query_scalar("SELECT run FROM claims WHERE identity = $1")
            .bind(identity)
            .fetch_optional(&self.pool)
            .await?)
    }
}
