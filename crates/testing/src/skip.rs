//! What a machine lacks is skipped, but never in silence: one loud line, past the capture of the test runner. Where
//! `REINSTATE_TEST_ALL` is set (`.ci/run` does), a skip is a failure.

use std::io::Write as _;

/// Says that something was not tested, and why.
pub fn skipped(why: &str) {
    assert!(
        std::env::var_os("REINSTATE_TEST_ALL").is_none(),
        "NOT TESTED: {why}, and nothing may be skipped here"
    );
    cannot(why);
}

/// Says the same of what no installation could give: a right that this machine does not give to anybody.
pub fn cannot(why: &str) {
    #[allow(clippy::explicit_write, reason = "what eprintln! says is captured")]
    writeln!(std::io::stderr(), "\nSKIPPED, NOT TESTED: {why}").unwrap();
}
