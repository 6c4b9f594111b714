//! What runs out, told in the channel: each stage once, with several processes and whichever process dies where. The
//! watch is not needed for it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::super::house::shows;
use super::script::Watching;
use crate::bot::app::App;
use crate::bot::warnings::look;
use reinstate_core::evidence::{Job, Read, Workspace};
use reinstate_core::warning::{Credential, Expiry, Facts, GroupSize};
use reinstate_sandbox::lock;
use reinstate_sandbox::slack::Message;
use reinstate_store::{NewWarning, WarningsFound};

const DAY: i64 = 24;

fn hours(hours: i64) -> Timestamp {
    let base: Timestamp = "2027-01-01T00:00:00Z".parse().unwrap();
    base.checked_add(SignedDuration::from_hours(hours)).unwrap()
}

/// A client secret that ends so many hours after the first of January.
fn secret(ends: i64) -> Facts {
    let ends = Read::seen(hours(0), hours(ends));
    Facts { expiries: vec![Expiry { of: Credential::ClientSecret, ends }], ..Facts::default() }
}

fn seats(usage: i64) -> Read<Vec<Workspace>> {
    let app =
        Workspace { id: "ari:jira".into(), name: "Jira".into(), usage: Some(usage), ..Workspace::default() };
    Read::seen(hours(0), vec![Workspace { capacity: Some(100), ..app }])
}

fn says(watching: &Watching, facts: Facts) {
    *lock(&watching.world.facts) = facts;
}

async fn looks(app: &App, now: i64) {
    assert!(look(app, Duration::ZERO, hours(now)).await.unwrap(), "a look is due");
}

