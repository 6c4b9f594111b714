//! What comes too late is not carried out, and the person is told why: a command that waited while the bot was away, an
//! approval by the clock that all replicas share.

use jiff::SignedDuration;
use reinstate::core::run::{Aim, Asked};
use reinstate::core::{Next, Outcome};
use reinstate::sandbox::scenarios::find;
use reinstate::sandbox::tenant::ADMINS;
use secrecy::ExposeSecret as _;
use sqlx::{AnyConnection, Connection as _};

use super::bot::{ADA, tells, tells_in};
use super::caps::{closes, held, parked};

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_waited_too_long_is_refused_with_the_reason() {
    tells("membership-drift", async |bot| {
        let asked = Asked {
            by: ADA.to_owned(),
            team: None,
            enterprise: None,
            channel: ADMINS.to_owned(),
            text: "jane@acme.example".to_owned(),
            response_url: None,
            aim: Aim::default(),
        };
        let typed = reinstate::clock::now().checked_sub(SignedDuration::from_mins(16)).unwrap();
        let id = uuid::Uuid::now_v7().to_string();
        bot.app.ledger.open(id.clone(), id, asked, typed).await.unwrap();
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
            let run = bot.app.ledger.load(&bot.run().await).await.unwrap();
            let next = run.next(reinstate::clock::now(), &bot.app.rules, limits);
            assert!(matches!(next, Next::AwaitApproval { .. }), "{next:?}");
            let url = bot.app.config.store.url.expose_secret();
            let clock = if url.starts_with("sqlite") {
                "DROP VIEW db_clock; CREATE VIEW db_clock (ms) AS
                 SELECT CAST(ROUND(unixepoch('subsec') * 1000) AS INTEGER) + 3660000"
            } else {
                "CREATE OR REPLACE VIEW db_clock (ms) AS SELECT
                 CAST(FLOOR(EXTRACT(EPOCH FROM clock_timestamp()) * 1000) AS BIGINT) + 3660000"
            };
            let mut conn = AnyConnection::connect(url).await.unwrap();
            sqlx::raw_sql(clock).execute(&mut conn).await.unwrap();
            conn.close().await.unwrap();
            assert_eq!(bot.ends().await, Outcome::Expired);
            assert_eq!(parked(bot), 0);
            closes(bot).await;
        },
    )
    .await;
}
