//! What is wrong when a bot starts: each fault has its own sentence and its own fix in the doctor's answer, and `serve`
//! says the same and ends, or comes up and logs it where it can recover. Nothing is half-started.

use std::process::Stdio;

use reinstate::doctor::State;
use reinstate_sandbox::lock;
use reinstate_sandbox::tenant::{ADMINS, BOT_TOKEN, ORG_KEY, SCIM_KEY, SIGNING_SECRET};
use reinstate_sandbox::wire::{Injection, Service};
use reinstate_store::Store;
use serde_json::Value;
use sqlx::{Connection as _, Executor as _};
use tokio::io::{AsyncBufReadExt as _, BufReader};

use super::doctor::Patient;
use super::machine_failures::Disk;
use super::process::PROCESS_TIMEOUT;
use reinstate_testing::port::free_port;

/// Why `serve` ended, and that it left nothing listening.
async fn serve_ends(patient: Patient, code: i32, words: &str) {
    let port = free_port();
    let patient = patient.set("SERVER__LISTEN", &format!("127.0.0.1:{port}"));
    let ended = tokio::time::timeout(PROCESS_TIMEOUT, patient.program().arg("serve").output()).await;
    let ended = ended.expect("serve does not end").unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(code), "{said}");
    assert!(said.contains(words), "{words:?} is not in {said}");
    assert!(ended.stdout.is_empty());
    assert!(tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err(), "something still listens");
}

