//! The journal itself: what it reads, what it refuses, and what it never says.

use jiff::Timestamp;
use std::time::Duration;

use crate::exec::{Journal, JournalError};
use reinstate_core::run::Asked;
use reinstate_core::{Aim, Event, Evidence, Rules, Subject, Who, diagnose, plan};
use reinstate_store::{Also, AppendError, Store};

fn asked() -> Asked {
    Asked {
        by: "U0ADA".to_owned(),
        team: None,
        enterprise: None,
        channel: "C0ADMINS".to_owned(),
        text: "jane@acme.example".to_owned(),
        response_url: None,
        aim: Aim::default(),
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
    let after = journal.append("r", &run, Some(&lease), &events, now, Also::default()).await.unwrap();
    let again = journal.run("r").await.unwrap();
    assert_eq!(format!("{after:?}"), format!("{again:?}"));
    // What was decided on an older entry is refused, and nothing is folded on.
    let cancelled = [Event::Cancelled { by: "U0ADA".to_owned() }];
    let late = journal.append("r", &run, Some(&lease), &cancelled, now, Also::default()).await;
    assert!(matches!(late, Err(JournalError::Append(AppendError::Conflict { seq: 3 }))), "{late:?}");
}
