//! The chain as a whole: its head, its verification, its export. Only reads. What is promised is that any
//! change to the journal is found, given one head that was kept elsewhere; without one, a rewritten chain that
//! is consistent in itself cannot be told from the real one.

use jiff::Timestamp;
use sqlx::Row;

use super::entry::{Entry, Head, entry_columns};
use super::erasure::ErasedRanges;
use super::{Store, StoreError};

/// How many entries are read at once.
const PAGE_SIZE: i64 = 500;

/// A chain in which everything fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many entries it has.
    pub entries: i64,
    pub head: Head,
}

/// Why the chain was not verified.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The given head is not one: nothing was checked.
    #[error("{0:?} is not a head: give the 64 hexadecimal digits from a final card, or POSITION:DIGITS")]
    BadHead(String),
    /// Something was changed, inserted, moved or removed.
    #[error("the journal is broken at position {position}: {why}")]
    Broken {
        /// The first place that does not fit.
        position: i64,
        /// What does not fit.
        why: String,
    },
    /// The store could not be read.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for AuditError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Tampered { position, why } => Self::Broken { position, why },
            other => Self::Store(other),
        }
    }
}

/// Reads the journal page by page, oldest entry first.
#[derive(Debug)]
pub struct Export {
    store: Store,
    after: i64,
    since: i64,
}

impl Export {
    /// The next entries; none at the end.
    ///
    /// # Errors
    /// When the store fails, or what it holds is no entry.
    pub async fn next_page(&mut self) -> Result<Option<Vec<Entry>>, StoreError> {
        let page = self.store.page(self.after, self.since).await?;
        if let Some(last) = page.last() {
            self.after = last.position;
        }
        Ok((!page.is_empty()).then_some(page))
    }
}

impl Store {
    /// The end of the chain, to be shown on final cards and kept elsewhere.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn head(&self) -> Result<Head, StoreError> {
        let row = sqlx::query("SELECT position, hash FROM head WHERE id = 1").fetch_one(&self.pool).await?;
        Ok(Head { position: row.try_get("position")?, hash: row.try_get("hash")? })
    }

    /// The whole journal, or what happened since a time.
    #[must_use]
    pub fn export(&self, since: Option<Timestamp>) -> Export {
        Export { store: self.clone(), after: 0, since: since.map_or(i64::MIN, Timestamp::as_millisecond) }
    }

    /// Checks every entry and every link, that a head kept elsewhere (its hash, or `position:hash`) is part of the
    /// chain, and that an entry says of all personal data that is gone that it was erased. Appends that come in meanwhile
    /// are checked too.
    ///
    /// # Errors
    /// [`AuditError`]: the first place that does not fit, a head that is none, or a store that fails.
    pub async fn verify(&self, kept: Option<&str>) -> Result<Verified, AuditError> {
        let kept = kept.map(parse_head).transpose()?;
        let mut found = kept.as_ref().is_none_or(|kept| is(kept, &Head::start()));
        let mut at = Head::start();
        let mut holes = ErasedRanges::default();
        loop {
            // The stored head is read before the page: it can only be behind what is read afterwards.
            let stored = self.head().await?;
            let page = self.page(at.position, i64::MIN).await?;
            for entry in &page {
                follow(&at, entry)?;
                at = entry.head();
                holes.follow(entry);
                found = found || kept.as_ref().is_none_or(|kept| is(kept, &at));
                if stored.position == at.position && stored.hash != at.hash {
                    let why = "the entry is not the one that the head names".to_owned();
                    return Err(AuditError::Broken { position: at.position, why });
                }
            }
            if !page.is_empty() {
                continue;
            }
            if stored != at {
                let why = format!("the chain ends here, but its head names entry {}", stored.position);
                return Err(AuditError::Broken { position: at.position, why });
            }
            if !found {
                let position = kept.and_then(|(position, _)| position).unwrap_or(at.position + 1);
                let why = "the given head is not in the chain: entries were rewritten or removed".to_owned();
                return Err(AuditError::Broken { position, why });
            }
            if let Some(position) = holes.first() {
                let why = "its personal data is gone, and no entry says that it was erased".to_owned();
                return Err(AuditError::Broken { position, why });
            }
            return Ok(Verified { entries: at.position, head: at });
        }
    }

    async fn page(&self, after: i64, since: i64) -> Result<Vec<Entry>, StoreError> {
        sqlx::query(concat!(
            "SELECT ",
            entry_columns!(),
            " FROM entries WHERE position > $1 AND at >= $2 ORDER BY position LIMIT $3",
        ))
        .bind(after)
        .bind(since)
        .bind(PAGE_SIZE)
        .fetch_all(&self.pool)
        .await?
        .iter()
        .map(Entry::from_row)
        .collect()
    }
}

/// Whether an entry is the one that comes after `before`.
fn follow(before: &Head, entry: &Entry) -> Result<(), AuditError> {
    let expected = before.position + 1;
    if entry.position != expected {
        return Err(AuditError::Broken { position: expected, why: "the entry is missing".to_owned() });
    }
    entry.check()?;
    if entry.prev_hash != before.hash {
        let why = "the entry does not follow the one before it".to_owned();
        return Err(AuditError::Broken { position: expected, why });
    }
    Ok(())
}

type Kept = (Option<i64>, String);

fn parse_head(text: &str) -> Result<Kept, AuditError> {
    let bad = || AuditError::BadHead(text.to_owned());
    let (position, hash) = match text.trim().split_once(':') {
        Some((position, hash)) => (Some(position.parse().map_err(|_| bad())?), hash),
        None => (None, text.trim()),
    };
    let fits = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    fits.then(|| (position, hash.to_ascii_lowercase())).ok_or_else(bad)
}

fn is((position, hash): &Kept, head: &Head) -> bool {
    *hash == head.hash && position.is_none_or(|position| position == head.position)
}
