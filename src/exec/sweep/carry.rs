//! Carries a sweep as the executor carries runs: fold, `next()`, do it, append the result. When a process is killed
//! while it reads, the findings so far are kept, and the next process reads the lists again. It must never act.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::gate::Gate;
use super::{CheckedAccount, survey};
use crate::exec::advance::Advance;
use crate::exec::prior_runs::PriorRuns;
use crate::exec::{Engine, JournalError};
use crate::world::{SweepProgress, World};
use reinstate_core::Source;
use reinstate_core::run::EndReason;
use reinstate_core::sweep::{
    RepairList, RepairPreview, SinceLastSweep, Sweep, SweepEvent, SweepFinding, SweepNext, Tally,
};
use reinstate_core::watch::WatchReason;
use reinstate_store::{AppendOptions, Lease, Sleep, SweepRow};

/// How long findings wait for a batch before they are written.
const KEEP_INTERVAL: Duration = Duration::from_secs(1);
/// How often the sweep writes its progress.
const REPORT_INTERVAL: Duration = Duration::from_secs(10);
/// Rows kept at once.
const BATCH_SIZE: usize = 50;

impl Engine {
    /// Carries one claimed sweep until it must wait. Returns the newest entry that was read and how long to sleep.
    pub(in crate::exec) async fn carry_sweep(&self, lease: &Lease) -> (i64, Sleep) {
        loop {
            let read = async {
                Ok::<_, JournalError>((self.journal.sweep(&lease.run).await?, self.journal.now().await?))
            };
            let (sweep, now) = match read.await {
                Ok(read) => read,
                Err(error) => return (i64::MAX, self.unread(lease, &error)),
            };
            let done = match sweep.next(now, &self.limits) {
                _ if sweep.is_overdue(now) => self.end_sweep(&sweep, lease, EndReason::SweepOverdue).await,
                SweepNext::Survey if sweep.is_limited() => self.take_over(&sweep, lease).await,
                SweepNext::Survey => self.read_all(&sweep, lease).await,
                SweepNext::Repair => self.repair_next(&sweep, lease).await,
                SweepNext::End(reason) => self.end_sweep(&sweep, lease, reason).await,
                SweepNext::AwaitRequest(until) | SweepNext::AwaitApproval(until) => {
                    Err(Advance::Sleep(Sleep::until(until, now)))
                }
                SweepNext::AwaitPerson | SweepNext::Nothing => Err(Advance::Sleep(Sleep::ForEver)),
            };
            match done {
                Ok(()) => {}
                Err(advance) => {
                    if let Some(release) = self.release(lease, sweep.seq, advance) {
                        return release;
                    }
                }
            }
            self.changed.notify_one();
        }
    }

    pub(super) async fn end_sweep(
        &self,
        sweep: &Sweep,
        lease: &Lease,
        reason: EndReason,
    ) -> Result<(), Advance> {
        self.append_on(sweep, lease, SweepEvent::SweepEnded { message: reason.into(), by: None })
            .await
            .map(drop)
    }

    pub(super) async fn append_on(
        &self,
        sweep: &Sweep,
        lease: &Lease,
        event: SweepEvent,
    ) -> Result<Sweep, Advance> {
        let now = self.journal.now().await?;
        Ok(self
            .journal
            .append(&lease.run, sweep, Some(lease), &[event], now, AppendOptions::default())
            .await?)
    }

