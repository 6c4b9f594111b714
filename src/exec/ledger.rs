//! The journal in the core's own words: events in, runs out. Every append is decided on a folded run and names
//! the entry it was decided on; on a conflict the run is folded again and decided again. It must never write an
//! event that the fold would refuse.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use reinstate_core::run::{Asked, Illegal, Part};
use reinstate_core::sweep::SweepEvent;
use reinstate_core::{Event, Run};
use reinstate_store::{
    Also, AppendError, Appended, Entry, Lease, NewEntry, NewRun, NotOpened, Opened, Store, StoreError,
};

/// The events of a run, each with its number and time.
pub type Story = Vec<(i64, Timestamp, Event)>;

/// The journal of all runs.
#[derive(Clone, Debug)]
pub struct Ledger {
    store: Store,
}

/// Why a run could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// There is no such run.
    #[error("there is no run {0}")]
    NoRun(String),
    /// The journal holds something that cannot stand there.
    #[error("the journal of run {run} cannot be read: {why}")]
    Unreadable {
        /// The run.
        run: String,
        /// Why.
        why: String,
    },
    /// What was decided cannot stand there; nothing was written.
    #[error(transparent)]
    Illegal(#[from] Illegal),
    /// What was decided about a sweep cannot stand there; nothing was written.
    #[error("an entry of sweep {run} was refused: {why}")]
    Refused {
        /// The sweep.
        run: String,
        /// Why.
        why: &'static str,
    },
    /// The append was refused.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a decision on a folded run came to.
pub enum Decision<T> {
    /// Write these and return this.
    Write(Vec<Event>, Also, T),
    /// Write nothing and return this.
    Leave(T),
}

impl Ledger {
    /// A ledger over a store.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// The store below.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Opens a run, once for each key: a retry of the same request finds the run it opened.
    ///
    /// # Errors
    /// When it could not be written down.
    pub async fn open(
        &self,
        run: String,
        key: String,
        asked: Asked,
        at: Timestamp,
    ) -> Result<Opened, StoreError> {
        self.open_with(run, key, asked, None, at).await
    }

    /// The same for a caller who waits so long, and who must know whether nothing will come of it.
    ///
    /// # Errors
    /// When it could not be written down, or not in time.
    pub async fn open_within(
        &self,
        run: String,
        key: String,
        asked: Asked,
        at: Timestamp,
        limit: Duration,
    ) -> Result<Opened, NotOpened> {
        let (id, first) = (run.clone(), entry(&Event::Opened { asked, part: None }, at));
        let new = NewRun { run, key, first: first.clone(), wake: true };
        let outcome = self.store.open_run_within(new, limit).await?;
        if outcome == Opened::New {
            log(&id, &first);
        }
        Ok(outcome)
    }

    /// Opens a run that is one of many of a sweep.
    ///
    /// # Errors
    /// When it could not be written down.
    pub async fn open_part(
        &self,
        run: String,
        key: String,
        asked: Asked,
        part: Part,
        at: Timestamp,
    ) -> Result<Opened, StoreError> {
        self.open_with(run, key, asked, Some(part), at).await
    }

    async fn open_with(
        &self,
        run: String,
        key: String,
        asked: Asked,
        part: Option<Part>,
        at: Timestamp,
    ) -> Result<Opened, StoreError> {
        let parent = part.as_ref().map(|part| part.sweep.clone());
        let (id, first) = (run.clone(), entry(&Event::Opened { asked, part }, at));
        let new = NewRun { run, key, first: first.clone(), wake: true };
        let outcome = match parent {
            Some(sweep) => self.store.open_child(new, &sweep).await?,
            None => self.store.open_run(new).await?,
        };
        if outcome == Opened::New {
            log(&id, &first);
        }
        Ok(outcome)
    }

    /// Reads and folds a run.
    ///
    /// # Errors
    /// When there is none, or its journal is not legal.
    pub async fn load(&self, run: &str) -> Result<Run, LedgerError> {
        Ok(self.story(run).await?.0)
    }

    /// Reads and folds what an executor has claimed; none if it is a sweep, which has a course of its own.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub async fn load_run(&self, run: &str) -> Result<Option<Run>, LedgerError> {
        let entries = self.store.entries(run).await?;
        if entries.first().is_some_and(|first| SweepEvent::opens(&first.kind)) {
            return Ok(None);
        }
        fold(run, &events(run, &entries)?).map(Some)
    }

    /// Reads and folds a run, with what it was folded from.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub async fn story(&self, run: &str) -> Result<(Run, Story), LedgerError> {
        let events = self.events(run).await?;
        Ok((fold(run, &events)?, events))
    }

    /// The events of a run.
    ///
    /// # Errors
    /// When there is none, or an entry cannot be read.
    pub async fn events(&self, run: &str) -> Result<Story, LedgerError> {
        events(run, &self.store.entries(run).await?)
    }

    /// What time it is by the clock of the database. What expires is measured by it, whichever replica looks.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn now(&self) -> Result<Timestamp, StoreError> {
        self.store.now().await
    }

    /// Appends events that were decided on a folded run, after the fold has judged them.
    ///
    /// # Errors
    /// [`AppendError::Conflict`] means: fold again. [`LedgerError::Illegal`]: nothing was written.
    pub async fn append(
        &self,
        id: &str,
        run: &Run,
        fence: Option<&Lease>,
        events: &[Event],
        at: Timestamp,
        also: Also,
    ) -> Result<Appended, LedgerError> {
        let entries: Vec<NewEntry> = events.iter().map(|event| entry(event, at)).collect();
        judged(id, run, events, &entries, at)?;
        self.write(id, run.seq, fence, events, &entries, also).await
    }

    async fn write(
        &self,
        run: &str,
        decided_on: i64,
        fence: Option<&Lease>,
        events: &[Event],
        entries: &[NewEntry],
        also: Also,
    ) -> Result<Appended, LedgerError> {
        let appended = self.store.append(run, decided_on, fence, entries, also).await?;
        for (event, entry) in events.iter().zip(entries) {
            count(event);
            log(run, entry);
        }
        if let Some(Event::Ended { outcome, .. }) = events.last() {
            // The log is kept elsewhere, so that the chain can be checked against this head later.
            tracing::info!(run, ?outcome, head = %appended.head, "a run ended");
        }
        Ok(appended)
    }

    /// Appends what an executor decided on a folded run, and folds on: gives the run as it then stands, or none if it
    /// has to be read again. It is folded from the text that is written and to the millisecond that is kept, so that
    /// a process that is killed and one that is not go on with the same run.
    ///
    /// # Errors
    /// As [`Self::append`].
    pub async fn go_on(
        &self,
        run: &Run,
        lease: &Lease,
        events: &[Event],
        at: Timestamp,
        also: Also,
    ) -> Result<Option<Run>, LedgerError> {
        let entries: Vec<NewEntry> = events.iter().map(|event| entry(event, at)).collect();
        let after = judged(&lease.run, run, events, &entries, at)?;
        let appended = self.write(&lease.run, run.seq, Some(lease), events, &entries, also).await?;
        Ok(Some(after).filter(|after| after.seq == appended.last_seq))
    }

    /// Folds, decides and appends, again and again until nobody came in between.
    ///
    /// # Errors
    /// When the run cannot be read or the append is refused for another reason than a conflict.
    pub async fn decide<T>(
        &self,
        run: &str,
        at: Timestamp,
        mut decision: impl FnMut(&Run) -> Decision<T>,
    ) -> Result<T, LedgerError> {
        loop {
            let folded = self.load(run).await?;
            match decision(&folded) {
                Decision::Leave(value) => return Ok(value),
                Decision::Write(events, also, value) => {
                    match self.append(run, &folded, None, &events, at, also).await {
                        Ok(_) => return Ok(value),
                        Err(LedgerError::Append(AppendError::Conflict { .. })) => {}
                        Err(error) => return Err(error),
                    }
                }
            }
        }
    }
}

