//! The Organizations API: searches, cursors, members, seats, events, and the call from the forum.

use serde_json::{Value, json};

use super::{Bench, KEY, ORG};
use crate::atlassian::{Membership, Status};

fn v1(path: &str) -> String {
    format!("/admin/v1/orgs/{ORG}/{path}")
}

fn v2(path: &str) -> String {
    format!("/admin/v2/orgs/{ORG}/directories/-/{path}")
}

fn code(error: &Value) -> &str {
    assert!(error["errors"][0]["status"].is_string());
    error["errors"][0]["code"].as_str().unwrap()
}

#[tokio::test]
async fn the_forums_call_does_not_exist_and_its_path_removes_people() {
    let bench = Bench::new().await;
    let path = v1(&format!("directory/users/{}", bench.jane));
    let (status, error) = bench.call(KEY, "PATCH", &path, Some(json!({"email": "a@acme.example"}))).await;
    assert_eq!((status, code(&error)), (405, "ADMIN-405-1"));
    assert_eq!((bench.wire.faults().len(), bench.groups(&bench.jane).len()), (1, 1));
    assert_eq!(bench.call(KEY, "DELETE", &path, None).await.0, 204);
    assert!(bench.groups(&bench.jane).is_empty());
    assert!(bench.wire.faults()[1].contains("harmful"));
    let (_, found) = bench.people(json!({"accountIds": [bench.jane]})).await;
    assert_eq!(found["data"][0]["status"], "not_invited");
    let (status, _) = bench.call(KEY, "POST", &v1("users/search"), Some(json!({}))).await;
    assert_eq!(status, 410);
    assert_eq!(bench.call(KEY, "DELETE", &v2(&format!("users/{}", bench.jane)), None).await.0, 204);
    assert!(bench.wire.faults()[3].contains("harmful"));
}

#[tokio::test]
async fn a_person_is_shown_with_the_composite_status() {
    let bench = Bench::new().await;
    let body =
        json!({"emails": ["JANE@ACME.EXAMPLE"], "expand": ["groups", "platformRoles", "productAccess"]});
    let show = || bench.people(body.clone());
    assert_eq!(show().await.1["data"], json!([]), "not documented, so the case counts");
    bench.tenant(|t| t.switches.emails_ignore_case = true);
    let (status, found) = show().await;
    let jane = &found["data"][0];
    assert_eq!(
        (status, &jane["accountId"], &jane["managementSource"]),
        (200, &json!(bench.jane), &json!("synced"))
    );
    assert_eq!((&jane["groups"][0]["name"], &jane["deactivatedOn"]), (&json!("jira-users"), &Value::Null));
    assert_eq!((&jane["status"], &jane["membershipStatus"]), (&json!("active"), &json!("active")));
    bench.tenant(|t| t.accounts.get_mut(&bench.jane).unwrap().membership = Membership::Suspended);
    assert_eq!(show().await.1["data"][0]["status"], "suspended");
    bench.tenant(|t| t.accounts.get_mut(&bench.jane).unwrap().status = Status::Inactive);
    assert_eq!(show().await.1["data"][0]["status"], "deactivated");
    let (_, bare) = bench.people(json!({"searchTerm": "jane"})).await;
    assert!(bare["data"][0].get("groups").is_none(), "only what was expanded");
    bench.clean();
}

#[tokio::test]
async fn malformed_searches_are_refused() {
    let bench = Bench::new().await;
    let eleven: Vec<String> = (0..11).map(|n| format!("{n}@acme.example")).collect();
    let bad = [
        json!({"email": "jane@acme.example"}),
        json!({"emails": ["a@acme.example"], "searchTerm": "a"}),
        json!({"emails": eleven}),
        json!({"emails": []}),
        json!({"expand": ["group"]}),
        json!({"limit": 101}),
    ];
    for body in &bad {
        let (status, error) = bench.people(body.clone()).await;
        assert_eq!((status, code(&error)), (400, "ADMIN-400-24"), "{body}");
    }
    assert_eq!(bench.wire.faults().len(), bad.len());
    let body = json!({"groupNames": ["a"], "searchTerm": "a"});
    assert_eq!(bench.call(KEY, "POST", &v2("groups/search"), Some(body)).await.0, 400);
}

