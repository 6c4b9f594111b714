//! The list of repairs that one approval covers: sorted pairs of account and plan digest, with a digest of its own. Who
//! approves it approves exactly these plans on exactly these accounts.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::digest::digest;

/// More accounts than this affect the tenant, and need an approver (docs/reference/rules.md#repairs-of-a-sweep).
pub const MAX_REPAIRS_WITHOUT_APPROVER: usize = 5;

/// One repair of a list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ListedRepair {
    /// The account, else the person.
    pub subject: String,
    pub query: String,
    /// The plan's digest.
    pub digest: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepairList(Vec<ListedRepair>);

impl RepairList {
    /// The list of these repairs, sorted, each account once.
    #[must_use]
    pub fn new(mut repairs: Vec<ListedRepair>) -> Self {
        repairs.sort();
        repairs.dedup_by(|a, b| a.subject == b.subject);
        Self(repairs)
    }

    /// The repairs, in order.
    #[must_use]
    pub fn repairs(&self) -> &[ListedRepair] {
        &self.0
    }

    /// The list's digest; `None` of an empty list.
    #[must_use]
    pub fn digest(&self) -> Option<String> {
        let pairs: Vec<_> = self.0.iter().map(|one| json!([one.subject, one.digest])).collect();
        (!pairs.is_empty()).then(|| digest(&json!({ "sweep": pairs })))
    }

    /// Whether it touches so many accounts that an approver is needed.
    #[must_use]
    pub fn needs_approver(&self) -> bool {
        self.0.len() > MAX_REPAIRS_WITHOUT_APPROVER
    }

    /// The waves in which it is carried out: 5, 50, the rest.
    #[must_use]
    pub fn wave_of(place: usize) -> usize {
        match place {
            0..5 => 0,
            5..55 => 1,
            _ => 2,
        }
    }
}
