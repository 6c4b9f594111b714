//! Socket Mode: Slack's requests over WebSockets that the bot opens. Slack hands each request to *any one* of the open
//! links. The bot keeps two links, and closes none before the next one is open. After the envelope, everything is as
//! over HTTP ([`super::dispatch`]). A request must never wait for another one. The address of a link must never be
//! logged: it contains a ticket that admits anybody.

mod link;
mod open_links;
mod reconnect;

pub use open_links::OpenLinks;

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use super::app::App;
use link::Link;
use reconnect::Reconnect;

/// Links kept open at the same time. Slack allows ten for all replicas together.
const LINK_COUNT: u64 = 2;

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

/// Keeps the links open until `shutdown` is set. `seed` makes the pauses between two tries random.
pub async fn run(app: Arc<App>, shutdown: watch::Receiver<bool>, seed: u64) {
    metrics::gauge!("reinstate_socket_links").set(0.0);
    let mut slots = JoinSet::new();
    for slot in 0..LINK_COUNT {
        let reconnect = Reconnect::new(seed.wrapping_add(slot));
        slots.spawn(keep(Arc::clone(&app), shutdown.clone(), reconnect));
    }
    while slots.join_next().await.is_some() {}
}

/// Keeps one link open, whatever happens to the others. While Slack closes the old link, the next one is already open.
async fn keep(app: Arc<App>, mut shutdown: watch::Receiver<bool>, mut reconnect: Reconnect) {
    let mut serving = JoinSet::new();
    while !*shutdown.borrow() {
        let (end, lived) = match Link::open(&app).await {
            Ok(link) => {
                let opened = Instant::now();
                let (tell, told) = oneshot::channel();
                serving.spawn(link.serve(Arc::clone(&app), tell, shutdown.clone()));
                // A sender that was dropped without a message means that the task was aborted.
                let end = told.await.unwrap_or(End::Closed);
                (end, Some(opened.elapsed()).filter(|_| end != End::Disabled))
            }
            Err(error) => {
                tracing::warn!(%error, "no link to Slack could be opened; trying again");
                (error.end(), None)
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
        tokio::select! {
            () = tokio::time::sleep(reconnect.pause(lived)) => {}
            _ = shutdown.wait_for(|stop| *stop) => break,
        }
    }
    while serving.join_next().await.is_some() {}
}
