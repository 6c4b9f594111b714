//! Retention: erases personal data that is older than the retention time, but keeps what was done. The salt is erased
//! together with the data, and without it the hash reveals nothing. Facts, links and hashes stay, so the chain still
//! verifies. Data that an open run needs must never be erased. An entry of the chain records each erasure in the same
//! transaction, so that `audit verify` can tell it from data that somebody else removed.

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::bulk_statement::Statements;
use super::journal::{lock_head, move_head, write_entries};
use super::{Store, StoreError, erasure, runs};

/// The number of entries or runs that one transaction changes, so that a repair never waits long for the single
/// writer of SQLite.
const BATCH_SIZE: i64 = 500;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Entries whose personal data was erased.
    pub entries: u64,
    /// Identities that no longer lead to a run.
    pub identities: u64,
}

impl Store {
    /// Erases the personal data of runs and sweeps that ended before `before`, and of older entries that belong to no
    /// run. Erases the request keys of these runs as well, because they name accounts or people of the workspace.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn erase_personal(&self, before: Timestamp) -> Result<Erased, StoreError> {
        let before = before.as_millisecond();
        let mut erased = Erased::default();
        loop {
            let entries = self.write(move |conn| Box::pin(erase_some(conn, before))).await?;
            erased.entries += entries;
            if entries == 0 {
                break;
            }
        }
        while let Some(identities) = self.write(move |conn| Box::pin(forget_some(conn, before))).await? {
            erased.identities += identities;
        }
        Ok(erased)
    }
}

/// Erases some entries and records this in the chain. Returns the number of entries.
async fn erase_some(conn: &mut AnyConnection, before: i64) -> Result<u64, StoreError> {
    let head = lock_head(conn).await?;
    let mut positions: Vec<i64> =
        sqlx::query_scalar(TO_ERASE).bind(before).bind(BATCH_SIZE).fetch_all(&mut *conn).await?;
    if positions.is_empty() {
        return Ok(0);
    }
    positions.sort_unstable();
    for (statement, rows) in ERASE.pieces(&positions) {
        rows.fold(sqlx::query(statement), |query, position| query.bind(position.copied()))
            .execute(&mut *conn)
            .await?;
    }
    note(conn, head, &positions, false).await?;
    Ok(positions.len() as u64)
}

// No entry is younger than the end of its run, so the index on its own time finds the candidates quickly.
pub(super) const TO_ERASE: &str =
    "SELECT entries.position FROM entries WHERE entries.personal IS NOT NULL AND entries.at < $1
        AND (entries.run IS NULL OR EXISTS
            (SELECT 1 FROM runs WHERE runs.run = entries.run AND runs.ended_at < $1))
     LIMIT $2";
static ERASE: Statements =
    Statements::new("UPDATE entries SET personal = NULL, personal_salt = NULL WHERE position IN", 0, 1, "");

/// Writes the entry that records an erasure.
async fn note(
    conn: &mut AnyConnection,
    head: super::Head,
    positions: &[i64],
    found: bool,
) -> Result<(), StoreError> {
    let now: i64 = sqlx::query_scalar("SELECT ms FROM db_clock").fetch_one(&mut *conn).await?;
    let Some(new) = erasure::entry(positions, found, runs::time(now)?) else {
        return Err(StoreError::Interrupted);
    };
    let entry = head.next(None, &new);
    let head = entry.head();
    write_entries(conn, &[entry]).await?;
    move_head(conn, &head).await
}

/// Before version 4 of the tables, no entry recorded an erasure. What is missing at the migration is recorded once:
/// it cannot be told from data that somebody else removed earlier. From then on, every other removal is found.
pub(super) async fn note_what_was_erased(conn: &mut AnyConnection) -> Result<(), StoreError> {
    let head = lock_head(conn).await?;
    let gone: Vec<i64> = sqlx::query_scalar(
        "SELECT position FROM entries WHERE personal IS NULL AND personal_hash IS NOT NULL ORDER BY position",
    )
    .fetch_all(&mut *conn)
    .await?;
    if gone.is_empty() { Ok(()) } else { note(conn, head, &gone, true).await }
}

/// Erases the identities and the request keys of some runs. Returns the number of identities, or None if nothing is
/// left to erase.
async fn forget_some(conn: &mut AnyConnection, before: i64) -> Result<Option<u64>, StoreError> {
    // Code that locks many runs locks the head first (`leases.rs`).
    lock_head(conn).await?;
    let runs: Vec<String> =
        sqlx::query_scalar(TO_FORGET).bind(before).bind(BATCH_SIZE).fetch_all(&mut *conn).await?;
    if runs.is_empty() {
        // The keys of seen events name people as well. They are kept for two days at most.
        sqlx::query("DELETE FROM sights WHERE seen_at < $1").bind(before).execute(&mut *conn).await?;
        // Incidents name people as well, and so does what the watch has yet to look at.
        sqlx::query("DELETE FROM incidents WHERE opened_at < $1").bind(before).execute(&mut *conn).await?;
        sqlx::query("DELETE FROM watch_queue WHERE changed_at < $1").bind(before).execute(conn).await?;
        return Ok(None);
    }
    let mut identities = 0;
    for (place, statements) in [&FORGET_SUBJECTS, &FORGET_ROWS, &FORGET_RUNS].into_iter().enumerate() {
        for (statement, rows) in statements.pieces(&runs) {
            let query = rows.fold(sqlx::query(statement), |query, run| query.bind(run));
            let done = query.execute(&mut *conn).await?;
            identities += if place == 0 { done.rows_affected() } else { 0 };
        }
    }
    Ok(Some(identities))
}

pub(super) const TO_FORGET: &str = "SELECT run FROM runs WHERE ended_at < $1 AND forgotten = 0 LIMIT $2";
static FORGET_SUBJECTS: Statements = Statements::new("DELETE FROM subjects WHERE run IN", 0, 1, "");
// The findings of a sweep name people as well.
static FORGET_ROWS: Statements = Statements::new("DELETE FROM sweep_rows WHERE sweep IN", 0, 1, "");
// A card that is still outdated after the retention time can no longer be drawn.
static FORGET_RUNS: Statements = Statements::new(
    "UPDATE runs SET forgotten = 1, request_key = 'forgotten ' || run,
        shown_seq = CASE WHEN shown_seq < seq THEN seq ELSE shown_seq END
     WHERE run IN",
    0,
    1,
    "",
);
