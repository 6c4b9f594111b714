//! Opening runs. A command is acknowledged when its run is written down, so openings that come together are written
//! together: a few statements of many rows for all of them. What opens a run must never wait for anything but the
//! database.

use std::collections::HashMap;
use std::time::Duration;

use sqlx::{AnyConnection, Row};

use super::batch::Make;
use super::bulk_statement::Statements;
use super::entry::{Entry, Head};
use super::journal::{move_head, write_entries};
use super::{NewRun, Opened, Store, StoreError};

impl Store {
    /// Opens a run with its first entry, once for each key.
    ///
    /// # Errors
    /// When it could not be written down.
    pub async fn open_run(&self, new: NewRun) -> Result<Opened, StoreError> {
        self.open_within(new, None, self.patience.answer).await.map_err(|failed| failed.error)
    }

    /// The same, for a caller who waits so long and no longer, and who must know whether nothing will come of it.
    ///
    /// # Errors
    /// When it could not be written down, or not in time.
    pub async fn open_run_within(&self, new: NewRun, limit: Duration) -> Result<Opened, OpenError> {
        self.open_within(new, None, limit).await
    }

    /// Opens a run that another one begins, once for each key; it is found by its parent.
    ///
    /// # Errors
    /// When it could not be written down.
    pub async fn open_child(&self, new: NewRun, parent: &str) -> Result<Opened, StoreError> {
        let opened = self.open_within(new, Some(parent.to_owned()), self.patience.answer).await;
        let opened = opened.map_err(|failed| failed.error)?;
        if let Opened::Existing { run } = &opened {
            self.adopt(run, parent).await?;
        }
        Ok(opened)
    }

    async fn open_within(
        &self,
        new: NewRun,
        parent: Option<String>,
        limit: Duration,
    ) -> Result<Opened, OpenError> {
        let make: Make<Opening, Opened> = |conn, head, runs| Box::pin(open_all(conn, head, runs));
        self.together_within(&self.openings, (new, parent), make, limit)
            .await
            .map_err(|(error, nothing_written)| OpenError { error, nothing_written })
    }

    /// A process of an older version names no parent. Without one the run would be opened again and again.
    async fn adopt(&self, run: &str, parent: &str) -> Result<(), StoreError> {
        let (run, parent) = (run.to_owned(), parent.to_owned());
        self.write(move |conn| {
            Box::pin(async move {
                sqlx::query("UPDATE runs SET parent = $2 WHERE run = $1 AND parent IS NULL")
                    .bind(run)
                    .bind(parent)
                    .execute(conn)
                    .await?;
                Ok(())
            })
        })
        .await
    }
}

/// Why a run was not opened, as far as is known.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{error}")]
pub struct OpenError {
    /// What went wrong.
    pub error: StoreError,
    /// Whether it is certain that nothing was written, and that nothing will be.
    pub nothing_written: bool,
}

/// A run to be opened, and its parent if it has one.
pub(super) type Opening = (NewRun, Option<String>);

async fn open_all(
    conn: &mut AnyConnection,
    mut head: Head,
    runs: Vec<Opening>,
) -> Result<Vec<Opened>, StoreError> {
    // With the head locked nobody else can open a run, so what is not there now stays away.
    let mut new = 0;
    for (statement, rows) in INSERT_RUNS.pieces(&runs) {
        let mut query = sqlx::query(statement);
        for run in rows {
            query = query
                .bind(run.map(|(run, _)| &run.run))
                .bind(run.map(|(run, _)| &run.key))
                .bind(run.map(|(run, _)| run.first.at.as_millisecond()))
                .bind(run.map(|(run, _)| i64::from(run.wake)))
                .bind(run.and_then(|(_, parent)| parent.as_deref()));
        }
        new += query.execute(&mut *conn).await?.rows_affected();
    }
    let known = if new == runs.len() as u64 { HashMap::new() } else { runs_of_keys(conn, &runs).await? };
    let mut entries: Vec<Entry> = Vec::with_capacity(runs.len());
    let mut opened = Vec::with_capacity(runs.len());
    for (run, _) in &runs {
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

async fn runs_of_keys(
    conn: &mut AnyConnection,
    runs: &[Opening],
) -> Result<HashMap<String, String>, StoreError> {
    let mut known = HashMap::with_capacity(runs.len());
    for (statement, rows) in RUNS_OF_KEYS.pieces(runs) {
        let query = rows.fold(sqlx::query(statement), |query, run| query.bind(run.map(|(run, _)| &run.key)));
        for row in query.fetch_all(&mut *conn).await? {
            known.insert(row.try_get("request_key")?, row.try_get("run")?);
        }
    }
    Ok(known)
}

/// Opens those of the runs whose keys nobody has.
static INSERT_RUNS: Statements = Statements::new(
    "INSERT INTO runs (touched_at, run, request_key, seq, opened_at, wake_at, parent)
     SELECT (SELECT ms FROM db_clock), column1, column2, 1, column3,
        CASE WHEN column4 = 1 THEN (SELECT ms FROM db_clock) ELSE NULL END, column5
     FROM",
    0,
    5,
    "AS new WHERE column1 IS NOT NULL ON CONFLICT (request_key) DO NOTHING",
);
static RUNS_OF_KEYS: Statements =
    Statements::new("SELECT request_key, run FROM runs WHERE request_key IN", 0, 1, "");
