//! A plan: ordered ops with reason, risk and expected *before*. It is what people approve, by its digest, and it
//! is never changed: another look at another world makes another plan.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::digest::digest;
use super::finding::{Cause, Finding};
use super::op::{Op, Risk, Undo};
use super::subject::Subject;
use super::ticket::Ticket;

/// One op of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The wanted state.
    pub op: Op,
    /// What it needs; higher than the op's own risk when a condition could not be read.
    pub risk: Risk,
    /// How it can be undone.
    pub undo: Undo,
    /// What is expected to be there when its turn comes.
    pub before: Value,
}

/// A plan for one subject.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Everything it may write.
    pub subject: Subject,
    /// The steps in an order in which they can work. Access is confirmed after the last.
    pub steps: Vec<Step>,
    /// What it costs, in words, from data.
    pub cost: Vec<String>,
    /// What only a person can do.
    pub advice: Vec<String>,
    /// What is ready to be pasted into a ticket, where no step is left.
    #[serde(default)]
    pub tickets: Vec<Ticket>,
    /// Why: codes and the words of their facts, without times.
    pub because: Vec<(Cause, Vec<String>)>,
}

impl Plan {
    /// A plan of nothing but words.
    #[must_use]
    pub fn advice_only(subject: Subject, findings: &[Finding], advice: Vec<String>) -> Self {
        Self {
            subject,
            steps: Vec::new(),
            cost: Vec::new(),
            advice,
            tickets: Vec::new(),
            because: because(findings),
        }
    }

    /// `sha256:…` over subject ids, ops with their *before*, risk, undo, cost, and findings without times; `None`
    /// for a plan with no steps (docs/reference/rules.md#digest).
    #[must_use]
    pub fn digest(&self) -> Option<String> {
        if self.steps.is_empty() {
            return None;
        }
        Some(digest(&json!({
            "subject": {
                "person": self.subject.person,
                "accounts": self.subject.accounts,
                "records": self.subject.records,
            },
            "steps": self.steps,
            "cost": self.cost,
            "because": self.because,
        })))
    }

    /// Whether a step touches everybody of the tenant, so that no other run may write meanwhile.
    #[must_use]
    pub fn is_tenant_wide(&self) -> bool {
        self.steps.iter().any(|step| step.op.is_tenant_wide())
    }

    /// The highest risk of any step.
    #[must_use]
    pub fn risk(&self) -> Option<Risk> {
        self.steps.iter().map(|step| step.risk).max()
    }
}

/// Codes and words of the findings, as the digest takes them.
#[must_use]
pub fn because(findings: &[Finding]) -> Vec<(Cause, Vec<String>)> {
    findings
        .iter()
        .map(|finding| (finding.code, finding.because.iter().map(|fact| fact.message.clone()).collect()))
        .collect()
}

/// The first characters of a digest, for people to compare.
#[must_use]
pub fn short(digest: &str) -> &str {
    let hex = digest.strip_prefix("sha256:").unwrap_or(digest);
    hex.get(..8).unwrap_or(hex)
}
