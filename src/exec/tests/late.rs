//! Tests of requests that come too late, of the clock that decides it, and of entries that the fold refuses.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::evidence::MAIL;
use super::house::{House, subject};
use super::model::Point;
use super::tenant::Tenant;
use crate::exec::JournalError;
use reinstate_core::run::{EndReason, Request, Requester, SweepPart};
use reinstate_core::{Event, Goal, Next, Outcome, Plan, Run, Who};
use reinstate_store::AppendOptions;

fn ago(minutes: i64) -> Timestamp {
    crate::clock::now().checked_sub(SignedDuration::from_mins(minutes)).unwrap()
}

fn outcome(run: &Run) -> Option<Outcome> {
    run.ended.as_ref().map(|(outcome, _)| *outcome)
}

fn asked() -> Request {
    Request {
        by: Requester::with_id("U-DAN"),
        channel: "C1".to_owned(),
        text: "sweep".to_owned(),
        response_url: None,
        aim: Goal::default(),
        helps: None,
    }
}

#[tokio::test]
async fn a_command_that_is_taken_up_after_fifteen_minutes_does_nothing_and_says_why() {
    // A harmless repair: it would run without an approval.
    let house = House::new(Tenant::drift()).await;
    house.opens_at("late", Goal::default(), ago(16)).await;
    let run = house.to_the_end("late").await;
    assert_eq!(outcome(&run), Some(Outcome::Refused), "{run:?}");
    assert_eq!(run.ended.unwrap().1, EndReason::CommandOverdue.into());
    assert!(house.model.sent().is_empty());
    house.opens_at("in time", Goal::default(), ago(14)).await;
    assert_eq!(outcome(&house.to_the_end("in time").await), Some(Outcome::Restored));
}

async fn admitted(house: &House, run: &str) {
    let who = Who::Email(MAIL.to_owned());
    house.says(run, Event::Admitted { rule: "a test".to_owned(), who }).await;
}

/// Opens a run, admits it, and plans it; the plan is harmless.
async fn planned(house: &House, run: &str) -> Plan {
    house.opens(run).await;
    admitted(house, run).await;
    let surveyed = house.engine("planner").await.survey(&house.run(run).await).await;
    let Ok((diagnosis, plan)) = surveyed else { panic!("there is no plan") };
    let digest = plan.digest();
    let event = Event::Planned { diagnosis: Box::new(diagnosis), plan: Box::new(plan.clone()), digest };
    house.says(run, event).await;
    assert!(matches!(house.next(run).await, Next::Step { index: 0, check_plan: false }));
    plan
}

async fn is_refused_as_too_old(house: &House, run: &str) {
    house.carry(&house.engine("e").await, run).await;
    let run = house.checked(run).await;
    assert_eq!(outcome(&run), Some(Outcome::Refused), "{run:?}");
    assert_eq!(run.ended.unwrap().1, EndReason::CommandOverdue.into());
    assert!(house.model.sent().is_empty());
}

#[tokio::test]
async fn the_age_of_a_command_is_told_by_the_clock_of_the_database() {
    let house = House::new(Tenant::drift()).await;
    house.opens("run").await;
    house.shifts_the_clock(16 * 60).await;
    is_refused_as_too_old(&house, "run").await;
    house.ledger.open_sweep("s".to_owned(), "k".to_owned(), asked(), "r".to_owned(), ago(0)).await.unwrap();
    house.carry(&house.engine("e").await, "s").await;
    let sweep = house.ledger.sweep("s").await.unwrap();
    assert!(sweep.surveyed.is_none());
    assert_eq!(sweep.ended, Some(EndReason::SweepOverdue.into()));
}

#[tokio::test]
async fn an_admitted_command_that_waited_too_long_does_nothing() {
    let house = House::new(Tenant::drift()).await;
    house.opens("run").await;
    admitted(&house, "run").await;
    house.shifts_the_clock(16 * 60).await;
    is_refused_as_too_old(&house, "run").await;
}

#[tokio::test]
async fn a_planned_command_that_waited_too_long_does_nothing() {
    let house = House::new(Tenant::drift()).await;
    planned(&house, "run").await;
    house.shifts_the_clock(16 * 60).await;
    is_refused_as_too_old(&house, "run").await;
    // One minute earlier, the run is carried out.
    let house = House::new(Tenant::drift()).await;
    planned(&house, "run").await;
    house.shifts_the_clock(14 * 60).await;
    assert_eq!(outcome(&house.to_the_end("run").await), Some(Outcome::Restored));
}

#[tokio::test]
async fn a_command_of_which_a_step_was_done_in_time_goes_on() {
    let house = House::new(Tenant::drift()).await;
    let plan = planned(&house, "run").await;
    house.model.block_at(plan.steps[0].op.clone(), Point::AfterAct);
    assert!(house.die(house.engine("e").await, "run").await);
    house.shifts_the_clock(16 * 60).await;
    assert_eq!(outcome(&house.to_the_end("run").await), Some(Outcome::Restored));
}

