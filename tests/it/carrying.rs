//! Carries out one repair with the real executor and the real clients, without Slack. Every requester is admitted, and
//! every requested approval is given.

use std::sync::Arc;
use std::time::Duration;

use reinstate::cli::world_within;
use reinstate::exec::{Admission, Engine, Journal};
use reinstate_core::run::{Goal, Limits, Request, Requester};
use reinstate_core::{Event, Next, Run, Who};
use reinstate_sandbox::Sandbox;
use reinstate_store::{AppendOptions, Store};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::asking::config;
use crate::bot::{hurried, unpaced};
use crate::folded::Folded;

/// A repair that has begun.
pub struct Repair {
    engine: Arc<Engine>,
    stop: watch::Sender<bool>,
    running: JoinHandle<()>,
    _folder: tempfile::TempDir,
}

/// Requests a repair and starts to carry it out.
pub async fn begin(sandbox: &Sandbox, who: &'static str) -> Repair {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&format!("sqlite:{}", folder.path().join("x.db").display())).await.unwrap();
    let config = config(sandbox);
    let hour = Duration::from_secs(3600);
    let engine = Arc::new(Engine {
        journal: Journal::new(store),
        world: world_within(&config, unpaced()).unwrap(),
        admit: Arc::new(move |_, _| {
            let who = Who::parse(who).unwrap();
            Box::pin(async move { Admission::Admitted { rule: "a test".to_owned(), who } })
        }),
        rules: config.rules(),
        limits: Limits { expire_after: hour, start_within: hour },
        confirm_within: Duration::from_secs(3),
        risky_per_day: 100,
        timing: hurried(),
        owner: "a test".to_owned(),
        work: Arc::default(),
        changed: Arc::default(),
    });
    let asked = Request {
        by: Requester::with_id("U0ADA"),
        channel: "C0ADMINS".to_owned(),
        text: format!("repair {who}"),
        response_url: None,
        aim: Goal::default(),
        helps: None,
    };
    engine.journal.open("run".into(), "run".into(), asked, reinstate::clock::now()).await.unwrap();
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(engine.clone().run(stopped));
    Repair { engine, stop, running, _folder: folder }
}

impl Repair {
    /// Approves every plan until the run ends or waits for a person. Returns the run and its events.
    pub async fn approve(self) -> (Run, Vec<Event>) {
        let Self { engine, stop, running, _folder } = self;
        let folded = Folded::default();
        let run = loop {
            let run = folded.run(&engine.journal, "run").await.unwrap();
            match run.next(reinstate::clock::now(), &engine.rules, &engine.limits) {
                Next::Nothing | Next::AwaitPerson => break run,
                Next::AwaitApproval { .. } => {
                    let digest = run.current.as_ref().and_then(|current| current.digest.clone()).unwrap();
                    let approved = Event::Approved { by: "U0GRACE".to_owned(), digest };
                    let also = AppendOptions { wake: true, ..AppendOptions::default() };
                    let now = reinstate::clock::now();
                    // The executor appended an entry first, so the append failed. Fold again and decide again.
                    drop(engine.journal.append("run", &run, None, &[approved], now, also).await);
                    engine.work.notify_one();
                }
                _ => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        };
        stop.send(true).unwrap();
        running.await.unwrap();
        engine.journal.store().verify(None).await.unwrap();
        let events = engine.journal.entries::<Run>("run").await.unwrap();
        (run, events.into_iter().map(|(_, _, event)| event).collect())
    }
}
