//! The stream of the audit log: its order, its cursors, its limits, and what an organization without the plan gets.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Bench, KEY, ORG, patch, user};
use crate::atlassian::ScimContext;

impl Bench {
    async fn stream(&self, query: &str) -> (u16, Value) {
        self.call(KEY, "GET", &format!("/admin/v1/orgs/{ORG}/events-stream{query}"), None).await
    }

    /// The actions of the whole stream, in its order.
    async fn actions(&self) -> Vec<String> {
        let (status, page) = self.stream("?limit=500").await;
        assert_eq!(status, 200, "{page}");
        let text = |event: &Value| event["attributes"]["action"].as_str().unwrap().to_owned();
        page["data"].as_array().unwrap().iter().map(text).collect()
    }
}

fn encoded(cursor: &Value) -> String {
    url::form_urlencoded::byte_serialize(cursor.as_str().unwrap().as_bytes()).collect()
}

#[tokio::test]
async fn the_stream_is_in_the_order_in_which_the_log_took_events_in() {
    let bench = Bench::new().await;
    bench.tenant(|t| {
        t.now = crate::clock::now();
        t.switches.event_delay = std::time::Duration::from_secs(600);
        t.log("USER_REVOKED_ROLE", &bench.jane, "");
        t.switches.event_delay = std::time::Duration::ZERO;
        t.log("USER_GRANTED_ROLE", &bench.jane, "");
    });
    let (_, page) = bench.stream("").await;
    assert_eq!(page["data"].as_array().unwrap().len(), 1, "the other one is not processed yet");
    let cursor = encoded(&page["meta"]["next"]);
    let (_, page) = bench.stream(&format!("?cursor={cursor}")).await;
    assert_eq!(page["data"], json!([]));
    assert!(page["meta"]["next"].is_string(), "the last page has a cursor too");
    bench.tenant(|t| t.ahead = SignedDuration::from_secs(601));
    let (_, page) = bench.stream(&format!("?cursor={cursor}")).await;
    let late = &page["data"][0]["attributes"];
    assert_eq!(late["action"], "user_revoked_role");
    let at = |name: &str| late[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert_eq!(at("processedAt").duration_since(at("time")), SignedDuration::from_secs(600));
    assert_eq!(bench.actions().await, ["user_granted_role", "user_revoked_role"]);
    let (_, page) = bench.stream("?limit=1&sortOrder=desc").await;
    assert_eq!(page["data"][0]["attributes"]["action"], "user_revoked_role");
    bench.clean();
}

#[tokio::test]
async fn wrong_parameters_and_unknown_cursors_are_refused() {
    let bench = Bench::new().await;
    for wrong in
        ["?limit=0", "?limit=501", "?sortOrder=up", "?action=x", "?cursor=made-up", "?from=2026-11-30"]
    {
        assert_eq!(bench.stream(wrong).await.0, 400, "{wrong}");
    }
    assert_eq!(bench.wire.faults().len(), 6);
    let (_, page) = bench.stream("").await;
    bench.tenant(|t| t.expire_cursors());
    let (status, body) = bench.stream(&format!("?cursor={}", encoded(&page["meta"]["next"]))).await;
    assert_eq!((status, &body["errors"][0]["code"]), (400, &json!("ADMIN-400-1")));
    assert_eq!(bench.wire.faults().len(), 6, "nobody can know when a cursor ends");
    for _ in 0..42 {
        assert_eq!(bench.stream("").await.0, 200);
    }
    assert_eq!(bench.stream("").await.0, 429, "fifty calls a minute");
}

#[tokio::test]
async fn without_the_plan_the_stream_is_empty_or_refused() {
    let bench = Bench::new().await;
    bench.tenant(|t| {
        t.log("USER_REVOKED_ROLE", &bench.jane, "");
        t.has_guard = false;
    });
    assert_eq!(bench.actions().await, [] as [String; 0]);
    bench.tenant(|t| t.switches.unguarded_status = 403);
    assert_eq!(bench.stream("").await.0, 403);
    bench.clean();
}

#[tokio::test]
async fn what_changes_access_leaves_an_event() {
    let bench = Bench::new().await;
    let jane = bench.jane.replace(':', "%3A");
    let directory = bench.tenant(|t| t.directory_id.clone());
    let people = format!("/admin/v2/orgs/{ORG}/directories/{directory}/users/{jane}");
    bench.call(KEY, "POST", &format!("{people}/suspend"), None).await;
    bench.call(KEY, "POST", &format!("{people}/restore"), None).await;
    let group = bench.tenant(|t| t.scim_groups.keys().next().unwrap().clone());
    let out = patch(&json!([{"op": "remove", "path": "members", "value": [{"value": bench.record}]}]));
    assert!(bench.scim("PATCH", &format!("Groups/{group}"), Some(out)).await.0 < 300);
    assert_eq!(bench.scim("POST", "Users", Some(user("bob@acme.example", "b"))).await.0, 201);
    bench.tenant(|t| t.unlink(&bench.record));
    // User management refuses accounts that SCIM controls.
    bench.manage("POST", &jane, "/lifecycle/disable", None).await;
    bench.manage("POST", &jane, "/lifecycle/enable", None).await;
    let actions = bench.actions().await;
    for wanted in [
        "user_disabled_org_access",
        "user_enabled_org_access",
        "managed_account_deactivated",
        "managed_account_reactivated",
        "scim_group_remove_member",
        "scim_user_create",
        "scim_user_unlinked_from_aa",
    ] {
        assert!(actions.iter().any(|action| action == wanted), "{wanted} is not in {actions:?}");
    }
}

#[tokio::test]
async fn the_context_of_a_scim_event_is_an_open_question() {
    let bench = Bench::new().await;
    bench.tenant(|t| t.log("SCIM_USER_UPDATE", &bench.record, ""));
    let named = [
        (ScimContext::Nothing, Value::Null),
        (ScimContext::Account, json!(bench.jane)),
        (ScimContext::Record, json!(bench.record)),
    ];
    for (how, id) in named {
        bench.tenant(|t| t.switches.scim_context = how);
        assert_eq!(bench.stream("").await.1["data"][0]["attributes"]["context"][0]["id"], id, "{how:?}");
    }
}
