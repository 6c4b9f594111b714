//! What the configuration lets a plan do: how many approvals each risk needs, and who is protected.

use std::collections::BTreeSet;

use super::op::Risk;
use super::subject::normalize;

/// How many people must approve a kind of step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approvers {
    /// This many; none for 0.
    Count(u32),
    /// Such steps are advice.
    Never,
}

/// What the configuration lets the planner do.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Protected addresses and ids, folded.
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
    /// Whether an address or id is on the protected list.
    #[must_use]
    pub fn is_protected(&self, name: &str) -> bool {
        self.protected.contains(&normalize(name))
    }

    /// Whether the protected list names anybody by address.
    #[must_use]
    pub fn protects_addresses(&self) -> bool {
        self.protected.iter().any(|name| name.contains('@'))
    }

    /// What a risk needs.
    #[must_use]
    pub fn approvers(&self, risk: Risk) -> Approvers {
        match risk {
            Risk::Harmless => Approvers::Count(0),
            Risk::Reversible => self.reversible,
            Risk::Disruptive => self.disruptive,
            Risk::Destructive => self.destructive,
        }
    }

    /// How many approvals a risk needs; a kind that is never allowed needs more than there can be.
    #[must_use]
    pub fn needs(&self, risk: Risk) -> u32 {
        match self.approvers(risk) {
            Approvers::Count(count) => count,
            Approvers::Never => u32::MAX,
        }
    }
}