    /// Reads everything, keeps findings as they arrive, and appends the result.
    async fn read_all(&self, sweep: &Sweep, lease: &Lease) -> Result<(), Advance> {
        let store = self.journal.store();
        let known = found(store.found_by(&lease.run).await?);
        let (rules, meter) = (Arc::new(self.rules.clone()), Arc::new(SweepProgress::default()));
        let (sender, receiver) = mpsc::channel(BATCH_SIZE);
        let prior_runs = Arc::new(PriorRuns::Journal(self.journal.clone()));
        let gate = Arc::new(Gate::new(&self.world, &self.journal, &lease.run));
        let world: Arc<dyn World> = gate.clone();
        let reading = async {
            let survey = survey(&world, &prior_runs, &rules, &meter, &known, &sender).await;
            drop(sender);
            survey
        };
        let keeping = self.keep(sweep.clone(), lease, &meter, receiver);
        tokio::pin!(reading, keeping);
        // If the findings cannot be kept, the sweep stops reading.
        let (survey, sweep) = tokio::select! {
            () = gate.closed() => {
                // A sweep without a result must not be used as a checkpoint by another sweep.
                store.forget_found(&lease.run).await?;
                return Err(Advance::Again);
            }
            kept = &mut keeping => {
                let sweep = kept?;
                (reading.await, sweep)
            }
            survey = &mut reading => (survey, keeping.await?),
        };
        let now = self.journal.now().await?;
        let all = found(store.found_by(&lease.run).await?);
        let before = store.close_survey(&lease.run, now.as_millisecond()).await?;
        let since = match before {
            Some((before, at)) => {
                let at = jiff::Timestamp::from_millisecond(at).unwrap_or(now);
                Some(compare(&found(store.found_by(&before).await?), &all, at))
            }
            None => None,
        };
        let surveyed = surveyed(survey.tally, survey.unread, &all, since, RepairPreview::of);
        self.append_while_reading(sweep, lease, surveyed).await.map(drop)
    }

    /// Takes over what the watch has found. Nobody else is read, so this is no checkpoint for another sweep.
    async fn take_over(&self, sweep: &Sweep, lease: &Lease) -> Result<(), Advance> {
        let all = found(self.journal.store().found_by(&lease.run).await?);
        let faults = match sweep.watch.as_ref().map(|watch| &watch.reason) {
            Some(WatchReason::Lost { faults, .. }) => faults.iter().map(|fault| fault.cause).collect(),
            _ => Vec::new(),
        };
        let mut tally = Tally::of_tenant(faults);
        all.values().for_each(|found| tally.found(found));
        // The card names everybody, and not only those who can be repaired.
        let surveyed = surveyed(tally, Vec::new(), &all, None, RepairPreview::of_everybody);
        self.append_while_reading(sweep.clone(), lease, surveyed).await.map(drop)
    }

    /// Appends an event during the reading. After a conflict it folds and appends again, because a refused attempt of
    /// a person is also an entry and does not affect the reading.
    async fn append_while_reading(
        &self,
        mut sweep: Sweep,
        lease: &Lease,
        event: SweepEvent,
    ) -> Result<Sweep, Advance> {
        loop {
            match self.append_on(&sweep, lease, event.clone()).await {
                Err(Advance::Again) => sweep = self.journal.sweep(&lease.run).await?,
                appended => return appended,
            }
            if sweep.ended.is_some() || sweep.surveyed.is_some() {
                return Err(Advance::Again);
            }
        }
    }

    /// Writes findings in batches as they arrive, and reports the progress at intervals.
    async fn keep(
        &self,
        mut sweep: Sweep,
        lease: &Lease,
        meter: &SweepProgress,
        mut receiver: mpsc::Receiver<CheckedAccount>,
    ) -> Result<Sweep, Advance> {
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
                self.journal.store().keep_found(&lease.run, std::mem::take(&mut batch)).await?;
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

/// The entry with the result of a sweep.
fn surveyed(
    tally: Tally,
    unread: Vec<(Source, String)>,
    all: &HashMap<String, SweepFinding>,
    since: Option<SinceLastSweep>,
    preview: fn(&RepairList, &[&SweepFinding]) -> RepairPreview,
) -> SweepEvent {
    // A fault of the whole tenant has to be corrected first. Many repairs at once could make it worse.
    let may_repair = !tally.has_tenant_fault();
    let harmless = all.values().filter(|_| may_repair).filter_map(SweepFinding::harmless);
    let list = RepairList::new(harmless.collect());
    let preview = preview(&list, &all.values().collect::<Vec<_>>());
    let approvals = all.values().filter(|found| found.needs_approval).count();
    let approvals = u64::try_from(approvals).unwrap_or(u64::MAX);
    SweepEvent::SweepSurveyed { tally, unread, list, approvals, since, preview }
}

fn row(found: &SweepFinding) -> Option<SweepRow> {
    let text = serde_json::to_string(found).ok()?;
    Some(SweepRow { query: found.query.clone(), found: text })
}

/// The findings that were kept. An account whose finding cannot be parsed is checked again.
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
