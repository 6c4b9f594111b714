//! Remembers for ten minutes what was read about groups: their roles, and what the search shows. Groups are shared by
//! many people, so a check of the next person does not read them again. A failure is never remembered, and the
//! conditions of a step never use the cache.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use reinstate_core::evidence::{GroupRole, OrgGroup};

/// How long a reading is used.
const MAX_AGE: SignedDuration = SignedDuration::from_mins(10);
/// More readings than this are not kept. The groups of a large organization fit.
const MAX_ENTRIES: usize = 20_000;

/// Readings by group id, each with its time.
#[derive(Default)]
pub(super) struct Cache<T>(Mutex<HashMap<String, (Timestamp, T)>>);

impl<T: Clone> Cache<T> {
    /// A reading that is at most ten minutes old, with its time.
    pub(super) fn get(&self, id: &str, now: Timestamp) -> Option<(Timestamp, T)> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.get(id).filter(|(at, _)| is_fresh(*at, now)).cloned()
    }

    pub(super) fn put(&self, id: String, at: Timestamp, value: T) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MAX_ENTRIES {
            entries.retain(|_, (read, _)| is_fresh(*read, at));
            if entries.len() >= MAX_ENTRIES {
                entries.clear();
            }
        }
        entries.insert(id, (at, value));
    }
}

fn is_fresh(at: Timestamp, now: Timestamp) -> bool {
    let age = now.duration_since(at);
    age >= SignedDuration::ZERO && age <= MAX_AGE
}

/// What was read about groups.
#[derive(Default)]
pub(super) struct GroupCache {
    pub(super) shown: Cache<OrgGroup>,
    pub(super) roles: Cache<Vec<GroupRole>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + minute * 60).unwrap()
    }

    #[test]
    fn a_reading_is_used_for_ten_minutes_and_keeps_its_time() {
        let cache = Cache::default();
        cache.put("g1".to_owned(), at(0), "roles");
        assert_eq!(cache.get("g1", at(10)), Some((at(0), "roles")));
        assert_eq!(cache.get("g1", at(11)), None);
        assert_eq!(cache.get("g1", at(-1)), None, "a reading from the future is not used");
        assert_eq!(cache.get("g2", at(0)), None);
        cache.put("g1".to_owned(), at(11), "newer");
        assert_eq!(cache.get("g1", at(12)), Some((at(11), "newer")));
    }

    #[test]
    fn the_cache_does_not_grow_without_limit() {
        let cache = Cache::default();
        for number in 0..=MAX_ENTRIES {
            cache.put(number.to_string(), at(0), ());
        }
        assert!(cache.0.lock().unwrap().len() <= MAX_ENTRIES);
        assert!(cache.get(&MAX_ENTRIES.to_string(), at(1)).is_some(), "the newest reading is kept");
    }
}
