//! Tests of changes by others: the world changes, another run starts, a person cancels, a cap is reached, nobody
//! answers.

use std::time::Duration;

use super::evidence::{A1, A2, record_id};
use super::house::House;
use super::model::{Fate, Point};
use super::tenant::Tenant;
use crate::exec::{Decision, JournalError};
use reinstate_core::run::{EndReason, Limits, PauseReason};
use reinstate_core::{Event, Next, Op, Outcome, Run};
use reinstate_store::AppendOptions;

fn outcome(run: &reinstate_core::Run) -> Option<Outcome> {
    run.ended.as_ref().map(|(outcome, _)| *outcome)
}

fn unlink() -> Op {
    Op::UnlinkRecord { record: record_id("r1"), account: A2.to_owned() }
}

async fn waiting_for_approval(tenant: Tenant) -> House {
    let house = House::new(tenant).await;
    house.opens("run").await;
    house.carry(&house.engine("e").await, "run").await;
    assert!(matches!(house.next("run").await, Next::AwaitApproval { .. }));
    house
}

#[tokio::test]
async fn another_world_than_the_approved_one_is_a_new_plan_with_a_new_approval() {
    let house = waiting_for_approval(Tenant::unlink()).await;
    let first = house.run("run").await.current.unwrap().digest;
    house.approves("run").await;
    // One group came back by itself, so the plan has one step less.
    house.model.tenant.lock().unwrap().accounts.get_mut(A1).unwrap().groups.insert("jira-users".to_owned());
    house.carry(&house.engine("e2").await, "run").await;
    let run = house.checked("run").await;
    assert_ne!(run.current.as_ref().unwrap().digest, first);
    assert!(run.approved_by().is_empty());
    assert!(matches!(house.next("run").await, Next::AwaitApproval { .. }));
    assert!(house.model.sent().is_empty(), "nothing was done");
    assert_eq!(outcome(&house.to_the_end("run").await), Some(Outcome::Restored));
}

#[tokio::test]
async fn a_world_that_heals_while_the_approval_is_out_is_left_alone() {
    let house = waiting_for_approval(Tenant::unlink()).await;
    *house.model.tenant.lock().unwrap() = Tenant::healthy();
    let run = house.to_the_end("run").await;
    assert_eq!(outcome(&run), Some(Outcome::Healthy));
    assert!(house.model.sent().is_empty());
}

#[tokio::test]
async fn the_daily_cap_stops_a_risky_step_before_it_begins() {
    let mut house = House::new(Tenant::unlink()).await;
    house.cap = 0;
    house.opens("run").await;
    let run = house.to_the_end("run").await;
    assert_eq!(run.waiting.as_ref().map(|waiting| waiting.halt), Some(PauseReason::Cap));
    assert!(house.model.sent().is_empty());
    house.cap = 1;
    house.says("run", Event::Retried { by: "U-DAN".to_owned() }).await;
    assert_eq!(outcome(&house.to_the_end("run").await), Some(Outcome::Restored));
}

#[tokio::test]
async fn a_step_that_is_sent_again_counts_once_against_the_cap() {
    let mut house = House::new(Tenant::unlink()).await;
    house.cap = 1;
    for _ in 0..3 {
        house.model.fate(unlink(), Fate::Later);
    }
    house.opens("run").await;
    assert_eq!(outcome(&house.to_the_end("run").await), Some(Outcome::Restored));
    assert_eq!(house.model.times(&unlink()), 4);
}

#[tokio::test]
async fn a_second_run_on_the_same_person_is_told_of_the_first() {
    let house = waiting_for_approval(Tenant::unlink()).await;
    house.opens("second").await;
    let second = house.to_the_end("second").await;
    assert_eq!(outcome(&second), Some(Outcome::Busy));
    assert_eq!(second.ended.unwrap().1, EndReason::PersonBusy { run: "run".to_owned() }.into());
    assert_eq!(outcome(&house.to_the_end("run").await), Some(Outcome::Restored));
    // Ended runs hold no claims.
    house.opens("third").await;
    assert_eq!(outcome(&house.to_the_end("third").await), Some(Outcome::Healthy));
}

