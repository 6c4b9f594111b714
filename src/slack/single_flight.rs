//! Answers that are asked for once and shared for a short while: a thousand clicks of one person are one
//! look-up. It must never hand out an answer older than its reader allows, and never keep a failure for long.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a failure is shared: long enough that callers who waited for it do not repeat it one by one.
const FAILURE: Duration = Duration::from_millis(500);
/// Above this many keys, old ones are forgotten.
const MANY: usize = 4096;

/// When a key was last used, and what is kept for it.
type Slot<T, E> = (Instant, Kept<T, E>);
type Kept<T, E> = Arc<tokio::sync::Mutex<Option<(Instant, Result<T, E>)>>>;

/// Shared answers by key.
pub struct Slots<T, E> {
    slots: Mutex<HashMap<String, Slot<T, E>>>,
    life: Duration,
}

impl<T: Clone, E: Clone> Slots<T, E> {
    /// Shares each answer for this long.
    #[must_use]
    pub fn new(life: Duration) -> Self {
        Self { slots: Mutex::new(HashMap::new()), life }
    }

    /// The answer for a key, asked for at most once at a time. An answer that was asked for at or after `since` is
    /// good enough even for a caller who wants a fresh one.
    ///
    /// # Errors
    /// What asking came to.
    pub async fn get<F>(&self, key: &str, since: Option<Instant>, ask: impl FnOnce() -> F) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
    {
        let slot = self.slot(key);
        let mut kept = slot.lock().await;
        if let Some((at, answer)) = kept.as_ref() {
            let life = if answer.is_ok() { self.life } else { FAILURE.min(self.life) };
            if at.elapsed() < life && since.is_none_or(|since| *at >= since) {
                return answer.clone();
            }
        }
        let at = Instant::now();
        let answer = ask().await;
        *kept = Some((at, answer.clone()));
        answer
    }

    fn slot(&self, key: &str) -> Kept<T, E> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= MANY {
            let life = self.life;
            slots.retain(|_, (used, kept)| used.elapsed() < life || Arc::strong_count(kept) > 1);
        }
        let (used, kept) = slots.entry(key.to_owned()).or_insert_with(|| (Instant::now(), Kept::default()));
        *used = Instant::now();
        Arc::clone(kept)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn one_asks_for_all_and_a_fresh_answer_is_asked_for_again() {
        let slots: Slots<usize, ()> = Slots::new(Duration::from_secs(60));
        let asked = AtomicUsize::new(0);
        let ask = || async { Ok(asked.fetch_add(1, Ordering::SeqCst)) };
        assert_eq!(slots.get("a", None, ask).await, Ok(0));
        let since = Instant::now();
        assert_eq!(slots.get("a", None, ask).await, Ok(0));
        assert_eq!(slots.get("a", Some(since), ask).await, Ok(1));
        assert_eq!(slots.get("a", Some(since), ask).await, Ok(1));
        assert_eq!(slots.get("b", None, ask).await, Ok(2));
    }
}
