//! `report` in Slack and as a program, on a journal that the real bot has written: the figures, who may ask, that nobody
//! is named, and what is left after retention.

use std::process::Output;
use std::time::Duration;

use reinstate_core::Outcome;
use reinstate_sandbox::scenarios::find;
use reinstate_sandbox::tenant::HELPDESK;
use serde_json::{Value, json};

use super::bot::{ADA, GRACE, JANE, VERA, plain, tells};
use super::place::On;
use super::story::Story;

/// What no report may contain: names, addresses, account ids and Slack ids of the tenant.
const PERSONAL: &[&str] = &["jane", "doe", "acme", "@", "712020", "u0ada", "u0grace", "c0admins", "sha256"];

fn names_nobody(text: &str) {
    let text = text.to_lowercase();
    for name in PERSONAL {
        assert!(!text.contains(name), "{name}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_reads_what_repairs_achieved_and_nobody_else_does() {
    tells("email-held", async |bot| {
        bot.says(VERA, "report").await;
        bot.hears(VERA, "No repair gave anybody their access back").await;
        bot.says_in(HELPDESK, JANE, "report").await;
        bot.hears(JANE, "This needs the role viewer").await;
        assert_eq!(bot.denials().await, ["report"]);
    })
    .await;
    tells("email-held", async |bot| {
        bot.says(ADA, "repair jane@acme.example").await;
        bot.sees("Waiting for approval").await;
        bot.sees("needs your approval").await;
        bot.clicks(GRACE, "reinstate.approve").await;
        assert_eq!(bot.ends().await, Outcome::Restored);
        bot.sees("has ended").await;
        bot.sees("Access restored for Jane Doe").await;
        bot.says(VERA, "report").await;
        let told = bot.hears(VERA, "1 person has access back").await;
        let shown = plain(&bot.private(&told));
        for words in [
            "1: 1 restored",
            "1 given, ",
            "0 declined",
            "1 destructive",
            "email-held-by-managed-account",
            "move the address off an account: worked 1 of 1 time",
        ] {
            assert!(shown.contains(words), "{words}: {shown}");
        }
        names_nobody(&shown);
    })
    .await;
}

async fn report(story: &Story, args: &[&str]) -> Output {
    story.command(&[&["report"], args].concat()).await
}

async fn figures(story: &Story) -> Value {
    let output = report(story, &["--json", "--since", "1d"]).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    names_nobody(&text);
    serde_json::from_str(&text).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_says_the_same_before_and_after_retention() {
    reinstate::upstream::install_tls();
    let mut story = Story::on(On::chosen(), find("membership-drift").unwrap()).await.unwrap();
    let bot = story.bot().await;
    story.asks().await;
    story.goes_on("for the report").await;
    bot.signal("TERM").await;
    bot.ends().await;
    let before = figures(&story).await;
    assert_eq!(before["people_helped"], 1);
    assert_eq!(before["outcomes"], json!({"restored": 1}));
    assert_eq!(before["causes"][0]["code"], "membership-drift");
    assert_eq!(before["remedies"][0]["step"], "provision-membership");
    assert_eq!((&before["remedies"][0]["tried"], &before["remedies"][0]["worked"]), (&json!(1), &json!(1)));
    assert!(before["time_to_access"]["median_seconds"].is_u64(), "{before}");
    assert_eq!(before["unread"]["erased"], 0);

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.csv");
    let output = report(&story, &["--csv", file.to_str().unwrap()]).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    let table = std::fs::read_to_string(&file).unwrap();
    assert!(table.starts_with("\"figure\",\"cause\",\"step or risk\",\"period\",\"value\"\n"), "{table}");
    assert!(table.contains("\"people helped\",\"\",\"\",\"\",\"1\"\n"), "{table}");
    assert!(
        table.contains("\"worked\",\"membership-drift\",\"provision-membership\",\"\",\"1\"\n"),
        "{table}"
    );
    names_nobody(&table);
    let output = report(&story, &[]).await;
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("1 person has access back after 1 repair, "), "{text}");
    names_nobody(&text);

    let later = story.ledger.now().await.unwrap() + Duration::from_secs(60);
    story.ledger.store().erase_personal(later).await.unwrap();
    let mut after = figures(&story).await;
    assert_eq!((&after["people_helped"], &after["repairs_without_person"]), (&json!(0), &json!(1)));
    assert_eq!(after["unread"]["erased"], 1);
    // Everything else is known as before.
    for key in ["people_helped", "repairs_without_person", "unread", "since", "until"] {
        after[key] = before[key].clone();
    }
    assert_eq!(after, before);
}
