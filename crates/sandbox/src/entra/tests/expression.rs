//! What the job writes into `externalId` for each kind of expression, observed at the SCIM target. The examples of
//! Microsoft's reference are among them.

use serde_json::{Value, json};

use super::super::expression::{parse, source};
use super::super::{GuestName, User};
use super::{Tenant, tenant};
use crate::lock;

/// Makes the job fill a target attribute of people from this expression.
fn fill(t: &Tenant, target: &str, expression: &str) {
    let mut entra = lock(&t.state);
    let job = entra.atlassian_job().unwrap();
    let all = job.schema["synchronizationRules"][0]["objectMappings"][1]["attributeMappings"].as_array_mut();
    let one = all.unwrap().iter_mut().find(|one| one["targetAttributeName"] == target).unwrap();
    one["source"] = source(expression);
}

/// What the target got for a person with this change.
async fn written(t: &Tenant, target: &str, expression: &str, change: impl FnOnce(&mut User)) -> Value {
    fill(t, target, expression);
    change(lock(&t.state).users.get_mut(&t.ada).unwrap());
    lock(&t.state).atlassian_job().unwrap().cache.clear();
    lock(&t.target.records).by_path.clear();
    assert_eq!(t.provision_ada().await.1, "Success", "{expression}");
    t.target.only("Users/")[target].clone()
}

#[tokio::test]
async fn attributes_constants_and_functions_are_written_as_they_are_described() {
    let t = tenant().await;
    for (expression, wanted) in [
        ("[objectId]", json!(t.ada)),
        ("[mailNickname]", json!("ada")),
        ("[employeeId]", json!("10001")),
        ("[extensionAttribute1]", json!("acme-00001")),
        ("[extensionAttribute2]", Value::Null),
        ("\"fixed\"", json!("fixed")),
        ("Append([mailNickname], \".test\")", json!("ada.test")),
        ("Coalesce([extensionAttribute2], [mail])", json!("ada@acme.example")),
        ("Coalesce([extensionAttribute2], \"none\")", json!("none")),
        ("IIF([mailNickname]=\"ada\", [employeeId], [mail])", json!("10001")),
        ("IIF([mailNickname]<>\"ada\", [employeeId], [mail])", json!("ada@acme.example")),
        ("IIF(IsPresent([mailNickname]), \"yes\", \"no\")", json!("yes")),
        ("IIF(Not(IsNullOrEmpty([mailNickname])), \"yes\", \"no\")", json!("yes")),
        ("Switch([department], \"other\", \"\", \"nowhere\")", json!("nowhere")),
        ("Switch([mailNickname], \"other\", \"ADA\", \"one\", \"ada\", \"two\")", json!("two")),
        ("ToUpper([mailNickname])", json!("ADA")),
        ("ToLower([displayName])", json!("ada lovelace")),
        ("StripSpaces([displayName])", json!("AdaLovelace")),
        ("Trim(\"  x \")", json!("x")),
        ("Join(\".\", [givenName], [surname], [department])", json!("Ada.Lovelace")),
        ("Replace([mail], \"acme\", , , \"corp\", , )", json!("ada@corp.example")),
        ("Replace([mailNickname],\"<n>\", , , , , \"<n>@corp.example\")", json!("ada@corp.example")),
        ("Left(\"John Doe\", 3)", json!("Joh")),
        ("Mid([mail], 5, 4)", json!("acme")),
        ("Right([mail], 7)", json!("example")),
        ("Item(Split([mail], \"@\"), 1)", json!("ada")),
        ("Item([proxyAddresses], 1)", json!("SMTP:ada@acme.example")),
        ("NormalizeDiacritics(\"Zoë Ødegård\")", json!("Zoe OEdegard")),
        ("Join(\"\\\"\", \"a\", \"b\\\\\")", json!("a\"b\\")),
        ("PCase([displayName])", json!("Ada Lovelace")),
        // Nothing is written if the function, or this form of it, is unknown.
        ("Guid()", Value::Null),
        ("Replace([mail], , \"(?<s>@.*)\", \"s\", \"\", , )", Value::Null),
        ("Item([proxyAddresses], 0)", Value::Null),
        ("ToLower([mailNickname]", Value::Null),
    ] {
        assert_eq!(written(&t, "externalId", expression, |_| {}).await, wanted, "{expression}");
    }
    assert!(t.wire.faults().is_empty());
}

