//! Evidence bundles: what `check --bundle` writes gives the same diagnosis without network or configuration, and holds
//! no personal value and no secret. A file that is no bundle is an error in one sentence.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Output;

use reinstate::exec::assess::{PlanFor, assess_evidence};
use reinstate_core::bundle::{Bundle, Codes};
use reinstate_core::{Evidence, Rules};
use reinstate_sandbox::Sandbox;
use reinstate_sandbox::scenarios::{ALL, find};
use reinstate_sandbox::tenant::{BOT_TOKEN, CLIENT_SECRET, ORG_KEY, SCIM_KEY, SIGNING_SECRET};
use reinstate_sandbox::wire::{Injection, Service};
use serde_json::Value;

use crate::asking::{config, gather, start};

const KEY: [u8; 32] = [5; 32];

/// The personal values in the evidence: names, addresses and ids, and the words of names and addresses.
fn personal(e: &Evidence) -> BTreeSet<String> {
    let mut all: Vec<String> = vec![e.subject.who.text().to_owned()];
    let people = [&e.users, &e.deleted_users].into_iter().chain(e.bearers.values()).chain(e.owners.values());
    for user in people.filter_map(|read| read.get()).flatten() {
        all.push(user.id.clone());
        all.extend(user.upn.iter().chain(&user.mail).chain(&user.name).chain(&user.aliases).cloned());
        all.extend(user.attributes.values().cloned());
    }
    for account in e.accounts.get().into_iter().flatten() {
        all.push(account.id.clone());
        all.extend(account.email.iter().chain(&account.name).cloned());
    }
    for record in e.records.values().filter_map(|read| read.get()).flatten() {
        all.extend([record.id.record.clone(), record.id.directory.clone()]);
        all.extend(record.external_id.iter().chain(&record.user_name).chain(&record.email).cloned());
    }
    let mut words: BTreeSet<String> = all
        .iter()
        .flat_map(|text| text.split(|c: char| !c.is_alphabetic()))
        .filter(|word| word.chars().count() > 2)
        .map(str::to_lowercase)
        .collect();
    for group in [&e.memberships, &e.nested].into_iter().filter_map(|read| read.get()).flatten() {
        all.extend([group.id.clone(), group.name.clone()]);
    }
    for entry in e.log.get().into_iter().flatten() {
        all.extend(entry.target.iter().chain(&entry.change_id).chain(&entry.cycle_id).cloned());
    }
    all.extend(e.job.get().map(|job| job.id.clone()));
    let places = &e.places;
    all.extend([&places.organization, &places.tenant, &places.application].into_iter().flatten().cloned());
    all.retain(|text| text.chars().count() > 2);
    // Parts with a meaning of their own stay.
    for kept in ["ext", "onmicrosoft", "com", "atlassian", "conflict", "duplicated"] {
        words.remove(kept);
    }
    // Atlassian makes a group of this name in every organization.
    all.retain(|text| text != "site-admins");
    all.into_iter().map(|text| text.to_lowercase()).chain(words).collect()
}

/// The personal values that are left in a text. Words are compared as words.
fn left(text: &str, personal: &BTreeSet<String>) -> Vec<String> {
    let text = text.to_lowercase();
    let words: BTreeSet<&str> = text.split(|c: char| !c.is_alphanumeric()).collect();
    let is_left = |value: &&String| {
        if value.chars().all(char::is_alphanumeric) {
            words.contains(value.as_str())
        } else {
            text.contains(value.as_str())
        }
    };
    personal.iter().filter(is_left).cloned().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_scenario_keeps_its_diagnosis_and_shows_no_personal_value() {
    let mut wrong = Vec::new();
    for scenario in ALL {
        let sandbox = start(scenario.tenant()).await;
        let evidence = gather(&sandbox, scenario.who).await;
        let bundle = Bundle::new(&evidence, &config(&sandbox).rules(), None, "0", KEY);
        let text = bundle.text().unwrap();
        let read = Bundle::parse(text.as_bytes()).unwrap();
        assert_eq!(read, bundle, "{}", scenario.name);
        let assessed = |e: &Evidence| assess_evidence(e, None, &Rules::default(), PlanFor::Repair, &[]);
        let (live, replayed) = (assessed(&evidence), assessed(&read.evidence));
        let codes = |of: &reinstate::exec::assess::Assessment| Codes::new(&of.diagnosis, &of.plan);
        if codes(&live) != codes(&replayed) || bundle.changed.is_some() {
            wrong.push(format!("{}: {:?}\nis not {:?}", scenario.name, codes(&replayed), codes(&live)));
        }
        let answer = reinstate::cli::report::json(read.evidence.subject.who.text(), &replayed).to_string();
        for (what, text) in [("bundle", &text), ("answer", &answer)] {
            let left = left(text, &personal(&evidence));
            if !left.is_empty() {
                wrong.push(format!("{}: the {what} shows {left:?}", scenario.name));
            }
        }
        let configured = Codes::of(&evidence, &config(&sandbox).rules());
        if configured != codes(&live) && bundle.configuration != ["atlassian.parking_domain"] {
            wrong.push(format!("{}: the configuration matters: {:?}", scenario.name, bundle.configuration));
        }
    }
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), ALL.len(), wrong.join("\n"));
}

