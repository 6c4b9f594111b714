//! Undo, retire, and the pick between two accounts: each opens another run, through the same door as a typed repair.
//! It must never take from the button more than which run or whom, and which account, all of it looked up again.

use std::sync::Arc;

use super::value::gone;
use super::{Value, opening_key};
use crate::app::App;
use crate::core::run::{Aim, Asked};
use crate::exec::LedgerError;
use crate::slack::command::Target;
use crate::slack::commands::repair;
use crate::slack::markup::Markup;
use crate::slack::payload::Click;
use crate::slack::words;
use crate::store::StoreError;

/// Opens the run that a button asks for, and says what came of it.
pub(super) async fn again(app: &Arc<App>, click: Click, value: &Value) -> Markup {
    let aim = match click.action.as_str() {
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
            let key = opening_key(&click, value);
            repair::open(app, key, Asked { aim, ..super::asked(click, &target) }).await
        }
        Err(says) => says,
    }
}

/// Whom an earlier run was about, once it has ended: while it runs, it holds what another would have to claim.
pub(in crate::slack) async fn whom(app: &App, run: &str) -> Result<Target, Markup> {
    let run = match app.ledger.load(run).await {
        Ok(run) => run,
        Err(LedgerError::Store(error)) if !matches!(error, StoreError::UnknownRun(_)) => {
            tracing::warn!(%error, "a run could not be read");
            return Err(words::not_written());
        }
        Err(_) => {
            return Err(Markup::new()
                .ours("There is no such run, or it can no longer be read, so nothing was started."));
        }
    };
    if run.ended.is_none() {
        return Err(Markup::new()
            .ours("That run has not ended, so nothing was started. Stop it first, then ask again."));
    }
    match run.admitted {
        Some((_, who)) => Ok(Target::Who(who)),
        None => Err(Markup::new().ours("That run did nothing, so there is nothing to take back.")),
    }
}
