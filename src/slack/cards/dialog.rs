//! What an approver confirms: every destructive step in words, then the account and the plan. If this does not fit into
//! Slack's dialog, one click must never approve: it opens a modal that shows everything.

use serde_json::Value as Json;

use super::View;
use super::steps::in_names;
use crate::slack::blocks::{Confirm, listing, section};
use crate::slack::markup::Markup;
use reinstate_core::plan::short;
use reinstate_core::run::Current;
use reinstate_core::{Names, Op, Risk, Step};

/// The maximum number of characters in Slack's dialog.
const MAX_CHARACTERS: usize = 300;
/// The maximum number of characters of the person's address in the dialog.
const MAX_NAME_CHARACTERS: usize = 80;
/// The maximum number of sections with steps in the modal.
const MAX_PAGES: usize = 40;

/// Slack's confirmation dialog. None if not every destructive step fits into it.
#[must_use]
pub fn dialog(view: &View<'_>) -> Option<Confirm> {
    let current = view.run.current.as_ref()?;
    let destructive = lines(current, |step| step.risk == Risk::Destructive);
    let others = lines(current, |step| step.risk == Risk::Disruptive);
    let whose = whose(view, current, MAX_NAME_CHARACTERS);
    let text = |others: &[Markup]| {
        let none = [Markup::new().literal("No destructive step.")];
        let first: &[Markup] = if destructive.is_empty() { &none } else { &destructive };
        let all: Vec<Markup> = first.iter().chain(others).chain([&whose]).cloned().collect();
        Markup::list(&all, "\n")
    };
    let fits = |text: &Markup| text.as_str().chars().count() <= MAX_CHARACTERS;
    let counted =
        [Markup::new().literal("• disruptive steps: ").number(others.len()).literal(", see the card")];
    let text =
        [text(&others), text(if others.is_empty() { &[] } else { &counted })].into_iter().find(fits)?;
    Some(Confirm { title: Markup::new().literal("Approve this plan?"), text, yes: "Approve", no: "Back" })
}

/// The same content for a modal, which has room for all of it.
#[must_use]
pub fn dialog_in_full(view: &View<'_>) -> Vec<Json> {
    let Some(current) = &view.run.current else { return Vec::new() };
    let mut blocks = Vec::new();
    let kinds: [(Risk, &'static str); 2] = [
        (Risk::Destructive, "*Destructive: changes who has an address, or ends an account*"),
        (Risk::Disruptive, "*Disruptive: access is interrupted, or provisioning has to restore it*"),
    ];
    for (risk, title) in kinds {
        let lines = lines(current, |step| step.risk == risk);
        if !lines.is_empty() {
            blocks.extend(listing(&Markup::new().literal(title), &lines, MAX_PAGES));
        }
    }
    blocks.push(section(&whose(view, current, usize::MAX)));
    blocks
}

fn lines(current: &Current, wanted: impl Fn(&Step) -> bool) -> Vec<Markup> {
    let steps = current.plan.steps.iter().filter(|step| wanted(step));
    steps.map(|step| Markup::new().literal("• ").then(&step_text(current, &step.op))).collect()
}

/// The person, and the plan.
fn whose(view: &View<'_>, current: &Current, most: usize) -> Markup {
    let who = view.run.admitted.as_ref().map(|(_, who)| who.text().to_owned());
    let name = current.diagnosis.email.clone().or(who).unwrap_or_default();
    let mut shown: String = name.chars().take(most).collect();
    if shown.len() < name.len() {
        shown.push('…');
    }
    let mut text = Markup::new().literal("For ").escaped(&shown);
    if let Some(account) = &current.diagnosis.account {
        text = text.literal(" (account ").escaped(&Names::default().label(account)).literal(")");
    }
    text.literal(". Plan ").code(current.digest.as_deref().map(short).unwrap_or_default()).literal(".")
}

/// A destructive or disruptive step, with the age and the use of the account that it hits.
fn step_text(current: &Current, op: &Op) -> Markup {
    let names = &current.diagnosis.names;
    Markup::new().escaped(&in_names(op, names, |id| names.in_full(id)))
}
