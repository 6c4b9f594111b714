//! Deduplication of Slack events and requests: Slack delivers them again when it gets no answer in time. The stored
//! keys are not part of the journal. They are deleted once Slack no longer repeats the events.

use std::time::Duration;

use jiff::Timestamp;

use super::{Store, StoreError, millis};

/// How long keys are kept. Slack repeats an event within the hour, and delayed events within a day.
const RETENTION: Duration = Duration::from_secs(2 * 24 * 3600);

impl Store {
    /// Whether `key` is seen for the first time. Of many concurrent callers, exactly one gets true.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn mark_seen(&self, key: &str, at: Timestamp) -> Result<bool, StoreError> {
        let (key, at) = (key.to_owned(), at.as_millisecond());
        self.write(move |conn| {
            Box::pin(async move {
                let done =
                    sqlx::query("INSERT INTO sights (sight, seen_at) VALUES ($1, $2) ON CONFLICT DO NOTHING")
                        .bind(key)
                        .bind(at)
                        .execute(&mut *conn)
                        .await?;
                sqlx::query("DELETE FROM sights WHERE seen_at < $1")
                    .bind(at.saturating_sub(millis(RETENTION)))
                    .execute(conn)
                    .await?;
                Ok(done.rows_affected() == 1)
            })
        })
        .await
    }

    /// Deletes a key, because the handling of its event failed.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn forget_sight(&self, key: &str) -> Result<(), StoreError> {
        let key = key.to_owned();
        self.write(move |conn| {
            Box::pin(async move {
                sqlx::query("DELETE FROM sights WHERE sight = $1").bind(key).execute(conn).await?;
                Ok(())
            })
        })
        .await
    }
}
