//! Cards that Slack refused recently, and how long each one rests.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Holds back the cards that Slack refused recently, so that the poster does not send them again with every drawing.
#[derive(Default)]
pub(crate) struct RefusedCards(Mutex<HashMap<String, Instant>>);

impl RefusedCards {
    /// Whether this card is still held back.
    pub(super) fn is_held(&self, key: &str) -> bool {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.get(key).is_some_and(|until| Instant::now() < *until)
    }

    /// Holds a card back for `pause`.
    pub(super) fn hold(&self, key: String, pause: Duration) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        held.retain(|_, until| now < *until);
        if let Some(until) = now.checked_add(pause) {
            held.insert(key, until);
        }
    }
}
