//! The fixture of one test: a database on disk, a model world, and people who approve and retry.

use std::sync::Arc;
use std::time::Duration;

use sqlx::Connection as _;
use tempfile::TempDir;

use super::evidence::MAIL;
use super::model::Model;
use super::tenant::Tenant;
use crate::exec::{Admission, Engine, Journal, Timing};
use reinstate_core::run::{Limits, Request, Requester};
use reinstate_core::{Event, Goal, Next, Rules, Run, Subject, Who};
use reinstate_store::{AppendOptions, Store};

pub fn rules() -> Rules {
    Rules { parking_domain: Some("acme.example".to_owned()), ..Rules::default() }
}

pub fn subject() -> Subject {
    Subject::asked(Who::Email(MAIL.to_owned()))
}

pub struct House {
    _dir: TempDir,
    url: String,
    pub model: Arc<Model>,
    pub ledger: Journal,
    pub limits: Limits,
    pub cap: i64,
}

impl House {
    pub async fn new(tenant: Tenant) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}/x.db", dir.path().display());
        let ledger = Journal::new(Store::open(&url).await.unwrap());
        let hour = Duration::from_secs(3600);
        let limits = Limits { expire_after: hour, start_within: hour };
        Self { _dir: dir, url, model: Arc::new(Model::new(tenant)), ledger, limits, cap: 20 }
    }

    pub async fn opens(&self, run: &str) {
        self.opens_for(run, Goal::default()).await;
    }

    pub async fn opens_for(&self, run: &str, aim: Goal) {
        self.opens_at(run, aim, crate::clock::now()).await;
    }

    /// Opens a run for a command that was typed at the given time.
    pub async fn opens_at(&self, run: &str, aim: Goal, at: jiff::Timestamp) {
        let asked = Request {
            by: Requester::with_id("U-DAN"),
            channel: "C1".to_owned(),
            text: format!("repair {MAIL}"),
            response_url: None,
            aim,
            helps: None,
        };
        self.ledger.open(run.to_owned(), run.to_owned(), asked, at).await.unwrap();
    }

    /// Moves the clock of the database forward, and no other clock.
    pub async fn shifts_the_clock(&self, seconds: i64) {
        let mut conn = sqlx::SqliteConnection::connect(&self.url).await.unwrap();
        let view = format!(
            "DROP VIEW db_clock; CREATE VIEW db_clock (ms) AS
             SELECT CAST(ROUND(unixepoch('subsec') * 1000) AS INTEGER) + {}",
            seconds * 1000
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(view)).execute(&mut conn).await.unwrap();
        conn.close().await.unwrap();
    }

    /// A new process on the same database.
    pub async fn engine(&self, owner: &str) -> Engine {
        let store = Store::open(&self.url).await.unwrap();
        let ms = Duration::from_millis;
        Engine {
            journal: Journal::new(store),
            world: self.model.clone(),
            admit: Arc::new(|_, _| {
                let who = Who::Email(MAIL.to_owned());
                Box::pin(async move { Admission::Admitted { rule: "a test".to_owned(), who } })
            }),
            rules: rules(),
            limits: self.limits,
            confirm_within: ms(4),
            risky_per_day: self.cap,
            timing: Timing {
                first_wait: ms(1),
                longest_wait: ms(2),
                grace: ms(2),
                limited: ms(50),
                proof: Duration::ZERO,
                ..Timing::default()
            },
            owner: owner.to_owned(),
            work: Arc::default(),
            changed: Arc::default(),
        }
    }

    /// Carries a run once, until the executor lets go of it.
    pub async fn carry(&self, engine: &Engine, run: &str) {
        let lease = engine.journal.store().claim(run, &engine.owner, engine.timing.lease).await.unwrap();
        engine.carry(lease.expect("nobody else holds the run")).await;
    }

    /// Carries a run until the model reaches its crash point, and drops it there.
    pub async fn die(&self, engine: Engine, run: &str) -> bool {
        let store = engine.journal.store();
        let lease = store.claim(run, &engine.owner, engine.timing.lease).await.unwrap().unwrap();
        let died = tokio::select! {
            () = engine.carry(lease.clone()) => false,
            () = self.model.reached.notified() => true,
        };
        if died {
            // A dead process keeps its lease until it expires. The test shortens the lease, so that it does not have
            // to wait.
            assert!(store.renew(&lease, Duration::ZERO).await.unwrap());
        }
        died
    }

    pub async fn run(&self, run: &str) -> Run {
        self.ledger.run(run).await.unwrap()
    }

    pub async fn next(&self, run: &str) -> Next {
        self.run(run).await.next(crate::clock::now(), &rules(), &self.limits)
    }

    pub async fn says(&self, run: &str, event: Event) {
        let folded = self.run(run).await;
        let also = AppendOptions { wake: true, ..AppendOptions::default() };
        self.ledger.append(run, &folded, None, &[event], crate::clock::now(), also).await.unwrap();
    }

    pub async fn approves(&self, run: &str) {
        let digest = self.run(run).await.current.unwrap().digest.unwrap();
        self.says(run, Event::Approved { by: "U-ADA".to_owned(), digest }).await;
    }

    /// Carries a run and approves each request, until the run ends or waits for a person.
    pub async fn to_the_end(&self, run: &str) -> Run {
        for turn in 0..40 {
            let engine = self.engine(&format!("e{turn}")).await;
            self.carry(&engine, run).await;
            match self.next(run).await {
                Next::AwaitApproval { .. } => self.approves(run).await,
                Next::AwaitPerson | Next::Nothing => break,
                _ => {}
            }
        }
        self.checked(run).await
    }

    /// The run, after a check that the journal is legal and its hash chain intact.
    pub async fn checked(&self, run: &str) -> Run {
        self.ledger.store().verify(None).await.unwrap();
        self.run(run).await
    }

    pub async fn events(&self, run: &str) -> Vec<Event> {
        self.ledger.entries::<Run>(run).await.unwrap().into_iter().map(|(_, _, event)| event).collect()
    }

    pub fn tenant(&self) -> Tenant {
        self.model.tenant.lock().unwrap().clone()
    }
}
