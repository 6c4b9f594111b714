//! One file per verb. A command is acknowledged here: with its answer where no look-up is needed, else at once
//! and empty, the answer following privately.

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

use std::sync::Arc;

use jiff::Timestamp;

use super::app::App;
use super::private::ReplyTo;
use super::reply::Reply;
use crate::slack::command::{Command, parse};
use crate::slack::messages;
use crate::slack::payload::Slash;
use reinstate_core::run::{Goal, MAX_REQUEST_AGE};

/// Acknowledges a command and begins what it asks for.
pub(super) async fn command(app: &Arc<App>, slash: Slash, sent_at: Timestamp) -> Reply {
    if slash.command.trim() != "/reinstate" {
        return Reply::Private(messages::not_ours());
    }
    let command = match parse(&slash.text) {
        Ok(command) => command,
        Err(misunderstood) => return Reply::Private(messages::misunderstood(&misunderstood)),
    };
    // A process that was frozen in between takes up what nobody waits for any more.
    let overdue = sent_at.checked_add(MAX_REQUEST_AGE).is_ok_and(|until| crate::clock::now() > until);
    if overdue && command != Command::Help {
        return Reply::Private(messages::overdue());
    }
    let ear = ReplyTo {
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
        Command::Check(target) => app.spawn(async move { check::check(&work, &ear, &target).await }),
        Command::Me => app.spawn(async move { me::me(&work, &ear).await }),
        Command::Whoami => app.spawn(async move { whoami::whoami(&work, &ear).await }),
        Command::Status(run) => app.spawn(async move { status::status(&work, &ear, run).await }),
        Command::History(target) => app.spawn(async move { history::history(&work, &ear, &target).await }),
        Command::Cancel(run) => app.spawn(async move { cancel::cancel(&work, &ear, &run).await }),
        Command::Sweep => {
            let key = slash.trigger.clone().unwrap_or_else(|| uuid::Uuid::now_v7().to_string());
            app.spawn(async move { sweep::sweep(&work, &ear, key, sent_at).await })
        }
    };
    if begun { Reply::Empty } else { Reply::Private(messages::busy()) }
}
