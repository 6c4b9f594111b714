//! An index of memberships by member, for a directory with hundreds of thousands of users, where scans would be too
//! slow. It is valid only while no membership changes. A generator creates it when the tenant is complete, and any
//! change of a membership drops it. It must never give an answer that a scan would not give.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::state::{Entra, Group};

/// The groups of each direct member, ordered by id, and since when it is a member.
pub(super) type Holders = Arc<HashMap<String, Vec<(String, Timestamp)>>>;

impl Entra {
    /// Declares the tenant complete. From now on memberships are looked up in the index.
    pub fn freeze(&mut self) {
        let mut holders: HashMap<String, Vec<(String, Timestamp)>> = HashMap::new();
        for group in self.groups.values() {
            for member in &group.members {
                holders.entry(member.id.clone()).or_default().push((group.id.clone(), member.since));
            }
        }
        self.holders = Some(Arc::new(holders));
    }

    /// Drops the index, because a membership is about to change.
    pub(super) fn thaw(&mut self) {
        self.holders = None;
    }

    /// The groups with this user or group as a direct member, and since when.
    pub(super) fn holding(&self, id: &str) -> Vec<(&Group, Timestamp)> {
        if let Some(holders) = &self.holders {
            let known = holders.get(id).map(Vec::as_slice).unwrap_or_default();
            return known
                .iter()
                .filter_map(|(group, since)| Some((self.groups.get(group)?, *since)))
                .collect();
        }
        let held =
            |group: &Group| group.members.iter().find(|member| member.id == id).map(|member| member.since);
        self.groups.values().filter_map(|group| Some((group, held(group)?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_up_is_what_is_scanned_until_a_membership_changes() {
        let mut entra = Entra::new("t");
        let (one, two) = (entra.add_group("one"), entra.add_group("two"));
        let jane = entra.add_user("jane@acme.example", "Jane");
        let late = Timestamp::from_second(7).unwrap();
        entra.add_member(&one, &jane);
        entra.add_member_at(&two, &one, late);
        let held = |entra: &Entra, id: &str| {
            entra.holding(id).into_iter().map(|(group, since)| (group.id.clone(), since)).collect::<Vec<_>>()
        };
        let scanned = [held(&entra, &jane), held(&entra, &one), held(&entra, "nobody")];
        entra.freeze();
        assert!(entra.holders.is_some());
        assert_eq!([held(&entra, &jane), held(&entra, &one), held(&entra, "nobody")], scanned);
        assert_eq!(scanned[1], [(two.clone(), late)]);
        entra.add_member(&two, &jane);
        assert_eq!(held(&entra, &jane).len(), 2);
        entra.freeze();
        entra.remove_member(&one, &jane);
        assert_eq!(held(&entra, &jane), [(two, Timestamp::UNIX_EPOCH)]);
        entra.freeze();
        entra.delete_user(&jane, late);
        assert!(held(&entra, &jane).is_empty());
    }
}
