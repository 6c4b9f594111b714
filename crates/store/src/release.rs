//! Ending a run whose journal cannot be read. No executor can continue such a run and no click can be decided, but it
//! still holds its claims. This module must never change the entries of the run.

use sqlx::Row;

use super::entry::NewEntry;
use super::journal::{lock_head, move_head, write_entries};
use super::{Head, Store, StoreError, claims};

/// The outcome of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Released {
    /// The run is ended and holds nothing any more.
    Yes(Head),
    /// The run had ended before.
    Ended,
    /// Somebody appended after the caller read the run.
    MovedOn,
}

impl Store {
    /// Ends a run that was at `seq` when the caller read it. An entry of the chain records this, the claims and the
    /// lease are released, and the holder of the lease is fenced off. The entry belongs to no run, because it cannot
    /// follow missing entries.
    ///
    /// # Errors
    /// There is no such run, or the store fails.
    pub async fn release_run(&self, run: &str, seq: i64, new: NewEntry) -> Result<Released, StoreError> {
        let run = run.to_owned();
        self.write(move |conn| {
            Box::pin(async move {
                let head = lock_head(conn).await?;
                let row = sqlx::query("SELECT seq, ended_at FROM runs WHERE run = $1")
                    .bind(&run)
                    .fetch_optional(&mut *conn)
                    .await?
                    .ok_or_else(|| StoreError::UnknownRun(run.clone()))?;
                if row.try_get::<Option<i64>, _>("ended_at")?.is_some() {
                    return Ok(Released::Ended);
                }
                if row.try_get::<i64, _>("seq")? != seq {
                    return Ok(Released::MovedOn);
                }
                let entry = head.next(None, &new);
                let head = entry.head();
                // The card of this run can no longer be drawn.
                sqlx::query(
                    "UPDATE runs SET ended_at = $2, owner = NULL, lease_until = 0, epoch = epoch + 1, wake_at = NULL,
                        shown_seq = seq
                     WHERE run = $1",
                )
                .bind(&run)
                .bind(entry.at.as_millisecond())
                .execute(&mut *conn)
                .await?;
                write_entries(conn, &[entry]).await?;
                move_head(conn, &head).await?;
                claims::release(conn, &[run.as_str()]).await?;
                Ok(Released::Yes(head))
            })
        })
        .await
    }
}
