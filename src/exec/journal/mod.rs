//! The journal of all runs and sweeps: it appends events and returns folds. Appends use optimistic concurrency: each
//! one names the entry that the decision was based on. After a conflict, the caller folds the journal again and
//! decides again. The journal must never write an event that the fold refuses, and must never quote text that it
//! could not read.

mod entry;
mod note;
mod report;
mod what_worked;

pub use entry::{Entries, Unreadable};
pub use note::NoteKind;
use what_worked::WhatWorked;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use reinstate_core::run::{Request, SweepPart};
use reinstate_core::sweep::{Sweep, SweepEvent};
use reinstate_core::watch::Watched;
use reinstate_core::{Event, Fold, Illegal, JournalEvent, Kind, Run};
use reinstate_store::{
    AppendError, AppendOptions, Entry, Lease, NewEntry, NewRun, OpenError, Opened, Store, StoreError,
};

/// The rule of the sweeps that the watch opens: no person asked for them.
const WATCH_RULE: &str = "watch";

#[derive(Clone, Debug)]
pub struct Journal {
    store: Store,
    /// What has worked here. Clones share it.
    what_worked: Arc<WhatWorked>,
}

/// A run or a sweep, with the entries it was folded from.
#[derive(Clone, Debug)]
pub enum Loaded {
    Run(Box<Run>, Entries<Run>),
    Sweep(Box<Sweep>, Entries<Sweep>),
}

