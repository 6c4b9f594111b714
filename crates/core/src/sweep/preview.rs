//! What people read of a list of repairs before they ask for it or approve it: the first people on it, and how many
//! steps of each kind it has. It is written with the list, so that the card and the dialog need no other source.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{RepairList, SweepFinding};

/// How many people of a list are shown. The table has all of them.
pub const MAX_PREVIEWED_PEOPLE: usize = 10;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RepairPreview {
    /// The first people on the list, in the order of the table.
    pub first: Vec<SweepFinding>,
    /// How many steps of each action the whole list has.
    pub steps: BTreeMap<String, u64>,
}

impl RepairPreview {
    /// The preview of a list that was made of some of these findings.
    #[must_use]
    pub fn of<'a>(list: &RepairList, found: impl Iterator<Item = &'a SweepFinding>) -> Self {
        let mut listed: Vec<&SweepFinding> =
            found.filter(|one| one.harmless().is_some_and(|repair| list.has(&repair))).collect();
        listed.sort_by(|a, b| a.query.cmp(&b.query));
        let mut preview = Self::default();
        for action in listed.iter().flat_map(|one| &one.steps) {
            *preview.steps.entry(action.clone()).or_default() += 1;
        }
        preview.first = listed.into_iter().take(MAX_PREVIEWED_PEOPLE).cloned().collect();
        preview
    }
}
