//! Who has their App Home open in this process, and what it shows. It must never grow without bound.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use reinstate_core::run::Requester;

/// How long somebody counts as looking after they opened their Home.
const WATCH_PERIOD: Duration = Duration::from_secs(8 * 3600);
/// How many people's Homes are kept up to date.
const MAX_WATCHED: usize = 200;

/// Whose Home is kept up to date.
#[derive(Debug, Default)]
pub struct OpenHomes(Mutex<HashMap<String, Watcher>>);

#[derive(Clone, Debug)]
pub(super) struct Watcher {
    pub(super) by: Requester,
    pub(super) since: Instant,
    pub(super) shown: String,
}

impl OpenHomes {
    pub(super) fn watch(&self, by: Requester) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, watcher| watcher.since.elapsed() < WATCH_PERIOD);
        if all.len() >= MAX_WATCHED
            && let Some(oldest) = all.iter().min_by_key(|(_, one)| one.since).map(|(id, _)| id.clone())
        {
            all.remove(&oldest);
        }
        all.insert(by.id.clone(), Watcher { by, since: Instant::now(), shown: String::new() });
    }

    pub(super) fn all(&self) -> Vec<Watcher> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    pub(super) fn shown(&self, id: &str, print: String) {
        if let Some(watcher) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(id) {
            watcher.shown = print;
        }
    }
}
