//! Leases. Time is moved by moving the lease in the database, never by waiting.

use std::collections::BTreeSet;
use std::time::Duration;

use super::super::{AppendError, AppendOptions, Lease, Sleep, Store};
use super::{Place, appended, at, entry, opened, opened_with};

const LONG_LEASE: Duration = Duration::from_secs(600);

/// Lets the lease of a run expire.
async fn expire(store: &Store, run: &str) {
    sqlx::query("UPDATE runs SET lease_until = (SELECT ms FROM db_clock) WHERE run = $1")
        .bind(run)
        .execute(&store.pool)
        .await
        .unwrap();
}

async fn holds(store: &Store, lease: &Lease, seq: i64) -> Result<(), AppendError> {
    store.append(&lease.run, seq, Some(lease), &[entry("step")], AppendOptions::default()).await.map(|_| ())
}

pub async fn one_of_many_takes_a_run(place: &Place) {
    let stores = [place.open().await, place.open().await];
    let run = opened(&stores[0]).await;
    let tasks: Vec<_> = (0..16)
        .map(|n| {
            let (store, run) = (stores[n % 2].clone(), run.clone());
            tokio::spawn(async move { store.claim(&run, &format!("replica-{n}"), LONG_LEASE).await.unwrap() })
        })
        .collect();
    let mut taken = 0;
    for task in tasks {
        if let Some(lease) = task.await.unwrap() {
            assert_eq!((lease.epoch, lease.seq), (1, 1));
            taken += 1;
        }
    }
    assert_eq!(taken, 1);
}

pub async fn every_run_is_taken_once(place: &Place) {
    let stores = [place.open().await, place.open().await];
    let mut runs = BTreeSet::new();
    for _ in 0..20 {
        runs.insert(opened_with(&stores[0], true).await);
    }
    let mut tasks = Vec::new();
    for n in 0..4 {
        let store = stores[n % 2].clone();
        tasks.push(tokio::spawn(async move {
            let mut mine = Vec::new();
            while let Some(lease) = store.claim_next(&format!("replica-{n}"), LONG_LEASE).await.unwrap() {
                mine.push(lease.run);
            }
            mine
        }));
    }
    let mut taken = Vec::new();
    for task in tasks {
        taken.extend(task.await.unwrap());
    }
    assert_eq!(taken.len(), 20);
    assert_eq!(BTreeSet::from_iter(taken), runs);
}

pub async fn a_lease_expires_and_its_holder_is_fenced_off(place: &Place) {
    let store = place.open().await;
    let run = opened_with(&store, true).await;
    let old = store.claim_next("old", LONG_LEASE).await.unwrap().unwrap();
    assert!(store.claim_next("new", LONG_LEASE).await.unwrap().is_none());
    expire(&store, &run).await;
    // Expired, and nobody else has it yet: lost all the same.
    assert!(matches!(holds(&store, &old, 1).await, Err(AppendError::LeaseLost)));
    assert!(!store.renew(&old, LONG_LEASE).await.unwrap());
    let new = store.claim_next("new", LONG_LEASE).await.unwrap().unwrap();
    assert_eq!((new.run.as_str(), new.epoch), (run.as_str(), 2));
    assert!(matches!(holds(&store, &old, 1).await, Err(AppendError::LeaseLost)));
    assert!(!store.release(&old, 1, Sleep::ForEver).await.unwrap());
    assert!(!store.renew(&old, LONG_LEASE).await.unwrap());
    holds(&store, &new, 1).await.unwrap();
    // The same owner is fenced off by its own newer epoch too.
    expire(&store, &run).await;
    let newest = store.claim(&run, "new", LONG_LEASE).await.unwrap().unwrap();
    assert!(matches!(holds(&store, &new, 2).await, Err(AppendError::LeaseLost)));
    holds(&store, &newest, 2).await.unwrap();
}

pub async fn a_held_lease_appends_and_renews(place: &Place) {
    let store = place.open().await;
    let run = opened_with(&store, true).await;
    let lease = store.claim_next("me", Duration::from_secs(60)).await.unwrap().unwrap();
    assert!(lease.left() <= Duration::from_secs(60) && !lease.left().is_zero());
    assert!(store.renew(&lease.clone(), LONG_LEASE).await.unwrap());
    assert!(lease.left() > Duration::from_secs(60));
    holds(&store, &lease, 1).await.unwrap();
    assert!(store.claim(&run, "other", LONG_LEASE).await.unwrap().is_none());
    appended(&store, &run, "ended", AppendOptions { end: true, ..AppendOptions::default() }).await;
    assert!(store.release(&lease, 3, Sleep::Now).await.unwrap());
    assert!(store.claim_next("me", LONG_LEASE).await.unwrap().is_none());
    assert!(store.claim(&run, "me", LONG_LEASE).await.unwrap().is_none());
}

