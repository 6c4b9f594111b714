//! What was erased, as entries of the chain say it, and the holes in the journal that none of them explains. Pure:
//! nothing here touches the database.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::entry::{Entry, NewEntry};

/// The kind of the entries that say what retention has erased.
const ERASED_KIND: &str = "personal-erased";

/// The facts of such an entry.
#[derive(Serialize, Deserialize)]
struct Facts {
    /// First and last position of what was erased, in order.
    positions: Vec<(i64, i64)>,
    /// Whether it was erased before there were such entries, and found later.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    found: bool,
}

/// The entry that says that the personal data at these positions, given in order, was erased.
pub(super) fn entry(positions: &[i64], found: bool, at: Timestamp) -> Option<NewEntry> {
    let mut holes = ErasedRanges::default();
    positions.iter().for_each(|position| holes.add(*position));
    let positions = holes.0.into_iter().collect();
    let facts = serde_json::to_string(&Facts { positions, found }).ok()?;
    Some(NewEntry { at, kind: ERASED_KIND.to_owned(), facts, personal: None })
}

/// Positions whose personal data is gone: first and last of each stretch.
#[derive(Debug, Default)]
pub(super) struct ErasedRanges(BTreeMap<i64, i64>);

impl ErasedRanges {
    /// Takes the next entry of the chain into account. An erasure is written down after what it erases.
    pub(super) fn follow(&mut self, entry: &Entry) {
        if entry.erased() {
            self.add(entry.position);
        }
        if entry.run.is_none() && entry.kind == ERASED_KIND {
            // What cannot be read explains nothing.
            let facts = serde_json::from_str::<Facts>(&entry.facts).ok();
            for (first, last) in facts.into_iter().flat_map(|facts| facts.positions) {
                self.explain(first, last.min(entry.position - 1));
            }
        }
    }

    /// The first hole that no entry explains.
    pub(super) fn first(&self) -> Option<i64> {
        self.0.keys().next().copied()
    }

    /// Positions come in order.
    fn add(&mut self, position: i64) {
        match self.0.last_entry() {
            Some(mut stretch) if stretch.get().checked_add(1) == Some(position) => {
                stretch.insert(position);
            }
            _ => {
                self.0.insert(position, position);
            }
        }
    }

    fn explain(&mut self, first: i64, last: i64) {
        if first > last {
            return;
        }
        let before =
            self.0.range(..first).next_back().filter(|(_, end)| **end >= first).map(|(start, _)| *start);
        let within: Vec<i64> =
            before.into_iter().chain(self.0.range(first..=last).map(|(start, _)| *start)).collect();
        for start in within {
            let Some(end) = self.0.remove(&start) else { continue };
            if start < first {
                self.0.insert(start, first - 1);
            }
            if end > last {
                self.0.insert(last + 1, end);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holes(positions: &[i64], explained: &[(i64, i64)]) -> Vec<(i64, i64)> {
        let mut holes = ErasedRanges::default();
        positions.iter().for_each(|position| holes.add(*position));
        explained.iter().for_each(|(first, last)| holes.explain(*first, *last));
        holes.0.into_iter().collect()
    }

    #[test]
    fn what_is_not_explained_stays_a_hole() {
        let all = [1, 2, 3, 4, 5, 8, 9, 12];
        assert_eq!(holes(&all, &[]), [(1, 5), (8, 9), (12, 12)]);
        assert_eq!(holes(&all, &[(3, 3)]), [(1, 2), (4, 5), (8, 9), (12, 12)]);
        assert_eq!(holes(&all, &[(2, 8)]), [(1, 1), (9, 9), (12, 12)]);
        assert_eq!(holes(&all, &[(9, 30), (0, 4)]), [(5, 5), (8, 8)]);
        assert_eq!(holes(&all, &[(6, 7), (5, 2)]), holes(&all, &[]));
        assert_eq!(holes(&all, &[(i64::MIN, i64::MAX)]), []);
    }

    #[test]
    fn an_erasure_says_its_positions_in_stretches() {
        let new = entry(&[1, 2, 3, 7], false, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(new.facts, r#"{"positions":[[1,3],[7,7]]}"#);
        let found = entry(&[4], true, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(found.facts, r#"{"positions":[[4,4]],"found":true}"#);
    }
}
