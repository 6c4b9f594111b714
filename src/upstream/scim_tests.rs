use super::*;
use crate::upstream::probe::{Probe, Reply, Seen, http, ok, status};

async fn directory(answer: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static) -> (Probe, Scim) {
    let probe = Probe::start(answer).await;
    let base = probe.url.join("at").unwrap();
    (probe, Scim::new(http(), base, "d1".into(), "key".into(), 1))
}

#[tokio::test]
async fn filters_cannot_be_broken_out_of() {
    let (probe, scim) = directory(|_, _| ok(r#"{"totalResults":0,"Resources":null}"#)).await;
    scim.users_by_name(r#"x" or userName pr \"#).await.unwrap();
    scim.users_by_external_id("a b").await.unwrap();
    scim.groups_by_name("R&D").await.unwrap();
    assert_eq!(
        probe.lines(),
        [
            "GET /at/scim/directory/d1/Users?filter=userName%20eq%20%22x%5C%22%20or%20userName%20pr%20%5C%5C%22",
            "GET /at/scim/directory/d1/Users?filter=externalId%20eq%20%22a%20b%22",
            "GET /at/scim/directory/d1/Groups?filter=displayName%20eq%20%22R%26D%22&excludedAttributes=members",
        ]
    );
    assert_eq!(probe.seen()[0].header("authorization"), "Bearer key");
}

#[tokio::test]
async fn records_are_read_and_others_left_out() {
    let (_probe, scim) = directory(|_, _| {
        ok(r#"{"totalResults":"2","Resources":[
            {"id":"s1","userName":"Jane@x","externalId":"","active":"True","groups":[],
             "emails":[{"value":"old@x"},{"value":"jane@x","primary":true}],
             "urn:scim:schemas:extension:atlassian-external:1.0":{"atlassianAccountId":"606a"},
             "meta":{"created":"2021-04-05T03:16:10.993365Z"}},
            {"id":"s2","userName":"joe@x"}]}"#)
    })
    .await;
    let found = scim.users_by_name("jane@X").await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].account_id(), found[0].email()), (Some("606a"), Some("jane@x")));
    assert_eq!((found[0].external_id.as_deref(), found[0].active), (None, Some(true)));
    assert_eq!(found[0].groups.as_ref().map(Vec::len), Some(0));
}

#[tokio::test]
async fn an_unlinked_record_has_no_account() {
    let (_probe, scim) = directory(|_, _| ok(r#"{"id":"s","groups":null,"emails":null}"#)).await;
    let user = scim.user("s").await.unwrap().unwrap();
    assert_eq!((user.account_id(), user.email(), user.groups.as_ref()), (None, None, None));
}

#[tokio::test]
async fn deleting_is_sent_once_and_gone_is_gone() {
    let (probe, scim) = directory(|seen, _| match seen.line.rsplit('/').next() {
        Some("there") => status(204, ""),
        Some("gone") => status(404, "{}"),
        _ => status(500, ""),
    })
    .await;
    assert_eq!(scim.delete_user("there").await, Ok(Deleted::Now));
    assert_eq!(scim.delete_user("gone").await, Ok(Deleted::AlreadyGone));
    assert!(!scim.delete_user("bad").await.unwrap_err().is_not_done());
    assert!(matches!(scim.delete_user("..").await, Err(CallError::Invalid { .. })));
    assert_eq!(scim.user("gone").await, Ok(None));
    assert_eq!(probe.seen().len(), 4, "{:?}", probe.lines());
    assert_eq!(probe.lines()[0], "DELETE /at/scim/directory/d1/Users/there");
}

#[tokio::test]
async fn pages_go_on_until_all_are_there() {
    let (probe, scim) = directory(|seen, _| {
        let id = if seen.line.contains("startIndex=2") { "b" } else { "a" };
        ok(format!(r#"{{"totalResults":2,"Resources":[{{"id":"{id}","displayName":"G"}}]}}"#))
    })
    .await;
    assert_eq!(scim.groups_by_name("g").await.unwrap().len(), 2);
    assert!(probe.lines()[1].ends_with("&startIndex=2"), "{:?}", probe.lines());
}