#[tokio::test]
async fn an_admitted_repair_of_a_sweep_is_not_begun_a_day_after_the_approval() {
    let house = House::new(Tenant::drift()).await;
    let part = SweepPart { sweep: "s".to_owned(), digest: "sha256:any".to_owned(), until: Some(ago(-10)) };
    house.ledger.open_part("run".to_owned(), "k".to_owned(), asked(), part, ago(0)).await.unwrap();
    admitted(&house, "run").await;
    house.shifts_the_clock(11 * 60).await;
    assert_eq!(outcome(&house.to_the_end("run").await), Some(Outcome::Expired));
    assert!(house.model.sent().is_empty());
}

#[tokio::test]
async fn a_repair_of_a_sweep_is_not_begun_a_day_after_the_approval() {
    let house = House::new(Tenant::drift()).await;
    let until = Some(ago(1));
    let part = SweepPart { sweep: "s".to_owned(), digest: "sha256:any".to_owned(), until };
    house.ledger.open_part("run".to_owned(), "k".to_owned(), asked(), part, ago(2)).await.unwrap();
    assert_eq!(outcome(&house.to_the_end("run").await), Some(Outcome::Expired));
    assert!(house.model.sent().is_empty());
}

#[tokio::test]
async fn a_sweep_that_is_taken_up_after_fifteen_minutes_reads_nothing() {
    let house = House::new(Tenant::healthy()).await;
    house.ledger.open_sweep("s".to_owned(), "k".to_owned(), asked(), "r".to_owned(), ago(16)).await.unwrap();
    house.carry(&house.engine("e").await, "s").await;
    let sweep = house.ledger.sweep("s").await.unwrap();
    assert!(sweep.surveyed.is_none());
    assert_eq!(sweep.ended, Some(EndReason::SweepOverdue.into()));
}

async fn waiting_for_approval() -> House {
    let house = House::new(Tenant::unlink()).await;
    house.opens("run").await;
    house.carry(&house.engine("e").await, "run").await;
    assert!(matches!(house.next("run").await, Next::AwaitApproval { .. }));
    house
}

#[tokio::test]
async fn an_approval_expires_by_the_clock_of_the_database() {
    let house = waiting_for_approval().await;
    house.shifts_the_clock(61 * 60).await;
    house.carry(&house.engine("e2").await, "run").await;
    assert_eq!(outcome(&house.checked("run").await), Some(Outcome::Expired));
    // The same holds for the time within which a step must begin: an hour after the approval, the step does not
    // begin.
    let mut house = waiting_for_approval().await;
    house.limits.start_within = Duration::from_secs(900);
    house.approves("run").await;
    house.shifts_the_clock(16 * 60).await;
    house.carry(&house.engine("e2").await, "run").await;
    assert!(house.model.sent().is_empty());
    let run = house.checked("run").await;
    assert_eq!((run.plans, run.approved_by().len()), (2, 0), "it is planned and asked anew");
}

#[tokio::test]
async fn the_fold_judges_what_the_executor_writes() {
    let house = waiting_for_approval().await;
    let engine = house.engine("e2").await;
    let lease = engine.journal.store().claim("run", "e2", Duration::from_secs(60)).await.unwrap().unwrap();
    let run = house.run("run").await;
    let before = house.ledger.store().head().await.unwrap();
    let now = crate::clock::now();
    let began = |needs| Event::Began { step: 0, before: serde_json::json!(null), needs };
    let planned = |run: &Run| {
        let current = run.current.clone().unwrap();
        let digest = Some("sha256:another".to_owned());
        Event::Planned { diagnosis: Box::new(current.diagnosis), plan: Box::new(current.plan), digest }
    };
    for event in [began(Some(1)), began(None), planned(&run), Event::Already { step: 3 }] {
        let events = [event];
        let appended =
            engine.journal.append("run", &run, Some(&lease), &events, now, AppendOptions::default()).await;
        assert!(matches!(appended, Err(JournalError::Illegal(_))), "{appended:?}");
    }
    assert_eq!(house.ledger.store().head().await.unwrap(), before, "nothing was written");
    house.approves("run").await;
    house.says("run", Event::Cancelled { by: "U-DAN".to_owned() }).await;
    let run = house.run("run").await;
    let late = engine
        .journal
        .append("run", &run, Some(&lease), &[began(Some(1))], now, AppendOptions::default())
        .await;
    assert!(matches!(late, Err(JournalError::Illegal(_))), "{late:?}");
    assert_eq!(house.tenant().is_healthy(subject()), Tenant::unlink().is_healthy(subject()));
}
