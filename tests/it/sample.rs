//! Chooses which cases of a long matrix run. `.ci/long` runs all of them. Elsewhere a part runs, another part each day,
//! so a few days of runs cover the whole. The same seed gives the same sample: `REINSTATE_TEST_SEED=…`, which a failure
//! prints.

use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

/// A sample of a matrix.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    one_in: usize,
    seed: usize,
}

impl Sample {
    /// One case in `one_in`. This number should have no common divisor with the periods of the cases. Otherwise one
    /// sample covers only some kinds of cases. The periods are four (points of a step) and seven (faults of a method).
    pub fn one_in(one_in: usize) -> Self {
        let sample = Self { one_in, seed: seed() };
        println!("one case in {}; REINSTATE_TEST_SEED={}", sample.size(), sample.seed);
        sample
    }

    /// Whether the case with this number runs.
    pub fn has(&self, case: usize) -> bool {
        case.wrapping_add(self.seed).is_multiple_of(self.size())
    }

    /// Whether every case runs.
    pub fn is_whole(&self) -> bool {
        self.size() == 1
    }

    fn size(&self) -> usize {
        if std::env::var("REINSTATE_TEST_SAMPLE").is_ok_and(|value| value == "all") { 1 } else { self.one_in }
    }
}

/// The given seed, or the number of the day. It stays the same for the whole process, even past midnight.
fn seed() -> usize {
    static SEED: OnceLock<usize> = OnceLock::new();
    *SEED.get_or_init(|| match std::env::var("REINSTATE_TEST_SEED") {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("REINSTATE_TEST_SEED is no number: {text}")),
        Err(_) => today(),
    })
}

#[allow(clippy::disallowed_methods, reason = "no program's time: which sample is today's")]
fn today() -> usize {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    usize::try_from(since.as_secs() / (24 * 3600)).unwrap()
}

/// Consecutive days cover every case.
#[test]
fn the_samples_of_consecutive_days_cover_every_case() {
    let days = (20_000..20_005).map(|seed| Sample { one_in: 5, seed });
    let all: Vec<usize> = days.flat_map(|day| (0..40).filter(move |case| day.has(*case))).collect();
    if Sample::one_in(5).is_whole() {
        assert_eq!(all.len(), 5 * 40);
    } else {
        assert_eq!(all.len(), 40, "each case once");
        assert!((0..40).all(|case| all.contains(&case)));
    }
}
