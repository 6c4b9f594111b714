//! Tests of appending: optimistic concurrency, claims, the daily cap, batches.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::super::{AppendError, AppendOptions, DailyCap, NewRun, StoreError, Tenant};
use super::{Place, about_jane, appended, at, entry, opened, opened_many};

const DAY: Duration = Duration::from_secs(24 * 3600);

pub async fn one_of_a_hundred_appends_on_the_same_entry_wins(place: &Place) {
    let stores = [place.open().await, place.open().await];
    let run = opened(&stores[0]).await;
    let tasks: Vec<_> = (0..100)
        .map(|n| {
            let (store, run) = (stores[n % 2].clone(), run.clone());
            tokio::spawn(async move {
                store.append(&run, 1, None, &[entry("approved")], AppendOptions::default()).await
            })
        })
        .collect();
    let mut won = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(done) => {
                assert_eq!(done.last_seq, 2);
                won += 1;
            }
            Err(AppendError::Conflict { seq }) => assert_eq!(seq, 2),
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(won, 1);
    assert_eq!(stores[1].entries(&run).await.unwrap().len(), 2);
    assert_eq!(stores[1].verify(None).await.unwrap().entries, 2);
}

pub async fn appends_to_many_runs_make_one_chain(place: &Place) {
    let stores = [place.open().await, place.open().await];
    let mut tasks = Vec::new();
    for n in 0..12 {
        let store = stores[n % 2].clone();
        tasks.push(tokio::spawn(async move {
            let run = opened(&store).await;
            for _ in 0..3 {
                appended(&store, &run, "step", AppendOptions::default()).await;
            }
            store.append_global(entry("denied")).await.unwrap();
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let verified = stores[0].verify(None).await.unwrap();
    assert_eq!(verified.entries, 12 * 5);
    assert_eq!(verified.head, stores[1].head().await.unwrap());
}

pub async fn an_ended_run_takes_no_more(place: &Place) {
    let store = place.open().await;
    let run = opened(&store).await;
    assert!(!store.run(&run).await.unwrap().unwrap().ended());
    appended(&store, &run, "ended", AppendOptions { end: true, ..AppendOptions::default() }).await;
    let row = store.run(&run).await.unwrap().unwrap();
    assert!(row.ended() && row.ended_at == Some(at(0)));
    let late = store.append(&run, 2, None, &[entry("late")], AppendOptions::default()).await;
    assert!(matches!(late, Err(AppendError::Ended)), "{late:?}");
    assert!(store.open_runs().await.unwrap().is_empty());
}

pub async fn what_was_decided_too_long_ago_is_not_written(place: &Place) {
    let store = place.open().await;
    let run = opened(&store).await;
    let now = std::time::Instant::now();
    let before = |deadline| AppendOptions { deadline: Some(deadline), ..AppendOptions::default() };
    let late = store.append(&run, 1, None, &[entry("approved")], before(now)).await;
    assert!(matches!(late, Err(AppendError::TooLate)), "{late:?}");
    assert_eq!(store.entries(&run).await.unwrap().len(), 1);
    let soon = before(now + Duration::from_secs(600));
    assert_eq!(store.append(&run, 1, None, &[entry("approved")], soon).await.unwrap().last_seq, 2);
}

pub async fn an_append_needs_an_entry_and_a_run(place: &Place) {
    let store = place.open().await;
    let run = opened(&store).await;
    let empty = store.append(&run, 1, None, &[], AppendOptions::default()).await;
    assert!(matches!(empty, Err(AppendError::Store(StoreError::NothingToAppend))), "{empty:?}");
    let nowhere = store.append("none", 0, None, &[entry("x")], AppendOptions::default()).await;
    assert!(matches!(nowhere, Err(AppendError::Store(StoreError::UnknownRun(_)))), "{nowhere:?}");
    assert!(matches!(store.entries("none").await, Err(StoreError::UnknownRun(_))));
    assert_eq!(store.run("none").await.unwrap(), None);
}

pub async fn the_cap_counts_exactly(place: &Place) {
    let stores = [place.open().await, place.open().await];
    let mut tasks = Vec::new();
    for n in 0..20 {
        let store = stores[n % 2].clone();
        tasks.push(tokio::spawn(async move {
            let run = opened(&store).await;
            let risky = Some(DailyCap { limit: 7, within: DAY });
            store
                .append(&run, 1, None, &[entry("began")], AppendOptions { risky, ..AppendOptions::default() })
                .await
        }));
    }
    let mut began = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => began += 1,
            Err(AppendError::CapReached { used, limit }) => assert_eq!((used, limit), (7, 7)),
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(began, 7);
    // A later window has room again.
    let run = opened(&stores[0]).await;
    let began = async || {
        let risky = Some(DailyCap { limit: 7, within: DAY });
        stores[0]
            .append(&run, 1, None, &[entry("began")], AppendOptions { risky, ..AppendOptions::default() })
            .await
    };
    let nearly = "UPDATE risky_steps SET at = at - 86390000";
    sqlx::raw_sql(nearly).execute(&stores[0].writing).await.unwrap();
    assert!(matches!(began().await, Err(AppendError::CapReached { used: 7, .. })));
    sqlx::raw_sql("UPDATE risky_steps SET at = at - 10000").execute(&stores[0].writing).await.unwrap();
    began().await.unwrap();
}

pub async fn a_refused_append_leaves_nothing(place: &Place) {
    let store = place.open().await;
    let run = opened(&store).await;
    let before = store.head().await.unwrap();
    let also = AppendOptions {
        claim: vec!["account:1".into()],
        risky: Some(DailyCap { limit: 0, within: DAY }),
        end: true,
        wake: true,
        ..AppendOptions::default()
    };
    let refused = store.append(&run, 1, None, &[entry("began")], also).await;
    assert!(matches!(refused, Err(AppendError::CapReached { used: 0, limit: 0 })), "{refused:?}");
    assert_eq!(store.head().await.unwrap(), before);
    assert_eq!(store.claimed_by("account:1").await.unwrap(), None);
    assert!(store.runs_for_identity("account:1").await.unwrap().is_empty());
    assert!(!store.run(&run).await.unwrap().unwrap().ended());
    assert_eq!(store.next_wake().await.unwrap(), None);
}

/// Changes that wait together share a commit. A refused change does not affect the others.
pub async fn a_refused_append_among_others_leaves_nothing_and_takes_none_along(place: &Place) {
    let store = place.open().await;
    let runs = opened_many(&store, 40).await;
    let tasks: Vec<_> = runs
        .iter()
        .enumerate()
        .map(|(n, run)| {
            let (store, run) = (store.clone(), run.clone());
            // The cap refuses every other append after it has claimed its identity.
            let limit = if n % 2 == 0 { 100 } else { 0 };
            let also = AppendOptions {
                claim: vec![format!("account:{n}")],
                risky: Some(DailyCap { limit, within: DAY }),
                ..AppendOptions::default()
            };
            tokio::spawn(async move { store.append(&run, 1, None, &[entry("began")], also).await })
        })
        .collect();
    for (n, task) in tasks.into_iter().enumerate() {
        let outcome = task.await.unwrap();
        let claimed = store.claimed_by(&format!("account:{n}")).await.unwrap();
        let seq = store.run(&runs[n]).await.unwrap().unwrap().seq;
        if n % 2 == 0 {
            assert_eq!((outcome.unwrap().last_seq, claimed.as_deref(), seq), (2, Some(runs[n].as_str()), 2));
        } else {
            assert!(matches!(outcome, Err(AppendError::CapReached { limit: 0, .. })), "{outcome:?}");
            assert_eq!((claimed, seq), (None, 1));
        }
    }
    assert_eq!(store.verify(None).await.unwrap().entries, 40 + 20);
}

/// Entries that wait together share their statements. If the database refuses one entry, it still accepts the others.
pub async fn what_the_database_refuses_it_refuses_to_one_alone(place: &Place) {
    let store = place.open().await;
    let runs = opened_many(&store, 40).await;
    let tasks: Vec<_> = runs
        .iter()
        .enumerate()
        .map(|(n, run)| {
            let (store, run) = (store.clone(), run.clone());
            // PostgreSQL does not accept a zero byte in a text; SQLite does.
            let new = entry(if n == 17 { "be\0gan" } else { "began" });
            tokio::spawn(async move { store.append(&run, 1, None, &[new], AppendOptions::default()).await })
        })
        .collect();
    let mut written = 0;
    for (n, task) in tasks.into_iter().enumerate() {
        let outcome = task.await.unwrap();
        assert!(outcome.is_ok() || n == 17, "{outcome:?}");
        written += i64::from(outcome.is_ok());
        assert_eq!(store.run(&runs[n]).await.unwrap().unwrap().seq == 2, outcome.is_ok());
    }
    assert_eq!(store.verify(None).await.unwrap().entries, 40 + written);
}

/// An end and a beginning may share a batch: one account passes from run to run, and the cap holds.
pub async fn an_account_passes_from_run_to_run_within_a_commit(place: &Place) {
    let store = place.open().await;
    let mut tasks = Vec::new();
    for run in opened_many(&store, 40).await {
        let store = store.clone();
        let also = AppendOptions {
            claim: vec!["account:1".into()],
            tenant: Some(Tenant::Exclusive),
            risky: Some(DailyCap { limit: 30, within: DAY }),
            end: true,
            ..AppendOptions::default()
        };
        tasks.push(tokio::spawn(async move { store.append(&run, 1, None, &[entry("ended")], also).await }));
    }
    let (mut ended, mut capped) = (0, 0);
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => ended += 1,
            Err(AppendError::CapReached { used: 30, limit: 30 }) => capped += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!((ended, capped), (30, 10));
    assert_eq!(store.claimed_by("account:1").await.unwrap(), None);
    assert_eq!(store.runs_for_identity("account:1").await.unwrap().len(), 30);
    assert_eq!(store.verify(None).await.unwrap().entries, 40 + 30);
}

/// A waiting caller leaves no tasks behind, even while other callers keep arriving.
pub async fn writing_without_a_pause_piles_nothing_up(place: &Place) {
    let store = place.open().await;
    let writers: Vec<_> = (0..16)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                for _ in 0..40 {
                    store.append_global(entry("denied")).await.unwrap();
                }
                // The other callers are still at work.
                tokio::runtime::Handle::current().metrics().num_alive_tasks()
            })
        })
        .collect();
    let mut alive = Vec::new();
    for writer in writers {
        alive.push(writer.await.unwrap());
    }
    // The writers, one task that takes items out, one that writes, and the tasks of sqlx.
    assert!(alive.iter().all(|tasks| *tasks < 50), "{alive:?}");
}