#[tokio::test]
async fn cursors_are_opaque_and_must_be_encoded() {
    let bench = Bench::new().await;
    bench.tenant(|t| (0..6).for_each(|n| drop(t.add_account(&format!("p{n}@acme.example"), "P"))));
    let mut seen = Vec::new();
    let mut body = json!({"limit": 3, "claimStatus": "managed"});
    loop {
        let (_, page) = bench.people(body).await;
        seen.extend(page["data"].as_array().unwrap().iter().map(|p| p["accountId"].to_string()));
        let Some(cursor) = page["links"]["next"].as_str() else { break };
        assert!(cursor.contains('/') && cursor.contains('+'));
        body = json!({"cursor": cursor});
    }
    let all = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!((all, seen.len()), (7, 7));
    bench.tenant(|t| t.switches.v1_page_size = 5);
    let (_, first) = bench.call(KEY, "GET", &v1("users"), None).await;
    assert_eq!((&first["meta"]["total"], first["data"].as_array().unwrap().len()), (&json!(7), 5));
    let next = first["links"]["next"].as_str().unwrap();
    let query = next.split_once('?').unwrap().1;
    let (_, second) = bench.call(KEY, "GET", &v1(&format!("users?{query}")), None).await;
    assert_eq!((second["data"].as_array().unwrap().len(), &second["links"]["next"]), (2, &Value::Null));
    bench.clean();
    let raw = query.replace("%2B", "+").replace("%2F", "/");
    let (status, error) = bench.call(KEY, "GET", &v1(&format!("users?{raw}")), None).await;
    assert_eq!((status, code(&error)), (400, "ADMIN-400-1"));
}

#[tokio::test]
async fn members_of_synced_groups_belong_to_the_identity_provider() {
    let bench = Bench::new().await;
    let synced = bench.tenant(|t| t.groups.keys().next().unwrap().clone());
    let local = bench.tenant(|t| t.add_group("local", false, &[(&bench.jira, "atlassian/user")]));
    let members = |group: &str| v2(&format!("groups/{group}/memberships"));
    let add = |group: &str| {
        let path = members(group);
        let body = json!({"accountId": bench.jane});
        let bench = &bench;
        async move { bench.call(KEY, "POST", &path, Some(body)).await }
    };
    let (status, error) = add(&synced).await;
    assert_eq!((status, code(&error)), (403, "ADMIN-403-5"));
    bench.tenant(|t| t.workspaces[0].usage = Some(100));
    let (status, error) = add(&local).await;
    assert_eq!((status, code(&error)), (409, "ADMIN-409-3"));
    bench.tenant(|t| t.workspaces[0].usage = Some(99));
    assert_eq!(add(&local).await.0, 204);
    let (status, error) = add(&local).await;
    assert_eq!((status, code(&error)), (409, "ADMIN-409-28"));
    assert!(error["errors"][0]["detail"].as_str().unwrap().contains("already"));
    assert_eq!(bench.groups(&bench.jane), ["jira-users", "local"]);
    let (_, found) =
        bench.call(KEY, "POST", &v2("groups/search"), Some(json!({"groupNames": ["JIRA-users"]}))).await;
    let group = &found["data"][0];
    assert_eq!((&group["externalSynced"], &group["managedBy"]), (&json!(true), &json!("external")));
    let one = format!("{}/{}", members(&local), bench.jane);
    assert_eq!(bench.call(KEY, "DELETE", &one, None).await.0, 204);
    assert_eq!(bench.call(KEY, "DELETE", &one, None).await.0, 404);
    bench.clean();
}

/// A path of the first user directory.
fn in_directory(bench: &Bench, path: &str) -> String {
    let id = bench.tenant(|t| t.directory_id.clone());
    format!("/admin/v2/orgs/{ORG}/directories/{id}/{path}")
}

