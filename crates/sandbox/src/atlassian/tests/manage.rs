//! User management and the link endpoints.

use jiff::SignedDuration;
use serde_json::json;

use super::{Bench, DIR, KEY, SCIM};
use crate::atlassian::{PrivilegesQuery, Status};

#[tokio::test]
async fn a_linked_account_is_the_identity_providers() {
    let bench = Bench::new().await;
    let refused = json!({"allowed": false, "reason": {"key": "externalDirectory.scim"}});
    let (status, rules) = bench.manage("GET", &bench.jane, "", None).await;
    assert_eq!(status, 200);
    for privilege in ["email.set", "lifecycle.enablement", "lifecycle.delete"] {
        assert_eq!(rules[privilege], refused, "{privilege}");
    }
    assert_eq!(rules["profile.write"]["name"], refused);
    assert_eq!(rules["privacy.set"]["reason"]["key"], "myselfOnly");
    let body = Some(json!({"email": "jane2@acme.example"}));
    let (status, error) = bench.manage("PUT", &bench.jane, "/email", body).await;
    assert_eq!((status, error), (403, json!({"key": "forbidden.action", "context": refused})));
    for verb in ["disable", "enable", "delete"] {
        assert_eq!(bench.manage("POST", &bench.jane, &format!("/lifecycle/{verb}"), None).await.0, 403);
    }
    bench.tenant(|t| t.switches.delete_refused_while_linked = false);
    assert_eq!(bench.manage("POST", &bench.jane, "/lifecycle/delete", None).await.0, 200);
    bench.clean();
}

#[tokio::test]
async fn set_email_knows_claims_and_bearers_and_ends_sessions() {
    let bench = Bench::new().await;
    bench.tenant(|t| {
        t.unlink(&bench.record);
        t.add_account("bob@acme.example", "Bob")
    });
    let put = |email: &str| bench.manage("PUT", &bench.jane, "/email", Some(json!({"email": email})));
    let (status, error) = put("jane@other.example").await;
    let unclaimed = json!({"key": "forbidden.unclaimedDomain", "context": {"domain": "other.example"}});
    assert_eq!((status, error), (403, unclaimed));
    let (status, error) = put("BOB@acme.example").await;
    assert_eq!((status, &error["key"]), (400, &json!("fieldConstraintsViolated")));
    assert_eq!(put("not an address").await.0, 400);
    assert_eq!(bench.tenant(|t| t.accounts[&bench.jane].email.clone()), "Jane@acme.example");
    assert_eq!(put("parked@acme.example").await, (204, serde_json::Value::Null));
    let (email, sessions) =
        bench.tenant(|t| (t.accounts[&bench.jane].email.clone(), t.accounts[&bench.jane].sessions));
    assert_eq!((email.as_str(), sessions), ("parked@acme.example", 0));
    bench.clean();
    let (status, _) =
        bench.manage("PUT", &bench.jane, "/email", Some(json!({"email": "a@b.c", "x": 1}))).await;
    assert_eq!((status, bench.wire.faults().len()), (400, 1));
}

