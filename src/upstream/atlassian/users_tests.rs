use super::super::testing::org;
use super::*;
use crate::upstream::probe::{ok, status};

#[tokio::test]
async fn searches_name_ten_at_most_and_follow_cursors() {
    let (probe, org) = org(|seen, _| match seen.json().get("cursor").and_then(|c| c.as_str()) {
        None => ok(r#"{"data":[{"accountId":"712020:a","status":"brand_new","groups":[{"id":"g","name":"jira-users","description":null}],
            "forDeletion":null,"platformRoles":null,"email":null}],"links":{"next":"a/b+c"}}"#),
        Some(_) => ok(r#"{"data":[{"accountId":"b"}],"links":{"next":null}}"#),
    })
    .await;
    let emails: Vec<String> = (0..11).map(|n| format!("u{n}@x")).collect();
    let found = org.accounts_by_email(&emails).await.unwrap();
    assert_eq!(found.len(), 4);
    assert_eq!(found[0].groups.as_ref().unwrap()[0].name.as_deref(), Some("jira-users"));
    assert_eq!((found[0].status.as_deref(), found[0].email.as_deref()), (Some("brand_new"), None));
    assert_eq!(found[1].groups, None, "not said is not none");
    assert_eq!(probe.lines(), ["POST /at/admin/v2/orgs/o1/directories/-/users/search"; 4]);
    let body = probe.seen()[1].json();
    assert_eq!(body["emails"].as_array().unwrap().len(), 10);
    assert_eq!(body["cursor"], "a/b+c");
    assert_eq!(body["expand"], json!(["groups", "platformRoles"]));
    assert_eq!(probe.seen()[0].header("authorization"), "Bearer key");
    assert_eq!(org.accounts_by_id(&[]).await.unwrap(), [], "an empty filter would find everybody");
    assert_eq!(probe.seen().len(), 4);
}

