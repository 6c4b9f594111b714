//! Checks that codes, pages and scenarios match: a new cause needs its scenario and its page.

use std::collections::BTreeSet;
use std::path::Path;

use reinstate_core::Cause;
use reinstate_sandbox::scenarios::{ALL, FOLLOW_UPS};

const HEADINGS: &[&str] = &[
    "## What people say",
    "## Why it happens",
    "## How Reinstate knows",
    "## What Reinstate does",
    "## What a person can do",
    "## Sources",
];

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/causes")
}

#[test]
fn every_cause_has_its_page_and_every_page_its_cause() {
    let codes: BTreeSet<String> = Cause::ALL.iter().map(|cause| cause.code().to_owned()).collect();
    let pages: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap().replace(".md", ""))
        .collect();
    assert_eq!(codes, pages);
    for cause in Cause::ALL {
        let page = std::fs::read_to_string(folder().join(format!("{}.md", cause.code()))).unwrap();
        assert_eq!(page.lines().next().unwrap(), format!("# `{}`: {}", cause.code(), cause.title()));
        let headings: Vec<&str> = page.lines().filter(|line| line.starts_with("## ")).collect();
        assert_eq!(headings, HEADINGS, "{}", cause.code());
        let sources = page.split("## Sources").nth(1).unwrap();
        assert!(sources.contains("](https://"), "{} names no source", cause.code());
        for line in page.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            assert!(line.len() > 8, "{}: {line}", cause.code());
        }
    }
}

/// These causes need more than a tenant and a person: a question about one app (`tests/it/apps.rs`), and a membership
/// that an earlier run has sent (the tests of the core).
pub const WITHOUT_SCENARIO: &[Cause] = &[Cause::AppNotGranted, Cause::GroupTooLarge];

#[test]
fn every_cause_has_a_scenario_of_its_own() {
    let told: BTreeSet<Cause> =
        ALL.iter().flat_map(|scenario| scenario.finds.iter().chain(scenario.mentions)).copied().collect();
    let untold: Vec<&str> =
        Cause::ALL.iter().filter(|cause| !told.contains(cause)).map(|c| c.code()).collect();
    let without: BTreeSet<&str> = WITHOUT_SCENARIO.iter().map(|cause| cause.code()).collect();
    assert_eq!(untold.into_iter().collect::<BTreeSet<&str>>(), without);
    for scenario in ALL.iter().filter(|scenario| !scenario.finds.is_empty()) {
        let named = Cause::ALL.iter().find(|cause| scenario.name == cause.code());
        let tells = named.is_none_or(|cause| scenario.finds.contains(cause));
        assert!(tells, "{} is about something else", scenario.name);
    }
}

#[test]
fn names_of_scenarios_are_unique_and_healthy_ones_say_so() {
    let names: BTreeSet<&str> = ALL.iter().map(|scenario| scenario.name).collect();
    assert_eq!(names.len(), ALL.len());
    for sequel in FOLLOW_UPS {
        assert!(names.contains(sequel.of) && !names.contains(sequel.name), "{}", sequel.name);
    }
    for scenario in ALL.iter().filter(|scenario| scenario.name.starts_with("healthy")) {
        assert!(scenario.finds.is_empty(), "{}", scenario.name);
    }
}
