//! The crash matrix: every step of every ladder, with a crash at each of the four points around its act.

use super::house::{House, subject};
use super::ladders::ladders;
use super::model::Point;
use super::tenant::Tenant;
use reinstate_core::run::PauseReason;
use reinstate_core::{Event, Next, Op, Outcome};

/// A run without a crash: what was sent, and the tenant afterwards.
async fn undisturbed(tenant: Tenant) -> (Vec<Op>, Tenant) {
    let house = House::new(tenant).await;
    house.opens("run").await;
    let run = house.to_the_end("run").await;
    assert_eq!(run.ended.as_ref().map(|(outcome, _)| *outcome), Some(Outcome::Restored), "{run:?}");
    assert!(house.tenant().is_healthy(subject()));
    (house.model.sent(), house.tenant())
}

async fn killed_at(tenant: Tenant, op: &Op, point: Point, whole: &Tenant, label: &str) {
    let house = House::new(tenant).await;
    house.opens("run").await;
    house.model.block_at(op.clone(), point);
    let mut died = false;
    while !died {
        died = house.die(house.engine("the dead").await, "run").await;
        if !died {
            assert!(
                matches!(house.next("run").await, Next::AwaitApproval { .. }),
                "{label}: never got there"
            );
            house.approves("run").await;
        }
    }
    house.checked("run").await;
    let mut run = house.to_the_end("run").await;
    if op.is_one_shot() {
        assert!(house.model.times(op) <= 1, "{label}: sent again by the machine");
    }
    if op.is_one_shot() && point == Point::AfterBegin {
        let waiting = run.waiting.clone().unwrap_or_else(|| panic!("{label}: {run:?}"));
        assert_eq!(waiting.halt, PauseReason::Ambiguous, "{label}");
        // A person checked, and asks for a new plan. Only that plan, with its own approval, sends the step again.
        house.says("run", Event::Retried { by: "U-DAN".to_owned() }).await;
        run = house.to_the_end("run").await;
    }
    assert_eq!(run.ended.as_ref().map(|(outcome, _)| *outcome), Some(Outcome::Restored), "{label}: {run:?}");
    assert_eq!(house.tenant(), *whole, "{label}");
    assert!(house.model.times(op) <= 2, "{label}");
    if point == Point::AfterAct || point == Point::BeforeSettle {
        assert_eq!(house.model.times(op), 1, "{label}: its effect shows, so it is not sent again");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_anywhere_a_run_ends_as_if_it_had_not_been() {
    for (name, tenant) in ladders() {
        let (sent, whole) = undisturbed(tenant.clone()).await;
        assert!(!sent.is_empty(), "{name}");
        for op in &sent {
            for point in [Point::BeforeBegin, Point::AfterBegin, Point::AfterAct, Point::BeforeSettle] {
                let label = format!("{name}: {} {point:?}", op.action());
                killed_at(tenant.clone(), op, point, &whole, &label).await;
            }
        }
    }
}
