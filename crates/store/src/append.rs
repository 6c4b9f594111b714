//! Appending: the only way to change the state of a run. It uses optimistic concurrency: an append names the sequence
//! number that its caller had folded. If another caller has appended since, nothing is written, and the caller folds
//! again. Everything that must hold at the same instant is checked and written in the same transaction: claims, the
//! daily cap, the fence of a lease, the end of the run. Entries are never changed or removed here.
//!
//! Concurrent appends are written in one batch (`batch.rs`). Each is decided as if it came alone after the ones
//! before it. A refused append leaves nothing, because it is checked in full before anything of it is kept.

use std::collections::{BTreeSet, HashMap};

use sqlx::{AnyConnection, Row};

use super::bulk_statement::Statements;
use super::claims::{self, Tenant, check_claims, check_daily_cap};
use super::entry::{Entry, Head, NewEntry};
use super::journal::{AppendError, AppendOptions, Appended, move_head, write_entries};
use super::leases::Lease;
use super::{Store, StoreError};

/// An append that waits to be written.
#[derive(Clone)]
pub(super) struct Append {
    /// None for an entry that belongs to no run.
    run: Option<Basis>,
    entries: Vec<NewEntry>,
    also: AppendOptions,
}

/// The state on which an append to a run was decided.
#[derive(Clone)]
struct Basis {
    run: String,
    /// The newest sequence number that the caller had folded.
    on: i64,
    /// The owner and the epoch of an executor's lease.
    fence: Option<(String, i64)>,
}

pub(super) type Outcome = Result<Appended, AppendError>;

impl Store {
    /// Appends to a run. `decided_on` is the newest sequence number that the caller had folded. `fence` is the lease
    /// of an executor, checked by the database's clock. A click has no lease.
    ///
    /// # Errors
    /// [`AppendError`]. `Conflict` means: fold again. Unless the store failed, nothing was written.
    pub async fn append(
        &self,
        run: &str,
        decided_on: i64,
        fence: Option<&Lease>,
        entries: &[NewEntry],
        also: AppendOptions,
    ) -> Result<Appended, AppendError> {
        if entries.is_empty() {
            return Err(StoreError::NothingToAppend.into());
        }
        let fence = fence.map(|lease| (lease.owner.clone(), lease.epoch));
        let run = Some(Basis { run: run.to_owned(), on: decided_on, fence });
        self.append_one(Append { run, entries: entries.to_vec(), also }).await
    }

    /// Appends an entry that belongs to no run: a denial, a counted event, a change of the configuration.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn append_global(&self, new: NewEntry) -> Result<Head, StoreError> {
        match self.append_one(Append { run: None, entries: vec![new], also: AppendOptions::default() }).await
        {
            Ok(appended) => Ok(appended.head),
            Err(AppendError::Store(error)) => Err(error),
            // The other errors are refusals, and this append asks for nothing that can be refused.
            Err(_) => Err(StoreError::Interrupted),
        }
    }

    async fn append_one(&self, append: Append) -> Outcome {
        self.together(&self.appends, append, |conn, head, appends| Box::pin(append_all(conn, head, appends)))
            .await?
    }
}

async fn append_all(
    conn: &mut AnyConnection,
    mut head: Head,
    appends: Vec<Append>,
) -> Result<Vec<Outcome>, StoreError> {
    let mut standing = lock_runs(conn, &appends).await?;
    let mut kept = Rows::default();
    let mut outcomes = Vec::with_capacity(appends.len());
    for append in &appends {
        let outcome = match checked(conn, append, &standing, &mut kept).await {
            // A failed store fails all appends of the batch. An unknown run fails only its own append.
            Err(AppendError::Store(error)) if !matches!(error, StoreError::UnknownRun(_)) => {
                return Err(error);
            }
            Err(refused) => Err(refused),
            Ok(()) => Ok(keep(append, &mut head, &mut standing, &mut kept)),
        };
        outcomes.push(outcome);
    }
    kept.write(conn).await?;
    move_head(conn, &head).await?;
    Ok(outcomes)
}

/// The state of a run whose row is locked. No process can take a lease on it until this transaction is over.
struct LockedRun {
    seq: i64,
    ended: bool,
    /// The owner and the epoch of the lease that is still valid.
    held: Option<(String, i64)>,
}

async fn lock_runs(
    conn: &mut AnyConnection,
    appends: &[Append],
) -> Result<HashMap<String, LockedRun>, StoreError> {
    let runs: BTreeSet<&str> =
        appends.iter().filter_map(|one| Some(one.run.as_ref()?.run.as_str())).collect();
    let runs: Vec<&str> = runs.into_iter().collect();
    let mut standing = HashMap::with_capacity(runs.len());
    for (statement, rows) in LOCK_RUNS.pieces(&runs) {
        let query = rows.fold(sqlx::query(statement), |query, run| query.bind(run.copied()));
        for row in query.fetch_all(&mut *conn).await? {
            let left: i64 = row.try_get("lasts")?;
            let owner: Option<String> = row.try_get("owner")?;
            let epoch = row.try_get("epoch")?;
            let held = owner.filter(|_| left > 0).map(|owner| (owner, epoch));
            let ended = row.try_get::<Option<i64>, _>("ended_at")?.is_some();
            standing.insert(row.try_get("run")?, LockedRun { seq: row.try_get("seq")?, ended, held });
        }
    }
    Ok(standing)
}

// SQLite has no `FOR UPDATE`. An update that changes nothing locks the rows on both engines.
static LOCK_RUNS: Statements = Statements::new(
    "UPDATE runs SET epoch = epoch WHERE run IN",
    0,
    1,
    "RETURNING run, seq, ended_at, owner, epoch, lease_until - (SELECT ms FROM db_clock) AS lasts",
);

