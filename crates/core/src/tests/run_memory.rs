//! What a run remembers of its plans: who approved, which steps were settled and with what effect, and what that means
//! for the next plan.

use serde_json::json;

use super::build::{at, healthy};
use super::run::{LIMITS, asked, made, planned};
use super::run_rules::{approved, run_with};
use crate::op::{Op, Risk};
use crate::plan::Plan;
use crate::rules::Rules;
use crate::run::{PauseReason, Progress, SweepPart};
use crate::{Event, Fold as _, Next, Outcome, Run, diagnose};

fn began(step: usize) -> Event {
    Event::Began { step, before: json!(1), needs: Some(0) }
}

fn confirmed(step: usize) -> Event {
    Event::Confirmed { step, after: json!(2) }
}

fn fruitless(step: usize) -> Event {
    Event::NoEffect { step, why: "w".into() }
}

fn again(plan: &Plan) -> Event {
    planned(&diagnose(&healthy()), plan.clone())
}

fn actions(done: &[(Op, bool)]) -> Vec<(&'static str, bool)> {
    done.iter().map(|(op, took_effect)| (op.action(), *took_effect)).collect()
}

#[test]
fn every_step_that_began_is_kept_with_whether_it_took_effect() {
    let plan = made(&[0, 1, 2, 4], 1);
    let mut events = vec![(1, approved("U-ADA", &plan)), (2, began(0)), (3, confirmed(0)), (4, began(1))];
    let expected = [("provision-user", true), ("restore-access", false)];
    let run = run_with(&plan, &events).unwrap();
    assert_eq!(actions(&run.steps_done()), expected);
    assert!(run.done.is_empty(), "the plan is not superseded");
    events.push((5, confirmed(1)));
    events.extend([(6, began(2)), (7, Event::Accepted { step: 2 }), (8, fruitless(2))]);
    let run = run_with(&plan, &events).unwrap();
    let expected = [("provision-user", true), ("restore-access", true), ("unlink-record", false)];
    assert_eq!(actions(&run.steps_done()), expected);
    // The plan that follows does not forget them, and its own steps come after.
    events.extend([(9, again(&made(&[0], 2))), (10, began(0))]);
    let run = run_with(&plan, &events).unwrap();
    assert_eq!(actions(&run.done), expected);
    let all = [&expected[..], &[("provision-user", false)]].concat();
    assert_eq!(actions(&run.steps_done()), all);
}

#[test]
fn a_step_that_was_settled_counts_as_tried_under_every_later_plan() {
    let plan = made(&[0, 1, 2], 1);
    let tried = |events: &[(i64, Event)]| {
        let tried = run_with(&plan, events).unwrap().tried();
        tried.iter().map(|step| step.op.action()).collect::<Vec<_>>()
    };
    let mut events = vec![(1, began(0)), (2, confirmed(0)), (3, began(1))];
    assert_eq!(tried(&events), ["provision-user"], "a step on its way is not settled");
    events.push((4, fruitless(1)));
    assert_eq!(tried(&events), ["provision-user", "restore-access"]);
    events.push((5, again(&made(&[2], 2))));
    assert_eq!(tried(&events), ["provision-user", "restore-access"]);
    events.push((6, again(&made(&[2], 3))));
    assert_eq!(tried(&events), ["provision-user", "restore-access"], "also two plans later");
}

#[test]
fn a_step_without_effect_leads_to_a_new_plan() {
    let plan = made(&[0, 1], 1);
    let mut events = vec![(1, began(0)), (2, fruitless(0))];
    let run = run_with(&plan, &events).unwrap();
    assert_eq!(run.open_step().map(|(index, _, progress)| (index, progress)), Some((0, Progress::Fruitless)));
    assert_eq!(run.next(at(3), &Rules::default(), &LIMITS), Next::Look);
    events.push((3, again(&made(&[1], 2))));
    let run = run_with(&plan, &events).unwrap();
    assert_eq!(run.plans, 2);
    assert_eq!(run.next(at(4), &Rules::default(), &LIMITS), Next::Step { index: 0, check_plan: false });
}

#[test]
fn a_retry_leads_to_a_new_plan_and_ends_the_wait() {
    let plan = made(&[0], 1);
    let paused = Event::Paused { step: Some(0), halt: PauseReason::Changed, why: "w".into() };
    let retried = Event::Retried { by: "U-DAN".to_owned() };
    let events = [(1, paused.clone()), (2, retried.clone()), (3, again(&plan))];
    let next =
        |count: usize| run_with(&plan, &events[..count]).unwrap().next(at(4), &Rules::default(), &LIMITS);
    assert_eq!(next(1), Next::AwaitPerson);
    assert_eq!(next(2), Next::Look);
    assert_eq!(next(3), Next::Step { index: 0, check_plan: false });
    let run = run_with(&plan, &events).unwrap();
    assert!(run.waiting.is_none() && !run.look_again);
    // A person may ask for a new plan without a pause. The next plan answers that.
    let run = run_with(&plan, &[(1, retried), (2, again(&plan))]).unwrap();
    assert!(!run.look_again);
}

#[test]
fn the_time_of_a_step_is_that_of_its_first_beginning() {
    let plan = made(&[0, 1], 1);
    let begun_at = |events: &[(i64, Event)]| run_with(&plan, events).unwrap().current.unwrap().begun_at;
    assert_eq!(begun_at(&[(5, began(0))]), Some(at(5)));
    assert_eq!(begun_at(&[(5, began(0)), (9, began(0))]), Some(at(5)), "it was sent again");
    assert_eq!(begun_at(&[(5, began(0)), (9, confirmed(0)), (12, began(1))]), Some(at(12)));
    let settled = run_with(&plan, &[(5, began(0)), (9, confirmed(0)), (12, began(1))]).unwrap();
    assert_eq!(settled.current.unwrap().settled_at, Some(at(9)));
}

