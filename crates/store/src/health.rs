//! The health of the database, for operators: can it be written, and does a commit survive a power cut? This module
//! must never change stored data.

use sqlx::Row;

use super::{Engine, Store, StoreError};

/// What happens to a commit when the power fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Durability {
    /// Whether a committed entry survives.
    pub survives_power_cuts: bool,
    /// The settings that decide this, as text.
    pub message: String,
}

impl Store {
    /// Writes a transaction that changes nothing.
    ///
    /// # Errors
    /// The database is read-only, full, or unreachable.
    pub async fn try_write(&self) -> Result<(), StoreError> {
        self.write(|conn| {
            Box::pin(async move {
                sqlx::query("UPDATE head SET position = position WHERE id = 1").execute(conn).await?;
                Ok(())
            })
        })
        .await
    }

    /// Reads the settings that decide whether a commit is durable.
    ///
    /// # Errors
    /// The database did not answer.
    pub async fn durability(&self) -> Result<Durability, StoreError> {
        match self.engine {
            Engine::Sqlite => {
                let row = sqlx::query("PRAGMA synchronous").fetch_one(&self.pool).await?;
                let level: i64 = row.try_get(0)?;
                let says = format!("SQLite, synchronous = {level} (2 is FULL)");
                Ok(Durability { survives_power_cuts: level >= 2, message: says })
            }
            Engine::Postgres => {
                let row = sqlx::query(
                    "SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commits",
                )
                .fetch_one(&self.pool)
                .await?;
                let (fsync, commits): (String, String) = (row.try_get("fsync")?, row.try_get("commits")?);
                let says = format!("PostgreSQL, fsync = {fsync}, synchronous_commit = {commits}");
                Ok(Durability { survives_power_cuts: fsync == "on" && commits != "off", message: says })
            }
        }
    }
}
