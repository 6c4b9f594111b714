//! What was seen before: Slack delivers an event again when it heard no answer in time. Sights are not part of
//! the journal: they are forgotten once Slack would no longer repeat them.

use std::time::Duration;

use jiff::Timestamp;

use super::{Store, StoreError, millis};

/// Slack repeats an event within the hour, and delayed events within a day; two days are kept.
const RETENTION: Duration = Duration::from_secs(2 * 24 * 3600);

impl Store {
    /// Whether `key` is seen for the first time. Of many callers at once, one hears yes.
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

    /// Forgets a sight, because what was to follow it came to nothing.
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
