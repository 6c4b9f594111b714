//! Opening runs. A command is acknowledged when its run is written down, so openings that come together are written
//! together: a few statements of many rows for all of them. What opens a run must never wait for anything but the
//! database.

use std::collections::HashMap;

use sqlx::{AnyConnection, Row};

use super::entry::Entry;
use super::journal::{lock_head, move_head, write_entries};
use super::rows::Statements;
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
    let mut new = 0;
    for (statement, rows) in INSERT_RUNS.pieces(&runs) {
        let mut query = sqlx::query(statement);
        for run in rows {
            query = query
                .bind(run.map(|run| &run.run))
                .bind(run.map(|run| &run.key))
                .bind(run.map(|run| run.first.at.as_millisecond()))
                .bind(run.map(|run| i64::from(run.wake)));
        }
        new += query.execute(&mut *conn).await?.rows_affected();
    }
    let known = if new == runs.len() as u64 { HashMap::new() } else { runs_of_keys(conn, &runs).await? };
    let mut entries: Vec<Entry> = Vec::with_capacity(runs.len());
    let mut opened = Vec::with_capacity(runs.len());
    for run in &runs {
        if let Some(first) = known.get(&run.key).filter(|known| **known != run.run) {
            opened.push(Opened::Existing { run: first.clone() });
        } else {
            let entry = head.next(Some((&run.run, 1)), &run.first);
            head = entry.head();
            entries.push(entry);
            opened.push(Opened::New);
        }
    }
    write_entries(conn, &entries).await?;
    move_head(conn, &head).await?;
    Ok(opened)
}

/// Which run has which of these keys.
async fn runs_of_keys(
    conn: &mut AnyConnection,
    runs: &[NewRun],
) -> Result<HashMap<String, String>, StoreError> {
    let mut known = HashMap::with_capacity(runs.len());
    for (statement, rows) in RUNS_OF_KEYS.pieces(runs) {
        let query = rows.fold(sqlx::query(statement), |query, run| query.bind(run.map(|run| &run.key)));
        for row in query.fetch_all(&mut *conn).await? {
            known.insert(row.try_get("request_key")?, row.try_get("run")?);
        }
    }
    Ok(known)
}

/// Opens those of the runs whose keys nobody has.
static INSERT_RUNS: Statements = Statements::new(
    "INSERT INTO runs (touched_at, run, request_key, seq, opened_at, wake_at)
     SELECT (SELECT ms FROM db_clock), column1, column2, 1, column3,
        CASE WHEN column4 = 1 THEN (SELECT ms FROM db_clock) ELSE NULL END
     FROM",
    0,
    4,
    "AS new WHERE column1 IS NOT NULL ON CONFLICT (request_key) DO NOTHING",
);
static RUNS_OF_KEYS: Statements =
    Statements::new("SELECT request_key, run FROM runs WHERE request_key IN", 0, 1, "");
