//! One file per command. This module acknowledges a command. If no look-up is needed, the acknowledgement carries the
//! answer. Otherwise it is empty and immediate, and the answer follows privately.

pub(super) mod call_for_help;
mod cancel;
pub(super) mod check;
mod history;
pub(super) mod me;
pub(super) mod repair;
mod report;
mod status;
mod sweep;
pub(super) mod undo;
mod which_run;
mod whoami;

pub(super) use sweep::reading_sweep;

use std::pin::Pin;
use std::sync::Arc;

use jiff::Timestamp;

use super::app::App;
use super::private::ReplyTo;
use super::reply::Reply;
use crate::slack::command::{Command, parse};
use crate::slack::messages;
use crate::slack::payload::Slash;
use reinstate_core::run::{Goal, MAX_REQUEST_AGE};

/// Acknowledges a command and starts what it requests.
pub(super) async fn command(app: &Arc<App>, slash: Slash, sent_at: Timestamp) -> Reply {
    if slash.command.trim() != "/reinstate" {
        return Reply::Private(messages::not_ours());
    }
    let command = match parse(&slash.text) {
        Ok(command) => command,
        Err(misunderstood) => return Reply::Private(messages::misunderstood(&misunderstood)),
    };
    // A process that was suspended for a while can receive requests that Slack has already given up.
    let overdue = sent_at.checked_add(MAX_REQUEST_AGE).is_ok_and(|until| crate::clock::now() > until);
    if overdue && command != Command::Help {
        return Reply::Private(messages::overdue());
    }
    let reply_to = ReplyTo::command(&slash);
    let (work, trigger) = (Arc::clone(app), slash.trigger.clone());
    let answering: Pin<Box<dyn Future<Output = ()> + Send>> = match command {
        Command::Help => return Reply::Private(messages::help()),
        Command::Repair(target) => {
            return repair::command(app, slash, sent_at, &target, Goal::default()).await;
        }
        Command::Undo(run) => return undo::command(app, slash, sent_at, run).await,
        Command::Check(target, about) => {
            Box::pin(async move { check::check(&work, &reply_to, &target, about.as_deref()).await })
        }
        Command::Me => Box::pin(async move { me::me(&work, &reply_to).await }),
        Command::Whoami => Box::pin(async move { whoami::whoami(&work, &reply_to).await }),
        Command::Status(run) => Box::pin(async move { status::status(&work, &reply_to, run).await }),
        Command::History(target) => {
            Box::pin(async move { history::history(&work, &reply_to, &target).await })
        }
        Command::HistoryOf(run) => Box::pin(async move { history::of(&work, &reply_to, &run).await }),
        Command::Report => Box::pin(async move { report::report(&work, &reply_to).await }),
        Command::Cancel(run) => Box::pin(async move { cancel::cancel(&work, &reply_to, &run).await }),
        Command::Sweep => {
            let key = slash.trigger.clone().unwrap_or_else(|| uuid::Uuid::now_v7().to_string());
            Box::pin(async move { sweep::sweep(&work, &reply_to, key, sent_at).await })
        }
    };
    let gate = Arc::clone(app);
    let begun = app.spawn(async move {
        if !gate.is_repeat(trigger.as_deref()).await {
            answering.await;
        }
    });
    if begun { Reply::Empty } else { Reply::Private(messages::busy()) }
}
