//! Carrying a sweep on, as the loop carries runs: fold, `next()`, do it, write it down. A sweep that was killed while it
//! read keeps what it had found, and reads the lists again.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::{Looked, survey};
use crate::exec::{Engine, LedgerError, UNREADABLE};
use crate::world::Meter;
use reinstate_core::sweep::{Course, CourseNext, Found, RepairList, Since, SweepEvent};
use reinstate_store::{Also, AppendError, Lease, Sleep, StoreError, SweepRow};

/// How long found rows wait for company before they are kept.
const KEEP: Duration = Duration::from_secs(1);
/// How often the reading says how far it is.
const SAY: Duration = Duration::from_secs(10);
/// The end of a sweep that came too late.
const OVERDUE_SWEEP: &str =
    "The command is older than 15 minutes, so nothing was read. Ask for another sweep if it is still wanted.";
/// Rows kept at once.
const BATCH: usize = 50;

/// Why a sweep is let go.
pub(in crate::exec) enum Let {
    /// Until then, or until somebody appends with a wake.
    Go(Sleep),
    /// Another process has it, or somebody appended: fold again.
    Again,
    /// The lease is lost.
    Lost,
}

impl From<LedgerError> for Let {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Append(AppendError::Conflict { .. }) => Self::Again,
            LedgerError::Append(AppendError::LeaseLost) => Self::Lost,
            LedgerError::Append(AppendError::Ended) => Self::Go(Sleep::ForEver),
            LedgerError::Append(_) | LedgerError::Store(_) => {
                tracing::warn!(%error, "a sweep waits for the store");
                Self::Go(Sleep::For(Duration::from_secs(5)))
            }
            error => {
                tracing::error!(%error, "a sweep cannot be carried on");
                Self::Go(Sleep::For(UNREADABLE))
            }
        }
    }
}

impl From<StoreError> for Let {
    fn from(error: StoreError) -> Self {
        Self::from(LedgerError::Store(error))
    }
}

impl Engine {
    /// Carries one claimed sweep as far as it goes: the newest entry seen, and how long to sleep.
    pub(in crate::exec) async fn carry_sweep(&self, lease: &Lease) -> (i64, Sleep) {
        loop {
            let read = async {
                Ok::<_, LedgerError>((self.ledger.sweep(&lease.run).await?, self.ledger.now().await?))
            };
            let (course, now) = match read.await {
                Ok(read) => read,
                Err(error) => return (i64::MAX, self.unread(lease, &error)),
            };
            let done = match course.next(now, &self.limits) {
                _ if course.is_overdue(now) => self.end_sweep(&course, lease, OVERDUE_SWEEP.to_owned()).await,
                CourseNext::Survey => self.read_all(&course, lease).await,
                CourseNext::Repair => self.repair_next(&course, lease).await,
                CourseNext::End(says) => self.end_sweep(&course, lease, says.to_owned()).await,
                CourseNext::AwaitRequest(until) | CourseNext::AwaitApproval(until) => {
                    Err(Let::Go(Sleep::until(until, now)))
                }
                CourseNext::AwaitPerson | CourseNext::Nothing => Err(Let::Go(Sleep::ForEver)),
            };
            match done {
                Ok(()) | Err(Let::Again) => self.changed.notify_one(),
                Err(Let::Go(sleep)) => return (course.seq, sleep),
                Err(Let::Lost) => return (i64::MAX, Sleep::Now),
            }
        }
    }

    pub(super) async fn end_sweep(&self, course: &Course, lease: &Lease, says: String) -> Result<(), Let> {
        let also = Also { end: true, ..Also::default() };
        self.append_on(course, lease, SweepEvent::SweepEnded { says }, also).await.map(drop)
    }

    pub(super) async fn append_on(
        &self,
        course: &Course,
        lease: &Lease,
        event: SweepEvent,
        also: Also,
    ) -> Result<Course, Let> {
        Ok(self.ledger.append_sweep(&lease.run, course, Some(lease), event, also).await?)
    }

