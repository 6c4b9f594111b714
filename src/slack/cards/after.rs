//! What can be asked for when a run has ended: to take back what it did, and to retire the account it left over. A
//! button here opens another run; it must never stand where that run would find nothing to do.

use super::View;
use crate::core::planner::{inverse, left_over};
use crate::core::run::begun;
use crate::core::{Aim, Outcome};
use crate::slack::blocks::{Button, Style};

pub(super) fn buttons(view: &View<'_>) -> Vec<Button> {
    let plain =
        |action, words| Button { action, words, value: view.value(), style: Style::Plain, confirm: None };
    let begun = begun(view.events.iter().map(|(_, _, event)| event));
    let mut all = Vec::new();
    if begun.iter().any(|op| inverse(op).is_some() || !op.records().is_empty()) {
        all.push(plain("reinstate.undo", "Undo what was done"));
    }
    let undoes = matches!(view.aim(), Aim::Undo { .. });
    let proven = matches!(view.run.ended, Some((Outcome::Restored | Outcome::Done, _)));
    if proven && !undoes && left_over(&begun).is_some() && begun.iter().all(|op| op.rung() < 10) {
        let inactive = begun.iter().any(|op| op.rung() == 9);
        let words = if inactive { "Delete the account left over" } else { "Retire the account left over" };
        all.push(plain("reinstate.retire", words));
    }
    all
}
