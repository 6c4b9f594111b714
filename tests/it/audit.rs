//! The journal for an auditor: `audit verify` and `audit export` as programs, on a journal that the real bot has
//! written.

use std::process::Output;
use std::time::Duration;

use reinstate_sandbox::lock;
use reinstate_sandbox::scenarios::find;
use serde_json::Value;
use sqlx::{Connection, Executor};

use super::place::On;
use super::story::Story;

async fn audit(story: &Story, args: &[&str]) -> Output {
    story.command(&[&["audit"], args].concat()).await
}

fn printed(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// A scenario whose journal contains a repair, a denial, a refused request and a start.
async fn told(on: On) -> Option<Story> {
    reinstate::upstream::install_tls();
    let mut story = Story::on(on, find("membership-drift").unwrap()).await?;
    let bot = story.bot().await;
    story.people.send_unsigned("x", "text/plain").await.unwrap();
    story.people.command("U0GUEST", "C0HELP", "check jane@acme.example").await.unwrap();
    story.asks().await;
    story.goes_on("for the auditor").await;
    while !story.ledger.store().stale_cards(1).await.unwrap().is_empty() {
        story.must_not_hang("until its card shows the end");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // When the bot stops, it appends the counts of the last minute.
    bot.signal("TERM").await;
    bot.ends().await;
    Some(story)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_journal_tells_starts_denials_and_refused_requests() {
    let story = told(On::chosen()).await.unwrap();
    let output = audit(&story, &["export"]).await;
    assert_eq!(output.status.code(), Some(0));
    let lines: Vec<Value> =
        printed(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |kind: &str| -> Vec<&Value> { lines.iter().filter(|line| line["kind"] == kind).collect() };
    let configured = of("configured");
    assert_eq!(configured.len(), 1);
    assert_eq!(configured[0]["position"], 1, "before anything else");
    assert!(configured[0]["personal"]["settings"]["access.approver"].is_string(), "{:?}", configured[0]);
    assert_eq!(of("denied")[0]["personal"]["by"], "U0GUEST");
    assert_eq!(of("requests-refused")[0]["facts"]["by_reason"]["unsigned"], 1);
    assert_eq!(of("ended").len(), 1);
    let csv = audit(&story, &["export", "--format", "csv"]).await;
    assert_eq!(printed(&csv).lines().count(), lines.len() + 1, "a head, and a row for each entry");
    let text = printed(&output) + &printed(&csv);
    assert!(text.contains(r#""text":"jane@acme.example""#), "whom they asked for stands there");
    let hooks: Vec<String> = lock(&story.sandbox.slack).response_urls.keys().cloned().collect();
    assert!(!hooks.is_empty());
    for hook in hooks {
        assert!(!text.contains(&hook), "whoever reads this could answer in our name");
    }
    for secret in [
        "sandbox-org-key",
        "sandbox-scim-key",
        "sandbox-client-secret",
        "xoxb-sandbox",
        "sandbox-signing-secret",
    ] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_from_the_last_card_finds_a_chain_that_was_written_anew() {
    let story = told(On::Sqlite).await.unwrap();
    let whole = audit(&story, &["verify"]).await;
    assert_eq!(whole.status.code(), Some(0), "{whole:?}");
    let head = printed(&whole).trim_end_matches(".\n").rsplit(' ').next().unwrap().to_owned();
    let on_card = lock(&story.sandbox.slack).transcript().join("\n");
    let words = on_card.split(|c: char| c.is_whitespace() || c == '`');
    let mut heads = words.filter(|word| word.split_once(':').is_some_and(|(_, hash)| hash.len() == 16));
    let shown = heads.next_back().expect("the last card shows the head");
    for kept in [head.as_str(), shown] {
        let verified = audit(&story, &["verify", "--head", kept]).await;
        assert_eq!(verified.status.code(), Some(0), "{kept}: {verified:?}");
    }
    let mut conn = sqlx::SqliteConnection::connect(&story.place.url).await.unwrap();
    // Somebody deletes the personal part of an entry. Retention would have recorded the deletion.
    conn.execute(
        "CREATE TABLE kept AS SELECT position, personal, personal_salt FROM entries WHERE kind = 'admitted';
         UPDATE entries SET personal = NULL, personal_salt = NULL WHERE kind = 'admitted'",
    )
    .await
    .unwrap();
    // Refused requests are recorded at an unpredictable time, so no position is certain.
    let position: i64 = sqlx::query_scalar("SELECT position FROM kept").fetch_one(&mut conn).await.unwrap();
    for args in [&["verify"][..], &["verify", "--head", shown]] {
        let hole = audit(&story, args).await;
        assert_eq!(hole.status.code(), Some(1), "{hole:?}");
        let says = String::from_utf8(hole.stderr).unwrap();
        assert!(
            says.contains(&format!("broken at position {position}: its personal data is gone")),
            "{says}"
        );
    }
    conn.execute(
        "UPDATE entries SET personal = (SELECT personal FROM kept), personal_salt = (SELECT personal_salt FROM kept)
         WHERE kind = 'admitted'",
    )
    .await
    .unwrap();
    assert_eq!(audit(&story, &["verify", "--head", shown]).await.status.code(), Some(0));
    conn.execute("UPDATE entries SET kind = 'forged' WHERE position = 3").await.unwrap();
    let broken = audit(&story, &["verify"]).await;
    assert_eq!(broken.status.code(), Some(1));
    let says = String::from_utf8(broken.stderr).unwrap();
    assert!(says.contains("broken at position 3"), "{says}");
    conn.execute("DELETE FROM risky_steps; DELETE FROM entries").await.unwrap();
    conn.execute("UPDATE head SET position = 0, hash = '0000000000000000000000000000000000000000000000000000000000000000'")
        .await
        .unwrap();
    assert_eq!(audit(&story, &["verify"]).await.status.code(), Some(0), "an empty chain is one");
    let gone = audit(&story, &["verify", "--head", shown]).await;
    assert_eq!(gone.status.code(), Some(1), "but not the one of the card");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistyped_database_is_not_an_empty_journal() {
    reinstate::upstream::install_tls();
    let mut story = Story::on(On::Sqlite, find("healthy").unwrap()).await.unwrap();
    story.place.url = "sqlite:/nowhere/there.db".to_owned();
    let output = audit(&story, &["verify"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("there is no file /nowhere/there.db"),
        "{output:?}"
    );
}
