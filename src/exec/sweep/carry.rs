//! Carrying a sweep on, as the loop carries runs: fold, `next()`, do it, write it down. A sweep that was killed while it
//! read keeps what it had found, and reads the lists again.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::gate::Gate;
use super::{CheckedAccount, survey};
use crate::exec::prior_runs::PriorRuns;
use crate::exec::{Engine, JournalError, UNREADABLE_PAUSE};
use crate::world::{SweepProgress, World};
use reinstate_core::sweep::{RepairList, SinceLastSweep, Sweep, SweepEvent, SweepFinding, SweepNext};
use reinstate_store::{AppendError, AppendOptions, Lease, Sleep, StoreError, SweepRow};

/// How long found rows wait for company before they are kept.
const KEEP_INTERVAL: Duration = Duration::from_secs(1);
/// How often the reading says how far it is.
const REPORT_INTERVAL: Duration = Duration::from_secs(10);
/// The end of a sweep that came too late.
const SWEEP_OVERDUE_TEXT: &str =
    "The command is older than 15 minutes, so nothing was read. Ask for another sweep if it is still wanted.";
/// Rows kept at once.
const BATCH_SIZE: usize = 50;

/// Why a sweep is let go.
pub(in crate::exec) enum Let {
    /// Until then, or until somebody appends with a wake.
    Go(Sleep),
    /// Another process has it, or somebody appended: fold again.
    Again,
    Lost,
}

impl From<JournalError> for Let {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Append(AppendError::Conflict { .. }) => Self::Again,
            JournalError::Append(AppendError::LeaseLost) => Self::Lost,
            JournalError::Append(AppendError::Ended) => Self::Go(Sleep::ForEver),
            JournalError::Append(_) | JournalError::Store(_) => {
                tracing::warn!(%error, "a sweep waits for the store");
                Self::Go(Sleep::For(Duration::from_secs(5)))
            }
            error => {
                tracing::error!(%error, "a sweep cannot be carried on");
                Self::Go(Sleep::For(UNREADABLE_PAUSE))
            }
        }
    }
}

impl From<StoreError> for Let {
    fn from(error: StoreError) -> Self {
        Self::from(JournalError::Store(error))
    }
}

impl Engine {
    /// Carries one claimed sweep as far as it goes: the newest entry seen, and how long to sleep.
    pub(in crate::exec) async fn carry_sweep(&self, lease: &Lease) -> (i64, Sleep) {
        loop {
            let read = async {
                Ok::<_, JournalError>((self.ledger.sweep(&lease.run).await?, self.ledger.now().await?))
            };
            let (sweep, now) = match read.await {
                Ok(read) => read,
                Err(error) => return (i64::MAX, self.unread(lease, &error)),
            };
            let done = match sweep.next(now, &self.limits) {
                _ if sweep.is_overdue(now) => {
                    self.end_sweep(&sweep, lease, SWEEP_OVERDUE_TEXT.to_owned()).await
                }
                SweepNext::Survey => self.read_all(&sweep, lease).await,
                SweepNext::Repair => self.repair_next(&sweep, lease).await,
                SweepNext::End(says) => self.end_sweep(&sweep, lease, says.to_owned()).await,
                SweepNext::AwaitRequest(until) | SweepNext::AwaitApproval(until) => {
                    Err(Let::Go(Sleep::until(until, now)))
                }
                SweepNext::AwaitPerson | SweepNext::Nothing => Err(Let::Go(Sleep::ForEver)),
            };
            match done {
                Ok(()) | Err(Let::Again) => self.changed.notify_one(),
                Err(Let::Go(sleep)) => return (sweep.seq, sleep),
                Err(Let::Lost) => return (i64::MAX, Sleep::Now),
            }
        }
    }

    pub(super) async fn end_sweep(&self, sweep: &Sweep, lease: &Lease, says: String) -> Result<(), Let> {
        self.append_on(sweep, lease, SweepEvent::SweepEnded { message: says, by: None }).await.map(drop)
    }

    pub(super) async fn append_on(
        &self,
        sweep: &Sweep,
        lease: &Lease,
        event: SweepEvent,
    ) -> Result<Sweep, Let> {
        let now = self.ledger.now().await?;
        Ok(self
            .ledger
            .append(&lease.run, sweep, Some(lease), &[event], now, AppendOptions::default())
            .await?)
    }

