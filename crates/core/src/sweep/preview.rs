//! What people read of a list of repairs before they ask for it or approve it: the first people on it, and how many
//! steps of each kind it has. It is written with the list, so that the card and the dialog need no other source.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{RepairList, SweepFinding};

/// How many people of a list are shown. The table has all of them.
pub const MAX_PREVIEWED_PEOPLE: usize = 10;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RepairPreview {
    /// The first people on the list, in the order of the table. For the watch: the first of all who lost access.
    pub first: Vec<SweepFinding>,
    /// How many steps of each action the whole list has.
    pub steps: BTreeMap<String, u64>,
}

impl RepairPreview {
    /// The preview of a list that was made of some of these findings.
    #[must_use]
    pub fn of(list: &RepairList, found: &[&SweepFinding]) -> Self {
        let is_listed = |one: &&SweepFinding| one.harmless().is_some_and(|repair| list.has(&repair));
        let listed: Vec<&SweepFinding> = found.iter().copied().filter(is_listed).collect();
        let mut preview = Self { first: first(&listed), steps: BTreeMap::new() };
        for action in listed.iter().flat_map(|one| &one.steps) {
            *preview.steps.entry(action.clone()).or_default() += 1;
        }
        preview
    }

    /// The same, but it shows the first people of all, also those who are not on the list.
    #[must_use]
    pub fn of_everybody(list: &RepairList, found: &[&SweepFinding]) -> Self {
        Self { first: first(found), ..Self::of(list, found) }
    }
}

fn first(found: &[&SweepFinding]) -> Vec<SweepFinding> {
    let mut all = found.to_vec();
    all.sort_by(|a, b| a.query.cmp(&b.query));
    all.into_iter().take(MAX_PREVIEWED_PEOPLE).cloned().collect()
}
