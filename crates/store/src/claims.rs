//! What a run reserves against all other runs: the identities it may write to, its claim on the tenant, and its place
//! under the daily cap. Claims are decided only inside the transaction of an append, with the head of the chain
//! locked. A claim without an entry would contradict the journal, which is the only source of truth.

use std::time::Duration;

use sqlx::AnyConnection;

use super::bulk_statement::Statements;
use super::journal::{AppendError, AppendOptions};
use super::{StoreError, millis};

/// The identity that an error reports when a claim on the whole tenant is refused.
pub const TENANT: &str = "tenant";

/// How a run claims the provisioning job of the tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tenant {
    /// A run that writes. It may run beside others, but not beside a run with an exclusive claim.
    Shared,
    /// A run that affects the whole tenant. No other run may write at the same time.
    Exclusive,
}

/// One risky step, counted in the transaction that begins it.
#[derive(Clone, Copy, Debug)]
pub struct DailyCap {
    /// How many steps may begin in the window.
    pub limit: i64,
    /// The length of the window. The window ends when this step begins, by the database's clock.
    pub within: Duration,
}

/// Checks whether a run may claim what an append asks for. No other run can claim in between, because the head is
/// locked.
pub(super) async fn check_claims(
    conn: &mut AnyConnection,
    run: &str,
    also: &AppendOptions,
) -> Result<(), AppendError> {
    for identity in &also.claim {
        let holder: Option<String> = sqlx::query_scalar("SELECT run FROM claims WHERE identity = $1")
            .bind(identity)
            .fetch_optional(&mut *conn)
            .await?;
        if let Some(by_run) = holder.filter(|holder| holder != run) {
            return Err(AppendError::Claimed { by_run, identity: identity.clone() });
        }
    }
    let Some(tenant) = also.tenant else { return Ok(()) };
    let other: Option<String> = sqlx::query_scalar(
        "SELECT run FROM tenant_claims WHERE run <> $1 AND (exclusive = 1 OR $2 = 1) LIMIT 1",
    )
    .bind(run)
    .bind(exclusive(tenant))
    .fetch_optional(conn)
    .await?;
    match other {
        Some(by_run) => Err(AppendError::Claimed { by_run, identity: TENANT.to_owned() }),
        None => Ok(()),
    }
}

/// Writes claims that were checked, and the identities that each run is about.
pub(super) async fn write(
    conn: &mut AnyConnection,
    claims: &[(String, String)],
    shares: &[(String, Tenant)],
    subjects: &[(String, String)],
) -> Result<(), StoreError> {
    for (pairs, statements) in [(claims, &INSERT_CLAIMS), (subjects, &INSERT_SUBJECTS)] {
        for (statement, rows) in statements.pieces(pairs) {
            let query = rows.fold(sqlx::query(statement), |query, pair| {
                query.bind(pair.map(|(identity, _)| identity)).bind(pair.map(|(_, run)| run))
            });
            query.execute(&mut *conn).await?;
        }
    }
    for (run, tenant) in shares {
        // A run with an exclusive claim keeps it when it asks for a shared one.
        sqlx::query(
            "INSERT INTO tenant_claims (run, exclusive) VALUES ($1, $2)
             ON CONFLICT (run) DO UPDATE SET exclusive =
                CASE WHEN excluded.exclusive = 1 THEN 1 ELSE tenant_claims.exclusive END",
        )
        .bind(run)
        .bind(exclusive(*tenant))
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

fn exclusive(tenant: Tenant) -> i64 {
    i64::from(tenant == Tenant::Exclusive)
}

/// Checks whether one more risky step may begin. Two steps cannot both take the last place, because the head is
/// locked.
pub(super) async fn check_daily_cap(conn: &mut AnyConnection, risky: DailyCap) -> Result<(), AppendError> {
    let used: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM risky_steps WHERE at > (SELECT ms FROM db_clock) - $1")
            .bind(millis(risky.within))
            .fetch_one(conn)
            .await?;
    if used >= risky.limit {
        return Err(AppendError::CapReached { used, limit: risky.limit });
    }
    Ok(())
}

/// Releases everything that runs have claimed.
pub(super) async fn release(conn: &mut AnyConnection, runs: &[&str]) -> Result<(), StoreError> {
    for statements in [&RELEASE_CLAIMS, &RELEASE_SHARES] {
        for (statement, rows) in statements.pieces(runs) {
            rows.fold(sqlx::query(statement), |query, run| query.bind(run.copied()))
                .execute(&mut *conn)
                .await?;
        }
    }
    Ok(())
}

// A run may claim again what it already holds.
static INSERT_CLAIMS: Statements = Statements::new(
    "INSERT INTO claims (identity, run) SELECT * FROM",
    0,
    2,
    "AS new WHERE column1 IS NOT NULL ON CONFLICT DO NOTHING",
);
static INSERT_SUBJECTS: Statements = Statements::new(
    "INSERT INTO subjects (identity, run) SELECT * FROM",
    0,
    2,
    "AS new WHERE column1 IS NOT NULL ON CONFLICT DO NOTHING",
);
static RELEASE_CLAIMS: Statements = Statements::new("DELETE FROM claims WHERE run IN", 0, 1, "");
static RELEASE_SHARES: Statements = Statements::new("DELETE FROM tenant_claims WHERE run IN", 0, 1, "");
