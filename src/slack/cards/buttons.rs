//! The buttons of a run, each with the run and the digest it was drawn for. A button that can no longer work must
//! never be drawn.

use super::View;
use crate::core::Risk;
use crate::core::plan::short;
use crate::core::run::{Current, Next};
use crate::slack::blocks::{Button, Confirm, Style};
use crate::slack::markup::Markup;

pub(super) fn buttons(view: &View<'_>) -> Vec<Button> {
    let plain =
        |action, words| Button { action, words, value: view.value(), style: Style::Plain, confirm: None };
    let recheck = || plain("reinstate.recheck", "Recheck");
    let details = || plain("reinstate.details", "Details");
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
            let mut all = vec![Button { style: Style::Primary, ..plain("reinstate.retry", "Retry") }];
            all.extend(super::after::undo(view));
            all.push(Button { style: Style::Danger, ..plain("reinstate.cancel", "Stop") });
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
    let confirm = view.run.current.as_ref().map(|current| confirm(view, current));
    vec![
        Button { style: Style::Primary, confirm, ..plain("reinstate.approve", "Approve") },
        Button { style: Style::Danger, ..plain("reinstate.decline", "Decline") },
        plain("reinstate.recheck", "Recheck"),
        plain("reinstate.details", "Details"),
    ]
}

/// Slack's dialog repeats the account, the irreversible steps and the digest; the digest and the name always fit.
pub(super) fn confirm(view: &View<'_>, current: &Current) -> Confirm {
    let digest = current.digest.as_deref().map(short).unwrap_or_default();
    let risky: Vec<Markup> = current
        .plan
        .steps
        .iter()
        .filter(|step| step.risk >= Risk::Disruptive)
        .map(|step| Markup::new().ours("• ").data(&step.op.says()))
        .collect();
    let name = Markup::new().data(&view.name_for_dialog());
    let lines = if risky.is_empty() { vec![Markup::new().ours("No irreversible step.")] } else { risky };
    let text = Markup::new().ours("For ").then(&name).ours(", plan ").code(digest).ours(":\n");
    let room = 300usize.saturating_sub(text.as_str().chars().count());
    Confirm {
        title: Markup::new().ours("Approve this plan?"),
        text: text.then(&Markup::lines(&lines, room)),
        yes: "Approve",
        no: "Back",
    }
}
