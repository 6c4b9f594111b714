//! What a sweep found: one short row an account that is not healthy, and the counts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::list::ListedRepair;
use crate::finding::{Cause, Verdict};
use crate::{Diagnosis, Plan, Risk, Rules};

/// An account that is not healthy, as short as it can be told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SweepFinding {
    /// What to ask `check` and `repair` with.
    pub query: String,
    /// The account, if there is one.
    pub account: Option<String>,
    /// The person, if there is one.
    pub person: Option<String>,
    /// Broken or cannot tell.
    pub verdict: Verdict,
    /// The causes, in the order of the trail.
    pub causes: Vec<Cause>,
    /// Missing groups, if known.
    pub missing: Option<usize>,
    /// Whether something was unread.
    pub unread: bool,
    /// The digest of the plan.
    pub digest: Option<String>,
    /// The plan's steps, as their actions.
    pub steps: Vec<String>,
    /// The highest risk of the plan.
    pub risk: Option<Risk>,
    /// Whether the plan needs an approval of its own.
    pub needs_approval: bool,
}

impl SweepFinding {
    /// The short row of a diagnosis and its plan.
    #[must_use]
    pub fn of(query: &str, diagnosis: &Diagnosis, plan: &Plan, rules: &Rules) -> Self {
        Self {
            query: query.to_owned(),
            account: diagnosis.account.clone(),
            person: diagnosis.person.clone(),
            verdict: diagnosis.verdict,
            causes: diagnosis.findings.iter().map(|finding| finding.code).collect(),
            missing: diagnosis.groups.missing.as_ref().map(Vec::len),
            unread: !diagnosis.unread.is_empty(),
            digest: plan.digest(),
            steps: plan.steps.iter().map(|step| step.op.action().to_owned()).collect(),
            risk: plan.risk(),
            needs_approval: plan.steps.iter().any(|step| rules.needs(step.risk) > 0),
        }
    }

    /// What an approval names it by: the account, else the person, else the question.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.account.as_deref().or(self.person.as_deref()).unwrap_or(&self.query)
    }

    /// Its line on a list of repairs, if its plan is harmless through and through.
    #[must_use]
    pub fn harmless(&self) -> Option<ListedRepair> {
        let digest = self.digest.clone().filter(|_| self.risk == Some(Risk::Harmless))?;
        Some(ListedRepair { subject: self.subject().to_owned(), query: self.query.clone(), digest })
    }
}

/// The counts of a sweep.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Managed accounts, each once, and people who should have one and have none.
    pub accounts: u64,
    pub healthy: u64,
    pub broken: u64,
    /// Of these it cannot be told.
    pub cannot_tell: u64,
    /// Not healthy, and something about it could not be read.
    pub unread: u64,
    /// How many of those not healthy have each cause.
    pub by_cause: BTreeMap<String, u64>,
}

impl Tally {
    /// Counts an account that is in order.
    pub fn healthy(&mut self) {
        self.accounts += 1;
        self.healthy += 1;
    }

    /// Counts a second account of a person who is counted by the first.
    pub fn beside(&mut self) {
        self.accounts += 1;
    }

    /// Counts an account that is not in order.
    pub fn found(&mut self, found: &SweepFinding) {
        self.accounts += 1;
        match found.verdict {
            Verdict::Healthy => self.healthy += 1,
            Verdict::Broken => self.broken += 1,
            Verdict::CannotTell => self.cannot_tell += 1,
        }
        if found.verdict == Verdict::Healthy {
            return;
        }
        self.unread += u64::from(found.unread);
        for cause in &found.causes {
            *self.by_cause.entry(cause.code().to_owned()).or_default() += 1;
        }
    }
}
