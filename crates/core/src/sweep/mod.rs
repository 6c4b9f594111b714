//! A whole organization at once: what is read in bulk, kept as compact rows, and which accounts need a look of their
//! own. It only arranges what was read and compares it; what it means is said by [`mod@crate::diagnose`], from the
//! same evidence as for one person. It must never call an account healthy of which a needed side was not read.

mod census;
mod course;
mod event;
mod join;
mod list;
mod log;
mod members;
mod people;
mod records;
mod tally;
#[cfg(test)]
mod tests;
mod texts;

pub use census::Census;
pub use course::{REPAIR_START_TIMEOUT, RepairCounts, SurveyResult, Sweep, SweepNext};
pub use event::{SinceLastSweep, SweepEvent};
pub use join::{Join, JoinOutcome, LookDepth, SweepQuery};
pub use list::{ListedRepair, MAX_REPAIRS_WITHOUT_APPROVER, RepairList};
pub use log::Logs;
pub use members::Members;
pub use people::People;
pub use records::{Groups, Records};
pub use tally::{SweepFinding, Tally};

use std::collections::HashSet;

use super::evidence::Account;

/// An account as the bulk search lists it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListedAccount {
    /// The account, with its groups.
    pub account: Account,
    /// Whether it holds a role that opens an app; `None` where the roles were not read.
    pub opens_app: Option<bool>,
}

/// Accounts by their keys, for lists of ids that are too long to be kept as texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys(HashSet<u128>);

impl Keys {
    pub fn add(&mut self, account: &str) {
        self.0.insert(key(account));
    }

    /// Whether an account is among them.
    #[must_use]
    pub fn has(&self, account: &str) -> bool {
        self.0.contains(&key(account))
    }

    /// Those that are on more than one of these lists.
    #[must_use]
    pub fn in_several(lists: Vec<Self>) -> Self {
        let (mut once, mut several) = (HashSet::new(), HashSet::new());
        for id in lists.into_iter().flat_map(|list| list.0) {
            if !once.insert(id) {
                several.insert(id);
            }
        }
        Self(several)
    }
}

/// A key of 128 bits for an id: GUIDs as they are, other ids by their hash.
pub(super) fn key(id: &str) -> u128 {
    let mut digits = 0;
    let mut value: u128 = 0;
    for c in id.chars().filter(|c| *c != '-') {
        match c.to_digit(16) {
            Some(digit) if digits < 32 => {
                value = (value << 4) | u128::from(digit);
                digits += 1;
            }
            _ => return hashed(id),
        }
    }
    if digits == 32 { value } else { hashed(id) }
}

fn hashed(id: &str) -> u128 {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(id.as_bytes());
    digest.iter().take(16).fold(0, |value, byte| (value << 8) | u128::from(*byte))
}

/// Rows by key, several for a key if need be: pushed in any order, sorted once.
#[derive(Clone, Debug, Default)]
pub(super) struct Index<K> {
    pairs: Vec<(K, u32)>,
}

impl<K: Copy + Ord> Index<K> {
    pub(super) fn add(&mut self, key: K, row: u32) {
        self.pairs.push((key, row));
    }

    pub(super) fn seal(&mut self) {
        self.pairs.sort_unstable();
        self.pairs.dedup();
        self.pairs.shrink_to_fit();
    }

    pub(super) fn rows(&self, key: K) -> impl Iterator<Item = usize> + '_ {
        let start = self.pairs.partition_point(|(known, _)| *known < key);
        let same =
            self.pairs.get(start..).unwrap_or_default().iter().take_while(move |(known, _)| *known == key);
        same.map(|(_, row)| usize::try_from(*row).unwrap_or(usize::MAX))
    }
}
