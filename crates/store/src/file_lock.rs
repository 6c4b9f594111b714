//! The lock of the only server on a SQLite file. The process that holds the lock beside the file knows that no other
//! process works on its runs. Therefore it need not wait for the leases of a killed predecessor. The operating system
//! releases the lock when the process dies, for whatever reason. PostgreSQL has no such lock.

use std::fs::{File, OpenOptions};

use percent_encoding::percent_decode_str;

use super::{Store, StoreError};

/// The lock. Dropping it releases it.
#[derive(Debug)]
pub struct FileLock(#[allow(dead_code, reason = "held for its drop")] File);

impl Store {
    /// Takes the lock beside the SQLite file of this URL and ends every lease of the previous process. Returns `None`
    /// when another process holds the lock, or on PostgreSQL: then leases expire on their own.
    ///
    /// # Errors
    /// When the leases cannot be ended.
    pub async fn take_over(&self, url: &str) -> Result<Option<FileLock>, StoreError> {
        let Some(file) = lock_file(url) else { return Ok(None) };
        let Ok(file) = OpenOptions::new().create(true).truncate(false).write(true).open(file) else {
            return Ok(None);
        };
        if file.try_lock().is_err() {
            return Ok(None);
        }
        self.write(|conn| {
            Box::pin(async move {
                // A raised epoch fences off a process that still believes it holds a lease.
                sqlx::query("UPDATE runs SET owner = NULL, lease_until = 0, epoch = epoch + 1 WHERE lease_until > 0 AND ended_at IS NULL")
                    .execute(&mut *conn)
                    .await?;
                sqlx::query("UPDATE runs SET draw_at = 0 WHERE shown_seq < seq").execute(conn).await?;
                Ok::<_, StoreError>(())
            })
        })
        .await?;
        Ok(Some(FileLock(file)))
    }
}

fn lock_file(url: &str) -> Option<String> {
    let rest = url.strip_prefix("sqlite:")?;
    let file = rest.split_once('?').map_or(rest, |(file, _)| file);
    let file = file.strip_prefix("//").unwrap_or(file);
    (file != ":memory:").then(|| format!("{}.lock", percent_decode_str(file).decode_utf8_lossy()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{NewEntry, NewRun};

    #[tokio::test]
    async fn the_leases_of_a_dead_process_end_at_once_and_those_of_a_live_one_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("a.db").display());
        let store = Store::open(&url).await.unwrap();
        let first = NewEntry {
            at: jiff::Timestamp::UNIX_EPOCH,
            kind: "opened".into(),
            facts: "{}".into(),
            personal: None,
        };
        store.open_run(NewRun { run: "r".into(), key: "k".into(), first, wake: true }).await.unwrap();
        let alone = store.take_over(&url).await.unwrap().unwrap();
        let lease = store.claim_next("dead", Duration::from_secs(60)).await.unwrap().unwrap();
        // A second process arrives while the first one lives: it takes nothing over.
        assert!(store.take_over(&url).await.unwrap().is_none());
        assert!(store.claim_next("new", Duration::from_secs(60)).await.unwrap().is_none());
        drop(alone);
        // Another test may start a program at this moment. Until that program runs, it shares the open file.
        let mut taken = store.take_over(&url).await.unwrap();
        while taken.is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
            taken = store.take_over(&url).await.unwrap();
        }
        let _alone = taken;
        assert!(store.claim_next("new", Duration::from_secs(60)).await.unwrap().is_some());
        assert!(!store.renew(&lease, Duration::from_secs(60)).await.unwrap());
    }
}