    /// Reads everything, keeping what is found as it is found, and writes down what it came to.
    async fn read_all(&self, sweep: &Sweep, lease: &Lease) -> Result<(), Let> {
        let store = self.ledger.store();
        let known = found(store.found_by(&lease.run).await?);
        let (rules, meter) = (Arc::new(self.rules.clone()), Arc::new(SweepProgress::default()));
        let (sender, receiver) = mpsc::channel(BATCH_SIZE);
        let prior_runs = Arc::new(PriorRuns::Journal(self.ledger.clone()));
        let gate = Arc::new(Gate::new(&self.world, &self.ledger, &lease.run));
        let world: Arc<dyn World> = gate.clone();
        let reading = async {
            let survey = survey(&world, &prior_runs, &rules, &meter, &known, &sender).await;
            drop(sender);
            survey
        };
        let keeping = self.keep(sweep.clone(), lease, &meter, receiver);
        tokio::pin!(reading, keeping);
        // A sweep that cannot keep what it finds stops reading.
        let (survey, sweep) = tokio::select! {
            () = gate.closed() => {
                // A sweep without a result is no checkpoint for another one.
                store.forget_found(&lease.run).await?;
                return Err(Let::Again);
            }
            kept = &mut keeping => {
                let sweep = kept?;
                (reading.await, sweep)
            }
            survey = &mut reading => (survey, keeping.await?),
        };
        let now = self.ledger.now().await?;
        let all = found(store.found_by(&lease.run).await?);
        let before = store.close_survey(&lease.run, now.as_millisecond()).await?;
        let since = match before {
            Some((before, at)) => {
                let at = jiff::Timestamp::from_millisecond(at).unwrap_or(now);
                Some(compare(&found(store.found_by(&before).await?), &all, at))
            }
            None => None,
        };
        let approvals = all.values().filter(|found| found.needs_approval).count();
        let surveyed = SweepEvent::SweepSurveyed {
            tally: survey.tally,
            unread: survey.unread,
            list: RepairList::new(all.values().filter_map(SweepFinding::harmless).collect()),
            approvals: u64::try_from(approvals).unwrap_or(u64::MAX),
            since,
        };
        self.append_while_reading(sweep, lease, surveyed).await.map(drop)
    }

    /// Appends what the reading came to so far. Somebody may have been refused meanwhile, which is an entry too and
    /// changes nothing for the reading.
    async fn append_while_reading(
        &self,
        mut sweep: Sweep,
        lease: &Lease,
        event: SweepEvent,
    ) -> Result<Sweep, Let> {
        loop {
            match self.append_on(&sweep, lease, event.clone()).await {
                Err(Let::Again) => sweep = self.ledger.sweep(&lease.run).await?,
                appended => return appended,
            }
            if sweep.ended.is_some() || sweep.surveyed.is_some() {
                return Err(Let::Again);
            }
        }
    }

    /// Keeps rows as they come, and says now and then how far the reading is.
    async fn keep(
        &self,
        mut sweep: Sweep,
        lease: &Lease,
        meter: &SweepProgress,
        mut receiver: mpsc::Receiver<CheckedAccount>,
    ) -> Result<Sweep, Let> {
        let (mut batch, mut said) = (Vec::new(), Instant::now());
        loop {
            let more = tokio::select! {
                looked = receiver.recv() => match looked {
                    Some(looked) => {
                        batch.extend(row(&looked.found));
                        if batch.len() < BATCH_SIZE { continue } else { true }
                    }
                    None => false,
                },
                () = tokio::time::sleep(KEEP_INTERVAL) => true,
            };
            if !batch.is_empty() {
                self.ledger.store().keep_found(&lease.run, std::mem::take(&mut batch)).await?;
            }
            if !more {
                return Ok(sweep);
            }
            if said.elapsed() >= REPORT_INTERVAL {
                said = Instant::now();
                let progress = SweepEvent::SweepProgress {
                    accounts: SweepProgress::get(&meter.accounts),
                    looks: SweepProgress::get(&meter.looks),
                    looked: SweepProgress::get(&meter.looked),
                };
                sweep = self.append_while_reading(sweep, lease, progress).await?;
                self.changed.notify_one();
            }
        }
    }
}

fn row(found: &SweepFinding) -> Option<SweepRow> {
    let text = serde_json::to_string(found).ok()?;
    Some(SweepRow { query: found.query.clone(), found: text })
}

/// What was kept, as it was found; what cannot be read is looked at again.
pub(super) fn found(rows: HashMap<String, String>) -> HashMap<String, SweepFinding> {
    rows.into_iter().filter_map(|(query, text)| Some((query, serde_json::from_str(&text).ok()?))).collect()
}

fn compare(
    before: &HashMap<String, SweepFinding>,
    now: &HashMap<String, SweepFinding>,
    at: jiff::Timestamp,
) -> SinceLastSweep {
    let count = |test: &dyn Fn(&&String) -> bool, of: &HashMap<String, SweepFinding>| {
        u64::try_from(of.keys().filter(|query| test(query)).count()).unwrap_or(u64::MAX)
    };
    let causes =
        |of: &HashMap<String, SweepFinding>, query: &str| of.get(query).map(|found| found.causes.clone());
    SinceLastSweep {
        at,
        newly: count(&|query| !before.contains_key(*query), now),
        gone: count(&|query| !now.contains_key(*query), before),
        otherwise: count(
            &|query| before.contains_key(*query) && causes(before, query) != causes(now, query),
            now,
        ),
    }
}
