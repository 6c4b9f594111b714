//! The links of Socket Mode: what `/readyz` says without one, how they come back, and answers that an acknowledgement
//! may not carry.

use std::time::{Duration, Instant};

use reinstate_sandbox::slack::{Slack, wait_until};
use reinstate_sandbox::tenant::{HELPDESK, Tenant};
use reinstate_sandbox::wire::{Injection, Service};
use reinstate_sandbox::{lock, scenarios};

use crate::bot::{ADA, Bot, JANE, VERA, tells_in};

fn tenant() -> Tenant {
    let mut tenant = scenarios::find("membership-drift").unwrap().tenant();
    tenant.slack.sockets.on = true;
    tenant
}

/// Waits until this many links are open, and at least `opened` have been opened.
pub async fn links(bot: &Bot, open: usize, opened: usize) {
    let there = |slack: &Slack| (slack.open_links() == open && slack.sockets.opened >= opened).then_some(());
    wait_until(&bot.sandbox.slack, there, bot.people.patience).await.unwrap();
}

/// The status and the text of `/readyz`.
async fn readiness(bot: &Bot) -> (u16, String) {
    let answer = reqwest::get(format!("http://{}/readyz", bot.addr())).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_without_a_link_is_not_ready_after_a_minute_and_is_ready_again_with_one() {
    tells_in(
        tenant(),
        |_| {},
        async |bot| {
            links(bot, 2, 2).await;
            assert_eq!(readiness(bot).await, (200, "store: ok\nslack: ok\nsocket: ok\n".to_owned()));
            lock(&bot.sandbox.slack).switch_sockets(false);
            links(bot, 0, 2).await;
            // Only the time is invented: the last link was lost two minutes ago.
            let ago = Instant::now().checked_sub(Duration::from_secs(120)).unwrap();
            bot.app.socket_links.opened(ago);
            bot.app.socket_links.ended(ago, false);
            assert_eq!(readiness(bot).await, (503, "store: ok\nslack: ok\nsocket: not yet\n".to_owned()));
            lock(&bot.sandbox.slack).switch_sockets(true);
            links(bot, 2, 4).await;
            bot.says_in(HELPDESK, VERA, "whoami").await;
            bot.hears(VERA, "Your roles").await;
            assert_eq!(readiness(bot).await.0, 200);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_socket_mode_no_link_is_needed() {
    let tenant = scenarios::find("membership-drift").unwrap().tenant();
    tells_in(
        tenant,
        |_| {},
        async |bot| {
            let ago = Instant::now().checked_sub(Duration::from_secs(120)).unwrap();
            bot.app.socket_links.ended(ago, false);
            assert_eq!(readiness(bot).await, (200, "store: ok\nslack: ok\n".to_owned()));
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_is_cut_comes_back_and_the_other_one_stays() {
    tells_in(
        tenant(),
        |_| {},
        async |bot| {
            links(bot, 2, 2).await;
            lock(&bot.sandbox.slack).cut_links(1);
            links(bot, 2, 3).await;
            for _ in 0..2 {
                bot.says_in(HELPDESK, VERA, "whoami").await;
                bot.hears(VERA, "Your roles").await;
            }
            let slack = lock(&bot.sandbox.slack);
            assert_eq!(slack.sockets.opened, 3, "one link was opened again");
            let served = slack.envelopes_by_link();
            assert!(served.contains_key(&2) && served.contains_key(&3), "{served:?}");
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_the_acknowledgement_may_not_carry_arrives_as_a_message() {
    for accepts in [Some(false), None] {
        let mut tenant = tenant();
        tenant.slack.sockets.accepts_answers = accepts;
        tells_in(
            tenant,
            |_| {},
            async |bot| {
                for (user, text, answer) in [
                    (JANE, "help", "What Reinstate understands"),
                    (JANE, "chek", "There is no such command."),
                    (ADA, "undo 0190163d-8694-739b-aea5-966c26f8ad91", "There is no such run"),
                ] {
                    assert_eq!(bot.says_in(HELPDESK, user, text).await, "", "{text}");
                    assert_eq!(bot.hears(user, answer).await.via, "response_url", "{text}");
                }
                // Without a working response URL, it is an ephemeral message.
                let gone = Injection::Answer { status: 404, headers: Vec::new(), body: "gone".to_owned() };
                bot.sandbox.wire.inject(Service::Slack, Some("POST"), "/commands/", 1, gone);
                assert_eq!(bot.says_in(HELPDESK, JANE, "help").await, "");
                let told = bot.hears(JANE, "What Reinstate understands").await;
                assert_eq!(told.via, "postEphemeral");
            },
        )
        .await;
    }
}
