//! Opening runs. A command is acknowledged when its run is written down, so openings that come together are written
//! together: a few statements of many rows for all of them. What opens a run must never wait for anything but the
//! database.

use std::collections::HashSet;

use sqlx::{AnyConnection, Row};

use super::entry::Entry;
use super::journal::{lock_head, move_head, write_entries};
use super::rows::{Statements, pieces, statements};
use super::{NewRun, Opened, Store, StoreError};

impl Store {
    /// Opens a run with its first entry, once for each key.
    ///
    /// # Errors
    /// When it could not be written down.
    pub async fn open_run(&self, new: NewRun) -> Result<Opened, StoreError> {
        self.together(&self.openings, new, |conn, runs| Box::pin(open_all(conn, runs))).await
    }
}

async fn open_all(conn: &mut AnyConnection, runs: Vec<NewRun>) -> Result<Vec<Opened>, StoreError> {
    // With the head locked nobody else can open a run, so what is not there now stays away.
    let mut head = lock_head(conn).await?;
    let mut new = HashSet::new();
    for (rows, statement) in pieces(&runs, INSERT_RUNS) {
        let mut query = sqlx::query(statement);
        for run in rows {
            query = query
                .bind(&run.run)
                .bind(&run.key)
                .bind(run.first.at.as_millisecond())
                .bind(i64::from(run.wake));
        }
        for row in query.fetch_all(&mut *conn).await? {
            new.insert(row.try_get::<String, _>("run")?);
        }
    }
    let mut entries: Vec<Entry> = Vec::with_capacity(new.len());
    let mut opened = Vec::with_capacity(runs.len());
    for run in &runs {
        if new.contains(&run.run) {
            let entry = head.next(Some((&run.run, 1)), &run.first);
            head = entry.head();
            entries.push(entry);
            opened.push(Opened::New);
        } else {
            let existing = sqlx::query_scalar("SELECT run FROM runs WHERE request_key = $1")
                .bind(&run.key)
                .fetch_one(&mut *conn)
                .await?;
            opened.push(Opened::Existing { run: existing });
        }
    }
    write_entries(conn, &entries).await?;
    move_head(conn, &head).await?;
    Ok(opened)
}

/// Opens so many runs, and says which of them it opened. SQLite needs the `WHERE` to tell `ON CONFLICT` from a join.
const INSERT_RUNS: Statements = statements!(
    "INSERT INTO runs (touched_at, run, request_key, seq, opened_at, wake_at)
     SELECT (SELECT ms FROM db_clock), column1, column2, 1, column3,
        CASE WHEN column4 = 1 THEN (SELECT ms FROM db_clock) ELSE NULL END
     FROM (VALUES"
    (1 2 3 4) (5 6 7 8) (9 10 11 12) (13 14 15 16) (17 18 19 20) (21 22 23 24) (25 26 27 28) (29 30 31 32),
    ") AS new WHERE 1 = 1 ON CONFLICT (request_key) DO NOTHING RETURNING run"
);
