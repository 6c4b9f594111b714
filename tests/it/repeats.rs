//! A request that is delivered twice is answered once: commands, shortcuts and clicks, over signed requests and over a
//! socket.

use reinstate_sandbox::slack::Ack;
use reinstate_sandbox::tenant::{HELPDESK, Tenant};
use reinstate_sandbox::{lock, scenarios};

use super::bot::{ADA, Bot, GRACE, JANE, VERA, tells_in};

fn tenant(socket: bool) -> Tenant {
    let mut tenant = scenarios::find("email-held").unwrap().tenant();
    tenant.slack.sockets.on = socket;
    tenant
}

/// Delivers the same request twice more, at the same time.
async fn repeats(bot: &Bot, ack: &Ack, socket: bool) {
    let again = async || match socket {
        true => bot.people.again(ack).await.unwrap(),
        false => bot.people.retry(ack, 1, "http_timeout").await.unwrap(),
    };
    let (one, two) = tokio::join!(again(), again());
    assert_eq!((one.status, two.status), (200, 200));
    bot.app.drain(bot.people.patience).await;
}

/// The request has exactly one answer, which holds these words.
async fn answered_once(bot: &Bot, ack: &Ack, socket: bool, words: &str) {
    repeats(bot, ack, socket).await;
    let mut told = bot.reads_all();
    // Sent after four seconds, so only on a busy machine.
    told.retain(|one| !one.ends_with("Still reading; the answer follows here."));
    assert!(told.len() == 1 && told.iter().all(|one| one.contains(words)), "{words}: {told:#?}");
}

/// How often the bot has called this method of Slack.
fn calls(bot: &Bot, method: &str) -> usize {
    bot.sandbox.wire.calls().iter().filter(|call| call.path.ends_with(method)).count()
}

async fn everything(bot: &Bot, socket: bool) {
    for (user, text, words) in [
        (VERA, "check jane@acme.example", "(jane@acme.example)"),
        (JANE, "me", "Your Atlassian access"),
        (JANE, "whoami", "Your roles"),
        (VERA, "status", "Nothing runs"),
        (VERA, "history jane@acme.example", "There has been no run"),
        (ADA, "cancel 8a9b", "There is no such run"),
        (JANE, "sweep", "This needs the role operator"),
    ] {
        let ack = bot.people.command(user, HELPDESK, text).await.unwrap();
        answered_once(bot, &ack, socket, words).await;
    }
    let ts = bot.people.say(JANE, HELPDESK, "Jira is empty").unwrap();
    let ack = bot.people.message_shortcut(VERA, HELPDESK, &ts, "reinstate.check_message").await.unwrap();
    answered_once(bot, &ack, socket, "(jane@acme.example)").await;
    let opened = calls(bot, "views.open");
    let ack = bot.people.shortcut(VERA, "reinstate.check_person").await.unwrap();
    repeats(bot, &ack, socket).await;
    assert_eq!(calls(bot, "views.open"), opened + 1, "one window");

    let newest = lock(&bot.sandbox.slack).ephemerals_for(VERA).last().map(|(index, _)| *index).unwrap();
    let ack = bot.people.click_private(VERA, newest, "reinstate.recheck").await.unwrap();
    answered_once(bot, &ack, socket, "(jane@acme.example)").await;

    bot.says(ADA, "repair jane@acme.example").await;
    bot.sees("Waiting for approval").await;
    bot.sees("needs your approval").await;
    let (channel, ts) = bot.button("reinstate.approve").await;
    let ack = bot.people.click(ADA, &channel, &ts, "reinstate.approve").await.unwrap();
    answered_once(bot, &ack, socket, "Nobody approves their own request").await;
    bot.clicks(GRACE, "reinstate.decline").await;
    bot.modal(GRACE, "Nothing of the plan").await;
    let ack = bot.people.view_submission(GRACE, serde_json::json!({})).await.unwrap();
    repeats(bot, &ack, socket).await;
    bot.ends().await;
    bot.is_quiet().await;
    let told = bot.reads_all();
    assert!(!told.iter().any(|one| one.contains("so nothing was done")), "{told:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_comes_twice_over_http_is_answered_once() {
    tells_in(tenant(false), |_| {}, async |bot| everything(bot, false).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_comes_twice_over_a_socket_is_answered_once() {
    tells_in(tenant(true), |_| {}, async |bot| everything(bot, true).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_comes_twice_is_answered_once_where_no_acknowledgement_carries_an_answer() {
    let mut tenant = tenant(true);
    tenant.slack.sockets.accepts_answers = None;
    tells_in(
        tenant,
        |_| {},
        async |bot| {
            for (text, words) in
                [("help", "What Reinstate understands"), ("chek", "There is no such command")]
            {
                let ack = bot.people.command(JANE, HELPDESK, text).await.unwrap();
                answered_once(bot, &ack, true, words).await;
            }
        },
    )
    .await;
}