pub async fn a_wake_during_the_lease_is_not_lost(place: &Place) {
    let store = place.open().await;
    let run = opened_with(&store, true).await;
    let lease = store.claim_next("me", LONG_LEASE).await.unwrap().unwrap();
    // A click, while the executor works on what it has seen before.
    appended(&store, &run, "approved", AppendOptions { wake: true, ..AppendOptions::default() }).await;
    assert!(store.release(&lease, lease.seq, Sleep::ForEver).await.unwrap());
    let again = store.claim_next("me", LONG_LEASE).await.unwrap().unwrap();
    assert_eq!((again.seq, again.epoch), (2, 2));
    // This time all is seen, and it sleeps until the next click.
    assert!(store.release(&again, again.seq, Sleep::ForEver).await.unwrap());
    assert!(store.claim_next("me", LONG_LEASE).await.unwrap().is_none());
    appended(&store, &run, "noted", AppendOptions::default()).await;
    assert!(store.claim_next("me", LONG_LEASE).await.unwrap().is_none());
    appended(&store, &run, "declined", AppendOptions { wake: true, ..AppendOptions::default() }).await;
    assert_eq!(store.claim_next("me", LONG_LEASE).await.unwrap().unwrap().seq, 4);
}

pub async fn a_sleeper_is_left_alone(place: &Place) {
    let store = place.open().await;
    let run = opened_with(&store, true).await;
    let lease = store.claim_next("me", LONG_LEASE).await.unwrap().unwrap();
    assert!(store.release(&lease, 1, Sleep::until(at(600), at(0))).await.unwrap());
    assert!(store.claim_next("me", LONG_LEASE).await.unwrap().is_none());
    // By name it may be taken, asleep or not.
    let lease = store.claim(&run, "me", LONG_LEASE).await.unwrap().unwrap();
    assert!(store.release(&lease, 1, Sleep::until(at(0), at(600))).await.unwrap());
    assert!(store.claim_next("me", LONG_LEASE).await.unwrap().is_some());
}

pub async fn the_next_wake_is_known(place: &Place) {
    let store = place.open().await;
    assert_eq!(store.next_wake().await.unwrap(), None);
    opened(&store).await;
    assert_eq!(store.next_wake().await.unwrap(), None);
    opened_with(&store, true).await;
    assert_eq!(store.next_wake().await.unwrap(), Some(Duration::ZERO));
    let lease = store.claim_next("me", LONG_LEASE).await.unwrap().unwrap();
    // Held: it is looked at again when the lease would expire.
    let held = store.next_wake().await.unwrap().unwrap();
    assert!(!held.is_zero() && held <= LONG_LEASE, "{held:?}");
    store.release(&lease, 1, Sleep::For(LONG_LEASE * 10)).await.unwrap();
    let asleep = store.next_wake().await.unwrap().unwrap();
    assert!(asleep > LONG_LEASE && asleep <= LONG_LEASE * 10, "{asleep:?}");
}

/// The database's clock is set back by moving everything that it has written into the future.
pub async fn a_clock_set_back_holds_nobody_up(place: &Place) {
    let store = place.open().await;
    let run = opened_with(&store, true).await;
    let set_back = || async {
        sqlx::raw_sql(
            "UPDATE runs SET lease_until = lease_until + 3600000, wake_at = wake_at + 3600000,
                touched_at = touched_at + 3600000",
        )
        .execute(&store.pool)
        .await
        .unwrap();
    };
    set_back().await;
    let dead = store.claim_next("dead", LONG_LEASE).await.unwrap().expect("it was awake an hour from now");
    set_back().await;
    let lease =
        store.claim_next("me", LONG_LEASE).await.unwrap().expect("the dead held it for an hour too long");
    assert!(!store.renew(&dead, LONG_LEASE).await.unwrap(), "and if it was not dead, it is fenced off");
    assert!(store.renew(&lease, LONG_LEASE).await.unwrap());
    assert!(store.claim(&run, "other", LONG_LEASE).await.unwrap().is_none());
    assert!(store.release(&lease, 1, Sleep::For(LONG_LEASE)).await.unwrap());
    assert!(store.claim_next("me", LONG_LEASE).await.unwrap().is_none());
    set_back().await;
    let lease =
        store.claim_next("me", LONG_LEASE).await.unwrap().expect("it would have slept an hour too long");
    assert!(store.release(&lease, 1, Sleep::ForEver).await.unwrap());
    set_back().await;
    assert!(
        store.claim_next("me", LONG_LEASE).await.unwrap().is_none(),
        "what waits for a person still does"
    );
}

/// A process that ends what it holds gives its lease back in the same entry; one that holds nothing takes no lease away.
pub async fn an_end_gives_the_lease_back(place: &Place) {
    let store = place.open().await;
    let (held, clicked) = (opened_with(&store, true).await, opened_with(&store, true).await);
    let end = || AppendOptions { end: true, ..AppendOptions::default() };
    let lease = store.claim(&held, "me", LONG_LEASE).await.unwrap().unwrap();
    store.append(&held, 1, Some(&lease), &[entry("ended")], end()).await.unwrap();
    assert_eq!(store.run(&held).await.unwrap().unwrap().owner, None);
    assert!(!store.renew(&lease, LONG_LEASE).await.unwrap());
    let late = store.append(&held, 2, Some(&lease), &[entry("late")], AppendOptions::default()).await;
    assert!(matches!(late, Err(AppendError::LeaseLost)), "{late:?}");

    let lease = store.claim(&clicked, "me", LONG_LEASE).await.unwrap().unwrap();
    store.append(&clicked, 1, None, &[entry("ended")], end()).await.unwrap();
    let late = store.append(&clicked, 2, Some(&lease), &[entry("late")], AppendOptions::default()).await;
    assert!(matches!(late, Err(AppendError::Ended)), "its holder is told why: {late:?}");
    assert_eq!(store.next_wake().await.unwrap(), None);
}
