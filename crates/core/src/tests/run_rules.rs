//! The rules of a run one by one: approvals, times, stops, and what an entry of version 1 looks like. The walk in `run.rs`
//! checks them in every order; here each has one short history that a reader can follow.

use serde_json::json;

use super::build::{MAIL, at, healthy};
use super::run::{LIMITS, asked, made, planned};
use crate::plan::Plan;
use crate::rules::{Approvers, Rules};
use crate::run::{PauseReason, Progress, Request, Requester, SweepPart};
use crate::subject::Who;
use crate::{Event, Fold as _, Next, Run, diagnose};

/// A run with this plan, after these events.
pub(super) fn run_with(plan: &Plan, events: &[(i64, Event)]) -> Result<Run, crate::Illegal> {
    let mut all = vec![
        (0, asked("U-DAN")),
        (0, Event::Admitted { rule: "r".to_owned(), who: Who::Email(MAIL.to_owned()) }),
        (0, planned(&diagnose(&healthy()), plan.clone())),
    ];
    all.extend(events.iter().cloned());
    let mut run = Run::default();
    for (n, (second, event)) in all.iter().enumerate() {
        run.apply(i64::try_from(n).unwrap() + 1, at(*second), event)?;
    }
    Ok(run)
}

pub(super) fn approved(by: &str, plan: &Plan) -> Event {
    Event::Approved { by: by.to_owned(), digest: plan.digest().unwrap() }
}

#[test]
fn the_first_of_approved_and_expired_wins() {
    let plan = made(&[2], 1);
    let expired = Event::Expired { digest: plan.digest().unwrap() };
    let declined = Event::Declined { by: "U-ADA".to_owned(), digest: plan.digest().unwrap() };
    let rules = Rules::default();
    for no in [expired, declined] {
        let run = run_with(&plan, &[(1, no.clone())]).unwrap();
        assert_eq!(run.next(at(2), &rules, &LIMITS), Next::Stop);
        assert!(!run.awaits(&plan.digest().unwrap(), at(2), &rules, &LIMITS));
        run_with(&plan, &[(1, no), (2, approved("U-ADA", &plan))]).unwrap_err();
    }
    let run = run_with(&plan, &[(3599, approved("U-ADA", &plan))]).unwrap();
    assert_eq!(run.next(at(3601), &rules, &LIMITS), Next::Step { index: 0, check_plan: true });
    let waits = run_with(&plan, &[]).unwrap();
    assert_eq!(waits.next(at(3599), &rules, &LIMITS), Next::AwaitApproval { until: at(3600) });
    assert_eq!(waits.next(at(3600), &rules, &LIMITS), Next::Expire);
}

#[test]
fn a_step_begins_within_the_time_after_its_approval_or_the_step_before() {
    let plan = made(&[2, 4], 1);
    let rules = Rules::default();
    let ready = vec![(10, approved("U-ADA", &plan))];
    let run = run_with(&plan, &ready).unwrap();
    assert_eq!(run.next(at(910), &rules, &LIMITS), Next::Step { index: 0, check_plan: true });
    assert_eq!(run.next(at(911), &rules, &LIMITS), Next::Look);
    let mut later = ready;
    later.push((20, Event::Began { step: 0, before: json!(1), needs: None }));
    later.push((500, Event::Confirmed { step: 0, after: json!(1) }));
    let run = run_with(&plan, &later).unwrap();
    assert_eq!(run.next(at(1400), &rules, &LIMITS), Next::Step { index: 1, check_plan: false });
    assert_eq!(run.next(at(1401), &rules, &LIMITS), Next::Look);
    // If the clock is set back by an hour, no approval stays valid longer. A small difference has no effect.
    assert_eq!(run.next(at(450), &rules, &LIMITS), Next::Step { index: 1, check_plan: false });
    assert_eq!(run.next(at(500 - 3600), &rules, &LIMITS), Next::Look);
}

