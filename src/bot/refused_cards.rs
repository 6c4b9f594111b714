//! Cards that Slack refused a moment ago, and how long each is left alone.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Cards that Slack refused a moment ago, so that one is not sent again and again while others are drawn.
#[derive(Default)]
pub(crate) struct RefusedCards(Mutex<HashMap<String, Instant>>);

impl RefusedCards {
    /// Whether this card is still to be left alone.
    pub(super) fn is_held(&self, key: &str) -> bool {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.get(key).is_some_and(|until| Instant::now() < *until)
    }

    /// Leaves a card alone for so long.
    pub(super) fn hold(&self, key: String, pause: Duration) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        held.retain(|_, until| now < *until);
        if let Some(until) = now.checked_add(pause) {
            held.insert(key, until);
        }
    }
}
