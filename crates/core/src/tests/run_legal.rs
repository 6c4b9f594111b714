//! Which entry may follow which: one short history for each refusal, beside the nearest history in which the same entry
//! is legal.

use serde_json::json;

use super::build::{MAIL, at, healthy};
use super::run::{asked, made, planned};
use super::run_rules::{approved, run_with};
use crate::plan::Plan;
use crate::run::PauseReason;
use crate::subject::Who;
use crate::{Event, Fold as _, Outcome, Run, diagnose};

fn began(step: usize) -> Event {
    Event::Began { step, before: json!(1), needs: Some(0) }
}

fn confirmed(step: usize) -> Event {
    Event::Confirmed { step, after: json!(2) }
}

fn fruitless(step: usize) -> Event {
    Event::NoEffect { step, why: "w".into() }
}

fn paused() -> Event {
    Event::Paused { step: Some(0), halt: PauseReason::Changed, why: "w".into() }
}

fn again(plan: &Plan) -> Event {
    planned(&diagnose(&healthy()), plan.clone())
}

fn admitted() -> Event {
    Event::Admitted { rule: "r".to_owned(), who: Who::Email(MAIL.to_owned()) }
}

/// Why the last of these events may not follow the others. Empty if it may.
fn refusal(plan: &Plan, events: &[Event]) -> String {
    let timed: Vec<(i64, Event)> = events.iter().map(|event| (1, event.clone())).collect();
    let (_, before) = timed.split_last().unwrap();
    run_with(plan, before).unwrap();
    run_with(plan, &timed).map_or_else(|illegal| illegal.why.to_owned(), |_| String::new())
}

#[test]
fn a_run_has_one_opening_and_its_numbers_follow_each_other() {
    let mut run = Run::default();
    assert_eq!(run.apply(1, at(0), &admitted()).unwrap_err().why, "a run begins with its opening, once");
    assert_eq!(run.apply(2, at(0), &asked("U-DAN")).unwrap_err().why, "its number does not follow");
    run.apply(1, at(0), &asked("U-DAN")).unwrap();
    assert_eq!(run.apply(2, at(0), &asked("U-DAN")).unwrap_err().why, "a run begins with its opening, once");
    assert_eq!(run.apply(2, at(0), &again(&made(&[0], 1))).unwrap_err().why, "nobody was admitted");
    run.apply(2, at(0), &admitted()).unwrap();
    assert_eq!(run.apply(3, at(0), &admitted()).unwrap_err().why, "somebody was admitted before");
    run.apply(3, at(0), &again(&made(&[0], 1))).unwrap();
}

#[test]
fn after_the_end_only_a_denial_is_written() {
    let plan = made(&[0], 1);
    let ended = Event::Ended { outcome: Outcome::Advice, message: "s".into() };
    let denied = Event::Denied { by: "U-EVE".to_owned(), what: "w".to_owned(), why: "w".to_owned() };
    assert_eq!(refusal(&plan, &[ended.clone(), began(0)]), "the run has ended");
    assert_eq!(refusal(&plan, &[ended, denied]), "");
}

#[test]
fn a_plan_has_its_own_digest_and_interrupts_no_step() {
    let plan = made(&[0, 1], 1);
    let next = again(&made(&[1], 2));
    let forged = match next.clone() {
        Event::Planned { diagnosis, plan, .. } => {
            Event::Planned { diagnosis, plan, digest: Some("sha256:forged".to_owned()) }
        }
        other => other,
    };
    assert_eq!(refusal(&plan, &[forged]), "the digest is not the plan's");
    assert_eq!(refusal(&plan, std::slice::from_ref(&next)), "");
    assert_eq!(refusal(&plan, &[paused(), next.clone()]), "the run waits for a person");
    assert_eq!(refusal(&plan, &[began(0), next.clone()]), "a step is on its way");
    assert_eq!(
        refusal(&plan, &[began(0), Event::Accepted { step: 0 }, next.clone()]),
        "a step is on its way"
    );
    assert_eq!(refusal(&plan, &[began(0), confirmed(0), next.clone()]), "");
    assert_eq!(refusal(&plan, &[began(0), fruitless(0), next.clone()]), "");
    // A person who asks for a new look has seen that the step is on its way.
    let retried = Event::Retried { by: "U-DAN".to_owned() };
    assert_eq!(refusal(&plan, &[began(0), retried.clone()]), "a step is on its way");
    assert_eq!(refusal(&plan, &[began(0), paused(), retried.clone(), next]), "");
    assert_eq!(refusal(&plan, &[retried]), "");
}

