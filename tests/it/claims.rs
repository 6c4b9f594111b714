//! Claims: one person belongs to at most one repair at a time. A step on the whole tenant and any other repair exclude
//! each other.

use std::time::{Duration, Instant};

use reinstate::slack::messages::end_message;
use reinstate_core::{Outcome, short_id};
use reinstate_sandbox::entra::JobCode;
use reinstate_sandbox::lock;
use reinstate_sandbox::scenarios::find;
use reinstate_sandbox::tenant::{ADMINS, Tenant};
use reinstate_sandbox::wire::{Gate, Injection, Service};
use reinstate_store::{AppendOptions, NewEntry};
use secrecy::ExposeSecret as _;

use super::bot::{ADA, Bot, GRACE, tells_in};
use super::caps::{closes, held, parked, set, wrong_account};

const JANE: &str = "jane@acme.example";
const BOB: &str = "bob@acme.example";

/// Waits until this run has ended, which need not be the newest one.
async fn ends(bot: &Bot, run: &str) -> Outcome {
    let since = Instant::now();
    loop {
        if let Some((outcome, _)) = bot.app.journal.run(run).await.unwrap().ended {
            return outcome;
        }
        assert!(since.elapsed() < Duration::from_secs(60), "{run} does not end");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Checks that the requester of the newest run was told which run is open.
async fn is_told_of(bot: &Bot, first: &str) {
    let second = bot.app.journal.run(&bot.run().await).await.unwrap();
    let (_, message) = second.ended.unwrap();
    assert!(end_message(&message).contains(short_id(first)), "the second is told which run is first");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_operators_on_one_person_are_one_repair() {
    let mut tenant = held();
    tenant.slack.channels.get_mut(ADMINS).unwrap().members.insert("U0JANE".into());
    tells_in(tenant, set("REINSTATE_ACCESS__OPERATOR__USERS", "U0ADA,U0VERA"), async |bot| {
        bot.says(ADA, &format!("repair {JANE}")).await;
        bot.button("reinstate.approve").await;
        let first = bot.run().await;
        // The second request spells the address in another way.
        bot.says("U0VERA", "repair JANE@acme.example").await;
        assert_eq!(bot.ends().await, Outcome::Busy);
        is_told_of(bot, &first).await;
        bot.clicks(GRACE, "reinstate.approve").await;
        assert_eq!(ends(bot, &first).await, Outcome::Restored);
        assert_eq!(parked(bot), 1);
        closes(bot).await;
    })
    .await;
}

/// The service stopped the job, so Jane was never provisioned. Bob lost his groups before that.
fn stopped() -> Tenant {
    let mut tenant = find("provisioning-stopped-by-itself").unwrap().tenant();
    let bob = tenant.employee(BOB, "Bob Barker");
    tenant.atlassian.leave(&bob.record, "jira-users");
    tenant.sends_known_members();
    tenant
}

/// Starts the job of the whole tenant, or stops it again.
fn job_runs(bot: &Bot, runs: bool) {
    let mut entra = lock(&bot.sandbox.entra);
    let job = entra.atlassian_job().unwrap();
    job.code = if runs { JobCode::Active } else { JobCode::Paused };
    job.schedule_state = if runs { "Active" } else { "Disabled" }.to_owned();
}

fn starts(bot: &Bot) -> usize {
    bot.sandbox.wire.calls().iter().filter(|call| call.path.ends_with("/start")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_repair_begins_beside_a_step_on_the_whole_tenant() {
    tells_in(
        stopped(),
        |_| {},
        async |bot| {
            bot.says(ADA, &format!("repair {JANE}")).await;
            bot.sees("Start provisioning for the whole tenant").await;
            bot.button("reinstate.approve").await;
            let first = bot.run().await;
            // Somebody starts the job by hand, so Bob's repair needs no step on the whole tenant.
            job_runs(bot, true);
            bot.says(ADA, &format!("repair {BOB}")).await;
            assert_eq!(bot.ends().await, Outcome::Busy);
            is_told_of(bot, &first).await;
            let calls = bot.sandbox.wire.calls();
            assert!(
                !calls.iter().any(|call| call.path.ends_with("/provisionOnDemand")),
                "sent in spite of it"
            );
            bot.says(ADA, &format!("cancel {first}")).await;
            assert_eq!(ends(bot, &first).await, Outcome::Cancelled);
            bot.says(ADA, &format!("repair {BOB}")).await;
            assert_eq!(bot.ends().await, Outcome::Restored);
            closes(bot).await;
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_step_on_the_whole_tenant_is_planned_beside_a_repair_on_its_way() {
    tells_in(
        stopped(),
        |_| {},
        async |bot| {
            job_runs(bot, true);
            let gate = Gate::default();
            let hold = Injection::Hold { after_effect: true, gate: gate.clone() };
            bot.sandbox.wire.inject(Service::Entra, Some("POST"), "/provisionOnDemand", 1, hold);
            bot.says(ADA, &format!("repair {BOB}")).await;
            gate.reached().await;
            let first = bot.run().await;
            job_runs(bot, false);
            bot.says(ADA, &format!("repair {JANE}")).await;
            assert_eq!(bot.ends().await, Outcome::Busy);
            is_told_of(bot, &first).await;
            job_runs(bot, true);
            gate.open();
            assert_eq!(ends(bot, &first).await, Outcome::Restored);
            // Now no other run holds a claim.
            job_runs(bot, false);
            bot.says(ADA, &format!("repair {JANE}")).await;
            bot.sees("Start provisioning for the whole tenant").await;
            bot.clicks(GRACE, "reinstate.approve").await;
            assert_eq!(bot.ends().await, Outcome::Restored);
            assert_eq!(starts(bot), 1);
            closes(bot).await;
        },
    )
    .await;
}

/// Runs `reinstate runs release` on the bot's database. Returns the exit code and the output.
async fn release(bot: &Bot, run: &str) -> (Option<i32>, String) {
    let url = bot.app.config.store.url.expose_secret();
    let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_reinstate"))
        .args(["runs", "release", run])
        .env_clear()
        .envs(bot.sandbox.env(url, "127.0.0.1:0"))
        .output()
        .await
        .unwrap();
    let says = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(says).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_cannot_be_read_is_released_by_hand_and_gives_back_its_claims() {
    tells_in(
        held(),
        |_| {},
        async |bot| {
            bot.says(ADA, &format!("repair {JANE}")).await;
            bot.button("reinstate.approve").await;
            let first = bot.run().await;
            let (code, says) = release(bot, &first).await;
            assert_eq!(code, Some(1), "{says}");
            assert!(
                says.contains("can be read") && says.contains(&format!("/reinstate cancel {first}")),
                "{says}"
            );
            let nowhere = uuid::Uuid::now_v7().to_string();
            assert_eq!(release(bot, &nowhere).await.0, Some(1));
            assert_eq!(release(bot, JANE).await.0, Some(64));
            let again = bot.app.journal.clone();
            let asked = bot.app.journal.run(&first).await.unwrap().asked.unwrap();
            let twin = format!("{}-0000-7000-8000-000000000000", &first[..13]);
            again.open(twin.clone(), twin, asked, reinstate::clock::now()).await.unwrap();
            let (code, says) = release(bot, &first[..13]).await;
            assert!(code == Some(1) && says.contains("Several runs") && says.contains(&first), "{says}");

            // An entry that no version of the program has written.
            let store = bot.app.journal.store();
            let seq = store.run(&first).await.unwrap().unwrap().seq;
            let strange = NewEntry {
                at: reinstate::clock::now(),
                kind: "approved".to_owned(),
                facts: "{}".to_owned(),
                personal: Some(r#"{"kind":"approved","by":"jane.secret@acme.example"}"#.to_owned()),
            };
            store.append(&first, seq, None, &[strange], AppendOptions::default()).await.unwrap();
            bot.app.journal.run(&first).await.unwrap_err();
            // With the same name, the request would be answered before claims are checked.
            let account = wrong_account(&held());
            bot.says(ADA, &format!("repair {account}")).await;
            // This test does not wait for the cards, because the card of the first run can no longer be drawn.
            let second = bot.until("the end", |run| run.ended.is_some()).await;
            assert_eq!(second.ended.unwrap().0, Outcome::Busy, "it keeps what it has claimed");
            // The end of an id is enough, as everywhere.
            let (code, says) = release(bot, &first[first.len() - 12..]).await;
            assert_eq!(code, Some(0), "{says}");
            assert!(says.contains("was released") && !says.contains("jane.secret"), "{says}");
            let (code, says) = release(bot, &first).await;
            assert!(code == Some(1) && says.contains("has ended"), "{says}");
            let note = last_note(bot).await;
            assert_eq!(note, format!(r#"run-released {{"by":"cli","run":"{first}"}}"#));
            bot.says(ADA, &format!("repair {JANE}")).await;
            bot.until("an approval is asked for", |run| run.current.is_some()).await;
            let run = bot.run().await;
            bot.says(ADA, &format!("cancel {run}")).await;
            assert_eq!(bot.ends().await, Outcome::Cancelled);
            closes(bot).await;
        },
    )
    .await;
}

/// The newest entry that belongs to no run.
async fn last_note(bot: &Bot) -> String {
    let mut export = bot.app.journal.store().export(None);
    let mut last = String::new();
    while let Some(page) = export.next_page().await.unwrap() {
        for entry in page.into_iter().filter(|entry| entry.run.is_none()) {
            last = format!("{} {}", entry.kind, entry.facts);
        }
    }
    last
}
