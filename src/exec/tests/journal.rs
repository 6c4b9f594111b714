//! Tests of the journal: what it reads, what it refuses, and what it never quotes.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;

use super::house::House;
use super::tenant::Tenant;
use crate::exec::{Decision, Journal, JournalError, Loaded};
use reinstate_core::run::{Request, Requester};
use reinstate_core::sweep::{Sweep, SweepEvent};
use reinstate_core::{Event, Evidence, Goal, Rules, Run, Subject, Who, diagnose, plan};
use reinstate_store::{AppendError, AppendOptions, NewEntry, NewRun, Store};

fn asked() -> Request {
    Request {
        by: Requester::with_id("U0ADA"),
        channel: "C0ADMINS".to_owned(),
        text: "jane@acme.example".to_owned(),
        response_url: None,
        aim: Goal::default(),
        helps: None,
    }
}

async fn journal() -> Journal {
    Journal::new(Store::open("sqlite::memory:").await.unwrap())
}

#[tokio::test]
async fn a_run_goes_on_as_if_it_were_read_again() {
    let journal = journal().await;
    let now: Timestamp = "2026-11-27T10:00:00.123456789Z".parse().unwrap();
    journal.open("r".to_owned(), "k".to_owned(), asked(), now).await.unwrap();
    let lease = journal.store().claim("r", "me", Duration::from_secs(60)).await.unwrap().unwrap();
    let run = journal.run("r").await.unwrap();
    let who = Who::Email("jane@acme.example".to_owned());
    let evidence = Evidence::new(Subject::asked(who.clone()), now);
    let diagnosis = diagnose(&evidence);
    let plan = plan(&evidence, &diagnosis, &Rules::default(), &run.tried());
    let digest = plan.digest();
    let admitted = Event::Admitted { rule: "operator".to_owned(), who };
    let planned = Event::Planned { diagnosis: Box::new(diagnosis), plan: Box::new(plan), digest };
    let events = [admitted, planned];
    let after =
        journal.append("r", &run, Some(&lease), &events, now, AppendOptions::default()).await.unwrap();
    let again = journal.run("r").await.unwrap();
    assert_eq!(format!("{after:?}"), format!("{again:?}"));
    // An append that was decided on an older entry is refused, and the fold does not change.
    let cancelled = [Event::Cancelled { by: "U0ADA".to_owned() }];
    let late = journal.append("r", &run, Some(&lease), &cancelled, now, AppendOptions::default()).await;
    assert!(matches!(late, Err(JournalError::Append(AppendError::Conflict { seq: 3 }))), "{late:?}");
}

/// Text that an attacker wrote into the database to have it appear in a log.
const HOSTILE: &str = "HOSTILE-jane@acme.example";

/// Everything that is logged in this thread.
#[derive(Clone, Default)]
struct Logged(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Everything that is said about a journal with this entry: to the person who asks for it, and in the log.
async fn said_of(first: &NewEntry, second: Option<&NewEntry>) -> (String, String) {
    let logged = Logged::default();
    let to = logged.clone();
    let lines = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || to.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(lines);
    let house = House::new(Tenant::healthy()).await;
    let (engine, journal) = (house.engine("e").await, &house.ledger);
    let new = NewRun { run: "x".to_owned(), key: "k".to_owned(), first: first.clone(), wake: true };
    journal.store().open_run(new).await.unwrap();
    if let Some(second) = second {
        journal
            .store()
            .append("x", 1, None, std::slice::from_ref(second), AppendOptions::default())
            .await
            .unwrap();
    }
    let now = crate::clock::now();
    let mut errors = Vec::new();
    errors.push(journal.load("x").await.unwrap_err());
    errors.push(journal.run("x").await.unwrap_err());
    errors.push(journal.sweep("x").await.unwrap_err());
    errors.push(journal.decide("x", now, |_: &Run| Decision::Leave(())).await.unwrap_err());
    errors.push(journal.decide("x", now, |_: &Sweep| Decision::Leave(())).await.unwrap_err());
    errors.push(journal.deny("x", now, ("U0ADA", "cancel", "no")).await.unwrap_err());
    house.carry(&engine, "x").await;
    let errors = errors.iter().map(|error| format!("{error} {error:?}\n")).collect();
    let log = String::from_utf8(logged.0.lock().unwrap().clone()).unwrap();
    (errors, log)
}

#[tokio::test]
async fn what_cannot_be_read_is_described_and_never_quoted() {
    let entry = |kind: &str, personal: Option<String>| NewEntry {
        at: Timestamp::UNIX_EPOCH,
        kind: kind.to_owned(),
        facts: format!(r#"{{"note":"{HOSTILE}"}}"#),
        personal,
    };
    let opened = |kind: &str| {
        let asked = serde_json::to_value(asked()).unwrap();
        entry(kind, Some(serde_json::json!({"kind": kind, "asked": asked, "rule": "r"}).to_string()))
    };
    for kind in ["opened", "sweep-opened"] {
        for (what, first, second) in [
            ("no JSON", entry(kind, Some(HOSTILE.to_owned())), None),
            ("no fields", entry(kind, Some(format!(r#"{{"kind":"{kind}","asked":"{HOSTILE}"}}"#))), None),
            ("no such kind", entry(kind, Some(format!(r#"{{"kind":"{HOSTILE}"}}"#))), None),
            ("erased", entry(kind, None), None),
            (
                "a key",
                opened(kind),
                Some(entry("denied", Some(format!(r#"{{"kind":"denied","{HOSTILE}":1}}"#)))),
            ),
            (
                "a kind of its own",
                opened(kind),
                Some(entry(HOSTILE, Some(r#"{"kind":"denied"}"#.to_owned()))),
            ),
            ("twice", opened(kind), Some(opened(kind))),
        ] {
            let (errors, log) = said_of(&first, second.as_ref()).await;
            assert!(log.contains("cannot be carried on"), "{kind}, {what}: {log}");
            for said in [&errors, &log] {
                assert!(!said.contains("HOSTILE"), "{kind}, {what}: {said}");
                assert!(!said.contains("jane@"), "{kind}, {what}: {said}");
            }
        }
    }
}

#[tokio::test]
async fn an_id_tells_what_it_is_of() {
    let (journal, now) = (journal().await, crate::clock::now());
    journal.open("r".to_owned(), "k".to_owned(), asked(), now).await.unwrap();
    journal.open_sweep("s".to_owned(), "l".to_owned(), asked(), "rule".to_owned(), now).await.unwrap();
    assert!(matches!(journal.load("r").await, Ok(Loaded::Run(..))));
    assert!(matches!(journal.load("s").await, Ok(Loaded::Sweep(..))));
    assert_eq!(journal.run("s").await.unwrap_err().to_string(), "s is a sweep");
    assert_eq!(journal.sweep("r").await.unwrap_err().to_string(), "r is a run");
    assert!(matches!(journal.load("nobody").await, Err(JournalError::NoRun(_))));
    // A refusal is recorded in a run and in a sweep.
    for id in ["r", "s"] {
        journal.deny(id, now, ("U0GUS", "cancel", "Guests have no role.")).await.unwrap();
        assert_eq!(journal.store().run(id).await.unwrap().unwrap().seq, 2);
    }
    // An entry that ends a sweep releases its claims, whatever the options say.
    let sweep = journal.sweep("s").await.unwrap();
    let ended = [SweepEvent::SweepEnded { message: "s".into(), by: None }];
    journal.append("s", &sweep, None, &ended, now, AppendOptions::default()).await.unwrap();
    assert!(journal.store().run("s").await.unwrap().unwrap().ended());
}