#[tokio::test]
async fn suspend_keeps_groups_and_restore_needs_a_seat() {
    let bench = Bench::new().await;
    let path = |verb: &str| in_directory(&bench, &format!("users/{}/{verb}", bench.jane));
    assert_eq!(bench.call(KEY, "POST", &path("suspend"), None).await.0, 204);
    assert_eq!(bench.groups(&bench.jane), ["jira-users"]);
    let (_, roles) = bench.call(KEY, "GET", &path("role-assignments"), None).await;
    assert_eq!(roles["data"][0]["userDirectoryStatus"], "suspended");
    bench.tenant(|t| t.workspaces[0].usage = Some(100));
    let (status, error) = bench.call(KEY, "POST", &path("restore"), None).await;
    assert_eq!((status, code(&error)), (409, "ADMIN-409-3"));
    bench.tenant(|t| t.workspaces[0].usage = Some(9));
    assert_eq!(bench.call(KEY, "POST", &path("restore"), None).await.0, 204);
    let (_, roles) = bench.call(KEY, "GET", &path("role-assignments"), None).await;
    assert_eq!(
        roles["data"][0]["roleAssignments"],
        json!([{"role": "atlassian/user", "roleAssignmentMethods": ["group_direct"]}])
    );
    assert_eq!(roles["data"][0]["userDirectoryStatus"], "active");
    bench.clean();
}

#[tokio::test]
async fn events_are_lower_case_and_ten_a_minute() {
    let bench = Bench::new().await;
    let path = in_directory(&bench, &format!("users/{}/suspend", bench.jane));
    bench.call(KEY, "POST", &path, None).await;
    let (status, log) = bench.call(KEY, "GET", &v1("events?limit=5"), None).await;
    assert_eq!((status, &log["data"][0]["attributes"]["action"]), (200, &json!("user_disabled_org_access")));
    for _ in 0..9 {
        assert_eq!(bench.call(KEY, "GET", &v1("events"), None).await.0, 200);
    }
    let url = format!("{}{}", bench.server.url(), v1("events"));
    let response = bench.client.get(url).bearer_auth(KEY).send().await.unwrap();
    assert_eq!(response.status().as_u16(), 429);
    let reset = response.headers()["x-ratelimit-reset"].to_str().unwrap();
    assert!(reset.parse::<jiff::Timestamp>().is_ok(), "an instant, not seconds: {reset}");
    assert_eq!(response.json::<Value>().await.unwrap(), json!({"code": 429, "message": "Too Many Requests"}));
    bench.clean();
}

#[tokio::test]
async fn the_small_reads_have_their_documented_shapes() {
    let bench = Bench::new().await;
    bench.tenant(|t| t.last_active(&bench.jane, &bench.jira, "2026-10-02"));
    let (_, seen) =
        bench.call(KEY, "GET", &v1(&format!("directory/users/{}/last-active-dates", bench.jane)), None).await;
    assert_eq!(seen["data"]["product_access"][0]["last_active"], "2026-10-02");
    let (_, domains) = bench.call(KEY, "GET", &v1("domains"), None).await;
    assert_eq!(domains["data"][0]["attributes"]["claim"], json!({"type": "dns", "status": "verified"}));
    let body =
        json!({"query": {"and": [{"field": {"name": "attributes.type", "values": ["jira-software"]}}]}});
    let (_, found) = bench.call(KEY, "POST", &format!("/admin/v2/orgs/{ORG}/workspaces"), Some(body)).await;
    assert_eq!(
        (&found["data"][0]["id"], &found["data"][0]["attributes"]["capacity"]),
        (&json!(bench.jira), &json!(100))
    );
    let encoded = bench.jane.replace(':', "%3A");
    let (status, one) = bench.call(KEY, "GET", &v2(&format!("users/{encoded}")), None).await;
    assert_eq!((status, &one["data"]["accountId"]), (200, &json!(bench.jane)));
    let (status, _) = bench.call("scoped-key", "GET", &v1("users"), None).await;
    assert_eq!(status, 200);
    bench.clean();
    assert_eq!(bench.call(KEY, "GET", &v1("nonsense"), None).await.0, 404);
    assert_eq!(bench.wire.faults().len(), 1);
}