/// Why a run or a sweep could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// No run or sweep has this id.
    #[error("there is no run {0}")]
    NoRun(String),
    /// The id belongs to the other kind: a sweep instead of a run, or a run instead of a sweep.
    #[error("{id} is {kind}")]
    OtherKind { id: String, kind: Kind },
    /// The journal holds an entry that cannot be read or is not allowed at its place.
    #[error("the journal of run {run} cannot be read: {why}")]
    Unreadable {
        /// The id of the run or the sweep.
        run: String,
        why: Unreadable,
    },
    /// The fold does not allow the event; nothing was written.
    #[error(transparent)]
    Illegal(#[from] Illegal),
    #[error(transparent)]
    Append(#[from] AppendError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The result of a decision that is based on a fold.
pub enum Decision<E, T> {
    /// Append these events and return the value.
    Write(Vec<E>, AppendOptions, T),
    /// Append nothing and return the value.
    Leave(T),
}

impl Journal {
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store, what_worked: Arc::default() }
    }

    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The time of the database's clock. Expiry is measured with it, so all replicas agree.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn now(&self) -> Result<Timestamp, StoreError> {
        self.store.now().await
    }

    /// Opens a run. The call is idempotent by `key`: a retry of the same request finds the run that it opened.
    ///
    /// # Errors
    /// When the run could not be written.
    pub async fn open(
        &self,
        run: String,
        key: String,
        asked: Request,
        at: Timestamp,
    ) -> Result<Opened, StoreError> {
        let new = opening(run, key, &Event::Opened { asked, part: None }, at);
        logged(&new, self.store.open_run(new.clone()).await)
    }

    /// Opens a run within a time limit, for a caller that must know whether the write can still happen later.
    ///
    /// # Errors
    /// When the run could not be written, or not in time.
    pub async fn open_within(
        &self,
        run: String,
        key: String,
        asked: Request,
        at: Timestamp,
        limit: Duration,
    ) -> Result<Opened, OpenError> {
        let new = opening(run, key, &Event::Opened { asked, part: None }, at);
        logged(&new, self.store.open_run_within(new.clone(), limit).await)
    }

    /// Opens a run that belongs to a sweep.
    ///
    /// # Errors
    /// When the run could not be written.
    pub async fn open_part(
        &self,
        run: String,
        key: String,
        asked: Request,
        part: SweepPart,
        at: Timestamp,
    ) -> Result<Opened, StoreError> {
        let sweep = part.sweep.clone();
        let new = opening(run, key, &Event::Opened { asked, part: Some(part) }, at);
        logged(&new, self.store.open_child(new.clone(), &sweep).await)
    }

    /// Opens a sweep. The call is idempotent by its key.
    ///
    /// # Errors
    /// When the sweep could not be written.
    pub async fn open_sweep(
        &self,
        sweep: String,
        key: String,
        asked: Request,
        rule: String,
        at: Timestamp,
    ) -> Result<Opened, StoreError> {
        let new = opening(sweep, key, &SweepEvent::SweepOpened { asked, rule, watch: None }, at);
        logged(&new, self.store.open_run(new.clone()).await)
    }

    /// Opens a sweep for the watch, once for each key.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn open_watch(
        &self,
        sweep: String,
        key: &str,
        asked: Request,
        watch: Watched,
        at: Timestamp,
    ) -> Result<Opened, StoreError> {
        let key = watch_key(key);
        let first = SweepEvent::SweepOpened { asked, rule: WATCH_RULE.to_owned(), watch: Some(watch) };
        let new = opening(sweep, key, &first, at);
        logged(&new, self.store.open_run(new.clone()).await)
    }

    /// Reads and folds the run or the sweep with this id.
    ///
    /// # Errors
    /// When nothing has this id, or when the fold refuses an entry.
    pub async fn load(&self, id: &str) -> Result<Loaded, JournalError> {
        let entries = self.stored(id).await?;
        Ok(match kind(&entries) {
            Some(Kind::Sweep) => {
                let (sweep, entries) = folded(id, &entries)?;
                Loaded::Sweep(Box::new(sweep), entries)
            }
            Some(Kind::Run) | None => {
                let (run, entries) = folded(id, &entries)?;
                Loaded::Run(Box::new(run), entries)
            }
        })
    }

    /// Reads and folds an id that must be of the kind `F`: a run or a sweep.
    ///
    /// # Errors
    /// As [`Self::load`]; [`JournalError::OtherKind`] when the id belongs to the other kind.
    pub async fn read<F: Fold>(&self, id: &str) -> Result<(F, Entries<F>), JournalError> {
        folded(id, &self.stored(id).await?)
    }

    /// Reads and folds a run.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn run(&self, id: &str) -> Result<Run, JournalError> {
        Ok(self.read(id).await?.0)
    }

    /// Reads and folds a sweep.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn sweep(&self, id: &str) -> Result<Sweep, JournalError> {
        Ok(self.read(id).await?.0)
    }

    /// The entries of a run or a sweep, without a check by the fold.
    ///
    /// # Errors
    /// As [`Self::read`], except that the fold refuses nothing here.
    pub async fn entries<F: Fold>(&self, id: &str) -> Result<Entries<F>, JournalError> {
        events::<F>(id, &self.stored(id).await?)
    }

    async fn stored(&self, id: &str) -> Result<Vec<Entry>, JournalError> {
        match self.store.entries(id).await {
            Ok(entries) if !entries.is_empty() => Ok(entries),
            Ok(_) | Err(StoreError::UnknownRun(_)) => Err(JournalError::NoRun(id.to_owned())),
            Err(error) => Err(error.into()),
        }
    }

    /// Checks events against the fold, appends them, and returns the new fold. `fence` is the lease of an executor.
    /// An event that ends a run or a sweep also releases its claims.
    ///
    /// # Errors
    /// [`AppendError::Conflict`] means that another entry came first: fold again. After [`JournalError::Illegal`],
    /// nothing was written.
    pub async fn append<F: Fold>(
        &self,
        id: &str,
        folded: &F,
        fence: Option<&Lease>,
        events: &[F::Event],
        at: Timestamp,
        mut also: AppendOptions,
    ) -> Result<F, JournalError> {
        let entries: Vec<NewEntry> = events.iter().map(|event| entry::write(event, at)).collect();
        let after = entry::judged(folded, events, &entries, at).map_err(|why| match why {
            entry::NotWritten::Illegal(illegal) => JournalError::Illegal(illegal),
            entry::NotWritten::Unreadable(why) => JournalError::Unreadable { run: id.to_owned(), why },
        })?;
        also.end = events.last().is_some_and(JournalEvent::is_end);
        let appended = self.store.append(id, folded.seq(), fence, &entries, also).await?;
        for (event, entry) in events.iter().zip(&entries) {
            count(event);
            log(id, entry);
        }
        if let Some(event) = events.last().filter(|event| event.is_end()) {
            // Logs are kept outside the database. An administrator can later check the hash chain against this head.
            let (outcome, what) = (event.outcome(), F::KIND);
            tracing::info!(run = id, ?outcome, head = %appended.head, "{what} ended");
        }
        Ok(after)
    }

    /// Folds, decides and appends. After each conflict, it repeats all three.
    ///
    /// # Errors
    /// When the journal cannot be read, or when the store refuses the append for another reason than a conflict.
    pub async fn decide<F: Fold, T>(
        &self,
        id: &str,
        at: Timestamp,
        mut decision: impl FnMut(&F) -> Decision<F::Event, T>,
    ) -> Result<T, JournalError> {
        loop {
            let (folded, _) = self.read::<F>(id).await?;
            match decision(&folded) {
                Decision::Leave(value) => return Ok(value),
                Decision::Write(events, also, value) => {
                    match self.append(id, &folded, None, &events, at, also).await {
                        Ok(_) => return Ok(value),
                        Err(JournalError::Append(AppendError::Conflict { .. })) => {}
                        Err(error) => return Err(error),
                    }
                }
            }
        }
    }

    /// Records in a run or a sweep that a person tried something they may not do.
    ///
    /// # Errors
    /// When nothing has this id, when it has ended, or when the store fails.
    pub async fn deny(
        &self,
        id: &str,
        at: Timestamp,
        (by, what, why): (&str, &str, &str),
    ) -> Result<(), JournalError> {
        let (by, what, why) = (by.to_owned(), what.to_owned(), why.to_owned());
        match kind(&self.stored(id).await?) {
            Some(Kind::Sweep) => {
                let denied = <Sweep as Fold>::denied(by, what, why);
                self.decide(id, at, |_: &Sweep| write_one(denied.clone())).await
            }
            Some(Kind::Run) | None => {
                let denied = <Run as Fold>::denied(by, what, why);
                self.decide(id, at, |_: &Run| write_one(denied.clone())).await
            }
        }
    }
}

