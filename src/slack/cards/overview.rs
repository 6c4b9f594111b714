//! What can be read in three seconds: what is broken, what will happen, what it costs. Everything else of a card
//! only gives the reasons.

use std::collections::BTreeMap;

use crate::slack::markup::Markup;
use reinstate_core::{Diagnosis, Plan, Verdict};

/// How many causes are named; the others are counted.
const MAX_CAUSES: usize = 3;

/// The glance at a diagnosis and its plan, one line each.
pub(super) fn overview(diagnosis: &Diagnosis, plan: &Plan) -> Markup {
    let mut lines = vec![broken(diagnosis)];
    if !plan.steps.is_empty() {
        lines.push(Markup::new().literal("*What will happen:* ").then(&happens(plan)));
        let cost: Vec<Markup> = plan.cost.iter().map(|cost| Markup::new().escaped(cost)).collect();
        let cost = if cost.is_empty() {
            Markup::new().literal("nothing is interrupted")
        } else {
            Markup::list(&cost, " ")
        };
        lines.push(Markup::new().literal("*What it costs:* ").then(&cost));
    } else if !plan.advice.is_empty() {
        lines.push(
            Markup::new().literal("*What will happen:* nothing by itself; only people can do what is left."),
        );
    }
    Markup::lines(&lines, 2900)
}

/// What is broken, in one line.
pub(super) fn broken(diagnosis: &Diagnosis) -> Markup {
    let text = Markup::new().literal("*What is broken:* ");
    let causes: Vec<Markup> = diagnosis
        .findings
        .iter()
        .filter(|finding| finding.blocking)
        .map(|finding| Markup::new().literal(finding.code.title()))
        .collect();
    let missing = diagnosis.groups.missing.as_ref().map_or(0, Vec::len);
    match (causes.len(), diagnosis.verdict) {
        (0, Verdict::Healthy) => text.literal("nothing"),
        (0, Verdict::CannotTell) => text.literal("it cannot be told, because not enough could be read"),
        (0, Verdict::Broken) if missing > 0 => text.number(missing).literal(" expected groups are missing"),
        (0, Verdict::Broken) => text.literal("access is missing, and no cause could be proven"),
        (count, _) => {
            let text =
                text.then(&Markup::list(causes.get(..count.min(MAX_CAUSES)).unwrap_or_default(), "; "));
            if count > MAX_CAUSES {
                text.literal("; and ").number(count - MAX_CAUSES).literal(" more")
            } else {
                text
            }
        }
    }
}

/// Steps by risk: what an approver has to weigh.
fn happens(plan: &Plan) -> Markup {
    let mut by_risk = BTreeMap::new();
    for step in &plan.steps {
        *by_risk.entry(step.risk).or_insert(0usize) += 1;
    }
    let parts: Vec<Markup> = by_risk
        .iter()
        .rev()
        .map(|(risk, count)| Markup::new().number(*count).literal(" ").literal(risk.word()))
        .collect();
    let steps = if plan.steps.len() == 1 { " step: " } else { " steps: " };
    Markup::new().number(plan.steps.len()).literal(steps).then(&Markup::list(&parts, ", "))
}
