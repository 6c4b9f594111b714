//! A database that does not answer: locked by another program, or frozen behind a connection that stays open.

use std::time::Duration;

use sqlx::Connection as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;

use super::super::{AppendError, AppendOptions, NewRun, Store, StoreError};
use super::{Place, entry, opened};

/// Far longer than the timeouts of the stores in these tests.
const TEST_TIMEOUT: Duration = Duration::from_secs(120);
const ANSWER_TIMEOUT: Duration = Duration::from_millis(300);

/// A store whose callers have short timeouts.
async fn hurried(place: &Place) -> Store {
    let mut store = place.open().await;
    store.patience.answer = ANSWER_TIMEOUT;
    store.patience.transaction = ANSWER_TIMEOUT * 4;
    store.pool.limit = ANSWER_TIMEOUT;
    store
}

/// Another connection that has locked the head of the chain.
async fn locked(place: &Place) -> sqlx::AnyConnection {
    let mut other = sqlx::AnyConnection::connect(&place.url).await.unwrap();
    let begin = if place.url.starts_with("sqlite") { "BEGIN IMMEDIATE" } else { "BEGIN" };
    sqlx::raw_sql(begin).execute(&mut other).await.unwrap();
    sqlx::raw_sql("UPDATE head SET position = position").execute(&mut other).await.unwrap();
    other
}

fn new(run: &str) -> NewRun {
    NewRun { run: run.into(), key: run.into(), first: entry("opened"), wake: true }
}

/// When a caller gives up before its change begins, the change is never made, whatever happens to the lock.
pub async fn what_was_given_up_is_never_written(place: &Place) {
    let patient = place.open().await;
    let run = opened(&patient).await;
    let mut other = locked(place).await;
    let mut store = patient.clone();
    store.patience.answer = ANSWER_TIMEOUT;
    let told = async {
        let steps = [entry("step")];
        tokio::join!(
            store.open_run_within(new("late"), ANSWER_TIMEOUT),
            store.append(&run, 1, None, &steps, AppendOptions::default())
        )
    };
    let (opening, append) = timeout(TEST_TIMEOUT, told).await.expect("nobody was told");
    let failed = opening.unwrap_err();
    assert!(failed.nothing_written && matches!(failed.error, StoreError::NoAnswer), "{failed:?}");
    assert!(matches!(append, Err(AppendError::Store(StoreError::NoAnswer))), "{append:?}");
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    // A later change is made after all changes that waited before it.
    patient.open_run(new("next")).await.unwrap();
    patient.append_global(entry("denied")).await.unwrap();
    assert_eq!(patient.run("late").await.unwrap(), None);
    assert_eq!(patient.run(&run).await.unwrap().unwrap().seq, 1);
    assert_eq!(patient.verify(None).await.unwrap().entries, 3);
}

/// A lock that is never released gives its own error.
pub async fn a_lock_that_is_not_given_back_is_told(place: &Place) {
    let store = place.open().await;
    let mut other = locked(place).await;
    let sqlite = place.url.starts_with("sqlite");
    if sqlite {
        // There is one connection for writing.
        sqlx::raw_sql("PRAGMA busy_timeout = 50").execute(&store.writing).await.unwrap();
    }
    let busy = store.write(move |conn| {
        Box::pin(async move {
            if !sqlite {
                sqlx::raw_sql("SET LOCAL lock_timeout = '50ms'").execute(&mut *conn).await?;
            }
            sqlx::query("UPDATE head SET position = position").execute(conn).await?;
            Ok::<_, StoreError>(())
        })
    });
    let busy = timeout(TEST_TIMEOUT, busy).await.expect("nobody was told");
    assert!(matches!(busy, Err(StoreError::Busy)), "{busy:?}");
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    store.append_global(entry("denied")).await.unwrap();
    assert_eq!(store.verify(None).await.unwrap().entries, 1);
}

/// Every connection has the limits that the server enforces.
pub async fn the_server_has_limits(place: &Place) {
    if place.url.starts_with("sqlite") {
        return;
    }
    let store = place.open().await;
    for (setting, value) in [
        ("SHOW statement_timeout", "15s"),
        ("SHOW lock_timeout", "10s"),
        ("SHOW idle_in_transaction_session_timeout", "30s"),
    ] {
        let shown: String = sqlx::query_scalar(setting).fetch_one(&store.pool).await.unwrap();
        assert_eq!(shown, value, "{setting}");
    }
}

/// Forwards bytes until the proxy is frozen; then it holds them back.
async fn pass_on(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut frozen: watch::Receiver<bool>) {
    let mut bytes = vec![0; 1 << 16];
    while let Ok(count) = from.read(&mut bytes).await {
        if count == 0 || frozen.wait_for(|frozen| !frozen).await.is_err() {
            return;
        }
        if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}

/// Starts a proxy to the server that can be frozen, and returns its URL.
async fn way(place: &Place, frozen: watch::Receiver<bool>) -> String {
    let mut url = url::Url::parse(&place.url).unwrap();
    let server = format!("127.0.0.1:{}", url.port().unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let Ok(server) = TcpStream::connect(&server).await else { return };
            let ((from, to), (back, answer)) = (client.into_split(), server.into_split());
            tokio::spawn(pass_on(from, answer, frozen.clone()));
            tokio::spawn(pass_on(back, to, frozen.clone()));
        }
    });
    url.to_string()
}

