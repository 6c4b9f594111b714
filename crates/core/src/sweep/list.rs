//! The list of repairs that one approval covers: sorted pairs of account and plan digest, with a digest of its own. An
//! approval of the list covers exactly these plans on exactly these accounts.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::digest::digest;

/// The largest list that needs no approver. A longer list affects the tenant as a whole
/// (docs/reference/rules.md#repairs-of-a-sweep).
pub const MAX_REPAIRS_WITHOUT_APPROVER: usize = 5;

/// One repair of a list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ListedRepair {
    /// The account id, or the id of the person if there is no account.
    pub subject: String,
    pub query: String,
    /// The digest of the plan for this account.
    pub digest: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepairList(Vec<ListedRepair>);

impl RepairList {
    /// Makes a list: sorted, with each account once.
    #[must_use]
    pub fn new(mut repairs: Vec<ListedRepair>) -> Self {
        repairs.sort();
        repairs.dedup_by(|a, b| a.subject == b.subject);
        Self(repairs)
    }

    #[must_use]
    pub fn repairs(&self) -> &[ListedRepair] {
        &self.0
    }

    /// Whether exactly this repair is on the list.
    #[must_use]
    pub fn has(&self, repair: &ListedRepair) -> bool {
        self.0.binary_search(repair).is_ok()
    }

    /// The digest of the list. `None` for an empty list.
    #[must_use]
    pub fn digest(&self) -> Option<String> {
        let pairs: Vec<_> = self.0.iter().map(|one| json!([one.subject, one.digest])).collect();
        (!pairs.is_empty()).then(|| digest(&json!({ "sweep": pairs })))
    }

    /// Whether the list has so many accounts that it needs an approver.
    #[must_use]
    pub fn needs_approver(&self) -> bool {
        self.0.len() > MAX_REPAIRS_WITHOUT_APPROVER
    }

    /// The wave, from 0, that carries out the repair at this place of the list. Waves have 5 repairs, 50 repairs, and
    /// the rest.
    #[must_use]
    pub fn wave_of(place: usize) -> usize {
        match place {
            0..5 => 0,
            5..55 => 1,
            _ => 2,
        }
    }
}