#[tokio::test]
async fn a_deletion_is_fourteen_days_and_keeps_the_address() {
    let bench = Bench::new().await;
    let bob = bench.tenant(|t| t.add_account("bob@acme.example", "Bob"));
    bench.tenant(|t| t.accounts.get_mut(&bob).unwrap().contributions = 4200);
    let (status, body) = bench.manage("POST", &bob, "/lifecycle/delete", None).await;
    assert_eq!((status, body), (200, json!({"message": "Success"})));
    let (_, found) = bench.people(json!({"emails": ["bob@acme.example"]})).await;
    assert_eq!(
        (&found["data"][0]["status"], &found["data"][0]["forDeletion"]),
        (&json!("for_deletion"), &json!(true))
    );
    let (status, _) = bench.manage("PUT", &bob, "/email", Some(json!({"email": "b2@acme.example"}))).await;
    assert_eq!(status, 403, "cancel, then change, then delete again");
    assert_eq!(bench.manage("POST", &bob, "/lifecycle/enable", None).await.0, 403, "cancel first");
    assert_eq!(bench.manage("POST", &bob, "/lifecycle/cancel-delete", None).await.0, 200);
    assert_eq!(bench.tenant(|t| t.accounts[&bob].status), Status::Active);
    bench.manage("POST", &bob, "/lifecycle/delete", None).await;
    bench.tenant(|t| t.advance(SignedDuration::from_hours(14 * 24)));
    assert_eq!(bench.manage("GET", &bob, "", None).await.0, 404);
    let account = bench.tenant(|t| t.accounts[&bob].clone());
    assert_eq!(
        (account.display_name(), account.contributions, account.email.as_str()),
        ("Former user", 4200, "")
    );
    bench.clean();
}

#[tokio::test]
async fn keys_open_their_own_family_only() {
    let bench = Bench::new().await;
    let manage = format!("/users/{}/manage", bench.jane);
    let (status, error) = bench.call("scoped-key", "GET", &manage, None).await;
    assert_eq!((status, error.to_string().contains("manage:org")), (403, true));
    assert_eq!(bench.call("expired", "GET", &manage, None).await, (401, json!({"key": "unauthorized"})));
    bench.clean();
    assert_eq!(bench.call(SCIM, "GET", &manage, None).await, (401, json!({"key": "unauthorized"})));
    let (status, error) = bench.call(KEY, "GET", &format!("/scim/directory/{DIR}/Users"), None).await;
    assert_eq!((status, error["traceId"].is_string()), (401, true));
    assert_eq!(error["error"], format!("Not authorized to access : scim/directory/{DIR}/Users"));
    let unauthorized = (401, json!({"code": 401, "message": "Unauthorized"}));
    assert_eq!(bench.call(SCIM, "GET", "/admin/v1/orgs", None).await, unauthorized);
    let links = Bench::links(&format!("user/{}/get-scim-links", bench.jane));
    assert_eq!(bench.call(SCIM, "GET", &links, None).await, unauthorized);
    assert_eq!(bench.wire.faults().len(), 4, "a wrong key is a fault, an expired one is not");
}

#[tokio::test]
async fn the_administrator_and_strangers_are_refused() {
    let bench = Bench::new().await;
    let (admin, stranger) = bench.tenant(|t| {
        let admin = t.add_account("admin@acme.example", "Admin");
        t.key_owner = Some(admin.clone());
        (admin, t.add_account("x@other.example", "X"))
    });
    let (_, rules) = bench.manage("GET", &admin, "?privileges=lifecycle.delete", None).await;
    let own = json!({"lifecycle.delete": {"allowed": false, "reason": {"key": "administrative.notMyself"}}});
    assert_eq!(rules, own);
    assert_eq!(bench.manage("GET", &stranger, "", None).await, (403, json!({"key": "forbidden"})));
    assert_eq!(bench.manage("GET", "712020:none", "", None).await, (404, json!({"key": "accountNotFound"})));
}

#[tokio::test]
async fn privileges_are_asked_in_the_way_the_switch_says() {
    use PrivilegesQuery::{Both, Comma, Repeated};
    let bench = Bench::new().await;
    let (list, pair) =
        ("?privileges=email.set,lifecycle.delete", "?privileges=email.set&privileges=lifecycle.delete");
    for (switch, query, status) in [
        (Both, list, 200),
        (Both, pair, 200),
        (Repeated, list, 400),
        (Repeated, pair, 200),
        (Comma, list, 200),
        (Comma, pair, 400),
    ] {
        bench.tenant(|t| t.switches.privileges_query = switch);
        let (got, rules) = bench.manage("GET", &bench.jane, query, None).await;
        assert_eq!(got, status, "{switch:?} {query}");
        assert!(status == 400 || rules.as_object().unwrap().len() == 2);
    }
}

