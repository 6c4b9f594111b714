//! Forgetting people, not deeds. Personal data older than the retention time is erased, together with the salt
//! without which its hash says nothing; facts, links and hashes stay, so the chain still verifies. What an open
//! run still needs is never erased.

use jiff::Timestamp;

use super::{Store, StoreError};

/// What retention has erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Erased {
    /// Entries whose personal data is gone.
    pub entries: u64,
    /// Identities that no longer lead to a run.
    pub identities: u64,
}

impl Store {
    /// Erases the personal data of runs that ended before `before`, and of older entries that belong to no run.
    pub async fn erase_personal(&self, before: Timestamp) -> Result<Erased, StoreError> {
        let before = before.as_millisecond();
        self.write(move |conn| {
            Box::pin(async move {
                let entries = sqlx::query(
                    "UPDATE entries SET personal = NULL, personal_salt = NULL
                     WHERE personal IS NOT NULL AND ((run IS NULL AND at < $1)
                        OR run IN (SELECT runs.run FROM runs WHERE runs.ended_at < $1))",
                )
                .bind(before)
                .execute(&mut *conn)
                .await?;
                let identities = sqlx::query(
                    "DELETE FROM subjects WHERE run IN (SELECT runs.run FROM runs WHERE runs.ended_at < $1)",
                )
                .bind(before)
                .execute(conn)
                .await?;
                Ok(Erased { entries: entries.rows_affected(), identities: identities.rows_affected() })
            })
        })
        .await
    }
}
