//! The buttons after a run: undo its steps (also while it waits for a person), and retire the account that is left
//! over. A button opens another run. It must never be drawn if that run would find nothing to do.

use super::View;
use crate::slack::action::ButtonAction;
use crate::slack::blocks::{Button, Style};
use reinstate_core::planner::{inverse, left_over};
use reinstate_core::run::begun;
use reinstate_core::{Goal, Outcome};

pub(super) fn buttons(view: &View<'_>) -> Vec<Button> {
    let plain =
        |action, words| Button { action, words, value: view.value(), style: Style::Plain, confirm: None };
    let begun = begun(view.events.iter().map(|(_, _, event)| event));
    let mut all: Vec<Button> = undo(view).into_iter().collect();
    let undoes = matches!(view.aim(), Goal::Undo { .. });
    let proven = matches!(view.run.ended, Some((Outcome::Restored | Outcome::Done, _)));
    if proven && !undoes && left_over(&begun).is_some() && begun.iter().all(|op| op.rung() < 10) {
        let inactive = begun.iter().any(|op| op.rung() == 9);
        let words = if inactive { "Delete the account left over" } else { "Retire the account left over" };
        all.push(plain(ButtonAction::Retire, words));
    }
    all
}

/// The button that undoes the begun steps of a run, if one of them can be undone.
pub(super) fn undo(view: &View<'_>) -> Option<Button> {
    let begun = begun(view.events.iter().map(|(_, _, event)| event));
    begun.iter().any(|op| inverse(op).is_some() || !op.records().is_empty()).then(|| Button {
        action: ButtonAction::Undo,
        words: "Undo what was done",
        value: view.value(),
        style: Style::Plain,
        confirm: None,
    })
}
