//! Every command as people type it, with the exact private answers.

use reinstate_core::Outcome;
use reinstate_core::short_id;
use reinstate_sandbox::lock;
use reinstate_sandbox::tenant::HELPDESK;
use reinstate_sandbox::wire::{Service, Wire};

use crate::bot::{ADA, GRACE, GUS, JANE, VERA, plain, tells};

#[tokio::test(flavor = "multi_thread")]
async fn an_employee_reads_plain_words_and_calls_for_help_once_a_day() {
    tells("membership-drift", async |bot| {
        assert_eq!(bot.says_in(HELPDESK, JANE, "me").await, "");
        let answer = bot.hears(JANE, "Your Atlassian access").await;
        insta::assert_snapshot!(plain(&bot.private(&answer)), @r"
        # Your Atlassian access
        *Something is wrong with your access.*
        You belong to the right groups in your company, but Atlassian does not know of all of them.
        *What to do:* Your admins can fix this. Press the button below to ask them.
        [ Ask my admins for help ]
        (Read (time). Nothing was changed. Only you see this.)
        ");
        bot.clicks_private(JANE, "reinstate.ask_for_help").await;
        let told = bot.hears(JANE, "have been asked").await;
        insta::assert_snapshot!(told.text, @"Your admins have been asked for help, in <#C0ADMINS>. They see what was found. You need not do anything else; they will write to you.");
        let call = bot.sees("Please help").await;
        insta::assert_snapshot!(plain(&bot.shows(&call.ts)), @"
        # Help wanted: Jane Doe (jane@acme.example)
        @ada Please help @jane.
        *Cause:* Group memberships did not reach Atlassian.
        [ Repair ]  [ Recheck ]
        (Read (time))
        ");
        bot.clicks_private(JANE, "reinstate.ask_for_help").await;
        let again = bot.hears(JANE, "already").await;
        insta::assert_snapshot!(again.text, @"You have asked your admins for help today already, so they were not asked again. You can ask again tomorrow.");
        // The call for help contains what is needed to act on it. Only an operator may act.
        bot.clicks(ADA, "reinstate.repair").await;
        bot.hears(ADA, "The run has begun").await;
        assert_eq!(bot.ends().await, Outcome::Restored);
        bot.sees("has ended").await;
        bot.sees("Access restored for Jane Doe").await;
        let shown = bot.shows(&call.ts);
        assert!(shown.contains("*Taken by* @ada") && !shown.contains("[ Repair ]"), "{shown}");
        bot.sees("Your admins have repaired your Atlassian access").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_may_not_even_check_themselves() {
    tells("healthy", async |bot| {
        bot.says_in(HELPDESK, GUS, "me").await;
        bot.hears(GUS, "Guests have no role").await;
        bot.says_in(HELPDESK, JANE, "history jane@acme.example").await;
        bot.hears(JANE, "This needs the role viewer").await;
        let denials = bot.denials().await;
        assert_eq!(denials, ["me", "history"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn history_is_the_journals_and_needs_nothing_upstream() {
    tells("membership-drift", async |bot| {
        bot.says(VERA, "history jane@acme.example").await;
        bot.hears(VERA, "There has been no run on jane@acme.example").await;
        bot.says(ADA, "repair jane@acme.example").await;
        assert_eq!(bot.ends().await, Outcome::Restored);
        bot.sees("has ended").await;
        bot.sees("Access restored for Jane Doe").await;
        let run = bot.run().await;
        let before = upstream(&bot.sandbox.wire);
        bot.says(VERA, "history JANE@acme.example").await;
        let told = bot.hears(VERA, "newest first: 1").await;
        assert!(told.text.contains(short_id(&run)) && told.text.contains("|its card>"), "{}", told.text);
        assert!(told.text.contains("repair of jane@acme.example, asked by <@U0ADA>"), "{}", told.text);
        bot.says(VERA, &format!("status {run}")).await;
        let told = bot.hears(VERA, "Access restored and verified").await;
        assert!(!bot.private(&told).contains("reinstate."), "no buttons in a private status");
        bot.says(VERA, "status").await;
        bot.hears(VERA, "Nothing runs and nothing waits.").await;
        assert_eq!(upstream(&bot.sandbox.wire), before, "nothing was read upstream");
        bot.says(VERA, "status 0190163d-8694-739b-aea5-966c26f8ad91").await;
        bot.hears(VERA, "There is no such run").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn status_says_who_is_waited_for_and_cancel_stops() {
    tells("email-held", async |bot| {
        bot.says(ADA, "repair jane@acme.example").await;
        bot.sees("Waiting for approval").await;
        bot.sees("needs your approval").await;
        let run = bot.run().await;
        bot.says(VERA, "status").await;
        let told = bot.hears(VERA, "waiting for @grace until").await;
        assert!(told.text.contains(short_id(&run)) && !told.text.contains(&run), "{}", told.text);
        bot.says_in(HELPDESK, VERA, &format!("cancel {run}")).await;
        bot.hears(VERA, "This needs the role approver").await;
        bot.says(GRACE, &format!("cancel {run}")).await;
        bot.hears(GRACE, "The run is stopped").await;
        assert_eq!(bot.ends().await, Outcome::Cancelled);
        bot.sees("has ended").await;
        bot.says(GRACE, &format!("cancel {run}")).await;
        bot.hears(GRACE, "The run has ended, so nothing was done.").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_repair_is_answered_privately_with_the_first() {
    tells("email-held", async |bot| {
        bot.says(ADA, "repair jane@acme.example").await;
        let card = bot.sees("Waiting for approval").await;
        bot.sees("needs your approval").await;
        let first = bot.run().await;
        let shown = lock(&bot.sandbox.slack).messages.len();
        bot.says_in(HELPDESK, ADA, "repair JANE@acme.example").await;
        assert_eq!(bot.ends().await, Outcome::Busy);
        let told = bot.hears(ADA, "is already at work on the same person").await;
        let link = format!("p{}|Its card>", card.ts.replace('.', ""));
        assert!(told.text.contains(short_id(&first)) && told.text.contains(&link), "{}", told.text);
        assert_eq!(lock(&bot.sandbox.slack).messages.len(), shown, "nobody else is told");
        // The first run is unchanged.
        bot.says(GRACE, &format!("cancel {first}")).await;
        bot.hears(GRACE, "The run is stopped").await;
        bot.sees("has ended").await;
        let run = bot.app.journal.run(&first).await.unwrap();
        assert_eq!(run.ended.unwrap().0, Outcome::Cancelled);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_gets_one_line_and_the_nearest_form() {
    tells("healthy", async |bot| {
        for (text, answer) in [
            ("chek jane@acme.example", "There is no such command."),
            ("check", "Whom? WHO is an e-mail address"),
            ("check jane", "WHO is one e-mail address"),
            ("check jane@acme.example bob@acme.example", "WHO is one e-mail address"),
            ("repair <@U0JANE|jane> <@U0ADA>", "WHO is one e-mail address"),
            ("jane@acme.example", "What shall be done?"),
            ("cancel the-last-one", "RUN is the id"),
            ("me please", "This command takes nothing after it."),
        ] {
            let said = bot.says_in(HELPDESK, JANE, text).await;
            assert!(said.contains(answer) && said.contains("The nearest correct form"), "{text}: {said}");
        }
        let said = bot.says_in(HELPDESK, JANE, &"x".repeat(40_000)).await;
        assert!(said.len() < 300, "{}", said.len());
        let odd = "check\u{0}\u{7}\u{200b} <mailto:jane@acme.example|jane@acme.example>\u{202e}";
        bot.says_in(HELPDESK, VERA, odd).await;
        bot.hears(VERA, "(jane@acme.example)").await;
        lock(&bot.sandbox.slack).users.get_mut(JANE).unwrap().email.clear();
        bot.says_in(HELPDESK, VERA, "check <@U0JANE|jane>").await;
        bot.hears(VERA, "Slack shows no e-mail address").await;
    })
    .await;
}

fn upstream(wire: &Wire) -> usize {
    wire.calls().iter().filter(|call| call.service != Service::Slack).count()
}
