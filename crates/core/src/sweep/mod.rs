//! Sweeps: the bulk reading of a whole organization as compact rows, and the decision which accounts need a separate
//! reading. This module only arranges and compares. [`mod@crate::diagnose`] finds causes, from the same kind of
//! evidence as for one person. It must never call an account healthy if a source that it needs is unread.

mod census;
mod event;
mod gaps;
mod grants;
#[cfg(test)]
mod groups_tests;
#[cfg(test)]
mod history_tests;
mod join;
#[cfg(test)]
mod join_tests;
mod list;
mod log;
mod members;
#[cfg(test)]
mod order_tests;
#[cfg(test)]
mod owner_tests;
mod people;
mod preview;
#[cfg(test)]
mod preview_tests;
mod records;
#[cfg(test)]
mod rows_tests;
mod state;
#[cfg(test)]
mod state_tests;
mod tally;
#[cfg(test)]
mod tests;
mod texts;

pub use census::Census;
pub use event::{SinceLastSweep, SweepEvent};
pub use gaps::{REPEATED_PAGE, groups_not_shown};
pub use grants::{Grants, HeldRoles, ListedRoles, RoleList};
pub use join::{Join, JoinOutcome, LookDepth, SweepQuery};
pub use list::{ListedRepair, MAX_REPAIRS_WITHOUT_APPROVER, RepairList};
pub use log::Logs;
pub use members::Members;
pub use people::People;
pub use preview::{MAX_PREVIEWED_PEOPLE, RepairPreview};
pub use records::{Groups, Records};
pub use state::{REPAIR_START_TIMEOUT, RepairCounts, SurveyResult, Sweep, SweepNext};
pub use tally::{SweepFinding, Tally};

use std::collections::HashSet;

use super::evidence::Account;

/// An account as the bulk search lists it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListedAccount {
    pub account: Account,
    /// The lists of role holders that the account is on. `None` if a list that matters is unread.
    pub roles: Option<HeldRoles>,
}

/// A set of accounts by their keys. The full ids of a large organization would take too much memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys(HashSet<u128>);

impl Keys {
    pub fn add(&mut self, account: &str) {
        self.0.insert(key(account));
    }

    #[must_use]
    pub fn has(&self, account: &str) -> bool {
        self.0.contains(&key(account))
    }

    /// The accounts that are in more than one of these sets.
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

/// A 128-bit key for an id. A GUID is its own key; any other id is hashed.
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

/// A multimap from keys to row numbers. Pairs are added in any order and sorted once.
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
