//! A single-flight cache: a thousand clicks of one person are one request. It must never hand out an answer older than
//! its caller allows, and never keep a failure for long.
//!
//! It is not `moka`. There a caller who comes while a request is on its way gets that answer, also when the caller needs
//! one that was asked for later; and a failure is shared with those who wait, but not for a moment afterwards.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Long enough that callers who waited for a failed request do not repeat it one by one.
const FAILURE_MAX_AGE: Duration = Duration::from_millis(500);
/// Above this many keys, old ones are forgotten.
const MAX_KEYS: usize = 4096;

/// When a key was last used, and what is kept for it.
type Slot<T, E> = (Instant, Kept<T, E>);
type Kept<T, E> = Arc<tokio::sync::Mutex<Option<(Instant, Result<T, E>)>>>;

/// Answers by key.
pub struct SingleFlight<T, E> {
    slots: Mutex<HashMap<String, Slot<T, E>>>,
    max_age: Duration,
}

impl<T: Clone, E: Clone> SingleFlight<T, E> {
    /// Shares each answer until it is this old, counted from the moment it was asked for.
    #[must_use]
    pub fn new(max_age: Duration) -> Self {
        Self { slots: Mutex::new(HashMap::new()), max_age }
    }

    /// The answer for a key, asked for at most once at a time. An answer that was asked for at or after `since` is
    /// good enough even for a caller who wants a fresh one.
    ///
    /// # Errors
    /// The error of the request.
    pub async fn get<F>(&self, key: &str, since: Option<Instant>, ask: impl FnOnce() -> F) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
    {
        let slot = self.slot(key);
        let mut kept = slot.lock().await;
        if let Some((at, answer)) = kept.as_ref() {
            let max_age = if answer.is_ok() { self.max_age } else { FAILURE_MAX_AGE.min(self.max_age) };
            if at.elapsed() < max_age && since.is_none_or(|since| *at >= since) {
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
        if slots.len() >= MAX_KEYS {
            let max_age = self.max_age;
            slots.retain(|_, (used, kept)| used.elapsed() < max_age || Arc::strong_count(kept) > 1);
        }
        let (used, kept) = slots.entry(key.to_owned()).or_insert_with(|| (Instant::now(), Kept::default()));
        *used = Instant::now();
        Arc::clone(kept)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn one_asks_for_all_and_a_fresh_answer_is_asked_for_again() {
        let slots: SingleFlight<usize, ()> = SingleFlight::new(Duration::from_secs(60));
        let asked = AtomicUsize::new(0);
        let ask = || async { Ok(asked.fetch_add(1, Ordering::SeqCst)) };
        assert_eq!(slots.get("a", None, ask).await, Ok(0));
        let since = Instant::now();
        assert_eq!(slots.get("a", None, ask).await, Ok(0));
        assert_eq!(slots.get("a", Some(since), ask).await, Ok(1));
        assert_eq!(slots.get("a", Some(since), ask).await, Ok(1));
        assert_eq!(slots.get("b", None, ask).await, Ok(2));
    }

    #[tokio::test]
    async fn an_answer_asked_for_too_early_is_not_good_enough_for_a_caller_who_waited_for_it() {
        let flights: SingleFlight<usize, ()> = SingleFlight::new(Duration::from_secs(60));
        let (asked, go) = (AtomicUsize::new(0), Notify::new());
        let first = flights.get("a", None, || async {
            let answer = asked.fetch_add(1, Ordering::SeqCst);
            go.notified().await;
            Ok(answer)
        });
        let second = async {
            tokio::task::yield_now().await;
            let since = Instant::now();
            let get = flights.get("a", Some(since), || async { Ok(asked.fetch_add(1, Ordering::SeqCst)) });
            let (got, ()) = tokio::join!(biased; get, async { go.notify_one() });
            got
        };
        assert_eq!(tokio::join!(biased; first, second), (Ok(0), Ok(1)));
    }

    #[tokio::test]
    async fn a_failure_is_shared_for_a_moment() {
        let flights: SingleFlight<usize, usize> = SingleFlight::new(Duration::from_secs(60));
        let asked = AtomicUsize::new(0);
        let fail = || async { Err(asked.fetch_add(1, Ordering::SeqCst)) };
        assert_eq!(flights.get("a", None, fail).await, Err(0));
        assert_eq!(flights.get("a", None, fail).await, Err(0));
        tokio::time::sleep(FAILURE_MAX_AGE).await;
        assert_eq!(flights.get("a", None, fail).await, Err(1));
    }
}