pub async fn a_decision_that_panics_holds_nobody_up(place: &Place) {
    let store = place.open().await;
    let fails = store.append_global_after("denied", |_| panic!("a decision of this test")).await;
    assert!(matches!(fails, Err(StoreError::Interrupted)), "{fails:?}");
    store.append_global(entry("denied")).await.unwrap();
    store.append_global_after("denied", |_| Some(entry("denied"))).await.unwrap();
    assert_eq!(store.verify(None).await.unwrap().entries, 2);
    // A change that waits in line behind it, and items that wait for that change.
    let (held, hold) = oneshot::channel::<()>();
    let slow = store.write(|_| Box::pin(async { Ok::<_, StoreError>(hold.await.ok()) }));
    let fails = store.append_global_after("denied", |_| panic!("a decision of this test"));
    let behind = store.append_global(entry("denied"));
    let let_go = async { held.send(()).unwrap() };
    let (_, fails, behind, ()) = tokio::join!(slow, fails, behind, let_go);
    assert!(matches!(fails, Err(StoreError::Interrupted)), "{fails:?}");
    assert!(matches!(behind, Ok(_) | Err(StoreError::Interrupted)), "{behind:?}");
    store.append_global(entry("denied")).await.unwrap();
    store.verify(None).await.unwrap();
}

