//! Socket Mode: Slack's requests over WebSockets that the bot opens. Slack hands each request to *any one* of the open
//! links. The bot keeps two links, and closes none before the next one is open. After the envelope, everything is as
//! over HTTP ([`super::dispatch`]). A request must never wait for another one. The address of a link must never be
//! logged: it contains a ticket that admits anybody.

mod link;

use std::sync::Arc;
use std::time::{Duration, Instant};

use backon::{BackoffBuilder as _, ExponentialBuilder};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use super::app::App;
use link::Link;

/// Links kept open at the same time. Slack allows ten for all replicas together.
const LINK_COUNT: usize = 2;
/// The pauses after links that failed early.
const RECONNECT_BACKOFF: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(500))
    .with_max_delay(MAX_RECONNECT_PAUSE)
    .without_max_times();
const MAX_RECONNECT_PAUSE: Duration = Duration::from_secs(30);
/// After a link that lived this long, the next one is opened without a pause.
const GOOD_LINK_LIFETIME: Duration = Duration::from_secs(10);

/// Why a link needs a successor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Slack wants a new link. The old one works until Slack closes it.
    Refresh,
    /// Socket Mode was switched off for the app.
    Disabled,
    Closed,
    /// Slack sent nothing any more, not even the answer to a ping.
    Silent,
    /// The program stops.
    Stopped,
}

impl End {
    fn word(self) -> &'static str {
        match self {
            Self::Refresh => "refresh",
            Self::Disabled => "disabled",
            Self::Closed => "closed",
            Self::Silent => "silent",
            Self::Stopped => "stopped",
        }
    }
}

/// Keeps the links open until `shutdown` is set.
pub async fn run(app: Arc<App>, shutdown: watch::Receiver<bool>) {
    let mut slots = JoinSet::new();
    for _ in 0..LINK_COUNT {
        slots.spawn(keep(Arc::clone(&app), shutdown.clone()));
    }
    while slots.join_next().await.is_some() {}
}

/// Keeps one link open. While Slack closes the old link, the next one is already open.
async fn keep(app: Arc<App>, mut shutdown: watch::Receiver<bool>) {
    let mut serving = JoinSet::new();
    let mut backoff = RECONNECT_BACKOFF.build();
    while !*shutdown.borrow() {
        let opened = Instant::now();
        let end = match Link::open(&app).await {
            Ok(link) => {
                let (tell, told) = oneshot::channel();
                serving.spawn(link.serve(Arc::clone(&app), tell, shutdown.clone()));
                // A sender that was dropped without a message means that the task was aborted.
                told.await.unwrap_or(End::Closed)
            }
            Err(error) => {
                tracing::warn!(%error, "no link to Slack could be opened; trying again");
                error.end()
            }
        };
        while serving.try_join_next().is_some() {}
        if end == End::Stopped {
            break;
        }
        metrics::counter!("reinstate_socket_reconnects_total", "reason" => end.word()).increment(1);
        if end == End::Disabled {
            tracing::error!(
                "nothing reaches us: Socket Mode is switched off for this app; switch it on in the app's settings"
            );
        }
        if opened.elapsed() >= GOOD_LINK_LIFETIME && end != End::Disabled {
            backoff = RECONNECT_BACKOFF.build();
            continue;
        }
        tokio::select! {
            () = tokio::time::sleep(backoff.next().unwrap_or(MAX_RECONNECT_PAUSE)) => {}
            _ = shutdown.wait_for(|stop| *stop) => break,
        }
    }
    while serving.join_next().await.is_some() {}
}
