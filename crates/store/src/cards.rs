//! Cards: the Slack messages that show a run, and up to which entry each one shows it. The store only remembers where
//! a card is; it never takes data back from Slack. One process at a time draws the cards of a run. The first stored
//! card of a role stays the card: if the answer to the first post was lost, a second post does not replace it.

use std::collections::HashSet;
use std::time::Duration;

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::bulk_statement::Statements;
use super::card_role::CardRole;
use super::journal::lock_head;
use super::{Store, StoreError, millis};

/// The longest pause before a card is tried again.
const MAX_PAUSE: Duration = Duration::from_secs(300);

/// A message that shows a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostedMessage {
    pub run: String,
    /// The purpose of the card. Every run has a card with the role `root`.
    pub role: CardRole,
    pub at: MessageRef,
    /// The newest entry that the card shows.
    pub rendered_seq: i64,
    /// The hash of the content, so that an update without a change is not sent.
    pub fingerprint: String,
}

/// A message in Slack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRef {
    pub channel: String,
    /// The Slack time stamp, which identifies the message within the channel.
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
    /// Stores a card. `instead_of` is the card that it replaces, as the caller knew it (None: there was none).
    /// Returns false if the store knows another card by now. That other card is valid, and the caller should delete
    /// this message.
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

    /// Records that a card now shows the run up to `seq`. The number never decreases, and a replaced card is not
    /// changed.
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
        // The code sorts, because the text order of the database depends on its locale.
        cards.sort_by_cached_key(|card| card.role.to_string());
        Ok(cards)
    }

    /// Runs with an outdated card or without a root card, oldest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn stale_cards(&self, limit: i64) -> Result<Vec<String>, StoreError> {
        Ok(sqlx::query_scalar("SELECT run FROM runs WHERE shown_seq < seq ORDER BY opened_at LIMIT $1")
            .bind(limit)
            .fetch_all(&self.pool)
            .await?)
    }

    /// Takes up to `limit` runs to draw, oldest first: runs with an outdated card or without a root card. No other
    /// process draws them for `length`, so that no message is posted twice. The caller reports the end with
    /// [`Self::drawn`].
    ///
    /// # Errors
    /// When the store fails.
    pub async fn take_stale(&self, limit: usize, length: Duration) -> Result<Vec<String>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        // The lookup is outside the transaction, so that no write lock is taken when no card is outdated.
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
                // Keeps the order of the lookup, which the database does not guarantee for `RETURNING`.
                Ok(stale.into_iter().filter(|run| taken.contains(run)).collect())
            })
        })
        .await
    }

    /// Marks all cards of a run as outdated, whatever the store believes they show.
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

    /// Releases a run after drawing. It is not drawn again before the pause (at most five minutes) is over.
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

// A `draw_at` further in the future than any pause was written before the clock was set back, so it is ignored.
static TAKE_STALE: Statements = Statements::new(
    "UPDATE runs SET draw_at = (SELECT ms FROM db_clock) + $1
     WHERE shown_seq < seq
        AND (draw_at <= (SELECT ms FROM db_clock) OR draw_at > (SELECT ms FROM db_clock) + 600000)
        AND run IN",
    1,
    1,
    "RETURNING run",
);

/// Locks the run first, so that two concurrent posters do not compute `shown_seq` without each other's cards.
async fn lock_run(conn: &mut AnyConnection, run: &str) -> Result<(), StoreError> {
    let locked = sqlx::query("UPDATE runs SET seq = seq WHERE run = $1").bind(run).execute(conn).await?;
    if locked.rows_affected() == 0 {
        return Err(StoreError::UnknownRun(run.to_owned()));
    }
    Ok(())
}

/// `shown_seq` is stored on the row of the run, so that the search for stale runs stays fast when there are many old
/// runs.
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
