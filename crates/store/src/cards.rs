//! Which Slack messages show a run, and how much of it they show. The store only remembers where a card is;
//! nothing is ever read back from Slack into it. One process at a time draws the cards of a run. The first stored
//! card of a role is the card: a second post (the answer to the first was lost) does not replace it.

use std::collections::HashSet;
use std::time::Duration;

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::bulk_statement::Statements;
use super::card_role::CardRole;
use super::journal::lock_head;
use super::{Store, StoreError, millis};

/// How long a card waits at most before it is tried again.
const MAX_PAUSE: Duration = Duration::from_secs(300);

/// A message that shows a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostedMessage {
    pub run: String,
    /// What the card is for.
    pub role: CardRole,
    pub at: MessageRef,
    /// The newest entry that it shows.
    pub rendered_seq: i64,
    /// The hash of what it shows, so that an update that changes nothing is not sent.
    pub fingerprint: String,
}

/// A message in Slack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRef {
    pub channel: String,
    /// Its time stamp, which is its id within the channel.
    pub ts: String,
}

impl PostedMessage {
    fn from_row(row: &AnyRow) -> Result<Self, StoreError> {
        Ok(Self {
            run: row.try_get("run")?,
            role: CardRole::from(row.try_get::<String, _>("role")?.as_str()),
            at: MessageRef { channel: row.try_get("channel")?, ts: row.try_get("ts")? },
            rendered_seq: row.try_get("rendered_seq")?,
            fingerprint: row.try_get("fingerprint")?,
        })
    }
}

impl Store {
    /// Remembers a card. `instead_of` is the card it replaces, as the caller knew it (none: there is none yet). False
    /// if another card is known by now: that one counts, and this message should be taken back.
    ///
    /// # Errors
    /// There is no such run, or the store fails.
    pub async fn set_card(
        &self,
        card: PostedMessage,
        instead_of: Option<MessageRef>,
    ) -> Result<bool, StoreError> {
        self.write(move |conn| {
            Box::pin(async move {
                lock_run(conn, &card.run).await?;
                let replaces = instead_of.unwrap_or(MessageRef { channel: String::new(), ts: String::new() });
                let done = sqlx::query(
                    "INSERT INTO cards (run, role, channel, ts, rendered_seq, fingerprint)
                     VALUES ($1, $2, $3, $4, $5, $6)
                     ON CONFLICT (run, role) DO UPDATE SET channel = excluded.channel, ts = excluded.ts,
                        rendered_seq = excluded.rendered_seq, fingerprint = excluded.fingerprint
                     WHERE cards.channel = $7 AND cards.ts = $8",
                )
                .bind(&card.run)
                .bind(card.role.to_string())
                .bind(&card.at.channel)
                .bind(&card.at.ts)
                .bind(card.rendered_seq)
                .bind(&card.fingerprint)
                .bind(&replaces.channel)
                .bind(&replaces.ts)
                .execute(&mut *conn)
                .await?;
                recount(conn, &card.run).await?;
                Ok(done.rows_affected() == 1)
            })
        })
        .await
    }

