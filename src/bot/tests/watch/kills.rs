//! A process that dies at any call of a look, and several processes at once: each incident is told once, and nobody is
//! missed.

use std::time::Duration;

use super::evidence::{drifted, healthy, value};
use super::script::Watching;
use crate::bot::watch::look;
use reinstate_core::watch::{Changed, Feed};

/// Two people and a fault of everybody.
fn breaks(watching: &Watching) {
    for person in ["jane", "john"] {
        watching.world.is(person, &drifted());
        watching.world.account_changed(person);
        watching.world.reports(Feed::ProvisioningLog, Changed::User(person.into()));
    }
    let mut stopped = healthy();
    value(&mut stopped.job).schedule = Some("Paused".to_owned());
    watching.world.tenant_is(stopped);
}

/// How often each of these words was told.
async fn counts(watching: &Watching) -> [usize; 3] {
    let told = watching.told().await;
    ["jane@acme.example", "john@acme.example", "`provisioning-stopped`"].map(|words| {
        let blocks = |one: &&reinstate_sandbox::slack::Message| {
            let text = serde_json::Value::Array(one.blocks.clone()).to_string();
            text.contains(words) || text.contains(&words.replace("@acme.example", "`").replace('`', ""))
        };
        told.iter().filter(blocks).count()
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whichever_call_a_process_dies_at_each_incident_is_told_once() {
    for call in 0.. {
        let watching = Watching::begun().await;
        breaks(&watching);
        watching.world.counts_calls_from_zero(Some(call));
        let died = watching.looks_and_dies().await;
        watching.world.counts_calls_from_zero(None);
        for _ in 0..2 {
            watching.looks().await;
        }
        assert_eq!(counts(&watching).await, [1, 1, 1], "dead at call {call}");
        assert_eq!(watching.store().count_incidents().await.unwrap(), 3);
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
    breaks(&watching);
    for _ in 0..5 {
        let mut all = tokio::task::JoinSet::new();
        for app in watching.apps.clone() {
            all.spawn(async move { look(&app, Duration::from_millis(1)).await.unwrap() });
        }
        let looked = all.join_all().await;
        assert!(looked.iter().any(|looked| *looked), "{looked:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(counts(&watching).await, [1, 1, 1]);
    assert_eq!(watching.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_process_that_was_taken_over_tells_nothing() {
    let mut watching = Watching::begun().await;
    watching.starts().await;
    breaks(&watching);
    // The first process stands still at its first close look.
    watching.world.counts_calls_from_zero(Some(5));
    let slow = std::sync::Arc::clone(&watching.apps[0]);
    let slow = tokio::spawn(async move { look(&slow, Duration::ZERO).await });
    watching.world.hung.notified().await;
    watching.lease_is_over().await;
    assert!(look(&watching.apps[1], Duration::ZERO).await.unwrap());
    assert_eq!(counts(&watching).await, [1, 1, 1]);
    slow.abort();
}
