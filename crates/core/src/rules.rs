//! The limits that the configuration sets for plans: how many approvals each risk needs, and which accounts are
//! protected.

use std::collections::BTreeSet;

use super::op::Risk;
use super::subject::normalize;

/// How many people must approve a step of one risk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approvers {
    /// This many people. 0 means that no approval is needed.
    Count(u32),
    /// Such steps are never carried out; the plan gives advice instead.
    Never,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Protected addresses and ids, normalized.
    pub protected: BTreeSet<String>,
    /// A claimed domain for placeholder addresses.
    pub parking_domain: Option<String>,
    /// `approvals.reversible`
    pub reversible: Approvers,
    /// `approvals.disruptive`
    pub disruptive: Approvers,
    /// `approvals.destructive`
    pub destructive: Approvers,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            protected: BTreeSet::new(),
            parking_domain: None,
            reversible: Approvers::Count(0),
            disruptive: Approvers::Count(1),
            destructive: Approvers::Count(1),
        }
    }
}

impl Rules {
    #[must_use]
    pub fn is_protected(&self, name: &str) -> bool {
        self.protected.contains(&normalize(name))
    }

    /// Whether the protected list contains an address.
    #[must_use]
    pub fn protects_addresses(&self) -> bool {
        self.protected.iter().any(|name| name.contains('@'))
    }

    #[must_use]
    pub fn approvers(&self, risk: Risk) -> Approvers {
        match risk {
            Risk::Harmless => Approvers::Count(0),
            Risk::Reversible => self.reversible,
            Risk::Disruptive => self.disruptive,
            Risk::Destructive => self.destructive,
        }
    }

    /// How many approvals a risk needs. For a risk that is never allowed, this is more than any plan can get.
    #[must_use]
    pub fn needs(&self, risk: Risk) -> u32 {
        match self.approvers(risk) {
            Approvers::Count(count) => count,
            Approvers::Never => u32::MAX,
        }
    }
}
