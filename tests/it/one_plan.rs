//! One state of the world has one plan, whatever asks for it: `check` in Slack and in the terminal, a sweep in both,
//! and a repair. A run that began and had no effect is part of that state.

use std::process::Output;

use reinstate::upstream::Limits;
use reinstate_core::sweep::SweepFinding;
use reinstate_core::{Event, Who};
use reinstate_sandbox::scenarios::find;
use reinstate_sandbox::wire::{Injection, Service};
use serde_json::Value;

use super::bot::{ADA, Bot, GRACE};
use super::place::On;
use super::slack_sweep;

const WHO: &str = "jane@acme.example";

async fn program(bot: &Bot, store: &str, args: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    tokio::process::Command::new(env!("CARGO_BIN_EXE_reinstate"))
        .args(args)
        .current_dir(folder.path())
        .env_clear()
        .envs(bot.sandbox.env(store, "127.0.0.1:0"))
        .output()
        .await
        .unwrap()
}

/// The answer about Jane: the only line of `check`, or one of many lines of `sweep`.
fn answer(output: &Output) -> Value {
    let lines = String::from_utf8(output.stdout.clone()).unwrap();
    let mut all = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    all.find(|one| one["account"]["query"] == WHO).unwrap_or_else(|| panic!("{output:?}"))
}

fn digest(answer: &Value) -> Option<String> {
    answer["plan"]["digest"].as_str().map(str::to_owned)
}

/// A sweep by Ada in Slack. Returns the digest of Jane's plan.
async fn swept(bot: &Bot) -> Option<String> {
    bot.says(ADA, "sweep").await;
    let (sweep, _) = slack_sweep::sweep(bot, |course| course.surveyed.is_some()).await;
    let rows = bot.app.journal.store().found_by(&sweep).await.unwrap();
    let found: SweepFinding = serde_json::from_str(&rows[WHO]).unwrap();
    found.digest
}

/// A repair. Returns the digest of its first plan.
async fn repaired(bot: &Bot) -> Option<String> {
    let before = bot.run().await;
    bot.says(ADA, &format!("repair {WHO}")).await;
    assert_ne!(bot.run().await, before, "another run");
    bot.until("a plan", |run| run.plans > 0).await;
    let events = bot.events(&bot.run().await).await;
    let first = events.into_iter().find_map(|event| match event {
        Event::Planned { digest, .. } => Some(digest),
        _ => None,
    });
    first.expect("it was planned")
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_run_without_effect_every_entrance_has_the_same_plan() {
    let place = On::chosen().place().await.expect("the engine that was asked for");
    let store = place.url.clone();
    let mut tenant = find("stale-record-conflict").unwrap().tenant();
    tenant.atlassian.switches.relink_on_update = true;
    let change = |env: &mut reinstate::config::Env| {
        env.insert("REINSTATE_LIMITS__CONFIRM_WITHIN".to_owned(), "1s".to_owned());
    };
    let bot = Bot::start_at(place, tenant, change, Limits::default()).await;
    let who = Who::parse(WHO).unwrap();
    let before = bot.app.diagnose(&who, None).await.1.digest().expect("there is a plan");

    // Whether the record was deleted is unknown. It stays where it is, and so does the old refusal in the log.
    let fails = Injection::Answer { status: 500, headers: Vec::new(), body: "{}".to_owned() };
    bot.sandbox.wire.inject(Service::Atlassian, Some("DELETE"), "/scim/directory/", u32::MAX, fails);
    bot.says(ADA, &format!("repair {WHO}")).await;
    bot.clicks(GRACE, "reinstate.approve").await;
    bot.until("the stop", |run| run.waiting.is_some()).await;
    bot.clicks(ADA, "reinstate.cancel").await;
    bot.until("the end", |run| run.ended.is_some()).await;

    let check = bot.app.diagnose(&who, None).await.1.digest();
    assert_ne!(check.as_ref(), Some(&before), "the run that began takes weight from the refusal");
    let without = answer(&program(&bot, "sqlite:nothing.db", &["check", WHO, "--json"]).await);
    assert_eq!(digest(&without), Some(before), "without prior runs the plan is another");
    let terminal = answer(&program(&bot, &store, &["check", WHO, "--json"]).await);
    assert_eq!(terminal["unread"], serde_json::json!([]));
    assert_eq!(digest(&terminal), check, "check in the terminal");
    let lines = answer(&program(&bot, &store, &["sweep", "--json"]).await);
    assert_eq!(digest(&lines), check, "sweep in the terminal");
    assert_eq!(swept(&bot).await, check, "sweep in Slack");
    assert_eq!(repaired(&bot).await, check, "repair");
    bot.until("the end", |run| run.ended.is_some() || run.waiting.is_some()).await;
    bot.is_quiet().await;
    bot.reads_all();
    bot.closes().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_needs_no_database_and_says_where_one_could_not_be_read() {
    let sandbox = super::asking::start(find("stale-record-conflict").unwrap().tenant()).await;
    let folder = tempfile::tempdir().unwrap();
    let run = async |store: &str, args: &[&str]| {
        let env = sandbox.env(store, "127.0.0.1:0");
        let mut program = tokio::process::Command::new(env!("CARGO_BIN_EXE_reinstate"));
        program.args(args).current_dir(folder.path()).env_clear().envs(env).output().await.unwrap()
    };
    // Nothing was ever recorded where no database was made.
    let output = run("sqlite:reinstate.db", &["check", WHO, "--json"]).await;
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert_eq!(answer(&output)["unread"], serde_json::json!([]));
    let lines = run("sqlite:reinstate.db", &["sweep", "--json"]).await;
    assert_eq!(answer(&lines)["unread"], serde_json::json!([]));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "and no database was made");

    std::fs::write(folder.path().join("torn.db"), "this is no database").unwrap();
    let output = run("sqlite:torn.db", &["check", WHO, "--json"]).await;
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert_eq!(answer(&output)["unread"][0]["source"], "reinstate.prior-runs");
    let text = String::from_utf8(run("sqlite:torn.db", &["check", WHO]).await.stdout).unwrap();
    assert!(text.contains("reinstate.prior-runs: the database could not be opened"), "{text}");
    let lines = run("sqlite:torn.db", &["sweep", "--json"]).await;
    assert_eq!(answer(&lines)["unread"][0]["source"], "reinstate.prior-runs");
    let last: Value =
        serde_json::from_slice(lines.stdout.trim_ascii_end().rsplit(|b| *b == b'\n').next().unwrap())
            .unwrap();
    assert_eq!(last["summary"]["sides_unread"][0]["source"], "reinstate.prior-runs");
}
