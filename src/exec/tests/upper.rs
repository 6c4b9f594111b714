//! Tests of undo, retirement, the pick of an account, and a step that takes a day. Each is another run in the same
//! loop.

use super::evidence::{A1, A2, JANE, MAIL, U1, record_id, restore};
use super::house::{House, subject};
use super::model::Fate;
use super::tenant::Tenant;
use reinstate_core::run::{EndReason, PauseReason, Progress};
use reinstate_core::{Event, Fold as _, Goal, Next, Op, Outcome, Run};
use reinstate_store::{AppendOptions, Tenant as Share};

fn outcome(run: &Run) -> Option<Outcome> {
    run.ended.as_ref().map(|(outcome, _)| *outcome)
}

fn account() -> String {
    A1.to_owned()
}

/// Runs a repair that stops before provisioning has an effect on the account.
async fn repaired(tenant: Tenant) -> House {
    let house = House::new(tenant).await;
    house.opens("run").await;
    let provision =
        Op::ProvisionUser { person: JANE.to_owned(), account: Some(account()), email: MAIL.to_owned() };
    house.model.fate(provision, Fate::Refused);
    let run = house.to_the_end("run").await;
    if run.ended.is_none() {
        house.says("run", Event::Cancelled { by: "U-DAN".to_owned() }).await;
        assert_eq!(outcome(&house.to_the_end("run").await), Some(Outcome::Cancelled));
    }
    house
}

async fn undone(house: &House, of: &str) -> Run {
    house.opens_for("undo", Goal::Undo { run: of.to_owned() }).await;
    house.to_the_end("undo").await
}

#[tokio::test]
async fn every_step_whose_undo_is_full_is_undone_to_the_same_tenant() {
    let mut suspended = Tenant::healthy();
    suspended.accounts.get_mut(A1).unwrap().suspended = true;
    let mut inactive = Tenant::put_aside();
    inactive.accounts.get_mut(A1).unwrap().suspended = false;
    let mut dying = inactive.clone();
    dying.accounts.get_mut(A1).unwrap().dying = true;
    for (name, tenant, did, back) in [
        (
            "restore-access",
            suspended,
            restore(A1),
            Op::SuspendAccess { account: account(), directory: Some(U1.to_owned()) },
        ),
        (
            "activate-account",
            inactive,
            Op::ActivateAccount { account: account() },
            Op::DeactivateAccount { account: account() },
        ),
        (
            "cancel-deletion",
            dying,
            Op::CancelDeletion { account: account() },
            Op::ScheduleDeletion { account: account() },
        ),
    ] {
        let house = repaired(tenant.clone()).await;
        assert_eq!(house.model.times(&did), 1, "{name}");
        assert_ne!(house.tenant(), tenant, "{name}: it did something");
        let run = undone(&house, "run").await;
        assert_eq!(outcome(&run), Some(Outcome::Done), "{name}: {run:?}");
        assert_eq!(house.model.times(&back), 1, "{name}");
        assert_eq!(house.tenant(), tenant, "{name}");
        let approved = house.events("undo").await.iter().any(|event| matches!(event, Event::Approved { .. }));
        assert!(approved, "{name}: taking access away is approved by a second person");
        // A second undo finds nothing to do.
        house.opens_for("again", Goal::Undo { run: "run".to_owned() }).await;
        assert_eq!(outcome(&house.to_the_end("again").await), Some(Outcome::Advice), "{name}");
        assert_eq!(house.tenant(), tenant, "{name}");
    }
}

