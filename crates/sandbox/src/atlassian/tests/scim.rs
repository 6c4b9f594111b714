//! SCIM: links, conflicts, unlinking, groups.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::json;

use super::{Bench, DIR, patch, user};
use crate::atlassian::{ManagedBy, Status};

const EXTERNAL: &str = "urn:scim:schemas:extension:atlassian-external:1.0";

#[tokio::test]
async fn a_new_record_links_to_the_managed_account_that_bears_its_address() {
    let bench = Bench::new().await;
    let bob = bench.tenant(|t| t.add_account("bob@acme.example", "Bob"));
    let (status, made) = bench.scim("POST", "Users", Some(user("BOB@acme.example", "entra-bob"))).await;
    assert_eq!((status, &made[EXTERNAL]["atlassianAccountId"]), (201, &json!(bob)));
    assert!(bench.did("SCIM_USER_LINKED_TO_AA"));
    let (_, found) = bench.scim("GET", "Users?filter=externalId%20eq%20%22entra-bob%22", None).await;
    assert_eq!((&found["totalResults"], &found["Resources"][0]["id"]), (&json!(1), &made["id"]));
    bench.clean();
}

#[tokio::test]
async fn an_address_that_nobody_bears_becomes_a_new_account_only_on_our_domain() {
    let bench = Bench::new().await;
    let (_, ours) = bench.scim("POST", "Users", Some(user("new@acme.example", "n1"))).await;
    assert!(ours[EXTERNAL]["atlassianAccountId"].as_str().unwrap().starts_with("712020:"));
    let (status, outside) = bench.scim("POST", "Users", Some(user("new@other.example", "n2"))).await;
    assert_eq!((status, outside.get(EXTERNAL)), (201, None));
    assert!(bench.did("SCIM_UNMANAGED_USER_CREATED"));
}

#[tokio::test]
async fn an_account_of_another_organization_is_never_linked() {
    let bench = Bench::new().await;
    let theirs = bench.tenant(|t| t.add_account("x@acme.example", "X"));
    bench.tenant(|t| t.accounts.get_mut(&theirs).unwrap().managed_by = ManagedBy::Another);
    let (status, made) = bench.scim("POST", "Users", Some(user("x@acme.example", "x"))).await;
    assert_eq!((status, made.get(EXTERNAL)), (201, None));
}

#[tokio::test]
async fn each_of_the_three_names_is_unique_in_a_directory() {
    let bench = Bench::new().await;
    let cases = [
        (user("jane@ACME.example", "other"), "email[jane@ACME.example]"),
        (
            json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "JANE@acme.example",
                   "emails": [{"value": "j2@acme.example", "primary": true}]}),
            "userName[JANE@acme.example]",
        ),
        (user("j3@acme.example", "entra-jane"), "externalId[entra-jane]"),
    ];
    for (body, what) in cases {
        let (status, error) = bench.scim("POST", "Users", Some(body)).await;
        let detail = format!("Resource [USER]: with {what} already exists.");
        assert_eq!((status, &error["detail"]), (409, &json!(detail)));
        assert_eq!((&error["scimType"], &error["status"]), (&json!("uniqueness"), &json!("409")));
    }
    assert_eq!(bench.tenant(|t| t.scim_users.len()), 1);
}

#[tokio::test]
async fn an_account_pending_deletion_still_holds_its_address_until_it_is_closed() {
    let bench = Bench::new().await;
    let bob = bench.tenant(|t| t.add_account("bob@acme.example", "Bob"));
    bench.tenant(|t| t.schedule_deletion(&bob));
    let (status, _) = bench.scim("POST", "Users", Some(user("bob@acme.example", "b"))).await;
    assert_eq!(status, 409);
    bench.tenant(|t| t.advance(SignedDuration::from_hours(15 * 24)));
    let (status, made) = bench.scim("POST", "Users", Some(user("bob@acme.example", "b"))).await;
    assert_eq!(status, 201);
    assert_ne!(made[EXTERNAL]["atlassianAccountId"], json!(bob));
    assert_eq!(bench.tenant(|t| t.accounts[&bob].display_name().to_owned()), "Former user");
}

