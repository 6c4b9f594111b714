//! The figures of a report: one small history for each rule. `generated.rs` compares many histories with an oracle.

mod generated;
mod reading;
mod story;

use jiff::SignedDuration;
use jiff::civil::date;
use serde_json::{Value, json};

use self::story::{Answer, Came, PlanStory, Story, plan, proof, repair};
use super::build::at;
use crate::report::{Remains, Report, RunRecord, Tally, Unit, ends_with_one_change};
use crate::{Cause, Goal, Outcome, Risk};

const DONE: Came = Came::Done;
/// Steps as `made` numbers them.
const PROVISION: u8 = 0;
const UNLINK: u8 = 2;
const PARK: u8 = 4;

fn report(stories: &[Story]) -> Report {
    let mut tally = Tally::new(at(0), at(30 * 86_400));
    stories.iter().for_each(|story| tally.add(&story.record(false)));
    tally.report()
}

/// A repair of one step that worked after so many seconds.
fn restored(opened: i64, person: u8, took: u16) -> Story {
    let plans = vec![plan(Cause::MembershipDrift, &[(PROVISION, DONE, took)]), proof()];
    repair(opened, person, plans, Some((Outcome::Restored, 0)))
}

#[test]
fn a_person_who_was_helped_twice_is_counted_once_and_both_times_count() {
    let found = report(&[restored(0, 1, 10), restored(500, 1, 30), restored(900, 2, 20)]);
    assert_eq!((found.people.helped, found.people.repairs_without_person), (2, 0));
    assert_eq!((found.repairs, found.time_to_access.count()), (3, 3));
    // Two seconds until the plan, and two until the proof.
    assert_eq!(found.time_to_access.median(), Some(24));
    assert_eq!(found.time_to_access.ninetieth(), Some(34));
    assert_eq!(found.outcomes, [("restored", 3)].into());
}

#[test]
fn nothing_is_said_of_nothing() {
    let found = report(&[]);
    assert_eq!((found.time_to_access.median(), found.time_to_access.ninetieth()), (None, None));
    assert!(found.causes.is_empty() && found.remedies.is_empty() && found.recurring.is_empty());
}

#[test]
fn a_step_is_not_praised_for_the_rung_after_it() {
    let first = plan(Cause::RecordUnlinked, &[(PROVISION, Came::NoEffect, 5)]);
    let second = plan(Cause::RecordUnlinked, &[(UNLINK, DONE, 7), (PROVISION, DONE, 9)]);
    let story = repair(0, 1, vec![first, second, proof()], Some((Outcome::Restored, 0)));
    let found = report(&[story]);
    let figures: Vec<_> = found
        .remedies
        .iter()
        .map(|one| (one.action.as_str(), one.tried, one.worked.count(), one.worked.median()))
        .collect();
    // It was tried twice in one run, and the second time it worked: 9 s, and 2 s until the proof.
    assert_eq!(figures, [("provision-user", 1, 1, Some(11)), ("unlink-record", 1, 1, Some(18))]);

    // The first plan was carried out, access was still missing, and another step restored it.
    let in_vain = plan(Cause::RecordUnlinked, &[(UNLINK, DONE, 5)]);
    let helped = plan(Cause::RecordUnlinked, &[(PARK, DONE, 5)]);
    let story = repair(0, 1, vec![in_vain, helped, proof()], Some((Outcome::Restored, 0)));
    let found = report(&[story]);
    let figures: Vec<_> =
        found.remedies.iter().map(|one| (one.action.as_str(), one.tried, one.worked.count())).collect();
    assert_eq!(figures, [("park-email", 1, 1), ("unlink-record", 1, 0)]);
}

