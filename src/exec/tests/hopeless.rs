//! A plan that failed in five repairs and never worked is not proposed to the sixth person. Every process reads it from
//! the journal.

use super::evidence::A2;
use super::house::House;
use super::tenant::Tenant;
use super::worked_here::first_plan;

#[tokio::test]
async fn the_sixth_person_is_not_asked_to_approve_what_failed_five_times() {
    // Each record that is only unlinked is linked to the wrong account again. Deleting it helps.
    let tenant = Tenant { clings_to: Some(A2.to_owned()), ..Tenant::unlink() };
    let house = House::new(tenant.clone()).await;
    for number in 1..=5 {
        let run = format!("run-{number}");
        *house.model.tenant.lock().unwrap() = tenant.clone();
        house.opens(&run).await;
        house.to_the_end(&run).await;
        let plan = first_plan(&house, &run).await;
        assert_eq!(plan.essence(), ["unlink-record", "provision-user"], "{run}");
        assert!(plan.skipped.is_empty(), "{run}: {number} failures");
    }
    *house.model.tenant.lock().unwrap() = tenant;
    house.opens("run-6").await;
    house.to_the_end("run-6").await;
    let plan = first_plan(&house, "run-6").await;
    assert_eq!(plan.essence(), ["unlink-record", "delete-record", "provision-user"]);
    let skipped: Vec<_> = plan.skipped.iter().map(|known| (known.actions.join("+"), known.failed)).collect();
    assert_eq!(skipped, [("unlink-record+provision-user".to_owned(), 5)]);
}
