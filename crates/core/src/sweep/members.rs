//! Who is a direct member of which assigned group: pairs of person and group, four bytes a group.

use super::{Index, key};

/// Direct members of the assigned groups. Groups go by their number among the assignments.
#[derive(Clone, Debug, Default)]
pub struct Members {
    pairs: Index<u128>,
}

impl Members {
    /// Adds a member of the group with this number.
    pub fn add(&mut self, person: &str, group: u32) {
        self.pairs.add(key(person), group);
    }

    /// Makes everything added findable.
    pub fn seal(&mut self) {
        self.pairs.seal();
    }

    /// The numbers of the groups of a person, each once.
    pub fn groups_of(&self, person: &str) -> impl Iterator<Item = usize> + '_ {
        self.pairs.rows(key(person))
    }
}
