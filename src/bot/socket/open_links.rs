//! How many links to Slack are open, and since when there is none. While there is none, nothing that people type or
//! click reaches this process, so `/readyz` says so (docs/reference/rules.md#readiness).

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long the bot may be without a link before it counts as not ready. Slack closes and refreshes links all the time.
const MAX_TIME_WITHOUT_LINK: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub struct OpenLinks(Mutex<State>);

#[derive(Debug)]
struct State {
    count: u32,
    /// When the last link was lost. Before the first link: when the bot started.
    none_since: Instant,
    /// Whether a link was ever open.
    ever: bool,
}

impl OpenLinks {
    /// No link is open yet.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self(Mutex::new(State { count: 0, none_since: now, ever: false }))
    }

    /// A link was opened.
    pub fn opened(&self, now: Instant) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.count = state.count.saturating_add(1);
        metrics::gauge!("reinstate_socket_links").set(f64::from(state.count));
        if state.count == 1 && state.ever {
            let seconds = now.saturating_duration_since(state.none_since).as_secs();
            tracing::info!(seconds, "Slack reaches the bot again: a link is open after a time without one");
        }
        state.ever = true;
    }

    /// A link has ended. `stops` means that the bot itself stops.
    pub fn ended(&self, now: Instant, stops: bool) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.count = state.count.saturating_sub(1);
        metrics::gauge!("reinstate_socket_links").set(f64::from(state.count));
        if state.count > 0 {
            return;
        }
        state.none_since = now;
        if !stops {
            metrics::counter!("reinstate_socket_outages_total").increment(1);
            tracing::warn!("the last link to Slack is lost: nothing reaches the bot until one is open again");
        }
    }

    /// Whether a link is open, or was open a short time ago.
    #[must_use]
    pub fn are_ready(&self, now: Instant) -> bool {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.count > 0 || now.saturating_duration_since(state.none_since) <= MAX_TIME_WITHOUT_LINK
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_without_a_link_counts_from_the_start_and_from_the_loss_of_the_last_one() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let links = OpenLinks::new(start);
        assert!(links.are_ready(at(60)) && !links.are_ready(at(61)), "from the start");
        links.opened(at(70));
        links.opened(at(70));
        assert!(links.are_ready(at(1000)));
        links.ended(at(1000), false);
        assert!(links.are_ready(at(2000)), "the other link is open");
        links.ended(at(2000), false);
        assert!(links.are_ready(at(2060)) && !links.are_ready(at(2061)), "from the loss of the last one");
        links.opened(at(2100));
        assert!(links.are_ready(at(9000)));
    }
}
