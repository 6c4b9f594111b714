//! The journal of sweeps, in the core's words: the same table, chain and rules of appending as for runs.

use jiff::Timestamp;
use serde_json::json;

use crate::exec::{Ledger, LedgerError};
use reinstate_core::run::Asked;
use reinstate_core::sweep::{Course, SweepEvent};
use reinstate_store::{Also, AppendError, Entry, Lease, NewEntry, NewRun, Opened, StoreError};

impl Ledger {
    /// Opens a sweep, once for each key.
    ///
    /// # Errors
    /// When it could not be written down.
    pub async fn open_sweep(
        &self,
        sweep: String,
        key: String,
        asked: Asked,
        rule: String,
        at: Timestamp,
    ) -> Result<Opened, StoreError> {
        let first = entry(&SweepEvent::SweepOpened { asked, rule }, at);
        self.store().open_run(NewRun { run: sweep, key, first, wake: true }).await
    }

    /// Whether an id is that of a sweep.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_sweep(&self, run: &str) -> Result<bool, StoreError> {
        Ok(self.store().first_kind(run).await?.is_some_and(|kind| SweepEvent::opens(&kind)))
    }

    /// Reads and folds a sweep.
    ///
    /// # Errors
    /// When there is none, or its journal is not legal.
    pub async fn sweep(&self, sweep: &str) -> Result<Course, LedgerError> {
        let events = self.sweep_events(sweep).await?;
        Course::fold(events.iter().map(|(seq, at, event)| (*seq, *at, event)))
            .map_err(|why| LedgerError::Unreadable { run: sweep.to_owned(), why: why.to_owned() })
    }

    /// The events of a sweep, each with its number and time.
    ///
    /// # Errors
    /// When there is none, or an entry cannot be read.
    pub async fn sweep_events(&self, sweep: &str) -> Result<Vec<(i64, Timestamp, SweepEvent)>, LedgerError> {
        let entries = self.store().entries(sweep).await?;
        if entries.is_empty() {
            return Err(LedgerError::NoRun(sweep.to_owned()));
        }
        let unreadable = |why: String| LedgerError::Unreadable { run: sweep.to_owned(), why };
        entries.iter().map(|one| event(one).map_err(unreadable)).collect()
    }

    /// Appends an event that was decided on a folded sweep, after the fold has judged it, and folds on.
    ///
    /// # Errors
    /// [`AppendError::Conflict`] means: fold again. [`LedgerError::Refused`]: nothing was written.
    pub async fn append_sweep(
        &self,
        sweep: &str,
        course: &Course,
        fence: Option<&Lease>,
        event: SweepEvent,
        also: Also,
    ) -> Result<Course, LedgerError> {
        let at = self.now().await?;
        let mut after = course.clone();
        after
            .legal(course.seq + 1, &event)
            .map_err(|why| LedgerError::Refused { run: sweep.to_owned(), why })?;
        let new = entry(&event, at);
        self.store().append(sweep, course.seq, fence, &[new], also).await?;
        let kept = Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at);
        after.apply(course.seq + 1, kept, &event);
        Ok(after)
    }

    /// Folds, decides and appends, again and again until nobody came in between. A decision without an event writes
    /// nothing.
    ///
    /// # Errors
    /// When the sweep cannot be read, or the event cannot stand there.
    pub async fn decide_sweep<T>(
        &self,
        sweep: &str,
        decision: impl FnMut(&Course) -> (Option<SweepEvent>, T),
    ) -> Result<T, LedgerError> {
        self.decide_sweep_before(sweep, None, decision).await
    }

    /// The same, where what was decided must be written before a deadline.
    ///
    /// # Errors
    /// As [`Self::decide_sweep`]; [`AppendError::TooLate`] after the deadline.
    pub async fn decide_sweep_before<T>(
        &self,
        sweep: &str,
        deadline: Option<std::time::Instant>,
        mut decision: impl FnMut(&Course) -> (Option<SweepEvent>, T),
    ) -> Result<T, LedgerError> {
        loop {
            let course = self.sweep(sweep).await?;
            let (event, value) = decision(&course);
            let Some(event) = event else { return Ok(value) };
            let end = matches!(event, SweepEvent::SweepEnded { .. });
            let also = Also { wake: true, end, deadline, ..Also::default() };
            match self.append_sweep(sweep, &course, None, event, also).await {
                Ok(_) => return Ok(value),
                Err(LedgerError::Append(AppendError::Conflict { .. })) => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// Facts may be kept forever; the event itself names people, and retention may erase it.
fn entry(event: &SweepEvent, at: Timestamp) -> NewEntry {
    let facts = match event {
        SweepEvent::SweepRequested { digest, .. } | SweepEvent::SweepApproved { digest, .. } => {
            json!({ "digest": digest })
        }
        SweepEvent::SweepSurveyed { tally, list, .. } => {
            json!({ "tally": tally, "digest": list.digest(), "repairs": list.repairs().len() })
        }
        SweepEvent::SweepRepaired { begun, restored, skipped, failed } => {
            json!({ "begun": begun, "restored": restored, "skipped": skipped, "failed": failed })
        }
        _ => json!({}),
    };
    NewEntry {
        at,
        kind: event.kind().to_owned(),
        facts: facts.to_string(),
        personal: serde_json::to_string(event).ok(),
    }
}

fn event(entry: &Entry) -> Result<(i64, Timestamp, SweepEvent), String> {
    let text = entry.personal.as_deref().ok_or("its personal data was erased")?;
    let position = entry.position;
    // What does not fit is not said: it may name a person, and this reaches the log.
    let event: SweepEvent = serde_json::from_str(text)
        .map_err(|error| format!("entry {position}: it is no event, from its byte {} on", error.column()))?;
    if event.kind() != entry.kind {
        return Err(format!("entry {position}: it is not what its kind says"));
    }
    Ok((entry.run_seq.unwrap_or_default(), entry.at, event))
}
