//! Keeps the cards up to date. It draws the *newest* state of each run, at most once per second and message, so ten
//! entries cost one update. The store knows where each card is; nothing is read back from Slack. A failed post is
//! retried later and must never delay a repair.

mod approvals;
mod drawing;
mod end;
mod follow_up;
mod sweep;
mod upsert;
mod waiting;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::Instrument as _;

use super::app::App;
use crate::exec::{JournalError, Loaded};
use crate::slack::api::ApiError;
use crate::telemetry::run_span;
use drawing::show;
use reinstate_store::StoreError;
pub use waiting::REMIND_AFTER;

/// At most one update per message and second, which is Slack's limit for posting.
const DRAW_INTERVAL: Duration = Duration::from_secs(1);
/// How often to check without being notified: another replica may have appended entries.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// Slack's error codes for a channel in which nothing can be posted any more.
///
/// Slack refuses a post with `is_archived`, and an update of an existing message with `is_inactive`.
const CHANNEL_GONE_CODES: [&str; 7] = [
    "is_archived",
    "is_inactive",
    "channel_not_found",
    "not_in_channel",
    "restricted_action",
    "restricted_action_read_only_channel",
    "restricted_action_thread_only_channel",
];
/// Slack's error codes for a message whose content it does not accept.
const CONTENT_REFUSED_CODES: [&str; 4] =
    ["invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long"];
/// The pause after a refusal. Only a person can remove its cause.
const REFUSED_PAUSE: Duration = Duration::from_secs(30);
/// The pause after a journal that could not be read.
const UNREADABLE_PAUSE: Duration = Duration::from_secs(60);
/// The pause before a failed call is retried.
const RETRY_PAUSE: Duration = Duration::from_secs(5);

/// How long this process holds the lease on a run's cards. Calls to Slack time out well before that. So the lease of a
/// live process does not expire while it draws; only a dead process leaves its lease to expire.
const DRAW_LEASE: Duration = Duration::from_secs(30);
/// How many runs are drawn concurrently.
const MAX_CONCURRENT_DRAWINGS: usize = 16;

/// Draws cards until `shutdown` is set.
pub async fn run(app: Arc<App>, mut shutdown: watch::Receiver<bool>) {
    let mut work: JoinSet<Duration> = JoinSet::new();
    let mut wake = POLL_INTERVAL;
    loop {
        let (free, until) = (MAX_CONCURRENT_DRAWINGS - work.len(), Instant::now() + DRAW_LEASE);
        let stale = if free == 0 {
            Vec::new()
        } else {
            app.journal.store().take_stale(free, DRAW_LEASE).await.unwrap_or_else(|error| {
                tracing::warn!(%error, "which cards are behind cannot be read");
                Vec::new()
            })
        };
        for run in stale {
            let span = run_span(&run);
            work.spawn(draw(Arc::clone(&app), run, until).instrument(span));
        }
        tokio::select! {
            () = app.wake.poster.notified() => {}
            () = tokio::time::sleep(wake) => wake = POLL_INTERVAL,
            Some(done) = work.join_next() => wake = done.unwrap_or(POLL_INTERVAL).min(POLL_INTERVAL),
            _ = shutdown.wait_for(|end| *end) => break,
        }
    }
    while work.join_next().await.is_some() {}
}

/// Draws one run, under a lease that ends at `until`. Returns how long the run then rests.
async fn draw(app: Arc<App>, run: String, until: Instant) -> Duration {
    let shown = match app.journal.load(&run).await {
        Ok(Loaded::Run(folded, entries)) => show(&app, &run, *folded, entries, until).await,
        Ok(Loaded::Sweep(sweep, _)) => sweep::show(&app, &run, *sweep, until).await,
        Err(JournalError::Store(error)) if !matches!(error, StoreError::Tampered { .. }) => Err(error.into()),
        Err(error) => {
            tracing::warn!(run, %error, "a run or a sweep cannot be shown");
            Err(PostError::Wait(UNREADABLE_PAUSE))
        }
    };
    let pause = match shown {
        // A refused card rests for a while on its own. It does not delay the other cards of the run.
        Ok(()) | Err(PostError::Card) => DRAW_INTERVAL,
        Err(PostError::Wait(pause)) => pause,
        Err(PostError::Gone) => REFUSED_PAUSE,
    };
    let store = app.journal.store();
    let done = if Instant::now() < until {
        store.drawn(&run, pause).await
    } else {
        // This process was suspended, and its lease has expired. Its messages may have replaced a newer state that
        // another process drew in the meantime.
        store.draw_again(&run).await
    };
    if let Err(error) = done {
        tracing::warn!(run, %error, "a drawn run could not be let go; its cards wait for half a minute");
    }
    pause
}

pub(super) enum PostError {
    /// Nothing can be drawn now. Retry after this pause.
    Wait(Duration),
    /// This card cannot be drawn now, but others can.
    Card,
    /// Nothing can be posted in the channel any more: it was archived or deleted, or the bot was removed.
    Gone,
}

impl From<ApiError> for PostError {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Limited(pause) => Self::Wait(pause),
            ApiError::Refused(code) if CHANNEL_GONE_CODES.contains(&code.as_str()) => {
                tracing::warn!(code, "nothing can be posted in the channel of a card");
                Self::Gone
            }
            ApiError::Refused(code) => {
                tracing::warn!(code, "Slack refuses a card");
                Self::Card
            }
            ApiError::Lost(_) => Self::Wait(RETRY_PAUSE),
        }
    }
}

/// Collects errors so that one failed card does not stop the next ones. Keeps the first error.
#[derive(Default)]
pub(super) struct PostErrors(Option<PostError>);

impl PostErrors {
    /// Returns what was drawn, if it was drawn. An error that concerns all cards ends the drawing.
    pub(super) fn note<T>(&mut self, drawn: Result<T, PostError>) -> Result<Option<T>, PostError> {
        match drawn {
            Ok(drawn) => Ok(Some(drawn)),
            Err(PostError::Wait(pause)) => Err(PostError::Wait(pause)),
            Err(trouble) => {
                self.0.get_or_insert(trouble);
                Ok(None)
            }
        }
    }

    /// Like [`Self::note`], for cards that do not depend on each other: no error ends the drawing.
    pub(super) fn keep<T>(&mut self, drawn: Result<T, PostError>) -> Option<T> {
        match drawn {
            Ok(drawn) => Some(drawn),
            Err(trouble) => {
                self.0.get_or_insert(trouble);
                None
            }
        }
    }

    /// The first error, if there was one.
    pub(super) fn settled(self) -> Result<(), PostError> {
        self.0.map_or(Ok(()), Err)
    }
}

impl From<reinstate_store::StoreError> for PostError {
    fn from(error: reinstate_store::StoreError) -> Self {
        tracing::warn!(%error, "a card's place could not be read or written");
        Self::Wait(RETRY_PAUSE)
    }
}