#[test]
fn a_superseding_plan_takes_the_approvals_away_even_when_it_is_the_same() {
    let plan = made(&[2], 1);
    let again = planned(&diagnose(&healthy()), plan.clone());
    let run = run_with(&plan, &[(1, approved("U-ADA", &plan)), (2, again.clone())]).unwrap();
    assert!(matches!(run.next(at(3), &Rules::default(), &LIMITS), Next::AwaitApproval { .. }));
    // The same person may approve the new plan.
    run_with(&plan, &[(1, approved("U-ADA", &plan)), (2, again), (3, approved("U-ADA", &plan))]).unwrap();
}

#[test]
fn a_cancel_lets_a_step_on_its_way_arrive_and_nothing_more() {
    let plan = made(&[2, 2], 1);
    let cancel = (30, Event::Cancelled { by: "U-DAN".to_owned() });
    let begun = [
        (1, approved("U-ADA", &plan)),
        (20, Event::Began { step: 0, before: json!(1), needs: None }),
        cancel.clone(),
    ];
    let rules = Rules::default();
    let run = run_with(&plan, &begun).unwrap();
    assert_eq!(run.next(at(31), &rules, &LIMITS), Next::Step { index: 0, check_plan: false });
    let mut done = begun.to_vec();
    done.push((40, Event::Confirmed { step: 0, after: json!(1) }));
    assert_eq!(run_with(&plan, &done).unwrap().next(at(41), &rules, &LIMITS), Next::Stop);
    assert_eq!(run_with(&plan, &[cancel]).unwrap().next(at(31), &rules, &LIMITS), Next::Stop);
}

#[test]
fn a_kind_that_is_never_allowed_is_not_begun_by_any_number_of_approvals() {
    let plan = made(&[2], 1);
    let rules = Rules { disruptive: Approvers::Never, ..Rules::default() };
    let many: Vec<(i64, Event)> = (0..50).map(|n| (1, approved(&format!("U{n}"), &plan))).collect();
    let run = run_with(&plan, &many).unwrap();
    assert!(!matches!(run.next(at(2), &rules, &LIMITS), Next::Step { .. }));
}

#[test]
fn a_refused_on_demand_step_is_not_remembered_as_tried() {
    let plan = made(&[0], 1);
    let events = [
        (1, Event::Began { step: 0, before: json!(1), needs: None }),
        (2, Event::Paused { step: Some(0), halt: PauseReason::Refused, why: "limited".into() }),
        (3, Event::Retried { by: "U-DAN".to_owned() }),
    ];
    let before = run_with(&plan, &events).unwrap().tried();
    let mut planned_again = events.to_vec();
    planned_again.push((4, planned(&diagnose(&healthy()), made(&[128], 2))));
    let after = run_with(&plan, &planned_again).unwrap().tried();
    // The plan is made with the first function and checked with the second. They must agree.
    assert_eq!(before, after);
}

fn began(needs: Option<u32>) -> Event {
    Event::Began { step: 0, before: json!(1), needs }
}

#[test]
fn a_step_does_not_begin_without_the_approvals_that_it_needs() {
    let plan = made(&[2], 1);
    let why = |result: Result<Run, crate::Illegal>| result.unwrap_err().why;
    assert_eq!(why(run_with(&plan, &[(1, began(Some(1)))])), "it is not approved");
    let once = (1, approved("U-ADA", &plan));
    run_with(&plan, &[once.clone(), (2, began(Some(1)))]).unwrap();
    assert_eq!(why(run_with(&plan, &[once.clone(), (2, began(Some(2)))])), "it is not approved");
    run_with(&plan, &[once.clone(), (2, approved("U-BOB", &plan)), (3, began(Some(2)))]).unwrap();
    // A plan that supersedes it also removes its approvals.
    let again = (2, planned(&diagnose(&healthy()), plan.clone()));
    assert_eq!(why(run_with(&plan, &[once, again, (3, began(Some(1)))])), "it is not approved");
    // Entries of older versions do not record how many approvals were needed. They can be read, but new ones must
    // record it.
    let read = run_with(&plan, &[(1, began(None))]).unwrap();
    assert_eq!(read.open_step().map(|(_, _, progress)| progress), Some(Progress::Begun));
    let run = run_with(&plan, &[]).unwrap();
    run.may_append(&began(None)).unwrap_err();
    run.may_append(&began(Some(1))).unwrap_err();
    run.may_append(&began(Some(0))).unwrap();
    let old: Event = serde_json::from_value(json!({"kind": "began", "step": 0, "before": 1})).unwrap();
    assert_eq!(old, began(None));
}

