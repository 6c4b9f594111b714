//! Who works on a run. A lease is taken by compare-and-set on the run's row and raises its epoch; all times are
//! compared inside the database, by its clock, so that replicas need not agree on theirs. The holder counts
//! monotonic time from before it asked, so it gives up no later than the database does. A lease protects the
//! journal, not the world: look at [`Lease::left`] right before anything is sent.
//!
//! The database's clock may be set, too. Forward, leases end early and sleepers wake early, which both may happen
//! anyway. Backward, a lease or a sleep would last as much longer: a row that was touched in the future (by more
//! than a minute, longer than any statement waits for a lock) is free for everybody.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use sqlx::{AnyConnection, Row};

use super::bulk_statement::Statements;
use super::journal::lock_head;
use super::{Store, StoreError, millis};

/// How many runs are looked up at least: other replicas may reach for the same ones.
const MAX_CANDIDATES: usize = 16;

/// The right to work on a run. Clones share the time that is left, so that one task can renew for another.
#[derive(Clone, Debug)]
pub struct Lease {
    pub run: String,
    pub owner: String,
    /// Raised each time the lease is taken: an older holder is recognised by it.
    pub epoch: i64,
    /// The run's newest sequence number when the lease was taken.
    pub seq: i64,
    until: Arc<Mutex<Instant>>,
}

impl Lease {
    /// How long the lease certainly lasts, by this machine's monotonic time.
    #[must_use]
    pub fn left(&self) -> Duration {
        let until = *self.until.lock().unwrap_or_else(PoisonError::into_inner);
        until.saturating_duration_since(Instant::now())
    }
}

/// When a run that is let go shall be taken up again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sleep {
    Now,
    /// After a length of time, counted by the database, so that differing clocks cannot wake it too early.
    For(Duration),
    /// When somebody appends with a wake: it waits for a person.
    ForEver,
}

impl Sleep {
    /// Until a time, given the present by the same clock.
    #[must_use]
    pub fn until(at: Timestamp, now: Timestamp) -> Self {
        Self::For(Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO))
    }
}

// What of a row is no longer true since it was looked up is asked once more.
static TAKE_RUNS: Statements = Statements::new(
    "UPDATE runs SET owner = $1, lease_until = (SELECT ms FROM db_clock) + $2, epoch = epoch + 1,
        touched_at = (SELECT ms FROM db_clock)
     WHERE ended_at IS NULL
        AND (touched_at > (SELECT ms FROM db_clock) + 60000
            OR (lease_until <= (SELECT ms FROM db_clock)
                AND ($3 = 0 OR wake_at <= (SELECT ms FROM db_clock))))
        AND run IN",
    3,
    1,
    "RETURNING run, epoch, seq",
);

