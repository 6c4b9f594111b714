//! Delta queries: what a round reports, its pages, what is refused, and how a place ends.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::super::ExpiredPlace;
use super::{Tenant, tenant};
use crate::lock;

const USERS: &str = "users/delta?$select=id,displayName,accountEnabled&$deltatoken=latest";
const GROUPS: &str = "groups/delta?$select=id,displayName,members&$deltatoken=latest";
const BASE: &str = "https://graph.example/cloud/v1.0/";

/// The path of a link, which must be absolute.
fn path(link: &Value) -> String {
    link.as_str().unwrap().strip_prefix(BASE).unwrap().to_owned()
}

impl Tenant {
    async fn start(&self, first: &str) -> String {
        let (status, body) = self.get(first).await;
        assert_eq!((status, &body["value"]), (200, &json!([])), "{body}");
        assert!(body.get("@odata.nextLink").is_none());
        path(&body["@odata.deltaLink"])
    }

    /// The items of one round, sorted, the number of its pages, and the next place.
    async fn round(&self, place: &str) -> (Vec<Value>, usize, String) {
        let (mut items, mut pages, mut at) = (Vec::new(), 0, place.to_owned());
        loop {
            let (status, body) = self.get(&at).await;
            assert_eq!(status, 200, "{body}");
            items.extend(body["value"].as_array().unwrap().iter().cloned());
            pages += 1;
            match body.get("@odata.nextLink") {
                Some(next) => {
                    assert!(body.get("@odata.deltaLink").is_none(), "never both");
                    at = path(next);
                }
                None => {
                    items.sort_by_key(Value::to_string);
                    return (items, pages, path(&body["@odata.deltaLink"]));
                }
            }
        }
    }

    fn quiet(&self) {
        lock(&self.state).switches.delta_repeats = false;
    }
}

#[tokio::test]
async fn users_are_reported_when_a_selected_property_changes_or_when_they_go() {
    let t = tenant().await;
    t.quiet();
    let bob = lock(&t.state).add_user("bob@acme.example", "Bob");
    let place = t.start(USERS).await;
    assert_eq!(t.round(&place).await.0, [] as [Value; 0]);
    let change = |with: &dyn Fn(&mut crate::entra::User)| {
        with(lock(&t.state).users.get_mut(&t.ada).unwrap());
    };
    change(&|ada| ada.department = Some("Sales".into()));
    let (items, _, place) = t.round(&place).await;
    assert_eq!(items, [] as [Value; 0], "the department is not selected");
    change(&|ada| ada.account_enabled = false);
    lock(&t.state).delete_user(&bob, crate::clock::now());
    let (items, _, place) = t.round(&place).await;
    let gone = json!({"id": bob, "@removed": {"reason": "changed"}});
    let ada = json!({"id": t.ada, "displayName": "Ada Lovelace", "accountEnabled": false});
    assert!(items.contains(&gone) && items.contains(&ada) && items.len() == 2, "{items:?}");
    let restored = {
        let mut entra = lock(&t.state);
        let user = entra.deleted_users.remove(&bob).unwrap();
        entra.users.insert(bob.clone(), user);
        bob.clone()
    };
    let (items, _, place) = t.round(&place).await;
    assert_eq!(items, [json!({"id": restored, "displayName": "Bob", "accountEnabled": true})]);
    lock(&t.state).users.remove(&bob);
    let (items, _, place) = t.round(&place).await;
    assert_eq!(items, [json!({"id": bob, "@removed": {"reason": "deleted"}})]);
    assert_eq!(t.round(&place).await.0, [] as [Value; 0]);
    assert_eq!(t.wire.faults(), Vec::<String>::new());
}

#[tokio::test]
async fn groups_report_members_but_not_those_that_were_deleted() {
    let t = tenant().await;
    t.quiet();
    let (bob, old) = {
        let mut entra = lock(&t.state);
        let (bob, old) = (entra.add_user("bob@acme.example", "Bob"), entra.add_group("old"));
        entra.add_member(&t.jira, &bob);
        (bob, old)
    };
    let place = t.start(GROUPS).await;
    lock(&t.state).remove_member(&t.jira, &t.ada);
    lock(&t.state).delete_user(&bob, crate::clock::now());
    let (items, _, place) = t.round(&place).await;
    let ada = json!({"@odata.type": "#microsoft.graph.user", "id": t.ada, "@removed": {"reason": "deleted"}});
    assert_eq!(items, [json!({"id": t.jira, "displayName": "jira-users", "members@delta": [ada]})]);
    // A group that loses only a deleted member is not reported at all.
    lock(&t.state).add_member(&t.jira, &t.ada);
    let place = t.round(&place).await.2;
    lock(&t.state).delete_user(&t.ada, crate::clock::now());
    let (items, _, place) = t.round(&place).await;
    assert_eq!(items, [] as [Value; 0]);
    lock(&t.state).groups.remove(&old);
    let (items, _, _) = t.round(&place).await;
    assert_eq!(items, [json!({"id": old, "@removed": {"reason": "deleted"}})]);
}

