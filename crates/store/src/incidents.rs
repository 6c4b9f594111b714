//! Incidents: who lost access, and in which message that was told. An incident, what the message shows of it, and the
//! next look at the person are written in one transaction. The message is the card of a sweep whose id is chosen
//! before: as long as no run has that id, the message is still to be sent. It must never hold two open incidents of one
//! person.

use sqlx::{AnyConnection, Row};

use super::watch::holds;
use super::{Store, StoreError};

/// The prefix of the persons that stand for the whole tenant.
pub const TENANT_PREFIX: &str = "tenant:";

/// What one look at a person changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The row of the queue. Empty if no row led here.
    pub subject: String,
    /// When to look again, in milliseconds since 1970. `None` leaves it to the feeds.
    pub again_at: Option<i64>,
    pub change: Option<IncidentUpdate>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IncidentUpdate {
    Open(NewIncident),
    Close {
        person: String,
        /// Whether the person has access again.
        recovered: bool,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewIncident {
    /// The sweep whose card tells it.
    pub notice: String,
    pub person: String,
    pub causes: String,
    /// The evidence of a fault of the whole tenant. Of a person: who changed something about them, if a feed says so.
    pub details: Option<String>,
    /// The row of the sweep: the query, and the finding as text. A fault of the whole tenant has none.
    pub found: Option<(String, String)>,
    /// Whether it is only told, and does not last.
    pub is_over: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentRow {
    pub notice: String,
    pub person: String,
    pub causes: String,
    pub details: Option<String>,
    /// In milliseconds since 1970.
    pub opened_at: i64,
}

/// What of a message is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// The people who have access again.
    pub people: u64,
    /// The faults that concerned everybody.
    pub faults: u64,
}

impl Store {
    /// Writes what a look at a person found. Returns false, and writes nothing, if the look is lost.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn settle(&self, epoch: i64, settled: Settled) -> Result<bool, StoreError> {
        self.write(move |conn| {
            Box::pin(async move {
                if !holds(conn, epoch, None).await? {
                    return Ok(false);
                }
                match settled.again_at {
                    Some(at) => {
                        sqlx::query(
                            "UPDATE watch_queue SET due_at = $2, looks = looks + 1 WHERE subject = $1",
                        )
                        .bind(&settled.subject)
                        .bind(at)
                        .execute(&mut *conn)
                        .await?
                    }
                    None => {
                        sqlx::query("DELETE FROM watch_queue WHERE subject = $1")
                            .bind(&settled.subject)
                            .execute(&mut *conn)
                            .await?
                    }
                };
                match settled.change {
                    None => {}
                    Some(IncidentUpdate::Open(new)) => open(conn, new).await?,
                    Some(IncidentUpdate::Close { person, recovered }) => {
                        close(conn, &person, recovered).await?;
                    }
                }
                Ok(true)
            })
        })
        .await
    }

    /// Closes the open incidents of somebody who has access again, under any of their names. A watch that finds it later
    /// changes nothing more.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn has_recovered(&self, names: Vec<String>) -> Result<(), StoreError> {
        self.write(move |conn| {
            Box::pin(async move {
                for name in names {
                    close(conn, &name, true).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// The open incident of a person.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn open_incident(&self, person: &str) -> Result<Option<IncidentRow>, StoreError> {
        let row = sqlx::query(
            "SELECT notice, person, causes, details, opened_at FROM incidents
             WHERE person = $1 AND closed_at IS NULL",
        )
        .bind(person)
        .fetch_optional(&self.pool)
        .await?;
        row.as_ref().map(incident).transpose()
    }

    /// The open faults that concern everybody.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn open_tenant_incidents(&self) -> Result<Vec<IncidentRow>, StoreError> {
        sqlx::query(
            "SELECT notice, person, causes, details, opened_at FROM incidents
             WHERE closed_at IS NULL AND substr(person, 1, length($1)) = $1",
        )
        .bind(TENANT_PREFIX)
        .fetch_all(&self.pool)
        .await?
        .iter()
        .map(incident)
        .collect()
    }

    /// The messages that are still to be sent: their incidents are written, and their sweeps are not open yet.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn unopened_notices(&self) -> Result<Vec<String>, StoreError> {
        Ok(sqlx::query_scalar(
            "SELECT DISTINCT notice FROM incidents
             WHERE NOT EXISTS (SELECT 1 FROM runs WHERE runs.run = incidents.notice)",
        )
        .fetch_all(&self.pool)
        .await?)
    }

    /// The incidents that a message tells.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn incidents_of(&self, notice: &str) -> Result<Vec<IncidentRow>, StoreError> {
        let rows =
            sqlx::query("SELECT notice, person, causes, details, opened_at FROM incidents WHERE notice = $1")
                .bind(notice)
                .fetch_all(&self.pool)
                .await?;
        let mut all = rows.iter().map(incident).collect::<Result<Vec<_>, _>>()?;
        // The code sorts, because the text order of the database depends on its locale.
        all.sort_by(|a, b| a.person.cmp(&b.person));
        Ok(all)
    }

    /// How many of the people in a message have access again, and how many of its faults are over.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn recovered(&self, notice: &str) -> Result<Recovered, StoreError> {
        let row = sqlx::query(
            "SELECT COUNT(CASE WHEN substr(person, 1, length($2)) <> $2 THEN 1 END) AS people,
                COUNT(CASE WHEN substr(person, 1, length($2)) = $2 THEN 1 END) AS faults
             FROM incidents WHERE notice = $1 AND recovered = 1",
        )
        .bind(notice)
        .bind(TENANT_PREFIX)
        .fetch_one(&self.pool)
        .await?;
        let count = |name| Ok::<_, StoreError>(u64::try_from(row.try_get::<i64, _>(name)?).unwrap_or(0));
        Ok(Recovered { people: count("people")?, faults: count("faults")? })
    }

    /// Who changed something about how many people of a message, as far as the feeds name somebody; the most first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn changed_by(&self, notice: &str) -> Result<Vec<(String, u64)>, StoreError> {
        let rows = sqlx::query(
            "SELECT details, COUNT(*) AS people FROM incidents
             WHERE notice = $1 AND details IS NOT NULL AND substr(person, 1, length($2)) <> $2
             GROUP BY details",
        )
        .bind(notice)
        .bind(TENANT_PREFIX)
        .fetch_all(&self.pool)
        .await?;
        let mut all = Vec::with_capacity(rows.len());
        for row in rows {
            let people = u64::try_from(row.try_get::<i64, _>("people")?).unwrap_or(0);
            all.push((row.try_get::<String, _>("details")?, people));
        }
        // The code sorts, because the text order of the database depends on its locale.
        all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        Ok(all)
    }

    /// How many incidents are open.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn count_incidents(&self) -> Result<u64, StoreError> {
        let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM incidents WHERE closed_at IS NULL")
            .fetch_one(&self.pool)
            .await?;
        Ok(u64::try_from(count).unwrap_or(0))
    }
}

