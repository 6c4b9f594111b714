//! The gallery: everything that people can read of Reinstate, as text, with one snapshot beside each. A message that
//! changes changes here, in the same commit. `docs/reference/messages.md` is made of it.
//!
//! To change a message: change it, run `INSTA_FORCE_PASS=1 INSTA_UPDATE=new cargo test --test it gallery`, accept with
//! `cargo insta review`, then `REINSTATE_UPDATE_DOCS=1 cargo test --test it gallery`.

mod jane;
mod page;
mod run_asks;
mod run_ends;
mod run_works;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use page::{Page, every};
use reinstate::core::run::{Halt, Progress};
use reinstate::core::{Aim, Next, Outcome};

/// Every page, in the order of the document.
fn pages() -> &'static [Page] {
    static PAGES: LazyLock<Vec<Page>> =
        LazyLock::new(|| vec![run_asks::page(), run_works::page(), run_ends::page()]);
    &PAGES
}

const ABOUT: &str = "# Messages\n\n\
    Everything that people can read of Reinstate, as text. Buttons and selects stand in brackets. Times are shown in the \
    zone of the reader; here they are in UTC.\n\n\
    This page is made by `REINSTATE_UPDATE_DOCS=1 cargo test --test it gallery`. The source is `tests/it/gallery/`.\n";

#[test]
fn the_document_shows_the_gallery() {
    let parts: Vec<String> = pages().iter().map(Page::markdown).collect();
    let wanted = format!("{ABOUT}\n{}", parts.join("\n"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/messages.md");
    if std::env::var_os("REINSTATE_UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &wanted).unwrap();
    }
    let shown = std::fs::read_to_string(&path).unwrap_or_default();
    let line = shown.lines().zip(wanted.lines()).position(|(shown, wanted)| shown != wanted);
    assert!(
        shown == wanted,
        "docs/reference/messages.md is not what the gallery shows, from line {:?} on. \
         Run REINSTATE_UPDATE_DOCS=1 cargo test --test it gallery",
        line.map_or(shown.lines().count().min(wanted.lines().count()) + 1, |line| line + 1)
    );
}

#[test]
fn every_state_of_a_run_is_shown() {
    let covered: BTreeSet<String> = pages().iter().flat_map(|page| page.covered.clone()).collect();
    let all: [Vec<String>; 5] = [
        every!(Next: Admit, Look, Step, Prove, AwaitApproval, Expire, Conclude, AwaitPerson, Stop, Nothing),
        every!(Outcome: Healthy, Restored, Done, Advice, CannotTell, Refused, Busy, Declined, Expired, Cancelled, Skipped),
        every!(Halt: Changed, Condition, Ambiguous, Refused, Unconfirmed, Cap),
        every!(Aim: Repair, Undo, Retire),
        every!(Progress: Open, Begun, Accepted, Done, Fruitless),
    ];
    let missing: Vec<String> = all.into_iter().flatten().filter(|one| !covered.contains(one)).collect();
    assert_eq!(missing, Vec::<String>::new());
}
