//! The watch with the real feeds, clients and services: somebody loses access, the admins hear of it, and one click gives
//! it back. Nobody types a name.

use std::time::Duration;

use reinstate::bot::watch::look;
use reinstate_core::sweep::Sweep;
use reinstate_sandbox::atlassian::{Membership, Status};
use reinstate_sandbox::entra::{JobCode, Quarantine};
use reinstate_sandbox::lock;
use reinstate_sandbox::tenant::{ADMINS, Person, Tenant, hours_ago};
use reinstate_sandbox::wire::Service;

use crate::bot::{ADA, Bot, tells_in};
use crate::slack_sweep::sweep;

const NAMES: [&str; 4] = ["jane", "john", "mary", "fred"];

/// Four people who can work.
fn company() -> (Tenant, Vec<Person>) {
    let mut tenant = Tenant::new();
    tenant.sends_known_members();
    let people = NAMES.map(|name| tenant.employee(&format!("{name}@acme.example"), &format!("{name} Doe")));
    tenant.entra.settle_watermark(reinstate::clock::now());
    (tenant, people.into())
}

async fn looks(bot: &Bot) {
    let now = reinstate::clock::now();
    lock(&bot.sandbox.atlassian).now = now;
    assert!(look(&bot.app, Duration::ZERO).await.unwrap(), "no other process looks");
    bot.is_quiet().await;
}

/// The feeds begin, and everybody is read once.
async fn begins(bot: &Bot) {
    looks(bot).await;
    bot.sees("Opened by the watch").await;
    sweep(bot, |sweep: &Sweep| sweep.surveyed.is_some()).await;
    looks(bot).await;
}

/// Every message in the channel with these words, as it is shown now.
fn told(bot: &Bot, words: &str) -> Vec<String> {
    bot.reads_all();
    let all: Vec<String> =
        lock(&bot.sandbox.slack).messages_in(ADMINS).iter().map(|one| one.ts.clone()).collect();
    all.iter().map(|ts| bot.shows(ts)).filter(|shown| shown.contains(words)).collect()
}

const LOST: &str = "lost access";

/// Something that happens at Atlassian, with the entry that its audit log then has.
fn happens(
    bot: &Bot,
    action: &str,
    account: &str,
    change: impl FnOnce(&mut reinstate_sandbox::atlassian::Atlassian),
) {
    let mut atlassian = lock(&bot.sandbox.atlassian);
    atlassian.now = reinstate::clock::now();
    let fred = atlassian.accounts.values().find(|one| one.email == "fred@acme.example");
    atlassian.actor = fred.map(|fred| fred.id.clone()).expect("Fred has an account");
    change(&mut atlassian);
    atlassian.log(action, account, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_loses_access_is_told_once_and_one_click_gives_it_back() {
    let (tenant, people) = company();
    tells_in(
        tenant,
        |_| {},
        async |bot| {
            begins(bot).await;
            assert_eq!(told(bot, LOST), Vec::<String>::new(), "nobody lost anything yet");
            for person in &people[..2] {
                let record = person.record.clone();
                happens(bot, "USER_REMOVED_FROM_GROUP", &person.account, |atlassian| {
                    atlassian.leave(&record, "jira-users");
                });
            }
            looks(bot).await;
            let card = bot.sees("2 people lost access").await;
            let shown = bot.shows(&card.ts);
            assert!(shown.contains("Group memberships did not reach Atlassian"), "{shown}");
            assert!(shown.contains("jane@acme.example") && shown.contains("john@acme.example"), "{shown}");
            assert!(!shown.contains("mary"), "only those who lost something: {shown}");
            assert!(shown.contains("*fred Doe* changed something about 2 of these 2 people"), "{shown}");
            let calls = || {
                let calls = bot.sandbox.wire.calls();
                calls
                    .iter()
                    .filter(|call| call.service != Service::Slack && !call.path.contains("/oauth2/"))
                    .count()
            };
            let before = calls();
            looks(bot).await;
            assert_eq!(told(bot, LOST).len(), 1, "nobody is told twice");
            // The four feeds, and three for what concerns everybody: 84 calls in an hour of looks every five minutes.
            assert_eq!(calls() - before, 7, "a quiet look");

            bot.clicks(ADA, "reinstate.sweep_repair").await;
            sweep(bot, |sweep: &Sweep| sweep.ended.is_some() && sweep.repaired.is_some()).await;
            for person in &people {
                let groups = lock(&bot.sandbox.atlassian).groups_of(&person.account);
                assert_eq!(groups, ["jira-users", "wiki-users"]);
            }
            looks(bot).await;
            assert_eq!(told(bot, LOST).len(), 1);
            let shown = bot.shows(&card.ts);
            assert!(shown.contains("2 of 2 have access again"), "{shown}");
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loss_that_needs_an_approval_is_told_and_an_intended_removal_is_not() {
    let (tenant, people) = company();
    tells_in(
        tenant,
        |_| {},
        async |bot| {
            begins(bot).await;
            let (jane, john, mary) = (&people[0], &people[1], &people[2]);
            happens(bot, "USER_DISABLED_ORG_ACCESS", &jane.account, |atlassian| {
                if let Some(known) = atlassian.accounts.get_mut(&jane.account) {
                    known.membership = Membership::Suspended;
                }
            });
            // John was disabled at the identity provider, and provisioning has carried it on.
            if let Some(user) = lock(&bot.sandbox.entra).users.get_mut(&john.idp) {
                user.account_enabled = false;
            }
            happens(bot, "MANAGED_ACCOUNT_DEACTIVATED", &john.account, |atlassian| {
                if let Some(known) = atlassian.accounts.get_mut(&john.account) {
                    known.status = Status::Inactive;
                }
            });
            // Mary's name changes, which costs no access.
            if let Some(user) = lock(&bot.sandbox.entra).users.get_mut(&mary.idp) {
                user.display_name = "Mary Major".to_owned();
            }
            looks(bot).await;
            let card = bot.sees("1 person lost access").await;
            let shown = bot.shows(&card.ts);
            assert!(shown.contains("jane@acme.example") && shown.contains("suspended"), "{shown}");
            assert!(!shown.contains("john") && !shown.contains("mary"), "{shown}");
            looks(bot).await;
            assert_eq!(told(bot, LOST).len(), 1);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_in_quarantine_is_one_sentence_about_everybody() {
    let (tenant, people) = company();
    tells_in(
        tenant,
        |_| {},
        async |bot| {
            begins(bot).await;
            {
                let mut entra = lock(&bot.sandbox.entra);
                let job = entra.atlassian_job().expect("the tenant has a job");
                job.code = JobCode::Quarantine;
                job.quarantine = Some(Quarantine {
                    reason: "TooManyDeletes".to_owned(),
                    began: hours_ago(1),
                    next_attempt: hours_ago(-20),
                    code: "TooManyDeletes".to_owned(),
                    message: "The job was slowed down.".to_owned(),
                    tenant_actionable: true,
                });
            }
            looks(bot).await;
            let shown = told(bot, "Concerns everybody");
            assert_eq!(shown.len(), 1, "{shown:?}");
            assert!(shown[0].contains("provisioning-quarantined"), "{shown:?}");
            for person in &people {
                assert!(!shown[0].contains(&person.account), "it is no list: {shown:?}");
            }
            looks(bot).await;
            assert_eq!(told(bot, "Concerns everybody").len(), 1, "it is told once");
        },
    )
    .await;
}
