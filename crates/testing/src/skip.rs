//! Skips for what a machine lacks. A skip is never silent. It prints one clear line that the test runner does not
//! capture. All skips are listed again at the end of `cargo test` (`tests/skipped.rs` of this crate). Where
//! `REINSTATE_TEST_ALL` is set (`.ci/run` does), a skip is a failure.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;

/// Announces that something was not tested, and why.
pub fn skipped(why: &str) {
    assert!(
        std::env::var_os("REINSTATE_TEST_ALL").is_none(),
        "NOT TESTED: {why}, and nothing may be skipped here"
    );
    cannot(why);
}

/// Announces a skip that no installation could prevent: this machine grants the needed right to nobody.
pub fn cannot(why: &str) {
    #[allow(clippy::explicit_write, reason = "what eprintln! says is captured")]
    writeln!(std::io::stderr(), "\nSKIPPED, NOT TESTED: {why}").unwrap();
    if let Some(list) = list() {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(list);
        file.and_then(|mut file| writeln!(file, "{why}")).ok();
    }
}

/// Takes the skips since the last call: each reason with its count.
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

/// The file that collects the skips for the end of the output. It is beside the folder of the test programs.
fn list() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    Some(program.parent()?.parent()?.join("skipped-tests.txt"))
}
