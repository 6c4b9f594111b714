//! What the provisioning log says of each person: the newest entries, and of successes the last one only, because
//! an organization's first cycle writes one for everybody.

use std::collections::HashMap;

use super::key;
use crate::evidence::LogEntry;

/// Entries kept of one person.
const MAX_ENTRIES: usize = 12;

#[derive(Clone, Debug, Default)]
pub struct Logs {
    people: HashMap<u128, Vec<LogEntry>>,
}

impl Logs {
    /// Adds an entry of a person. They come newest first.
    pub fn add(&mut self, person: &str, mut entry: LogEntry) {
        let known = self.people.entry(key(person)).or_default();
        let succeeded = entry.succeeded();
        let exported = |entry: &LogEntry| entry.succeeded() && entry.is_export();
        // The newest success names the anchor and the newest export ends what counts, however many failures came since.
        let keeps = if succeeded {
            !known.iter().any(LogEntry::succeeded) || (exported(&entry) && !known.iter().any(exported))
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
}