impl Store {
    /// Takes the run that has waited longest among those that have something to do and that nobody holds.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn claim_next(&self, owner: &str, length: Duration) -> Result<Option<Lease>, StoreError> {
        Ok(self.claim_up_to(owner, length, 1).await?.pop())
    }

    /// Takes up to so many of the runs that have waited longest; none if there is nothing to do.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn claim_up_to(
        &self,
        owner: &str,
        length: Duration,
        most: usize,
    ) -> Result<Vec<Lease>, StoreError> {
        let most = most.max(1);
        loop {
            // Looked up outside the transaction: an idle executor takes no write lock.
            let candidates: Vec<String> = sqlx::query_scalar(
                "SELECT run FROM (SELECT run FROM runs
                    WHERE ended_at IS NULL AND wake_at <= (SELECT ms FROM db_clock)
                        AND lease_until <= (SELECT ms FROM db_clock)
                    ORDER BY wake_at LIMIT $1) AS awake
                 UNION ALL SELECT run FROM (SELECT run FROM runs
                    WHERE ended_at IS NULL AND wake_at IS NOT NULL
                        AND touched_at > (SELECT ms FROM db_clock) + 60000 LIMIT $1) AS misdated",
            )
            .bind(i64::try_from(most.max(MAX_CANDIDATES)).unwrap_or(i64::MAX))
            .fetch_all(&self.pool)
            .await?;
            if candidates.is_empty() {
                return Ok(Vec::new());
            }
            for some in candidates.chunks(most) {
                let leases = self.take(some.to_vec(), owner, length, true).await?;
                if !leases.is_empty() {
                    return Ok(leases);
                }
            }
        }
    }

    /// Takes one run, asleep or not, if it has not ended and nobody holds it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn claim(&self, run: &str, owner: &str, length: Duration) -> Result<Option<Lease>, StoreError> {
        Ok(self.take(vec![run.to_owned()], owner, length, false).await?.pop())
    }

    async fn take(
        &self,
        runs: Vec<String>,
        owner: &str,
        length: Duration,
        awake: bool,
    ) -> Result<Vec<Lease>, StoreError> {
        let owner = owner.to_owned();
        let until = Instant::now() + length;
        self.write(move |conn| {
            Box::pin(async move {
                // Code that locks many runs locks the head first, as appends do, so that no two lock each other out.
                lock_head(conn).await?;
                let mut leases = Vec::with_capacity(runs.len());
                for (statement, rows) in TAKE_RUNS.pieces(&runs) {
                    let query =
                        sqlx::query(statement).bind(&owner).bind(millis(length)).bind(i64::from(awake));
                    let query = rows.fold(query, |query, run| query.bind(run));
                    for row in query.fetch_all(&mut *conn).await? {
                        leases.push(Lease {
                            run: row.try_get("run")?,
                            owner: owner.clone(),
                            epoch: row.try_get("epoch")?,
                            seq: row.try_get("seq")?,
                            until: Arc::new(Mutex::new(until)),
                        });
                    }
                }
                Ok(leases)
            })
        })
        .await
    }

    /// Makes a lease last `length` from now. False if it has expired or was taken over: stop working.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn renew(&self, lease: &Lease, length: Duration) -> Result<bool, StoreError> {
        let until = Instant::now() + length;
        let held = lease.clone();
        let renewed = self
            .write(move |conn: &mut AnyConnection| {
                Box::pin(async move {
                    let done = sqlx::query(
                        "UPDATE runs SET lease_until = (SELECT ms FROM db_clock) + $4,
                            touched_at = (SELECT ms FROM db_clock)
                         WHERE run = $1 AND owner = $2 AND epoch = $3
                            AND lease_until > (SELECT ms FROM db_clock)",
                    )
                    .bind(held.run)
                    .bind(held.owner)
                    .bind(held.epoch)
                    .bind(millis(length))
                    .execute(conn)
                    .await?;
                    Ok::<_, StoreError>(done.rows_affected() == 1)
                })
            })
            .await?;
        if renewed {
            *lease.until.lock().unwrap_or_else(PoisonError::into_inner) = until;
        }
        Ok(renewed)
    }

    /// Lets a run go. `folded_seq` is the newest entry that the holder has seen: if there is a newer one, the run
    /// stays awake whatever `sleep` says, so no wake is lost. False if the lease was taken over before.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn release(&self, lease: &Lease, folded_seq: i64, sleep: Sleep) -> Result<bool, StoreError> {
        let held = lease.clone();
        let sleep = match sleep {
            Sleep::Now => Some(0),
            Sleep::For(length) => Some(millis(length)),
            Sleep::ForEver => None,
        };
        self.write(move |conn| {
            Box::pin(async move {
                // Adding null gives null, which is "forever".
                let done = sqlx::query(
                    "UPDATE runs SET owner = NULL, lease_until = 0, touched_at = (SELECT ms FROM db_clock),
                        wake_at = CASE WHEN seq > $4 THEN (SELECT ms FROM db_clock) ELSE (SELECT ms FROM db_clock) + $5 END
                     WHERE run = $1 AND owner = $2 AND epoch = $3",
                )
                .bind(held.run)
                .bind(held.owner)
                .bind(held.epoch)
                .bind(folded_seq)
                .bind(sleep)
                .execute(conn)
                .await?;
                Ok(done.rows_affected() == 1)
            })
        })
        .await
    }

    /// How long until the next run wants to be taken up (zero: now); none if all wait for a person.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn next_wake(&self) -> Result<Option<Duration>, StoreError> {
        let left: Option<i64> = sqlx::query_scalar(
            "SELECT MIN(CASE WHEN wake_at > lease_until THEN wake_at ELSE lease_until END)
                - (SELECT ms FROM db_clock)
             FROM runs WHERE ended_at IS NULL AND wake_at IS NOT NULL",
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(left.map(|ms| Duration::from_millis(u64::try_from(ms).unwrap_or(0))))
    }
}
