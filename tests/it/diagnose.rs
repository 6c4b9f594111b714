//! Every scenario is diagnosed through the real clients: exactly its causes, and nothing for the look-alikes.

use std::collections::BTreeSet;

use reinstate::app::rules;
use reinstate::commands::world;
use reinstate::config::{Config, Purpose};
use reinstate::core::{Diagnosis, Outcome, Plan, Subject, Verdict, Who, diagnose, plan};
use reinstate::exec::Look;
use reinstate::sandbox::Sandbox;
use reinstate::sandbox::scenarios::{ALL, Scenario, find};

async fn look(scenario: &Scenario) -> (Sandbox, Diagnosis, Plan) {
    reinstate::upstream::install_tls();
    let sandbox = Sandbox::start(scenario.tenant()).await.unwrap();
    let env = sandbox.env("sqlite::memory:", "127.0.0.1:0");
    let config = Config::load(None, &env, Purpose::Diagnose).unwrap();
    let who = Who::parse(scenario.who).unwrap();
    let evidence = world(&config).unwrap().gather(Subject::asked(who), Look::Everything).await;
    let diagnosis = diagnose(&evidence);
    let plan = plan(&evidence, &diagnosis, &rules(&config), &[]);
    (sandbox, diagnosis, plan)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_scenario_finds_exactly_its_causes() {
    let mut wrong = Vec::new();
    for scenario in ALL {
        let (sandbox, diagnosis, plan) = look(scenario).await;
        let found: BTreeSet<&str> =
            diagnosis.findings.iter().filter(|f| f.blocking).map(|f| f.code.code()).collect();
        let wanted: BTreeSet<&str> = scenario.finds.iter().map(|cause| cause.code()).collect();
        let verdict = if scenario.ends == Outcome::Healthy { Verdict::Healthy } else { Verdict::Broken };
        let acts = !plan.steps.is_empty();
        let should_act = scenario.ends == Outcome::Restored;
        if found != wanted
            || diagnosis.verdict != verdict
            || acts != should_act
            || !diagnosis.unread.is_empty()
        {
            wrong.push(format!(
                "{}: found {found:?}, wanted {wanted:?}; {:?}; steps {:?}; advice {:?}; unread {:?}",
                scenario.name,
                diagnosis.verdict,
                plan.steps.iter().map(|s| s.op.action()).collect::<Vec<_>>(),
                plan.advice,
                diagnosis.unread,
            ));
        }
        assert_eq!(sandbox.wire.faults(), Vec::<String>::new(), "{}", scenario.name);
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_world_gives_the_same_digest() {
    let scenario = find("email-held").unwrap();
    let (_one, _, first) = look(scenario).await;
    let (_two, _, second) = look(scenario).await;
    assert!(first.digest().is_some());
    assert_eq!(first.digest(), second.digest());
}
