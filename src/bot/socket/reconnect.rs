//! The pauses before a link is opened again. Each link has pauses of its own. They are random, so that many links that
//! were lost at the same moment do not come back at the same moment.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};

/// The shortest and the longest pause. The random part adds up to as much again.
const MIN_PAUSE: Duration = Duration::from_millis(500);
const MAX_PAUSE: Duration = Duration::from_secs(15);
/// After a link that lived this long, the next one is opened without a pause.
const GOOD_LINK_LIFETIME: Duration = Duration::from_secs(10);

/// The pauses of one link. Equal seeds give equal pauses.
pub(super) struct Reconnect {
    builder: ExponentialBuilder,
    backoff: ExponentialBackoff,
}

impl Reconnect {
    pub(super) fn new(seed: u64) -> Self {
        let builder = ExponentialBuilder::new()
            .with_min_delay(MIN_PAUSE)
            .with_max_delay(MAX_PAUSE)
            .without_max_times()
            .with_jitter()
            .with_jitter_seed(seed);
        Self { builder, backoff: builder.build() }
    }

    /// The pause before the next try. `lived` is how long the link was open; none if it could not be opened.
    pub(super) fn pause(&mut self, lived: Option<Duration>) -> Duration {
        if lived.is_some_and(|lived| lived >= GOOD_LINK_LIFETIME) {
            self.backoff = self.builder.build();
            return Duration::ZERO;
        }
        self.backoff.next().unwrap_or(MAX_PAUSE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failing(seed: u64) -> Vec<Duration> {
        let mut reconnect = Reconnect::new(seed);
        (0..12).map(|_| reconnect.pause(None)).collect()
    }

    #[test]
    fn the_first_try_after_a_good_link_is_made_at_once_and_the_others_after_growing_pauses() {
        let mut reconnect = Reconnect::new(7);
        assert_eq!(reconnect.pause(Some(Duration::from_secs(3600))), Duration::ZERO);
        let failed: Vec<Duration> = (0..12).map(|_| reconnect.pause(None)).collect();
        let mut least = MIN_PAUSE;
        for pause in &failed {
            assert!(*pause >= least && *pause <= 2 * least, "{failed:?}");
            least = (2 * least).min(MAX_PAUSE);
        }
        // A link that Slack closes at once does not make the bot hurry.
        assert!(reconnect.pause(Some(Duration::from_secs(1))) >= MAX_PAUSE);
        assert_eq!(reconnect.pause(Some(GOOD_LINK_LIFETIME)), Duration::ZERO);
        assert!(reconnect.pause(None) < 2 * MIN_PAUSE, "it begins again with the shortest pause");
    }

    #[test]
    fn two_links_that_were_lost_together_do_not_come_back_together() {
        assert_eq!(failing(1), failing(1));
        assert!(failing(1).iter().zip(failing(2)).all(|(one, other)| *one != other));
    }
}
