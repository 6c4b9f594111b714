//! `undo RUN`: opens a run whose plan consists of the inverse steps of another run. Everything else is as in a repair:
//! the same role, the same approval, the same journal. A sweep as a whole is never undone.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::repair;
use super::which_run::{self, Found};
use crate::bot::app::App;
use crate::bot::private::ReplyTo;
use crate::bot::reply::Reply;
use crate::exec::JournalError;
use crate::slack::command::Target;
use crate::slack::markup::Markup;
use crate::slack::messages::{self, click};
use crate::slack::payload::Slash;
use crate::slack::run_ref::RunRef;
use reinstate_core::Kind;
use reinstate_core::run::Goal;

/// How long the acknowledgement waits for the look-up of the other run. Slack waits 3 s.
const OPEN_TIMEOUT: Duration = Duration::from_secs(1);

pub(super) async fn command(app: &Arc<App>, slash: Slash, sent_at: Timestamp, run: RunRef) -> Reply {
    match tokio::time::timeout(OPEN_TIMEOUT, earlier(app, &run)).await {
        Ok(Ok((run, target))) => repair::command(app, slash, sent_at, &target, Goal::Undo { run }).await,
        Ok(Err(Unfit::Says(says))) => Reply::Private(says),
        Ok(Err(Unfit::Several(runs))) => {
            let (work, reply_to) = (Arc::clone(app), ReplyTo::command(&slash));
            let begun = app.spawn(async move {
                if !work.is_repeat(slash.trigger.as_deref()).await {
                    let answer = which_run::several(&work, &reply_to, &run, &runs).await;
                    work.reply(&reply_to, &answer).await;
                }
            });
            if begun { Reply::Empty } else { Reply::Private(messages::busy()) }
        }
        Err(_) => Reply::Private(messages::not_written()),
    }
}

/// Why no run is undone.
enum Unfit {
    Says(Markup),
    /// RUN fits several runs, and these are the newest.
    Several(Vec<String>),
}

/// The run that RUN means, and the person it was about.
async fn earlier(app: &App, run: &RunRef) -> Result<(String, Target), Unfit> {
    match which_run::find(app, run).await {
        Ok(Found::One(id)) => match whom(app, &id).await {
            Ok(target) => Ok((id, target)),
            Err(says) => Err(Unfit::Says(says)),
        },
        Ok(Found::Several(runs)) => Err(Unfit::Several(runs)),
        Err(error) => {
            tracing::warn!(%error, "the runs could not be searched");
            Err(Unfit::Says(messages::not_written()))
        }
    }
}

/// The person that an earlier run was about, if that run has ended. While it is open, it holds the claim that the new
/// run needs.
pub(in crate::bot) async fn whom(app: &App, run: &str) -> Result<Target, Markup> {
    let run = match app.journal.run(run).await {
        Ok(run) => run,
        Err(JournalError::OtherKind { id, kind: Kind::Sweep }) => return Err(click::undo_of_a_sweep(&id)),
        Err(JournalError::Store(error)) => {
            tracing::warn!(%error, "a run could not be read");
            return Err(messages::not_written());
        }
        Err(_) => {
            return Err(Markup::new().literal(click::NO_EARLIER_RUN));
        }
    };
    if run.ended.is_none() {
        return Err(Markup::new().literal(click::NOT_ENDED));
    }
    match run.admitted {
        Some((_, who)) => Ok(Target::Who(who)),
        None => Err(Markup::new().literal(click::DID_NOTHING)),
    }
}