/// Starts `serve` and reads its log until it says this of a check; it must have come up.
async fn serve_logs(patient: Patient, check: &str, state: &str, words: &str) {
    let port = free_port();
    let patient = patient.set("SERVER__LISTEN", &format!("127.0.0.1:{port}")).set("LOG", "json");
    let mut child = patient.program().arg("serve").stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut log = Vec::new();
    let said = loop {
        let line = tokio::time::timeout(PROCESS_TIMEOUT, lines.next_line()).await.unwrap().unwrap();
        let Some(line) = line else { panic!("serve ended without a word of {check}:\n{}", log.join("\n")) };
        log.push(line.clone());
        let said: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        if said["check"].as_str().is_some_and(|name| name.starts_with(check)) {
            break said;
        }
    };
    assert!(said["message"].as_str().unwrap().contains(state), "{said}");
    assert!(format!("{said}").contains(words), "{words:?} is not in {said}");
    assert!(said["fix"].is_string() || state == "good", "{said}");
    let alive = reqwest::get(format!("http://127.0.0.1:{port}/livez")).await.unwrap();
    assert!(alive.status().is_success());
    for secret in [SCIM_KEY, ORG_KEY, BOT_TOKEN, SIGNING_SECRET] {
        assert!(!log.iter().any(|line| line.contains(secret)), "a secret was logged");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_half_filled_configuration_starts_nothing() {
    let half = || async { Patient::new().await.unset("SLACK_BOT_TOKEN").unset("SLACK__CHANNEL") };
    half().await.asks().await.says("configuration slack.channel", "Copy the id of the channel");
    serve_ends(half().await, 78, "slack.channel: this is needed and not set").await;
    serve_ends(half().await, 78, "Set REINSTATE_SLACK_BOT_TOKEN").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_disk_is_told_and_starts_nothing() {
    let Some(disk) = Disk::new(16) else { return };
    let patient = || async { Patient::new().await.set("STORE__URL", &disk.store_url()) };
    // A database that was used before, and one that was never made.
    assert_eq!(patient().await.asks().await.code, 0);
    disk.turn_read_only();
    let said = patient().await.asks().await;
    said.says("store.", "read-only").says("store.", "remount the disk");
    assert_eq!(said.code, 2);
    serve_ends(patient().await, 1, "read-only").await;

    let Some(empty) = Disk::new(16) else { return };
    empty.turn_read_only();
    let patient = || async { Patient::new().await.set("STORE__URL", &empty.store_url()) };
    patient().await.asks().await.is("store.open", State::Bad).says("store.open", "remount the disk");
    serve_ends(patient().await, 1, "remount the disk").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_and_starts_nothing() {
    let Some(disk) = Disk::new(16) else { return };
    let patient = || async { Patient::new().await.set("STORE__URL", &disk.store_url()) };
    disk.fill();
    let said = patient().await.asks().await;
    said.says("store.", "disk of the database is full").says("store.", "Make room");
    assert_eq!(said.code, 2);
    serve_ends(patient().await, 1, "Make room").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_a_newer_program_is_told_and_starts_nothing() {
    let patient = Patient::new().await;
    let url = patient.store_url();
    Store::open(&url).await.unwrap();
    let mut conn = sqlx::SqliteConnection::connect(&url).await.unwrap();
    conn.execute("INSERT INTO schema_version (version) VALUES (999)").await.unwrap();
    conn.close().await.unwrap();
    let said = patient.asks().await;
    said.is("store.open", State::Bad).says("store.open", "schema version 999");
    said.says("store.open", "restore a backup from before the upgrade");
    assert_eq!(said.code, 2);
    serve_ends(patient, 1, "Run the program version that made it").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_clock_is_told() {
    for (seconds, words) in [(3600_i64, "behind Slack's"), (-3600, "ahead of Slack's")] {
        let patient = || async {
            let patient = Patient::new().await;
            let theirs = reinstate::clock::now() + jiff::SignedDuration::from_secs(seconds);
            let date = theirs.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
            let answer = Injection::Answer {
                status: 200,
                headers: vec![("date".into(), date)],
                body: r#"{"ok":true,"team":"Acme","team_id":"T0ACME","user_id":"U0REINSTATE","bot_id":"B0REINSTATE"}"#
                    .into(),
            };
            patient.sandbox.wire.inject(Service::Slack, None, "/api/auth.test", u32::MAX, answer);
            patient
        };
        let said = patient().await.asks().await;
        said.is("clock", State::Bad).says("clock", words).says("clock", "NTP");
        assert_eq!(said.code, 2);
        serve_logs(patient().await, "clock", "bad", "NTP").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_logs_what_slack_has_against_it() {
    let patient = Patient::new().await;
    let bot = lock(&patient.sandbox.slack).bot_user.clone();
    lock(&patient.sandbox.slack).channels.get_mut(ADMINS).unwrap().members.remove(&bot);
    serve_logs(patient, "slack.channel", "bad", "/invite").await;

    let patient = Patient::new().await;
    lock(&patient.sandbox.slack).scopes.remove("usergroups:read");
    serve_logs(patient, "slack.scopes", "bad", "usergroups:read").await;

    serve_logs(Patient::new().await, "store.write", "good", "written").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_waits_for_nobody() {
    let patient = Patient::new().await;
    for service in [Service::Atlassian, Service::Entra] {
        patient.sandbox.wire.inject(service, None, "/", u32::MAX, Injection::LoseRequest);
    }
    let calls = patient.sandbox.wire.clone();
    serve_logs(patient, "clock", "good", "agrees").await;
    let asked = calls.calls().iter().filter(|call| call.service != Service::Slack).count();
    assert_eq!(asked, 0, "a start asks neither Atlassian nor Entra");

    let patient = Patient::new().await;
    patient.sandbox.wire.inject(Service::Slack, None, "/", u32::MAX, Injection::LoseRequest);
    serve_logs(patient, "slack.token", "unknown", "could not be reached").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn swapped_and_expired_keys_keep_no_bot_from_starting() {
    // What is wrong at Atlassian is the doctor's to say; a bot that starts does not ask there.
    let swapped = || async {
        Patient::new().await.set("ATLASSIAN_ORG_KEY", SCIM_KEY).set("ATLASSIAN_SCIM_KEY", ORG_KEY)
    };
    swapped().await.asks().await.says("atlassian.org-key", "Swap");
    serve_logs(swapped().await, "store.open", "good", "opens").await;
    let revoked = || async { Patient::new().await.set("SLACK_BOT_TOKEN", "xoxb-revoked") };
    revoked().await.asks().await.says("slack.token", "invalid_auth");
    serve_logs(revoked().await, "slack.token", "bad", "invalid_auth").await;
}
