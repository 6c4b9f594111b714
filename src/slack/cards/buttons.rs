//! The buttons of a run. Each one carries the run and the digest for which it was drawn. A button that can no longer
//! work must never be drawn.

use super::View;
use crate::slack::action::ButtonAction;
use crate::slack::blocks::{Button, Style};
use reinstate_core::run::Next;

pub(super) fn buttons(view: &View<'_>) -> Vec<Button> {
    if view.run.ended.is_some() {
        let mut all = super::after::buttons(view);
        if view.run.current.is_some() {
            all.push(plain(view, ButtonAction::Details, "Details"));
        }
        return all;
    }
    let details = || plain(view, ButtonAction::Details, "Details");
    let recheck = || plain(view, ButtonAction::Recheck, "Recheck");
    match view.next() {
        Next::AwaitApproval { .. } if view.asks_here => asking(view),
        Next::AwaitApproval { .. } => vec![recheck(), details(), stop(view)],
        Next::AwaitPerson => {
            let retry = plain(view, ButtonAction::Retry, "Retry");
            let mut all = vec![Button { style: Style::Primary, ..retry }];
            all.extend(super::after::undo(view));
            all.extend([stop(view), recheck(), details()]);
            all
        }
        Next::Stop => vec![details()],
        _ if view.run.current.is_some() => vec![details(), stop(view)],
        _ => Vec::new(),
    }
}

pub(super) fn asking(view: &View<'_>) -> Vec<Button> {
    // If the dialog has no room for every destructive step, the click opens a modal and approves nothing.
    let confirm = super::dialog::dialog(view);
    let approve = plain(view, ButtonAction::Approve, "Approve");
    let decline = plain(view, ButtonAction::Decline, "Decline");
    vec![
        Button { style: Style::Primary, confirm, ..approve },
        Button { style: Style::Danger, ..decline },
        plain(view, ButtonAction::Recheck, "Recheck"),
        plain(view, ButtonAction::Details, "Details"),
        plain(view, ButtonAction::Cancel, "Stop"),
    ]
}

fn stop(view: &View<'_>) -> Button {
    Button { style: Style::Danger, ..plain(view, ButtonAction::Cancel, "Stop") }
}

fn plain(view: &View<'_>, action: ButtonAction, words: &'static str) -> Button {
    Button { action, words, value: view.value(), style: Style::Plain, confirm: None }
}