#[tokio::test]
async fn two_ways_to_the_same_state_look_the_same() {
    let (one, two) = (Bench::new().await, Bench::new().await);
    assert_eq!(one.tenant(|t| t.snapshot()), two.tenant(|t| t.snapshot()));
    for bench in [&one, &two] {
        bench.tenant(|t| t.switches.forget_keeps_active = true);
        bench
            .call(KEY, "DELETE", &Bench::links(&format!("user/{}/onlyDeleteUserInDB", bench.jane)), None)
            .await;
    }
    two.scim("GET", "Users", None).await;
    assert_eq!(one.tenant(|t| t.snapshot()), two.tenant(|t| t.snapshot()));
    one.scim("POST", "Users", Some(super::user("jane@acme.example", "entra-jane"))).await;
    assert_ne!(one.tenant(|t| t.snapshot()), two.tenant(|t| t.snapshot()));
    let text = one.tenant(|t| t.snapshot().to_string());
    assert!(!text.contains("2026-"), "a snapshot has no times");
}

#[tokio::test]
async fn a_write_names_one_directory_and_the_dash_is_for_reading() {
    let bench = Bench::new().await;
    let dash = |verb: &str| v2(&format!("users/{}/{verb}", bench.jane));
    for verb in ["suspend", "restore"] {
        let (status, error) = bench.call(KEY, "POST", &dash(verb), None).await;
        assert_eq!((status, code(&error)), (404, "ADMIN-404-1"), "{verb}");
    }
    assert_eq!(bench.wire.faults().len(), 2);
    bench.tenant(|t| t.switches.dash_writes = true);
    assert_eq!(bench.call(KEY, "POST", &dash("suspend"), None).await.0, 204);
    let standing = || bench.tenant(|t| t.accounts[&bench.jane].membership);
    assert_eq!(standing(), Membership::Suspended);
    assert_eq!(bench.call(KEY, "POST", &dash("restore"), None).await.0, 204);
    assert_eq!(standing(), Membership::Active);
}

#[tokio::test]
async fn an_account_is_suspended_only_where_it_is_so_in_every_directory() {
    let bench = Bench::new().await;
    let second = bench.tenant(|t| {
        let id = t.add_user_directory("Second");
        t.put_in(&bench.jane, &id, Membership::Active);
        id
    });
    let there = |path: &str| format!("/admin/v2/orgs/{ORG}/directories/{second}/{path}");
    let status = async || {
        let (_, found) = bench.people(json!({"accountIds": [bench.jane]})).await;
        found["data"][0]["membershipStatus"].as_str().unwrap().to_owned()
    };
    let path = in_directory(&bench, &format!("users/{}/suspend", bench.jane));
    assert_eq!(bench.call(KEY, "POST", &path, None).await.0, 204);
    assert_eq!(status().await, "active", "suspended in one of two");
    let (_, roles) =
        bench.call(KEY, "GET", &v2(&format!("users/{}/role-assignments", bench.jane)), None).await;
    assert_eq!(roles["data"][0]["userDirectoryStatus"], "suspended");
    let path = there(&format!("users/{}/suspend", bench.jane));
    assert_eq!(bench.call(KEY, "POST", &path, None).await.0, 204);
    assert_eq!(status().await, "suspended");
    let path = there(&format!("users/{}/restore", bench.jane));
    assert_eq!(bench.call(KEY, "POST", &path, None).await.0, 204);
    assert_eq!(status().await, "active");
    assert_eq!(bench.tenant(|t| t.accounts[&bench.jane].membership), Membership::Suspended);
    let url = format!("/admin/v2/orgs/{ORG}/directories?accountId={}", bench.jane.replace(':', "%3A"));
    let (_, both) = bench.call(KEY, "GET", &url, None).await;
    assert_eq!(both["data"].as_array().unwrap().len(), 2);
    // In the path of one directory, the status is either that of all directories together or of this one.
    let suspended = json!({"membershipStatus": ["suspended"]});
    let in_first = in_directory(&bench, "users/search");
    let found = async || bench.call(KEY, "POST", &in_first, Some(suspended.clone())).await.1;
    assert_eq!(found().await["data"], json!([]));
    bench.tenant(|t| t.switches.membership_of_scope = true);
    assert_eq!(found().await["data"][0]["accountId"], json!(bench.jane));
    bench.clean();
}

