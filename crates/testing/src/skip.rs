//! What a machine lacks is skipped, but never in silence: one loud line, past the capture of the test runner, and all of them
//! once more at the end of `cargo test` (`tests/skipped.rs` of this crate). Where `REINSTATE_TEST_ALL` is set (`.ci/run`
//! does), a skip is a failure.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;

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
    if let Some(list) = list() {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(list);
        file.and_then(|mut file| writeln!(file, "{why}")).ok();
    }
}

/// What was skipped since this was asked last, each reason once with how often it was given.
pub fn take() -> BTreeMap<String, usize> {
    let mut reasons = BTreeMap::new();
    if let Some(list) = list() {
        let text = std::fs::read_to_string(&list).unwrap_or_default();
        std::fs::remove_file(&list).ok();
        for why in text.lines() {
            *reasons.entry(why.to_owned()).or_default() += 1;
        }
    }
    reasons
}

/// Where skips are written down for the end of the output: beside the folder of the test programs.
fn list() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    Some(program.parent()?.parent()?.join("skipped-tests.txt"))
}
