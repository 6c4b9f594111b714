//! The gallery: every text of Reinstate that people can read, each with one snapshot. A changed message changes its
//! snapshot in the same commit. `docs/reference/messages.md` is generated from the gallery.
//!
//! To change a message: change it, run `INSTA_FORCE_PASS=1 INSTA_UPDATE=new cargo test --test it gallery`, accept with
//! `cargo insta review`, then `REINSTATE_UPDATE_DOCS=1 cargo test --test it gallery`.

mod answers;
mod by_cause;
mod causes;
mod doctor;
pub mod jane;
mod page;
mod program;
mod reasons;
mod refusals;
pub mod report;
mod run_asks;
mod run_ends;
mod run_works;
mod sweeps;
mod swept;
mod terminal;
mod usage;
mod views;
mod watch;

use std::collections::BTreeSet;
use std::path::Path;

use page::{Page, every};
use reinstate::slack::messages::Unresolved;
use reinstate_core::access::MembershipKind;
use reinstate_core::run::{EndReason, PauseDetail, PauseReason, Progress};
use reinstate_core::sweep::SweepNext;
use reinstate_core::{Cause, Denied, Event, Goal, Next, Op, Outcome};

/// Every page, in the order of the document.
fn pages() -> Vec<Page> {
    vec![
        answers::checks(),
        answers::me(),
        answers::lists(),
        report::page(),
        refusals::commands(),
        run_asks::page(),
        run_works::page(),
        run_ends::page(),
        reasons::page(),
        refusals::clicks(),
        refusals::refusals(),
        refusals::about_cards(),
        sweeps::page(),
        watch::page(),
        views::modals(),
        views::homes(),
        causes::causes(),
        by_cause::people::page(),
        by_cause::job::page(),
        by_cause::records::page(),
        by_cause::identities::page(),
        by_cause::accounts::page(),
        by_cause::groups::page(),
        causes::steps(),
        terminal::page(),
        doctor::page(),
        usage::page(),
        program::page(),
    ]
}

const ABOUT: &str = "# Messages\n\n\
    Everything that people can read of Reinstate, as text. Buttons and selects stand in brackets. Times are shown in the \
    zone of the reader; here they are in UTC.\n\n\
    This page is made by `REINSTATE_UPDATE_DOCS=1 cargo test --test it gallery`. The source is `tests/it/gallery/`.\n";

#[test]
fn every_message_is_in_the_document_and_no_state_is_left_out() {
    let pages = pages();
    let covered: BTreeSet<&String> = pages.iter().flat_map(|page| &page.covered).collect();
    let missing: Vec<String> = states().into_iter().filter(|one| !covered.contains(one)).collect();
    assert_eq!(missing, Vec::<String>::new());
    is_the_document(&pages);
}

/// Compares `docs/reference/messages.md` with the pages, or writes it.
fn is_the_document(pages: &[Page]) {
    let parts: Vec<String> = pages.iter().map(Page::markdown).collect();
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

/// The states of runs, of sweeps and of people that change what is shown. A new state does not compile without a line
/// here, and the test fails without an entry.
fn states() -> Vec<String> {
    let all = [
        every!(Next: Admit, Look, Step, Prove, AwaitApproval, Expire, Conclude, AwaitPerson, Stop, Nothing),
        every!(Outcome: Healthy, Restored, Done, Advice, CannotTell, Refused, Busy, Declined, Expired, Cancelled,
            Skipped),
        every!(EndReason: CommandOverdue, RepairOverdue, SweepOverdue, PersonBusy, TenantBusy, EarlierRunUnreadable,
            NoAccountLeftOver, TooManyPlans, NotApproved, ApprovalOver, Declined, Stopped, StoppedForUndo,
            AccountChanged, ListedPlanInsufficient, Undone, NothingToUndo, Retired, NotRetired, Restored, NothingToDo,
            CannotTell, Advice, NothingToRepair, NotRequested, ListNotApproved, ListDeclined, ListExpired,
            RequesterNotOperator, Repaired, ReadingStopped, OfferStopped, RepairsStopped),
        every!(PauseDetail: Unexpected, Unread, MaybeSent, TooLateToSend, NotShown, NotProvisioned, NotShownWithin,
            RateLimited, CapReached, RepairsFailed, PausedByPerson),
        every!(PauseReason: Changed, Condition, Ambiguous, Refused, Unconfirmed, Cap),
        every!(Goal: Repair, Undo, Retire),
        every!(Progress: Open, Begun, Accepted, Done, Fruitless),
        every!(Event: Opened, Admitted, Planned, Approved, Declined, Expired, Cancelled, Snapshot, Began, Accepted,
            Already, Confirmed, NoEffect, Paused, Retried, Denied, Ended),
        every!(SweepNext: Survey, AwaitRequest, AwaitApproval, AwaitPerson, Repair, End, Nothing),
        every!(Op: ProvisionUser, ProvisionMembership, RestoreAccess, ActivateAccount, CancelDeletion, UnlinkRecord,
            DeleteRecord, ForgetAccountRecords, StartProvisioning, RestartProvisioning, ParkEmail, DeactivateAccount,
            ScheduleDeletion, SuspendAccess, ReturnEmail),
        every!(MembershipKind: Member, Guest, Stranger, Deactivated, Bot, Unknown),
        every!(Denied: Stranger, Guest, Deactivated, Bot, AskAgain, Missing, OwnRequest, OwnAccount, OwnUnreadable,
            OwnNobody, SamePerson, SameUnreadable, AlreadyAsAnother, Already),
        every!(Unresolved: Nobody, NoAddress, AskAgain),
        Cause::ALL.iter().map(|cause| format!("Cause::{cause:?}")).collect(),
    ];
    all.into_iter().flatten().collect()
}

/// The functions and constants that make messages, cards and modals. A new one needs an entry.
#[test]
fn every_function_that_makes_a_message_has_an_entry() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |folder: &str| -> Vec<String> {
        let files = std::fs::read_dir(root.join(folder)).unwrap().map(|file| file.unwrap().path());
        files.filter(|path| path.is_file()).map(|path| std::fs::read_to_string(path).unwrap()).collect()
    };
    let gallery = read("tests/it/gallery").concat();
    let shown = |name: &str| {
        gallery.match_indices(&format!("::{name}")).any(|(at, found)| {
            !gallery[at + found.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_')
        })
    };
    let mut sources = vec![std::fs::read_to_string(root.join("src/slack/modal.rs")).unwrap()];
    sources.extend(read("src/slack/messages"));
    sources.extend(read("src/slack/cards"));
    let mut missing = Vec::new();
    for source in &sources {
        let source = source.split("#[cfg(test)]").next().unwrap();
        // Methods are indented. They make no message of their own.
        let names = source.lines().filter_map(|line| {
            let rest = line.strip_prefix("pub fn ").or_else(|| line.strip_prefix("pub const "))?;
            rest.split(|c: char| !(c.is_alphanumeric() || c == '_')).next()
        });
        missing.extend(names.filter(|name| !shown(name) && !NO_MESSAGES.contains(name)).map(str::to_owned));
    }
    assert_eq!(missing, Vec::<String>::new());
}

/// Names that are only parts of messages, or that identify a modal.
const NO_MESSAGES: &[&str] = &["DECLINE", "APPROVE", "PICK", "mentions", "requesters"];