#[tokio::test]
async fn a_cursor_of_a_search_says_where_to_go_on_and_not_what_was_asked() {
    let bench = Bench::new().await;
    bench.tenant(|t| (0..3).for_each(|n| drop(t.add_account(&format!("p{n}@acme.example"), "P"))));
    let body = json!({"limit": 2, "expand": ["groups"]});
    let (_, first) = bench.people(body.clone()).await;
    let cursor = first["links"]["next"].as_str().unwrap();
    let shown = async |body: Value| bench.people(body).await.1["data"][0].get("groups").is_some();
    assert!(!shown(json!({"cursor": cursor, "limit": 2})).await);
    let mut again = body;
    again["cursor"] = json!(cursor);
    assert!(shown(again).await);
    bench.tenant(|t| t.switches.cursor_holds_search = true);
    assert!(shown(json!({"cursor": cursor})).await);
    bench.clean();
}

#[tokio::test]
async fn product_access_is_the_last_use_and_no_role() {
    let bench = Bench::new().await;
    let shown = async || {
        let body = json!({"accountIds": [bench.jane], "expand": ["productAccess"]});
        bench.people(body).await.1["data"][0]["productAccess"].clone()
    };
    assert_eq!(shown().await, json!([]), "she has a role, and never came");
    bench.tenant(|t| t.switches.unused_apps_listed = true);
    assert_eq!(
        shown().await,
        json!([{"key": "jira-software", "id": bench.jira, "lastActiveTimestamp": null}])
    );
    bench.tenant(|t| t.last_active(&bench.jane, &bench.jira, "2026-10-02"));
    bench.tenant(|t| t.groups.values_mut().for_each(|group| group.grants.clear()));
    assert_eq!(shown().await[0]["lastActiveTimestamp"], "2026-10-02T12:00:00.000Z");
    bench.clean();
}

#[tokio::test]
async fn a_search_over_all_directories_may_list_no_groups_and_one_of_a_directory_does() {
    let bench = Bench::new().await;
    let body = json!({"accountIds": [bench.jane], "expand": ["groups"]});
    assert_eq!(bench.people(body.clone()).await.1["data"][0]["groups"][0]["name"], "jira-users");
    bench.tenant(|t| t.switches.dash_groups = false);
    assert_eq!(bench.people(body.clone()).await.1["data"][0]["groups"], json!([]));
    let directory = bench.tenant(|t| t.directory_id.clone());
    let path = format!("/admin/v2/orgs/{ORG}/directories/{directory}/users/search");
    let (_, found) = bench.call(KEY, "POST", &path, Some(body)).await;
    assert_eq!(found["data"][0]["groups"][0]["name"], "jira-users");
    bench.clean();
}

#[tokio::test]
async fn the_original_user_management_lacks_three_calls() {
    let bench = Bench::new().await;
    bench.tenant(|t| t.switches.original_user_management = true);
    let last = v1(&format!("directory/users/{}/last-active-dates", bench.jane));
    let (status, body) = bench.call(KEY, "GET", &last, None).await;
    assert_eq!((status, &body["errors"][0]["code"]), (400, &json!("ADMIN-400-4")));
    let directory = bench.tenant(|t| t.directory_id.clone());
    for verb in ["suspend", "restore"] {
        let path = format!("/admin/v2/orgs/{ORG}/directories/{directory}/users/{}/{verb}", bench.jane);
        assert_eq!(bench.call(KEY, "POST", &path, None).await.0, 400);
    }
    bench.clean();
}
