//! A sweep in Slack: it is read, shown, approved as a list, and carried out in waves. It never does more than the list
//! says. Random kills do not change the result.

use std::time::{Duration, Instant};

use reinstate::exec::{Journal, Loaded};
use reinstate_core::Outcome;
use reinstate_core::sweep::Sweep;
use reinstate_sandbox::large_org::Crowd;
use reinstate_sandbox::tenant::{ADMINS, DIRECTORY, Tenant};
use reinstate_sandbox::{Sandbox, lock};
use reinstate_store::Store;

use crate::bot::{ADA, Bot, GRACE, VERA, tells_in};
use crate::process;
use reinstate_testing::port::free_port;

const SWEEP_TIMEOUT: Duration = Duration::from_secs(120);

/// People who lost a group, and one whose repair needs an approval of its own.
pub fn tenant(drifted: usize) -> Tenant {
    let mut tenant = Tenant::new();
    tenant.sends_known_members();
    for number in 0..drifted {
        let person = tenant.employee(&format!("p{number}@acme.example"), "Some Body");
        tenant.atlassian.leave(&person.record, "jira-users");
    }
    let hired = tenant.hire("stale@acme.example", "Sta Le");
    tenant.account("stale@acme.example", "Sta Le", 7);
    tenant.atlassian.scim_record(DIRECTORY, "stale@acme.example", "import-1042", None);
    tenant.refused(&hired, "Create", "stale@acme.example");
    tenant.entra.settle_watermark(reinstate::clock::now());
    tenant
}

