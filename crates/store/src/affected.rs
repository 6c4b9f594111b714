//! Which of the people who lost access were told so themselves, and who does not want to be told. That a person is told is
//! written before the message is sent. So a process that dies in between tells nobody, and nobody is ever told twice.

use sqlx::Row;

use super::incidents::TENANT_PREFIX;
use super::{Store, StoreError};

/// Somebody who lost access and was not told yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UntoldPerson {
    pub notice: String,
    pub person: String,
    /// The causes, as the incident has them.
    pub causes: String,
    /// What leads to the person, such as their address. `None` if the incident is of an older version.
    pub query: Option<String>,
}

impl Store {
    /// The people with an open incident who were not told, the oldest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn untold_people(&self, max: usize) -> Result<Vec<UntoldPerson>, StoreError> {
        let rows = sqlx::query(
            "SELECT notice, person, causes, query FROM incidents
             WHERE closed_at IS NULL AND told_at IS NULL AND substr(person, 1, length($1)) <> $1
             ORDER BY opened_at, notice, person LIMIT $2",
        )
        .bind(TENANT_PREFIX)
        .bind(i64::try_from(max).unwrap_or(i64::MAX))
        .fetch_all(&self.pool)
        .await?;
        let person = |row: &sqlx::any::AnyRow| {
            Ok(UntoldPerson {
                notice: row.try_get("notice")?,
                person: row.try_get("person")?,
                causes: row.try_get("causes")?,
                query: row.try_get("query")?,
            })
        };
        rows.iter().map(person).collect()
    }

    /// Writes that the person of an incident is told. Returns whether this call has written it: only then may the message
    /// be sent.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn claim_telling(&self, notice: &str, person: &str) -> Result<bool, StoreError> {
        let (notice, person) = (notice.to_owned(), person.to_owned());
        self.write(move |conn| {
            Box::pin(async move {
                let done = sqlx::query(
                    "UPDATE incidents SET told_at = (SELECT ms FROM db_clock)
                     WHERE notice = $1 AND person = $2 AND told_at IS NULL AND closed_at IS NULL",
                )
                .bind(notice)
                .bind(person)
                .execute(conn)
                .await?;
                Ok(done.rows_affected() == 1)
            })
        })
        .await
    }

    /// Whether a Slack user does not want to be told.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_quiet(&self, slack_user: &str) -> Result<bool, StoreError> {
        let found: Option<i64> = sqlx::query_scalar("SELECT since FROM quiet_people WHERE slack_user = $1")
            .bind(slack_user)
            .fetch_optional(&self.pool)
            .await?;
        Ok(found.is_some())
    }

    /// Writes whether a Slack user wants to be told.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn set_quiet(&self, slack_user: &str, quiet: bool) -> Result<(), StoreError> {
        let user = slack_user.to_owned();
        self.write(move |conn| {
            Box::pin(async move {
                let text = if quiet {
                    "INSERT INTO quiet_people (slack_user, since) VALUES ($1, (SELECT ms FROM db_clock))
                     ON CONFLICT (slack_user) DO NOTHING"
                } else {
                    "DELETE FROM quiet_people WHERE slack_user = $1"
                };
                sqlx::query(text).bind(user).execute(conn).await?;
                Ok(())
            })
        })
        .await
    }
}