/// Checks whether an append is allowed after everything that was kept before it.
async fn checked(
    conn: &mut AnyConnection,
    append: &Append,
    standing: &HashMap<String, LockedRun>,
    kept: &mut Rows,
) -> Result<(), AppendError> {
    let Some(decided) = &append.run else { return Ok(()) };
    let now = standing.get(&decided.run).ok_or_else(|| StoreError::UnknownRun(decided.run.clone()))?;
    // Fence first (a holder that lost its lease must stop, not fold again), then the sequence number, then the end.
    if decided.fence.is_some() && decided.fence != now.held {
        return Err(AppendError::LeaseLost);
    }
    if now.seq != decided.on {
        return Err(AppendError::Conflict { seq: now.seq });
    }
    if now.ended {
        return Err(AppendError::Ended);
    }
    let also = &append.also;
    if also.deadline.is_some_and(|deadline| std::time::Instant::now() > deadline) {
        return Err(AppendError::TooLate);
    }
    if also.claim.is_empty() && also.tenant.is_none() && also.risky.is_none() {
        return Ok(());
    }
    // Writes what was kept so far, because the following queries must see it.
    std::mem::take(kept).write(conn).await?;
    check_claims(conn, &decided.run, also).await?;
    match also.risky {
        Some(risky) => check_daily_cap(conn, risky).await,
        None => Ok(()),
    }
}

/// Keeps a checked append until it is written.
fn keep(
    append: &Append,
    head: &mut Head,
    standing: &mut HashMap<String, LockedRun>,
    kept: &mut Rows,
) -> Appended {
    let (also, first) = (&append.also, head.position + 1);
    let mut seq = append.run.as_ref().map_or(0, |decided| decided.on);
    for new in &append.entries {
        seq += 1;
        let entry = head.next(append.run.as_ref().map(|decided| (decided.run.as_str(), seq)), new);
        *head = entry.head();
        kept.entries.push(entry);
    }
    if let Some(Basis { run, fence, .. }) = &append.run {
        let ended_at = append.entries.last().filter(|_| also.end).map(|last| last.at.as_millisecond());
        // A run that its own executor ends needs no lease any more.
        let let_go = ended_at.is_some() && fence.is_some();
        if let Some(now) = standing.get_mut(run) {
            (now.seq, now.ended) = (seq, ended_at.is_some());
            now.held = now.held.take().filter(|_| !let_go);
        }
        kept.moved.push(AdvancedRun { run: run.clone(), seq, ended_at, wake: also.wake, let_go });
        let names = also.claim.iter().chain(&also.about).map(|identity| (identity.clone(), run.clone()));
        kept.subjects.extend(names);
        kept.claims.extend(also.claim.iter().map(|identity| (identity.clone(), run.clone())));
        kept.shares.extend(also.tenant.map(|tenant| (run.clone(), tenant)));
        kept.risky.extend(also.risky.map(|_| (first, run.clone())));
    }
    Appended { last_seq: seq, head: head.clone() }
}

/// The rows to write, from one append or many.
#[derive(Default)]
struct Rows {
    entries: Vec<Entry>,
    /// The positions and the runs of risky steps.
    risky: Vec<(i64, String)>,
    /// The identities and the runs that claim them.
    claims: Vec<(String, String)>,
    shares: Vec<(String, Tenant)>,
    /// The identities and the runs that are about them.
    subjects: Vec<(String, String)>,
    moved: Vec<AdvancedRun>,
}

/// A run that has new entries.
struct AdvancedRun {
    run: String,
    seq: i64,
    ended_at: Option<i64>,
    wake: bool,
    /// Whether its lease is given back.
    let_go: bool,
}

impl Rows {
    async fn write(self, conn: &mut AnyConnection) -> Result<(), StoreError> {
        write_entries(conn, &self.entries).await?;
        for (position, run) in &self.risky {
            sqlx::query(
                "INSERT INTO risky_steps (position, run, at) VALUES ($1, $2, (SELECT ms FROM db_clock))",
            )
            .bind(position)
            .bind(run)
            .execute(&mut *conn)
            .await?;
        }
        claims::write(conn, &self.claims, &self.shares, &self.subjects).await?;
        for (statement, rows) in MOVE_RUNS.pieces(&self.moved) {
            let mut query = sqlx::query(statement);
            for moved in rows {
                query = query
                    .bind(moved.map(|moved| &moved.run))
                    .bind(moved.map(|moved| moved.seq))
                    .bind(moved.and_then(|moved| moved.ended_at))
                    .bind(moved.map(|moved| i64::from(moved.wake)))
                    .bind(moved.map(|moved| i64::from(moved.let_go)));
            }
            query.execute(&mut *conn).await?;
        }
        let ended: Vec<&str> = self
            .moved
            .iter()
            .filter(|moved| moved.ended_at.is_some())
            .map(|moved| moved.run.as_str())
            .collect();
        claims::release(conn, &ended).await
    }
}

static MOVE_RUNS: Statements = Statements::new(
    "UPDATE runs SET seq = moved.column2, ended_at = moved.column3,
        wake_at = CASE WHEN moved.column4 = 1 THEN (SELECT ms FROM db_clock) ELSE wake_at END,
        touched_at = CASE WHEN moved.column4 = 1 THEN (SELECT ms FROM db_clock) ELSE touched_at END,
        owner = CASE WHEN moved.column5 = 1 THEN NULL ELSE owner END,
        lease_until = CASE WHEN moved.column5 = 1 THEN 0 ELSE lease_until END
     FROM",
    0,
    5,
    "AS moved WHERE runs.run = moved.column1",
);