#[test]
fn a_plan_that_was_only_interrupted_has_not_failed() {
    let first = plan(Cause::RecordUnlinked, &[(UNLINK, DONE, 5), (PROVISION, Came::Nowhere, 0)]);
    let rest = plan(Cause::NeverProvisioned, &[(PROVISION, DONE, 5)]);
    let story = repair(0, 1, vec![first, rest, proof()], Some((Outcome::Restored, 0)));
    let found = report(&[story]);
    let figures: Vec<_> =
        found.remedies.iter().map(|one| (one.cause, one.action.as_str(), one.worked.count())).collect();
    let expected =
        [(Cause::NeverProvisioned, "provision-user", 1), (Cause::RecordUnlinked, "unlink-record", 1)];
    assert_eq!(figures, expected);
}

#[test]
fn a_run_that_has_not_ended_has_tried_nothing_and_a_run_that_did_not_help_has() {
    let steps = [(PROVISION, DONE, 5)];
    let open = repair(0, 1, vec![plan(Cause::Suspended, &steps)], None);
    let failed = repair(0, 2, vec![plan(Cause::Suspended, &steps)], Some((Outcome::Advice, 1)));
    assert!(report(std::slice::from_ref(&open)).remedies.is_empty());
    let found = report(&[open, failed]);
    assert_eq!((found.remedies[0].tried, found.remedies[0].worked.count()), (1, 0));
    assert_eq!((found.repairs, found.outcomes.values().sum::<u64>()), (2, 1));
}

#[test]
fn an_approval_is_waited_for_until_enough_people_gave_it() {
    let asked = |needs, answer, came| PlanStory {
        needs,
        answer,
        ..plan(Cause::EmailHeldByManagedAccount, &[(PARK, came, 1)])
    };
    let story = |plan| repair(0, 1, vec![plan], Some((Outcome::Advice, 0)));
    let found = report(&[
        story(asked(2, Answer::Approved(3, 40), DONE)),
        story(asked(1, Answer::Approved(1, 10), DONE)),
        story(asked(1, Answer::Approved(1, 10), Came::Nowhere)),
        story(asked(1, Answer::Declined, Came::Nowhere)),
        story(asked(1, Answer::Expired, Came::Nowhere)),
        story(asked(0, Answer::Approved(0, 0), DONE)),
    ]);
    let approvals = &found.approvals;
    // A plan that was approved and never begun may have lacked another approval.
    assert_eq!((approvals.approved(), approvals.declined, approvals.expired), (2, 1, 1));
    assert_eq!((approvals.wait.median(), approvals.wait.ninetieth()), (Some(10), Some(80)));
}

#[test]
fn steps_are_counted_by_the_risk_of_the_plan_in_every_kind_of_run() {
    // Provision on demand with an unread condition.
    let unread = 130;
    let steps = [(PROVISION, DONE, 1), (unread, DONE, 1), (PARK, Came::Began, 1), (PARK, Came::Nowhere, 0)];
    let mut undo = repair(0, 1, vec![plan(Cause::Suspended, &steps)], Some((Outcome::Done, 0)));
    undo.goal = Goal::Undo { run: "r".to_owned() };
    let found = report(&[undo]);
    let expected = [(Risk::Harmless, 1), (Risk::Disruptive, 1), (Risk::Destructive, 1)];
    assert_eq!(found.steps, expected.into());
    assert_eq!((found.repairs, found.other_runs), (0, 1));
    assert!(found.causes.is_empty() && found.remedies.is_empty(), "an undo repairs nothing");
}

#[test]
fn a_cause_is_counted_in_the_period_of_its_run_and_only_the_first_that_blocks() {
    let advice = (Cause::MatchingOnEmail, false);
    let both = PlanStory {
        findings: vec![advice, (Cause::Suspended, true), (Cause::SeatsFull, true)],
        ..plan(Cause::Suspended, &[])
    };
    let none = PlanStory { findings: vec![advice], ..plan(Cause::Suspended, &[]) };
    let week = 7 * 86_400;
    let end = Some((Outcome::Advice, 0));
    let found = report(&[
        repair(0, 1, vec![both.clone()], end),
        repair(week, 2, vec![both], end),
        repair(week, 3, vec![none], end),
        repair(week, 4, vec![proof()], Some((Outcome::Healthy, 0))),
    ]);
    assert_eq!(found.unit, Unit::Week);
    let figures: Vec<_> = found.causes.iter().map(|one| (one.cause, one.repairs)).collect();
    assert_eq!(figures, [(Cause::Suspended, 2)]);
    // 1,800,000,000 is Friday, 15 January 2027.
    let weeks: Vec<_> = found.causes[0].by_period.iter().map(|(day, number)| (*day, *number)).collect();
    assert_eq!(weeks, [(date(2027, 1, 11), 1), (date(2027, 1, 18), 1)]);
    assert_eq!(found.without_cause, 1);
}

