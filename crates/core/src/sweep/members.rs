//! The direct members of each assigned group, stored compactly as pairs of person and group number.

use super::{Index, key};

/// The direct members of the assigned groups. A group is identified by its position among the assignments.
#[derive(Clone, Debug, Default)]
pub struct Members {
    pairs: Index<u128>,
}

impl Members {
    /// Adds a member of the group with this number.
    pub fn add(&mut self, person: &str, group: u32) {
        self.pairs.add(key(person), group);
    }

    /// Sorts the pairs. Call it after the last `add` and before the first lookup.
    pub fn seal(&mut self) {
        self.pairs.seal();
    }

    /// The numbers of the groups of a person, without duplicates.
    pub fn groups_of(&self, person: &str) -> impl Iterator<Item = usize> + '_ {
        self.pairs.rows(key(person))
    }
}
