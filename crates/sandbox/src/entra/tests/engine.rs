//! On-demand provisioning, cycles and restarts against the SCIM target.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use super::super::{JobCode, Shape, tick_cycle};
use super::{Tenant, tenant};
use crate::lock;

fn verdict(result: &str, code: &str) -> (u16, String, String) {
    (200, result.to_owned(), code.to_owned())
}

async fn restart(t: &Tenant, scope: &str) {
    lock(&t.state).switches.cycle_after_start = false;
    let path = t.sync(&format!("jobs/{}/restart", t.job));
    let body = json!({"criteria": {"resetScope": scope}});
    assert_eq!(t.send(Method::POST, &path, false, Some(body)).await.0, 204);
    tick_cycle(&t.state).await;
}

fn touch_ada(t: &Tenant, change: impl FnOnce(&mut super::super::User)) {
    change(lock(&t.state).users.get_mut(&t.ada).unwrap());
}

#[tokio::test]
async fn a_user_is_made_then_redundant_then_updated() {
    let t = tenant().await;
    assert_eq!(t.provision_ada().await, verdict("Success", ""));
    let record = t.target.only("Users/");
    assert_eq!(record["userName"], "ada@acme.example");
    assert_eq!(record["externalId"], json!(t.ada));
    assert_eq!(record["emails"], json!([{"type": "work", "primary": true, "value": "ada@acme.example"}]));
    assert_eq!((&record["active"], &record["name"]["familyName"]), (&json!(true), &json!("Lovelace")));
    assert_eq!(t.provision_ada().await, verdict("Skipped", "RedundantExport"));
    t.target.forget_writes();
    touch_ada(&t, |ada| ada.display_name = "Countess".into());
    assert_eq!(t.provision_ada().await, verdict("Success", ""));
    let patch = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "Replace", "path": "displayName", "value": "Countess"}],
    });
    assert_eq!(t.target.writes(), [("PATCH Users".to_owned(), patch)]);
    assert!(t.wire.faults().is_empty());
}

#[tokio::test]
async fn an_existing_record_is_matched_and_the_answer_may_have_shape_b() {
    let t = tenant().await;
    lock(&t.target.records)
        .by_path
        .insert("Users/old".into(), json!({"id": "old", "userName": "ada@acme.example"}));
    lock(&t.state).switches.shape = Shape::B;
    lock(&t.state).switches.odd_casing = true;
    let (status, body) = t.provision_raw(json!({"objectId": t.ada, "objectTypeName": "User"})).await;
    assert_eq!(status, 200);
    assert_eq!(body["key"], "Microsoft.Identity.Health.CPP.Common.DataContracts.SyncFabric.StatusInfo");
    let items: Value = serde_json::from_str(body["value"].as_str().unwrap()).unwrap();
    assert_eq!(items[0]["statusInfo"]["status"], "success");
    assert_eq!((&items[0]["action"], &items[0]["targetIdentity"]["id"]), (&json!("Update"), &json!("old")));
    assert_eq!(t.target.only("Users/")["externalId"], json!(t.ada));
}

#[tokio::test]
async fn a_conflict_is_wrapped_as_in_a_real_log() {
    let t = tenant().await;
    let scim = json!({"status": "409", "scimType": "uniqueness", "detail": "Resource [USER]: with email[ada@acme.example] already exists."});
    lock(&t.target.records).refuse_writes = Some((409, scim.clone()));
    let code = "SystemForCrossDomainIdentityManagementServiceIncompatibleFiltering";
    assert_eq!(t.provision_ada().await, verdict("Failure", code));
    let path = format!("auditLogs/provisioning?$filter=sourceIdentity/id eq '{}'", t.ada);
    let body = t.get(&path).await.1;
    let info = &body["value"][0]["provisioningStatusInfo"]["errorInformation"];
    let reason = info["reason"].as_str().unwrap();
    assert!(reason.starts_with("StatusCode: Conflict\r\nMessage: "), "{reason}");
    assert!(
        reason.contains(&format!("Web Response: \r\n{scim}. This operation was retried 0 times.")),
        "{reason}"
    );
    assert!(reason.ends_with("Z UTC"), "{reason}");
}