#[test]
fn a_cause_is_recurring_from_two_people_on_and_only_if_one_change_ends_it() {
    let end = Some((Outcome::Advice, 0));
    let of = |person, findings: &[(Cause, bool)]| {
        let plan = PlanStory { findings: findings.to_vec(), ..plan(Cause::Suspended, &[]) };
        repair(0, person, vec![plan], end)
    };
    let (email, nested) = ((Cause::MatchingOnEmail, false), (Cause::NestedOnly, true));
    let found = report(&[
        of(1, &[(Cause::Suspended, true), email]),
        of(2, &[(Cause::Suspended, true), email]),
        of(3, &[nested]),
        of(4, &[nested]),
        of(4, &[nested]),
        of(5, &[(Cause::SeatsFull, true)]),
        of(5, &[(Cause::SeatsFull, true)]),
        of(6, &[(Cause::SeatsFull, false)]),
    ]);
    let figures: Vec<_> = found.recurring.iter().map(|one| (one.cause, one.people)).collect();
    // The job matches on e-mail for everybody, and it has done nobody any harm. One person lacks a seat.
    assert_eq!(figures, [(Cause::NestedOnly, 2)]);
    let held = (Cause::EmailHeldByManagedAccount, true);
    let found = report(&[of(1, &[held, email]), of(2, &[held, email]), of(3, &[held])]);
    let figures: Vec<_> = found.recurring.iter().map(|one| (one.cause, one.people)).collect();
    assert_eq!(figures, [(Cause::MatchingOnEmail, 2)]);
    assert!(!ends_with_one_change(Cause::EmailHeldByManagedAccount), "it has no such change itself");
}

/// A run of which only facts are left, each at a second.
fn of_facts(facts: &[(i64, (&str, Value))]) -> RunRecord {
    let mut record = RunRecord::default();
    for (second, (kind, facts)) in facts {
        record.add(at(*second), Remains::Facts { kind, facts: facts.clone() }).unwrap();
    }
    record
}

#[test]
fn a_step_that_was_sent_again_began_the_first_time_and_a_clock_set_back_takes_no_time() {
    let plan = json!({"verdict": "broken", "causes": ["suspended"], "blocking": ["suspended"],
        "steps": ["restore-access"], "risks": ["reversible"]});
    let of = |ended| {
        let mut tally = Tally::new(at(0), at(100));
        tally.add(&of_facts(&[
            (50, ("opened", json!({"goal": "repair"}))),
            (60, ("planned", plan.clone())),
            (70, ("began", json!({"step": 0, "needs": 0}))),
            (80, ("began", json!({"step": 0, "needs": 0}))),
            (85, ("confirmed", json!({"step": 0}))),
            (ended, ("ended", json!({"outcome": "restored"}))),
        ]));
        tally.report()
    };
    let found = of(90);
    assert_eq!((found.time_to_access.median(), found.remedies[0].worked.median()), (Some(40), Some(20)));
    assert_eq!(found.steps, [(Risk::Reversible, 1)].into());
    let found = of(40);
    assert_eq!((found.time_to_access.median(), found.remedies[0].worked.median()), (Some(0), Some(0)));
}

