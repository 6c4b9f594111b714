//! Opening runs. A command is acknowledged when its run is written down, so openings that come together are written
//! together: a few statements of many rows for all of them. What opens a run must never wait for anything but the
//! database, and one opening that the database refuses must not take another with it.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use sqlx::{AnyConnection, Row};
use tokio::sync::{Semaphore, oneshot};

use super::entry::Entry;
use super::journal::{lock_head, move_head, write_entries};
use super::{NewRun, Opened, Store, StoreError};

/// How many are written together at most.
const TOGETHER: usize = 64;

/// Rows of one statement, largest first: the same two statements are prepared, whatever number waits.
const ROWS: [usize; 2] = [8, 1];

/// The same statement for each number of [`ROWS`].
pub(super) type Statements = [&'static str; 2];

type Answer = oneshot::Sender<Result<Opened, StoreError>>;

/// Where openings wait for the one that is being written.
#[derive(Clone)]
pub(super) struct Openings {
    turn: Arc<Semaphore>,
    waiting: Arc<Mutex<VecDeque<(NewRun, Answer)>>>,
}

impl Default for Openings {
    fn default() -> Self {
        Self { turn: Arc::new(Semaphore::new(1)), waiting: Arc::default() }
    }
}

impl Store {
    /// Opens a run with its first entry, once for each key.
    ///
    /// # Errors
    /// When it could not be written down.
    pub async fn open_run(&self, new: NewRun) -> Result<Opened, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.openings.waiting.lock().unwrap_or_else(PoisonError::into_inner).push_back((new, answer));
        let store = self.clone();
        // As in `write.rs`: whoever's turn it is takes along all that wait.
        tokio::spawn(async move {
            let Ok(_turn) = store.openings.turn.acquire().await else { return };
            let (runs, answers): (Vec<_>, Vec<_>) = {
                let mut waiting = store.openings.waiting.lock().unwrap_or_else(PoisonError::into_inner);
                let count = waiting.len().min(TOGETHER);
                waiting.drain(..count).unzip()
            };
            if runs.is_empty() {
                return;
            }
            for (answer, outcome) in answers.into_iter().zip(store.open_together(runs).await) {
                // Whoever asked may have been cancelled.
                answer.send(outcome).ok();
            }
        });
        answered.await.unwrap_or(Err(StoreError::Interrupted))
    }

    async fn open_together(&self, runs: Vec<NewRun>) -> Vec<Result<Opened, StoreError>> {
        let all = runs.clone();
        match self.write(move |conn| Box::pin(open_all(conn, all))).await {
            Ok(opened) => opened.into_iter().map(Ok).collect(),
            Err(error) if runs.len() > 1 && is_refusal(&error) => {
                let mut outcomes = Vec::with_capacity(runs.len());
                for run in runs {
                    let alone = self.write(move |conn| Box::pin(open_all(conn, vec![run]))).await;
                    outcomes.push(
                        alone.and_then(|opened| opened.into_iter().next().ok_or(StoreError::Interrupted)),
                    );
                }
                outcomes
            }
            Err(error) => runs.iter().map(|_| Err(error.clone())).collect(),
        }
    }
}

/// Whether the database answered and did not want what it was given, which may be one of many only.
fn is_refusal(error: &StoreError) -> bool {
    matches!(error, StoreError::Database(cause) if matches!(**cause, sqlx::Error::Database(_)))
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
    write_entries(conn, entries).await?;
    move_head(conn, &head).await?;
    Ok(opened)
}

macro_rules! insert_runs {
    ($(($a:literal $b:literal $c:literal $d:literal))+) => {
        concat!(
            "INSERT INTO runs (touched_at, run, request_key, seq, opened_at, wake_at)",
            insert_runs!(@values " VALUES " $(($a $b $c $d))+),
            " ON CONFLICT (request_key) DO NOTHING RETURNING run"
        )
    };
    (@values $before:literal ($a:literal $b:literal $c:literal $d:literal) $($rest:tt)*) => {
        concat!(
            $before, "((SELECT ms FROM db_clock), $", $a, ", $", $b, ", 1, $", $c,
            ", CASE WHEN $", $d, " = 1 THEN (SELECT ms FROM db_clock) ELSE NULL END)",
            insert_runs!(@values ", " $($rest)*)
        )
    };
    (@values $before:literal) => { "" };
}

/// Opens so many runs, and says which of them it opened.
const INSERT_RUNS: Statements = [
    insert_runs!((1 2 3 4) (5 6 7 8) (9 10 11 12) (13 14 15 16) (17 18 19 20) (21 22 23 24) (25 26 27 28) (29 30 31 32)),
    insert_runs!((1 2 3 4)),
];

/// Cuts what is to be written into pieces for which there is a statement.
pub(super) fn pieces<T>(mut all: &[T], statements: Statements) -> Vec<(&[T], &'static str)> {
    let mut pieces = Vec::new();
    for (rows, statement) in ROWS.into_iter().zip(statements) {
        while let Some((piece, rest)) = all.split_at_checked(rows) {
            pieces.push((piece, statement));
            all = rest;
        }
    }
    pieces
}