#[tokio::test]
async fn a_refused_key_quarantines_and_start_clears() {
    let t = tenant().await;
    lock(&t.state).atlassian_job().unwrap().secret_token = "expired".into();
    let code = "SystemForCrossDomainIdentityManagementInvalidCredentials";
    assert_eq!(t.provision_ada().await, verdict("Failure", code));
    let job = t.get(&t.sync("jobs")).await.1["value"][0].clone();
    assert_eq!(job["status"]["code"], "Quarantine");
    assert_eq!(job["status"]["quarantine"]["error"]["code"], code);
    lock(&t.state).switches.on_demand_while_quarantined = false;
    assert_eq!(t.provision_ada().await.0, 400);
    lock(&t.state).switches.cycle_after_start = false;
    lock(&t.state).atlassian_job().unwrap().secret_token = "scim-key".into();
    let start = t.sync(&format!("jobs/{}/start", t.job));
    assert_eq!(t.send(Method::POST, &start, false, None).await.0, 204);
    assert_eq!(lock(&t.state).atlassian_job().unwrap().code, JobCode::Active);
    assert_eq!(t.provision_ada().await, verdict("Success", ""));
}

#[tokio::test]
async fn an_unassigned_person_is_disabled_on_demand_but_a_disabled_one_is_left_alone() {
    let t = tenant().await;
    t.provision_ada().await;
    touch_ada(&t, |ada| ada.account_enabled = false);
    assert_eq!(t.provision_ada().await, verdict("Skipped", "NotEffectivelyEntitled"));
    touch_ada(&t, |ada| ada.account_enabled = true);
    lock(&t.state).unassign(&t.jira);
    assert_eq!(t.provision_ada().await, verdict("Success", ""));
    assert_eq!(t.target.only("Users/")["active"], false);
}

#[tokio::test]
async fn nested_members_and_fresh_assignments_are_not_entitled() {
    let t = tenant().await;
    {
        let mut entra = lock(&t.state);
        let inner = entra.add_group("inner");
        entra.nest(&t.jira, &inner);
        entra.remove_member(&t.jira, &t.ada);
        entra.add_member(&inner, &t.ada);
    }
    assert_eq!(t.provision_ada().await, verdict("Skipped", "NotEffectivelyEntitled"));
    lock(&t.state).switches.assignment_honoured_after = SignedDuration::from_mins(3);
    lock(&t.state).assign_at(&t.ada, crate::clock::now());
    assert_eq!(t.provision_ada().await, verdict("Skipped", "NotEffectivelyEntitled"));
    lock(&t.state).switches.assignment_honoured_after = SignedDuration::ZERO;
    assert_eq!(t.provision_ada().await, verdict("Success", ""));
}

#[tokio::test]
async fn a_scoping_filter_is_obeyed_and_shown() {
    let t = tenant().await;
    lock(&t.state).atlassian_job().unwrap().schema["synchronizationRules"][0]["objectMappings"][1]["scope"]
        ["groups"] = json!([{"name": "Staff", "clauses": [{
        "operatorName": "EQUALS", "sourceOperandName": "department", "targetOperand": {"values": ["Maths"]},
    }]}]);
    let (_, body) = t.provision_raw(json!({"objectId": t.ada, "objectTypeName": "User"})).await;
    assert!(body["value"].as_str().unwrap().contains("Staff.department EQUALS 'Maths'"));
    assert!(body["key"].as_str().unwrap().contains("NotEffectivelyEntitled"));
    touch_ada(&t, |ada| ada.department = Some("Maths".into()));
    assert_eq!(t.provision_ada().await, verdict("Success", ""));
}

#[tokio::test]
async fn a_lost_membership_is_sent_again_or_not_as_the_switch_says() {
    let t = tenant().await;
    assert_eq!(t.provision_membership().await.1, "Success", "the group is made without the unknown member");
    assert_eq!(t.provision_membership().await, verdict("Skipped", "EntrySynchronizationSkipped"));
    t.provision_ada().await;
    assert_eq!(t.provision_membership().await, verdict("Success", ""));
    assert_eq!(t.target.members(), [json!({"value": t.target.only("Users/")["id"]})]);
    t.target.empty_groups();
    lock(&t.state).switches.resend_known_member = false;
    assert_eq!(t.provision_membership().await, verdict("Skipped", "RedundantExport"));
    assert!(t.target.members().is_empty());
    lock(&t.state).switches.resend_known_member = true;
    assert_eq!(t.provision_membership().await, verdict("Success", ""));
    assert_eq!(t.target.members().len(), 1);
}

#[tokio::test]
async fn a_cycle_does_not_heal_what_the_target_lost_but_a_full_restart_does() {
    let t = tenant().await;
    tick_cycle(&t.state).await;
    assert_eq!(t.target.members().len(), 1);
    t.target.empty_groups();
    t.target.forget_writes();
    tick_cycle(&t.state).await;
    assert!(t.target.writes().is_empty(), "R4: nothing changed at the source");
    restart(&t, "Watermark").await;
    assert!(t.target.members().is_empty(), "Entra believes that they are there");
    lock(&t.state).switches.restart_resends_members = true;
    restart(&t, "Watermark").await;
    assert_eq!(t.target.members().len(), 1);
    t.target.empty_groups();
    lock(&t.state).switches.restart_resends_members = false;
    restart(&t, "Full").await;
    assert_eq!(t.target.members().len(), 1);
    assert_eq!(lock(&t.state).atlassian_job().unwrap().last_execution.as_ref().unwrap().state, "Succeeded");
}

