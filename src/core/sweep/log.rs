//! What the provisioning log says of each person: the newest entries, and of successes the last one only, because
//! an organization's first cycle writes one for everybody.

use std::collections::HashMap;

use super::key;
use crate::core::evidence::LogEntry;

/// Entries kept of one person.
const KEPT: usize = 12;

/// The log by person.
#[derive(Clone, Debug, Default)]
pub struct Logs {
    people: HashMap<u128, Vec<LogEntry>>,
}

impl Logs {
    /// Adds an entry of a person. They come newest first.
    pub fn add(&mut self, person: &str, mut entry: LogEntry) {
        let known = self.people.entry(key(person)).or_default();
        let succeeded = entry.succeeded();
        if known.len() >= KEPT || (succeeded && known.iter().any(LogEntry::succeeded)) {
            return;
        }
        if succeeded {
            entry.detail = None;
        }
        known.push(entry);
    }

    /// Puts each person's entries in order, newest first, whatever order the pages came in.
    pub fn seal(&mut self) {
        for entries in self.people.values_mut() {
            entries.sort_by_key(|entry| std::cmp::Reverse(entry.at));
            entries.shrink_to_fit();
        }
    }

    /// A person's entries, newest first.
    #[must_use]
    pub fn of(&self, person: &str) -> &[LogEntry] {
        self.people.get(&key(person)).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether the newest entry says that something is wrong: neither a success nor "nothing to do".
    #[must_use]
    pub fn complains_of(&self, person: &str) -> bool {
        self.of(person).first().is_some_and(|entry| {
            let nothing_to_do = entry.skip_reason.as_deref() == Some("RedundantExport");
            (!entry.succeeded() && !nothing_to_do) || entry.filtered_out
        })
    }
}