/// The run as it stands after entries that are to be written. The fold judges what will be read, so that nothing is
/// written that makes the run unreadable, nor what it must never allow.
fn judged(
    id: &str,
    run: &Run,
    events: &[Event],
    entries: &[NewEntry],
    at: Timestamp,
) -> Result<Run, LedgerError> {
    let mut after = run.clone();
    let kept = Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at);
    for (event, new) in events.iter().zip(entries) {
        after.may_append(event)?;
        let read = read(&new.kind, new.personal.as_deref())
            .map_err(|why| LedgerError::Unreadable { run: id.to_owned(), why })?;
        after.apply(after.seq + 1, kept, &read)?;
    }
    Ok(after)
}

/// What was written down, in the log: the part that names nobody. A person who follows a run searches for its id.
fn log(run: &str, entry: &NewEntry) {
    tracing::info!(run, kind = entry.kind, facts = entry.facts, "journal: {}", entry.kind);
}

/// What was written down, counted: steps, approvals, refusals and ends are all entries.
fn count(event: &Event) {
    metrics::counter!("reinstate_journal_entries_total", "kind" => event.kind()).increment(1);
    if let Event::Ended { outcome, .. } = event {
        metrics::counter!("reinstate_runs_ended_total", "outcome" => outcome.word()).increment(1);
    }
}

