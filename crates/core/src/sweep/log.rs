//! A compact copy of the provisioning log, by person. It keeps the newest entries, and of the successes only the last
//! ones. An organization's first cycle writes a success for everybody, which would not fit in memory.

use std::collections::HashMap;

use super::key;
use crate::evidence::LogEntry;

/// The maximum number of entries kept for one person.
const MAX_ENTRIES: usize = 12;

#[derive(Clone, Debug, Default)]
pub struct Logs {
    people: HashMap<u128, Vec<LogEntry>>,
}

impl Logs {
    /// Adds an entry. Callers add the newest entry first, because the limit keeps the first ones.
    pub fn add(&mut self, person: &str, mut entry: LogEntry) {
        let known = self.people.entry(key(person)).or_default();
        let succeeded = entry.succeeded();
        let exported = |entry: &LogEntry| entry.succeeded() && entry.is_export();
        let named = |entry: &LogEntry| entry.succeeded() && entry.target.is_some();
        // These are kept however many failures came later. The newest success that names a record names the anchor.
        // The newest export marks which older entries no longer count.
        let keeps = if succeeded {
            !known.iter().any(LogEntry::succeeded)
                || (exported(&entry) && !known.iter().any(exported))
                || (named(&entry) && !known.iter().any(named))
        } else {
            known.len() < MAX_ENTRIES
        };
        if !keeps {
            return;
        }
        if succeeded {
            entry.detail = None;
        }
        known.push(entry);
    }

    /// Sorts the entries of each person, newest first. Pages may arrive in any order.
    pub fn seal(&mut self) {
        for entries in self.people.values_mut() {
            entries.sort_by_key(|entry| std::cmp::Reverse(entry.at));
            entries.shrink_to_fit();
        }
    }

    /// The entries of a person, newest first.
    #[must_use]
    pub fn of(&self, person: &str) -> &[LogEntry] {
        self.people.get(&key(person)).map(Vec::as_slice).unwrap_or_default()
    }

    /// The record that the newest success of a person names: the anchor.
    #[must_use]
    pub fn anchor(&self, person: &str) -> Option<&str> {
        self.of(person).iter().filter(|entry| entry.succeeded()).find_map(|entry| entry.target.as_deref())
    }

    /// Whether the newest entry reports a problem: it is neither a success nor "nothing to do".
    #[must_use]
    pub fn complains_of(&self, person: &str) -> bool {
        self.of(person).first().is_some_and(|entry| {
            let nothing_to_do = entry.skip_reason.as_deref() == Some("RedundantExport");
            (!entry.succeeded() && !nothing_to_do) || entry.filtered_out
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(action: &str, status: &str, second: i64) -> LogEntry {
        LogEntry {
            action: action.to_owned(),
            status: status.to_owned(),
            target: Some("r1".to_owned()),
            at: jiff::Timestamp::from_second(1_800_000_000 + second).ok(),
            ..LogEntry::default()
        }
    }

    #[test]
    fn the_newest_success_is_kept_behind_any_number_of_failures() {
        let mut log = Logs::default();
        (0..20).for_each(|n| log.add("jane", entry("update", "failure", -n)));
        log.add("jane", entry("disable", "success", -20));
        log.add("jane", entry("update", "success", -21));
        log.add("jane", entry("create", "success", -22));
        log.seal();
        let kept: Vec<_> =
            log.of("jane").iter().filter(|e| e.succeeded()).map(|e| e.action.as_str()).collect();
        assert_eq!(kept, ["disable", "update"]);
    }

    #[test]
    fn a_success_that_names_no_record_does_not_hide_the_anchor() {
        let mut log = Logs::default();
        log.add("jane", LogEntry { target: None, ..entry("update", "success", 0) });
        log.add("jane", entry("update", "success", -1));
        log.add("jane", LogEntry { target: Some("r0".to_owned()), ..entry("create", "success", -2) });
        log.seal();
        assert_eq!(log.anchor("jane"), Some("r1"));
    }
}