#[test]
fn an_answer_is_about_the_plan_of_the_moment_and_the_first_one_counts() {
    let plan = made(&[2], 1);
    let digest = plan.digest().unwrap();
    let declined = |digest: &str| Event::Declined { by: "U-BOB".to_owned(), digest: digest.to_owned() };
    let expired = |digest: &str| Event::Expired { digest: digest.to_owned() };
    let other = |by: &str| Event::Approved { by: by.to_owned(), digest: "sha256:other".to_owned() };
    for answer in [declined("sha256:other"), expired("sha256:other"), other("U-ADA")] {
        assert_eq!(refusal(&plan, &[answer]), "it is about another plan");
    }
    for first in [declined(&digest), expired(&digest)] {
        for second in [declined(&digest), expired(&digest), approved("U-ADA", &plan)] {
            assert_eq!(refusal(&plan, &[first.clone(), second]), "the plan was declined or has expired");
        }
    }
    assert_eq!(refusal(&plan, &[approved("U-ADA", &plan), declined(&digest)]), "");
    let twice = [approved("U-ADA", &plan), approved("U-ADA", &plan)];
    assert_eq!(refusal(&plan, &twice), "one person approves once");
    assert_eq!(refusal(&plan, &[approved("U-DAN", &plan)]), "nobody approves their own request");
}

#[test]
fn steps_begin_in_turn_and_not_while_a_person_is_waited_for() {
    let plan = made(&[0, 3], 1);
    assert_eq!(refusal(&plan, &[began(1)]), "another step comes first");
    assert_eq!(refusal(&plan, &[paused(), began(0)]), "the run waits for a person");
    assert_eq!(refusal(&plan, &[began(0), began(0)]), "", "an idempotent step may be sent again");
    let first = [began(0), confirmed(0)];
    let then = |more: &[Event]| refusal(&plan, &[&first[..], more].concat());
    assert_eq!(then(&[began(0)]), "another step comes first");
    assert_eq!(then(&[began(1)]), "");
    assert_eq!(then(&[began(1), began(1)]), "a one-shot step begins once");
    assert_eq!(then(&[began(1), confirmed(1), began(2)]), "another step comes first");
    let accepted = [began(0), Event::Accepted { step: 0 }, began(0)];
    assert_eq!(refusal(&plan, &accepted), "there is no such open step");
}

#[test]
fn a_step_is_settled_only_after_it_began() {
    let plan = made(&[0, 0], 1);
    let accepted = Event::Accepted { step: 0 };
    for result in [accepted.clone(), confirmed(0), fruitless(0)] {
        assert_eq!(refusal(&plan, std::slice::from_ref(&result)), "the step has not begun");
        assert_eq!(refusal(&plan, &[began(0), result.clone()]), "");
        assert_eq!(refusal(&plan, &[began(0), confirmed(0), result]), "the step has not begun");
    }
    assert_eq!(refusal(&plan, &[began(0), accepted.clone(), accepted.clone()]), "the step has not begun");
    assert_eq!(refusal(&plan, &[began(0), accepted.clone(), confirmed(0)]), "");
    assert_eq!(refusal(&plan, &[began(0), accepted, fruitless(0)]), "");
}

#[test]
fn a_step_was_done_already_only_if_it_is_next_and_has_not_begun() {
    let plan = made(&[0, 0], 1);
    let already = |step| Event::Already { step };
    assert_eq!(refusal(&plan, &[already(0)]), "");
    assert_eq!(refusal(&plan, &[already(1)]), "another step comes first");
    assert_eq!(refusal(&plan, &[already(0), already(0)]), "another step comes first");
    assert_eq!(refusal(&plan, &[already(0), already(1)]), "");
    assert_eq!(refusal(&plan, &[began(0), already(0)]), "the step is not open");
}
