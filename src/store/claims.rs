//! What a run keeps from all others: the identities it may write to, its share in the tenant, and its place under
//! the daily cap. All of it is decided inside the transaction of an append, with the head of the chain locked,
//! and never outside one: a claim without an entry would be a second truth.

use jiff::Timestamp;
use sqlx::AnyConnection;

use super::StoreError;
use super::journal::{Also, AppendError};

/// The identity that stands for the whole tenant when a claim on it is refused.
pub const TENANT: &str = "tenant";

/// How a run claims the provisioning job of the tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tenant {
    /// A writing run: beside others, but not beside one that has the tenant alone.
    Shared,
    /// A run that touches the whole tenant: alone.
    Exclusive,
}

/// One risky step, counted in the transaction that begins it.
#[derive(Clone, Copy, Debug)]
pub struct Risky {
    /// How many may begin in the window.
    pub limit: i64,
    /// The beginning of the window.
    pub since: Timestamp,
    /// When this one begins.
    pub at: Timestamp,
}

/// Claims for a run what an append asks for; the caller's transaction is undone if anything is refused.
pub(super) async fn claim(conn: &mut AnyConnection, run: &str, also: &Also) -> Result<(), AppendError> {
    for identity in &also.claim {
        let holder: String = sqlx::query_scalar(
            "INSERT INTO claims (identity, run) VALUES ($1, $2)
             ON CONFLICT (identity) DO UPDATE SET identity = excluded.identity RETURNING run",
        )
        .bind(identity)
        .bind(run)
        .fetch_one(&mut *conn)
        .await?;
        if holder != run {
            return Err(AppendError::Claimed { by_run: holder, identity: identity.clone() });
        }
    }
    for identity in also.claim.iter().chain(&also.about) {
        sqlx::query("INSERT INTO subjects (identity, run) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(identity)
            .bind(run)
            .execute(&mut *conn)
            .await?;
    }
    let Some(tenant) = also.tenant else { return Ok(()) };
    let exclusive = i64::from(tenant == Tenant::Exclusive);
    let other: Option<String> = sqlx::query_scalar(
        "SELECT run FROM tenant_claims WHERE run <> $1 AND (exclusive = 1 OR $2 = 1) ORDER BY run LIMIT 1",
    )
    .bind(run)
    .bind(exclusive)
    .fetch_optional(&mut *conn)
    .await?;
    if let Some(by_run) = other {
        return Err(AppendError::Claimed { by_run, identity: TENANT.to_owned() });
    }
    // A run that has the tenant alone does not lose it by asking for a share.
    sqlx::query(
        "INSERT INTO tenant_claims (run, exclusive) VALUES ($1, $2)
         ON CONFLICT (run) DO UPDATE SET exclusive =
            CASE WHEN excluded.exclusive = 1 THEN 1 ELSE tenant_claims.exclusive END",
    )
    .bind(run)
    .bind(exclusive)
    .execute(conn)
    .await?;
    Ok(())
}

/// Whether one more risky step may begin. Two cannot both be the last, for the head of the chain is locked.
pub(super) async fn check_cap(conn: &mut AnyConnection, risky: Risky) -> Result<(), AppendError> {
    let used: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM risky_steps WHERE at >= $1")
        .bind(risky.since.as_millisecond())
        .fetch_one(conn)
        .await?;
    if used >= risky.limit {
        return Err(AppendError::CapReached { used, limit: risky.limit });
    }
    Ok(())
}

/// Gives back all that a run has claimed.
pub(super) async fn release_claims(conn: &mut AnyConnection, run: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM claims WHERE run = $1").bind(run).execute(&mut *conn).await?;
    sqlx::query("DELETE FROM tenant_claims WHERE run = $1").bind(run).execute(conn).await?;
    Ok(())
}