/// An event as the store keeps it: what may be kept forever, and the rest in the part that can be erased.
fn entry(event: &Event, at: Timestamp) -> NewEntry {
    let facts = match event {
        Event::Planned { plan, digest, diagnosis } => json!({
            "digest": digest,
            "verdict": diagnosis.verdict.word(),
            "causes": diagnosis.findings.iter().map(|finding| finding.code.code()).collect::<Vec<_>>(),
            "steps": plan.steps.iter().map(|step| step.op.action()).collect::<Vec<_>>(),
        }),
        Event::Approved { digest, .. } | Event::Declined { digest, .. } | Event::Expired { digest } => {
            json!({ "digest": digest })
        }
        Event::Began { step, needs, .. } => json!({ "step": step, "needs": needs }),
        Event::Snapshot { step, .. }
        | Event::Accepted { step }
        | Event::Already { step }
        | Event::Confirmed { step, .. }
        | Event::NoEffect { step, .. } => json!({ "step": step }),
        Event::Paused { step, halt, .. } => json!({ "step": step, "halt": halt }),
        Event::Ended { outcome, .. } => json!({ "outcome": outcome }),
        Event::Opened { .. }
        | Event::Admitted { .. }
        | Event::Cancelled { .. }
        | Event::Retried { .. }
        | Event::Denied { .. } => json!({}),
    };
    NewEntry {
        at,
        kind: event.kind().to_owned(),
        facts: facts.to_string(),
        personal: serde_json::to_string(event).ok(),
    }
}

fn fold(run: &str, story: &Story) -> Result<Run, LedgerError> {
    Run::fold(story.iter().map(|(seq, at, event)| (*seq, *at, event)))
        .map_err(|error| LedgerError::Unreadable { run: run.to_owned(), why: error.to_string() })
}

fn events(run: &str, entries: &[Entry]) -> Result<Story, LedgerError> {
    if entries.is_empty() {
        return Err(LedgerError::NoRun(run.to_owned()));
    }
    let read = |entry: &Entry| match read(&entry.kind, entry.personal.as_deref()) {
        Ok(event) => Ok((entry.run_seq.unwrap_or_default(), entry.at, event)),
        Err(why) => {
            let why = format!("entry {}: {why}", entry.position);
            Err(LedgerError::Unreadable { run: run.to_owned(), why })
        }
    };
    entries.iter().map(read).collect()
}

/// An event, from an entry's kind and its personal part.
fn read(kind: &str, personal: Option<&str>) -> Result<Event, String> {
    let text = personal.ok_or("its personal data was erased")?;
    // What does not fit is not said: it may name a person, and this reaches the log.
    let event: Event = serde_json::from_str(text)
        .map_err(|error| format!("it is no event, from its byte {} on", error.column()))?;
    if event.kind() != kind {
        return Err("it is not what its kind says".to_owned());
    }
    Ok(event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use reinstate_core::{Aim, Evidence, Rules, Subject, Who, diagnose, plan};

    #[tokio::test]
    async fn an_entry_that_cannot_be_read_is_named_and_not_quoted() {
        let store = Store::open("sqlite::memory:").await.unwrap();
        let first = NewEntry {
            at: Timestamp::UNIX_EPOCH,
            kind: "opened".to_owned(),
            facts: "{}".to_owned(),
            personal: Some(r#"{"kind":"opened","asked":"jane@acme.example"}"#.to_owned()),
        };
        let new = NewRun { run: "r".to_owned(), key: "k".to_owned(), first, wake: false };
        store.open_run(new).await.unwrap();
        let says = Ledger::new(store).load("r").await.unwrap_err().to_string();
        assert!(says.contains("entry 1: it is no event") && !says.contains("jane"), "{says}");
    }

    #[tokio::test]
    async fn a_run_goes_on_as_if_it_were_read_again() {
        let ledger = Ledger::new(Store::open("sqlite::memory:").await.unwrap());
        let now = "2026-11-27T10:00:00.123456789Z".parse().unwrap();
        let asked = Asked {
            by: "U0ADA".to_owned(),
            team: None,
            enterprise: None,
            channel: "C0ADMINS".to_owned(),
            text: "jane@acme.example".to_owned(),
            response_url: None,
            aim: Aim::default(),
        };
        ledger.open("r".to_owned(), "k".to_owned(), asked, now).await.unwrap();
        let lease = ledger.store().claim("r", "me", Duration::from_secs(60)).await.unwrap().unwrap();
        let run = ledger.load("r").await.unwrap();
        let who = Who::Email("jane@acme.example".to_owned());
        let subject = Subject::asked(who.clone());
        let evidence = Evidence::new(subject, now);
        let diagnosis = diagnose(&evidence);
        let plan = plan(&evidence, &diagnosis, &Rules::default(), &run.tried());
        let digest = plan.digest();
        let admitted = Event::Admitted { rule: "operator".to_owned(), who };
        let planned = Event::Planned { diagnosis: Box::new(diagnosis), plan: Box::new(plan), digest };
        let after = ledger.go_on(&run, &lease, &[admitted, planned], now, Also::default()).await.unwrap();
        let again = ledger.load("r").await.unwrap();
        assert_eq!(format!("{:?}", after.unwrap()), format!("{again:?}"));
        // What was decided on an older entry is refused, and nothing is folded on.
        let cancelled = [Event::Cancelled { by: "U0ADA".to_owned() }];
        let late = ledger.go_on(&run, &lease, &cancelled, now, Also::default()).await;
        assert!(matches!(late, Err(LedgerError::Append(AppendError::Conflict { seq: 3 }))), "{late:?}");
    }
}
