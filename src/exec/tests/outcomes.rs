//! Every possible outcome of an act, for every step of every ladder.

use std::time::Duration;

use super::house::{House, subject};
use super::ladders::ladders;
use super::model::Fate;
use super::tenant::Tenant;
use crate::exec::Engine;
use reinstate_core::run::{PauseReason, Progress};
use reinstate_core::{Event, Op, Outcome, Run};

async fn sent_by(tenant: &Tenant) -> Vec<Op> {
    let house = House::new(tenant.clone()).await;
    house.opens("run").await;
    house.to_the_end("run").await;
    house.model.sent()
}

fn restored(run: &Run) -> bool {
    run.ended.as_ref().is_some_and(|(outcome, _)| *outcome == Outcome::Restored)
}

async fn with_fate(tenant: Tenant, op: &Op, fate: Fate, label: &str) {
    let house = House::new(tenant).await;
    house.opens("run").await;
    house.model.fate(op.clone(), fate);
    let run = house.to_the_end("run").await;
    let times = house.model.times(op);
    let halt = run.waiting.as_ref().map(|waiting| waiting.halt);
    let on_demand = op.rung() <= 2;
    match fate {
        Fate::UnknownDone => {
            assert!(restored(&run), "{label}: a false failure: {run:?}");
            assert_eq!(times, 1, "{label}: it had worked");
        }
        Fate::Later => {
            assert!(restored(&run), "{label}: {run:?}");
            assert_eq!(times, 2, "{label}");
        }
        Fate::Refused => assert_eq!(halt, Some(PauseReason::Refused), "{label}"),
        Fate::UnknownNotDone if op.is_one_shot() => assert_eq!(halt, Some(PauseReason::Ambiguous), "{label}"),
        Fate::UnknownNotDone => assert_eq!(halt, Some(PauseReason::Unconfirmed), "{label}"),
        Fate::AcceptedInVain | Fate::NoEffect if on_demand => {
            let events = house.events("run").await;
            assert!(events.iter().any(|event| matches!(event, Event::NoEffect { .. })), "{label}");
        }
        // The service accepted the step, and for a day the run asks nobody.
        Fate::AcceptedInVain if op.takes().is_some() => {
            assert_eq!((halt, &run.ended, times), (None, &None, 1), "{label}");
            let accepted = run.open_step().map(|(_, _, progress)| progress);
            assert_eq!(accepted, Some(Progress::Accepted), "{label}");
        }
        Fate::AcceptedInVain | Fate::NoEffect => assert_eq!(halt, Some(PauseReason::Unconfirmed), "{label}"),
    }
    if halt.is_some() {
        assert_eq!(times, 1, "{label}: a step that waits for a person is not sent again");
        assert_eq!(run.ended, None, "{label}");
        // Nothing happens until a person decides.
        house.to_the_end("run").await;
        assert_eq!(house.model.times(op), 1, "{label}");
        house.says("run", Event::Retried { by: "U-DAN".to_owned() }).await;
        let run = house.to_the_end("run").await;
        assert!(restored(&run), "{label}: after the person's new look: {run:?}");
    }
    if restored(&house.run("run").await) {
        assert!(house.tenant().is_healthy(subject()), "{label}: a false success");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_outcome_is_taken_for_another() {
    for (name, tenant) in ladders() {
        for op in sent_by(&tenant).await {
            for fate in [
                Fate::AcceptedInVain,
                Fate::NoEffect,
                Fate::Refused,
                Fate::Later,
                Fate::UnknownDone,
                Fate::UnknownNotDone,
            ] {
                let label = format!("{name}: {} {fate:?}", op.action());
                with_fate(tenant.clone(), &op, fate, &label).await;
            }
        }
    }
}

/// A read may take seconds because of rate limits. This time counts towards the time that an effect may take.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_looks_do_not_prolong_the_wait_for_an_effect() {
    let op = sent_by(&Tenant::drift()).await.first().cloned().unwrap();
    let house = House::new(Tenant::drift()).await;
    house.opens("run").await;
    house.model.fate(op.clone(), Fate::AcceptedInVain);
    house.model.slow_looks(Duration::from_millis(20));
    let engine = Engine { confirm_within: Duration::from_millis(100), ..house.engine("slow").await };
    house.carry(&engine, "run").await;
    let halt = house.run("run").await.waiting.map(|waiting| waiting.halt);
    assert_eq!(halt, Some(PauseReason::Unconfirmed));
    // Five reads fit into the time; one comes before them, and one when the time is over.
    let looks = house.model.looks(&op);
    assert!(looks <= 7, "{looks} looks");
}
