//! Every ignored test says why, and names a command that runs it. A renamed test must not leave a command behind that runs
//! nothing.

use std::path::Path;

#[test]
fn the_command_of_each_ignored_test_runs_that_test() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let mut found = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let module = path.file_stem().unwrap().to_str().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        for (reason, after) in text.lines().enumerate().filter_map(|(at, line)| {
            let reason = line.trim().strip_prefix("#[ignore")?;
            Some((reason.to_owned(), text.lines().skip(at + 1)))
        }) {
            let name = after.filter_map(|line| line.split_once("fn ")).next().unwrap().1;
            let test = format!("{module}::{}", name.split('(').next().unwrap());
            let command = reason.split("cargo test --test it -- ").nth(1).unwrap_or_else(|| panic!("{test}"));
            let filter = command.trim_end_matches("\"]").rsplit(' ').next().unwrap();
            assert!(command.contains("--ignored") && test.contains(filter), "{test}: {reason}");
            found += 1;
        }
    }
    assert!(found > 0);
}
