//! Socket Mode: Slack's requests over WebSockets that we open. Slack hands each request to *any one* of the open
//! links, so two are kept and none is closed before the next one is open. Behind the envelope everything is as over
//! HTTP ([`super::dispatch`]). It must never let a request wait for another, nor log an address of a link: the
//! ticket in it lets anybody in.

mod link;

use std::sync::Arc;
use std::time::{Duration, Instant};

use backon::{BackoffBuilder as _, ExponentialBuilder};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use super::app::App;
use link::Link;

/// Links kept open at the same time; Slack allows ten, for all replicas together.
const LINK_COUNT: usize = 2;
/// The pauses after links that did not last.
const RECONNECT_BACKOFF: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(500))
    .with_max_delay(MAX_RECONNECT_PAUSE)
    .without_max_times();
const MAX_RECONNECT_PAUSE: Duration = Duration::from_secs(30);
/// A link that lasted this long was a good one: the next is opened without a pause.
const GOOD_LINK_LIFETIME: Duration = Duration::from_secs(10);

/// Why a link is to be followed by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Slack wants a new one; the old one goes on until Slack closes it.
    Refresh,
    /// Socket Mode was switched off for the app.
    Disabled,
    Closed,
    /// Nothing came any more, not even an answer to a ping.
    Silent,
    /// We stop.
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

/// Keeps links open until `shutdown` says so.
pub async fn run(app: Arc<App>, shutdown: watch::Receiver<bool>) {
    let mut slots = JoinSet::new();
    for _ in 0..LINK_COUNT {
        slots.spawn(keep(Arc::clone(&app), shutdown.clone()));
    }
    while slots.join_next().await.is_some() {}
}

/// Keeps one link open; while Slack closes the old one, the next is open already.
async fn keep(app: Arc<App>, mut shutdown: watch::Receiver<bool>) {
    let mut serving = JoinSet::new();
    let mut backoff = RECONNECT_BACKOFF.build();
    while !*shutdown.borrow() {
        let opened = Instant::now();
        let end = match Link::open(&app).await {
            Ok(link) => {
                let (tell, told) = oneshot::channel();
                serving.spawn(link.serve(Arc::clone(&app), tell, shutdown.clone()));
                // A sender that is gone without a word was a task that broke off.
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
