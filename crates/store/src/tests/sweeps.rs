//! The runs of a sweep: children are found by their parent.

use std::collections::BTreeMap;

use super::super::{AppendOptions, NewEntry, NewRun, Opened, Store};
use super::starting::back_to_version_3;
use super::{Place, entry, opened};

pub fn awake(run: &str, key: &str) -> NewRun {
    NewRun { run: run.into(), key: key.into(), first: entry("opened"), wake: true }
}

pub const SWEEP: &str = "0199c1f0-0000-7000-8000-000000000001";

pub const OTHER: &str = "0199c1f0-0000-7000-8000-000000000002";

/// Opens two sweeps. The keys of their children contain characters that locales ignore or reorder.
pub async fn two_sweeps(store: &Store) -> Vec<String> {
    store.open_run(awake(SWEEP, "sweep 133.47.8ab")).await.unwrap();
    store.open_run(awake(OTHER, "sweep schedule 7")).await.unwrap();
    ["712020:B-7", "5b-10ac~", "Z"].map(|subject| format!("sweep {SWEEP} {subject}")).into()
}

pub async fn children_are_found_by_their_parent(place: &Place) {
    let store = place.open().await;
    let keys = two_sweeps(&store).await;
    for key in &keys {
        assert_eq!(store.open_child(awake(&format!("of {key}"), key), SWEEP).await.unwrap(), Opened::New);
    }
    store.open_child(awake("elsewhere", &format!("sweep {OTHER} Z")), OTHER).await.unwrap();
    let ended = NewEntry { facts: "{\"outcome\":\"restored\"}".into(), ..entry("ended") };
    let first = format!("of {}", keys[0]);
    store
        .append(&first, 1, None, &[ended], AppendOptions { end: true, ..AppendOptions::default() })
        .await
        .unwrap();
    let found: BTreeMap<_, _> = store.children(SWEEP).await.unwrap().into_iter().collect();
    assert_eq!(found.len(), 3, "{found:?}");
    for key in &keys {
        let facts = (*key == keys[0]).then(|| "{\"outcome\":\"restored\"}".to_owned());
        assert_eq!(found[key], (format!("of {key}"), facts));
    }
    let again = store.open_child(awake("again", &keys[2]), SWEEP).await.unwrap();
    assert_eq!(again, Opened::Existing { run: format!("of {}", keys[2]) });
}

/// A running process of an older version stores no parent.
pub async fn a_child_without_a_parent_is_adopted_when_it_is_opened_again(place: &Place) {
    let store = place.open().await;
    let keys = two_sweeps(&store).await;
    store.open_run(awake("first", &keys[0])).await.unwrap();
    assert!(store.children(SWEEP).await.unwrap().is_empty());
    let again = store.open_child(awake("second", &keys[0]), SWEEP).await.unwrap();
    assert_eq!(again, Opened::Existing { run: "first".into() });
    assert_eq!(store.children(SWEEP).await.unwrap()[&keys[0]].0, "first");
}

/// The tables of version 3, with a sweep and its children.
pub async fn older_children_get_their_parent(place: &Place) {
    let store = place.open().await;
    let keys = two_sweeps(&store).await;
    for key in &keys {
        store.open_run(awake(&format!("of {key}"), key)).await.unwrap();
    }
    let typed = opened(&store).await;
    back_to_version_3(store).await;
    let store = place.open().await;
    let mut found: Vec<_> = store.children(SWEEP).await.unwrap().into_keys().collect();
    found.sort();
    let mut expected = keys;
    expected.sort();
    assert_eq!(found, expected);
    let parents: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM runs WHERE parent IS NOT NULL")
        .fetch_one(&store.pool)
        .await
        .unwrap();
    assert_eq!(parents, 3, "a sweep has no parent, nor has {typed}");
}

pub async fn what_people_wait_for_is_no_part_of_a_sweep(place: &Place) {
    let store = place.open().await;
    let keys = two_sweeps(&store).await;
    store.open_child(awake("child", &keys[0]), SWEEP).await.unwrap();
    assert!(!store.is_busy().await.unwrap());
    let sweeps = store.open_sweeps().await.unwrap();
    assert!(sweeps.iter().all(|row| row.run != "child") && !sweeps.is_empty(), "{sweeps:?}");
    opened(&store).await;
    assert!(!store.is_busy().await.unwrap(), "one that sleeps is in nobody's way");
    store.open_run(awake("typed", "133.47.8ac")).await.unwrap();
    assert!(store.is_busy().await.unwrap());
    assert_eq!(store.open_sweeps().await.unwrap(), sweeps, "a repair that somebody typed is no sweep");
}