#[test]
fn facts_of_older_versions_count_as_far_as_they_go() {
    let facts = [
        ("opened", json!({})),
        ("admitted", json!({})),
        (
            "planned",
            json!({"digest": "sha256:x", "verdict": "broken", "causes": ["suspended"], "steps": ["restore-access"]}),
        ),
        ("approved", json!({"digest": "sha256:x"})),
        ("began", json!({"step": 0})),
        ("approved", json!({"digest": "sha256:x"})),
        ("ended", json!({"outcome": "restored"})),
    ];
    let every_ten_seconds = |facts: &[(&str, Value)]| {
        of_facts(&(0..).zip(facts).map(|(n, fact)| (n * 10, fact.clone())).collect::<Vec<_>>())
    };
    let mut tally = Tally::new(at(0), at(100));
    tally.add(&every_ten_seconds(&facts));
    tally.add(&every_ten_seconds(&[("opened", json!({})), ("ended", json!({"outcome": "advice"}))]));
    tally.add(&every_ten_seconds(&[("opened", json!({})), ("ended", json!({"outcome": "done"}))]));
    tally.add_unreadable();
    let found = tally.report();
    assert_eq!((found.repairs, found.other_runs, found.time_to_access.median()), (1, 1, Some(60)));
    assert_eq!((found.people.helped, found.people.repairs_without_person), (0, 1));
    assert_eq!((found.approvals.approved(), found.approvals.wait.median()), (1, Some(10)));
    assert!(found.causes.is_empty() && found.remedies.is_empty() && found.steps.is_empty());
    let unread = found.unread;
    assert_eq!((unread.runs, unread.erased, unread.goals, unread.causes, unread.risks), (1, 3, 1, 1, 1));
}

#[test]
fn facts_that_do_not_fit_are_refused() {
    let wrong = [
        ("planned", json!({})),
        ("planned", json!({"verdict": "broken", "causes": ["no-such-cause"], "steps": []})),
        ("opened", json!({"goal": "conquer"})),
        ("began", json!({"step": 0})),
        ("approved", json!({"digest": "sha256:x"})),
        ("ended", json!({"outcome": "lost"})),
    ];
    for (kind, facts) in wrong {
        assert!(RunRecord::default().add(at(0), Remains::Facts { kind, facts }).is_err(), "{kind}");
    }
    assert!(RunRecord::default().add(at(0), Remains::Facts { kind: "snapshot", facts: json!(1) }).is_ok());
}

#[test]
fn the_unit_follows_the_length_and_the_periods_are_those_of_the_calendar() {
    let until = "2026-12-02T12:00:00Z".parse().unwrap();
    let of = |days: i64, most| {
        let since = until - SignedDuration::from_hours(24 * days);
        let unit = Unit::of(since, until);
        let starts: Vec<String> = unit.starts(since, until, most).iter().map(ToString::to_string).collect();
        (unit, starts)
    };
    assert_eq!(of(2, 9), (Unit::Day, vec!["2026-11-30".into(), "2026-12-01".into(), "2026-12-02".into()]));
    assert_eq!(of(14, 1), (Unit::Day, vec!["2026-12-02".into()]));
    // 2026-11-30 is a Monday.
    assert_eq!(of(15, 9), (Unit::Week, vec!["2026-11-16".into(), "2026-11-23".into(), "2026-11-30".into()]));
    assert_eq!(of(182, 2), (Unit::Week, vec!["2026-11-23".into(), "2026-11-30".into()]));
    assert_eq!(of(183, 2), (Unit::Month, vec!["2026-11-01".into(), "2026-12-01".into()]));
    assert_eq!(of(183, 99).1.len(), 7);
    assert_eq!(Unit::Week.start("2026-11-29T23:59:59Z".parse().unwrap()), date(2026, 11, 23));
    assert_eq!(Unit::Week.start("2026-11-30T00:00:00Z".parse().unwrap()), date(2026, 11, 30));
    assert_eq!(Unit::Month.start("2026-11-30T23:59:59Z".parse().unwrap()), date(2026, 11, 1));
}
