//! The watch between two sweeps: which process looks, where each feed continues, and what waits to be looked at. A look
//! belongs to one process, which holds it by its epoch. What a feed reported and where the feed continues are written
//! in one transaction, so that a process that dies in between repeats the round and loses nothing. It must never write
//! anything for a process that has lost the look, and never show a place.

use std::collections::BTreeMap;
use std::time::Duration;

use sqlx::{AnyConnection, Row};

use super::bulk_statement::Statements;
use super::{Store, StoreError, millis};

/// What a feed answered.
#[derive(Clone, PartialEq, Eq)]
pub struct FeedState {
    pub feed: String,
    /// Where the next round begins. In an update, `None` keeps the known place.
    pub place: Option<String>,
    /// Why it could not be read.
    pub unread: Option<String>,
    /// Whether a message has said so. An update does not set it.
    pub told: bool,
}

impl std::fmt::Debug for FeedState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not derived: a place is the service's, and must not be written to a log.
        f.debug_struct("FeedState")
            .field("feed", &self.feed)
            .field("unread", &self.unread)
            .finish_non_exhaustive()
    }
}

/// A reported change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    /// What changed.
    pub subject: String,
    /// When, in milliseconds since 1970. `None` if the feed does not say: then it is now.
    pub changed_at: Option<i64>,
    /// Whether the identity provider reported it.
    pub at_source: bool,
    /// The id of the entry in the feed. An entry that was seen before reports nothing.
    pub entry: Option<String>,
    /// Who changed it, if the feed names a person.
    pub by: Option<String>,
}

/// Something that waits to be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
    pub subject: String,
    pub changed_at: i64,
    pub only_at_source: bool,
    pub looks: u32,
    /// Who changed it, as far as the reports name a person.
    pub by: Option<String>,
}

/// Everybody has to be read, and the sweep for it is not opened yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedSweep {
    /// Why, as text.
    pub reason: String,
    /// Since when, in milliseconds since 1970. A sweep that began earlier is too old.
    pub since: i64,
}

