//! The plan in full: each step with its risk and how it can be undone, what the plan costs, and what only people can do.

use serde_json::Value as Json;

use super::steps::ops_text;
use crate::slack::blocks::{divider, section};
use crate::slack::markup::Markup;
use crate::slack::messages::figures;
use reinstate_core::subject::normalize;
use reinstate_core::{Diagnosis, Op, Plan, Step};

fn step_line(number: usize, step: &Step, plan: &Plan, diagnosis: &Diagnosis) -> Markup {
    Markup::new()
        .number(number)
        .literal(". ")
        .then(&ops_text(&[&step.op], diagnosis))
        .literal(" · *")
        .literal(step.risk.word())
        .literal("* · ")
        .literal(if is_final(step, plan) {
            "cannot be undone once the person has the address"
        } else {
            step.undo.message()
        })
}

/// Whether a later step of the plan gives away the address that this step frees.
fn is_final(step: &Step, plan: &Plan) -> bool {
    let Some(freed) = step.op.frees() else { return false };
    plan.steps.iter().any(|other| match &other.op {
        Op::ProvisionUser { email, .. } => normalize(email) == normalize(freed),
        _ => false,
    })
}

/// The steps, what they cost, the advice, and the texts for tickets.
pub(super) fn planned(plan: &Plan, diagnosis: &Diagnosis) -> Vec<Json> {
    let mut blocks = Vec::new();
    let list = |title: &'static str, texts: &[String]| {
        let mut lines = vec![Markup::new().literal(title)];
        let text = |text: &String| Markup::new().literal("• ").escaped(&diagnosis.names.in_dated_words(text));
        lines.extend(texts.iter().map(text));
        section(&Markup::lines(&lines, 2900))
    };
    if !plan.steps.is_empty() {
        blocks.push(divider());
        let mut lines = vec![Markup::new().literal("*Steps*")];
        let all = plan.steps.iter().enumerate();
        lines.extend(all.map(|(index, step)| step_line(index + 1, step, plan, diagnosis)));
        if let (Some(worked), Some(first)) = (&plan.worked_here, lines.get_mut(1)) {
            *first = first.clone().literal(" · ").escaped(&figures::worked_here(worked));
        }
        lines.extend(
            plan.skipped.iter().map(|skipped| Markup::new().escaped(&figures::not_proposed(skipped))),
        );
        blocks.push(section(&Markup::lines(&lines, 2900)));
    }
    if !plan.cost.is_empty() {
        blocks.push(list("*Impact*", &plan.cost));
    }
    if !plan.advice.is_empty() {
        blocks.push(list("*What to do*", &plan.advice));
    }
    for ticket in &plan.tickets {
        let title =
            Markup::new().literal("*Ready to paste into a ticket to ").literal(ticket.to.name()).literal("*");
        // A quotation, because the text is meant for somebody else.
        let text = Markup::new().literal("> ").escaped(&ticket.text);
        blocks.push(section(&Markup::lines(&[title, text], 2900)));
    }
    blocks
}