pub async fn who_waits_for_a_database_that_is_gone_is_told(place: &Place) {
    let store = place.open().await;
    let run = opened(&store).await;
    store.writing.close().await;
    let new = NewRun { run: "late".into(), key: "late".into(), first: entry("opened"), wake: true };
    let opening = store.open_run(new);
    let steps = [entry("step")];
    let appends = [(); 3].map(|()| store.append(&run, 1, None, &steps, AppendOptions::default()));
    let told = async { (opening.await, futures_util::future::join_all(appends).await) };
    let (opened, appended) = timeout(Duration::from_secs(60), told).await.expect("nobody was told");
    assert!(matches!(opened, Err(StoreError::Database(_))), "{opened:?}");
    for told in appended {
        assert!(matches!(told, Err(AppendError::Store(StoreError::Database(_)))), "{told:?}");
    }
}

pub async fn a_cancelled_caller_cannot_cut_a_write_in_half(place: &Place) {
    let store = place.open().await;
    let run = opened(&store).await;
    let steps = [entry("one"), entry("two"), entry("three")];
    for round in 0..20_i64 {
        let seq = 1 + round * 3;
        let claim = vec![format!("account:{round}")];
        {
            // The caller asks, is polled a few times, and is then dropped.
            let mut asking = pin!(store.append(
                &run,
                seq,
                None,
                &steps,
                AppendOptions { claim, ..AppendOptions::default() }
            ));
            let mut context = Context::from_waker(Waker::noop());
            for _ in 0..=round % 5 {
                if asking.as_mut().poll(&mut context).is_ready() {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        // The append is carried out in full all the same.
        let mut looks = 0;
        while store.run(&run).await.unwrap().unwrap().seq == seq {
            looks += 1;
            assert!(looks < 20_000, "the write was cut off together with its caller");
            tokio::task::yield_now().await;
        }
        assert_eq!(store.run(&run).await.unwrap().unwrap().seq, seq + 3);
        assert_eq!(
            store.claimed_by(&format!("account:{round}")).await.unwrap().as_deref(),
            Some(run.as_str())
        );
    }
    assert_eq!(store.entries(&run).await.unwrap().len(), 61);
    assert_eq!(store.verify(None).await.unwrap().entries, 61);
}

pub async fn a_reopened_database_keeps_everything(place: &Place) {
    let store = place.open().await;
    let run = opened(&store).await;
    appended(
        &store,
        &run,
        "diagnosed",
        AppendOptions { claim: vec!["account:1".into()], ..AppendOptions::default() },
    )
    .await;
    let (row, entries) = (store.run(&run).await.unwrap(), store.entries(&run).await.unwrap());
    let head = store.head().await.unwrap();
    tokio::join!(store.pool.pool.close(), store.writing.close());
    assert!(store.ping().await.is_err());
    let again = place.open().await;
    again.ping().await.unwrap();
    assert_eq!(again.run(&run).await.unwrap(), row);
    assert_eq!(again.entries(&run).await.unwrap(), entries);
    assert_eq!(again.claimed_by("account:1").await.unwrap(), Some(run));
    assert_eq!(again.verify(Some(&head.to_string())).await.unwrap().head, head);
}

pub async fn entries_keep_what_was_written(place: &Place) {
    let store = place.open().await;
    let run = opened(&store).await;
    let odd = "{\"name\":\"O'Brien \\u0000 <!channel> 💥\"}";
    let mut new = about_jane("found");
    new.facts = odd.into();
    store.append(&run, 1, None, &[new.clone(), entry("planned")], AppendOptions::default()).await.unwrap();
    let entries = store.entries(&run).await.unwrap();
    let kinds: Vec<_> = entries.iter().map(|entry| (entry.run_seq.unwrap(), entry.kind.as_str())).collect();
    assert_eq!(kinds, [(1, "opened"), (2, "found"), (3, "planned")]);
    assert_eq!((&entries[1].facts, &entries[1].personal, entries[1].at), (&new.facts, &new.personal, new.at));
    assert!(!entries[1].erased() && entries[2].personal_hash.is_none());
}
