//! Diagnoses every scenario through the real clients. The result has exactly the expected causes. Similar but healthy
//! tenants have none.

use std::collections::BTreeSet;

use reinstate::cli::world;
use reinstate::world::{ReadScope, World};
use reinstate_core::diagnose::Case;
use reinstate_core::{
    Cause, Diagnosis, Op, Outcome, Plan, Source, State, Subject, Verdict, Who, diagnose, plan,
};
use reinstate_sandbox::scenarios::{ALL, Scenario, find};
use reinstate_sandbox::tenant::Tenant;

use crate::asking::{ask, config, look, start};

fn found(diagnosis: &Diagnosis, blocking: bool) -> BTreeSet<Cause> {
    diagnosis.findings.iter().filter(|f| f.blocking == blocking).map(|f| f.code).collect()
}

/// The differences between a scenario and its diagnosis.
fn differences(scenario: &Scenario, diagnosis: &Diagnosis, plan: &Plan) -> Vec<String> {
    let verdict = if scenario.ends == Outcome::Healthy { Verdict::Healthy } else { Verdict::Broken };
    let mut wrong = Vec::new();
    for (name, blocking, wanted) in [("found", true, scenario.finds), ("advised", false, scenario.mentions)] {
        let found = found(diagnosis, blocking);
        if found != wanted.iter().copied().collect() {
            wrong.push(format!("{name} {found:?}, wanted {wanted:?}"));
        }
    }
    if diagnosis.verdict != verdict {
        wrong.push(format!("{:?}, wanted {verdict:?}", diagnosis.verdict));
    }
    if plan.steps.is_empty() == (scenario.ends == Outcome::Restored) {
        let steps: Vec<&str> = plan.steps.iter().map(|step| step.op.action()).collect();
        wrong.push(format!("steps {steps:?}, and it ends {:?}; advice {:?}", scenario.ends, plan.advice));
    }
    if scenario.ends == Outcome::Advice && plan.advice.is_empty() {
        wrong.push("it ends with advice, and there is none".to_owned());
    }
    // What the bot has no key or no permission for is a gap, and the only one.
    if diagnosis.unread.len() != scenario.tenant().gaps() {
        wrong.push(format!("unread {:?}", diagnosis.unread));
    }
    wrong
}

