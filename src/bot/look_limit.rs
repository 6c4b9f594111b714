//! How many diagnoses one person may request in a minute (docs/reference/rules.md#shared-diagnosis).

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const MAX_DIAGNOSES: usize = 5;
const PERIOD: Duration = Duration::from_secs(60);

/// The times of the last diagnoses, by person.
#[derive(Debug, Default)]
pub(crate) struct LookLimit(Mutex<HashMap<String, VecDeque<Instant>>>);

impl LookLimit {
    /// Counts one diagnosis.
    ///
    /// # Errors
    /// How long to wait, if the person has used up the limit.
    pub(crate) fn take(&self, person: &str, now: Instant) -> Result<(), Duration> {
        let age = |time: &Instant| now.saturating_duration_since(*time);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, times| times.back().is_some_and(|last| age(last) < PERIOD));
        let times = all.entry(person.to_owned()).or_default();
        times.retain(|time| age(time) < PERIOD);
        if times.len() >= MAX_DIAGNOSES {
            let left = times.front().map_or(PERIOD, |first| PERIOD.saturating_sub(age(first)));
            return Err(left.max(Duration::from_secs(1)));
        }
        times.push_back(now);
        Ok(())
    }

    /// Gives back a diagnosis that was taken at this time and read nothing.
    pub(crate) fn give_back(&self, person: &str, taken: Instant) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(times) = all.get_mut(person)
            && let Some(at) = times.iter().position(|time| *time == taken)
        {
            times.remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_diagnoses_a_minute_and_one_that_read_nothing_is_given_back() {
        let limit = LookLimit::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        for second in 0..5 {
            assert_eq!(limit.take("U0ADA", at(second)), Ok(()));
        }
        assert_eq!(limit.take("U0ADA", at(10)), Err(Duration::from_secs(50)));
        assert_eq!(limit.take("U0VERA", at(10)), Ok(()), "each person has a limit of their own");
        limit.give_back("U0ADA", at(4));
        limit.give_back("U0ADA", at(4));
        assert_eq!(limit.take("U0ADA", at(11)), Ok(()));
        assert_eq!(limit.take("U0ADA", at(12)), Err(Duration::from_secs(48)));
        assert_eq!(limit.take("U0ADA", at(60)), Ok(()), "the first one is a minute old");
    }
}
