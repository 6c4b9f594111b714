//! Requests that were refused at the door, counted by reason until they are noted in the journal.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Requests that were refused before it was known who sent them, by reason, since they were last noted.
#[derive(Debug, Default)]
pub struct RefusedRequests(Mutex<BTreeMap<&'static str, u64>>);

impl RefusedRequests {
    pub fn count(&self, reason: &'static str) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(reason).or_default() += 1;
    }

    pub(super) fn take(&self) -> BTreeMap<&'static str, u64> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn put_back(&self, counts: BTreeMap<&'static str, u64>) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (reason, count) in counts {
            *now.entry(reason).or_default() += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_that_could_not_be_noted_are_not_lost() {
        let refused = RefusedRequests::default();
        refused.count("signature");
        let counts = refused.take();
        refused.count("signature");
        refused.count("stamp");
        refused.put_back(counts);
        assert_eq!(refused.take(), [("signature", 2), ("stamp", 1)].into());
        assert!(refused.take().is_empty());
    }
}