/// A frozen server delays no caller forever. A transaction that has begun is either complete or not made at all.
pub async fn a_frozen_server_holds_nobody_up(place: &Place) {
    if place.url.starts_with("sqlite") {
        return;
    }
    let (freeze, frozen) = watch::channel(false);
    let way = Place { url: way(place, frozen).await, _dir: None };
    let patient = way.open().await;
    let run = opened(&patient).await;
    let store = hurried(&way).await;
    assert_eq!(store.run(&run).await.unwrap().unwrap().seq, 1);
    // The server freezes in the middle of a transaction, so the caller cannot know the outcome.
    let gate = freeze.clone();
    let half = store.write(move |conn| {
        Box::pin(async move {
            sqlx::query("UPDATE runs SET seq = 7").execute(&mut *conn).await?;
            gate.send(true).unwrap();
            sqlx::query("UPDATE runs SET seq = 8").execute(&mut *conn).await?;
            Ok::<_, StoreError>(())
        })
    });
    let half = timeout(TEST_TIMEOUT, half).await.expect("the caller waits for ever");
    assert!(matches!(half, Err(StoreError::Interrupted)), "{half:?}");
    let read = timeout(TEST_TIMEOUT, store.run(&run)).await.expect("the reader waits for ever");
    assert!(matches!(read, Err(StoreError::NoAnswer)), "{read:?}");
    let written =
        timeout(TEST_TIMEOUT, store.append_global(entry("denied"))).await.expect("it waits for ever");
    assert!(matches!(written, Err(StoreError::NoAnswer | StoreError::Interrupted)), "{written:?}");
    // The store also gives up the transaction itself, so that the next ones can run.
    tokio::time::sleep(ANSWER_TIMEOUT * 5).await;
    freeze.send(false).unwrap();
    let again = timeout(TEST_TIMEOUT, async {
        while store.append_global(entry("denied")).await.is_err() {}
        while store.run(&run).await.is_err() {}
    });
    again.await.expect("it does not come back");
    assert_eq!(patient.run(&run).await.unwrap().unwrap().seq, 1, "nothing of the half transaction is left");
    patient.verify(None).await.unwrap();
}

/// Begins an upgrade from version 3 beside the transaction of another program, and waits until it blocks on a lock.
async fn upgrading(
    place: &Place,
    other: &mut sqlx::AnyConnection,
) -> tokio::task::JoinHandle<Result<Store, StoreError>> {
    let url = place.url.clone();
    let upgrade = tokio::spawn(async move { Store::open(&url).await });
    const WAITING: &str = "SELECT COUNT(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let waits = async {
        while sqlx::query_scalar::<_, i64>(WAITING).fetch_one(&mut *other).await.unwrap() == 0 {
            // Within a transaction PostgreSQL caches its statistics views.
            sqlx::raw_sql("SELECT pg_stat_clear_snapshot()").execute(&mut *other).await.unwrap();
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(TEST_TIMEOUT, waits).await.expect("the upgrade waits for nothing");
    upgrade
}

/// A program of the previous version is in the middle of an append: it holds the head and locks its run next.
pub async fn an_upgrade_and_an_append_do_not_lock_each_other_out(place: &Place) {
    if place.url.starts_with("sqlite") {
        return;
    }
    let store = place.open().await;
    let run = opened(&store).await;
    super::starting::back_to_version_3(store).await;
    let mut other = locked(place).await;
    let upgrade = upgrading(place, &mut other).await;
    sqlx::raw_sql("UPDATE runs SET epoch = epoch")
        .execute(&mut other)
        .await
        .expect("the append is locked out");
    sqlx::raw_sql("COMMIT").execute(&mut other).await.unwrap();
    let store = upgrade.await.unwrap().expect("the upgrade is locked out");
    assert_eq!(store.run(&run).await.unwrap().unwrap().seq, 1);
    store.verify(None).await.unwrap();
}

/// Another program locks in the other order. PostgreSQL aborts one of the two, usually the upgrade, because it waited
/// first.
pub async fn an_upgrade_that_is_locked_out_is_tried_again(place: &Place) {
    if place.url.starts_with("sqlite") {
        return;
    }
    let store = place.open().await;
    opened(&store).await;
    super::starting::back_to_version_3(store).await;
    let mut other = sqlx::AnyConnection::connect(&place.url).await.unwrap();
    let begin = "BEGIN; SET LOCAL deadlock_timeout = '10s'; UPDATE runs SET epoch = epoch";
    sqlx::raw_sql(begin).execute(&mut other).await.unwrap();
    let upgrade = upgrading(place, &mut other).await;
    let ended = sqlx::raw_sql("UPDATE head SET position = position").execute(&mut other).await;
    sqlx::raw_sql(if ended.is_ok() { "COMMIT" } else { "ROLLBACK" }).execute(&mut other).await.unwrap();
    let store = upgrade.await.unwrap().expect("the upgrade gives up");
    store.append_global(entry("denied")).await.unwrap();
    store.verify(None).await.unwrap();
}
