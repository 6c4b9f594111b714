//! The queue of clicks on one run: those of one kind pass one after another.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

/// Clicks of one kind on one run pass one after another, so that a thousand of them do not fold the journal against
/// each other. Kinds do not wait for each other: an Approve reads much, and a Decline must not stand behind it. And a
/// refusal that repeats itself is recorded once.
#[derive(Default)]
pub(crate) struct ClickQueue {
    turns: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    refused: Mutex<HashSet<[String; 4]>>,
}

impl ClickQueue {
    /// The turn of a kind of click on a run.
    pub(crate) fn turn(&self, run: &str, what: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if turns.len() > 1024 {
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        }
        Arc::clone(turns.entry(format!("{run} {what}")).or_default())
    }

    /// Whether this refusal is new and to be recorded.
    pub(crate) fn is_new(&self, run: &str, by: &str, what: &str, why: &str) -> bool {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.len() > 10_000 {
            refused.clear();
        }
        refused.insert([run, by, what, why].map(str::to_owned))
    }
}
