//! Secrets and tokens appear only in the requests that need them. The real program runs real flows and their failures
//! at its most verbose log level. The upstream services echo our own keys in their answers. Then the test searches all
//! output: log, messages, journal, database file, metrics, help, errors.

use std::collections::BTreeMap;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use reinstate_sandbox::scenarios;
use reinstate_sandbox::tenant::{ADMINS, BOT_TOKEN, CLIENT_SECRET, ORG_KEY, SCIM_KEY, SIGNING_SECRET};
use reinstate_sandbox::wire::{Injection, Service};
use reinstate_sandbox::{Sandbox, lock};
use tokio::process::Command;

const TEST_TIMEOUT: Duration = Duration::from_secs(120);
const SECRETS: [&str; 5] = [BOT_TOKEN, CLIENT_SECRET, ORG_KEY, SCIM_KEY, SIGNING_SECRET];

async fn program(env: &BTreeMap<String, String>, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reinstate"));
    command.args(arguments).env_clear().envs(env).env("RUST_LOG", "trace").env("RUST_BACKTRACE", "1");
    tokio::time::timeout(TEST_TIMEOUT, command.stdin(Stdio::null()).output()).await.expect("it ends").unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn refuses(status: u16, body: String) -> Injection {
    Injection::Answer { status, headers: Vec::new(), body }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_in_anything_that_comes_out() {
    reinstate::upstream::install_tls();
    let scenario = scenarios::find("email-held").unwrap();
    let sandbox = Sandbox::start(scenario.tenant()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let port = reinstate_testing::port::free_port();
    let base = format!("http://127.0.0.1:{port}");
    let database = folder.path().join("a.db");
    let env = sandbox.env(&format!("sqlite:{}", database.display()), &format!("127.0.0.1:{port}"));
    let log = folder.path().join("log");
    let mut child = Command::new(env!("CARGO_BIN_EXE_reinstate"))
        .arg("serve")
        .env_clear()
        .envs(&env)
        .env("RUST_LOG", "trace")
        .env("RUST_BACKTRACE", "1")
        .stdin(Stdio::null())
        .stderr(std::fs::File::create(&log).unwrap())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let since = Instant::now();
    while !reqwest::get(format!("{base}/readyz")).await.is_ok_and(|answer| answer.status() == 200) {
        assert!(since.elapsed() < TEST_TIMEOUT, "serve did not come up");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut people = sandbox.workspace(format!("{base}/slack/events"));
    people.patience = TEST_TIMEOUT;
    // Upstream services that echo our own keys.
    let wire = &sandbox.wire;
    let echo = |key: &str| {
        format!(
            r#"{{"errors":[{{"code":"{key}","title":"bad key {key}","detail":"Bearer {key}"}}],"requestId":"{key}","message":"{key}"}}"#
        )
    };
    wire.inject(Service::Atlassian, Some("GET"), "/domains", 1, refuses(403, echo(ORG_KEY)));
    wire.inject(Service::Atlassian, None, "/Users", 1, refuses(401, echo(SCIM_KEY)));
    let login = format!(
        r#"{{"error":"invalid_client","error_description":"AADSTS7000215: '{CLIENT_SECRET}' is wrong","error_codes":[7000215]}}"#
    );
    wire.inject(Service::Entra, None, "/token", 1, refuses(401, login));
    let talks = async |text: &str| {
        let before = lock(&sandbox.slack).ephemerals.len();
        people.command("U0ADA", ADMINS, text).await.unwrap();
        let since = Instant::now();
        while lock(&sandbox.slack).ephemerals.len() == before {
            assert!(since.elapsed() < TEST_TIMEOUT, "no answer to {text}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    talks("whoami").await;
    talks("check jane@acme.example").await;
    talks("repair jane@acme.example").await;
    let find = |slack: &reinstate_sandbox::slack::Slack| {
        slack
            .messages
            .iter()
            .find(|m| format!("{:?}", m.blocks).contains("reinstate.approve"))
            .map(|m| m.ts.clone())
    };
    let since = Instant::now();
    let ts = loop {
        if let Some(ts) = find(&lock(&sandbox.slack)) {
            break ts;
        }
        assert!(since.elapsed() < TEST_TIMEOUT, "{}", lock(&sandbox.slack).transcript().join("\n"));
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    people.click("U0ADA", ADMINS, &ts, "reinstate.approve").await.unwrap();
    people.click("U0GRACE", ADMINS, &ts, "reinstate.approve").await.unwrap();
    let since = Instant::now();
    while !lock(&sandbox.slack).transcript().join("\n").contains("Access restored") {
        assert!(since.elapsed() < TEST_TIMEOUT, "{}", lock(&sandbox.slack).transcript().join("\n"));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    people.send_unsigned("x=1", "text/plain").await.unwrap();

    let mut out: Vec<(&str, String)> = Vec::new();
    for path in ["metrics", "readyz", "livez"] {
        out.push((path, reqwest::get(format!("{base}/{path}")).await.unwrap().text().await.unwrap()));
    }
    let shown = out.iter().map(|(_, text)| text.as_str()).collect::<String>();
    for data in ["jane", "acme.example", "U0ADA", "U0GRACE", "712020:", "jira-users"] {
        assert!(!shown.contains(data), "{data} in /metrics or /readyz");
    }
    assert!(shown.contains("reinstate_"), "nothing is measured");
    {
        let slack = lock(&sandbox.slack);
        out.push(("messages", format!("{:?}", slack.messages)));
        out.push(("private messages", format!("{:?}", slack.ephemerals)));
    }
    child.start_kill().unwrap();
    child.wait().await.unwrap();
    let text = std::fs::read_to_string(&log).unwrap();
    assert!(text.contains("DEBUG") && text.contains("provisionOnDemand"), "the log is not talkative");
    out.push(("log", text));
    for (what, arguments) in [
        ("export", &["audit", "export"][..]),
        ("csv", &["audit", "export", "--format", "csv"]),
        ("verify", &["audit", "verify"]),
        ("check", &["check", "jane@acme.example"]),
        ("check --json", &["check", "jane@acme.example", "--json"]),
        ("help", &["--help"]),
        ("help of serve", &["serve", "--help"]),
        ("manifest", &["manifest", "--url", "https://bot.acme.example"]),
        ("wrong usage", &["check", "--nonsense"]),
    ] {
        let output = program(&env, arguments).await;
        out.push((what, said(&output)));
    }
    let mut broken = env.clone();
    broken.insert("REINSTATE_ATLASSIAN__API_URL".into(), "http://127.0.0.1:1".into());
    broken.insert("REINSTATE_ENTRA__LOGIN_URL".into(), "http://127.0.0.1:1".into());
    out.push(("check of nothing", said(&program(&broken, &["check", "jane@acme.example", "--json"]).await)));
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let path = file.unwrap().path();
        if path != log {
            out.push(("database", String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned()));
        }
    }
    let mut all: Vec<String> = SECRETS.iter().map(|secret| (*secret).to_owned()).collect();
    let tokens = lock(&sandbox.entra).issued_tokens();
    assert!(!tokens.is_empty(), "no token was issued");
    all.extend(tokens);
    let (places, secrets) = (out.len(), all.len());
    for (place, text) in &out {
        for secret in &all {
            let found = text.find(secret.as_str());
            assert!(found.is_none(), "{place} holds {secret}: …{}", around(text, found));
        }
    }
    println!(
        "{secrets} secrets and tokens looked for in {places} places, the log of {} lines",
        out.iter().find(|(p, _)| *p == "log").map_or(0, |(_, t)| t.lines().count())
    );
}

fn around(text: &str, at: Option<usize>) -> String {
    let at = at.unwrap_or_default();
    text.char_indices()
        .filter(|(i, _)| (at.saturating_sub(200)..at + 80).contains(i))
        .map(|(_, c)| c)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_configuration_is_told_without_what_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("reinstate.toml");
    std::fs::write(&file, "[slack]\nbot_token = \"xoxb-in-the-file\"\nsigning_secret = \"sesame-open\"\n")
        .unwrap();
    let with = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    let path = file.display().to_string();
    for (env, arguments) in [
        (with(&[]), &["--config", path.as_str(), "serve"][..]),
        (with(&[("REINSTATE_SLACK__BOT_TOKEN", "xoxb-in-the-file")]), &["serve"]),
        (with(&[("REINSTATE_SLACK_BOT_TOKEN", "xoxb-in-the-file\nmore")]), &["serve"]),
        (
            with(&[
                ("REINSTATE_SLACK_BOT_TOKEN", "xoxb-in-the-file"),
                ("REINSTATE_SLACK_BOT_TOKEN_FILE", "/x"),
            ]),
            &["serve"],
        ),
        (with(&[("REINSTATE_STORE__URL", "postgres://joe:sesame-open@127.0.0.1:1/db")]), &["migrate"]),
        (with(&[("REINSTATE_STORE__URL", "postgres://joe:sesame-open@127.0.0.1:no/db")]), &["migrate"]),
        (with(&[("REINSTATE_STORE__URL", "mysql://joe:sesame-open@127.0.0.1/db")]), &["migrate"]),
        (
            with(&[("REINSTATE_STORE__URL", "postgres://joe:sesame-open@127.0.0.1:1/db")]),
            &["audit", "verify"],
        ),
    ] {
        let output = program(&env, arguments).await;
        let text = said(&output);
        assert!(!output.status.success(), "{env:?} was taken");
        assert!(!text.is_empty(), "{env:?}: nothing is said");
        for secret in ["xoxb-in-the-file", "sesame-open"] {
            assert!(!text.contains(secret), "{env:?} {arguments:?}:\n{text}");
        }
    }
}
