//! The queue of clicks on one run: those of one kind pass one after another.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

/// What somebody wants of one run or sweep, by a click or by a command that names its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ClickKind {
    Approve,
    Decline,
    Cancel,
    Retry,
    SweepRepair,
    SweepPause,
    /// Another run that builds on this one: an undo, a retirement, or a repair with the account that was picked.
    Open,
}

impl ClickKind {
    /// As a refusal is recorded in the journal.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Decline => "decline",
            Self::Cancel => "cancel",
            Self::Retry => "retry",
            Self::SweepRepair => "sweep_repair",
            Self::SweepPause => "sweep_pause",
            Self::Open => "open",
        }
    }
}

/// Clicks of one kind on one run pass one after another, so that a thousand of them do not fold the journal against
/// each other. Kinds do not wait for each other: an Approve reads much, and a Decline must not stand behind it. And a
/// refusal that repeats itself is recorded once.
#[derive(Default)]
pub(crate) struct ClickQueue {
    turns: Mutex<HashMap<(String, ClickKind), Arc<tokio::sync::Mutex<()>>>>,
    refused: Mutex<HashSet<(ClickKind, [String; 3])>>,
}

impl ClickQueue {
    /// The turn of a kind of click on a run.
    pub(crate) fn turn(&self, run: &str, kind: ClickKind) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if turns.len() > 1024 {
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        }
        Arc::clone(turns.entry((run.to_owned(), kind)).or_default())
    }

    /// Whether this refusal is new and to be recorded.
    pub(crate) fn is_new(&self, run: &str, by: &str, kind: ClickKind, why: &str) -> bool {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.len() > 10_000 {
            refused.clear();
        }
        refused.insert((kind, [run, by, why].map(str::to_owned)))
    }
}
