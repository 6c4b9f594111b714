//! The chain as a whole: its head, its verification, its export. This module only reads. It promises that any change
//! to the journal is found, given one head that was kept elsewhere. Without one, a rewritten but consistent chain
//! looks like the real one.

use jiff::Timestamp;
use sqlx::Row;

use super::entry::{Entry, Head, entry_columns};
use super::erasure::ErasedRanges;
use super::{Store, StoreError};

/// The number of entries in one read.
const PAGE_SIZE: i64 = 500;

/// A verified chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The number of entries.
    pub entries: i64,
    pub head: Head,
}

/// Why the chain could not be verified.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The given text is not a head. Nothing was checked.
    #[error("{0:?} is not a head: give the 64 hexadecimal digits from a final card, or POSITION:DIGITS")]
    BadHead(String),
    /// An entry was changed, inserted, moved or removed.
    #[error("the journal is broken at position {position}: {why}")]
    Broken {
        /// The first position that does not match.
        position: i64,
        /// What does not match.
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
    /// The next entries. None at the end.
    ///
    /// # Errors
    /// When the store fails, or when a stored row is not a valid entry.
    pub async fn next_page(&mut self) -> Result<Option<Vec<Entry>>, StoreError> {
        let page = self.store.page(self.after, self.since).await?;
        if let Some(last) = page.last() {
            self.after = last.position;
        }
        Ok((!page.is_empty()).then_some(page))
    }
}

impl Store {
    /// The end of the chain. Final cards show it, so that it can be kept elsewhere.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn head(&self) -> Result<Head, StoreError> {
        let row = sqlx::query("SELECT position, hash FROM head WHERE id = 1").fetch_one(&self.pool).await?;
        Ok(Head { position: row.try_get("position")?, hash: row.try_get("hash")? })
    }

    /// The whole journal, or the entries since a time.
    #[must_use]
    pub fn export(&self, since: Option<Timestamp>) -> Export {
        Export { store: self.clone(), after: 0, since: since.map_or(i64::MIN, Timestamp::as_millisecond) }
    }

    /// Checks every entry and every link. Checks that a head kept elsewhere (its hash or the start of it, with or without
    /// `position:`) is part of the chain. Checks that an erasure entry covers all personal data that is missing. Entries that are appended
    /// meanwhile are checked too.
    ///
    /// # Errors
    /// [`AuditError`]: the first position that does not match, an invalid head, or a failed store.
    pub async fn verify(&self, kept: Option<&str>) -> Result<Verified, AuditError> {
        let kept = kept.map(parse_head).transpose()?;
        let mut found = kept.as_ref().is_none_or(|kept| is(kept, &Head::start()));
        let mut at = Head::start();
        let mut holes = ErasedRanges::default();
        loop {
            // The stored head is read before the page, so it can only be older than the page.
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

/// Checks that `entry` is the one that follows `before`.
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

/// How many characters of a hash a card shows, and a kept head must have at least. A chain that was rewritten would
/// have to match 64 bits by chance.
pub const MIN_HASH: usize = 16;

fn parse_head(text: &str) -> Result<Kept, AuditError> {
    let bad = || AuditError::BadHead(text.to_owned());
    let (position, hash) = match text.trim().split_once(':') {
        Some((position, hash)) => (Some(position.parse().map_err(|_| bad())?), hash),
        None => (None, text.trim()),
    };
    let fits = (MIN_HASH..=64).contains(&hash.len()) && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    fits.then(|| (position, hash.to_ascii_lowercase())).ok_or_else(bad)
}

fn is((position, hash): &Kept, head: &Head) -> bool {
    head.hash.starts_with(hash.as_str()) && position.is_none_or(|position| position == head.position)
}