#[tokio::test]
async fn a_cancel_while_a_step_is_on_its_way_lets_it_arrive_and_lists_it() {
    for point in [Point::AfterBegin, Point::AfterAct, Point::BeforeSettle] {
        let house = waiting_for_approval(Tenant::unlink()).await;
        house.approves("run").await;
        house.model.block_at(unlink(), point);
        assert!(house.die(house.engine("dead").await, "run").await);
        house.says("run", Event::Cancelled { by: "U-DAN".to_owned() }).await;
        let run = house.to_the_end("run").await;
        assert_eq!(outcome(&run), Some(Outcome::Cancelled), "{point:?}");
        assert_eq!(run.steps_done(), [(unlink(), true)], "{point:?}");
        assert!(house.model.sent().iter().all(|op| *op == unlink()), "{point:?}");
    }
}

#[tokio::test]
async fn a_decision_that_cannot_stand_is_refused_and_the_run_stays_readable() {
    let house = waiting_for_approval(Tenant::unlink()).await;
    let digest = house.run("run").await.current.unwrap().digest.unwrap();
    let own = Event::Approved { by: "U-DAN".to_owned(), digest };
    let decided = house
        .ledger
        .decide("run", crate::clock::now(), |_: &Run| {
            Decision::Write(vec![own.clone()], AppendOptions::default(), ())
        })
        .await;
    assert!(matches!(decided, Err(JournalError::Illegal(_))), "{decided:?}");
    assert_eq!(outcome(&house.to_the_end("run").await), Some(Outcome::Restored));
}

#[tokio::test]
async fn a_run_that_planned_again_and_again_still_sees_that_access_is_back() {
    let house = waiting_for_approval(Tenant::unlink()).await;
    for _ in 0..12 {
        house.says("run", Event::Retried { by: "U-DAN".to_owned() }).await;
        house.carry(&house.engine("e").await, "run").await;
        if house.run("run").await.plans == 12 {
            break;
        }
    }
    house.approves("run").await;
    assert_eq!(outcome(&house.to_the_end("run").await), Some(Outcome::Restored));
}

#[tokio::test]
async fn nobody_answers_in_time() {
    let mut house = House::new(Tenant::unlink()).await;
    house.limits = Limits { expire_after: Duration::ZERO, ..house.limits };
    house.opens("run").await;
    house.carry(&house.engine("e").await, "run").await;
    let run = house.checked("run").await;
    assert_eq!(outcome(&run), Some(Outcome::Expired));
    assert!(house.model.sent().is_empty());
}

#[tokio::test]
async fn a_step_that_died_before_it_was_sent_is_not_sent_long_after_its_approval() {
    let mut house = waiting_for_approval(Tenant::unlink()).await;
    house.approves("run").await;
    house.model.block_at(unlink(), Point::AfterBegin);
    assert!(house.die(house.engine("dead").await, "run").await);
    // When the next process claims the run, the time to start is already over.
    house.limits = Limits { start_within: Duration::ZERO, ..house.limits };
    house.carry(&house.engine("late").await, "run").await;
    assert_eq!(house.model.times(&unlink()), 1);
    assert!(house.run("run").await.waiting.is_some());
}

#[tokio::test]
async fn an_on_demand_step_refused_and_retried_keeps_the_plan_that_was_approved() {
    let house = House::new(Tenant { domains_unread: true, ..Tenant::drift() }).await;
    house.opens("run").await;
    let mut run = house.to_the_end("run").await;
    assert_eq!(outcome(&run), Some(Outcome::Restored), "{run:?}");
    let first = house.model.sent().into_iter().find(|op| op.rung() == 2).unwrap();
    let house = House::new(Tenant { domains_unread: true, ..Tenant::drift() }).await;
    house.model.fate(first, Fate::Refused);
    house.opens("run").await;
    house.to_the_end("run").await;
    house.says("run", Event::Retried { by: "U-DAN".to_owned() }).await;
    run = house.to_the_end("run").await;
    assert_eq!(outcome(&run), Some(Outcome::Restored), "{run:?}");
}