#[tokio::test]
async fn the_account_left_over_is_retired_after_the_proof_and_comes_back_by_undo() {
    let house = House::new(Tenant::park()).await;
    house.opens("run").await;
    assert_eq!(outcome(&house.to_the_end("run").await), Some(Outcome::Restored));
    let before = house.tenant();
    house.opens_for("retire", Goal::Retire { run: "run".to_owned() }).await;
    let run = house.to_the_end("retire").await;
    assert_eq!(outcome(&run), Some(Outcome::Done), "{run:?}");
    assert!(!house.tenant().accounts[A2].active && !house.tenant().accounts[A2].dying);
    let run = undone(&house, "retire").await;
    assert_eq!(outcome(&run), Some(Outcome::Done), "{run:?}");
    assert_eq!(house.tenant(), before, "undone exactly");
    // The next rung is another run, which a person requests.
    house.opens_for("retire-2", Goal::Retire { run: "run".to_owned() }).await;
    house.to_the_end("retire-2").await;
    house.opens_for("delete", Goal::Retire { run: "retire-2".to_owned() }).await;
    assert_eq!(outcome(&house.to_the_end("delete").await), Some(Outcome::Done));
    assert!(house.tenant().accounts[A2].dying);
    assert!(house.tenant().is_healthy(subject()));
}

#[tokio::test]
async fn an_address_goes_back_while_it_is_free() {
    // The run stopped between parking and provisioning, so nobody has the address.
    let house = repaired(Tenant::park()).await;
    assert_eq!(house.tenant().accounts[A2].email.get(..6), Some("parked"));
    let run = undone(&house, "run").await;
    assert_eq!(outcome(&run), Some(Outcome::Done), "{run:?}");
    assert_eq!(house.tenant().accounts, Tenant::park().accounts);
}

#[tokio::test]
async fn what_was_there_already_is_not_taken_back() {
    let house = House::new(Tenant::healthy()).await;
    house.opens("run").await;
    assert_eq!(outcome(&house.to_the_end("run").await), Some(Outcome::Healthy));
    let run = undone(&house, "run").await;
    assert_eq!(outcome(&run), Some(Outcome::Advice));
    assert!(house.model.sent().is_empty());
    // An undo of a run that does not exist is refused and claims nothing.
    house.opens_for("nothing", Goal::Undo { run: "no-such-run".to_owned() }).await;
    assert_eq!(outcome(&house.to_the_end("nothing").await), Some(Outcome::Refused));
}

#[tokio::test]
async fn a_pick_makes_a_plan_of_its_own_with_its_own_approval() {
    let house = House::new(Tenant::torn()).await;
    house.opens("run").await;
    let run = house.to_the_end("run").await;
    assert_eq!(outcome(&run), Some(Outcome::Advice), "{run:?}");
    assert!(house.model.sent().is_empty());
    house.opens_for("pick", Goal::Repair { keep: Some(A1.to_owned()) }).await;
    house.carry(&house.engine("e").await, "pick").await;
    assert!(matches!(house.next("pick").await, Next::AwaitApproval { .. }));
    assert!(house.model.sent().is_empty(), "nothing before the approval");
    assert_eq!(outcome(&house.to_the_end("pick").await), Some(Outcome::Restored));
    assert_eq!(house.tenant().records["r1"].account.as_deref(), Some(A1));
}

#[tokio::test]
async fn a_rung_without_effect_is_followed_by_the_next_one_with_a_new_approval() {
    let mut tenant = Tenant::unlink();
    tenant.clings_to = Some(A2.to_owned());
    let house = House::new(tenant).await;
    house.opens("run").await;
    let run = house.to_the_end("run").await;
    assert_eq!(outcome(&run), Some(Outcome::Restored), "{run:?}");
    let unlink = Op::UnlinkRecord { record: record_id("r1"), account: A2.to_owned() };
    let delete = Op::DeleteRecord { record: record_id("r1") };
    let sent = house.model.sent();
    let first = sent.iter().position(|op| *op == unlink).unwrap();
    let second = sent.iter().position(|op| *op == delete).unwrap();
    assert!(first < second, "the milder rung first: {sent:?}");
    let approvals =
        house.events("run").await.iter().filter(|event| matches!(event, Event::Approved { .. })).count();
    assert_eq!(approvals, 2, "each plan has its own");
}

