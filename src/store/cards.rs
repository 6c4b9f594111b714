//! Which Slack messages show a run, and how much of it they show. The store only remembers where a card is;
//! nothing is ever read back from Slack into it. The first stored card of a role is the card: a second post
//! (its answer was lost, or two replicas posted) does not replace it.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::{Store, StoreError};

/// A message that shows a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// The run.
    pub run: String,
    /// What the card is for; `root` is the one that every run has.
    pub role: String,
    /// Where it stands.
    pub at: CardRef,
    /// The newest entry that it shows.
    pub rendered_seq: i64,
    /// The hash of what it shows, so that an update that changes nothing is not sent.
    pub fingerprint: String,
}

/// A message in Slack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardRef {
    /// Its channel.
    pub channel: String,
    /// Its time stamp, which is its id within the channel.
    pub ts: String,
}

impl Card {
    fn from_row(row: &AnyRow) -> Result<Self, StoreError> {
        Ok(Self {
            run: row.try_get("run")?,
            role: row.try_get("role")?,
            at: CardRef { channel: row.try_get("channel")?, ts: row.try_get("ts")? },
            rendered_seq: row.try_get("rendered_seq")?,
            fingerprint: row.try_get("fingerprint")?,
        })
    }
}

impl Store {
    /// Remembers a card. `instead_of` is the card it replaces, as the caller knew it (none: there is none yet). False
    /// if another card is known by now: that one counts, and this message should be taken back.
    pub async fn set_card(&self, card: Card, instead_of: Option<CardRef>) -> Result<bool, StoreError> {
        self.write(move |conn| {
            Box::pin(async move {
                lock_run(conn, &card.run).await?;
                let replaces = instead_of.unwrap_or(CardRef { channel: String::new(), ts: String::new() });
                let done = sqlx::query(
                    "INSERT INTO cards (run, role, channel, ts, rendered_seq, fingerprint)
                     VALUES ($1, $2, $3, $4, $5, $6)
                     ON CONFLICT (run, role) DO UPDATE SET channel = excluded.channel, ts = excluded.ts,
                        rendered_seq = excluded.rendered_seq, fingerprint = excluded.fingerprint
                     WHERE cards.channel = $7 AND cards.ts = $8",
                )
                .bind(&card.run)
                .bind(&card.role)
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
    pub async fn mark_rendered(
        &self,
        run: &str,
        at: &CardRef,
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
    pub async fn cards(&self, run: &str) -> Result<Vec<Card>, StoreError> {
        sqlx::query("SELECT * FROM cards WHERE run = $1 ORDER BY role")
            .bind(run)
            .fetch_all(&self.pool)
            .await?
            .iter()
            .map(Card::from_row)
            .collect()
    }

    /// Runs of which some card is behind, or which have no root card yet, oldest first.
    pub async fn stale_cards(&self, limit: i64) -> Result<Vec<String>, StoreError> {
        Ok(sqlx::query_scalar("SELECT run FROM runs WHERE shown_seq < seq ORDER BY opened_at, run LIMIT $1")
            .bind(limit)
            .fetch_all(&self.pool)
            .await?)
    }
}

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
