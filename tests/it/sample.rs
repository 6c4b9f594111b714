//! Which cases of a long matrix run. In `.ci/long` all do; elsewhere one in so many, other ones each day, so that a few
//! days of runs cover the whole. The same seed is the same sample: `REINSTATE_TEST_SEED=…`, which a failure prints.

use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

/// A sample of a matrix.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    one_in: usize,
    seed: usize,
}

impl Sample {
    /// One case in so many. It should have no divisor in common with how the cases repeat (four points of a step, seven
    /// faults of a method), so that every kind of case has its turn.
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

/// What was given, or the number of the day; the same for the whole run, though midnight may pass.
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

/// Days that follow each other leave no case out.
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
