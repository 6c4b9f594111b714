//! A request that comes too late is not carried out, and the person is told why: a command that waited while the bot
//! was down, and an approval that is late by the clock that all replicas share.

use jiff::SignedDuration;
use reinstate_core::run::{Goal, Request, Requester};
use reinstate_core::{Next, Outcome};
use reinstate_sandbox::scenarios::find;
use reinstate_sandbox::tenant::ADMINS;
use secrecy::ExposeSecret as _;
use sqlx::{AnyConnection, Connection as _};

use super::bot::{ADA, Bot, GRACE, VERA, tells, tells_in};
use super::caps::{closes, held, parked};

/// Moves the clock of the database by this many seconds relative to the clock of the bot.
pub async fn shifts_clock(bot: &Bot, seconds: i64) {
    let (url, shift) = (bot.app.config.store.url.expose_secret(), seconds * 1000);
    let clock = if url.starts_with("sqlite") {
        format!(
            "DROP VIEW db_clock; CREATE VIEW db_clock (ms) AS
             SELECT CAST(ROUND(unixepoch('subsec') * 1000) AS INTEGER) + {shift}"
        )
    } else {
        format!(
            "CREATE OR REPLACE VIEW db_clock (ms) AS SELECT
             CAST(FLOOR(EXTRACT(EPOCH FROM clock_timestamp()) * 1000) AS BIGINT) + {shift}"
        )
    };
    let mut conn = AnyConnection::connect(url).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(clock)).execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_waited_too_long_is_refused_with_the_reason() {
    tells("membership-drift", async |bot| {
        let asked = Request {
            by: Requester::with_id(ADA),
            channel: ADMINS.to_owned(),
            text: "jane@acme.example".to_owned(),
            response_url: None,
            aim: Goal::default(),
            helps: None,
        };
        let typed = reinstate::clock::now().checked_sub(SignedDuration::from_mins(16)).unwrap();
        let id = uuid::Uuid::now_v7().to_string();
        bot.app.journal.open(id.clone(), id, asked, typed).await.unwrap();
        bot.app.nudge();
        assert_eq!(bot.ends().await, Outcome::Refused);
        bot.hears(ADA, "older than 15 minutes").await;
        let calls = bot.sandbox.wire.calls();
        assert!(!calls.iter().any(|call| call.path.ends_with("/provisionOnDemand")), "it was carried out");
        closes(bot).await;
    })
    .await;
    assert_eq!(find("membership-drift").unwrap().ends, Outcome::Restored, "in time it would have been");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_expires_by_the_clock_of_the_database() {
    tells_in(
        held(),
        |_| {},
        async |bot| {
            bot.says(ADA, "repair jane@acme.example").await;
            bot.button("reinstate.approve").await;
            let limits = &bot.app.limits;
            let run = bot.app.journal.run(&bot.run().await).await.unwrap();
            let next = run.next(reinstate::clock::now(), &bot.app.rules, limits);
            assert!(matches!(next, Next::AwaitApproval { .. }), "{next:?}");
            shifts_clock(bot, 3660).await;
            assert_eq!(bot.ends().await, Outcome::Expired);
            assert_eq!(parked(bot), 0);
            closes(bot).await;
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_whose_clock_is_ahead_of_the_database_asks_for_approvals_all_the_same() {
    tells_in(
        held(),
        |_| {},
        async |bot| {
            shifts_clock(bot, -3660).await;
            bot.says(ADA, "repair jane@acme.example").await;
            let run = bot.until("a plan", |run| run.current.is_some()).await;
            let next = run.next(reinstate::clock::now(), &bot.app.rules, &bot.app.limits);
            assert_eq!(next, Next::Expire, "by the clock of the bot the time is over");
            bot.sees("Waiting for approval").await;
            bot.sees("needs your approval").await;
            bot.says(VERA, "status").await;
            bot.hears(VERA, "waiting for @grace until").await;
            bot.people.home_opened(GRACE).await.unwrap();
            bot.home(GRACE, "Waiting for my approval*: 1").await;
            bot.clicks(GRACE, "reinstate.approve").await;
            bot.until("an approval", |run| run.approved_by().contains(GRACE)).await;
            assert_eq!(bot.ends().await, Outcome::Restored);
            closes(bot).await;
        },
    )
    .await;
}
