//! The buttons of a run. Each one carries the run and the digest for which it was drawn. A button that can no longer
//! work must never be drawn.

use super::View;
use crate::slack::action::ButtonAction;
use crate::slack::blocks::{Button, Style};
use reinstate_core::run::Next;

pub(super) fn buttons(view: &View<'_>) -> Vec<Button> {
    let plain =
        |action, words| Button { action, words, value: view.value(), style: Style::Plain, confirm: None };
    let recheck = || plain(ButtonAction::Recheck, "Recheck");
    let details = || plain(ButtonAction::Details, "Details");
    if view.run.ended.is_some() {
        let mut all = super::after::buttons(view);
        if view.run.current.is_some() {
            all.push(details());
        }
        return all;
    }
    match view.next() {
        Next::AwaitApproval { .. } if view.asks_here => asking(view),
        Next::AwaitApproval { .. } => vec![recheck(), details()],
        Next::AwaitPerson => {
            let mut all = vec![Button { style: Style::Primary, ..plain(ButtonAction::Retry, "Retry") }];
            all.extend(super::after::undo(view));
            all.push(Button { style: Style::Danger, ..plain(ButtonAction::Cancel, "Stop") });
            all.extend([recheck(), details()]);
            all
        }
        _ if view.run.current.is_some() => vec![details()],
        _ => Vec::new(),
    }
}

pub(super) fn asking(view: &View<'_>) -> Vec<Button> {
    let plain =
        |action, words| Button { action, words, value: view.value(), style: Style::Plain, confirm: None };
    // If the dialog has no room for every destructive step, the click opens a modal and approves nothing.
    let confirm = super::dialog::dialog(view);
    vec![
        Button { style: Style::Primary, confirm, ..plain(ButtonAction::Approve, "Approve") },
        Button { style: Style::Danger, ..plain(ButtonAction::Decline, "Decline") },
        plain(ButtonAction::Recheck, "Recheck"),
        plain(ButtonAction::Details, "Details"),
    ]
}
