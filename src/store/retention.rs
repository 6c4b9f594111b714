//! Forgetting people, not deeds. Personal data older than the retention time is erased, together with the salt
//! without which its hash says nothing; facts, links and hashes stay, so the chain still verifies. What an open
//! run still needs is never erased.

use jiff::Timestamp;

use super::journal::lock_head;
use super::{Store, StoreError};

/// How many entries are erased in one transaction, so that a repair never waits long for the one writer of SQLite.
const AT_ONCE: i64 = 500;

/// What retention has erased.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Entries whose personal data is gone.
    pub entries: u64,
    /// Identities that no longer lead to a run.
    pub identities: u64,
}

impl Store {
    /// Erases the personal data of runs and sweeps that ended before `before`, and of older entries that belong to no
    /// run.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn erase_personal(&self, before: Timestamp) -> Result<Erased, StoreError> {
        let before = before.as_millisecond();
        let mut erased = Erased::default();
        loop {
            let entries = self.erase_some(before).await?;
            erased.entries += entries;
            if entries == 0 {
                break;
            }
        }
        erased.identities = self
            .write(move |conn| {
                Box::pin(async move {
                    let identities = sqlx::query(
                        "DELETE FROM subjects WHERE run IN (SELECT runs.run FROM runs WHERE runs.ended_at < $1)",
                    )
                    .bind(before)
                    .execute(&mut *conn)
                    .await?;
                    // What a sweep found names people as well.
                    sqlx::query(
                        "DELETE FROM sweep_rows WHERE sweep IN (SELECT runs.run FROM runs WHERE runs.ended_at < $1)",
                    )
                    .bind(before)
                    .execute(&mut *conn)
                    .await?;
                    // A card that is still behind after all that time can no longer be drawn. Whoever locks many runs
                    // locks the head first (`leases.rs`).
                    lock_head(conn).await?;
                    sqlx::query("UPDATE runs SET shown_seq = seq WHERE shown_seq < seq AND ended_at < $1")
                        .bind(before)
                        .execute(conn)
                        .await?;
                    Ok::<_, StoreError>(identities.rows_affected())
                })
            })
            .await?;
        Ok(erased)
    }

    async fn erase_some(&self, before: i64) -> Result<u64, StoreError> {
        self.write(move |conn| {
            Box::pin(async move {
                // An entry is no younger than the end of its run, so its own time finds the candidates quickly.
                let done = sqlx::query(
                    "UPDATE entries SET personal = NULL, personal_salt = NULL WHERE position IN
                        (SELECT entries.position FROM entries WHERE entries.personal IS NOT NULL AND entries.at < $1
                            AND (entries.run IS NULL OR EXISTS
                                (SELECT 1 FROM runs WHERE runs.run = entries.run AND runs.ended_at < $1))
                         LIMIT $2)",
                )
                .bind(before)
                .bind(AT_ONCE)
                .execute(conn)
                .await?;
                Ok(done.rows_affected())
            })
        })
        .await
    }
}