impl Store {
    /// Takes the next look, if it is due and no process holds it. The look after it is due after `every`. Returns the
    /// epoch that holds the look for `length`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn take_look(&self, every: Duration, length: Duration) -> Result<Option<i64>, StoreError> {
        // The lookup is outside the transaction, so that a process that waits takes no write lock.
        let waits: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM watch WHERE touched_at <= (SELECT ms FROM db_clock) + 60000
                AND (lease_until > (SELECT ms FROM db_clock) OR next_at > (SELECT ms FROM db_clock))",
        )
        .fetch_one(&self.pool)
        .await?;
        if waits > 0 {
            return Ok(None);
        }
        self.write(move |conn| {
            Box::pin(async move {
                sqlx::query(
                    "INSERT INTO watch (id, epoch, lease_until, next_at, touched_at) VALUES (1, 0, 0, 0, 0)
                     ON CONFLICT DO NOTHING",
                )
                .execute(&mut *conn)
                .await?;
                let taken = sqlx::query_scalar(
                    "UPDATE watch SET epoch = epoch + 1, lease_until = (SELECT ms FROM db_clock) + $1,
                        next_at = (SELECT ms FROM db_clock) + $2, touched_at = (SELECT ms FROM db_clock)
                     WHERE id = 1 AND (touched_at > (SELECT ms FROM db_clock) + 60000
                        OR (lease_until <= (SELECT ms FROM db_clock) AND next_at <= (SELECT ms FROM db_clock)))
                     RETURNING epoch",
                )
                .bind(millis(length))
                .bind(millis(every))
                .fetch_optional(conn)
                .await?;
                Ok(taken)
            })
        })
        .await
    }

    /// Extends a look to `length` from now. Returns false if it is lost: stop.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn renew_look(&self, epoch: i64, length: Duration) -> Result<bool, StoreError> {
        self.write(move |conn| Box::pin(async move { holds(conn, epoch, Some(length)).await })).await
    }

    /// Ends a look. The next one is taken when it is due, by any process.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn end_look(&self, epoch: i64) -> Result<(), StoreError> {
        self.write(move |conn| {
            Box::pin(async move { holds(conn, epoch, Some(Duration::ZERO)).await.map(drop) })
        })
        .await
    }

    /// The feeds that were ever read.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn feeds(&self) -> Result<Vec<FeedState>, StoreError> {
        let rows =
            sqlx::query("SELECT feed, place, unread, told FROM watch_feeds").fetch_all(&self.pool).await?;
        let mut feeds = Vec::with_capacity(rows.len());
        for row in rows {
            feeds.push(FeedState {
                feed: row.try_get("feed")?,
                place: row.try_get("place")?,
                unread: row.try_get("unread")?,
                told: row.try_get::<i64, _>("told")? == 1,
            });
        }
        Ok(feeds)
    }

    /// Keeps one round: where each feed continues, and what it reported. `sweep_for` says why everybody has to be
    /// read. Returns false, and keeps nothing, if the look is lost.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn keep_round(
        &self,
        epoch: i64,
        feeds: Vec<FeedState>,
        reported: Vec<Reported>,
        sweep_for: Option<String>,
    ) -> Result<bool, StoreError> {
        self.write(move |conn| {
            Box::pin(async move {
                if !holds(conn, epoch, None).await? {
                    return Ok(false);
                }
                for feed in feeds {
                    sqlx::query(
                        "INSERT INTO watch_feeds (feed, place, unread, told) VALUES ($1, $2, $3, 0)
                         ON CONFLICT (feed) DO UPDATE SET
                            place = COALESCE(excluded.place, watch_feeds.place), unread = excluded.unread,
                            told = CASE WHEN watch_feeds.unread = excluded.unread THEN watch_feeds.told ELSE 0 END",
                    )
                    .bind(feed.feed)
                    .bind(feed.place)
                    .bind(feed.unread)
                    .execute(&mut *conn)
                    .await?;
                }
                let now: i64 = sqlx::query_scalar("SELECT ms FROM db_clock").fetch_one(&mut *conn).await?;
                let new = new_reports(conn, reported, now).await?;
                queue(conn, new, now).await?;
                if let Some(reason) = sweep_for {
                    want_sweep(conn, &reason, now).await?;
                }
                Ok(true)
            })
        })
        .await
    }

    /// Up to `most` of what is due, first what nobody has looked at yet, and of that first what more than the identity
    /// provider has reported: there somebody may have lost access already.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn due_looks(&self, most: usize) -> Result<Vec<Queued>, StoreError> {
        let rows = sqlx::query(
            "SELECT subject, changed_at, only_at_source, looks, changed_by FROM watch_queue
             WHERE due_at <= (SELECT ms FROM db_clock)
             ORDER BY CASE WHEN looks = 0 THEN 0 ELSE 1 END, only_at_source, due_at LIMIT $1",
        )
        .bind(i64::try_from(most).unwrap_or(i64::MAX))
        .fetch_all(&self.pool)
        .await?;
        let mut due = Vec::with_capacity(rows.len());
        for row in rows {
            due.push(Queued {
                subject: row.try_get("subject")?,
                changed_at: row.try_get("changed_at")?,
                only_at_source: row.try_get::<i64, _>("only_at_source")? == 1,
                looks: u32::try_from(row.try_get::<i64, _>("looks")?).unwrap_or(u32::MAX),
                by: row.try_get("changed_by")?,
            });
        }
        Ok(due)
    }

    /// How much is due that nobody has looked at yet, and how much is due at all.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn count_due(&self) -> Result<(u64, u64), StoreError> {
        let row = sqlx::query(
            "SELECT COUNT(*) AS due, COUNT(CASE WHEN looks = 0 THEN 1 END) AS new FROM watch_queue
             WHERE due_at <= (SELECT ms FROM db_clock)",
        )
        .fetch_one(&self.pool)
        .await?;
        let count = |name| Ok::<_, StoreError>(u64::try_from(row.try_get::<i64, _>(name)?).unwrap_or(0));
        Ok((count("new")?, count("due")?))
    }

    /// Leaves everything that is due and that nobody has looked at to a sweep. Returns false if the look is lost.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn leave_to_sweep(&self, epoch: i64, reason: String) -> Result<bool, StoreError> {
        self.write(move |conn| {
            Box::pin(async move {
                if !holds(conn, epoch, None).await? {
                    return Ok(false);
                }
                let now: i64 = sqlx::query_scalar("SELECT ms FROM db_clock").fetch_one(&mut *conn).await?;
                // What concerns the organization is told as it is, so no sweep takes its place.
                sqlx::query(
                    "DELETE FROM watch_queue WHERE looks = 0 AND due_at <= $1
                        AND substr(subject, 1, 13) <> 'organization:'",
                )
                .bind(now)
                .execute(&mut *conn)
                .await?;
                want_sweep(conn, &reason, now).await?;
                Ok(true)
            })
        })
        .await
    }

    /// The sweep that is wanted and not opened yet.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn wanted_sweep(&self) -> Result<Option<WantedSweep>, StoreError> {
        let row = sqlx::query("SELECT sweep_for, sweep_since FROM watch WHERE sweep_for IS NOT NULL")
            .fetch_optional(&self.pool)
            .await?;
        let wanted = |row: sqlx::any::AnyRow| {
            Ok::<_, StoreError>(WantedSweep {
                reason: row.try_get("sweep_for")?,
                since: row.try_get("sweep_since")?,
            })
        };
        row.map(wanted).transpose()
    }

    /// Records that the wanted sweep is open, or that another one has read everybody since.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sweep_is_open(&self, epoch: i64, since: i64) -> Result<bool, StoreError> {
        self.write(move |conn| {
            Box::pin(async move {
                if !holds(conn, epoch, None).await? {
                    return Ok(false);
                }
                sqlx::query(
                    "UPDATE watch SET sweep_for = NULL, sweep_since = NULL WHERE id = 1 AND sweep_since = $1",
                )
                .bind(since)
                .execute(conn)
                .await?;
                Ok(true)
            })
        })
        .await
    }

    /// Records that a message has said why these feeds cannot be read.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn feeds_told(&self, told: Vec<(String, String)>) -> Result<(), StoreError> {
        self.write(move |conn| {
            Box::pin(async move {
                for (feed, unread) in told {
                    sqlx::query("UPDATE watch_feeds SET told = 1 WHERE feed = $1 AND unread = $2")
                        .bind(feed)
                        .bind(unread)
                        .execute(&mut *conn)
                        .await?;
                }
                Ok(())
            })
        })
        .await
    }
}

