//! What is asked before an approval counts: every destructive step in words, then the account and the plan. Where it
//! does not fit into Slack's dialog, one click approves nothing: the click opens a modal that shows all of it.

use serde_json::Value as Json;

use super::View;
use crate::slack::blocks::{Confirm, listing, section};
use crate::slack::markup::Markup;
use reinstate_core::plan::short;
use reinstate_core::run::Current;
use reinstate_core::{Op, Risk, Step};

/// Characters that Slack's dialog takes.
const MAX_CHARACTERS: usize = 300;
/// Characters of the person's address in it.
const MAX_NAME_CHARACTERS: usize = 80;
/// Paragraphs of steps in the modal.
const MAX_PAGES: usize = 40;

/// Slack's own dialog; none if not every destructive step fits into it.
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

/// The same in a modal, where there is room for all of it.
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

/// Whom it is for, and which plan.
fn whose(view: &View<'_>, current: &Current, most: usize) -> Markup {
    let who = view.run.admitted.as_ref().map(|(_, who)| who.text().to_owned());
    let name = current.diagnosis.email.clone().or(who).unwrap_or_default();
    let mut shown: String = name.chars().take(most).collect();
    if shown.len() < name.len() {
        shown.push('…');
    }
    let mut text = Markup::new().literal("For ").escaped(&shown);
    if let Some(account) = &current.diagnosis.account {
        text = text.literal(" (account ").then(&last(account)).literal(")");
    }
    text.literal(". Plan ").code(current.digest.as_deref().map(short).unwrap_or_default()).literal(".")
}

/// The last four characters of an id, which people compare.
fn last(id: &str) -> Markup {
    let skip = id.chars().count().saturating_sub(4);
    let tail: String = id.chars().skip(skip).collect();
    Markup::new().literal("…").escaped(&tail)
}

/// An account by name, as far as the plan knows it, and by the end of its id.
fn account(current: &Current, id: &str) -> Markup {
    let found = &current.diagnosis;
    let candidate = found.candidates.iter().find(|one| one.id == id).and_then(|one| one.name.as_deref());
    let own = found.name.as_deref().filter(|_| found.account.as_deref() == Some(id));
    let text = Markup::new().literal("account ");
    match candidate.or(own) {
        Some(name) => text.escaped(name).literal(" (").then(&last(id)).literal(")"),
        None => text.then(&last(id)),
    }
}

/// A risky step in few words. What is not risky is never named here.
fn step_text(current: &Current, op: &Op) -> Markup {
    let text = Markup::new();
    let account = |id: &str| account(current, id);
    match op {
        Op::ParkEmail { account: id, from, .. } => {
            text.literal("Move ").escaped(from).literal(" off the ").then(&account(id))
        }
        Op::ReturnEmail { account: id, to, .. } => {
            text.literal("Move ").escaped(to).literal(" back to the ").then(&account(id))
        }
        Op::DeactivateAccount { account: id } => text.literal("Deactivate the ").then(&account(id)),
        Op::ScheduleDeletion { account: id } => {
            text.literal("Delete the ").then(&account(id)).literal(", due in 14 days")
        }
        Op::SuspendAccess { account: id, .. } => text.literal("Suspend the ").then(&account(id)),
        Op::RestoreAccess { account: id, .. } => {
            text.literal("Lift the suspension of the ").then(&account(id))
        }
        Op::ActivateAccount { account: id } => text.literal("Activate the ").then(&account(id)),
        Op::CancelDeletion { account: id } => text.literal("Cancel the deletion of the ").then(&account(id)),
        Op::UnlinkRecord { record, account: id } => text
            .literal("Unlink SCIM record ")
            .then(&last(&record.record))
            .literal(" from the ")
            .then(&account(id)),
        Op::DeleteRecord { record } => text.literal("Delete SCIM record ").then(&last(&record.record)),
        Op::ForgetAccountRecords { account: id, records } => text
            .literal("Delete all ")
            .number(records.len())
            .literal(" SCIM records of the ")
            .then(&account(id)),
        Op::ProvisionUser { .. }
        | Op::ProvisionMembership { .. }
        | Op::StartProvisioning { .. }
        | Op::RestartProvisioning { .. } => text.escaped(&op.says()),
    }
}
