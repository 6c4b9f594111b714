//! What people read out of the figures: who is one person, what worked against a cause, and what comes first.

use super::super::build::{at, healthy};
use super::super::run::{asked, made, planned};
use super::story::{plan, repair};
use super::{DONE, PARK, PROVISION, UNLINK, report, restored};
use crate::plan::WorkedHere;
use crate::report::{Remains, RunRecord, Tally};
use crate::{Cause, Diagnosis, Event, Outcome, diagnose};

/// Whom a diagnosis found: the user, and the account.
type Known = (Option<&'static str>, Option<&'static str>);

/// A run that restored access, with one plan for each of these readings.
fn run_about(readings: &[Known]) -> RunRecord {
    let mut record = RunRecord::default();
    let mut add = |second, event: &Event| record.add(at(second), Remains::Event(event)).unwrap();
    add(0, &asked("U0ADA"));
    for (second, (person, account)) in (1..).zip(readings) {
        let (person, account) = (person.map(str::to_owned), account.map(str::to_owned));
        let diagnosis = Diagnosis { person, account, ..diagnose(&healthy()) };
        add(second, &planned(&diagnosis, made(&[], 0)));
    }
    add(9, &Event::Ended { outcome: Outcome::Restored, message: "s".into() });
    record
}

#[test]
fn the_surest_reading_of_a_run_says_whom_it_helped() {
    let helped = |first: &[Known], second: &[Known]| {
        let mut tally = Tally::new(at(0), at(100));
        [first, second].into_iter().for_each(|readings| tally.add(&run_about(readings)));
        tally.report().people.helped
    };
    let (user, account, nobody) = ((Some("jane"), Some("a1")), (None, Some("a1")), (None, None));
    for readings in [&[user, account, nobody][..], &[nobody, account, user], &[account, user, nobody]] {
        assert_eq!(helped(&[user], readings), 1, "{readings:?}");
    }
    assert_eq!(helped(&[account], &[account, nobody]), 1);
    assert_eq!(helped(&[account], &[(None, Some("a2")), nobody]), 2);
}

#[test]
fn what_worked_here_is_the_same_step_against_the_same_cause() {
    let tried =
        |cause, kind, outcome| repair(0, 1, vec![plan(cause, &[(kind, DONE, 5)])], Some((outcome, 0)));
    let found = report(&[
        tried(Cause::Suspended, PROVISION, Outcome::Advice),
        tried(Cause::MembershipDrift, PARK, Outcome::Advice),
        restored(0, 1, 10),
        restored(500, 2, 30),
    ]);
    let worked = |tried, worked, seconds| Some(WorkedHere { tried, worked, seconds });
    assert_eq!(found.worked_here(Cause::MembershipDrift, "provision-user"), worked(2, 2, Some(12)));
    assert_eq!(found.worked_here(Cause::MembershipDrift, "park-email"), worked(1, 0, None));
    assert_eq!(found.worked_here(Cause::Suspended, "provision-user"), worked(1, 0, None));
    for (cause, action) in [(Cause::Suspended, "park-email"), (Cause::SeatsFull, "provision-user")] {
        assert_eq!(found.worked_here(cause, action), None, "{cause:?} {action}");
    }
}

#[test]
fn what_concerns_most_people_and_what_was_tried_most_comes_first() {
    let of = |person, (cause, kind)| {
        repair(0, person, vec![plan(cause, &[(kind, DONE, 1)])], Some((Outcome::Advice, 0)))
    };
    let (nested, full) = ((Cause::NestedOnly, PROVISION), (Cause::SeatsFull, UNLINK));
    for (more, fewer) in [(nested, full), (full, nested)] {
        let runs = [1, 2, 3].map(|person| of(person, more));
        let others = [4, 5].map(|person| of(person, fewer));
        let found = report(&[&others[..], &runs[..]].concat());
        let recurring: Vec<_> = found.recurring.iter().map(|one| (one.cause, one.people)).collect();
        assert_eq!(recurring, [(more.0, 3), (fewer.0, 2)]);
        let remedies: Vec<_> = found.remedies.iter().map(|one| (one.cause, one.tried)).collect();
        assert_eq!(remedies, [(more.0, 3), (fewer.0, 2)]);
    }
}
