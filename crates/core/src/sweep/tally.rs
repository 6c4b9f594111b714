//! The results of a sweep: one short row for each account that is not healthy, and the counts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::list::ListedRepair;
use crate::finding::{Cause, Finding, Verdict};
use crate::{Diagnosis, Op, Plan, Risk, Rules};

/// The shortest useful summary of an account that is not healthy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SweepFinding {
    /// The text to use with `check` and `repair`.
    pub query: String,
    /// The display name of the person. `None` in rows of version 1.
    #[serde(default)]
    pub name: Option<String>,
    pub account: Option<String>,
    pub person: Option<String>,
    /// `broken` or `cannot-tell`.
    pub verdict: Verdict,
    /// The causes, in the order of the trail. Without a group that grants no app where the person can open something:
    /// most organizations have such groups.
    pub causes: Vec<Cause>,
    /// How many groups are missing. `None` if unknown.
    pub missing: Option<usize>,
    /// The missing apps by name. `None` if unknown.
    #[serde(default)]
    pub missing_apps: Option<Vec<String>>,
    /// Whether a source was unread.
    pub unread: bool,
    pub digest: Option<String>,
    /// The actions of the plan's steps.
    pub steps: Vec<String>,
    /// The names of the groups in which the plan provisions the person. Empty in rows of version 1.
    #[serde(default)]
    pub groups: Vec<String>,
    pub risk: Option<Risk>,
    /// Whether the plan needs an approval of its own.
    pub needs_approval: bool,
}

impl SweepFinding {
    /// Summarizes a diagnosis and its plan.
    #[must_use]
    pub fn of(query: &str, diagnosis: &Diagnosis, plan: &Plan, rules: &Rules) -> Self {
        Self {
            query: query.to_owned(),
            name: diagnosis.name.clone(),
            account: diagnosis.account.clone(),
            person: diagnosis.person.clone(),
            verdict: diagnosis.verdict,
            causes: diagnosis.findings.iter().filter(|f| counts(f)).map(|finding| finding.code).collect(),
            missing: diagnosis.groups.missing.as_ref().map(Vec::len),
            missing_apps: diagnosis
                .apps
                .missing
                .as_ref()
                .map(|apps| apps.iter().map(|app| app.name.to_string()).collect()),
            unread: !diagnosis.unread.is_empty(),
            digest: plan.digest(),
            steps: plan.steps.iter().map(|step| step.op.action().to_owned()).collect(),
            groups: plan.steps.iter().filter_map(|step| group(&step.op)).collect(),
            risk: plan.risk(),
            needs_approval: plan.steps.iter().any(|step| rules.needs(step.risk) > 0),
        }
    }

    /// The name of this finding on a list of repairs: the account, else the person, else the query.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.account.as_deref().or(self.person.as_deref()).unwrap_or(&self.query)
    }

    /// The line for a list of repairs, if every step of the plan is harmless.
    #[must_use]
    pub fn harmless(&self) -> Option<ListedRepair> {
        let digest = self.digest.clone().filter(|_| self.risk == Some(Risk::Harmless))?;
        Some(ListedRepair { subject: self.subject().to_owned(), query: self.query.clone(), digest })
    }
}

/// The group in which a step provisions the person.
fn group(op: &Op) -> Option<String> {
    match op {
        Op::ProvisionMembership { group_name, .. } => Some(group_name.clone()),
        _ => None,
    }
}

/// Whether a sweep counts a finding.
fn counts(finding: &Finding) -> bool {
    finding.blocking || finding.code != Cause::GroupWithoutRole
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Managed accounts, each once, plus people who should have an account and have none.
    pub accounts: u64,
    pub healthy: u64,
    pub broken: u64,
    /// Accounts for which the diagnosis was not possible.
    pub cannot_tell: u64,
    /// Accounts that are not healthy and for which a source was unread.
    pub unread: u64,
    /// How many of the accounts that are not healthy have each cause. The causes that concern everybody are not counted.
    pub by_cause: BTreeMap<String, u64>,
    /// The causes that concern everybody, so they are reported once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tenant_causes: Vec<Cause>,
}

impl Tally {
    /// An empty tally of a tenant with these causes.
    #[must_use]
    pub fn of_tenant(tenant_causes: Vec<Cause>) -> Self {
        Self { tenant_causes, ..Self::default() }
    }

    /// Whether the tenant has a fault that a person has to correct before single accounts are repaired.
    #[must_use]
    pub fn has_tenant_fault(&self) -> bool {
        self.tenant_causes.iter().any(|cause| cause.blocks())
    }

    /// Whether an account has a cause of its own, besides those that concern everybody.
    #[must_use]
    pub fn has_own_cause(&self, found: &SweepFinding) -> bool {
        found.causes.is_empty() || found.causes.iter().any(|cause| !self.tenant_causes.contains(cause))
    }

    /// Counts a healthy account.
    pub fn healthy(&mut self) {
        self.accounts += 1;
        self.healthy += 1;
    }

    /// Counts a further account of a person who is already counted.
    pub fn beside(&mut self) {
        self.accounts += 1;
    }

    /// Counts an account that is not healthy.
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
        for cause in found.causes.iter().filter(|cause| !self.tenant_causes.contains(cause)) {
            *self.by_cause.entry(cause.code().to_owned()).or_default() += 1;
        }
    }
}
