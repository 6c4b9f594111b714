//! A process that dies at any call of a look, and several processes at once: each incident is told once, and nobody is
//! missed.

use std::time::Duration;

use super::evidence::{drifted, healthy, value};
use super::script::Watching;
use crate::bot::watch::look;
use reinstate_core::watch::{Changed, Feed};
use reinstate_sandbox::slack::Message;

/// Two people and a fault of everybody.
fn breaks(watching: &Watching, round: usize) {
    for person in people(round) {
        watching.world.is(&person, &drifted());
        watching.world.account_changed(&person);
        watching.world.reports(Feed::ProvisioningLog, Changed::User(person));
    }
    let mut stopped = healthy();
    value(&mut stopped.job).schedule = Some("Paused".to_owned());
    watching.world.tenant_is(stopped);
}

fn people(round: usize) -> [String; 2] {
    ["jane", "john"].map(|name| format!("{name}{round}"))
}

/// In how many messages each of the two people stands, and how many messages tell of the fault.
async fn counts(watching: &Watching, round: usize) -> [usize; 3] {
    let told = watching.told().await;
    let [jane, john] = people(round).map(|name| format!("*{name}* ("));
    [jane, john, "`provisioning-stopped`".to_owned()].map(|words| {
        let shown =
            |one: &&Message| serde_json::Value::Array(one.blocks.clone()).to_string().contains(&words);
        told.iter().filter(shown).count()
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whichever_call_a_process_dies_at_each_incident_is_told_once() {
    let watching = Watching::begun().await;
    watching.is_quiet().await;
    for call in 0.. {
        breaks(&watching, call);
        watching.world.counts_calls_from_zero(Some(call));
        let died = watching.looks_and_dies().await;
        watching.world.counts_calls_from_zero(None);
        for _ in 0..2 {
            watching.looks().await;
        }
        assert_eq!(counts(&watching, call).await, [1, 1, call + 1], "dead at call {call}");
        let open = u64::try_from(2 * (call + 1) + 1).unwrap();
        assert_eq!(watching.store().count_incidents().await.unwrap(), open);
        // The fault ends, so that it is told again.
        watching.world.tenant_is(healthy());
        watching.looks().await;
        if !died {
            assert!(call > 10, "only {call} calls");
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_three_processes_one_looks_and_each_incident_is_told_once() {
    let mut watching = Watching::begun().await;
    watching.starts().await;
    watching.starts().await;
    breaks(&watching, 0);
    for _ in 0..5 {
        let mut all = tokio::task::JoinSet::new();
        for app in watching.apps.clone() {
            all.spawn(async move { look(&app, Duration::from_millis(1)).await.unwrap() });
        }
        let looked = all.join_all().await;
        assert!(looked.iter().any(|looked| *looked), "{looked:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(counts(&watching, 0).await, [1, 1, 1]);
    assert_eq!(watching.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_process_that_was_taken_over_tells_nothing() {
    let mut watching = Watching::begun().await;
    watching.starts().await;
    breaks(&watching, 0);
    // The first process stands still at its first close look.
    watching.world.counts_calls_from_zero(Some(5));
    let slow = std::sync::Arc::clone(&watching.apps[0]);
    let slow = tokio::spawn(async move { look(&slow, Duration::ZERO).await });
    watching.world.hung.notified().await;
    watching.lease_is_over().await;
    assert!(look(&watching.apps[1], Duration::ZERO).await.unwrap());
    assert_eq!(counts(&watching, 0).await, [1, 1, 1]);
    slow.abort();
}
