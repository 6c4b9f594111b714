//! Measures how fast the journal appends entries, and how soon 10,000 open runs continue after their process was
//! killed. Run with `cargo bench --bench journal`. `JOURNAL_STORE=postgres://…` uses a PostgreSQL database (an empty
//! one each time) instead of a SQLite file in the temporary folder.
//!
//! The upstream services are replaced: they return no data, and at once. Each run is admitted, reads, finds that
//! nothing can be diagnosed, and ends. The figures have no pass limit.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_core::future::BoxFuture;
use reinstate::clock;
use reinstate::exec::{Admission, Engine, Journal, Timing};
use reinstate::world::{ActOutcome, Page, ReadScope, SweepProgress, World};
use reinstate_core::run::{Goal, Limits, Request, Requester};
use reinstate_core::sweep;
use reinstate_core::sweep::{Census, Grants};
use reinstate_core::{Evidence, Op, Rules, Subject, Who};
use reinstate_store::{NewEntry, Store};
use tokio::sync::{Notify, watch};

const APPEND_COUNT: usize = 4_000;
const RUN_COUNT: usize = 10_000;

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        for at_once in [1, 8, 64] {
            appends(at_once).await;
        }
        resumed().await;
    });
}

/// A new database, and the folder that must live as long as it.
async fn database() -> (String, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = format!("sqlite:{}", folder.path().join("a.db").display());
    (std::env::var("JOURNAL_STORE").unwrap_or(file), folder)
}

async fn appends(at_once: usize) {
    let (url, _folder) = database().await;
    let store = Store::open(&url).await.unwrap();
    let began = Instant::now();
    let writers: Vec<_> = (0..at_once)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                for _ in 0..APPEND_COUNT / at_once {
                    let facts = r#"{"kind":"began","index":0,"before":{"email":"x"}}"#.to_owned();
                    let personal = Some(r#"{"who":"jane@acme.example"}"#.to_owned());
                    let entry = NewEntry { at: clock::now(), kind: "began".to_owned(), facts, personal };
                    store.append_global(entry).await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let rate = APPEND_COUNT as f64 / began.elapsed().as_secs_f64();
    println!(
        "appends, {at_once:>2} at once     {rate:>8.0} a second, each committed and synced before it is answered"
    );
}

/// Opens runs, some of which a dead process still holds. Another process then carries all of them to their end.
async fn resumed() {
    let (url, _folder) = database().await;
    let ledger = Journal::new(Store::open(&url).await.unwrap());
    let opening = Instant::now();
    let openers: Vec<_> = (0..64)
        .map(|part| {
            let ledger = ledger.clone();
            tokio::spawn(async move {
                for number in (part..RUN_COUNT).step_by(64) {
                    ledger
                        .open(format!("run-{number}"), format!("key-{number}"), asked(number), clock::now())
                        .await
                        .unwrap();
                }
            })
        })
        .collect();
    for opener in openers {
        opener.await.unwrap();
    }
    println!("{RUN_COUNT} runs opened       {:>8.1} s", opening.elapsed().as_secs_f64());
    let held = ledger.store().claim_up_to("dead", Duration::from_secs(5), 64).await.unwrap();
    assert!(!held.is_empty());
    drop(ledger);

    let began = Instant::now();
    let store = Store::open(&url).await.unwrap();
    let _alone = store.take_over(&url).await.unwrap();
    let engine = Arc::new(engine(store.clone()));
    let (stop, stopped) = watch::channel(false);
    let carrying = tokio::spawn(engine.run(stopped));
    let (mut moved, mut counted) = (None, Instant::now());
    // The polling must not become part of the load: one number is read often, all open runs seldom.
    while store.next_wake().await.unwrap().is_some() {
        if moved.is_none() && counted.elapsed() > Duration::from_secs(1) {
            let open = store.open_runs().await.unwrap();
            moved = open.iter().all(|run| run.seq > 1).then(|| began.elapsed());
            counted = Instant::now();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let ended = began.elapsed();
    assert!(store.open_runs().await.unwrap().is_empty());
    println!("… all taken up again     {:>8.1} s after the kill", moved.unwrap_or(ended).as_secs_f64());
    println!("… all at their end       {:>8.1} s after the kill", ended.as_secs_f64());
    stop.send(true).unwrap();
    carrying.await.unwrap();
}

fn asked(number: usize) -> Request {
    Request {
        by: Requester::with_id("U0ADA"),
        channel: "C0ADMINS".to_owned(),
        text: format!("person{number}@acme.example"),
        response_url: None,
        aim: Goal::default(),
        helps: None,
    }
}

fn engine(store: Store) -> Engine {
    Engine {
        journal: Journal::new(store),
        world: Arc::new(Silence),
        admit: Arc::new(|asked, _| {
            Box::pin(async move {
                Admission::Admitted { rule: "operator".to_owned(), who: Who::Email(asked.text) }
            })
        }),
        rules: Rules::default(),
        limits: Limits { expire_after: Duration::from_secs(3600), start_within: Duration::from_secs(900) },
        confirm_within: Duration::from_secs(600),
        risky_per_day: 20,
        timing: Timing::default(),
        owner: "alive".to_owned(),
        work: Arc::new(Notify::new()),
        changed: Arc::new(Notify::new()),
    }
}

/// Upstream services that return nothing.
struct Silence;

impl World for Silence {
    fn gather(&self, subject: Subject, _: ReadScope) -> BoxFuture<'_, Evidence> {
        Box::pin(async move { Evidence::new(subject, clock::now()) })
    }

    fn act<'a>(&'a self, _: &'a Op, _: Duration) -> BoxFuture<'a, ActOutcome> {
        Box::pin(async { ActOutcome::Refused("there is nobody".to_owned()) })
    }

    fn census<'a>(&'a self, _: Grants, _: &'a SweepProgress) -> BoxFuture<'a, Census> {
        unimplemented!("no sweep is measured here")
    }

    fn accounts(&self, _: Option<String>) -> BoxFuture<'_, Result<Page, String>> {
        unimplemented!("no sweep is measured here")
    }

    fn look<'a>(&'a self, _: &'a sweep::SweepQuery, _: &'a Census) -> BoxFuture<'a, Evidence> {
        unimplemented!("no sweep is measured here")
    }
}
