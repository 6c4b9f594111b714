//! Follows one run through the log of the real program. Every line from the command to the last card has the run's id.
//! The lines are in the order of the journal. No line contains a name or an address.

use std::collections::BTreeMap;
use std::process::Stdio;

use reinstate_core::Outcome;
use reinstate_sandbox::scenarios::find;
use serde_json::Value;
use tokio::process::Command;

use super::place::On;
use super::story::Story;

/// Whether this line is about this run: by its own field, or by its span.
fn is_about(line: &Value, run: &str) -> bool {
    let spans = line["spans"].as_array().into_iter().flatten();
    line["run"] == run || spans.map(|span| &span["run"]).any(|of| of == run)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_can_be_followed_from_the_command_to_the_last_card() {
    reinstate::upstream::install_tls();
    let mut story = Story::at(On::Sqlite.place().await.unwrap(), find("email-held").unwrap()).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let env: BTreeMap<String, String> = story.env(story.port);
    let mut bot = Command::new(env!("CARGO_BIN_EXE_reinstate"))
        .arg("serve")
        .env_clear()
        .envs(&env)
        .envs([("REINSTATE_LOG", "json"), ("RUST_LOG", "reinstate=debug")])
        .stdin(Stdio::null())
        .stderr(std::fs::File::create(&path).unwrap())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    story.asks().await;
    assert_eq!(story.goes_on("with its log").await, Outcome::Restored);
    let (row, run) = story.run().await.unwrap();
    let read = || -> Vec<Value> {
        let text = std::fs::read_to_string(&path).unwrap();
        // The last line may be incomplete.
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
            .collect()
    };
    let shows_the_end = |line: &Value| line["role"] == "root" && line["seq"] == run.seq;
    let lines = loop {
        story.must_not_hang("until the last card is logged");
        let lines = read();
        if lines.iter().any(shows_the_end) {
            break lines;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    bot.kill().await.unwrap();

    let ours: Vec<&Value> = lines.iter().filter(|line| is_about(line, &row.run)).collect();
    let logged: Vec<&str> = ours.iter().filter_map(|line| line["kind"].as_str()).collect();
    let entries = story.ledger.store().entries(&row.run).await.unwrap();
    let journal: Vec<&str> = entries.iter().map(|entry| entry.kind.as_str()).collect();
    assert_eq!(logged, journal, "the lines of the journal, in its order");
    let place = |wanted: &dyn Fn(&Value) -> bool| ours.iter().position(|line| wanted(line));
    assert!(
        place(&|line| line["kind"] == "ended") < place(&shows_the_end),
        "the last card comes after the end"
    );

    // Every upstream call was made for this run, and its line says so.
    let calls: Vec<&Value> = lines.iter().filter(|line| line["service"].is_string()).collect();
    assert!(calls.len() > 20, "{} calls were logged", calls.len());
    for call in calls {
        assert!(is_about(call, &row.run), "a call without its run: {call}");
    }
    let text = std::fs::read_to_string(&path).unwrap();
    for name in ["jane", "Jane", "@acme.example", "Ada Ops"] {
        assert!(!text.contains(name), "{name} is in the log");
    }
    story.end("with its log").await;
}

/// What `sandbox --play` writes to standard error.
async fn played(rust_log: Option<&str>) -> String {
    let out = Command::new(env!("CARGO_BIN_EXE_reinstate"))
        .args(["sandbox", "--play", "membership-drift"])
        .env_clear()
        .envs(rust_log.map(|filter| ("RUST_LOG", filter)))
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    assert!(out.status.success(), "{out:?}");
    String::from_utf8(out.stderr).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_story_is_not_interrupted_by_log_lines() {
    assert_eq!(played(None).await, "");
    assert!(played(Some("info")).await.contains("INFO"), "they can be asked for");
}
