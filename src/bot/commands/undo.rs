//! `undo RUN`: opens a run whose plan consists of the inverse steps of another run. Everything else is as in a repair:
//! the same role, the same approval, the same journal. A sweep as a whole is never undone.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::repair;
use crate::bot::app::App;
use crate::bot::reply::Reply;
use crate::exec::JournalError;
use crate::slack::command::Target;
use crate::slack::markup::Markup;
use crate::slack::messages::{self, click};
use crate::slack::payload::Slash;
use reinstate_core::Kind;
use reinstate_core::run::Goal;

/// How long the acknowledgement waits for the look-up of the other run. Slack waits 3 s.
const OPEN_TIMEOUT: Duration = Duration::from_secs(1);

pub(super) async fn command(app: &Arc<App>, slash: Slash, sent_at: Timestamp, run: String) -> Reply {
    match tokio::time::timeout(OPEN_TIMEOUT, whom(app, &run)).await {
        Ok(Ok(target)) => repair::command(app, slash, sent_at, &target, Goal::Undo { run }).await,
        Ok(Err(says)) => Reply::Private(says),
        Err(_) => Reply::Private(messages::not_written()),
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