    /// Reads everything, keeping what is found as it is found, and writes down what it came to.
    async fn read_all(&self, course: &Course, lease: &Lease) -> Result<(), Let> {
        let store = self.ledger.store();
        let known = found(store.found_by(&lease.run).await?);
        let (rules, meter) = (Arc::new(self.rules.clone()), Arc::new(Meter::default()));
        let (sender, receiver) = mpsc::channel(BATCH);
        let reading = async {
            let survey = survey(&self.world, &rules, &meter, &known, &sender).await;
            drop(sender);
            survey
        };
        let keeping = self.keep(course.clone(), lease, &meter, receiver);
        tokio::pin!(reading, keeping);
        // A sweep that cannot keep what it finds stops reading.
        let (survey, course) = tokio::select! {
            kept = &mut keeping => {
                let course = kept?;
                (reading.await, course)
            }
            survey = &mut reading => (survey, keeping.await?),
        };
        let now = self.ledger.now().await?;
        let all = found(store.found_by(&lease.run).await?);
        let before = store.close_survey(&lease.run, now.as_millisecond()).await?;
        let since = match before {
            Some((sweep, at)) => {
                let at = jiff::Timestamp::from_millisecond(at).unwrap_or(now);
                Some(compare(&found(store.found_by(&sweep).await?), &all, at))
            }
            None => None,
        };
        let approvals = all.values().filter(|found| found.needs_approval).count();
        let surveyed = SweepEvent::SweepSurveyed {
            tally: survey.tally,
            unread: survey.unread,
            list: RepairList::new(all.values().filter_map(Found::harmless).collect()),
            approvals: u64::try_from(approvals).unwrap_or(u64::MAX),
            since,
        };
        self.append_on(&course, lease, surveyed, Also::default()).await.map(drop)
    }

    /// Keeps rows as they come, and says now and then how far the reading is.
    async fn keep(
        &self,
        mut course: Course,
        lease: &Lease,
        meter: &Meter,
        mut receiver: mpsc::Receiver<Looked>,
    ) -> Result<Course, Let> {
        let (mut batch, mut said) = (Vec::new(), Instant::now());
        loop {
            let more = tokio::select! {
                looked = receiver.recv() => match looked {
                    Some(looked) => {
                        batch.extend(row(&looked.found));
                        if batch.len() < BATCH { continue } else { true }
                    }
                    None => false,
                },
                () = tokio::time::sleep(KEEP) => true,
            };
            if !batch.is_empty() {
                self.ledger.store().keep_found(&lease.run, std::mem::take(&mut batch)).await?;
            }
            if !more {
                return Ok(course);
            }
            if said.elapsed() >= SAY {
                said = Instant::now();
                let progress = SweepEvent::SweepProgress {
                    accounts: Meter::get(&meter.accounts),
                    looks: Meter::get(&meter.looks),
                    looked: Meter::get(&meter.looked),
                };
                course = self.append_on(&course, lease, progress, Also::default()).await?;
                self.changed.notify_one();
            }
        }
    }
}

fn row(found: &Found) -> Option<SweepRow> {
    let text = serde_json::to_string(found).ok()?;
    Some(SweepRow { query: found.query.clone(), found: text })
}

/// What was kept, as it was found; what cannot be read is looked at again.
pub(super) fn found(rows: HashMap<String, String>) -> HashMap<String, Found> {
    rows.into_iter().filter_map(|(query, text)| Some((query, serde_json::from_str(&text).ok()?))).collect()
}

fn compare(before: &HashMap<String, Found>, now: &HashMap<String, Found>, at: jiff::Timestamp) -> Since {
    let count = |test: &dyn Fn(&&String) -> bool, of: &HashMap<String, Found>| {
        u64::try_from(of.keys().filter(|query| test(query)).count()).unwrap_or(u64::MAX)
    };
    let causes = |of: &HashMap<String, Found>, query: &str| of.get(query).map(|found| found.causes.clone());
    Since {
        at,
        newly: count(&|query| !before.contains_key(*query), now),
        gone: count(&|query| !now.contains_key(*query), before),
        otherwise: count(
            &|query| before.contains_key(*query) && causes(before, query) != causes(now, query),
            now,
        ),
    }
}
