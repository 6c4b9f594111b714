//! What a sweep has found so far: one row for each account that is not healthy. The rows are a checkpoint, not the
//! source of truth: an interrupted sweep does not read these accounts again. Rows name people. Therefore only the
//! rows of the last two sweeps are kept, and retention erases these as well.

use std::collections::HashMap;

use sqlx::Row;

use super::runs::{first_position, run_columns};
use super::{RunRow, Store, StoreError};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SweepRow {
    pub query: String,
    /// The finding, as text.
    pub found: String,
}

impl Store {
    /// Stores what a sweep found. A row that is already stored does not change.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn keep_found(&self, sweep: &str, rows: Vec<SweepRow>) -> Result<(), StoreError> {
        let sweep = sweep.to_owned();
        self.write(move |conn| {
            Box::pin(async move {
                for row in rows {
                    sqlx::query(
                        "INSERT INTO sweep_rows (sweep, query, found) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                    )
                    .bind(&sweep)
                    .bind(row.query)
                    .bind(row.found)
                    .execute(&mut *conn)
                    .await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// What a sweep has found, by query.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn found_by(&self, sweep: &str) -> Result<HashMap<String, String>, StoreError> {
        let rows = sqlx::query("SELECT query, found FROM sweep_rows WHERE sweep = $1")
            .bind(sweep)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(|row| Ok((row.try_get("query")?, row.try_get("found")?))).collect()
    }

    /// Deletes what a sweep has found that was stopped while it read.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn forget_found(&self, sweep: &str) -> Result<(), StoreError> {
        let sweep = sweep.to_owned();
        self.write(move |conn| {
            Box::pin(async move {
                sqlx::query("DELETE FROM sweep_rows WHERE sweep = $1").bind(sweep).execute(conn).await?;
                Ok(())
            })
        })
        .await
    }

    /// Records that a sweep has read everything. Returns the sweep before it, and deletes the rows of all earlier
    /// ones.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn close_survey(&self, sweep: &str, at: i64) -> Result<Option<(String, i64)>, StoreError> {
        let sweep = sweep.to_owned();
        self.write(move |conn| {
            Box::pin(async move {
                sqlx::query("INSERT INTO sweeps (sweep, done_at) VALUES ($1, $2) ON CONFLICT DO NOTHING")
                    .bind(&sweep)
                    .bind(at)
                    .execute(&mut *conn)
                    .await?;
                let before = sqlx::query(
                    "SELECT sweep, done_at FROM sweeps WHERE sweep <> $1 ORDER BY done_at DESC LIMIT 1",
                )
                .bind(&sweep)
                .fetch_optional(&mut *conn)
                .await?;
                let before = before
                    .map(|row| Ok::<_, StoreError>((row.try_get("sweep")?, row.try_get("done_at")?)))
                    .transpose()?;
                let kept =
                    before.as_ref().map_or_else(|| sweep.clone(), |(id, _): &(String, i64)| id.clone());
                // A sweep that still reads has no row in `sweeps`, and its findings are kept. A sweep that was
                // stopped while it read has no row there either, but it has ended.
                sqlx::query(
                    "DELETE FROM sweep_rows WHERE sweep <> $1 AND sweep <> $2
                        AND (sweep IN (SELECT sweep FROM sweeps)
                            OR sweep IN (SELECT run FROM runs WHERE ended_at IS NOT NULL))",
                )
                .bind(&sweep)
                .bind(kept)
                .execute(&mut *conn)
                .await?;
                Ok(before)
            })
        })
        .await
    }

    /// When the last sweep had read everything, in milliseconds since 1970.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn last_survey(&self) -> Result<Option<i64>, StoreError> {
        Ok(sqlx::query_scalar("SELECT MAX(done_at) FROM sweeps").fetch_one(&self.pool).await?)
    }

    /// The sweeps that have not ended, oldest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn open_sweeps(&self) -> Result<Vec<RunRow>, StoreError> {
        // The keys of sweeps begin with `sweep `, and so do those of their repairs, which have a parent.
        sqlx::query(concat!(
            "SELECT ",
            run_columns!(),
            " FROM runs WHERE ended_at IS NULL AND parent IS NULL AND substr(request_key, 1, 6) = 'sweep '
              ORDER BY opened_at, ",
            first_position!(),
        ))
        .fetch_all(&self.pool)
        .await?
        .iter()
        .map(RunRow::from_row)
        .collect()
    }

    /// The kind of the first entry of a run, which tells what sort of run it is.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn first_kind(&self, run: &str) -> Result<Option<String>, StoreError> {
        Ok(sqlx::query_scalar("SELECT kind FROM entries WHERE run = $1 AND run_seq = 1")
            .bind(run)
            .fetch_optional(&self.pool)
            .await?)
    }

    /// The runs that a sweep has opened, by key. For a run that has ended: the facts of its `ended` entry.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn children(
        &self,
        parent: &str,
    ) -> Result<HashMap<String, (String, Option<String>)>, StoreError> {
        let rows = sqlx::query(
            "SELECT runs.request_key, runs.run,
                (SELECT entries.facts FROM entries WHERE entries.run = runs.run AND entries.kind = 'ended'
                    ORDER BY entries.run_seq DESC LIMIT 1) AS facts
             FROM runs WHERE runs.parent = $1",
        )
        .bind(parent)
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| Ok((row.try_get("request_key")?, (row.try_get("run")?, row.try_get("facts")?))))
            .collect()
    }

    /// Whether a run is at work or ready to run that no sweep has opened. Such runs go first, because people wait for
    /// them.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_busy(&self) -> Result<bool, StoreError> {
        // The keys of the sweeps themselves begin with `sweep `.
        let busy: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM runs WHERE ended_at IS NULL AND parent IS NULL AND substr(request_key, 1, 6) <> 'sweep '
                AND (wake_at <= (SELECT ms FROM db_clock) OR lease_until > (SELECT ms FROM db_clock))",
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(busy > 0)
    }
}
