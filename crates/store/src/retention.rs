//! Forgetting people, not deeds. Personal data older than the retention time is erased, together with the salt
//! without which its hash says nothing; facts, links and hashes stay, so the chain still verifies. What an open
//! run still needs is never erased. An entry of the chain says what was erased, in the same transaction, so that
//! `audit verify` tells it from what somebody else has taken out.

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::bulk_statement::Statements;
use super::journal::{lock_head, move_head, write_entries};
use super::{Store, StoreError, erasure, runs};

/// How many entries or runs are changed in one transaction, so that a repair never waits long for the one writer of
/// SQLite.
const BATCH_SIZE: i64 = 500;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Entries whose personal data is gone.
    pub entries: u64,
    /// Identities that no longer lead to a run.
    pub identities: u64,
}

impl Store {
    /// Erases the personal data of runs and sweeps that ended before `before`, and of older entries that belong to no
    /// run. What their requests were known by goes as well: it names accounts, or people of the workspace.
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

/// Erases some entries, and says so in the chain. How many they were.
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

// An entry is no younger than the end of its run, so its own time finds the candidates quickly.
pub(super) const TO_ERASE: &str =
    "SELECT entries.position FROM entries WHERE entries.personal IS NOT NULL AND entries.at < $1
        AND (entries.run IS NULL OR EXISTS
            (SELECT 1 FROM runs WHERE runs.run = entries.run AND runs.ended_at < $1))
     LIMIT $2";
static ERASE: Statements =
    Statements::new("UPDATE entries SET personal = NULL, personal_salt = NULL WHERE position IN", 0, 1, "");

/// Writes the entry that says what was erased.
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

/// Until version 4 of the tables nothing said what was erased. What is gone by then is written down once: it cannot
/// be told from what somebody else took out before, and from then on everything else is found.
pub(super) async fn note_what_was_erased(conn: &mut AnyConnection) -> Result<(), StoreError> {
    let head = lock_head(conn).await?;
    let gone: Vec<i64> = sqlx::query_scalar(
        "SELECT position FROM entries WHERE personal IS NULL AND personal_hash IS NOT NULL ORDER BY position",
    )
    .fetch_all(&mut *conn)
    .await?;
    if gone.is_empty() { Ok(()) } else { note(conn, head, &gone, true).await }
}

/// Forgets whom some runs were about, and what their requests were known by. How many identities they were; none if
/// there is nothing left to forget.
async fn forget_some(conn: &mut AnyConnection, before: i64) -> Result<Option<u64>, StoreError> {
    // Code that locks many runs locks the head first (`leases.rs`).
    lock_head(conn).await?;
    let runs: Vec<String> =
        sqlx::query_scalar(TO_FORGET).bind(before).bind(BATCH_SIZE).fetch_all(&mut *conn).await?;
    if runs.is_empty() {
        // What was seen before names people as well, and is kept for two days at most.
        sqlx::query("DELETE FROM sights WHERE seen_at < $1").bind(before).execute(conn).await?;
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
// What a sweep found names people as well.
static FORGET_ROWS: Statements = Statements::new("DELETE FROM sweep_rows WHERE sweep IN", 0, 1, "");
// A card that is still behind after all that time can no longer be drawn.
static FORGET_RUNS: Statements = Statements::new(
    "UPDATE runs SET forgotten = 1, request_key = 'forgotten ' || run,
        shown_seq = CASE WHEN shown_seq < seq THEN seq ELSE shown_seq END
     WHERE run IN",
    0,
    1,
    "",
);