#[tokio::test]
async fn what_was_accepted_is_waited_for_in_the_database_and_after_a_day_a_person_is_asked() {
    let house = House::new(Tenant::stopped()).await;
    house.opens("run").await;
    house.carry(&house.engine("e").await, "run").await;
    house.approves("run").await;
    let yesterday = crate::clock::now().checked_sub(jiff::SignedDuration::from_hours(25)).unwrap();
    let append = async |event: Event, at: jiff::Timestamp| {
        let run = house.run("run").await;
        house.ledger.append("run", &run, None, &[event], at, AppendOptions::default()).await.unwrap();
    };
    append(Event::Began { step: 0, before: serde_json::json!(null), needs: Some(1) }, crate::clock::now())
        .await;
    append(Event::Accepted { step: 0 }, crate::clock::now()).await;
    house.carry(&house.engine("e2").await, "run").await;
    let run = house.checked("run").await;
    assert_eq!(run.open_step().map(|(_, _, progress)| progress), Some(Progress::Accepted), "it sleeps");
    assert_eq!(run.waiting, None);
    // A cancel does not wait for a step that the service has accepted.
    let mut stopped = run.clone();
    let cancelled = Event::Cancelled { by: "U-DAN".to_owned() };
    stopped.apply(stopped.seq + 1, crate::clock::now(), &cancelled).unwrap();
    assert_eq!(stopped.next(crate::clock::now(), &super::house::rules(), &house.limits), Next::Stop);

    let house = House::new(Tenant::stopped()).await;
    house.opens("run").await;
    house.carry(&house.engine("e").await, "run").await;
    house.approves("run").await;
    let append = async |event: Event| {
        let run = house.run("run").await;
        house.ledger.append("run", &run, None, &[event], yesterday, AppendOptions::default()).await.unwrap();
    };
    append(Event::Began { step: 0, before: serde_json::json!(null), needs: Some(1) }).await;
    append(Event::Accepted { step: 0 }).await;
    house.carry(&house.engine("e2").await, "run").await;
    let run = house.checked("run").await;
    assert_eq!(run.waiting.as_ref().map(|waiting| waiting.halt), Some(PauseReason::Unconfirmed), "{run:?}");
    assert!(house.model.sent().is_empty(), "waiting sends nothing");
}

#[tokio::test]
async fn a_step_on_the_whole_tenant_and_any_other_repair_keep_out_of_each_others_way() {
    let house = House::new(Tenant::stopped()).await;
    house.opens("other").await;
    let also = AppendOptions {
        claim: vec!["idp:somebody-else".to_owned()],
        tenant: Some(Share::Shared),
        ..AppendOptions::default()
    };
    let denied = Event::Denied { by: "U".to_owned(), what: "w".to_owned(), why: "w".to_owned() };
    let other = house.run("other").await;
    house.ledger.append("other", &other, None, &[denied], crate::clock::now(), also).await.unwrap();
    house.opens("run").await;
    let run = house.to_the_end("run").await;
    assert_eq!(outcome(&run), Some(Outcome::Busy));
    assert_eq!(run.ended.unwrap().1, EndReason::TenantBusy { run: "other".to_owned() }.into());
    assert_eq!(house.model.sent(), []);
    assert!(house.model.tenant.lock().unwrap().stopped);
}

#[tokio::test]
async fn a_job_that_an_earlier_run_started_in_vain_is_left_to_people() {
    let house = House::new(Tenant::stopped()).await;
    house.opens("first").await;
    let first = house.to_the_end("first").await;
    let starts = || house.model.sent().iter().filter(|op| op.is_tenant_wide()).count();
    assert_eq!((outcome(&first), starts()), (Some(Outcome::Restored), 1));
    // The job came back to the state in which it was started.
    *house.model.tenant.lock().unwrap() = Tenant::stopped();
    house.opens("second").await;
    let second = house.to_the_end("second").await;
    assert_eq!((outcome(&second), starts()), (Some(Outcome::Advice), 1));
}
