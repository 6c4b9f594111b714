//! One entry of the journal and what it hashes to. Pure: nothing here touches the database. What is hashed, and
//! in which order, is fixed forever by the domain tag; another order would be another tag.

use std::fmt::{self, Display, Write};

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use sqlx::Row;
use sqlx::any::AnyRow;
use uuid::Uuid;

use super::StoreError;

const ENTRY_DOMAIN: &[u8] = b"reinstate.journal.entry.v1";
const PERSONAL_DOMAIN: &[u8] = b"reinstate.journal.personal.v1";

/// What a caller wants written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEntry {
    /// When it happened, by the caller's clock; kept to the millisecond.
    pub at: Timestamp,
    /// The name of what happened.
    pub kind: String,
    /// JSON without personal data: it is kept forever.
    pub facts: String,
    /// JSON with personal data: retention may erase it without breaking the chain.
    pub personal: Option<String>,
}

/// One link of the chain, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the chain, from 1.
    pub position: i64,
    /// The run it belongs to; none for entries about the whole store.
    pub run: Option<String>,
    /// Its place in the run, from 1; none for entries about the whole store.
    pub run_seq: Option<i64>,
    pub at: Timestamp,
    /// The name of what happened.
    pub kind: String,
    /// JSON without personal data.
    pub facts: String,
    /// JSON with personal data; none if there never was any, or if it was erased.
    pub personal: Option<String>,
    /// What makes the personal hash unguessable; erased together with the personal data.
    pub personal_salt: Option<String>,
    /// The hash of the personal data, which stays when the data goes; none if there never was any.
    pub personal_hash: Option<String>,
    /// The hash of the entry before.
    pub prev_hash: String,
    /// The hash of this entry.
    pub hash: String,
}

/// The end of the chain: knowing it, one can tell later whether anything before it was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// How many entries the chain has.
    pub position: i64,
    /// The hash of the last one.
    pub hash: String,
}

impl Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.position, self.hash)
    }
}

impl Head {
    /// The head of a chain without entries.
    #[must_use]
    pub fn start() -> Self {
        Self { position: 0, hash: "0".repeat(64) }
    }

    /// The link that follows this one.
    pub(super) fn next(&self, run: Option<(&str, i64)>, new: &NewEntry) -> Entry {
        let salt = new.personal.as_ref().map(|_| Uuid::new_v4().simple().to_string());
        let personal_hash = match (&new.personal, &salt) {
            (Some(personal), Some(salt)) => Some(personal_hash(salt, personal)),
            _ => None,
        };
        let mut entry = Entry {
            position: self.position + 1,
            run: run.map(|(run, _)| run.to_owned()),
            run_seq: run.map(|(_, seq)| seq),
            at: Timestamp::from_millisecond(new.at.as_millisecond()).unwrap_or(new.at),
            kind: new.kind.clone(),
            facts: new.facts.clone(),
            personal: new.personal.clone(),
            personal_salt: salt,
            personal_hash,
            prev_hash: self.hash.clone(),
            hash: String::new(),
        };
        entry.hash = entry.own_hash();
        entry
    }
}

/// The columns of an entry, by name: a program of tomorrow may add one while this one is at work, and what was prepared
/// with a star would read it (SQLite) or be refused (PostgreSQL).
macro_rules! entry_columns {
    () => {
        "entries.position, entries.run, entries.run_seq, entries.at, entries.kind, entries.facts, entries.personal,
         entries.personal_salt, entries.personal_hash, entries.prev_hash, entries.hash"
    };
}
pub(super) use entry_columns;

impl Entry {
    /// Whether there was personal data that retention has erased since.
    #[must_use]
    pub fn erased(&self) -> bool {
        self.personal_hash.is_some() && self.personal.is_none()
    }

    /// The head of the chain that ends with this entry.
    #[must_use]
    pub fn head(&self) -> Head {
        Head { position: self.position, hash: self.hash.clone() }
    }

