//! Lengths of time and their median. It keeps each length once with a count, so that its memory depends on how
//! different the lengths are, and not on how many there are.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// A collection of lengths in whole seconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spread(BTreeMap<u64, u64>);

impl Spread {
    /// Adds the time between two instants. A clock that was set back gives no negative length.
    pub(super) fn add(&mut self, from: Timestamp, to: Timestamp) {
        let seconds = u64::try_from(to.duration_since(from).as_secs()).unwrap_or(0);
        *self.0.entry(seconds).or_default() += 1;
    }

    /// How many lengths there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.values().sum()
    }

    /// The shortest length that at least half of all lengths do not exceed.
    #[must_use]
    pub fn median(&self) -> Option<u64> {
        self.percentile(50)
    }

    /// The shortest length that at least nine of ten lengths do not exceed.
    #[must_use]
    pub fn ninetieth(&self) -> Option<u64> {
        self.percentile(90)
    }

    /// The percentile by the nearest rank: always one of the lengths, never a value between two of them.
    fn percentile(&self, percent: u64) -> Option<u64> {
        let rank = self.count().saturating_mul(percent).div_ceil(100).max(1);
        let mut seen = 0;
        self.0.iter().find_map(|(seconds, count)| {
            seen += count;
            (seen >= rank).then_some(*seconds)
        })
    }
}
