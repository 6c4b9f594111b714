//! RUN may be a part of an id: its beginning or its end, if it fits one run only.

use reinstate_core::run::{Goal, Request, Requester};
use reinstate_core::{Outcome, short_id};
use reinstate_sandbox::tenant::{ADMINS, HELPDESK};

use super::bot::{ADA, Bot, GRACE, JANE, VERA, tells};

/// Two runs of the same minute, whose ids also end alike.
const FIRST: &str = "01a22b0e-0438-7587-8f82-176a680e8a9b";
const SECOND: &str = "01a22b0e-0438-7587-8f82-276a680e8a9b";

async fn opens(bot: &Bot, id: &str) {
    let asked = Request {
        by: Requester::with_id(ADA),
        channel: ADMINS.to_owned(),
        text: "jane@acme.example".to_owned(),
        response_url: None,
        aim: Goal::default(),
        helps: None,
    };
    bot.app.journal.open(id.to_owned(), id.to_owned(), asked, reinstate::clock::now()).await.unwrap();
    bot.app.nudge();
    bot.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_fits_several_runs_lists_them_and_does_nothing() {
    tells("healthy", async |bot| {
        opens(bot, FIRST).await;
        opens(bot, SECOND).await;
        bot.reads_all();
        for part in ["8a9b", "01a22b0e"] {
            for command in ["status", "cancel", "undo", "history"] {
                assert_eq!(bot.says_in(HELPDESK, VERA, &format!("{command} {part}")).await, "", "{command}");
                let told = bot.hears(VERA, "Several runs or sweeps").await.text;
                assert!(told.contains(FIRST) && told.contains(SECOND), "{told}");
                assert!(told.contains("jane@acme.example") && told.contains("<@U0ADA>"), "{told}");
                assert!(told.find(SECOND) < told.find(FIRST), "the newest first: {told}");
            }
        }
        // Who may not follow runs sees none of them.
        bot.says_in(HELPDESK, JANE, "cancel 8a9b").await;
        let told = bot.hears(JANE, "Copy the whole id").await.text;
        assert!(!told.contains(FIRST) && !told.contains("jane@"), "{told}");
        assert_eq!(bot.app.journal.store().recent_runs(10).await.unwrap().len(), 2, "nothing was opened");

        bot.says_in(HELPDESK, VERA, "status 176a680e8a9b").await;
        let told = bot.hears(VERA, FIRST).await;
        assert!(!bot.private(&told).contains(SECOND));
        bot.says_in(HELPDESK, VERA, "history \u{2026}276a680e8a9b").await;
        bot.hears(VERA, "Runs on jane@acme.example").await;
        for (command, words) in [
            ("status dead", "There is no such run"),
            ("cancel dead", "There is no such run"),
            ("history dead", "There is no such run"),
            // The middle of an id is no name.
            ("status 7587", "There is no such run"),
        ] {
            bot.says_in(HELPDESK, VERA, command).await;
            bot.hears(VERA, words).await;
        }
        let said = bot.says_in(HELPDESK, VERA, "undo dead").await;
        assert!(said.contains("There is no such run"), "{said}");
        let said = bot.says_in(HELPDESK, VERA, "status a9b").await;
        assert!(said.contains("RUN is the id"), "{said}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_short_id_of_a_list_stops_and_undoes_a_run() {
    tells("email-held", async |bot| {
        bot.says(ADA, "repair jane@acme.example").await;
        bot.sees("Waiting for approval").await;
        bot.sees("needs your approval").await;
        let run = bot.run().await;
        bot.says(VERA, &format!("status {}", short_id(&run))).await;
        bot.hears(VERA, &run).await;
        bot.says(GRACE, &format!("cancel {}", short_id(&run))).await;
        let told = bot.hears(GRACE, "The run is stopped").await.text;
        assert!(told.contains(&run), "{told}");
        assert_eq!(bot.ends().await, Outcome::Cancelled);
        bot.sees("has ended").await;
        let said = bot.says(ADA, &format!("undo {}", short_id(&run))).await;
        assert!(said.contains("The run has begun"), "{said}");
        bot.ends().await;
        let undo = bot.run().await;
        let asked = bot.app.journal.run(&undo).await.unwrap().asked.unwrap();
        assert_eq!(asked.aim, Goal::Undo { run: run.clone() });
        bot.reads_all();
    })
    .await;
}
