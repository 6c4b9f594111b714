//! Converts events to the text that the store keeps, and back. An error describes unreadable text by its position and
//! must never quote it. The text may name a person, and errors reach the log.

use jiff::Timestamp;

use reinstate_core::{Fold, Illegal, JournalEvent};
use reinstate_store::{Entry, NewEntry};

/// The entries of a run or a sweep, each with its sequence number and its time.
pub type Entries<F> = Vec<(i64, Timestamp, <F as Fold>::Event)>;

/// Why a journal cannot be read. No variant can hold text from the journal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Retention erased personal data that the fold needs.
    #[error("entry {position}: its personal data was erased")]
    Erased {
        /// The position in the hash chain.
        position: i64,
    },
    /// The text is not an entry.
    #[error("entry {position}: it is no event, from its byte {byte} on")]
    NotAnEvent {
        /// The position in the hash chain.
        position: i64,
        /// The byte offset at which parsing failed.
        byte: usize,
    },
    /// The text is an entry of another kind than its `kind` column says.
    #[error("entry {position}: it is not what its kind says")]
    OtherKind {
        /// The position in the hash chain.
        position: i64,
    },
    /// The entry can be read, but the fold does not allow it after the entries before it.
    #[error(transparent)]
    Illegal(#[from] Illegal),
}

/// Splits an event into the part that is kept forever and the personal part that can be erased.
pub(super) fn write<E: JournalEvent>(event: &E, at: Timestamp) -> NewEntry {
    NewEntry {
        at,
        kind: event.kind().to_owned(),
        facts: event.facts().to_string(),
        personal: serde_json::to_string(event).ok(),
    }
}

/// Reads an event from its kind and its personal part. `position` is used only in the error.
pub(super) fn read<E: JournalEvent>(
    kind: &str,
    personal: Option<&str>,
    position: i64,
) -> Result<E, Unreadable> {
    let text = personal.ok_or(Unreadable::Erased { position })?;
    let event: E = serde_json::from_str(text)
        .map_err(|error| Unreadable::NotAnEvent { position, byte: error.column() })?;
    if event.kind() != kind {
        return Err(Unreadable::OtherKind { position });
    }
    Ok(event)
}

pub(super) fn read_all<F: Fold>(entries: &[Entry]) -> Result<Entries<F>, Unreadable> {
    let read = |entry: &Entry| {
        let event = read(&entry.kind, entry.personal.as_deref(), entry.position)?;
        Ok((entry.run_seq.unwrap_or_default(), entry.at, event))
    };
    entries.iter().map(read).collect()
}

pub(super) fn fold<F: Fold>(entries: &Entries<F>) -> Result<F, Unreadable> {
    Ok(F::fold(entries.iter().map(|(seq, at, event)| (*seq, *at, event)))?)
}

/// The fold after the given events, each of which is checked before it is written. The fold reads back the serialized
/// text, with the time in the milliseconds that the store keeps. A process that was restarted therefore reaches the
/// same state as one that was not.
pub(super) fn judged<F: Fold>(
    folded: &F,
    events: &[F::Event],
    entries: &[NewEntry],
    at: Timestamp,
) -> Result<F, NotWritten> {
    let mut after = folded.clone();
    let kept = Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at);
    for (event, new) in events.iter().zip(entries) {
        after.may_append(event)?;
        // The entry has no position in the chain yet.
        let read = read(&new.kind, new.personal.as_deref(), 0)?;
        after.apply(after.seq().saturating_add(1), kept, &read)?;
    }
    Ok(after)
}

/// Why an event must not be written.
pub(super) enum NotWritten {
    /// The fold does not allow it.
    Illegal(Illegal),
    /// Its serialized text could not be read back.
    Unreadable(Unreadable),
}

impl From<Illegal> for NotWritten {
    fn from(illegal: Illegal) -> Self {
        Self::Illegal(illegal)
    }
}

impl From<Unreadable> for NotWritten {
    fn from(unreadable: Unreadable) -> Self {
        Self::Unreadable(unreadable)
    }
}