async fn run(env: &BTreeMap<String, String>, folder: &Path, args: &[&str]) -> Output {
    tokio::process::Command::new(env!("CARGO_BIN_EXE_reinstate"))
        .args(args)
        .current_dir(folder)
        .env_clear()
        .envs(env)
        .output()
        .await
        .unwrap()
}

fn object(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_is_replayed_without_network_or_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(find("email-held").unwrap().tenant()).await.unwrap();
    let env = sandbox.env("sqlite::memory:", "127.0.0.1:0");
    let args = ["check", "jane@acme.example", "--json", "--bundle", "case.json"];
    let checked = run(&env, folder.path(), &args).await;
    let told = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert!(told.contains("case.json") && told.contains("pseudonyms"), "{told}");
    assert!(told.contains("atlassian.parking_domain"), "the plan needs this key: {told}");
    drop(sandbox);
    let replayed = run(&BTreeMap::new(), folder.path(), &["replay", "case.json", "--json"]).await;
    assert_eq!((checked.status.code(), replayed.status.code()), (Some(2), Some(2)), "{replayed:?}");
    let (live, again) = (object(&checked), object(&replayed));
    let codes = |answer: &Value| -> Vec<Value> {
        answer["findings"].as_array().unwrap().iter().map(|finding| finding["code"].clone()).collect()
    };
    assert_eq!((codes(&live), &live["verdict"]), (codes(&again), &again["verdict"]));
    assert_ne!(live["account"]["email"], again["account"]["email"]);
    let file: Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("case.json")).unwrap()).unwrap();
    assert_eq!((&file["bundle"], &file["diagnosis"]), (&Value::from(1), &again));
    let text = run(&BTreeMap::new(), folder.path(), &["replay", "case.json"]).await;
    assert!(String::from_utf8_lossy(&text.stdout).contains("email-held-by-managed-account"), "{text:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_in_a_bundle_even_if_a_service_repeats_it() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(find("email-held").unwrap().tenant()).await.unwrap();
    let planted = "ATATT3xFfGF0Tk9UIEEgS0VZ";
    let body =
        serde_json::json!({"error": {"code": format!("Denied {ORG_KEY} {planted}"), "message": planted}});
    let refused = Injection::Answer { status: 403, headers: Vec::new(), body: body.to_string() };
    sandbox.wire.inject_when(u32::MAX, refused, |call, _| {
        call.service == Service::Entra && call.path.contains("/auditLogs/")
    });
    let env = sandbox.env("sqlite::memory:", "127.0.0.1:0");
    run(&env, folder.path(), &["check", "jane@acme.example", "--bundle", "case.json"]).await;
    let text = std::fs::read_to_string(folder.path().join("case.json")).unwrap();
    assert!(text.contains("\"gap\""), "the refusal is a gap");
    for secret in [ORG_KEY, SCIM_KEY, CLIENT_SECRET, BOT_TOKEN, SIGNING_SECRET, planted] {
        assert!(!text.contains(secret), "{secret}");
    }
}

/// The file was written by the first version that writes bundles, and must never be written again.
#[test]
fn a_bundle_of_the_first_version_stays_readable() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/data/bundle-1.json");
    let bundle = Bundle::parse(&std::fs::read(&path).unwrap()).unwrap();
    let codes = Codes::of(&bundle.evidence, &Rules::default());
    assert_eq!(codes.causes(), "broken: email-held-by-managed-account");
    assert_eq!(reinstate::cli::report::causes(&bundle.diagnosis), Some(codes.causes()));
}

#[tokio::test]
async fn a_file_that_is_no_bundle_is_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text, wanted) in [
        ("a.json", "", "not JSON"),
        ("b.json", "{\"bundle\": 1, \"evidence\": 3}", "damaged"),
        ("c.json", "[]", "not an evidence bundle"),
        ("d.json", "{\"bundle\": 99}", "use a newer program"),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
        let output = run(&BTreeMap::new(), folder.path(), &["replay", name]).await;
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(output.stdout.is_empty(), "{output:?}");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(told.contains(wanted) && told.trim_end().lines().count() == 1, "{name}: {told}");
    }
    let gone = run(&BTreeMap::new(), folder.path(), &["replay", "gone.json"]).await;
    assert!(String::from_utf8_lossy(&gone.stderr).contains("gone.json cannot be read"), "{gone:?}");
}