#[tokio::test]
async fn whether_a_deactivated_account_is_linked_is_a_switch() {
    for (allowed, expected) in [(true, 201), (false, 409)] {
        let bench = Bench::new().await;
        let bob = bench.tenant(|t| t.add_account("bob@acme.example", "Bob"));
        bench.tenant(|t| {
            t.accounts.get_mut(&bob).unwrap().status = Status::Inactive;
            t.switches.create_links_inactive = allowed;
        });
        let (status, _) = bench.scim("POST", "Users", Some(user("bob@acme.example", "b"))).await;
        assert_eq!(status, expected);
    }
}

#[tokio::test]
async fn moving_an_address_conflicts_moves_or_unlinks() {
    let bench = Bench::new().await;
    bench.tenant(|t| t.add_account("taken@acme.example", "T"));
    let path = format!("Users/{}", bench.record);
    let to = |email: &str| {
        patch(&json!([{"op": "Replace", "path": "emails[type eq \"work\"].value", "value": email}]))
    };
    let (status, error) = bench.scim("PATCH", &path, Some(to("TAKEN@acme.example"))).await;
    assert_eq!(status, 409);
    assert_eq!(error["detail"], "Resource [USER]: with email[TAKEN@acme.example] already exists.");
    let (status, _) = bench.scim("PATCH", &path, Some(to("j.doe@acme.example"))).await;
    assert_eq!(
        (status, bench.tenant(|t| t.accounts[&bench.jane].email.clone())),
        (200, "j.doe@acme.example".into())
    );
    assert!(bench.did("EMAIL_CHANGE"));
    let (status, shown) = bench.scim("PATCH", &path, Some(to("jane@elsewhere.example"))).await;
    assert_eq!((status, shown.get(EXTERNAL)), (200, None), "success, yet unlinked");
    assert_eq!(shown["groups"][0]["display"], "jira-users", "the record keeps its groups");
    assert!(bench.groups(&bench.jane).is_empty(), "the account does not");
    assert_eq!(bench.tenant(|t| t.accounts[&bench.jane].email.clone()), "j.doe@acme.example");
    // When the addresses match again, no group comes back, even if the record is linked again (ACCESS-1737).
    bench.tenant(|t| t.switches.relink_on_update = true);
    let (_, shown) = bench.scim("PATCH", &path, Some(to("j.doe@acme.example"))).await;
    assert_eq!(shown[EXTERNAL]["atlassianAccountId"], json!(bench.jane));
    assert!(bench.groups(&bench.jane).is_empty());
    bench.clean();
}

#[tokio::test]
async fn an_update_of_an_orphan_links_it_to_whoever_bears_its_address_unless_switched_off() {
    for relink in [true, false] {
        let bench = Bench::new().await;
        bench.tenant(|t| {
            t.unlink(&bench.record);
            t.switches.relink_on_update = relink;
        });
        let path = format!("Users/{}", bench.record);
        let body = patch(&json!([{"op": "replace", "value": {"displayName": "Jane D."}}]));
        let (status, shown) = bench.scim("PATCH", &path, Some(body)).await;
        assert_eq!((status, shown.get(EXTERNAL).is_some()), (200, relink));
    }
}

#[tokio::test]
async fn active_false_as_entra_sends_it_deactivates_and_keeps_the_link() {
    let bench = Bench::new().await;
    let path = format!("Users/{}", bench.record);
    let set = |flag| {
        json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                            "operations": [{"op": "Replace", "path": "active", "value": flag}]})
    };
    let (status, shown) = bench.scim("PATCH", &path, Some(set("False"))).await;
    assert_eq!((status, &shown["active"]), (200, &json!(false)));
    assert_eq!(shown[EXTERNAL]["atlassianAccountId"], json!(bench.jane));
    assert_eq!(bench.tenant(|t| t.accounts[&bench.jane].status), Status::Inactive);
    bench.scim("PATCH", &path, Some(set("True"))).await;
    assert_eq!(bench.tenant(|t| t.accounts[&bench.jane].status), Status::Active);
    assert_eq!(bench.groups(&bench.jane), ["jira-users"]);
}

