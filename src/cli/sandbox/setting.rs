//! What the sandbox shows: a scenario, or a case from an evidence bundle. A case has no expected end, because nobody
//! knows it.

use std::sync::Arc;

use reinstate_core::Evidence;
use reinstate_sandbox::case::{Arranged, arrange};
use reinstate_sandbox::scenarios::Scenario;

/// The name of a case in the list of scenarios.
pub const CASE: &str = "your-case";

/// What the sandbox shows.
#[derive(Clone)]
pub enum Setting {
    Scenario(&'static Scenario),
    /// The evidence of a bundle.
    Case(Arc<Evidence>),
}

impl Setting {
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Scenario(scenario) => scenario.name,
            Self::Case(_) => CASE,
        }
    }

    #[must_use]
    pub fn title(&self) -> &'static str {
        match self {
            Self::Scenario(scenario) => scenario.title,
            Self::Case(_) => "The tenant of an evidence bundle",
        }
    }

    /// The tenant, the person, and what could not be arranged.
    #[must_use]
    pub fn arrange(&self) -> Arranged {
        match self {
            Self::Scenario(scenario) => {
                Arranged { tenant: scenario.tenant(), who: scenario.who.to_owned(), left_out: Vec::new() }
            }
            Self::Case(evidence) => arrange(evidence, crate::clock::now()),
        }
    }
}
