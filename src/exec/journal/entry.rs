//! The text of an entry, as the store keeps it, and back. What cannot be read is described and never quoted: it may name
//! a person, and errors reach the log.

use jiff::Timestamp;

use reinstate_core::{Fold, Illegal, JournalEvent};
use reinstate_store::{Entry, NewEntry};

/// The entries of a run or a sweep, each with its number and time.
pub type Entries<F> = Vec<(i64, Timestamp, <F as Fold>::Event)>;

/// Why a journal cannot be read. No variant has room for a text of the journal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Retention erased what the fold needs.
    #[error("entry {position}: its personal data was erased")]
    Erased {
        /// The place in the chain.
        position: i64,
    },
    /// The text is not that of an entry.
    #[error("entry {position}: it is no event, from its byte {byte} on")]
    NotAnEvent {
        /// The place in the chain.
        position: i64,
        /// Where the text stops making sense.
        byte: usize,
    },
    /// The text is that of another entry than its kind says.
    #[error("entry {position}: it is not what its kind says")]
    OtherKind {
        /// The place in the chain.
        position: i64,
    },
    /// The entry can be read, and cannot follow those before it.
    #[error(transparent)]
    Illegal(#[from] Illegal),
}

/// An event as the store keeps it: what may be kept forever, and the rest in the part that can be erased.
pub(super) fn write<E: JournalEvent>(event: &E, at: Timestamp) -> NewEntry {
    NewEntry {
        at,
        kind: event.kind().to_owned(),
        facts: event.facts().to_string(),
        personal: serde_json::to_string(event).ok(),
    }
}

/// The event of an entry's kind and its personal part. `position` is for the error alone.
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

/// The events of entries.
pub(super) fn read_all<F: Fold>(entries: &[Entry]) -> Result<Entries<F>, Unreadable> {
    let read = |entry: &Entry| {
        let event = read(&entry.kind, entry.personal.as_deref(), entry.position)?;
        Ok((entry.run_seq.unwrap_or_default(), entry.at, event))
    };
    entries.iter().map(read).collect()
}

/// What events add up to.
pub(super) fn fold<F: Fold>(entries: &Entries<F>) -> Result<F, Unreadable> {
    Ok(F::fold(entries.iter().map(|(seq, at, event)| (*seq, *at, event)))?)
}

/// What is folded as it stands after entries that are to be written, judged one by one. It is folded from the text that
/// is written and to the millisecond that is kept, so that a process that is killed and one that is not go on with the
/// same state.
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
        // It has no place in the chain yet.
        let read = read(&new.kind, new.personal.as_deref(), 0)?;
        after.apply(after.seq().saturating_add(1), kept, &read)?;
    }
    Ok(after)
}

/// Why an event must not be written.
pub(super) enum NotWritten {
    /// The fold refuses it.
    Illegal(Illegal),
    /// It could not be read again.
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