#[tokio::test(flavor = "multi_thread")]
async fn precision_and_recall_over_all_scenarios_are_100_percent() {
    let (mut right, mut too_many, mut missed) = (0_u32, 0_u32, 0_u32);
    let mut wrong = Vec::new();
    for scenario in ALL {
        let (sandbox, diagnosis, plan) = look(scenario).await;
        let claimed: BTreeSet<Cause> = diagnosis.findings.iter().map(|f| f.code).collect();
        let wanted: BTreeSet<Cause> = scenario.finds.iter().chain(scenario.mentions).copied().collect();
        right += u32::try_from(claimed.intersection(&wanted).count()).unwrap();
        too_many += u32::try_from(claimed.difference(&wanted).count()).unwrap();
        missed += u32::try_from(wanted.difference(&claimed).count()).unwrap();
        let facts_are_there =
            diagnosis.findings.iter().all(|f| f.because.iter().all(|fact| !fact.message.is_empty()));
        assert!(facts_are_there, "{}", scenario.name);
        wrong.extend(
            differences(scenario, &diagnosis, &plan).iter().map(|w| format!("{}: {w}", scenario.name)),
        );
        assert_eq!(sandbox.wire.faults(), Vec::<String>::new(), "{}", scenario.name);
    }
    let percent = |part: u32, rest: u32| f64::from(part) * 100.0 / f64::from((part + rest).max(1));
    println!(
        "{} scenarios, {right} causes found: precision {:.1} %, recall {:.1} %",
        ALL.len(),
        percent(right, too_many),
        percent(right, missed)
    );
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert_eq!((too_many, missed), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_world_gives_the_same_digest() {
    for name in ["email-held", "identity-recreated", "two-directories"] {
        let scenario = find(name).unwrap();
        let (_one, _, first) = look(scenario).await;
        let (_two, _, second) = look(scenario).await;
        assert!(first.digest().is_some(), "{name}");
        assert_eq!(first.digest(), second.digest(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wrong_application_is_told_and_nothing_is_concluded_from_it() {
    let mut tenant = Tenant::new();
    tenant.employee("jane@acme.example", "Jane Doe");
    let right = tenant.entra.atlassian.clone();
    tenant.entra.atlassian = tenant.entra.add_service_principal("Atlassian Cloud Sign-in");
    let sandbox = start(tenant).await;
    let (diagnosis, plan) = ask(&sandbox, "jane@acme.example").await;
    assert_eq!(diagnosis.verdict, Verdict::CannotTell, "{:?}", diagnosis.findings);
    assert_eq!(found(&diagnosis, true), BTreeSet::new());
    assert!(plan.steps.is_empty());
    let (_, reason) = diagnosis.unread.iter().find(|(source, _)| *source == Source::Jobs).unwrap();
    assert!(reason.contains("Atlassian Cloud") && reason.contains(&right), "{reason}");
    assert_eq!(sandbox.wire.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_person_with_ten_groups_costs_at_most_eighteen_calls() {
    let mut tenant = Tenant::new();
    let jane = tenant.employee("jane@acme.example", "Jane Doe");
    for number in 0..8 {
        let name = format!("team-{number}");
        let group = tenant.entra.add_group(&name);
        tenant.entra.assign_group(&group);
        tenant.entra.add_member(&group, &jane.idp);
        tenant.atlassian.add_group(&name, true, &[]);
        tenant.atlassian.join(&jane.record, &name);
    }
    let sandbox = start(tenant).await;
    let world = world(&config(&sandbox)).unwrap();
    let check = || async {
        let before = sandbox.wire.calls().len();
        let subject = Subject::asked(Who::parse("jane@acme.example").unwrap());
        let diagnosis = diagnose(&world.gather(subject, ReadScope::Everything).await);
        assert_eq!(diagnosis.verdict, Verdict::Healthy);
        assert_eq!(diagnosis.groups.expected.as_ref().map(Vec::len), Some(10));
        assert_eq!(diagnosis.apps.present.as_ref().map(Vec::len), Some(2));
        let calls = sandbox.wire.calls();
        let new = calls.iter().skip(before).filter(|call| !call.path.contains("oauth2"));
        new.map(|call| format!("{} {}", call.method, call.path)).collect::<Vec<String>>()
    };
    let calls = check().await;
    assert!(calls.len() <= 18, "{}\n{}", calls.len(), calls.join("\n"));
    // The groups and what they grant are known now.
    let again = check().await;
    assert_eq!(again.len() + 3, calls.len(), "{}\n{}", again.len(), again.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_causes_make_one_plan_in_an_order_that_can_work() {
    for (name, wanted) in [
        (
            "pending-deletion-and-stale-record",
            &[
                "cancel-deletion",
                "delete-record",
                "provision-user",
                "provision-membership",
                "provision-membership",
            ][..],
        ),
        ("suspended-with-a-lost-group", &["restore-access", "provision-membership"]),
        (
            "deactivated-locally-and-stale-record",
            &[
                "activate-account",
                "delete-record",
                "provision-user",
                "provision-membership",
                "provision-membership",
            ],
        ),
        (
            "suspended-and-email-mismatch",
            &["restore-access", "provision-user", "provision-membership", "provision-membership"],
        ),
        ("matching-on-email-and-drift", &["provision-membership"]),
        ("group-name-conflict-and-drift", &["provision-membership"]),
        (
            "identity-recreated",
            &[
                "unlink-record",
                "delete-record",
                "provision-user",
                "provision-membership",
                "provision-membership",
            ],
        ),
    ] {
        let (_sandbox, _, plan) = look(find(name).unwrap()).await;
        let steps: Vec<&str> = plan.steps.iter().map(|step| step.op.action()).collect();
        assert_eq!(steps, wanted, "{name}: {:?}", plan.advice);
    }
}

/// Waits for an effect that takes longer than the call: a cycle of the simulated job.
async fn shows(world: &dyn World, op: &Op, began: jiff::Timestamp) {
    for _ in 0..200 {
        let subject = Subject::asked(Who::parse("jane@acme.example").unwrap());
        let evidence = world.gather(subject, ReadScope::Effect(op.clone())).await;
        if let State::Done(_) = op.state_since(&Case::new(&evidence), Some(began)) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("{} shows no effect", op.action());
}

/// Plays a scenario to its end as the ladder does: reads again and takes the next rung, at most once per rung.
async fn play(scenario: &'static Scenario) -> (Verdict, Vec<String>) {
    let sandbox = start(scenario.tenant()).await;
    let config = config(&sandbox);
    let world = world(&config).unwrap();
    let (mut tried, mut story) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        let who = Who::parse(scenario.who).unwrap();
        let evidence = world.gather(Subject::asked(who), ReadScope::Everything).await;
        let diagnosis = diagnose(&evidence);
        let plan = plan(&evidence, &diagnosis, &config.rules(), &tried);
        if diagnosis.verdict == Verdict::Healthy || plan.steps.is_empty() {
            assert_eq!(sandbox.wire.faults(), Vec::<String>::new(), "{}", scenario.name);
            return (diagnosis.verdict, story);
        }
        for step in plan.steps {
            let began = reinstate::clock::now();
            let acted = world.act(&step.op, std::time::Duration::from_secs(30)).await;
            story.push(format!("{}: {acted:?}", step.op.action()));
            if step.op.takes().is_some() {
                shows(world.as_ref(), &step.op, began).await;
            }
            tried.push(step);
        }
    }
    (Verdict::CannotTell, story)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_plan_that_acts_brings_access_back() {
    let mut plays = tokio::task::JoinSet::new();
    for scenario in ALL.iter().filter(|scenario| scenario.ends == Outcome::Restored) {
        plays.spawn(async move { (scenario, play(scenario).await) });
    }
    let mut wrong = Vec::new();
    while let Some(played) = plays.join_next().await {
        let (scenario, (verdict, story)) = played.unwrap();
        // An admin must resolve a group whose name is taken, after everything else is fixed.
        let wanted = if scenario.finds.contains(&Cause::GroupNameConflict) {
            Verdict::Broken
        } else {
            Verdict::Healthy
        };
        if verdict != wanted {
            wrong.push(format!("{}: {verdict:?} after {story:#?}", scenario.name));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
