//! What a run and a sweep both are: the fold of the entries of one journal. The fold judges every entry, when it is read
//! and before it is written. It must never apply an entry that it has not judged.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::run::Outcome;

/// What the entries of one journal are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A plan for one person.
    Run,
    /// The whole organization.
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

    /// The kind that a journal has whose first entry is of this name; none for a name that opens nothing.
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
    /// The name of the entry, as the store keeps it.
    fn kind(&self) -> &'static str;

    /// What of it is kept for ever: nothing in it names a person.
    fn facts(&self) -> Value;

    /// Whether nothing can follow it.
    fn is_end(&self) -> bool;

    /// How a run ended, for the metrics; sweeps have no outcome.
    fn outcome(&self) -> Option<Outcome>;
}

/// An entry that cannot follow those before it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {seq} ({kind}) cannot stand there: {why}")]
pub struct Illegal {
    pub seq: i64,
    pub kind: &'static str,
    /// Why. Always a text of this program, so that nothing of the entry is quoted.
    pub why: &'static str,
}

/// The state that the entries of one journal add up to.
pub trait Fold: Clone + Default {
    type Event: JournalEvent;

    /// What it is.
    const KIND: Kind;

    /// The number of the last entry.
    fn seq(&self) -> i64;

    /// Whether an entry with this number can follow.
    ///
    /// # Errors
    /// Why it cannot.
    fn judge(&self, seq: i64, event: &Self::Event) -> Result<(), &'static str>;

    /// Takes in an entry that [`Self::judge`] found legal. Call [`Self::apply`].
    fn take(&mut self, seq: i64, at: Timestamp, event: &Self::Event);

    /// Whether an entry says what every new one must. Entries of older versions may leave it out.
    ///
    /// # Errors
    /// What is missing.
    fn is_complete(event: &Self::Event) -> Result<(), &'static str>;

    /// The entry that records what somebody tried and may not do.
    fn denied(by: String, what: String, why: String) -> Self::Event;

    /// Folds entries.
    ///
    /// # Errors
    /// [`Illegal`] for the first entry that cannot stand where it stands.
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

    /// Judges one entry and takes it in.
    ///
    /// # Errors
    /// [`Illegal`] when it cannot follow; then nothing has changed.
    fn apply(&mut self, seq: i64, at: Timestamp, event: &Self::Event) -> Result<(), Illegal> {
        self.judge(seq, event).map_err(|why| Illegal { seq, kind: event.kind(), why })?;
        self.take(seq, at, event);
        Ok(())
    }

    /// Whether an entry may be written now: it can follow, and it says all that a new entry must say.
    ///
    /// # Errors
    /// [`Illegal`] when it may not.
    fn may_append(&self, event: &Self::Event) -> Result<(), Illegal> {
        let seq = self.seq().saturating_add(1);
        let judged = Self::is_complete(event).and_then(|()| self.judge(seq, event));
        judged.map_err(|why| Illegal { seq, kind: event.kind(), why })
    }
}
