//! Checks the database. It opens the database as `serve` does: it creates a missing one and migrates an old one.

use secrecy::ExposeSecret as _;

use super::Check;
use crate::config::Config;
use reinstate_store::{Store, StoreError};

/// Whether the store can be opened and written, and whether committed data survives a power failure.
pub(super) async fn look(config: &Config) -> Vec<Check> {
    match Store::open(config.store.url.expose_secret()).await {
        Ok(store) => opened(&store).await,
        Err(error) => vec![Check::bad("store.open", error.to_string(), fix(&error))],
    }
}

/// The same checks for a store that is already open.
pub(super) async fn opened(store: &Store) -> Vec<Check> {
    let mut checks = vec![Check::good("store.open", "it opens, and its tables are up to date")];
    checks.push(match store.try_write().await {
        Ok(()) => Check::good("store.write", "a transaction was written"),
        Err(error) => Check::bad("store.write", error.to_string(), fix(&error)),
    });
    checks.push(match store.durability().await {
        Ok(durability) if durability.survives_power_cuts => Check::good("store.durability", durability.message),
        Ok(durability) => Check::bad(
            "store.durability",
            durability.message,
            "PostgreSQL: set fsync = on and synchronous_commit = on, or a step could be forgotten after a power cut",
        ),
        Err(error) => Check::unknown("store.durability", error.to_string(), "Try again when the database answers"),
    });
    checks
}

/// What an administrator does about a store that cannot be used. `doctor` and a `serve` that cannot start both show
/// it.
#[must_use]
pub fn fix(error: &StoreError) -> &'static str {
    match error {
        StoreError::NewerSchema { .. } => {
            "Run the program version that made it, or restore a backup from before the upgrade"
        }
        StoreError::Full => {
            "Make room on the disk that holds the database; nothing is started until there is"
        }
        StoreError::ReadOnly => {
            "Let this user write there: remount the disk, or give the folder or the database's role the right to write"
        }
        StoreError::Open(_) => {
            "Check store.url, that the folder or server is there, and that this user may write to it"
        }
        _ => "Look whether the database runs and answers; what it says above is its own reason",
    }
}
