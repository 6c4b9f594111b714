//! A plan: ordered ops with reason, risk and expected *before*. People approve a plan by its digest. A plan never
//! changes; a new reading makes a new plan.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::digest::digest;
use super::evidence::HopelessPlan;
use super::finding::{Cause, Finding};
use super::op::{Op, Risk, Undo};
use super::subject::Subject;
use super::ticket::Ticket;

/// One op of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub op: Op,
    /// The risk of this step. It is higher than the op's own risk if a condition is unread.
    pub risk: Risk,
    pub undo: Undo,
    /// The state that is expected when the turn of the step comes.
    pub before: Value,
}

/// How often the first step of a plan has worked here before, against the plan's cause. It was true when the plan was
/// written, and nothing is decided by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkedHere {
    /// In how many repairs it was tried.
    pub tried: u64,
    /// In how many of them access was back.
    pub worked: u64,
    /// The median time from the step to access, if it ever worked.
    pub seconds: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Everything that the plan may write.
    pub subject: Subject,
    /// The steps, in an order in which they can succeed. After the last step, the run proves that access is restored.
    pub steps: Vec<Step>,
    /// What the plan costs, in words that are derived from the evidence.
    pub cost: Vec<String>,
    /// What only a person can do.
    pub advice: Vec<String>,
    /// Texts for support tickets. Filled only if the plan has no steps.
    #[serde(default)]
    pub tickets: Vec<Ticket>,
    /// The reason: cause codes and the messages of their facts, without times.
    pub because: Vec<(Cause, Vec<String>)>,
    /// What the journal knows of the first step. It is no part of the digest: it changes with every other run, and an
    /// approval is about what will be done. `None` if the step was not tried before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worked_here: Option<WorkedHere>,
    /// The plans of lower rungs that are not proposed because they never worked here. An approver must see them: this plan
    /// may carry more risk. No part of the digest, because the steps are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<HopelessPlan>,
}

impl Plan {
    /// A plan without steps.
    #[must_use]
    pub fn advice_only(subject: Subject, findings: &[Finding], advice: Vec<String>) -> Self {
        Self {
            subject,
            steps: Vec::new(),
            cost: Vec::new(),
            advice,
            tickets: Vec::new(),
            because: because(findings),
            worked_here: None,
            skipped: Vec::new(),
        }
    }

    /// `sha256:…` over subject ids, ops with their *before*, risk, undo, cost, and findings without times. `None` for a
    /// plan without steps (docs/reference/rules.md#digest).
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

    /// Whether a step affects everybody in the tenant. No other run may write at the same time.
    #[must_use]
    pub fn is_tenant_wide(&self) -> bool {
        self.steps.iter().any(|step| step.op.is_tenant_wide())
    }

    /// See [`essence`].
    #[must_use]
    pub fn essence(&self) -> Vec<String> {
        essence(self.steps.iter().map(|step| step.op.action()))
    }

    #[must_use]
    pub fn risk(&self) -> Option<Risk> {
        self.steps.iter().map(|step| step.risk).max()
    }
}

/// What a plan does, to compare it with the plans of other people: each action once, in order. Memberships follow
/// from the rest, so they count only if there is nothing else.
pub fn essence<'a>(actions: impl Iterator<Item = &'a str> + Clone) -> Vec<String> {
    const MEMBERSHIP: &str = "provision-membership";
    let is_alone = actions.clone().all(|action| action == MEMBERSHIP);
    let mut all: Vec<String> = Vec::new();
    for action in actions.filter(|action| is_alone || *action != MEMBERSHIP) {
        if !all.iter().any(|known| known == action) {
            all.push(action.to_owned());
        }
    }
    all
}

/// Codes and messages of the findings, as the digest includes them.
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
