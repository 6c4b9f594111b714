//! A queue of clicks: clicks of one kind on one run are handled one at a time.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

/// Handles the clicks of one kind on one run one at a time. Otherwise a thousand clicks would all fold the journal and
/// conflict with each other. Each kind has its own lock: an Approve reads a lot, and a Decline must not wait for it. A
/// repeated refusal is recorded only once.
#[derive(Default)]
pub(crate) struct ClickQueue {
    turns: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    refused: Mutex<HashSet<[String; 4]>>,
}

impl ClickQueue {
    /// The lock for one kind of click on one run.
    pub(crate) fn turn(&self, run: &str, what: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if turns.len() > 1024 {
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        }
        Arc::clone(turns.entry(format!("{run} {what}")).or_default())
    }

    /// Whether this refusal has not been recorded yet.
    pub(crate) fn is_new(&self, run: &str, by: &str, what: &str, why: &str) -> bool {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.len() > 10_000 {
            refused.clear();
        }
        refused.insert([run, by, what, why].map(str::to_owned))
    }
}
