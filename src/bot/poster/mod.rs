//! Keeps cards true: shows each run's *newest* state, at most once a second and message, so that ten entries cost
//! one update. Where a card stands is in the store; nothing is read back from Slack. A post that fails is tried
//! again later and never stands in the way of a repair.

mod approvals;
mod drawing;
mod end;
mod sweep;
mod upsert;

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

/// One update per message and second (Slack's rule for posting).
const DRAW_INTERVAL: Duration = Duration::from_secs(1);
/// How often is looked without being woken: another replica may have appended.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// What Slack says of a channel where nothing can be posted any more.
///
/// A post is refused with `is_archived`, an update of what stands there already with `is_inactive`.
const CHANNEL_GONE_CODES: [&str; 7] = [
    "is_archived",
    "is_inactive",
    "channel_not_found",
    "not_in_channel",
    "restricted_action",
    "restricted_action_read_only_channel",
    "restricted_action_thread_only_channel",
];
/// What Slack says of a message that it does not take as it is.
const CONTENT_REFUSED_CODES: [&str; 4] =
    ["invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long"];
/// What a refusal waits for: nothing but a person changes it.
const REFUSED_PAUSE: Duration = Duration::from_secs(30);
/// What a journal waits for that cannot be read.
const UNREADABLE_PAUSE: Duration = Duration::from_secs(60);
/// What a failure waits for before it is tried again.
const RETRY_PAUSE: Duration = Duration::from_secs(5);

/// How long a run's cards are this process's to draw. Slack's calls end well before, so a process that died is
/// the only one that does not say when it is done.
const DRAW_LEASE: Duration = Duration::from_secs(30);
/// How many runs are drawn at once.
const MAX_CONCURRENT_DRAWINGS: usize = 16;

/// Runs until `shutdown` says so.
pub async fn run(app: Arc<App>, mut shutdown: watch::Receiver<bool>) {
    let mut work: JoinSet<Duration> = JoinSet::new();
    let mut wake = POLL_INTERVAL;
    loop {
        let (free, until) = (MAX_CONCURRENT_DRAWINGS - work.len(), Instant::now() + DRAW_LEASE);
        let stale = if free == 0 {
            Vec::new()
        } else {
            app.ledger.store().take_stale(free, DRAW_LEASE).await.unwrap_or_else(|error| {
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

/// Draws a run that is ours until then; how long it is left alone afterwards.
async fn draw(app: Arc<App>, run: String, until: Instant) -> Duration {
    let shown = match app.ledger.load(&run).await {
        Ok(Loaded::Run(folded, entries)) => show(&app, &run, *folded, entries, until).await,
        Ok(Loaded::Sweep(sweep, _)) => sweep::show(&app, &run, *sweep, until).await,
        Err(JournalError::Store(error)) if !matches!(error, StoreError::Tampered { .. }) => Err(error.into()),
        Err(error) => {
            tracing::warn!(run, %error, "a run or a sweep cannot be shown");
            Err(PostError::Wait(UNREADABLE_PAUSE))
        }
    };
    let pause = match shown {
        // A refused card is not sent again for a while; what else there is to show of the run is not kept back.
        Ok(()) | Err(PostError::Card) => DRAW_INTERVAL,
        Err(PostError::Wait(pause)) => pause,
        Err(PostError::Gone) => REFUSED_PAUSE,
    };
    let store = app.ledger.store();
    let done = if Instant::now() < until {
        store.drawn(&run, pause).await
    } else {
        // We were away. What we sent may have come after a newer state that somebody else has drawn since.
        store.draw_again(&run).await
    };
    if let Err(error) = done {
        tracing::warn!(run, %error, "a drawn run could not be let go; its cards wait for half a minute");
    }
    pause
}

pub(super) enum PostError {
    /// Nothing can be drawn now; try again after this long.
    Wait(Duration),
    /// This card cannot be drawn now, and the others can.
    Card,
    /// Nothing can be posted there any more: archived, deleted, or we were removed.
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

/// Goes on with the next card after one that could not be drawn, and keeps the first reason.
#[derive(Default)]
pub(super) struct PostErrors(Option<PostError>);

impl PostErrors {
    /// What was drawn, if it was. What concerns all cards ends the drawing.
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

    /// The same, where the cards that follow do not depend on it whatever it was.
    pub(super) fn keep<T>(&mut self, drawn: Result<T, PostError>) -> Option<T> {
        match drawn {
            Ok(drawn) => Some(drawn),
            Err(trouble) => {
                self.0.get_or_insert(trouble);
                None
            }
        }
    }

    /// The first reason, if something was not drawn.
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