#[test]
fn a_step_does_not_begin_after_a_stop() {
    let plan = made(&[2], 1);
    let digest = plan.digest().unwrap();
    let once = (1, approved("U-ADA", &plan));
    for stop in [
        Event::Cancelled { by: "U-DAN".to_owned() },
        Event::Declined { by: "U-BOB".to_owned(), digest: digest.clone() },
        Event::Expired { digest },
    ] {
        for needs in [Some(1), None] {
            let begins = run_with(&plan, &[once.clone(), (2, stop.clone()), (3, began(needs))]);
            assert_eq!(begins.unwrap_err().why, "the run was stopped", "{stop:?}");
        }
        // A step that was on its way is finished.
        run_with(&plan, &[once.clone(), (2, began(Some(1))), (3, stop), (4, began(Some(1)))]).unwrap();
    }
}

#[test]
fn a_command_is_for_fifteen_minutes_and_a_repair_of_a_sweep_for_a_day() {
    const DAY: i64 = 24 * 3600;
    let opened = |part: Option<SweepPart>| {
        let Event::Opened { asked, .. } = asked("U-DAN") else { panic!("no opening") };
        let mut run = Run::default();
        run.apply(1, at(0), &Event::Opened { asked, part }).unwrap();
        run
    };
    let overdue = |run: &Run, second: i64| run.is_overdue(at(second));
    let typed = opened(None);
    assert!(!overdue(&typed, 900) && overdue(&typed, 901));
    let part = |until| SweepPart { sweep: "s".to_owned(), digest: "d".to_owned(), until };
    let listed = opened(Some(part(Some(at(1000)))));
    assert!(!overdue(&listed, 1000) && overdue(&listed, 1001));
    let older = opened(Some(part(None)));
    assert!(!overdue(&older, DAY) && overdue(&older, DAY + 1));
    // Admission and planning do not count as a beginning.
    let plan = made(&[0, 2], 1);
    let untouched = run_with(&plan, &[]).unwrap();
    assert!(!overdue(&untouched, 900) && overdue(&untouched, 901));
    // A run that began in time continues. What a person has answered or is asked has limits of its own.
    let began = Event::Began { step: 0, before: json!(null), needs: Some(0) };
    let paused = Event::Paused { step: Some(0), halt: PauseReason::Changed, why: "w".into() };
    let retried = Event::Retried { by: "U-DAN".to_owned() };
    let again = planned(&diagnose(&healthy()), plan.clone());
    let histories = [
        vec![began],
        vec![approved("U-ADA", &plan)],
        vec![paused.clone()],
        vec![paused.clone(), retried.clone()],
        vec![paused, retried, again],
    ];
    for history in histories {
        let timed: Vec<_> = history.into_iter().map(|event| (1, event)).collect();
        assert!(!overdue(&run_with(&plan, &timed).unwrap(), DAY), "{timed:?}");
    }
}

#[test]
fn who_asks_stands_beside_the_other_fields_of_an_entry_as_in_version_1() {
    let entry = r#"{"by":"U-DAN","team":"T1","enterprise":null,"channel":"C1","text":"jane@acme.example","response_url":null,"aim":{"kind":"repair","keep":null}}"#;
    let asked: Request = serde_json::from_str(entry).unwrap();
    assert_eq!(asked.by, Requester { team: Some("T1".to_owned()), ..Requester::with_id("U-DAN") });
    assert_eq!(serde_json::to_string(&asked).unwrap(), entry, "the same bytes as before");
    let older = r#"{"kind":"opened","asked":{"by":"U-DAN","team":null,"enterprise":"E1","channel":"C1","text":"x","response_url":null}}"#;
    let Event::Opened { asked, .. } = serde_json::from_str(older).unwrap() else { panic!("no opening") };
    assert_eq!(asked.by, Requester { enterprise: Some("E1".to_owned()), ..Requester::with_id("U-DAN") });
}
