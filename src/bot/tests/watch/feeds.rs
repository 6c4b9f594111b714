//! Feeds that begin, expire, refuse, or report very much.

use std::sync::atomic::Ordering;

use super::evidence::drifted;
use super::script::Watching;
use reinstate_core::watch::{Changed, Feed};
use reinstate_sandbox::lock;

use super::super::house::shows;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_the_beginning_everybody_is_read_once() {
    let watching = Watching::new().await;
    watching.world.is("jane", &drifted());
    watching.world.reports(Feed::ProvisioningLog, Changed::User("jane".into()));
    watching.looks().await;
    let card = watching.message("it begins now to follow").await;
    assert!(shows("", &card.blocks).contains("Atlassian's audit log"), "{:?}", card.blocks);
    watching.is_quiet().await;
    watching.looks().await;
    assert_eq!(watching.world.sweeps.load(Ordering::SeqCst), 1);
    assert_eq!(watching.world.looks.load(Ordering::SeqCst), 0, "the sweep looks at what was before");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_an_expired_place_everybody_is_read_once() {
    let watching = Watching::begun().await;
    watching.is_quiet().await;
    lock(&watching.world.expired).insert(Feed::Users);
    watching.world.reports(Feed::Users, Changed::User("jane".into()));
    watching.looks().await;
    let card = watching.message("it begins now to follow the users in Entra.").await;
    assert!(!shows("", &card.blocks).contains("audit log"), "only one feed has expired");
    watching.is_quiet().await;
    watching.looks().await;
    assert_eq!(watching.world.sweeps.load(Ordering::SeqCst), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_feed_is_named_in_the_next_message_once() {
    let watching = Watching::begun().await;
    lock(&watching.world.refused).insert(Feed::Events, "the key lacks the right".into());
    watching.looks().await;
    assert!(watching.told().await.is_empty(), "it is no message of its own");
    for person in ["jane", "john"] {
        watching.world.is(person, &drifted());
        watching.world.reports(Feed::ProvisioningLog, Changed::User(person.into()));
        watching.looks().await;
    }
    let told = watching.told().await;
    let says: Vec<String> = told.iter().map(|one| shows(&one.text, &one.blocks)).collect();
    let refusal = "*Not watched:* Atlassian's audit log, because the key lacks the right";
    assert!(says.len() == 2 && says[0].contains(refusal) && !says[1].contains(refusal), "{says:#?}");
    assert!(watching.status().await.contains(refusal));
    // When it can be read again, it continues where it stopped.
    watching.world.is("mary", &drifted());
    watching.world.account_changed("mary");
    lock(&watching.world.refused).clear();
    watching.looks().await;
    assert_eq!(watching.told().await.len(), 3);
    assert!(!watching.status().await.contains("Not watched"));
    assert_eq!(watching.world.sweeps.load(Ordering::SeqCst), 1, "no place was lost");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_storm_nobody_is_looked_at_alone_and_a_sweep_reads_everybody() {
    let watching = Watching::begun().await;
    watching.is_quiet().await;
    for number in 0..73 {
        watching.world.account_changed(&format!("p{number}"));
    }
    watching.world.reports(Feed::Events, Changed::Organization("domain_removed".into()));
    watching.looks().await;
    let storm = watching.message("74 people changed at once").await;
    assert!(shows("", &storm.blocks).contains("nobody is looked at alone"));
    assert_eq!(watching.world.looks.load(Ordering::SeqCst), 0);
    assert!(watching.only().await.contains("`domain_removed`"));
    watching.looks().await;
    assert_eq!(watching.world.looks.load(Ordering::SeqCst), 0);
    assert_eq!(watching.world.sweeps.load(Ordering::SeqCst), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_people_are_looked_at_in_one_look_and_the_others_in_the_next_ones() {
    let watching = Watching::begun().await;
    for number in 0..23 {
        let person = format!("p{number}");
        watching.world.is(&person, &drifted());
        watching.world.account_changed(&person);
    }
    for looks in [10, 20, 23] {
        watching.looks().await;
        assert_eq!(watching.world.looks.load(Ordering::SeqCst), looks);
    }
    assert_eq!(watching.told().await.len(), 3);
    assert_eq!(watching.store().count_incidents().await.unwrap(), 23);
}
