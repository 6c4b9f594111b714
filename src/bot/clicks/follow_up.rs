//! Undo, retire, and the choice between two accounts. Each one opens another run, in the same way as a typed repair.
//! This module must never take more from the button than the run or the person, and the account. It looks all of them
//! up again.

use std::sync::Arc;

use crate::bot::app::App;
use crate::bot::click_queue::ClickKind;
use crate::bot::commands::repair;
use crate::bot::commands::undo::whom;
use crate::bot::decisions::cancel::give_up;
use crate::bot::decisions::card::{from_its_card, gone};
use crate::bot::decisions::verdict::Verdict;
use crate::bot::opening::{asked, opening_key};
use crate::bot::private::ReplyTo;
use crate::slack::action::ButtonAction;
use crate::slack::command::Target;
use crate::slack::markup::Markup;
use crate::slack::payload::Click;
use crate::slack::value::Value;
use reinstate_core::run::{Goal, Request};

/// Checks that the button is on the run's own card and that the run has ended. Undo first ends a run that waits for a
/// person: while that run is open, it holds the claim that the undo needs.
pub(super) async fn check_ready(
    app: &App,
    reply_to: &ReplyTo,
    clicked: &Click,
    action: ButtonAction,
    run: &str,
) -> Result<(), Verdict> {
    let turn = app.click_queue.turn(run, ClickKind::Open);
    let _turn = turn.lock().await;
    from_its_card(app, clicked, run).await?;
    if action == ButtonAction::Undo {
        give_up(app, reply_to, run).await?;
        app.nudge();
    }
    Ok(())
}

/// Opens the run that a button requests, and returns the text for the caller.
pub(super) async fn open_follow_up(
    app: &Arc<App>,
    clicked: Click,
    action: ButtonAction,
    value: &Value,
) -> Markup {
    let aim = match action {
        ButtonAction::Undo => Goal::Undo { run: value.run.clone() },
        ButtonAction::Retire => Goal::Retire { run: value.run.clone() },
        _ => Goal::Repair { keep: Some(value.keep.clone()) },
    };
    let target = if value.run.is_empty() {
        Target::parse(&value.who).ok_or_else(gone)
    } else {
        whom(app, &value.run).await
    };
    match target {
        Ok(target) => {
            let key = opening_key(&clicked, value);
            let asked = Request { aim, ..asked(clicked, &target) };
            repair::open(app, key, asked, crate::clock::now()).await.says
        }
        Err(says) => says,
    }
}
