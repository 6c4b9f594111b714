//! Warnings of what runs out: one process looks, each level of a subject is written once and none goes backwards, and a
//! message is to be sent until a run has its id.

use std::time::Duration;

use super::super::{NewWarning, Opened, Store, WarningsFound};
use super::Place;
use super::sweeps::awake;

const HOUR: Duration = Duration::from_secs(3600);
const AT_ONCE: Duration = Duration::ZERO;

async fn taken(store: &Store) -> i64 {
    store.take_warning_look(AT_ONCE).await.unwrap().expect("it is due").epoch
}

fn found(notice: &str, new: &[(&str, i64)], over: &[&str]) -> WarningsFound {
    let new = new.iter().map(|(subject, level)| NewWarning {
        subject: (*subject).to_owned(),
        level: *level,
        warning: format!("{subject} at {level}"),
    });
    let over = over.iter().map(|subject| (*subject).to_owned()).collect();
    WarningsFound { facts: format!("read for {notice}"), notice: notice.to_owned(), new: new.collect(), over }
}

async fn told(store: &Store) -> Vec<(String, i64)> {
    let mut all = store.told_warnings().await.unwrap();
    all.sort();
    all
}

pub async fn one_of_many_looks_at_what_runs_out(place: &Place) {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let store = place.open().await;
        tasks.spawn(async move { store.take_warning_look(HOUR).await.unwrap() });
    }
    let all = tasks.join_all().await;
    assert_eq!(all.iter().flatten().count(), 1, "{all:?}");
    let store = place.open().await;
    assert_eq!(store.take_warning_look(HOUR).await.unwrap(), None, "not before an hour");
    assert_eq!(store.warning_facts().await.unwrap(), None, "nothing was read yet");
}

pub async fn a_level_is_told_once_and_none_goes_backwards(place: &Place) {
    let store = place.open().await;
    let epoch = taken(&store).await;
    assert!(store.keep_warnings(epoch, found("n1", &[("key", 2), ("seats a", 1)], &[])).await.unwrap());
    let again = found("n2", &[("key", 1), ("key", 2), ("key", 3), ("key", 3), ("seats a", 1)], &[]);
    assert!(store.keep_warnings(epoch, again).await.unwrap());
    let expected =
        [("key", 2), ("key", 3), ("seats a", 1)].map(|(subject, level)| (subject.to_owned(), level));
    assert_eq!(told(&store).await, expected);
    assert_eq!(store.warnings_of("n1").await.unwrap(), ["key at 2", "seats a at 1"]);
    assert_eq!(store.warnings_of("n2").await.unwrap(), ["key at 3"]);
    // What is over may be told again, in the same look too.
    assert!(store.keep_warnings(epoch, found("n3", &[("seats a", 1)], &["seats a"])).await.unwrap());
    assert_eq!(store.warnings_of("n3").await.unwrap(), ["seats a at 1"]);
    assert_eq!(store.warnings_of("n1").await.unwrap(), ["key at 2"]);
}

pub async fn a_look_that_was_taken_over_tells_nothing(place: &Place) {
    let (first, second) = (place.open().await, place.open().await);
    let old = taken(&first).await;
    let look = second.take_warning_look(AT_ONCE).await.unwrap().unwrap();
    assert!(look.epoch > old);
    assert!(!first.keep_warnings(old, found("old", &[("key", 1)], &[])).await.unwrap());
    assert_eq!((told(&first).await, first.warning_facts().await.unwrap()), (Vec::new(), None));
    assert!(second.keep_warnings(look.epoch, found("new", &[("key", 1)], &[])).await.unwrap());
    assert_eq!(second.warning_facts().await.unwrap().as_deref(), Some("read for new"));
    let next = second.take_warning_look(AT_ONCE).await.unwrap().unwrap();
    assert_eq!(next.facts.as_deref(), Some("read for new"));
    assert!(!second.keep_warnings(look.epoch, found("late", &[], &["key"])).await.unwrap());
    assert_eq!(told(&second).await.len(), 1);
}

pub async fn a_warning_is_to_be_sent_until_a_run_has_its_id(place: &Place) {
    let store = place.open().await;
    let epoch = taken(&store).await;
    let notice = uuid::Uuid::now_v7().to_string();
    store.keep_warnings(epoch, found(&notice, &[("key", 1), ("key 2", 1)], &[])).await.unwrap();
    assert_eq!(store.unsent_warnings().await.unwrap(), [notice.as_str()]);
    let opened = store.open_run(awake(&notice, &format!("watch {notice}"))).await.unwrap();
    assert_eq!(opened, Opened::New);
    assert_eq!(store.unsent_warnings().await.unwrap(), Vec::<String>::new());
}

pub async fn a_clock_set_back_holds_no_warning_up(place: &Place) {
    let store = place.open().await;
    store.take_warning_look(HOUR).await.unwrap().unwrap();
    let set_back = "UPDATE warning_looks SET touched_at = touched_at + 7200000, next_at = next_at + 7200000";
    sqlx::query(set_back).execute(&store.pool.pool).await.unwrap();
    assert!(store.take_warning_look(HOUR).await.unwrap().is_some());
}