    /// Whether the entry is what was written, looked at by itself; if not, what does not fit.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let why = match (&self.personal, &self.personal_salt, &self.personal_hash) {
            _ if self.own_hash() != self.hash => "the entry does not match its hash",
            (Some(personal), Some(salt), Some(hash)) if personal_hash(salt, personal) != *hash => {
                "the personal data does not match its hash"
            }
            (Some(_), Some(_), Some(_)) | (None, None, _) => return Ok(()),
            _ => "the personal data was erased or added by halves",
        };
        Err(StoreError::Tampered { position: self.position, why: why.to_owned() })
    }

    fn own_hash(&self) -> String {
        let mut hash = Sha256::new();
        part(&mut hash, ENTRY_DOMAIN);
        part(&mut hash, &self.position.to_be_bytes());
        optional(&mut hash, self.run.as_deref().map(str::as_bytes));
        optional(&mut hash, self.run_seq.map(i64::to_be_bytes).as_ref().map(<[u8; 8]>::as_slice));
        part(&mut hash, &self.at.as_millisecond().to_be_bytes());
        part(&mut hash, self.kind.as_bytes());
        part(&mut hash, self.facts.as_bytes());
        optional(&mut hash, self.personal_hash.as_deref().map(str::as_bytes));
        part(&mut hash, self.prev_hash.as_bytes());
        hex(&hash.finalize())
    }

    pub(super) fn from_row(row: &AnyRow) -> Result<Self, StoreError> {
        let position = row.try_get("position")?;
        let at = Timestamp::from_millisecond(row.try_get("at")?)
            .map_err(|error| StoreError::Tampered { position, why: error.to_string() })?;
        Ok(Self {
            position,
            run: row.try_get("run")?,
            run_seq: row.try_get("run_seq")?,
            at,
            kind: row.try_get("kind")?,
            facts: row.try_get("facts")?,
            personal: row.try_get("personal")?,
            personal_salt: row.try_get("personal_salt")?,
            personal_hash: row.try_get("personal_hash")?,
            prev_hash: row.try_get("prev_hash")?,
            hash: row.try_get("hash")?,
        })
    }
}

fn personal_hash(salt: &str, personal: &str) -> String {
    let mut hash = Sha256::new();
    part(&mut hash, PERSONAL_DOMAIN);
    part(&mut hash, salt.as_bytes());
    part(&mut hash, personal.as_bytes());
    hex(&hash.finalize())
}

/// Each part is preceded by its length, so that no two lists of parts give the same bytes.
fn part(hash: &mut Sha256, bytes: &[u8]) {
    hash.update((bytes.len() as u64).to_be_bytes());
    hash.update(bytes);
}

fn optional(hash: &mut Sha256, bytes: Option<&[u8]>) {
    hash.update([u8::from(bytes.is_some())]);
    part(hash, bytes.unwrap_or_default());
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        write!(text, "{byte:02x}").ok();
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_an_entry_never_changes_between_versions() {
        let new = NewEntry {
            at: "2026-11-23T10:00:00.5Z".parse().unwrap(),
            kind: "opened".into(),
            facts: "{}".into(),
            personal: None,
        };
        insta::assert_snapshot!(Head::start().next(Some(("run-1", 1)), &new).hash, @"3e1b7f6f714f37127bdd1a6b44c72ab600ec367fc843ae7d802148ef0c8bdce9");
    }

    #[test]
    fn text_cannot_move_from_one_field_to_the_next() {
        let at = Timestamp::UNIX_EPOCH;
        let one = NewEntry { at, kind: "ab".into(), facts: "c".into(), personal: None };
        let two = NewEntry { at, kind: "a".into(), facts: "bc".into(), personal: None };
        assert_ne!(Head::start().next(None, &one).hash, Head::start().next(None, &two).hash);
    }

    #[test]
    fn the_same_personal_data_hashes_differently_each_time() {
        let new = NewEntry {
            at: Timestamp::UNIX_EPOCH,
            kind: "a".into(),
            facts: "{}".into(),
            personal: Some("{\"email\":\"jane@acme.example\"}".into()),
        };
        let (one, two) = (Head::start().next(None, &new), Head::start().next(None, &new));
        assert_ne!(one.personal_hash, two.personal_hash);
        assert!(one.check().is_ok() && two.check().is_ok());
    }
}
