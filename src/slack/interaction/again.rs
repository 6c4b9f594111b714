//! Undo, retire, and the pick between two accounts: each opens another run, through the same door as a typed repair.
//! It must never take from the button more than which run or whom, and which account, all of it looked up again.

use std::sync::Arc;

use super::cancel::give_up;
use super::settle::Verdict;
use super::value::{from_its_card, gone};
use super::{Value, opening_key};
use crate::app::App;
use crate::core::Kind;
use crate::core::run::{Aim, Asked};
use crate::exec::JournalError;
use crate::slack::command::Target;
use crate::slack::commands::repair;
use crate::slack::markup::Markup;
use crate::slack::payload::Click;
use crate::slack::private::Ear;
use crate::slack::words::{self, click};

/// Whether the button stands on the run's own card and the run is over. One that waits for a person is ended by Undo:
/// while it is open it holds what the undo would have to claim.
pub(super) async fn ready(app: &App, ear: &Ear, clicked: &Click, run: &str) -> Result<(), Verdict> {
    let turn = app.clicks.turn(run, "open");
    let _turn = turn.lock().await;
    from_its_card(app, clicked, run).await?;
    if clicked.action == "reinstate.undo" {
        give_up(app, ear, run).await?;
        app.nudge();
    }
    Ok(())
}

/// Opens the run that a button asks for, and says what came of it.
pub(super) async fn again(app: &Arc<App>, clicked: Click, value: &Value) -> Markup {
    let aim = match clicked.action.as_str() {
        "reinstate.undo" => Aim::Undo { run: value.run.clone() },
        "reinstate.retire" => Aim::Retire { run: value.run.clone() },
        _ => Aim::Repair { keep: Some(value.keep.clone()) },
    };
    let target = if value.run.is_empty() {
        Target::parse(&value.who).ok_or_else(gone)
    } else {
        whom(app, &value.run).await
    };
    match target {
        Ok(target) => {
            let key = opening_key(&clicked, value);
            repair::open(app, key, Asked { aim, ..super::asked(clicked, &target) }, crate::clock::now()).await
        }
        Err(says) => says,
    }
}

/// Whom an earlier run was about, once it has ended: while it runs, it holds what another would have to claim.
pub(in crate::slack) async fn whom(app: &App, run: &str) -> Result<Target, Markup> {
    let run = match app.ledger.run(run).await {
        Ok(run) => run,
        Err(JournalError::OtherKind { id, kind: Kind::Sweep }) => return Err(click::undo_of_a_sweep(&id)),
        Err(JournalError::Store(error)) => {
            tracing::warn!(%error, "a run could not be read");
            return Err(words::not_written());
        }
        Err(_) => {
            return Err(Markup::new().ours(click::NO_EARLIER_RUN));
        }
    };
    if run.ended.is_none() {
        return Err(Markup::new().ours(click::NOT_ENDED));
    }
    match run.admitted {
        Some((_, who)) => Ok(Target::Who(who)),
        None => Err(Markup::new().ours(click::DID_NOTHING)),
    }
}
