//! One file per command. This module acknowledges a command. If no look-up is needed, the acknowledgement carries the
//! answer. Otherwise it is empty and immediate, and the answer follows privately.

pub(super) mod call_for_help;
mod cancel;
pub(super) mod check;
mod history;
pub(super) mod me;
pub(super) mod repair;
mod status;
mod sweep;
pub(super) mod undo;
mod whoami;

pub(super) use sweep::reading_sweep;

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
    let reply_to = ReplyTo {
        by: slash.by.clone(),
        channel: Some(slash.channel.clone()).filter(|channel| !channel.is_empty()),
        response_url: slash.response_url.clone(),
        view: None,
    };
    let work = Arc::clone(app);
    let begun = match command {
        Command::Help => return Reply::Private(messages::help()),
        Command::Repair(target) => {
            return repair::command(app, slash, sent_at, &target, Goal::default()).await;
        }
        Command::Undo(run) => return undo::command(app, slash, sent_at, run).await,
        Command::Check(target, about) => {
            app.spawn(async move { check::check(&work, &reply_to, &target, about.as_deref()).await })
        }
        Command::Me => app.spawn(async move { me::me(&work, &reply_to).await }),
        Command::Whoami => app.spawn(async move { whoami::whoami(&work, &reply_to).await }),
        Command::Status(run) => app.spawn(async move { status::status(&work, &reply_to, run).await }),
        Command::History(target) => {
            app.spawn(async move { history::history(&work, &reply_to, &target).await })
        }
        Command::Cancel(run) => app.spawn(async move { cancel::cancel(&work, &reply_to, &run).await }),
        Command::Sweep => {
            let key = slash.trigger.clone().unwrap_or_else(|| uuid::Uuid::now_v7().to_string());
            app.spawn(async move { sweep::sweep(&work, &reply_to, key, sent_at).await })
        }
    };
    if begun { Reply::Empty } else { Reply::Private(messages::busy()) }
}