#[tokio::test]
async fn put_replaces_everything_that_was_there() {
    let bench = Bench::new().await;
    let path = format!("Users/{}", bench.record);
    let title = patch(&json!([{"op": "add", "path": "title", "value": "Engineer"}]));
    assert_eq!(bench.scim("PATCH", &path, Some(title)).await.1["title"], "Engineer");
    let (status, shown) = bench.scim("PUT", &path, Some(user("jane@acme.example", "new-id"))).await;
    assert_eq!((status, &shown["externalId"], shown.get("title")), (200, &json!("new-id"), None));
    assert_eq!(bench.tenant(|t| t.accounts[&bench.jane].name.clone()), "Somebody");
    bench.clean();
    let odd = patch(&json!([{"op": "add", "path": "shoeSize", "value": 43}]));
    assert_eq!(bench.scim("PATCH", &path, Some(odd)).await.0, 400);
    assert_eq!(bench.scim("PUT", &path, Some(json!({"userName": "x"}))).await.0, 400);
    assert_eq!(bench.scim("POST", &path, Some(user("a@acme.example", "a"))).await.0, 405);
    assert_eq!(bench.wire.faults().len(), 3);
}

#[tokio::test]
async fn two_directories_may_hold_the_same_person_and_each_has_its_own_key() {
    let bench = Bench::new().await;
    bench.tenant(|t| t.add_directory("other-dir", "other-key"));
    let users = "/scim/directory/other-dir/Users";
    let (status, made) =
        bench.call("other-key", "POST", users, Some(user("jane@acme.example", "entra-jane"))).await;
    assert_eq!((status, &made[EXTERNAL]["atlassianAccountId"]), (201, &json!(bench.jane)));
    assert_eq!(bench.tenant(|t| t.records_of(&bench.jane).len()), 2);
    bench.clean();
    assert_eq!(bench.call("other-key", "GET", &format!("/scim/directory/{DIR}/Users"), None).await.0, 401);
    let foreign = format!("/scim/directory/other-dir/Users/{}", bench.record);
    assert_eq!(bench.call("other-key", "GET", &foreign, None).await.0, 404);
}

#[tokio::test]
async fn delete_unlinks_and_deactivates() {
    let bench = Bench::new().await;
    let path = format!("Users/{}", bench.record);
    assert_eq!(bench.scim("DELETE", &path, None).await.0, 204);
    assert_eq!(bench.scim("GET", &path, None).await.0, 404);
    assert_eq!(bench.tenant(|t| t.accounts[&bench.jane].status), Status::Inactive);
    assert!(bench.groups(&bench.jane).is_empty());
}

#[tokio::test]
async fn only_the_documented_filters_are_understood() {
    let bench = Bench::new().await;
    let bad = ["emails[type eq \"work\"].value eq \"a\"", "userName co \"a\"", "userName eq jane"];
    for filter in bad {
        let query: String = url::form_urlencoded::byte_serialize(filter.as_bytes()).collect();
        let (status, error) = bench.scim("GET", &format!("Users?filter={query}"), None).await;
        assert_eq!((status, &error["scimType"]), (400, &json!("invalidFilter")), "{filter}");
    }
    assert_eq!(bench.wire.faults().len(), bad.len());
    let (_, found) =
        bench.scim("GET", "scim/Users?filter=userName+eq+%22JANE@acme.example%22&count=5", None).await;
    assert_eq!(
        (&found["totalResults"], &found["itemsPerPage"]),
        (&json!(1), &json!(5)),
        "Entra's base works too"
    );
}

#[tokio::test]
async fn lists_are_paged_by_start_index() {
    let bench = Bench::new().await;
    bench.tenant(|t| {
        (0..4).for_each(|n| drop(t.scim_record(DIR, &format!("u{n}@acme.example"), &format!("{n}"), None)))
    });
    let (_, first) = bench.scim("GET", "Users?startIndex=1&count=3", None).await;
    let (_, rest) = bench.scim("GET", "Users?startIndex=4&count=3", None).await;
    let count = |page: &serde_json::Value| page["Resources"].as_array().unwrap().len();
    assert_eq!((count(&first), count(&rest), &rest["totalResults"]), (3, 2, &json!(5)));
}

