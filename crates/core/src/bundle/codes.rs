//! The codes of a diagnosis and its plan: everything but the texts and the names. They show whether two diagnoses are
//! the same.

use crate::diagnose::{Diagnosis, Mark, Undecided, Why};
use crate::evidence::{Evidence, Source};
use crate::finding::{Cause, Verdict};
use crate::op::Risk;
use crate::plan::Plan;
use crate::rules::Rules;
use crate::{diagnose, plan};

/// What a diagnosis found and what its plan does.
#[derive(Clone, Debug, PartialEq)]
pub struct Codes {
    pub verdict: Verdict,
    /// The causes, and whether each is a reason for the missing access.
    pub findings: Vec<(Cause, bool)>,
    pub undecided: Vec<Undecided>,
    pub unread: Vec<Source>,
    pub trail: Vec<Mark>,
    /// How many candidates there are.
    pub candidates: usize,
    /// How many groups are expected, present, missing and extra.
    pub groups: [Option<usize>; 4],
    /// How many apps are expected and present, and why the others are missing.
    pub apps: ([Option<usize>; 2], Option<Vec<Why>>),
    /// The actions of the plan with their risks.
    pub steps: Vec<(&'static str, Risk)>,
}

impl Codes {
    #[must_use]
    pub fn new(diagnosis: &Diagnosis, plan: &Plan) -> Self {
        let Diagnosis { groups, apps, .. } = diagnosis;
        Self {
            verdict: diagnosis.verdict,
            findings: diagnosis.findings.iter().map(|finding| (finding.code, finding.blocking)).collect(),
            undecided: diagnosis.undecided.clone(),
            unread: diagnosis.unread.iter().map(|(source, _)| *source).collect(),
            trail: diagnosis.trail.iter().map(|station| station.mark).collect(),
            candidates: diagnosis.candidates.len(),
            groups: [&groups.expected, &groups.present, &groups.missing, &groups.extra]
                .map(|names| names.as_ref().map(Vec::len)),
            apps: (
                [&apps.expected, &apps.present].map(|all| all.as_ref().map(Vec::len)),
                apps.missing.as_ref().map(|all| {
                    let mut why: Vec<_> = all.iter().map(|app| app.why).collect();
                    why.sort_by_key(|why| why.word());
                    why
                }),
            ),
            steps: plan.steps.iter().map(|step| (step.op.action(), step.risk)).collect(),
        }
    }

    /// The codes of what these rules make of the evidence.
    #[must_use]
    pub fn of(evidence: &Evidence, rules: &Rules) -> Self {
        let diagnosis = diagnose(evidence);
        let plan = plan(evidence, &diagnosis, rules, &[]);
        Self::new(&diagnosis, &plan)
    }

    /// The causes, as a sentence shows them.
    #[must_use]
    pub fn causes(&self) -> String {
        let codes: Vec<&str> = self.findings.iter().map(|(cause, _)| cause.code()).collect();
        let causes = if codes.is_empty() { "no cause".to_owned() } else { codes.join(", ") };
        format!("{}: {causes}", self.verdict.word())
    }
}
