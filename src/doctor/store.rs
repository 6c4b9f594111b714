//! The database, opened as `serve` would open it: made where it is missing, and brought up to date.

use secrecy::ExposeSecret as _;

use super::Check;
use crate::config::Config;
use crate::store::{Store, StoreError};

/// Whether the store can be opened and written, and whether what is written survives a power cut.
pub(super) async fn look(config: &Config) -> Vec<Check> {
    let store = match Store::open(config.store.url.expose_secret()).await {
        Ok(store) => store,
        Err(error @ StoreError::NewerSchema { .. }) => {
            let fix = "Run the program version that made it, or restore a backup from before the upgrade";
            return vec![Check::bad("store.open", error.to_string(), fix)];
        }
        Err(error) => {
            let fix =
                "Check store.url, that the folder or server is there, and that this user may write to it";
            return vec![Check::bad("store.open", error.to_string(), fix)];
        }
    };
    let mut checks = vec![Check::good("store.open", "it opens, and its tables are up to date")];
    checks.push(match store.try_write().await {
        Ok(()) => Check::good("store.write", "a transaction was written"),
        Err(error) => Check::bad(
            "store.write",
            error.to_string(),
            "Make room on the disk, and let this user write to the database (a read-only disk or role cannot work)",
        ),
    });
    checks.push(match store.durability().await {
        Ok(durability) if durability.survives_power_cuts => Check::good("store.durability", durability.says),
        Ok(durability) => Check::bad(
            "store.durability",
            durability.says,
            "PostgreSQL: set fsync = on and synchronous_commit = on, or a step could be forgotten after a power cut",
        ),
        Err(error) => Check::unknown("store.durability", error.to_string(), "Try again when the database answers"),
    });
    checks
}