/// The key of a sweep of the watch. The store tells sweeps from runs by the first word of their keys.
#[must_use]
pub fn watch_key(key: &str) -> String {
    format!("sweep {WATCH_RULE} {key}")
}

fn write_one<E>(event: E) -> Decision<E, ()> {
    Decision::Write(vec![event], AppendOptions::default(), ())
}

/// The first entry tells whether the entries belong to a run or to a sweep.
fn kind(entries: &[Entry]) -> Option<Kind> {
    entries.first().and_then(|first| Kind::of(&first.kind))
}

fn events<F: Fold>(id: &str, entries: &[Entry]) -> Result<Entries<F>, JournalError> {
    if let Some(kind) = kind(entries).filter(|kind| *kind != F::KIND) {
        return Err(JournalError::OtherKind { id: id.to_owned(), kind });
    }
    entry::read_all::<F>(entries).map_err(|why| JournalError::Unreadable { run: id.to_owned(), why })
}

fn folded<F: Fold>(id: &str, entries: &[Entry]) -> Result<(F, Entries<F>), JournalError> {
    let entries = events::<F>(id, entries)?;
    match entry::fold::<F>(&entries) {
        Ok(folded) => Ok((folded, entries)),
        Err(why) => Err(JournalError::Unreadable { run: id.to_owned(), why }),
    }
}

/// A new run or sweep. The first entry needs no check by the fold, because nothing comes before it.
fn opening<E: JournalEvent>(run: String, key: String, first: &E, at: Timestamp) -> NewRun {
    NewRun { run, key, first: entry::write(first, at), wake: true }
}

/// Logs the first entry, but only in the call that wrote it.
fn logged<E>(new: &NewRun, outcome: Result<Opened, E>) -> Result<Opened, E> {
    if matches!(outcome, Ok(Opened::New)) {
        log(&new.run, &new.first);
    }
    outcome
}

/// Logs what was written, without the personal part. Operators who follow a run search the log for its id.
fn log(run: &str, entry: &NewEntry) {
    tracing::info!(run, kind = entry.kind, facts = entry.facts, "journal: {}", entry.kind);
}

/// Counts what was written. Steps, approvals, refusals and ends are all entries, so one counter covers them.
fn count(event: &impl JournalEvent) {
    metrics::counter!("reinstate_journal_entries_total", "kind" => event.kind()).increment(1);
    if let Some(outcome) = event.outcome() {
        metrics::counter!("reinstate_runs_ended_total", "outcome" => outcome.word()).increment(1);
    }
}