/// Whether the look is still held. With `length`, extends it to that from now. It locks the row, so no other process can
/// take the look before this transaction is over.
pub(super) async fn holds(
    conn: &mut AnyConnection,
    epoch: i64,
    length: Option<Duration>,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE watch SET lease_until = CASE WHEN $2 < 0 THEN lease_until ELSE (SELECT ms FROM db_clock) + $2 END,
            touched_at = (SELECT ms FROM db_clock)
         WHERE id = 1 AND epoch = $1 AND lease_until > (SELECT ms FROM db_clock)",
    )
    .bind(epoch)
    .bind(length.map_or(-1, millis))
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

async fn want_sweep(conn: &mut AnyConnection, reason: &str, now: i64) -> Result<(), StoreError> {
    sqlx::query("UPDATE watch SET sweep_for = COALESCE(sweep_for, $1), sweep_since = $2 WHERE id = 1")
        .bind(reason)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// The reports whose entries were not seen before. The entries are remembered with the keys of Slack's events
/// (`dedup.rs`), which are kept for two days. A log is never read further back.
async fn new_reports(
    conn: &mut AnyConnection,
    reported: Vec<Reported>,
    now: i64,
) -> Result<Vec<Reported>, StoreError> {
    // One entry may report several changes.
    let key = |one: &Reported| one.entry.as_ref().map(|entry| format!("watch {entry} {}", one.subject));
    let mut keys: Vec<String> = reported.iter().filter_map(key).collect();
    keys.sort_unstable();
    keys.dedup();
    let mut new = std::collections::BTreeSet::new();
    for (statement, rows) in MARK_SEEN.pieces(&keys) {
        let query = rows.fold(sqlx::query_scalar(statement).bind(now), |query, key| query.bind(key));
        new.extend(query.fetch_all(&mut *conn).await?.into_iter().map(|key: String| key));
    }
    Ok(reported.into_iter().filter(|one| key(one).is_none_or(|key| new.contains(&key))).collect())
}

/// Adds changes to the queue. What is reported again is looked at again, now.
async fn queue(conn: &mut AnyConnection, reported: Vec<Reported>, now: i64) -> Result<(), StoreError> {
    let mut all: BTreeMap<String, (i64, bool, Option<String>)> = BTreeMap::new();
    for one in reported {
        // No report lies in the future. The clocks of the services may differ from that of the database.
        let at = one.changed_at.unwrap_or(now).min(now);
        let known = all.entry(one.subject).or_insert((at, one.at_source, None));
        *known = (known.0.max(at), known.1 && one.at_source, one.by.or(known.2.take()));
    }
    let all: Vec<(String, i64, i64, Option<String>)> =
        all.into_iter().map(|(subject, (at, source, by))| (subject, at, i64::from(source), by)).collect();
    for (statement, rows) in QUEUE.pieces(&all) {
        let query = rows.fold(sqlx::query(statement).bind(now), |query, row| {
            let query = query.bind(row.map(|row| &row.0)).bind(row.map(|row| row.1));
            query.bind(row.map(|row| row.2)).bind(row.and_then(|row| row.3.as_ref()))
        });
        query.execute(&mut *conn).await?;
    }
    Ok(())
}

static MARK_SEEN: Statements = Statements::new(
    "INSERT INTO sights (sight, seen_at) SELECT column1, $1 FROM",
    1,
    1,
    "AS new WHERE column1 IS NOT NULL ON CONFLICT DO NOTHING RETURNING sight",
);
static QUEUE: Statements = Statements::new(
    "INSERT INTO watch_queue (subject, changed_at, only_at_source, changed_by, due_at, looks)
     SELECT column1, column2, column3, column4, $1, 0 FROM",
    1,
    4,
    "AS new WHERE column1 IS NOT NULL ON CONFLICT (subject) DO UPDATE SET
        changed_at = CASE WHEN excluded.changed_at > watch_queue.changed_at
            THEN excluded.changed_at ELSE watch_queue.changed_at END,
        only_at_source = CASE WHEN excluded.only_at_source = 0 THEN 0 ELSE watch_queue.only_at_source END,
        changed_by = COALESCE(excluded.changed_by, watch_queue.changed_by),
        due_at = excluded.due_at, looks = 0",
);
