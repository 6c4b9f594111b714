//! The limit of five checks a minute counts only checks that read something.

use reinstate_sandbox::tenant::HELPDESK;
use reinstate_sandbox::wire::{Injection, Service};

use super::bot::{JANE, VERA, tells};

/// One more than the limit.
const TOO_MANY: usize = 6;

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_was_refused_or_read_nothing_does_not_count() {
    tells("membership-drift", async |bot| {
        for _ in 0..TOO_MANY {
            bot.says_in(HELPDESK, JANE, "check jane@acme.example").await;
            bot.hears(JANE, "This needs the role viewer").await;
            bot.says_in(HELPDESK, VERA, "check <@U0NOBODY>").await;
            bot.hears(VERA, "That names nobody").await;
        }
        for service in [Service::Atlassian, Service::Entra] {
            bot.sandbox.wire.inject(service, None, "/", u32::MAX, Injection::LoseRequest);
        }
        for _ in 0..TOO_MANY {
            bot.says_in(HELPDESK, VERA, "check jane@acme.example").await;
            bot.hears(VERA, "jane@acme.example").await;
            bot.says_in(HELPDESK, JANE, "me").await;
            bot.hears(JANE, "Your Atlassian access").await;
        }
        bot.sandbox.wire.clear_injections();
        for _ in 1..TOO_MANY {
            bot.says_in(HELPDESK, VERA, "check ada@acme.example").await;
            bot.hears(VERA, "ada@acme.example").await;
        }
        bot.says_in(HELPDESK, VERA, "check ada@acme.example").await;
        bot.hears(VERA, "You have asked for 5 checks within a minute").await;
        bot.reads_all();
    })
    .await;
}
