//! Warnings of what runs out: which process looks and when, what was told, and in which message. A warning and the id of
//! its message are written in one transaction, before the message exists. As long as no run has that id, the message is
//! still to be sent. It must never hold a level of a subject twice, nor a level below one that was told, and never write
//! anything for a look that another process has taken over.

use std::time::Duration;

use sqlx::{AnyConnection, Row};

use super::{Store, StoreError, millis};

/// A look that is taken, and what the one before it has read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WarningLook {
    pub epoch: i64,
    pub facts: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewWarning {
    pub subject: String,
    pub level: i64,
    /// What the message says, as text.
    pub warning: String,
}

/// What a look has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WarningsFound {
    pub facts: String,
    /// The sweep whose card tells what is new.
    pub notice: String,
    pub new: Vec<NewWarning>,
    /// The subjects that are over. They may be told again.
    pub over: Vec<String>,
}

impl Store {
    /// Takes the next look, if it is due. The look after it is due after `every`. A process that dies during its look
    /// leaves what there is to the next one.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn take_warning_look(&self, every: Duration) -> Result<Option<WarningLook>, StoreError> {
        // The lookup is outside the transaction, so that a process that waits takes no write lock.
        let waits: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM warning_looks WHERE touched_at <= (SELECT ms FROM db_clock) + 60000
                AND next_at > (SELECT ms FROM db_clock)",
        )
        .fetch_one(&self.pool)
        .await?;
        if waits > 0 {
            return Ok(None);
        }
        self.write(move |conn| {
            Box::pin(async move {
                sqlx::query(
                    "INSERT INTO warning_looks (id, epoch, next_at, touched_at) VALUES (1, 0, 0, 0)
                     ON CONFLICT DO NOTHING",
                )
                .execute(&mut *conn)
                .await?;
                let row = sqlx::query(
                    "UPDATE warning_looks SET epoch = epoch + 1, next_at = (SELECT ms FROM db_clock) + $1,
                        touched_at = (SELECT ms FROM db_clock)
                     WHERE id = 1 AND (touched_at > (SELECT ms FROM db_clock) + 60000
                        OR next_at <= (SELECT ms FROM db_clock))
                     RETURNING epoch, facts",
                )
                .bind(millis(every))
                .fetch_optional(conn)
                .await?;
                let look = |row: sqlx::any::AnyRow| {
                    Ok(WarningLook { epoch: row.try_get("epoch")?, facts: row.try_get("facts")? })
                };
                row.map(look).transpose()
            })
        })
        .await
    }

    /// Keeps what a look has found. Returns false, and keeps nothing, if another process looks by now.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn keep_warnings(&self, epoch: i64, found: WarningsFound) -> Result<bool, StoreError> {
        self.write(move |conn| {
            Box::pin(async move {
                let held = sqlx::query("UPDATE warning_looks SET facts = $2 WHERE id = 1 AND epoch = $1")
                    .bind(epoch)
                    .bind(found.facts)
                    .execute(&mut *conn)
                    .await?;
                if held.rows_affected() == 0 {
                    return Ok(false);
                }
                for subject in found.over {
                    sqlx::query("DELETE FROM warnings WHERE subject = $1")
                        .bind(subject)
                        .execute(&mut *conn)
                        .await?;
                }
                for new in found.new {
                    tell(conn, &found.notice, new).await?;
                }
                Ok(true)
            })
        })
        .await
    }

    /// The subjects and levels that were told.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn told_warnings(&self) -> Result<Vec<(String, i64)>, StoreError> {
        let rows = sqlx::query("SELECT subject, level FROM warnings").fetch_all(&self.pool).await?;
        rows.iter().map(|row| Ok((row.try_get("subject")?, row.try_get("level")?))).collect()
    }

    /// The messages that are still to be sent.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn unsent_warnings(&self) -> Result<Vec<String>, StoreError> {
        Ok(sqlx::query_scalar(
            "SELECT DISTINCT notice FROM warnings
             WHERE NOT EXISTS (SELECT 1 FROM runs WHERE runs.run = warnings.notice)",
        )
        .fetch_all(&self.pool)
        .await?)
    }

    /// The warnings of a message, by subject.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn warnings_of(&self, notice: &str) -> Result<Vec<String>, StoreError> {
        let rows = sqlx::query("SELECT subject, warning FROM warnings WHERE notice = $1")
            .bind(notice)
            .fetch_all(&self.pool)
            .await?;
        let read = |row: &sqlx::any::AnyRow| Ok((row.try_get("subject")?, row.try_get("warning")?));
        let mut all = rows.iter().map(read).collect::<Result<Vec<(String, String)>, StoreError>>()?;
        // The code sorts, because the text order of the database depends on its locale.
        all.sort();
        Ok(all.into_iter().map(|(_, warning)| warning).collect())
    }

    /// What the last look has read. `None` before the first one.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn warning_facts(&self) -> Result<Option<String>, StoreError> {
        let facts: Option<Option<String>> =
            sqlx::query_scalar("SELECT facts FROM warning_looks").fetch_optional(&self.pool).await?;
        Ok(facts.flatten())
    }
}

/// Writes a warning, unless this level or a more urgent one of its subject was told.
async fn tell(conn: &mut AnyConnection, notice: &str, new: NewWarning) -> Result<(), StoreError> {
    let told: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM warnings WHERE subject = $1 AND level >= $2")
        .bind(&new.subject)
        .bind(new.level)
        .fetch_one(&mut *conn)
        .await?;
    if told > 0 {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO warnings (subject, level, notice, warning, found_at)
         VALUES ($1, $2, $3, $4, (SELECT ms FROM db_clock))",
    )
    .bind(new.subject)
    .bind(new.level)
    .bind(notice)
    .bind(new.warning)
    .execute(conn)
    .await?;
    Ok(())
}
