//! The inputs of the fuzz targets as property tests: arbitrary bytes, and valid documents in which something was
//! changed.

use proptest::prelude::*;
use serde_json::{Value, json};

#[path = "../../fuzz/inputs.rs"]
mod fuzzed;

/// Documents as the services send them, one of each family.
fn documents() -> Vec<Value> {
    vec![
        json!({"type": "block_actions", "user": {"id": "U1", "team_id": "T1"}, "channel": {"id": "C1"},
            "container": {"message_ts": "1.2"}, "trigger_id": "1.2.3", "response_url": "https://hooks.slack.com/x",
            "actions": [{"action_id": "reinstate.approve", "value": "{\"r\":\"x\",\"d\":\"sha256:0\"}"}]}),
        json!({"type": "event_callback", "event_id": "Ev1", "event": {"type": "app_home_opened", "user": "U1"}}),
        json!([{"kind": "opened", "asked": {"by": "U1", "team": null, "enterprise": null, "channel": "C1",
            "text": "a@b.example", "response_url": null}}, {"kind": "admitted", "rule": "r", "who": {"email": "a@b.example"}},
            {"kind": "cancelled", "by": "U1"}, {"kind": "ended", "outcome": "cancelled", "says": "s"}]),
        json!({"account_id": "712020:a", "account_type": "atlassian", "email": "a@b.example", "name": "A",
            "status": "active", "membership_status": "active", "last_active": "2026-10-02", "groups": [{"id": "g", "name": "n"}]}),
        json!({"id": "1", "userName": "a@b.example", "externalId": "e", "active": true, "emails": [{"value": "a@b.example",
            "primary": true}], "groups": [{"value": "g", "display": "n"}], "meta": {"created": "2026-01-01T00:00:00Z"}}),
        json!({"id": "j", "templateId": "atlassianCloud", "schedule": {"state": "Active"}, "status": {"code": "Active",
            "quarantine": null, "lastExecution": {"state": "Succeeded", "timeEnded": "2026-01-01T00:00:00Z"}}}),
        json!({"id": "u", "userPrincipalName": "a@b.example", "accountEnabled": true, "proxyAddresses": ["SMTP:a@b.example"],
            "createdDateTime": "2026-01-01T00:00:00Z"}),
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(".{0,6}", inner, 0..3).prop_map(|map| json!(map)),
        ]
    })
}

/// Replaces the node with this number, counted depth-first, with a value.
fn change(value: &mut Value, left: &mut usize, with: &Value) {
    if *left == 0 {
        *value = with.clone();
        *left = usize::MAX;
        return;
    }
    if *left == usize::MAX {
        return;
    }
    *left -= 1;
    match value {
        Value::Array(all) => all.iter_mut().for_each(|one| change(one, left, with)),
        Value::Object(all) => all.values_mut().for_each(|one| change(one, left, with)),
        _ => {}
    }
}

fn all(bytes: &[u8]) {
    fuzzed::request(bytes);
    fuzzed::command(bytes);
    fuzzed::decoders(bytes);
    fuzzed::journal(bytes);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_of_any_kind_break_nothing(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        all(&bytes);
    }

    #[test]
    fn words_of_any_kind_break_nothing(text in any::<String>(), verb in "(check|repair|status|cancel|me|help|) ?<?@?") {
        fuzzed::command(format!("{verb}{text}").as_bytes());
        fuzzed::request(format!("payload={text}").as_bytes());
    }

    #[test]
    fn a_document_with_something_changed_breaks_nothing(
        which in any::<prop::sample::Index>(), place in 0_usize..24, with in any_json()
    ) {
        let documents = documents();
        let mut document = which.get(&documents).clone();
        change(&mut document, &mut { place }, &with);
        all(document.to_string().as_bytes());
        let form: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("payload", &document.to_string())
            .finish();
        fuzzed::request(form.as_bytes());
    }
}

#[test]
fn the_documents_themselves_are_understood() {
    let read = |index: usize| documents()[index].to_string();
    serde_json::from_str::<Vec<reinstate_core::Event>>(&read(2)).unwrap();
    let form: String =
        url::form_urlencoded::Serializer::new(String::new()).append_pair("payload", &read(0)).finish();
    let click = reinstate::slack::payload::read(&form, "application/x-www-form-urlencoded");
    assert!(matches!(click, reinstate::slack::payload::Inbound::Click(_)), "{click:?}");
}
