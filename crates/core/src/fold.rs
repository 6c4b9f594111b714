//! The trait that runs and sweeps share: each is the fold of the entries of one journal. The fold checks every entry
//! when it is read and before it is written. It must never apply an entry that it has not checked.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::run::Outcome;

/// What the entries of one journal describe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A plan for one person.
    Run,
    /// A diagnosis of every managed account of the organization.
    Sweep,
}

impl Kind {
    /// The name of the first entry of such a journal, as the store keeps it.
    #[must_use]
    pub fn opening(self) -> &'static str {
        match self {
            Self::Run => "opened",
            Self::Sweep => "sweep-opened",
        }
    }

    /// The kind of a journal whose first entry has this name. `None` if no journal may begin with such an entry.
    #[must_use]
    pub fn of(opening: &str) -> Option<Self> {
        [Self::Run, Self::Sweep].into_iter().find(|kind| kind.opening() == opening)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Run => "a run",
            Self::Sweep => "a sweep",
        })
    }
}

/// One entry of a journal, as the core understands it.
pub trait JournalEvent: Clone + Serialize + DeserializeOwned {
    /// The name of the entry, as the store writes it.
    fn kind(&self) -> &'static str;

    /// The part of the entry that is kept forever. It contains nothing that names a person.
    fn facts(&self) -> Value;

    /// Whether this entry ends the journal.
    fn is_end(&self) -> bool;

    /// How a run ended, for the metrics. Sweeps have no outcome.
    fn outcome(&self) -> Option<Outcome>;
}

/// An entry that is not allowed after the entries before it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {seq} ({kind}) cannot stand there: {why}")]
pub struct Illegal {
    pub seq: i64,
    pub kind: &'static str,
    /// The reason. It is always a text of this program, so it never quotes the content of an entry.
    pub why: &'static str,
}

/// The state that the entries of one journal add up to.
pub trait Fold: Clone + Default {
    type Event: JournalEvent;

    /// Which kind of journal this type folds.
    const KIND: Kind;

    /// The sequence number of the last entry.
    fn seq(&self) -> i64;

    /// Checks whether an entry with this sequence number may follow.
    ///
    /// # Errors
    /// The reason why it may not.
    fn judge(&self, seq: i64, event: &Self::Event) -> Result<(), &'static str>;

    /// Applies an entry that [`Self::judge`] has accepted. Callers use [`Self::apply`], which checks first.
    fn take(&mut self, seq: i64, at: Timestamp, event: &Self::Event);

    /// Checks whether an entry has every field that a new entry must have. Entries of older versions may lack some.
    ///
    /// # Errors
    /// The reason, which names what is missing.
    fn is_complete(event: &Self::Event) -> Result<(), &'static str>;

    /// The entry that records that somebody tried something they are not allowed to do.
    fn denied(by: String, what: String, why: String) -> Self::Event;

    /// Folds all entries of one journal, in order.
    ///
    /// # Errors
    /// [`Illegal`] for the first entry that is not allowed at its position.
    fn fold<'a>(entries: impl IntoIterator<Item = (i64, Timestamp, &'a Self::Event)>) -> Result<Self, Illegal>
    where
        Self::Event: 'a,
    {
        let mut folded = Self::default();
        for (seq, at, event) in entries {
            folded.apply(seq, at, event)?;
        }
        Ok(folded)
    }

    /// Checks one entry and applies it.
    ///
    /// # Errors
    /// [`Illegal`] if the entry is not allowed. The state is then unchanged.
    fn apply(&mut self, seq: i64, at: Timestamp, event: &Self::Event) -> Result<(), Illegal> {
        self.judge(seq, event).map_err(|why| Illegal { seq, kind: event.kind(), why })?;
        self.take(seq, at, event);
        Ok(())
    }

    /// Checks whether an entry may be written now: it may follow, and it has every field that a new entry must have.
    ///
    /// # Errors
    /// [`Illegal`] if it may not be written.
    fn may_append(&self, event: &Self::Event) -> Result<(), Illegal> {
        let seq = self.seq().saturating_add(1);
        let judged = Self::is_complete(event).and_then(|()| self.judge(seq, event));
        judged.map_err(|why| Illegal { seq, kind: event.kind(), why })
    }
}
