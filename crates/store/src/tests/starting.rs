//! Opening a database: several programs at once, newer and older versions of the tables, and a database in memory.

use std::sync::{Arc, Mutex};

use super::super::{Entry, MessageRef, PostedMessage, Store, StoreError};
use super::claims::claiming;
use super::{Place, appended, entry, opened};

pub async fn many_programs_may_start_at_once(place: &Place) {
    let tasks: Vec<_> = (0..6)
        .map(|_| {
            let url = place.url.clone();
            tokio::spawn(async move { Store::open(&url).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap().ping().await.unwrap();
    }
}

pub async fn columns_that_a_newer_program_adds_change_nothing(place: &Place) {
    let (store, newer) = (place.open().await, place.open().await);
    let run = opened(&store).await;
    appended(&store, &run, "planned", claiming(&["account:1"])).await;
    store.append_global(entry("denied")).await.unwrap();
    let at = MessageRef { channel: "C0ADMINS".into(), ts: "1.0".into() };
    let root = PostedMessage {
        run: run.clone(),
        role: "root".into(),
        at,
        rendered_seq: 2,
        fingerprint: String::new(),
    };
    store.set_card(root, None).await.unwrap();
    // One connection after the other, so that prepared statements are used again.
    let read = async || {
        let runs = [
            vec![store.run(&run).await?.expect("it was opened")],
            store.open_runs().await?,
            store.recent_runs(5).await?,
            store.runs_for_identity("account:1").await?,
        ];
        let last = Arc::new(Mutex::new(None));
        let seen = last.clone();
        let look = move |found: Option<Entry>| {
            *seen.lock().unwrap() = found;
            None
        };
        store.append_global_after("denied", look).await?;
        let last = last.lock().unwrap().clone().expect("it was denied");
        let (entries, page) = (store.entries(&run).await?, store.export(None).next_page().await?);
        Ok::<_, StoreError>((runs, store.cards(&run).await?, entries, page, last))
    };
    let before = read().await.unwrap();
    for change in [
        "ALTER TABLE runs ADD COLUMN of_tomorrow BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE entries ADD COLUMN of_tomorrow BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE cards ADD COLUMN of_tomorrow BIGINT NOT NULL DEFAULT 0",
    ] {
        sqlx::raw_sql(change).execute(&newer.writing).await.unwrap();
    }
    assert_eq!(read().await.unwrap(), before);
}

pub async fn a_newer_database_is_refused(place: &Place) {
    let store = place.open().await;
    sqlx::query("INSERT INTO schema_version (version) VALUES (999)").execute(&store.pool).await.unwrap();
    let refused = Store::open(&place.url).await;
    assert!(matches!(refused, Err(StoreError::NewerSchema { found: 999, .. })), "{refused:?}");
}

/// Tests what plain `BEGIN` on SQLite cannot do: there, a transaction that has read fails when it writes.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_transaction_may_read_before_it_writes() {
    let place = Place::sqlite();
    let stores = [place.open().await, place.open().await];
    let tasks: Vec<_> = (0..60)
        .map(|n| {
            let store = stores[n % 2].clone();
            tokio::spawn(async move {
                store
                    .write(|conn| {
                        Box::pin(async move {
                            let seen: i64 =
                                sqlx::query_scalar("SELECT position FROM head").fetch_one(&mut *conn).await?;
                            sqlx::query("UPDATE head SET position = $1").bind(seen + 1).execute(conn).await?;
                            Ok::<_, StoreError>(())
                        })
                    })
                    .await
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(stores[0].head().await.unwrap().position, 60);
}

#[tokio::test]
async fn a_database_in_memory_works_for_tests() {
    let store = Store::open("sqlite::memory:").await.unwrap();
    let run = opened(&store).await;
    let other = Store::open("sqlite::memory:").await.unwrap();
    assert_eq!(other.run(&run).await.unwrap(), None);
    assert_eq!(store.entries(&run).await.unwrap().len(), 1);
    assert_eq!(store.verify(None).await.unwrap().entries, 1);
}

/// Takes the tables back to version 3, and closes the database.
pub async fn back_to_version_3(store: Store) {
    sqlx::raw_sql(
        "DROP INDEX runs_of_parent; ALTER TABLE runs DROP COLUMN parent;
         DROP INDEX runs_to_forget; ALTER TABLE runs DROP COLUMN forgotten;
         DROP TABLE watch; DROP TABLE watch_feeds; DROP TABLE watch_queue; DROP TABLE incidents;
         DROP TABLE warnings; DROP TABLE warning_looks; DROP TABLE quiet_people;
         DELETE FROM schema_version WHERE version > 3",
    )
    .execute(&store.writing)
    .await
    .unwrap();
    tokio::join!(store.pool.pool.close(), store.writing.close());
}