#[tokio::test]
async fn a_repeated_cursor_ends_the_list() {
    let (probe, org) = org(|_, _| ok(r#"{"data":[{}],"links":{"next":"https://x/?cursor=same"}}"#)).await;
    assert_eq!(org.role_assignments("a:b").await.unwrap_err(), CallError::TooMany);
    assert_eq!(
        probe.lines(),
        [
            "GET /at/admin/v2/orgs/o1/directories/-/users/a%3Ab/role-assignments?limit=100",
            "GET /at/admin/v2/orgs/o1/directories/-/users/a%3Ab/role-assignments?limit=100&cursor=same",
        ]
    );
}

#[tokio::test]
async fn details_come_wrapped_or_bare_or_not_at_all() {
    let (_probe, org) = org(|seen, _| match seen.line.rsplit('/').next() {
        Some("in") => ok(r#"{"data":{"accountId":"in"}}"#),
        Some("bare") => ok(r#"{"accountId":"bare"}"#),
        _ => status(404, r#"{"errors":[{"status":"404","code":"ADMIN-404-8","title":"User not found"}]}"#),
    })
    .await;
    assert_eq!(org.account("in").await.unwrap().unwrap().account_id.as_deref(), Some("in"));
    assert_eq!(org.account("bare").await.unwrap().unwrap().account_id.as_deref(), Some("bare"));
    assert_eq!(org.account("no").await.unwrap(), None);
    assert!(matches!(org.account("..").await, Err(CallError::Invalid { .. })));
}

#[tokio::test]
async fn the_older_lists() {
    let (probe, org) = org(|seen, _| {
        ok(match seen.line.rsplit('/').next().unwrap() {
            "last-active-dates" => {
                r#"{"data":{"product_access":[{"id":"ari","key":"confluence","last_active":"2025-01-15"}],"added_to_org":"2024-06-01"},"links":{"next":null}}"#
            }
            "domains" => r#"{"data":[{"id":"X.com","type":"domains","attributes":{"name":"X.com","claim":{"type":"dns","status":"VERIFIED"}}},{"id":"y.com"}],"links":null}"#,
            _ => r#"{"data":[{"account_id":"a","account_status":"active","last_active":"x"}],"meta":{"total":35},"links":{"self":"s","next":"t"}}"#,
        })
    })
    .await;
    let last = org.last_active("a").await.unwrap();
    assert_eq!(last.product_access[0].last().unwrap().to_string(), "2025-01-15T00:00:00Z");
    let domains = org.domains().await.unwrap();
    assert_eq!((domains[0].name.as_str(), domains[0].status.as_deref()), ("x.com", Some("verified")));
    assert_eq!((domains[1].name.as_str(), domains[1].status.as_deref()), ("y.com", None));
    let page = org.managed_accounts(None).await.unwrap();
    assert_eq!((page.items.len(), page.next.as_deref()), (1, Some("t")));
    org.managed_accounts(Some("a/b+")).await.unwrap();
    assert_eq!(
        probe.lines(),
        [
            "GET /at/admin/v1/orgs/o1/directory/users/a/last-active-dates",
            "GET /at/admin/v1/orgs/o1/domains",
            "GET /at/admin/v1/orgs/o1/users",
            "GET /at/admin/v1/orgs/o1/users?cursor=a%2Fb%2B",
        ]
    );
}

#[tokio::test]
async fn of_a_page_of_everybody_the_way_on_is_known_before_it_is_read() {
    let (probe, org) = org(|_, number| match number {
        1 => ok(r#"{"data":[{"accountId":"a"},{"accountId":7}],"links":{"next":"a/b+c"}}"#),
        2 => ok(r#"{"data":"?","links":{"next":null}}"#),
        _ => ok("{}"),
    })
    .await;
    let page = org.every_account(None).await.unwrap();
    assert_eq!(page.next.as_deref(), Some("a/b+c"));
    let ids: Vec<_> = page.read().unwrap().into_iter().map(|account| account.account_id).collect();
    assert_eq!(ids, [Some("a".to_owned()), Some("7".to_owned())]);
    for cursor in ["a/b+c", "other"] {
        let page = org.every_account(Some(cursor)).await.unwrap();
        assert_eq!(page.next, None);
        assert!(matches!(page.read(), Err(CallError::Garbled { .. })), "nobody is not what it says");
    }
    let bodies: Vec<_> = probe.seen().iter().map(|seen| seen.json()).collect();
    // `expand` is sent with every page, because a cursor does not keep it.
    assert_eq!(bodies[0], json!({"expand": ["groups", "platformRoles"], "limit": 100}));
    assert_eq!(bodies[1], json!({"expand": ["groups", "platformRoles"], "limit": 100, "cursor": "a/b+c"}));
}

#[tokio::test]
async fn role_holders_are_listed_by_role_and_resource_with_every_page() {
    let (probe, org) = org(|_, _| ok(r#"{"data":[{"accountId":"a"}],"links":{"next":"n"}}"#)).await;
    let roles = ["atlassian/user".to_owned()];
    org.role_holders(Some("ari"), &roles, None).await.unwrap();
    org.role_holders(Some("ari"), &roles, Some("n")).await.unwrap();
    org.role_holders(None, &roles, None).await.unwrap();
    let bodies: Vec<_> = probe.seen().iter().map(|seen| seen.json()).collect();
    assert_eq!(bodies[0], json!({"roleIds": roles, "resourceIds": ["ari"], "limit": 100}));
    assert_eq!(bodies[1], json!({"roleIds": roles, "resourceIds": ["ari"], "limit": 100, "cursor": "n"}));
    assert_eq!(bodies[2], json!({"roleIds": roles, "limit": 100}));
}

#[tokio::test]
async fn a_suspension_is_written_in_one_directory_and_never_in_all() {
    let (probe, org) = org(|_, _| status(204, "")).await;
    org.restore("d/1", "a:b").await.unwrap();
    org.suspend("d2", "a:b").await.unwrap();
    assert!(matches!(org.restore("-", "a:b").await, Err(CallError::Invalid { .. })));
    assert!(matches!(org.suspend("", "a:b").await, Err(CallError::Invalid { .. })));
    assert_eq!(
        probe.lines(),
        [
            "POST /at/admin/v2/orgs/o1/directories/d%2F1/users/a%3Ab/restore",
            "POST /at/admin/v2/orgs/o1/directories/d2/users/a%3Ab/suspend",
        ]
    );
}

#[test]
fn roles_that_were_not_said_are_not_none() {
    let of = |text: &str| serde_json::from_str::<Roles>(text).unwrap();
    let names = |roles: &Roles| roles.names().map(|names| names.join(" "));
    assert_eq!(names(&of(r#"{"roles":null}"#)), None);
    assert_eq!(names(&of(r#"{"roles":[]}"#)).as_deref(), Some(""));
    assert_eq!(
        names(&of(r#"{"roles":["atlassian/user"],"roleAssignments":[]}"#)).as_deref(),
        Some("atlassian/user")
    );
    assert_eq!(
        names(&of(r#"{"roles":["a"],"roleAssignments":[{"role":"b"},{"role":"c"}]}"#)).as_deref(),
        Some("b c")
    );
    assert_eq!(names(&of(r#"{"roleAssignments":[{"roleAssignmentMethods":["direct"]}]}"#)), None);
}