fn incident(row: &sqlx::any::AnyRow) -> Result<IncidentRow, StoreError> {
    Ok(IncidentRow {
        notice: row.try_get("notice")?,
        person: row.try_get("person")?,
        causes: row.try_get("causes")?,
        details: row.try_get("details")?,
        opened_at: row.try_get("opened_at")?,
    })
}

/// Opens an incident in the place of the person's open one, if there is one.
async fn open(conn: &mut AnyConnection, new: NewIncident) -> Result<(), StoreError> {
    // With another cause, it is still the same loss for the person, who is not told again.
    let told_at: Option<Option<i64>> =
        sqlx::query_scalar("SELECT told_at FROM incidents WHERE person = $1 AND closed_at IS NULL")
            .bind(&new.person)
            .fetch_optional(&mut *conn)
            .await?;
    close(conn, &new.person, false).await?;
    // The person may have had other causes in the same message.
    sqlx::query(
        "INSERT INTO incidents
            (notice, person, causes, details, opened_at, closed_at, recovered, query, told_at)
         VALUES ($1, $2, $3, $4, (SELECT ms FROM db_clock),
            CASE WHEN $5 = 1 THEN (SELECT ms FROM db_clock) ELSE NULL END, 0, $6, $7)
         ON CONFLICT (notice, person) DO UPDATE SET causes = excluded.causes, details = excluded.details,
            closed_at = excluded.closed_at, recovered = 0, query = excluded.query,
            told_at = COALESCE(incidents.told_at, excluded.told_at)",
    )
    .bind(&new.notice)
    .bind(&new.person)
    .bind(new.causes)
    .bind(new.details)
    .bind(i64::from(new.is_over))
    .bind(new.found.as_ref().map(|(query, _)| query.clone()))
    .bind(told_at.flatten())
    .execute(&mut *conn)
    .await?;
    if let Some((query, found)) = new.found {
        sqlx::query(
            "INSERT INTO sweep_rows (sweep, query, found) VALUES ($1, $2, $3)
             ON CONFLICT (sweep, query) DO UPDATE SET found = excluded.found",
        )
        .bind(new.notice)
        .bind(query)
        .bind(found)
        .execute(conn)
        .await?;
    }
    Ok(())
}

/// Closes the open incident of a person, and has the card drawn again that tells it.
async fn close(conn: &mut AnyConnection, person: &str, recovered: bool) -> Result<(), StoreError> {
    let notice: Option<String> = sqlx::query_scalar(
        "UPDATE incidents SET closed_at = (SELECT ms FROM db_clock), recovered = $2
         WHERE person = $1 AND closed_at IS NULL RETURNING notice",
    )
    .bind(person)
    .bind(i64::from(recovered))
    .fetch_optional(&mut *conn)
    .await?;
    if let Some(notice) = notice.filter(|_| recovered) {
        sqlx::query("UPDATE runs SET shown_seq = seq - 1 WHERE run = $1 AND shown_seq = seq")
            .bind(notice)
            .execute(conn)
            .await?;
    }
    Ok(())
}
