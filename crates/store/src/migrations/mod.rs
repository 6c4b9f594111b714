//! The migrations, which [`Store::open`](super::Store::open) applies in order. A released migration must never
//! change: a new one is added. Both engines share the SQL texts, except for the one view that reads the database's
//! clock.

use std::time::Duration;

use sqlx::{Any, AnyConnection, Row};

use super::journal::lock_head;
use super::timeouts::{POSTGRES_UPGRADE_LOCK_SETTING, POSTGRES_UPGRADE_SETTINGS, UPGRADE_TIMEOUT};
use super::{Engine, Store, StoreError, retention};

struct Migration {
    version: i64,
    shared: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

/// From this version on, entries record what retention has erased.
const ERASURES_VERSION: i64 = 4;

/// How often an upgrade is tried when it cannot get its locks, and the pause between two attempts.
const MAX_ATTEMPTS: u32 = 20;
const ATTEMPT_PAUSE: Duration = Duration::from_secs(1);

const ALL: &[Migration] = &[
    Migration {
        version: 1,
        shared: include_str!("0001_journal.sql"),
        sqlite: include_str!("0001_clock.sqlite.sql"),
        postgres: include_str!("0001_clock.postgres.sql"),
    },
    Migration { version: 2, shared: include_str!("0002_sweeps.sql"), sqlite: "", postgres: "" },
    Migration { version: 3, shared: include_str!("0003_durable.sql"), sqlite: "", postgres: "" },
    Migration { version: 4, shared: include_str!("0004_version_2.sql"), sqlite: "", postgres: "" },
    Migration { version: 5, shared: include_str!("0005_watch.sql"), sqlite: "", postgres: "" },
    Migration { version: 6, shared: include_str!("0006_warnings.sql"), sqlite: "", postgres: "" },
    Migration { version: 7, shared: include_str!("0007_affected.sql"), sqlite: "", postgres: "" },
];

/// Migrates the tables to the version of this program. Several processes may start at once, so the check is repeated
/// once the lock is held. A database of a newer program is refused.
pub(super) async fn migrate(store: &Store) -> Result<(), StoreError> {
    // The first check is outside the transaction, so that a read-only role can open an up-to-date database.
    if let Ok(found) = version(&store.pool).await
        && pending(found)?.is_empty()
    {
        return Ok(());
    }
    let mut attempt = 0;
    loop {
        attempt += 1;
        match upgrade(store).await {
            Err(error) if attempt < MAX_ATTEMPTS && is_locked_out(store.engine, &error) => {
                tracing::warn!(%error, "the upgrade of the tables was locked out; it is tried again");
                tokio::time::sleep(ATTEMPT_PAUSE).await;
            }
            done => return done,
        }
    }
}

/// Whether a running process of the previous version blocked the upgrade. In that case nothing was written.
fn is_locked_out(engine: Engine, error: &StoreError) -> bool {
    match error {
        StoreError::Busy => engine == Engine::Postgres,
        // deadlock_detected
        StoreError::Database(error) => {
            let code = error.as_database_error().and_then(|known| known.code());
            code.as_deref() == Some("40P01")
        }
        _ => false,
    }
}

/// For commands that only read: checks that the tables have the version that this program knows.
pub(super) async fn check(store: &Store) -> Result<(), StoreError> {
    let found = version(&store.pool).await?;
    if pending(found)?.is_empty() {
        return Ok(());
    }
    let why = format!("its tables are those of an older version ({found}); run `reinstate migrate`");
    Err(StoreError::Open(why))
}

/// Applies all pending migrations in one transaction.
async fn upgrade(store: &Store) -> Result<(), StoreError> {
    let engine = store.engine;
    store
        .write_for(UPGRADE_TIMEOUT, move |conn| {
            Box::pin(async move {
                if engine == Engine::Postgres {
                    sqlx::raw_sql(POSTGRES_UPGRADE_SETTINGS).execute(&mut *conn).await?;
                }
                lock(conn, engine).await?;
                if engine == Engine::Postgres {
                    sqlx::raw_sql(POSTGRES_UPGRADE_LOCK_SETTING).execute(&mut *conn).await?;
                }
                sqlx::raw_sql(
                    "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL PRIMARY KEY)",
                )
                .execute(&mut *conn)
                .await?;
                for step in pending(version(&mut *conn).await?)? {
                    // An append locks the head before its run, so the upgrade does the same. Before the first
                    // migration there is no head.
                    if step.version > 1 {
                        lock_head(conn).await?;
                    }
                    sqlx::raw_sql(step.shared).execute(&mut *conn).await?;
                    let own = match engine {
                        Engine::Sqlite => step.sqlite,
                        Engine::Postgres => step.postgres,
                    };
                    if !own.is_empty() {
                        sqlx::raw_sql(own).execute(&mut *conn).await?;
                    }
                    if step.version == ERASURES_VERSION {
                        retention::note_what_was_erased(conn).await?;
                    }
                    sqlx::query("INSERT INTO schema_version (version) VALUES ($1)")
                        .bind(step.version)
                        .execute(&mut *conn)
                        .await?;
                }
                Ok(())
            })
        })
        .await
}

/// `CREATE TABLE IF NOT EXISTS` races with itself on PostgreSQL, so starting programs queue here. On SQLite, `BEGIN
/// IMMEDIATE` has already done this.
async fn lock(conn: &mut AnyConnection, engine: Engine) -> Result<(), StoreError> {
    if engine == Engine::Postgres {
        sqlx::raw_sql("DO $$ BEGIN PERFORM pg_advisory_xact_lock(7235419208113570); END $$")
            .execute(conn)
            .await?;
    }
    Ok(())
}

async fn version<'c>(conn: impl sqlx::Executor<'c, Database = Any>) -> Result<i64, StoreError> {
    let row =
        sqlx::query("SELECT COALESCE(MAX(version), 0) AS found FROM schema_version").fetch_one(conn).await?;
    Ok(row.try_get("found")?)
}