#[test]
fn the_risk_that_is_left_is_that_of_the_steps_that_have_not_begun() {
    let plan = made(&[0, 4, 2], 1);
    let rules = [(1, approved("U-ADA", &plan))];
    let with = |more: &[(i64, Event)]| run_with(&plan, &[&rules[..], more].concat()).unwrap();
    assert_eq!(with(&[]).open_risk(), Some(Risk::Destructive));
    let first = [(2, began(0)), (3, confirmed(0))];
    assert_eq!(with(&first).open_risk(), Some(Risk::Destructive));
    let second = [&first[..], &[(4, began(1)), (5, confirmed(1))]].concat();
    assert_eq!(with(&second).open_risk(), Some(Risk::Disruptive));
    let last = [&second[..], &[(6, began(2))]].concat();
    assert_eq!(with(&last).open_risk(), None);
    let harmless = made(&[0], 1);
    assert_eq!(run_with(&harmless, &[]).unwrap().open_risk(), Some(Risk::Harmless));
}

#[test]
fn the_progress_of_a_plan_is_counted_and_its_approvers_are_named() {
    let plan = made(&[0, 1, 1, 2], 1);
    let events = [
        (1, approved("U-ADA", &plan)),
        (1, approved("U-BOB", &plan)),
        (2, began(0)),
        (3, confirmed(0)),
        (4, began(1)),
    ];
    let run = run_with(&plan, &events).unwrap();
    let tally: Vec<(&str, usize)> = run.tally().into_iter().collect();
    assert_eq!(tally, [("begun", 1), ("done", 1), ("open", 2)]);
    assert_eq!(run.approved_by().into_iter().collect::<Vec<_>>(), ["U-ADA", "U-BOB"]);
}

#[test]
fn only_the_plan_that_the_sweep_listed_is_carried_out() {
    let (listed, other) = (made(&[0], 1), made(&[0], 2));
    let closed = |plan: &Plan, events: &[Event]| {
        let Event::Opened { asked, .. } = asked("U-DAN") else { panic!("no opening") };
        let part = SweepPart { sweep: "s".to_owned(), digest: listed.digest().unwrap(), until: None };
        let who = crate::Who::Email("jane@acme.example".to_owned());
        let mut all = vec![
            Event::Opened { asked, part: Some(part) },
            Event::Admitted { rule: "r".to_owned(), who },
            again(&listed),
        ];
        all.extend(events.iter().cloned());
        all.push(again(plan));
        let mut run = Run::default();
        for (seq, event) in all.iter().enumerate() {
            run.apply(i64::try_from(seq).unwrap() + 1, at(0), event).unwrap();
        }
        run.current.unwrap().closed
    };
    assert_eq!(closed(&listed, &[]), None);
    assert_eq!(closed(&other, &[]), Some(Outcome::Skipped));
    assert_eq!(closed(&made(&[], 1), &[]), None, "a plan without steps changes nothing");
    assert_eq!(closed(&other, &[began(0), confirmed(0)]), Some(Outcome::Advice), "a step was done");
}

#[test]
fn a_step_that_waits_for_its_effect_is_old_once_its_approval_is() {
    let plan = made(&[2, 0], 1);
    let run = run_with(&plan, &[(10, approved("U-ADA", &plan)), (20, began(0))]).unwrap();
    let late = |index: usize, second: i64| {
        run.is_too_late(&plan.steps[index], at(second), &Rules::default(), &LIMITS)
    };
    assert!(!late(0, 910) && late(0, 911));
    assert!(!late(1, 911), "a step that needs no approval has no approval that ages");
}

#[test]
fn a_run_waits_for_an_approval_of_its_own_digest_alone() {
    let plan = made(&[2], 1);
    let run = run_with(&plan, &[]).unwrap();
    let awaits = |digest: &str, second| run.awaits(digest, at(second), &Rules::default(), &LIMITS);
    assert!(awaits(&plan.digest().unwrap(), 1));
    assert!(!awaits("sha256:other", 1));
    assert!(!awaits(&plan.digest().unwrap(), 3600), "it has expired");
}

#[test]
fn nothing_follows_an_empty_journal_or_an_end() {
    let plan = made(&[0], 1);
    assert_eq!(Run::default().next(at(0), &Rules::default(), &LIMITS), Next::Nothing);
    assert!(!Run::default().is_overdue(at(1_000_000)));
    let ended = Event::Ended { outcome: Outcome::Advice, message: "s".into() };
    let run = run_with(&plan, &[(1, ended)]).unwrap();
    assert_eq!(run.next(at(2), &Rules::default(), &LIMITS), Next::Nothing);
}

#[test]
fn a_stop_does_not_wait_for_a_person() {
    let plan = made(&[0], 1);
    let paused = Event::Paused { step: Some(0), halt: PauseReason::Ambiguous, why: "w".into() };
    let stop = Event::Cancelled { by: "U-DAN".to_owned() };
    let run = run_with(&plan, &[(1, began(0)), (2, paused), (3, stop)]).unwrap();
    assert_eq!(run.next(at(4), &Rules::default(), &LIMITS), Next::Stop);
}
