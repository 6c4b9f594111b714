//! A queue of clicks: clicks of one kind on one run are handled one at a time.

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

/// Held while one click is decided.
type Turn = Arc<tokio::sync::Mutex<()>>;

/// Handles the clicks of one kind on one run one at a time. Otherwise a thousand clicks would all fold the journal and
/// conflict with each other. Each kind has its own lock: an Approve reads a lot, and a Decline must not wait for it. A
/// repeated refusal is recorded only once.
#[derive(Default)]
pub(crate) struct ClickQueue {
    turns: Mutex<HashMap<(String, ClickKind), Turn>>,
    refused: Mutex<HashSet<(ClickKind, [String; 3])>>,
}

impl ClickQueue {
    /// The lock for one kind of click on one run.
    pub(crate) fn turn(&self, run: &str, kind: ClickKind) -> Turn {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if turns.len() > 1024 {
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        }
        Arc::clone(turns.entry((run.to_owned(), kind)).or_default())
    }

    /// Whether this refusal has not been recorded yet.
    pub(crate) fn is_new(&self, run: &str, by: &str, kind: ClickKind, why: &str) -> bool {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.len() > 10_000 {
            refused.clear();
        }
        refused.insert((kind, [run, by, why].map(str::to_owned)))
    }
}