fn pending(found: i64) -> Result<Vec<&'static Migration>, StoreError> {
    let known = ALL.iter().map(|step| step.version).max().unwrap_or(0);
    if found > known {
        return Err(StoreError::NewerSchema { found, known });
    }
    Ok(ALL.iter().filter(|step| step.version > found).collect())
}

#[cfg(test)]
mod tests {
    use super::ALL;

    /// A process of the previous version keeps running while a newer one migrates. It names its columns and gives no
    /// value to the columns that it does not know.
    #[test]
    fn a_later_step_only_adds() {
        for step in ALL.iter().skip(1) {
            let text = [step.shared, step.sqlite, step.postgres].join(";");
            let plain: Vec<&str> = text.lines().filter_map(|line| line.split("--").next()).collect();
            for statement in plain.join(" ").split(';').map(str::trim).filter(|text| !text.is_empty()) {
                let adds_column = statement.starts_with("ALTER TABLE")
                    && statement.contains(" ADD COLUMN ")
                    && (!statement.contains("NOT NULL") || statement.contains(" DEFAULT "));
                // A unique index may refuse rows of an older process, unless its table is new.
                let is_new = |rest: &str| {
                    let table = rest.split_once(" ON ").and_then(|(_, rest)| rest.split(' ').next());
                    table.is_some_and(|table| text.contains(&format!("CREATE TABLE {table} (")))
                };
                let adds =
                    ["CREATE TABLE ", "CREATE INDEX "].iter().any(|start| statement.starts_with(start))
                        || statement.strip_prefix("CREATE UNIQUE INDEX ").is_some_and(is_new);
                // An update may fill a column only if the same migration adds it, because no older process uses it
                // yet.
                let fills = statement
                    .strip_prefix("UPDATE runs SET ")
                    .and_then(|rest| rest.split_once(" = "))
                    .is_some_and(|(column, _)| {
                        text.contains(&format!("ALTER TABLE runs ADD COLUMN {column} "))
                    });
                assert!(adds || adds_column || fills, "step {}: {statement}", step.version);
            }
        }
    }
}