#[tokio::test]
async fn a_blocked_account_is_neither_deleted_nor_deactivated() {
    let bench = Bench::new().await;
    let bob = bench.tenant(|t| t.add_account("bob@acme.example", "Bob"));
    bench.tenant(|t| t.accounts.get_mut(&bob).unwrap().blocked_by = Some("siteOwner".into()));
    let (status, error) = bench.manage("POST", &bob, "/lifecycle/delete", None).await;
    assert_eq!((status, &error["context"]["errorCodes"][0]["code"]), (409, &json!("siteOwner")));
    assert_eq!(bench.tenant(|t| t.accounts[&bob].status), Status::Active);
}

#[tokio::test]
async fn whether_forgetting_deactivates_is_a_switch() {
    let bench = Bench::new().await;
    let forget = Bench::links(&format!("user/{}/onlyDeleteUserInDB", bench.jane));
    assert_eq!(bench.call("scoped-key", "DELETE", &forget, None).await.0, 403);
    assert_eq!(bench.tenant(|t| t.scim_users.len()), 1);
    assert_eq!(bench.call(KEY, "DELETE", &forget, None).await.0, 204);
    assert_eq!(bench.tenant(|t| t.accounts[&bench.jane].status), Status::Inactive);
}

#[tokio::test]
async fn an_account_can_be_deactivated_and_activated_by_hand_once_unlinked() {
    let bench = Bench::new().await;
    bench.tenant(|t| t.unlink(&bench.record));
    let said = Some(json!({"message": "left"}));
    assert_eq!(bench.manage("POST", &bench.jane, "/lifecycle/disable", said).await.0, 204);
    let (_, shown) = bench.manage("GET", &bench.jane, "/profile", None).await;
    assert_eq!(shown["account"]["account_status"], "inactive");
    assert_eq!(bench.manage("POST", &bench.jane, "/lifecycle/enable", None).await.0, 204);
    assert_eq!(bench.tenant(|t| t.accounts[&bench.jane].status), Status::Active);
    bench.clean();
}

#[tokio::test]
async fn unlink_leaves_an_orphan_and_forget_leaves_the_account() {
    let bench = Bench::new().await;
    let by_email = Bench::links("get-scim-links-for-email");
    let ask = || bench.call(KEY, "POST", &by_email, Some(json!({"email": "JANE@acme.example"})));
    let link = json!({"scimUserId": bench.record, "atlassianAccountId": bench.jane, "orgId": super::ORG, "directoryId": DIR});
    assert_eq!(ask().await, (200, json!({"scimLinks": [link]})));
    let unlink = Bench::links(&format!("scimDirectoryId/{DIR}/scimUserId/{}/unlink", bench.record));
    assert_eq!(bench.call(KEY, "PATCH", &unlink, None).await.0, 204);
    let (_, links) = ask().await;
    assert_eq!(links["scimLinks"][0]["atlassianAccountId"], serde_json::Value::Null);
    assert!(bench.groups(&bench.jane).is_empty() && bench.did("SCIM_USER_UNLINKED_FROM_AA"));
    bench.tenant(|t| t.scim_users.get_mut(&bench.record).unwrap().account = Some(bench.jane.clone()));
    bench.tenant(|t| (t.switches.link_write_status, t.switches.forget_keeps_active) = (200, true));
    let forget = Bench::links(&format!("user/{}/onlyDeleteUserInDB", bench.jane));
    assert_eq!(bench.call(KEY, "DELETE", &forget, None).await.0, 200);
    assert_eq!(ask().await.1, json!({"scimLinks": []}));
    assert_eq!(bench.tenant(|t| t.accounts[&bench.jane].status), Status::Active);
    let (_, rules) = bench.manage("GET", &bench.jane, "", None).await;
    assert_eq!(rules["email.set"], json!({"allowed": true}));
    bench.clean();
}