#[tokio::test]
async fn reactivation_and_late_scope_do_not_restore_memberships() {
    let t = tenant().await;
    tick_cycle(&t.state).await;
    touch_ada(&t, |ada| ada.account_enabled = false);
    tick_cycle(&t.state).await;
    assert_eq!(t.target.only("Users/")["active"], false);
    t.target.empty_groups();
    touch_ada(&t, |ada| ada.account_enabled = true);
    tick_cycle(&t.state).await;
    assert_eq!(t.target.only("Users/")["active"], true);
    assert!(t.target.members().is_empty(), "R2");
    lock(&t.state).switches.resend_known_member = false;
    assert_eq!(t.provision_membership().await, verdict("Success", ""), "Entra forgot the membership");
    let bob = {
        let mut entra = lock(&t.state);
        let bob = entra.add_user("bob@acme.example", "Bob B");
        entra.users.get_mut(&bob).unwrap().account_enabled = false;
        entra.add_member(&t.jira, &bob);
        bob
    };
    tick_cycle(&t.state).await;
    lock(&t.state).users.get_mut(&bob).unwrap().account_enabled = true;
    tick_cycle(&t.state).await;
    assert_eq!(t.target.members().len(), 1, "R3");
    restart(&t, "Watermark, Escrows, QuarantineState").await;
    assert_eq!(t.target.members().len(), 2);
}

#[tokio::test]
async fn a_deleted_record_is_matched_anew_or_is_an_invalid_anchor() {
    let t = tenant().await;
    t.provision_ada().await;
    lock(&t.target.records).by_path.clear();
    lock(&t.state).switches.rematch_when_gone = false;
    assert_eq!(t.provision_ada().await, verdict("Failure", "InvalidAnchor"));
    lock(&t.state).switches.rematch_when_gone = true;
    assert_eq!(t.provision_ada().await, verdict("Success", ""));
    assert_eq!(t.target.only("Users/")["id"], "scim-2");
}

#[tokio::test]
async fn a_paused_job_does_not_cycle_and_force_deletes_is_a_fault() {
    let t = tenant().await;
    let pause = t.sync(&format!("jobs/{}/pause", t.job));
    assert_eq!(t.send(Method::POST, &pause, false, None).await.0, 204);
    tick_cycle(&t.state).await;
    assert!(t.target.writes().is_empty());
    let path = t.sync(&format!("jobs/{}/restart", t.job));
    let body = json!({"criteria": {"resetScope": "Full, ForceDeletes"}});
    let before = lock(&t.state).snapshot();
    assert_eq!(t.send(Method::POST, &path, false, Some(body)).await.0, 403);
    assert_eq!(t.wire.faults().len(), 1);
    assert_eq!(lock(&t.state).snapshot(), before);
}

#[tokio::test]
async fn malformed_bodies_and_the_sixth_call_are_refused() {
    let t = tenant().await;
    let member = json!({"objectId": t.ada, "objectTypeName": "User"});
    for subject in [
        json!({"objectId": t.ada, "objectTypeName": "user"}),
        json!({"objectId": t.jira, "objectTypeName": "Group", "links": {"members": vec![member; 6]}}),
        json!({"objectId": t.jira, "objectTypeName": "Group", "link": {}}),
    ] {
        let (status, body) = t.provision_raw(subject.clone()).await;
        assert_eq!((status, &body["error"]["code"]), (400, &json!("RequestParameterInvalid")), "{subject}");
    }
    assert_eq!(t.wire.faults().len(), 3);
    let path = t.sync(&format!("jobs/{}/provisionOnDemand", t.job));
    let body = json!({"parameters": [{"ruleId": "", "subjects": []}]});
    let wrong = t.send(Method::POST, &path, false, Some(body.clone())).await.1;
    assert!(
        wrong["error"]["message"].as_str().unwrap().ends_with("However, the job does not include the rule.")
    );
    for _ in 0..3 {
        assert_eq!(t.send(Method::POST, &path, false, Some(body.clone())).await.0, 400);
    }
    assert_eq!(t.send(Method::POST, &path, false, Some(body)).await.0, 429);
    assert!(t.target.writes().is_empty());
}