#[tokio::test]
async fn an_attribute_that_is_missing_is_not_written() {
    let t = tenant().await;
    let without = |user: &mut User| user.mail_nickname = None;
    assert_eq!(written(&t, "externalId", "[mailNickname]", without).await, Value::Null);
    let late = |user: &mut User| user.on_premises_upn = Some("ada@corp.acme.example".to_owned());
    let name = written(&t, "userName", "[onPremisesUserPrincipalName]", late).await;
    assert_eq!(name, json!("ada@corp.acme.example"));
}

#[tokio::test]
async fn active_may_come_from_the_account_itself() {
    let t = tenant().await;
    assert_eq!(written(&t, "active", "[accountEnabled]", |_| {}).await, json!(true));
    assert_eq!(written(&t, "active", "Not([IsSoftDeleted])", |_| {}).await, json!(true));
    assert_eq!(written(&t, "active", "\"False\"", |_| {}).await, json!(false));
}

#[tokio::test]
async fn a_condition_on_an_empty_attribute_writes_nothing_or_the_second_value() {
    let t = tenant().await;
    let expression = "IIF(IsPresent([department]), [department], \"none\")";
    assert_eq!(written(&t, "externalId", expression, |_| {}).await, Value::Null);
    lock(&t.state).switches.empty_condition_is_false = true;
    assert_eq!(written(&t, "externalId", expression, |_| {}).await, json!("none"));
}

#[tokio::test]
async fn a_guests_name_loses_its_mark_in_one_of_two_ways() {
    let t = tenant().await;
    let guest = |user: &mut User| user.upn = "pat_x_partner.example#EXT#@acme.example".to_owned();
    let name = written(&t, "userName", "[userPrincipalName]", guest).await;
    assert_eq!(name, json!("pat_x_partner.example@acme.example"));
    lock(&t.state).switches.guest_name = GuestName::Theirs;
    let name = written(&t, "userName", "[userPrincipalName]", |_| {}).await;
    assert_eq!(name, json!("pat_x@partner.example"));
    let name = written(&t, "userName", "[originalUserPrincipalName]", |_| {}).await;
    assert_eq!(name, json!("pat_x_partner.example#EXT#@acme.example"));
}

#[tokio::test]
async fn a_record_is_matched_by_the_mapped_value() {
    let t = tenant().await;
    fill(&t, "externalId", "[mailNickname]");
    {
        let mut entra = lock(&t.state);
        let job = entra.atlassian_job().unwrap();
        let all = &mut job.schema["synchronizationRules"][0]["objectMappings"][1]["attributeMappings"];
        all[0]["matchingPriority"] = json!(0);
        all[3]["matchingPriority"] = json!(1);
    }
    let old = json!({"id": "old", "userName": "former@acme.example", "externalId": "ada"});
    lock(&t.target.records).by_path.insert("Users/old".into(), old);
    assert_eq!(t.provision_ada().await.1, "Success");
    let record = t.target.only("Users/");
    assert_eq!((&record["id"], &record["userName"]), (&json!("old"), &json!("ada@acme.example")));
}

#[test]
fn a_source_is_shown_as_text_and_as_a_tree() {
    // The example on the reference page of attributeMappingSource.
    let part = |key: &str, kind: &str, name: &str, text: &str| json!({"key": key, "value": {"expression": text, "name": name, "parameters": [], "type": kind}});
    let wanted = json!({
        "expression": "Mid([userPrincipalName], 1, 8)", "name": "Mid", "type": "Function",
        "parameters": [
            part("source", "Attribute", "userPrincipalName", "[userPrincipalName]"),
            part("start", "Constant", "1", "\"1\""),
            part("length", "Constant", "8", "\"8\""),
        ],
    });
    assert_eq!(source("Mid([userPrincipalName], 1, 8)"), wanted);
    let nested = source("ToLower(Left([mail], 3))");
    assert_eq!(nested["parameters"][0]["value"]["expression"], "Left([mail], \"3\")");
    let broken = json!({"expression": "Left([mail", "name": "", "parameters": [], "type": "Function"});
    assert_eq!(source("Left([mail"), broken);
    let plain = json!({"expression": "[mail]", "name": "mail", "parameters": [], "type": "Attribute"});
    assert_eq!(source("[mail]"), plain);
    for broken in ["", "[mail", "Join(\"x\", [a]", "\"open", "[a] [b]", "Join(\"x\" [a])"] {
        assert_eq!(parse(broken), None, "{broken}");
    }
}