#[tokio::test]
async fn a_member_shows_in_the_organization_after_the_lag_and_again_when_sent_again() {
    let bench = Bench::new().await;
    bench.tenant(|t| t.switches.lag = Duration::from_secs(60));
    let group = bench.tenant(|t| t.scim_groups.keys().next().unwrap().clone());
    let path = format!("Groups/{group}");
    let change =
        |op: &str| patch(&json!([{"op": op, "path": "members", "value": [{"value": bench.record}]}]));
    let (status, shown) = bench.scim("PATCH", &path, Some(change("Remove"))).await;
    assert_eq!((status, &shown["members"]), (200, &json!([])));
    assert!(bench.groups(&bench.jane).is_empty());
    let (_, shown) = bench.scim("PATCH", &path, Some(change("Add"))).await;
    assert_eq!(shown["members"][0]["value"], json!(bench.record));
    assert!(bench.groups(&bench.jane).is_empty(), "SCIM has it, the organization not yet");
    bench.tenant(|t| t.advance(SignedDuration::from_secs(61)));
    bench.scim("GET", &path, None).await;
    assert_eq!(bench.groups(&bench.jane), ["jira-users"]);
    // After an unlink the same membership must be sent again.
    bench.tenant(|t| {
        t.switches.lag = Duration::ZERO;
        t.unlink(&bench.record);
        t.scim_users.get_mut(&bench.record).unwrap().account = Some(bench.jane.clone());
    });
    assert!(bench.groups(&bench.jane).is_empty());
    bench.scim("PATCH", &path, Some(change("add"))).await;
    assert_eq!(bench.groups(&bench.jane), ["jira-users"]);
    bench.clean();
}

#[tokio::test]
async fn groups_clash_keep_their_names_and_refuse_strangers() {
    let bench = Bench::new().await;
    bench.tenant(|t| {
        t.add_group("local", false, &[]);
        let default = t.add_group("defaults", false, &[(&bench.jira, "atlassian/user")]);
        t.groups.get_mut(&default).unwrap().grants[0].default_role = Some("atlassian/user".into());
    });
    let make =
        |name: &str| json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": name});
    for name in ["JIRA-users", "local"] {
        let (status, error) = bench.scim("POST", "Groups", Some(make(name))).await;
        assert_eq!(
            (status, &error["detail"]),
            (409, &json!("Resource [GROUP]: with displayName already exists."))
        );
    }
    let (status, made) = bench.scim("POST", "Groups", Some(make("defaults"))).await;
    assert_eq!(status, 201, "accepted, and never reaches the sites");
    assert_eq!(bench.scim("POST", "Groups", Some(make("Defaults"))).await.0, 409, "not twice");
    let path = format!("Groups/{}", made["id"].as_str().unwrap());
    let add = |id: &str| patch(&json!([{"op": "add", "path": "members", "value": [{"value": id}]}]));
    bench.scim("PATCH", &path, Some(add(&bench.record))).await;
    assert_eq!(bench.groups(&bench.jane), ["jira-users"]);
    assert_eq!(bench.scim("PATCH", &path, Some(add("nobody"))).await.0, 404);
    let rename = patch(&json!([{"op": "replace", "value": {"displayName": "renamed"}}]));
    let (status, shown) = bench.scim("PATCH", &path, Some(rename.clone())).await;
    assert_eq!((status, &shown["displayName"]), (200, &json!("defaults")));
    bench.tenant(|t| t.switches.rename_refused = true);
    assert_eq!(bench.scim("PATCH", &path, Some(rename)).await.0, 400);
}

#[tokio::test]
async fn without_a_seat_there_is_membership_and_no_role() {
    let bench = Bench::new().await;
    let bob = bench.tenant(|t| {
        t.workspaces[0].usage = t.workspaces[0].capacity;
        t.add_account("bob@acme.example", "Bob")
    });
    let record = bench.tenant(|t| t.scim_record(DIR, "bob@acme.example", "b", Some(&bob)));
    let group = bench.tenant(|t| t.scim_groups.keys().next().unwrap().clone());
    let add = patch(&json!([{"op": "add", "path": "members", "value": [{"value": record}]}]));
    bench.scim("PATCH", &format!("Groups/{group}"), Some(add)).await;
    let roles = |id: &str| bench.tenant(|t| t.snapshot()["accounts"][id].clone());
    assert_eq!(roles(&bob)["groups"], json!(["jira-users"]));
    assert_eq!(roles(&bob)["roles"], json!({}));
    assert_eq!(roles(&bench.jane)["roles"][&bench.jira], json!(["atlassian/user"]));
}