pub async fn sweep(bot: &Bot, wanted: impl Fn(&Sweep) -> bool) -> (String, Sweep) {
    let since = Instant::now();
    loop {
        for row in bot.app.journal.store().recent_runs(50).await.unwrap() {
            if let Loaded::Sweep(sweep, _) = bot.app.journal.load(&row.run).await.unwrap()
                && wanted(&sweep)
            {
                return (row.run, *sweep);
            }
        }
        assert!(since.elapsed() < SWEEP_TIMEOUT, "the sweep does not get there");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_read_approved_and_carried_out_in_waves() {
    tells_in(
        tenant(7),
        |_| {},
        async |bot| {
            bot.says(VERA, "sweep").await;
            bot.hears(VERA, "This needs the role operator").await;
            bot.says(ADA, "sweep").await;
            bot.hears(ADA, "has begun. It only reads").await;
            let card = bot.sees("can be repaired harmlessly").await;
            let shown = bot.shows(&card.ts);
            assert!(shown.contains("11 accounts") && shown.contains("3 healthy, 8 broken"), "{shown}");
            assert!(shown.contains("7 × Group memberships did not reach"), "{shown}");
            let line = "*Some Body* (p0@acme.example): not in group jira-users · provision in jira-users";
            assert!(shown.contains(line), "{shown}");
            assert!(shown.contains("7 people: 7 memberships. No step is irreversible."), "{shown}");
            assert!(!shown.contains("stale@acme.example"), "only those on the list are named: {shown}");
            let (_, course) = sweep(bot, |course| course.surveyed.is_some()).await;
            assert_eq!(course.surveyed.unwrap().list.repairs().len(), 7);

            bot.clicks(ADA, "reinstate.sweep_page").await;
            bot.hears(ADA, "stale@acme.example").await;

            bot.clicks(VERA, "reinstate.sweep_repair").await;
            bot.hears(VERA, "This needs the role operator").await;
            bot.clicks(ADA, "reinstate.sweep_repair").await;
            bot.sees("waits for an approver").await;
            bot.people.home_opened(GRACE).await.unwrap();
            let shown = bot.home(GRACE, "sweep").await;
            assert!(shown.contains("Waiting for my approval*: 1"), "{shown}");
            bot.says(VERA, "status").await;
            bot.hears(VERA, "waiting for @grace until").await;
            bot.clicks(ADA, "reinstate.approve").await;
            bot.hears(ADA, "Nobody approves their own request").await;
            let begun =
                |bot: &Bot| bot.sandbox.wire.calls().iter().any(|c| c.path.ends_with("/provisionOnDemand"));
            assert!(!begun(bot), "nothing is sent before somebody approved");
            // One of them changes in the meantime, so the sweep skips this person.
            {
                let mut atlassian = lock(&bot.sandbox.atlassian);
                let account = atlassian.bearer("p6@acme.example").unwrap().id.clone();
                atlassian.accounts.get_mut(&account).unwrap().membership =
                    reinstate_sandbox::atlassian::Membership::Suspended;
            }
            bot.clicks(GRACE, "reinstate.approve").await;
            let (_, course) = sweep(bot, |course| course.ended.is_some()).await;
            let counts = course.repaired.unwrap().1;
            assert_eq!((counts.begun, counts.restored, counts.skipped, counts.failed), (7, 6, 1, 0));
            for number in 0..6 {
                let atlassian = lock(&bot.sandbox.atlassian);
                let account = atlassian.bearer(&format!("p{number}@acme.example")).unwrap().id.clone();
                assert_eq!(atlassian.groups_of(&account), ["jira-users", "wiki-users"], "p{number}");
            }
            bot.is_quiet().await;
            bot.sees("the repairs of this sweep have ended").await;
            let shown = bot.shows(&card.ts);
            assert!(shown.contains("6 of 7 accounts have their access back"), "{shown}");
            assert!(
                shown.contains("7 could be repaired harmlessly when the organization was read"),
                "{shown}"
            );
            let files = lock(&bot.sandbox.slack).files.clone();
            let table = String::from_utf8(files[0].bytes.clone().unwrap()).unwrap();
            assert_eq!(table.lines().count(), 9, "{table}");
            assert!(files[0].shared.as_ref().is_some_and(|(at, thread)| at == ADMINS && thread.is_some()));
            bot.reads_all();
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn up_to_five_need_no_approver_and_failures_stop_the_waves() {
    let hurry = |env: &mut reinstate::config::Env| {
        env.insert("REINSTATE_LIMITS__CONFIRM_WITHIN".to_owned(), "1s".to_owned());
    };
    tells_in(tenant(5), hurry, async |bot| {
        bot.says(ADA, "sweep").await;
        bot.hears(ADA, "has begun").await;
        bot.sees("can be repaired harmlessly").await;
        // From now on, provisioning accepts every request and does nothing.
        lock(&bot.sandbox.entra).switches.resend_known_member = false;
        bot.clicks(ADA, "reinstate.sweep_repair").await;
        let (_, course) = sweep(bot, |course| course.ended.is_some() || course.paused.is_some()).await;
        let counts = course.repaired.unwrap().1;
        assert!(counts.failed >= 2 && counts.restored == 0, "{counts:?}");
        assert!(course.approved.is_none());
        bot.is_quiet().await;
        bot.reads_all();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_five_times_at_random_it_finds_the_same() {
    reinstate::upstream::install_tls();
    let crowd = Crowd { people: 1200, groups: 12, broken_in: 15, seed: 5 };
    let expected = crowd.company();
    let sandbox = Sandbox::start(crowd.company().tenant).await.unwrap();
    sandbox.wire.set_latency(Duration::from_millis(15));
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let url = format!("sqlite:{}", folder.path().join("a.db").display());
    let env = sandbox.env(&url, &format!("127.0.0.1:{port}"));
    let mut server = process::Bot::start(&env, port).await;
    let people = sandbox.workspace(format!("http://127.0.0.1:{port}/slack/events"));
    people.command(ADA, ADMINS, "sweep").await.unwrap();
    let ledger = Journal::new(Store::open(&url).await.unwrap());
    let since = Instant::now();
    let sweep = loop {
        if let Some(row) = ledger.store().recent_runs(1).await.unwrap().pop() {
            break row.run;
        }
        assert!(since.elapsed() < SWEEP_TIMEOUT, "no sweep was opened");
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    let mut again = 0;
    for _ in 0..5 {
        // After a random number of further calls.
        let [dice, ..] = *uuid::Uuid::new_v4().as_bytes();
        let until = sandbox.wire.calls().len() + 30 + usize::from(dice);
        while sandbox.wire.calls().len() < until && ledger.sweep(&sweep).await.unwrap().surveyed.is_none() {
            assert!(since.elapsed() < SWEEP_TIMEOUT, "the sweep stands still");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        again += usize::from(ledger.sweep(&sweep).await.unwrap().surveyed.is_none());
        server.kill().await;
        server = process::Bot::start(&env, port).await;
    }
    let course = loop {
        let course = ledger.sweep(&sweep).await.unwrap();
        if course.surveyed.is_some() {
            break course;
        }
        assert!(since.elapsed() < SWEEP_TIMEOUT, "the sweep does not end");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let tally = course.surveyed.unwrap().tally;
    assert_eq!(tally.by_cause, expected.by_cause);
    assert_eq!((tally.accounts, tally.broken), (expected.accounts, expected.broken));
    assert!(again > 0, "it was over before it was killed once");
    ledger.store().verify(None).await.unwrap();
    server.kill().await;
}

#[test]
fn an_outcome_of_its_own_says_that_an_account_was_skipped() {
    assert_eq!(serde_json::to_value(Outcome::Skipped).unwrap(), "skipped");
}