#[tokio::test]
async fn a_minimal_answer_has_only_what_changed_and_a_large_group_is_repeated() {
    let t = tenant().await;
    t.quiet();
    let place = t.start(GROUPS).await;
    let people = {
        let mut entra = lock(&t.state);
        let people: Vec<String> =
            (0..45).map(|n| entra.add_user(&format!("p{n}@acme.example"), "P")).collect();
        for person in &people {
            entra.add_member(&t.jira, person);
        }
        people
    };
    let url = format!("{}/v1.0/{place}", t.graph.url());
    let request = t.http.get(url).bearer_auth(&t.token).header("Prefer", "return=minimal");
    let body: Value = request.send().await.unwrap().json().await.unwrap();
    let items = body["value"].as_array().unwrap();
    assert_eq!(items.len(), 3);
    assert!(items.iter().all(|item| item["id"] == json!(t.jira) && item.get("displayName").is_none()));
    let named: usize = items.iter().map(|item| item["members@delta"].as_array().unwrap().len()).sum();
    assert_eq!(named, people.len());
}

#[tokio::test]
async fn a_round_has_pages_and_repeats_itself() {
    let t = tenant().await;
    {
        let mut entra = lock(&t.state);
        entra.switches.delta_page_size = 2;
        entra.switches.empty_pages = true;
    }
    let place = t.start(USERS).await;
    for n in 0..3 {
        lock(&t.state).add_user(&format!("p{n}@acme.example"), "P");
    }
    let (items, pages, place) = t.round(&place).await;
    assert_eq!((items.len(), pages), (4, 3), "one item is doubled, and one page is empty");
    let (items, _, place) = t.round(&place).await;
    assert_eq!(items.len(), 3, "the items of the last round are replayed");
    assert_eq!(t.round(&place).await.0, [] as [Value; 0], "once");
    let (all, _, _) = t.round("users/delta?$select=displayName").await;
    assert_eq!(all.len(), 4, "a round without a place is the whole list");
}

#[tokio::test]
async fn a_change_shows_late() {
    let t = tenant().await;
    lock(&t.state).switches.delta_lag = SignedDuration::from_mins(15);
    let place = t.start(USERS).await;
    lock(&t.state).users.get_mut(&t.ada).unwrap().account_enabled = false;
    let (items, _, place) = t.round(&place).await;
    assert_eq!(items, [] as [Value; 0]);
    lock(&t.state).ahead = SignedDuration::from_mins(14);
    let (items, _, place) = t.round(&place).await;
    assert_eq!(items, [] as [Value; 0]);
    lock(&t.state).ahead = SignedDuration::from_mins(16);
    assert!(!t.round(&place).await.0.is_empty());
}

#[tokio::test]
async fn what_no_document_describes_is_refused() {
    let mut t = tenant().await;
    let place = t.start(USERS).await;
    for wrong in [
        "users/delta?$top=5",
        "users/delta?$orderby=displayName",
        "groups/delta?$expand=members",
        "users/delta?$filter=displayName eq 'x'",
        "users/delta?$select=shoeSize",
        "users/delta?$deltatoken=made-up",
        &format!("{place}&$select=id"),
        &place.replace("users", "groups"),
    ] {
        assert_eq!(t.get(wrong).await.0, 400, "{wrong}");
    }
    assert_eq!(t.wire.faults().len(), 8);
    let one = format!("groups/delta?$filter=id eq '{}' or id eq 'x'&$select=id,members", t.jira);
    assert_eq!(t.round(&one).await.0.len(), 1);
    assert_eq!(t.get(&format!("{one}&$deltatoken=latest")).await.0, 400, "unknown, so refused");
    lock(&t.state).apps.get_mut("bot").unwrap().roles = vec!["User.Read.All".into()];
    t.token = t.log_in("bot", "s3cret").await.1["access_token"].as_str().unwrap().to_owned();
    assert_eq!(t.get(&place).await.0, 200);
    let (status, body) = t.get(GROUPS).await;
    assert_eq!((status, &body["error"]["code"]), (403, &json!("Authorization_RequestDenied")));
}

#[tokio::test]
async fn a_place_ends_in_both_documented_ways() {
    let mut t = tenant().await;
    let place = t.start(USERS).await;
    lock(&t.state).ahead = SignedDuration::from_hours(7 * 24 + 1);
    t.token = t.log_in("bot", "s3cret").await.1["access_token"].as_str().unwrap().to_owned();
    let url = format!("{}/v1.0/{place}", t.graph.url());
    let response = t.http.get(url).bearer_auth(&t.token).send().await.unwrap();
    assert_eq!(response.status().as_u16(), 410);
    let again = response.headers()["location"].to_str().unwrap().strip_prefix(BASE).unwrap().to_owned();
    assert!(again.ends_with("&$deltatoken="), "{again}");
    assert_eq!(t.round(&again).await.0.len(), 1, "it begins with the whole list");
    let place = t.start(USERS).await;
    lock(&t.state).switches.expired_place = ExpiredPlace::NotFound;
    lock(&t.state).expire_delta();
    let (status, body) = t.get(&place).await;
    assert_eq!((status, &body["error"]["code"]), (400, &json!("syncStateNotFound")));
    assert_eq!(t.wire.faults(), Vec::<String>::new(), "nobody can know when a place ends");
}
