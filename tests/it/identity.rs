//! The owner of a record decides what may be sent. In these scenarios, the least destructive step is the dangerous one.
//! This file checks the risk of each step. The causes are checked together with those of all other scenarios.

use reinstate_core::{Cause, Diagnosis, Plan, Risk, Verdict};
use reinstate_sandbox::scenarios::find;
use reinstate_sandbox::{Sandbox, lock};
use serde_json::Value;

use crate::asking::{ask, look};
use crate::carrying::begin;
use crate::story::changes;

const JANE: &str = "jane@acme.example";

async fn of(story: &str) -> (Sandbox, Diagnosis, Plan) {
    look(find(story).unwrap()).await
}

fn steps(plan: &Plan) -> Vec<(&'static str, Risk)> {
    plan.steps.iter().map(|step| (step.op.action(), step.risk)).collect()
}

/// All accounts, records and links.
fn organization(sandbox: &Sandbox) -> Value {
    lock(&sandbox.atlassian).snapshot()
}

/// The plan has no step, advice is given, and a repair sends nothing.
async fn nothing_is_sent(story: &str) {
    let (sandbox, _, plan) = of(story).await;
    assert_eq!(steps(&plan), [], "{story}");
    assert!(!plan.advice.is_empty(), "{story}");
    let before = organization(&sandbox);
    begin(&sandbox, JANE).await.approve().await;
    let sent: Vec<String> =
        sandbox.wire.calls().iter().filter(|call| changes(call)).map(|call| call.path.clone()).collect();
    assert_eq!(sent, Vec::<String>::new(), "{story}");
    assert_eq!(organization(&sandbox), before, "{story}");
    assert_eq!(sandbox.wire.faults(), Vec::<String>::new(), "{story}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_where_a_colleagues_record_holds_the_name() {
    nothing_is_sent("name-held-by-colleague").await;
    // The colleague has complete access. The old name in the record is no reason to touch it.
    let (sandbox, _, _) = of("name-held-by-colleague").await;
    let (diagnosis, plan) = ask(&sandbox, "jane.roe@acme.example").await;
    assert_eq!((diagnosis.verdict, steps(&plan)), (Verdict::Healthy, Vec::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_where_the_job_takes_a_colleagues_record_for_the_persons() {
    nothing_is_sent("wrong-anchor").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_where_the_newest_verdict_is_not_entitled() {
    nothing_is_sent("drift-while-not-entitled").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_where_a_healthy_person_has_another_cloud_name() {
    let (sandbox, diagnosis, plan) = of("healthy-nickname-and-other-name").await;
    assert_eq!(steps(&plan), [], "{:?}", diagnosis.findings);
    assert_eq!(sandbox.wire.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn default_access_without_a_success_needs_an_approver() {
    let (_sandbox, _, plan) = of("default-access-only").await;
    let first = plan.steps.first().map(|step| (step.op.action(), step.risk));
    assert_eq!(first, Some(("provision-user", Risk::Disruptive)), "{:?}", plan.advice);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_could_not_be_read_needs_an_approver() {
    let (_sandbox, diagnosis, plan) = of("unread-second-directory").await;
    assert!(!diagnosis.unread.is_empty(), "the directory without a key is said to be unread");
    assert_eq!(steps(&plan), [("provision-membership", Risk::Disruptive)], "{:?}", plan.advice);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_former_record_on_the_own_account_is_moved_aside_with_an_approval() {
    let (sandbox, _, plan) = of("former-record-on-own-account").await;
    let actions: Vec<&str> = plan.steps.iter().map(|step| step.op.action()).collect();
    assert_eq!(
        actions,
        ["unlink-record", "delete-record", "provision-user", "provision-membership", "provision-membership"],
        "{:?}",
        plan.advice
    );
    assert!(plan.steps.iter().take(2).all(|step| step.risk >= Risk::Disruptive));
    let account = lock(&sandbox.atlassian).bearer(JANE).unwrap().id.clone();
    begin(&sandbox, JANE).await.approve().await;
    assert_eq!(lock(&sandbox.atlassian).bearer(JANE).unwrap().id, account, "it keeps its history");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_refusal_of_the_key_blocks_nothing() {
    let (_sandbox, diagnosis, plan) = of("old-key-failure-and-drift").await;
    let codes: Vec<Cause> = diagnosis.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [Cause::MembershipDrift]);
    assert_eq!(steps(&plan), [("provision-membership", Risk::Harmless)]);
}
