//! `reinstate check` as a program: exit codes, JSON on standard output alone, and the result when a service refuses,
//! does not answer, or finds two people.

use std::collections::BTreeMap;
use std::process::Output;

use reinstate_sandbox::scenarios::find;
use reinstate_sandbox::tenant::Tenant;
use reinstate_sandbox::wire::{Injection, Service};
use reinstate_sandbox::{Sandbox, lock};
use serde_json::Value;

async fn run(env: &BTreeMap<String, String>, args: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    tokio::process::Command::new(env!("CARGO_BIN_EXE_reinstate"))
        .args(args)
        .current_dir(folder.path())
        .env_clear()
        .envs(env)
        .output()
        .await
        .unwrap()
}

async fn sandbox(tenant: Tenant) -> (Sandbox, BTreeMap<String, String>) {
    let sandbox = Sandbox::start(tenant).await.unwrap();
    let env = sandbox.env("sqlite::memory:", "127.0.0.1:0");
    (sandbox, env)
}

fn answer(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

fn codes(answer: &Value) -> Vec<&str> {
    answer["findings"].as_array().unwrap().iter().map(|f| f["code"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_object_has_every_key_and_needs_neither_slack_nor_a_store() {
    let (sandbox, mut env) = sandbox(find("membership-drift").unwrap().tenant()).await;
    env.retain(|key, _| !key.contains("SLACK") && !key.contains("STORE"));
    let output = run(&env, &["check", "jane@acme.example", "--json"]).await;
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let answer = answer(&output);
    let jane =
        lock(&sandbox.entra).users.values().find(|user| user.upn == "jane@acme.example").unwrap().id.clone();
    assert_eq!(answer["schema"], 1);
    assert_eq!(answer["account"]["query"], "jane@acme.example");
    assert_eq!(answer["account"]["email"], "jane@acme.example");
    assert_eq!(answer["account"]["idp_user_id"], jane.as_str());
    assert!(
        answer["account"]["atlassian_account_id"].is_string()
            && answer["account"]["scim_user_id"].is_string()
    );
    assert_eq!(answer["verdict"], "broken");
    assert_eq!(answer["groups"]["expected"], serde_json::json!(["jira-users", "wiki-users"]));
    assert_eq!(answer["groups"]["present"], serde_json::json!([]));
    assert_eq!(answer["groups"]["missing"], serde_json::json!(["jira-users", "wiki-users"]));
    assert_eq!(codes(&answer), ["membership-drift"]);
    let fact = &answer["findings"][0]["because"][0];
    assert!(fact["source"].is_string() && fact["says"].is_string(), "{fact}");
    let seen_at = fact["seen_at"].as_str().unwrap();
    assert!(seen_at.len() == "2026-11-23T10:00:00Z".len() && seen_at.ends_with('Z'), "{seen_at}");
    assert_eq!(answer["unread"], serde_json::json!([]));
    assert!(answer["plan"]["digest"].as_str().unwrap().starts_with("sha256:"));
    assert_eq!(answer["plan"]["steps"][0]["action"], "provision-membership");
    assert_eq!(answer["plan"]["steps"][0]["risk"], "harmless");
    assert_eq!(answer["plan"]["steps"][0]["target"], "jira-users");
    assert_eq!(answer["plan"]["advice"], serde_json::json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_codes_tell_healthy_unknown_usage_and_configuration() {
    let (sandbox, env) = sandbox(find("healthy").unwrap().tenant()).await;
    assert_eq!(run(&env, &["check", "jane@acme.example"]).await.status.code(), Some(0));
    assert_eq!(run(&env, &["check", "jane"]).await.status.code(), Some(64));
    assert_eq!(run(&env, &["chekc", "jane@acme.example"]).await.status.code(), Some(64));
    let mut wrong = env.clone();
    wrong.insert("REINSTATE_ATLASSIAN__ORGID".to_owned(), "x".to_owned());
    let output = run(&wrong, &["check", "jane@acme.example"]).await;
    assert_eq!(output.status.code(), Some(78));
    assert!(String::from_utf8_lossy(&output.stderr).contains("REINSTATE_ATLASSIAN__ORG_ID"), "{output:?}");
    for _ in 0..9 {
        let gone = Injection::Answer { status: 500, headers: Vec::new(), body: "{}".to_owned() };
        sandbox.wire.inject(Service::Atlassian, None, "users/search", 3, gone);
    }
    let output = run(&env, &["check", "jane@acme.example", "--json"]).await;
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let answer = answer(&output);
    assert_eq!(answer["verdict"], "cannot-tell");
    assert_eq!(answer["groups"]["expected"], serde_json::json!(["jira-users", "wiki-users"]));
    assert_eq!(answer["groups"]["missing"], Value::Null);
    assert_eq!(answer["unread"][0]["source"], "atlassian.users");
    assert_eq!(answer["plan"]["digest"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_id_finds_the_person_behind_it() {
    let (sandbox, env) = sandbox(find("membership-drift").unwrap().tenant()).await;
    let id = lock(&sandbox.atlassian).bearer("jane@acme.example").unwrap().id.clone();
    let output = run(&env, &["check", &id, "--json"]).await;
    assert_eq!(codes(&answer(&output)), ["membership-drift"]);
    assert_eq!(sandbox.wire.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_id_of_nobody_is_a_missing_person() {
    let (sandbox, env) = sandbox(find("healthy").unwrap().tenant()).await;
    let output = run(&env, &["check", "712020:00000000-0000-4000-8000-000000000000", "--json"]).await;
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let answer = answer(&output);
    assert_eq!(answer["verdict"], "broken");
    assert_eq!(codes(&answer), ["idp-user-missing"]);
    assert_eq!(answer["findings"][0]["because"][0]["source"], "atlassian.users");
    assert_eq!(sandbox.wire.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_of_a_mistyped_database_fails_and_makes_none() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("reinstate.db");
    let (_sandbox, mut env) = sandbox(find("healthy").unwrap().tenant()).await;
    env.insert("REINSTATE_STORE__URL".to_owned(), format!("sqlite:{}", file.display()));
    let output = run(&env, &["audit", "verify"]).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no file"), "{output:?}");
    assert!(output.stdout.is_empty() && !file.exists());
    assert_eq!(run(&env, &["migrate"]).await.status.code(), Some(0));
    assert_eq!(run(&env, &["audit", "verify"]).await.status.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_of_one_address_are_listed_and_nothing_is_proposed() {
    let mut tenant = Tenant::new();
    tenant.employee("jane@acme.example", "Jane Doe");
    let other = tenant.entra.add_user("jane.roe@acme.example", "Jane Roe");
    let roe = tenant.entra.users.get_mut(&other).unwrap();
    roe.proxy_addresses.push("smtp:jane@acme.example".to_owned());
    let (_sandbox, env) = sandbox(tenant).await;
    let output = run(&env, &["check", "jane@acme.example", "--json"]).await;
    assert_eq!(output.status.code(), Some(3));
    let answer = answer(&output);
    assert_eq!(answer["candidates"].as_array().unwrap().len(), 2);
    assert_eq!(answer["plan"]["steps"], serde_json::json!([]));
    assert_eq!(codes(&answer), Vec::<&str>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_names_reach_neither_filters_nor_the_terminal() {
    let mut tenant = Tenant::new();
    let jane = tenant.employee("o'neil@acme.example", "Eve \u{1b}[31m<!channel>");
    tenant.atlassian.leave(&jane.record, "jira-users");
    let (sandbox, env) = sandbox(tenant).await;
    let output = run(&env, &["check", "o'neil@acme.example"]).await;
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(!output.stdout.contains(&0x1b));
    assert_eq!(sandbox.wire.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_printed_whatever_goes_wrong() {
    let (sandbox, mut env) = sandbox(find("email-held").unwrap().tenant()).await;
    env.insert("RUST_LOG".to_owned(), "trace".to_owned());
    let secrets: Vec<String> = env
        .iter()
        .filter(|(key, _)| key.ends_with("KEY") || key.ends_with("SECRET") || key.ends_with("TOKEN"))
        .map(|(_, v)| v.clone())
        .collect();
    assert!(secrets.len() >= 5);
    for service in [Service::Atlassian, Service::Entra] {
        let refused = Injection::Answer { status: 403, headers: Vec::new(), body: "{}".to_owned() };
        sandbox.wire.inject(service, None, "/", 4, refused);
    }
    let output = run(&env, &["check", "jane@acme.example"]).await;
    let all =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    for secret in secrets {
        assert!(!all.contains(&secret), "{secret} in {all}");
    }
}

#[test]
fn a_closed_pipe_is_no_error() {
    for arguments in [["sandbox", "--list"].as_slice(), &["--help"], &["manifest", "--socket"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_reinstate"))
            .args(arguments)
            .stdout(writer)
            .stderr(std::process::Stdio::piped())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    }
}
