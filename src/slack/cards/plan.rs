//! The plan: what will happen, step by step, and what only people can do. The overview says what it costs.

use serde_json::Value as Json;

use crate::slack::blocks::{divider, section};
use crate::slack::markup::Markup;
use reinstate_core::{Plan, Step};

fn step_line(number: usize, step: &Step) -> Markup {
    Markup::new()
        .number(number)
        .literal(". ")
        .escaped(&step.op.says())
        .literal(" – *")
        .literal(step.risk.word())
        .literal("*, ")
        .literal(step.undo.message())
}

/// The steps with their risk, and the advice.
pub(super) fn planned(plan: &Plan) -> Vec<Json> {
    let mut blocks = Vec::new();
    let list = |title: &'static str, texts: &[String]| {
        let mut lines = vec![Markup::new().literal(title)];
        lines.extend(texts.iter().map(|text| Markup::new().literal("• ").escaped(text)));
        section(&Markup::lines(&lines, 2900))
    };
    if !plan.steps.is_empty() {
        blocks.push(divider());
        let mut lines = vec![Markup::new().literal("*The steps*")];
        lines.extend(plan.steps.iter().enumerate().map(|(index, step)| step_line(index + 1, step)));
        blocks.push(section(&Markup::lines(&lines, 2900)));
    }
    if !plan.advice.is_empty() {
        blocks.push(list("*What only a person can do*", &plan.advice));
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
