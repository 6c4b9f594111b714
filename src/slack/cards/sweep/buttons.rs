//! The buttons of a sweep, and the dialog before its repairs are asked for or approved.

use std::collections::BTreeMap;

use super::{SweepView, count};
use crate::slack::action::ButtonAction;
use crate::slack::blocks::{Button, Confirm, Style};
use crate::slack::markup::Markup;
use crate::slack::value::Value;
use reinstate_core::plan::short;
use reinstate_core::sweep::{SurveyResult, SweepNext};

pub(super) fn buttons(view: &SweepView<'_>) -> Vec<Button> {
    let sweep = view.sweep;
    let digest = sweep.digest().unwrap_or_default();
    let value = Value { run: view.id.to_owned(), digest: digest.clone(), ..Value::default() }.text();
    let plain =
        |action, words| Button { action, words, value: value.clone(), style: Style::Plain, confirm: None };
    let stop = || Button { style: Style::Danger, ..plain(ButtonAction::Cancel, "Stop") };
    let Some(surveyed) = &sweep.surveyed else {
        return if sweep.ended.is_none() { vec![stop()] } else { Vec::new() };
    };
    let primary = |action, words, title: &'static str, yes| Button {
        style: Style::Primary,
        confirm: Some(dialog(surveyed, &digest, title, yes)),
        ..plain(action, words)
    };
    let mut all = match view.next() {
        SweepNext::AwaitRequest(_) => vec![primary(
            ButtonAction::SweepRepair,
            "Repair the harmless ones",
            "Repair the harmless ones?",
            "Repair",
        )],
        SweepNext::AwaitApproval(_) => vec![
            primary(ButtonAction::Approve, "Approve", "Approve this list?", "Approve"),
            Button { style: Style::Danger, ..plain(ButtonAction::Decline, "Decline") },
        ],
        SweepNext::Repair => vec![plain(ButtonAction::SweepPause, "Pause"), stop()],
        SweepNext::AwaitPerson => {
            vec![Button { style: Style::Primary, ..plain(ButtonAction::Retry, "Go on") }, stop()]
        }
        SweepNext::Survey | SweepNext::End(_) | SweepNext::Nothing => Vec::new(),
    };
    if surveyed.approvals > 0 {
        all.push(plain(ButtonAction::SweepPage, "Show those that need an approval"));
    }
    all
}

/// How many people the list has, which kinds of steps, and the digest that the click is about.
fn dialog(surveyed: &SurveyResult, digest: &str, title: &'static str, yes: &'static str) -> Confirm {
    let people = surveyed.list.repairs().len();
    let text = Markup::new().number(people).literal(if people == 1 { " person" } else { " people" });
    let kinds = kinds(&surveyed.preview.steps);
    let text = if kinds.is_empty() {
        text.literal(", harmless steps only. ")
    } else {
        text.literal(": ").then(&Markup::list(&kinds, ", ")).literal(". ")
    };
    let text = text
        .literal("No step is irreversible. Each person is read again first, and skipped if something has changed. ")
        .literal("List ")
        .code(short(digest))
        .literal(".");
    Confirm { title: Markup::new().literal(title), text, yes, no: "Back" }
}

/// The steps of the list by kind. A list of harmless repairs has these two kinds.
fn kinds(steps: &BTreeMap<String, u64>) -> Vec<Markup> {
    let number = |action: &str| steps.get(action).copied().filter(|number| *number > 0);
    let people = number("provision-user").map(|people| {
        let text = Markup::new().literal("provision ").then(&count(people));
        text.literal(if people == 1 { " person on demand" } else { " people on demand" })
    });
    let memberships = number("provision-membership").map(|memberships| {
        count(memberships).literal(if memberships == 1 { " membership" } else { " memberships" })
    });
    people.into_iter().chain(memberships).collect()
}
