//! The buttons after a run: undo its steps (also while it is paused), remove the account that is left over, and ask
//! again. A button opens another run. It must never be drawn if that run would find nothing to do.

use super::View;
use crate::slack::action::ButtonAction;
use crate::slack::blocks::{Button, Style};
use crate::slack::value::Value;
use reinstate_core::planner::{inverse, left_over};
use reinstate_core::run::begun;
use reinstate_core::subject::normalize;
use reinstate_core::{Goal, Op, Outcome, Verdict};

pub(super) fn buttons(view: &View<'_>) -> Vec<Button> {
    let plain =
        |action, words| Button { action, words, value: view.value(), style: Style::Plain, confirm: None };
    let begun = begun(view.events.iter().map(|(_, _, event)| event));
    let mut all: Vec<Button> = undo(view).into_iter().collect();
    let outcome = view.run.ended.as_ref().map(|(outcome, _)| *outcome);
    let undoes = matches!(view.aim(), Goal::Undo { .. });
    let void = undoes || view.undone_by.is_some() || view.removed_by.is_some();
    let own = view.run.current.as_ref().and_then(|current| current.diagnosis.account.as_deref());
    let left = left_over(&begun).filter(|left| own.is_some_and(|own| own != *left));
    let proven = matches!(outcome, Some(Outcome::Restored | Outcome::Done));
    if proven && !void && left.is_some() && begun.iter().all(|op| op.rung() < 10) {
        let inactive = begun.iter().any(|op| op.rung() == 9);
        let words =
            if inactive { "Delete the left-over account" } else { "Deactivate the left-over account" };
        all.push(plain(ButtonAction::Retire, words));
    }
    let ended_early = matches!(outcome, Some(Outcome::Declined | Outcome::Expired | Outcome::Cancelled));
    if let (true, Goal::Repair { .. }, Some((_, who))) = (ended_early, view.aim(), &view.run.admitted) {
        let value = Value { who: who.text().to_owned(), ..Value::default() }.text();
        all.push(Button { value, ..plain(ButtonAction::Repair, "Ask again") });
    }
    all
}

/// The button that undoes the begun steps of a run, if one of them can be undone.
pub(super) fn undo(view: &View<'_>) -> Option<Button> {
    let begun = begun(view.events.iter().map(|(_, _, event)| event));
    let offered = view.undone_by.is_none() && begun.iter().any(|op| can_be_undone(view, op));
    offered.then(|| Button {
        action: ButtonAction::Undo,
        words: "Undo",
        value: view.value(),
        style: Style::Plain,
        confirm: None,
    })
}

/// Whether a run that undoes this op could have a step, by the newest diagnosis of this run.
fn can_be_undone(view: &View<'_>, op: &Op) -> bool {
    let Some(current) = &view.run.current else { return false };
    let found = &current.diagnosis;
    let healthy = found.verdict == Verdict::Healthy;
    match inverse(op) {
        // An account with complete access is linked and in use. It is neither deactivated nor deleted.
        Some(Op::DeactivateAccount { account } | Op::ScheduleDeletion { account }) => {
            !(healthy && found.account.as_ref() == Some(&account))
        }
        // The person has the address now.
        Some(Op::ReturnEmail { to, .. }) => {
            let theirs = found.email.as_deref().is_some_and(|email| normalize(email) == normalize(&to));
            !(healthy && theirs)
        }
        Some(_) => true,
        // Records come back by provisioning. A person with complete access has been provisioned.
        None => !op.records().is_empty() && !healthy,
    }
}
