//! A plan says how often its first step has worked here before. That changes nothing about what is approved and done.

use super::house::House;
use super::ladders::ladders;
use reinstate_core::{Event, Outcome, Plan, WorkedHere};

pub async fn first_plan(house: &House, run: &str) -> Plan {
    let mut events = house.events(run).await.into_iter();
    let plan = events.find_map(|event| match event {
        Event::Planned { plan, .. } => Some(*plan),
        _ => None,
    });
    plan.expect("it has a plan")
}

#[tokio::test]
async fn a_plan_says_how_often_its_first_step_has_worked_and_stays_the_same_plan() {
    let mut known = 0;
    for (label, tenant) in ladders() {
        let house = House::new(tenant.clone()).await;
        house.opens("first").await;
        let first = house.to_the_end("first").await;
        let plan = first_plan(&house, "first").await;
        assert_eq!(plan.worked_here, None, "{label}: nothing was tried before");
        if !matches!(first.ended, Some((Outcome::Restored, _))) {
            continue;
        }
        // The same fault again.
        *house.model.tenant.lock().unwrap() = tenant;
        house.opens("second").await;
        house.to_the_end("second").await;
        let again = first_plan(&house, "second").await;
        if again.digest() != plan.digest() {
            continue;
        }
        let worked = again.worked_here.unwrap_or_else(|| panic!("{label}: it was tried before"));
        assert!(matches!(worked, WorkedHere { tried: 1, worked: 0 | 1, .. }), "{label}: {worked:?}");
        assert_eq!(worked.seconds.is_some(), worked.worked == 1, "{label}");
        assert_eq!(Plan { worked_here: None, ..again }, plan, "{label}: nothing else differs");
        known += worked.worked;
    }
    assert!(known > 3, "{known} plans");
}
