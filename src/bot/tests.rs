//! Tests of the bot from the outside: signed requests through the real router.

mod house;
mod watch;

use std::time::Duration;

use serde_json::json;

use super::reply::Reply;
use crate::exec::Admission;
use reinstate_core::run::PauseReason;
use reinstate_core::run::Requester;
use reinstate_core::{Event, Outcome, Who};
use reinstate_sandbox::lock;
use reinstate_sandbox::slack::{Slack, Unread, wait_until};
use reinstate_sandbox::wire::{Injection, Service};

use house::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_slacks_own_requests_are_taken() {
    let house = house().await;
    let form = "application/x-www-form-urlencoded";
    let body = "command=%2Freinstate&user_id=U0ADA&channel_id=C0DESK&text=help";
    let now = crate::clock::now().as_second();
    assert_eq!(house.bot.send_unsigned(body, form).await.unwrap().status, 401);
    for (stamp, status) in [(now, 200), (now - 400, 401), (now + 400, 401), (i64::MIN, 401), (i64::MAX, 401)]
    {
        assert_eq!(house.bot.send_signed(body, form, stamp).await.unwrap().status, status, "{stamp}");
    }
    let secret = std::mem::replace(&mut lock(&house.slack).signing_secret, "wrong".into());
    assert_eq!(house.bot.send_signed(body, form, now).await.unwrap().status, 401);
    lock(&house.slack).signing_secret = secret;
    let most = super::inbound::BODY_LIMIT_BYTES;
    let large = format!("{body}&x={}", "y".repeat(most - body.len() - 3));
    assert_eq!(house.bot.send_signed(&large, form, now).await.unwrap().status, 200);
    assert_eq!(house.bot.send_signed(&format!("{large}z"), form, now).await.unwrap().status, 413);
    let challenge = json!({"type": "url_verification", "challenge": "abc"}).to_string();
    let ack = house.bot.send_signed(&challenge, "application/json", now).await.unwrap();
    assert_eq!(ack.json()["challenge"], "abc");
    assert_eq!(house.bot.click_raw(&json!({"type": "novel", "team": null})).await.unwrap().status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_needs_no_look_up_is_in_the_acknowledgement() {
    let house = house().await;
    let says = async |text: &str| house.bot.command("U0NONE", "C0DESK", text).await.unwrap().json();
    assert_eq!(says("help").await["response_type"], "ephemeral");
    let text = says("chek <!channel>").await["text"].as_str().unwrap().to_owned();
    assert_eq!(text, "There is no such command.\nThe nearest correct form: `/reinstate check WHO [APP]`");
    assert_eq!(house.bot.slash("U0NONE", "C0DESK", "/other", "x").await.unwrap().status, 200);
    says("whoami").await;
    house.private("U0NONE", "• none").await;
    assert_eq!(house.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_is_private_encoded_shared_and_limited() {
    let house = house().await;
    house.bot.command("U0NONE", "C0ALONE", "check <@U0HEDY|h>").await.unwrap();
    let denial = house.private("U0NONE", "This needs the role viewer.").await;
    assert!(denial.text.contains("<!subteam^S0DESK>") && denial.text.contains("<@U0ADA>"), "{}", denial.text);
    for _ in 0..6 {
        house.bot.command("U0VIEW", "C0DESK", "check <@U0HEDY|h>").await.unwrap();
    }
    let answer = house.private("U0VIEW", "Could not check").await;
    let shown = shows(&answer.text, &answer.blocks);
    assert!(shown.contains(":grey_question: not read") && shown.contains("reinstate.recheck"), "{shown}");
    assert!(!shown.contains("<!channel>"), "{shown}");
    house.private("U0VIEW", "Try again in ").await;
    assert_eq!(*lock(&house.script.asked), 1);
    assert!(lock(&house.slack).messages.is_empty());
    assert_eq!(house.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_approvals_of_a_person_counts_and_their_own_never() {
    let house = house().await;
    let run = house.repairs("U0ADA", "C0ADMINS").await;
    let digest = house.waits(&run).await;
    let card = house.message("C0ADMINS", "reinstate.approve").await;
    let shown = shows(&card.text, &card.blocks);
    assert!(shown.contains(reinstate_core::plan::short(&digest)), "{shown}");
    assert!(shown.contains("&lt;!here&gt; &amp; co") && !shown.contains("<!here>"), "{shown}");
    assert_eq!(card.unfurl_links, Some(false));
    for (user, says) in [
        ("U0ADA", "Nobody approves their own request"),
        ("U0VIEW", "This needs the role approver"),
        ("U0HEDY", "on their own account"),
    ] {
        house.bot.click(user, "C0ADMINS", &card.ts, "reinstate.approve").await.unwrap();
        house.private(user, says).await;
    }
    let clicks: Vec<_> = (0..30)
        .map(|_| {
            let (bot, ts) = (house.bot.clone(), card.ts.clone());
            tokio::spawn(async move { bot.click("U0GRACE", "C0ADMINS", &ts, "reinstate.approve").await })
        })
        .collect();
    for click in clicks {
        // After the approval the button is gone, so Slack accepts no more clicks on it.
        drop(click.await.unwrap());
    }
    while !house.kinds(&run).await.contains(&"approved") {
        tokio::task::yield_now().await;
    }
    house.app.drain(WAIT_TIMEOUT).await;
    let kinds = house.kinds(&run).await;
    assert_eq!(kinds.iter().filter(|kind| **kind == "approved").count(), 1, "{kinds:?}");
    assert_eq!(kinds.iter().filter(|kind| **kind == "denied").count(), 3, "{kinds:?}");
    assert_eq!(house.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_approval_is_refused_while_own_cannot_be_read() {
    let house = house().await;
    let run = house.repairs("U0ADA", "C0ADMINS").await;
    house.waits(&run).await;
    *lock(&house.script.users_readable) = false;
    let card = house.message("C0ADMINS", "reinstate.approve").await;
    house.bot.click("U0GRACE", "C0ADMINS", &card.ts, "reinstate.approve").await.unwrap();
    house.private("U0GRACE", "could not be read, so your approval was not taken").await;
    assert!(!house.kinds(&run).await.contains(&"approved"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_of_the_card_does_nothing_and_a_decline_ends_and_is_told() {
    let house = house().await;
    let run = house.repairs("U0ADA", "C0DESK").await;
    house.waits(&run).await;
    let root = house.message("C0DESK", "Waiting for approval").await;
    assert!(!shows("", &root.blocks).contains("reinstate.approve"));
    let asked = house.message("C0ADMINS", "reinstate.approve").await;
    assert!(shows("", &asked.blocks).contains("<@U0GRACE>"));
    let copy = crate::slack::blocks::Message { text: "copy".into(), blocks: asked.blocks.clone() };
    let ts = house.app.slack.post("C0ADMINS", None, &copy).await.unwrap();
    house.bot.click("U0GRACE", "C0ADMINS", &ts, "reinstate.approve").await.unwrap();
    let link = format!("p{}", asked.ts.replace('.', ""));
    house.private("U0GRACE", &link).await;
    house.bot.click("U0GRACE", "C0ADMINS", &asked.ts, "reinstate.decline").await.unwrap();
    wait_until(&house.slack, |slack| slack.modal("U0GRACE").map(drop), WAIT_TIMEOUT).await.unwrap();
    let why = json!({"reason": {"why": {"type": "plain_text_input", "value": "Jane has left.\n<!here>"}}});
    house.bot.view_submission("U0GRACE", why).await.unwrap();
    let told = house.message("C0DESK", "has ended").await;
    assert_eq!(told.thread_ts.as_deref(), Some(root.ts.as_str()));
    assert!(told.text.contains("<@U0ADA>") && told.text.contains("Declined"), "{}", told.text);
    assert!(told.text.contains("The reason: Jane has left. &lt;!here&gt;"), "{}", told.text);
    let others = house.message("C0ADMINS", "has ended").await;
    assert!(others.text.contains("<@U0HEDY>") && !others.text.contains("<@U0GRACE> "), "{}", others.text);
    let gone = |slack: &Slack| {
        let card = slack.message(&asked.ts)?;
        (!shows("", &card.blocks).contains("reinstate.approve")).then_some(())
    };
    wait_until(&house.slack, gone, WAIT_TIMEOUT).await.unwrap();
    assert_eq!(house.kinds(&run).await.last(), Some(&"ended"));
    assert_eq!(house.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_waiting_run_is_retried_by_operators_and_cancelled_by_its_requester() {
    let house = house().await;
    let run = house.repairs("U0ADA", "C0ADMINS").await;
    house.waits(&run).await;
    let halt =
        Event::Paused { step: Some(0), halt: PauseReason::Changed, why: "The world is another.".into() };
    house.write(&run, vec![halt], false).await;
    let card = house.message("C0ADMINS", "reinstate.retry").await;
    house.bot.click("U0GRACE", "C0ADMINS", &card.ts, "reinstate.retry").await.unwrap();
    house.private("U0GRACE", "This needs the role operator").await;
    house.bot.click("U0ADA", "C0ADMINS", &card.ts, "reinstate.retry").await.unwrap();
    while !house.kinds(&run).await.contains(&"retried") {
        tokio::task::yield_now().await;
    }
    house.bot.command("U0ADA", "C0ADMINS", &format!("cancel {run}")).await.unwrap();
    house.private("U0ADA", "The run is stopped").await;
    // The executor, which does not run in this test, ends the run before the next step.
    assert_eq!(house.app.journal.run(&run).await.unwrap().cancelled.as_deref(), Some("U0ADA"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_posts_are_lost_and_a_card_is_deleted_there_is_still_a_card() {
    let house = house().await;
    house.wire.inject(Service::Slack, None, "conversations.info", 1, Injection::LoseAnswer);
    let run = house.repairs("U0ADA", "C0ALONE").await;
    house.waits(&run).await;
    let card = house.message("C0ADMINS", "Waiting for approval").await;
    lock(&house.slack).delete_by_person("C0ADMINS", &card.ts);
    let who = Event::Ended { outcome: Outcome::Restored, message: "All is well.".into() };
    house.write(&run, vec![who], true).await;
    let last = house.message("C0ADMINS", "journal `").await;
    assert_ne!(last.ts, card.ts);
    house.private("U0ADA", "has ended").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn admission_asks_slack_and_a_failed_look_up_is_later() {
    let house = house().await;
    // Slack does not say in time who asks, so the executor decides.
    house.wire.inject(Service::Slack, None, "users.info", 2, Injection::LoseAnswer);
    let run = house.repairs("U0NONE", "C0DESK").await;
    house.wire.clear_injections();
    let folded = house.app.journal.run(&run).await.unwrap();
    let mut asked = folded.asked.unwrap();
    let now = crate::clock::now();
    let says = "This needs the role operator.".to_owned();
    assert_eq!(house.app.admit(&asked, now).await, Admission::Refused(says.clone()));
    let ended = Event::Ended { outcome: Outcome::Refused, message: says.into() };
    house.write(&run, vec![ended], true).await;
    assert!(house.private("U0NONE", "This needs the role operator.").await.text.contains("<@U0ADA>"));
    asked.by = Requester::with_id("U0ADA");
    asked.text = "<@U0HEDY>".into();
    house.wire.inject(Service::Slack, None, "users.info", 9, Injection::LoseAnswer);
    assert!(matches!(house.app.admit(&asked, now).await, Admission::Later(_)));
    let long_ago = now.checked_sub(Duration::from_secs(120)).unwrap();
    assert!(matches!(house.app.admit(&asked, long_ago).await, Admission::Refused { .. }));
    house.wire.clear_injections();
    asked.by = Requester::with_id("U0ADA");
    loop {
        // A failure is cached for half a second.
        match house.app.admit(&asked, now).await {
            Admission::Later(_) => tokio::task::yield_now().await,
            Admission::Admitted { who, .. } => {
                break assert_eq!(who, Who::Email("hedy@acme.example".into()));
            }
            refused => panic!("{refused:?}"),
        }
    }
    assert!(lock(&house.slack).unread().iter().all(|one| matches!(one, Unread::Private(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_cannot_be_written_down_is_not_started() {
    let house = house().await;
    let url = format!("sqlite:{}/r.db", house._dir.path().display());
    // Another writer locks the database for longer than the acknowledgement waits.
    let pool = sqlx::any::AnyPoolOptions::new().max_connections(1).connect(&url).await.unwrap();
    let mut held = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
    sqlx::query("UPDATE head SET position = position").execute(&mut *held).await.unwrap();
    let ack = house.bot.command("U0ADA", "C0DESK", "repair jane@acme.example").await.unwrap();
    assert!(ack.json()["text"].as_str().unwrap().starts_with("Nothing was started"), "{}", ack.body);
    held.rollback().await.unwrap();
    house.app.drain(WAIT_TIMEOUT).await;
    assert_eq!(house.app.journal.store().open_runs().await.unwrap(), Vec::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_comes_too_late_is_refused_with_the_reason() {
    let house = house().await;
    let slash = |text: &str| crate::slack::payload::Slash {
        by: Requester::with_id("U0ADA"),
        channel: "C0DESK".into(),
        command: "/reinstate".into(),
        text: text.into(),
        response_url: None,
        trigger: None,
    };
    let ago = |minutes| crate::clock::now().checked_sub(jiff::SignedDuration::from_mins(minutes)).unwrap();
    for text in ["repair jane@acme.example", "check jane@acme.example", "sweep", "status"] {
        let Reply::Private(says) = super::commands::command(&house.app, slash(text), ago(16)).await else {
            panic!("{text} was taken")
        };
        assert!(says.as_str().contains("more than 15 minutes"), "{text}: {}", says.as_str());
    }
    house.app.drain(WAIT_TIMEOUT).await;
    assert_eq!(house.app.journal.store().open_runs().await.unwrap(), Vec::new());
    let Reply::Private(says) =
        super::commands::command(&house.app, slash("repair j@acme.example"), ago(14)).await
    else {
        panic!("no answer")
    };
    assert!(says.as_str().contains("The run has begun"), "{}", says.as_str());
    let opened = house.app.journal.store().open_runs().await.unwrap();
    assert!(opened[0].opened_at <= ago(14), "the run is as old as its command");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn status_counts_all_open_runs_and_shows_the_oldest() {
    let house = house().await;
    let mut runs = Vec::new();
    for _ in 0..25 {
        runs.push(house.repairs("U0ADA", "C0DESK").await);
    }
    house.bot.command("U0VIEW", "C0DESK", "status").await.unwrap();
    let told = house.private("U0VIEW", "*Open runs*: 25").await;
    let shown = shows(&told.text, &told.blocks);
    assert!(shown.contains("… and 5 more"), "{shown}");
    let lists = |run: &String| shown.contains(&format!("• `{}`", reinstate_core::short_id(run)));
    let listed: Vec<bool> = runs.iter().map(lists).collect();
    assert_eq!(listed, [vec![true; 20], vec![false; 5]].concat(), "{shown}");
}