/// All messages of warnings, as they are shown.
async fn told(watching: &Watching) -> Vec<String> {
    watching.is_quiet().await;
    let slack = lock(&watching.slack);
    let shown = |one: &Message| shows(&one.text, &one.blocks);
    let all = slack.messages_in(super::script::CHANNEL).into_iter().map(shown);
    all.filter(|shown| shown.contains("Warning `")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_stage_of_a_date_is_told_once_as_the_clock_passes_it() {
    let watching = Watching::new().await;
    let app = &watching.apps[0];
    says(&watching, secret(31 * DAY));
    let mut count = 0;
    for (now, new) in [
        (0, false),
        (DAY, true),
        (2 * DAY, false),
        (24 * DAY, true),
        (25 * DAY, false),
        (30 * DAY, true),
        (30 * DAY + 1, false),
        (31 * DAY, true),
        (40 * DAY, false),
        (2 * DAY, false),
    ] {
        looks(app, now).await;
        count += usize::from(new);
        assert_eq!(told(&watching).await.len(), count, "after {now} hours");
    }
    let told = told(&watching).await;
    assert!(told[0].contains("ends on 2027-02-01") && told[3].contains("ended on 2027-02-01"), "{told:#?}");
    // The secret is renewed.
    says(&watching, secret(100 * DAY));
    looks(app, 75 * DAY).await;
    assert_eq!(super::warned::told(&watching).await.len(), count + 1);
    assert_eq!(watching.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_new_in_one_look_is_one_message_without_buttons() {
    let watching = Watching::new().await;
    let group = GroupSize { id: "g".into(), name: "<!channel> everybody".into(), members: Some(34_999) };
    let job = Job {
        id: "j".into(),
        schedule: Some("Active".into()),
        last_cycle: Some(hours(-4)),
        ..Job::default()
    };
    let facts = Facts {
        apps: seats(96),
        groups: Read::seen(hours(0), vec![group]),
        group_limit: Some(35_000),
        job: Read::seen(hours(0), job),
        ..secret(5 * DAY)
    };
    says(&watching, facts.clone());
    looks(&watching.apps[0], 0).await;
    let all = told(&watching).await;
    assert_eq!(all.len(), 1, "{all:#?}");
    for words in
        ["4 warnings", "client secret", "96 of 100 seats", "34999 of the 35000", "finished no cycle since"]
    {
        assert!(all[0].contains(words), "{words}: {}", all[0]);
    }
    assert!(!all[0].contains("<!channel>") && !all[0].contains("actions"), "{}", all[0]);
    // Seats become free and are taken again: that is told again. In between, nothing is.
    for (usage, count) in [(91, 1), (96, 1), (89, 1), (97, 2)] {
        says(&watching, Facts { apps: seats(usage), ..facts.clone() });
        looks(&watching.apps[0], 1).await;
        assert_eq!(told(&watching).await.len(), count, "{usage} seats");
    }
    // Nothing of it is a sweep that somebody waits for, or that reads anybody.
    assert_eq!(watching.world.sweeps.load(Ordering::SeqCst), 0);
    assert!(watching.store().open_sweeps().await.unwrap().is_empty());
    assert_eq!(watching.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_unread_is_not_told_and_the_groups_are_read_once_a_day() {
    let watching = Watching::new().await;
    let unread = || Read::Gap("403".into());
    says(
        &watching,
        Facts { apps: Read::Gap("503".into()), job: Read::Gap("503".into()), ..secret(90 * DAY) },
    );
    looks(&watching.apps[0], 0).await;
    let expiries = vec![Expiry { of: Credential::ClientSecret, ends: unread() }];
    let groups = Read::seen(hours(0), vec![]);
    says(&watching, Facts { expiries, groups, group_limit: Some(35_000), ..Facts::default() });
    for (now, read) in [(1, 2), (2, 2), (23, 2), (24, 3)] {
        looks(&watching.apps[0], now).await;
        assert_eq!(watching.world.groups_read.load(Ordering::SeqCst), read, "after {now} hours");
    }
    assert_eq!(told(&watching).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn three_processes_tell_each_stage_once() {
    let mut watching = Watching::new().await;
    watching.starts().await;
    watching.starts().await;
    for (now, count) in [(0, 1), (24 * DAY, 2), (30 * DAY, 3)] {
        says(&watching, secret(30 * DAY + 12));
        for _ in 0..3 {
            let mut all = tokio::task::JoinSet::new();
            for app in watching.apps.clone() {
                all.spawn(async move { look(&app, Duration::ZERO, hours(now + 12)).await.unwrap() });
            }
            assert!(all.join_all().await.contains(&true));
        }
        assert_eq!(told(&watching).await.len(), count, "after {now} hours");
    }
    // With the real interval, one of them looks.
    let mut watching = Watching::new().await;
    watching.starts().await;
    let hour = Duration::from_secs(3600);
    let looked =
        [&watching.apps[0], &watching.apps[1], &watching.apps[0]].map(|app| look(app, hour, hours(0)));
    let looked = futures_util::future::join_all(looked).await;
    assert_eq!(looked.into_iter().filter(|looked| *looked.as_ref().unwrap()).count(), 1);
    assert_eq!(watching.faults(), Vec::<String>::new());
}

/// The look of a process that dies during its call.
async fn dies(watching: &Watching, now: i64) {
    watching.world.counts_calls_from_zero(Some(0));
    tokio::select! {
        looked = look(&watching.apps[0], Duration::ZERO, hours(now)) => panic!("{looked:?}"),
        () = watching.world.hung.notified() => {}
    }
    watching.world.counts_calls_from_zero(None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whichever_point_a_process_dies_at_each_stage_is_told_once() {
    let mut watching = Watching::new().await;
    watching.starts().await;
    let (first, second) = (&watching.apps[0], &watching.apps[1]);
    // While it reads: the next look reads again.
    says(&watching, secret(29 * DAY));
    dies(&watching, 0).await;
    looks(second, 0).await;
    assert_eq!(told(&watching).await.len(), 1);
    // After the message was opened, and before it was posted: the poster of any process posts it.
    watching.loses_posts(1);
    looks(second, 22 * DAY).await;
    looks(first, 22 * DAY).await;
    assert_eq!(told(&watching).await.len(), 2);
    // After it wrote what is new, and before the message exists: any process sends it, and no look is needed.
    let hour = Duration::from_secs(3600);
    let taken = watching.store().take_warning_look(hour).await.unwrap().unwrap();
    let warning = r#"{"kind":"no-cycle","job":"j","since":"2027-01-01T00:00:00Z"}"#;
    let new = NewWarning { subject: "job j".into(), level: 1, warning: warning.into() };
    let notice = uuid::Uuid::now_v7().to_string();
    let found = WarningsFound { notice, new: vec![new], ..WarningsFound::default() };
    assert!(watching.store().keep_warnings(taken.epoch, found).await.unwrap());
    for app in [first, second, first] {
        assert!(!look(app, hour, hours(23 * DAY)).await.unwrap(), "no look is due");
    }
    let all = told(&watching).await;
    assert!(all.len() == 3 && all[2].contains("finished no cycle since"), "{all:#?}");
    assert_eq!(watching.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_was_overtaken_tells_nothing() {
    let mut watching = Watching::new().await;
    watching.starts().await;
    says(&watching, secret(5 * DAY));
    watching.world.counts_calls_from_zero(Some(0));
    let slow = std::sync::Arc::clone(&watching.apps[0]);
    let slow = tokio::spawn(async move { look(&slow, Duration::ZERO, hours(0)).await });
    watching.world.hung.notified().await;
    watching.world.counts_calls_from_zero(None);
    looks(&watching.apps[1], 0).await;
    assert_eq!(told(&watching).await.len(), 1);
    // It goes on, and reads something new. The next look tells it.
    says(&watching, Facts { apps: seats(99), ..secret(5 * DAY) });
    watching.world.released.notify_one();
    assert!(!slow.await.unwrap().unwrap(), "it has lost its look");
    assert_eq!(told(&watching).await.len(), 1);
    looks(&watching.apps[1], 0).await;
    assert_eq!(told(&watching).await.len(), 2);
}
