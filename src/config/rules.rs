//! Converts the configuration to the rules of the planner.

use super::{Config, Needed};
use reinstate_core::Rules;
use reinstate_core::rules::Approvers;
use reinstate_core::subject::normalize;

impl Config {
    #[must_use]
    pub fn rules(&self) -> Rules {
        let approvers = |needed: Needed| match needed {
            Needed::Approvers(count) => Approvers::Count(count),
            Needed::Never => Approvers::Never,
        };
        Rules {
            protected: self.access.protected.iter().map(|name| normalize(name)).collect(),
            parking_domain: self.atlassian.parking_domain.clone(),
            reversible: approvers(self.approvals.reversible),
            disruptive: approvers(self.approvals.disruptive),
            destructive: approvers(self.approvals.destructive),
        }
    }
}
