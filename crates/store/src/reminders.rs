//! Finds runs and sweeps that have waited long for a person, so that the person hears of it once more. It decides only
//! which cards are drawn again. Whether somebody is still awaited is decided from the journal, where the cards are
//! drawn.

use std::time::Duration;

use super::journal::lock_head;
use super::{Store, StoreError, millis};

/// The number of runs that one transaction changes, so that a repair never waits long for the single writer of SQLite.
const BATCH_SIZE: i64 = 100;

// A reminder is the card `reminded-N` (`card_role.rs`), where N is the number of the entry since which somebody is
// awaited.
const WAITING: &str = "SELECT runs.run FROM runs JOIN entries ON entries.run = runs.run
        AND entries.run_seq = (SELECT MAX(last.run_seq) FROM entries AS last WHERE last.run = runs.run
            AND last.kind IN ('planned', 'paused', 'sweep-requested'))
     WHERE runs.ended_at IS NULL AND runs.shown_seq = runs.seq
        AND runs.opened_at <= (SELECT ms FROM db_clock) - $1
        AND entries.at <= (SELECT ms FROM db_clock) - $1
        AND NOT EXISTS (SELECT 1 FROM cards WHERE cards.run = runs.run
            AND cards.role = 'reminded-' || CAST(entries.run_seq AS TEXT))
     ORDER BY runs.opened_at LIMIT $2";

impl Store {
    /// Marks the cards of some runs and sweeps as outdated: of those that have been open, and have not changed their
    /// plan or paused, for at least `after`, and that have sent no reminder since. Returns how many there are.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn draw_long_waiting(&self, after: Duration) -> Result<usize, StoreError> {
        let waiting: Vec<String> =
            sqlx::query_scalar(WAITING).bind(millis(after)).bind(BATCH_SIZE).fetch_all(&self.pool).await?;
        let count = waiting.len();
        if count == 0 {
            return Ok(0);
        }
        self.write(move |conn| {
            Box::pin(async move {
                // Code that locks many runs locks the head first (`leases.rs`).
                lock_head(conn).await?;
                for run in &waiting {
                    sqlx::query("UPDATE runs SET shown_seq = seq - 1 WHERE run = $1 AND shown_seq = seq")
                        .bind(run)
                        .execute(&mut *conn)
                        .await?;
                }
                Ok::<_, StoreError>(())
            })
        })
        .await?;
        Ok(count)
    }
}
