//! Every ignored test says why, and names a command that runs it. A renamed test must not leave a command behind that runs
//! nothing.

use std::path::Path;

/// All source files of a folder and of the folders in it, each with its module path.
fn sources(folder: &Path, module: &str, all: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let inner = if module.is_empty() { name.to_owned() } else { format!("{module}::{name}") };
        if path.is_dir() {
            sources(&path, &inner, all);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            all.push((inner, std::fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn the_command_of_each_ignored_test_runs_that_test() {
    let mut all = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it"), "", &mut all);
    let mut found = 0;
    for (module, text) in all.iter().filter(|(module, _)| module != "ignored") {
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