    /// Notes that a card now shows the run up to `seq`. Never goes back; a card that was replaced is not touched.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn mark_rendered(
        &self,
        run: &str,
        at: &MessageRef,
        seq: i64,
        fingerprint: &str,
    ) -> Result<bool, StoreError> {
        let (run, at, fingerprint) = (run.to_owned(), at.clone(), fingerprint.to_owned());
        self.write(move |conn| {
            Box::pin(async move {
                lock_run(conn, &run).await?;
                let done = sqlx::query(
                    "UPDATE cards SET rendered_seq = $4, fingerprint = $5
                     WHERE run = $1 AND channel = $2 AND ts = $3 AND rendered_seq <= $4",
                )
                .bind(&run)
                .bind(&at.channel)
                .bind(&at.ts)
                .bind(seq)
                .bind(&fingerprint)
                .execute(&mut *conn)
                .await?;
                recount(conn, &run).await?;
                Ok(done.rows_affected() >= 1)
            })
        })
        .await
    }

    /// The cards of a run.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn cards(&self, run: &str) -> Result<Vec<PostedMessage>, StoreError> {
        let rows =
            sqlx::query("SELECT run, role, channel, ts, rendered_seq, fingerprint FROM cards WHERE run = $1")
                .bind(run)
                .fetch_all(&self.pool)
                .await?;
        let mut cards = rows.iter().map(PostedMessage::from_row).collect::<Result<Vec<_>, _>>()?;
        // Not sorted by the database, whose order of texts depends on its locale.
        cards.sort_by_cached_key(|card| card.role.to_string());
        Ok(cards)
    }

    /// Runs of which some card is behind, or which have no root card yet, oldest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn stale_cards(&self, limit: i64) -> Result<Vec<String>, StoreError> {
        Ok(sqlx::query_scalar("SELECT run FROM runs WHERE shown_seq < seq ORDER BY opened_at LIMIT $1")
            .bind(limit)
            .fetch_all(&self.pool)
            .await?)
    }

    /// Takes up to `limit` runs to draw, oldest first: some card of theirs is behind, or they have no root card
    /// yet. For `length` no other process draws them, so that no message is posted twice; say when it is done
    /// ([`Self::drawn`]).
    ///
    /// # Errors
    /// When the store fails.
    pub async fn take_stale(&self, limit: usize, length: Duration) -> Result<Vec<String>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        // Looked up outside the transaction: where nothing is behind, no write lock is taken.
        let stale: Vec<String> = sqlx::query_scalar(
            "SELECT run FROM runs WHERE shown_seq < seq
                AND (draw_at <= (SELECT ms FROM db_clock) OR draw_at > (SELECT ms FROM db_clock) + 600000)
             ORDER BY opened_at LIMIT $1",
        )
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        if stale.is_empty() {
            return Ok(stale);
        }
        self.write(move |conn| {
            Box::pin(async move {
                // Code that locks many runs locks the head first (`leases.rs`).
                lock_head(conn).await?;
                let mut taken: HashSet<String> = HashSet::new();
                for (statement, rows) in TAKE_STALE.pieces(&stale) {
                    let query = sqlx::query_scalar(statement).bind(millis(length));
                    let query = rows.fold(query, |query, run| query.bind(run));
                    taken.extend(query.fetch_all(&mut *conn).await?);
                }
                // In the order in which they were found, which the database need not keep.
                Ok(stale.into_iter().filter(|run| taken.contains(run)).collect())
            })
        })
        .await
    }

    /// Makes a run's cards be drawn again, whatever they are believed to show.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn draw_again(&self, run: &str) -> Result<(), StoreError> {
        let run = run.to_owned();
        self.write(move |conn| {
            Box::pin(async move {
                lock_run(conn, &run).await?;
                sqlx::query("UPDATE cards SET rendered_seq = 0, fingerprint = '' WHERE run = $1")
                    .bind(&run)
                    .execute(&mut *conn)
                    .await?;
                recount(conn, &run).await
            })
        })
        .await
    }

    /// Lets a run go that was drawn; it is not drawn again before the pause (at most five minutes) is over.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn drawn(&self, run: &str, pause: Duration) -> Result<(), StoreError> {
        let (run, pause) = (run.to_owned(), pause.min(MAX_PAUSE));
        self.write(move |conn| {
            Box::pin(async move {
                sqlx::query("UPDATE runs SET draw_at = (SELECT ms FROM db_clock) + $2 WHERE run = $1")
                    .bind(run)
                    .bind(millis(pause))
                    .execute(conn)
                    .await?;
                Ok(())
            })
        })
        .await
    }
}

// A time further away than any pause was set before the clock was set back.
static TAKE_STALE: Statements = Statements::new(
    "UPDATE runs SET draw_at = (SELECT ms FROM db_clock) + $1
     WHERE shown_seq < seq
        AND (draw_at <= (SELECT ms FROM db_clock) OR draw_at > (SELECT ms FROM db_clock) + 600000)
        AND run IN",
    1,
    1,
    "RETURNING run",
);

/// Locks the run first, so that two posters cannot count each other's cards out of `shown_seq`.
async fn lock_run(conn: &mut AnyConnection, run: &str) -> Result<(), StoreError> {
    let locked = sqlx::query("UPDATE runs SET seq = seq WHERE run = $1").bind(run).execute(conn).await?;
    if locked.rows_affected() == 0 {
        return Err(StoreError::UnknownRun(run.to_owned()));
    }
    Ok(())
}

/// Kept on the run's row, so that finding stale runs costs no more when there are many old ones.
async fn recount(conn: &mut AnyConnection, run: &str) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE runs SET shown_seq = CASE
            WHEN EXISTS (SELECT 1 FROM cards WHERE cards.run = $1 AND cards.role = 'root')
            THEN (SELECT MIN(cards.rendered_seq) FROM cards WHERE cards.run = $1)
            ELSE -1 END
         WHERE run = $1",
    )
    .bind(run)
    .execute(conn)
    .await?;
    Ok(())
}
