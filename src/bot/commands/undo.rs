//! `undo RUN`: opens a run whose plan is made of the inverse steps of another. Everything else about it is a repair:
//! the same role, the same approval, the same journal.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::repair;
use crate::app::App;
use crate::core::run::Aim;
use crate::slack::dispatch::Reply;
use crate::slack::interaction::whom;
use crate::slack::payload::Slash;
use crate::slack::words;

/// How long the acknowledgement waits until the other run is found; Slack waits 3 s.
const WITHIN: Duration = Duration::from_secs(1);

pub(super) async fn command(app: &Arc<App>, slash: Slash, sent_at: Timestamp, run: String) -> Reply {
    match tokio::time::timeout(WITHIN, whom(app, &run)).await {
        Ok(Ok(target)) => repair::command(app, slash, sent_at, &target, Aim::Undo { run }).await,
        Ok(Err(says)) => Reply::Private(says),
        Err(_) => Reply::Private(words::not_written()),
    }
}
