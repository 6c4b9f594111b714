//! The executor carries runs: claim, fold, `next()`, do it, append the result. The normal path is the recovery path.
//! When a process is killed at any point, the next process that claims the run continues from the journal. It must
//! never act before the journal holds the intent, and never take a risky step without an approval that `next()` has
//! checked.

mod advance;
pub mod assess;
pub mod journal;
mod plan_run;
pub mod prior_runs;
mod step;
pub mod sweep;
#[cfg(test)]
pub(crate) mod tests;

pub use journal::{Decision, Entries, Journal, JournalError, Loaded, NoteKind, Unreadable, watch_key};

use std::sync::Arc;
use std::time::Duration;

use futures_core::future::BoxFuture;
use jiff::Timestamp;
use tokio::sync::{Notify, Semaphore, watch};
use tracing::Instrument as _;

use crate::telemetry::run_span;
use crate::world::World;
use advance::Advance;
use reinstate_core::run::{EndMessage, EndReason, Limits, Request};
use reinstate_core::subject::name_of;
use reinstate_core::{Event, Next, Outcome, Rules, Run, Who};
use reinstate_store::{AppendOptions, Lease, Sleep, StoreError};

/// How long a run sleeps when its journal cannot be read, because another attempt would not help.
const UNREADABLE_PAUSE: Duration = Duration::from_secs(60);
/// How many runs one process carries at once.
const MAX_CONCURRENT_RUNS: usize = 64;

/// The waiting times of the executor. The defaults are for real services; tests use shorter ones.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// How long a claim on a run lasts. The executor renews it while it carries the run.
    pub lease: Duration,
    /// The part of the lease that is held back. An act must end before another process may take over.
    pub margin: Duration,
    /// The timeout of a step that is safe to send again. Provisioning on demand first waits for its own rate limit.
    pub patient: Duration,
    /// How often the executor polls the database, because another process may have accepted a command.
    pub poll: Duration,
    /// The first wait between two reads of an effect; later waits back off.
    pub first_wait: Duration,
    /// The longest wait between two reads of an effect.
    pub longest_wait: Duration,
    /// How long to keep reading after an upstream service said that it changed nothing.
    pub grace: Duration,
    /// How long a one-shot step waits for a rate limit before the run pauses for a person.
    pub limited: Duration,
    /// How long the proof of access waits for what Atlassian shows late
    /// (docs/reference/rules.md#atlassian-role-delay).
    pub proof: Duration,
    /// How long a run sleeps after a failure of the store.
    pub trouble: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(30),
            margin: Duration::from_secs(5),
            patient: Duration::from_secs(90),
            poll: Duration::from_secs(1),
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(30),
            grace: Duration::from_secs(4),
            limited: Duration::from_secs(120),
            proof: Duration::from_secs(120),
            trouble: Duration::from_secs(2),
        }
    }
}

/// The result of asking Slack who the requester is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// This rule allows the request, and `who` is the person to repair.
    Admitted { rule: String, who: Who },
    /// The request is not allowed, or nobody matches it. The text explains it to the requester.
    Refused(String),
    /// Slack did not answer; ask again after this long.
    Later(Duration),
}

/// Looks up the requester of a request, which was made at the given time: who they are, and what they may do now.
pub type Admit = Arc<dyn Fn(Request, Timestamp) -> BoxFuture<'static, Admission> + Send + Sync>;

/// Everything that the executor needs.
#[derive(Clone)]
pub struct Engine {
    pub journal: Journal,
    pub world: Arc<dyn World>,
    pub admit: Admit,
    /// The rules of the planner.
    pub rules: Rules,
    /// When approvals expire.
    pub limits: Limits,
    /// How long an effect may take to become visible.
    pub confirm_within: Duration,
    /// How many steps of rungs 4 to 10 may begin in a day.
    pub risky_per_day: i64,
    pub timing: Timing,
    /// The name of this process; it is unique among the replicas.
    pub owner: String,
    /// Notified when there may be work.
    pub work: Arc<Notify>,
    /// Notified when a run has changed, so that its card is updated.
    pub changed: Arc<Notify>,
}

impl Engine {
    /// Claims and carries runs until `stop` is set.
    pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let slots = Arc::new(Semaphore::new(MAX_CONCURRENT_RUNS));
        loop {
            if *stop.borrow() {
                return;
            }
            let Ok(slot) = slots.clone().acquire_owned().await else { return };
            // Only this loop takes permits, so the permits that are free now stay free.
            let places: Vec<_> = std::iter::once(slot)
                .chain(std::iter::from_fn(|| slots.clone().try_acquire_owned().ok()))
                .collect();
            match self.journal.store().claim_up_to(&self.owner, self.timing.lease, places.len()).await {
                Ok(leases) if !leases.is_empty() => {
                    for (lease, place) in leases.into_iter().zip(places) {
                        let engine = self.clone();
                        let span = run_span(&lease.run);
                        let carry = async move {
                            engine.carry(lease).await;
                            drop(place);
                        };
                        tokio::spawn(carry.instrument(span));
                    }
                }
                outcome => {
                    drop(places);
                    if let Err(error) = outcome {
                        tracing::warn!(%error, "the store did not answer; looking for work again soon");
                    }
                    tokio::select! {
                        () = self.work.notified() => {}
                        () = tokio::time::sleep(self.timing.poll) => {}
                        _ = stop.changed() => {}
                    }
                }
            }
        }
    }

    /// Carries one claimed run until it ends or must wait.
    async fn carry(&self, lease: Lease) {
        let renewing = self.renew(lease.clone());
        let let_go = tokio::select! {
            ended = self.turns_of(&lease) => ended,
            () = renewing => return,
        };
        // The append that ended a run has already released it.
        if let Some((seq, sleep)) = let_go
            && let Err(error) = self.journal.store().release(&lease, seq, sleep).await
        {
            tracing::warn!(run = %lease.run, %error, "a run was not let go; its lease will expire");
        }
        self.changed.notify_one();
    }

    /// Renews a lease until it is lost.
    async fn renew(&self, lease: Lease) {
        loop {
            tokio::time::sleep(self.timing.lease / 3).await;
            match self.journal.store().renew(&lease, self.timing.lease).await {
                Ok(true) => {}
                Ok(false) => return,
                // The lease may still be valid; the next attempt shows it.
                Err(_) if !lease.left().is_zero() => {}
                Err(_) => return,
            }
        }
    }

    /// Carries a run or a sweep until it must wait. Returns the newest entry that was read and how long to sleep, or
    /// `None` if the run has ended.
    async fn turns_of(&self, lease: &Lease) -> Option<(i64, Sleep)> {
        let mut known = None;
        loop {
            let run = match known.take() {
                Some(run) => run,
                None => match self.journal.load(&lease.run).await {
                    Ok(Loaded::Run(run, _)) => run,
                    Ok(Loaded::Sweep(..)) => return Some(self.carry_sweep(lease).await),
                    Err(error) => return Some((i64::MAX, self.unread(lease, &error))),
                },
            };
            match self.turn(&run, lease).await {
                Ok(after) if after.ended.is_some() => return None,
                Ok(after) => known = Some(after),
                Err(advance) => {
                    if let Some(release) = self.release(lease, run.seq, advance) {
                        return Some(release);
                    }
                }
            }
            self.changed.notify_one();
        }
    }

    /// Until when a run or a sweep sleeps, and the newest entry that was seen; none if it goes on at once.
    fn release(&self, lease: &Lease, seq: i64, advance: Advance) -> Option<(i64, Sleep)> {
        match advance {
            Advance::Again => None,
            Advance::Sleep(sleep) => Some((seq, sleep)),
            Advance::Lost => Some((i64::MAX, Sleep::Now)),
            Advance::StoreFailed(why) => {
                tracing::warn!(run = %lease.run, why, "a run or sweep waits for the store");
                Some((i64::MAX, Sleep::For(self.timing.trouble)))
            }
        }
    }

    /// How long a run sleeps that could not be read: a store that does not answer will, what is wrong stays so.
    fn unread(&self, lease: &Lease, error: &JournalError) -> Sleep {
        let wrong = match error {
            JournalError::Store(error) => {
                matches!(error, StoreError::Tampered { .. } | StoreError::UnknownRun(_))
            }
            _ => true,
        };
        if wrong {
            tracing::error!(run = %lease.run, %error, "a run cannot be carried on");
            return Sleep::For(UNREADABLE_PAUSE);
        }
        tracing::warn!(run = %lease.run, %error, "a run waits for the store");
        Sleep::For(self.timing.trouble)
    }

    async fn turn(&self, run: &Run, lease: &Lease) -> Result<Box<Run>, Advance> {
        let now = self.now().await?;
        let next = run.next(now, &self.rules, &self.limits);
        // A process may have died at any point, so hours may have passed since the request.
        if matches!(next, Next::Admit | Next::Look | Next::Step { .. }) && run.is_overdue(now) {
            return self.overdue(run, lease).await;
        }
        match next {
            Next::Admit => self.admit(run, lease).await,
            Next::Look => self.look(run, lease).await,
            Next::Step { index, check_plan } => self.step(run, lease, index, check_plan).await,
            Next::Prove => self.prove(run, lease).await,
            Next::Conclude => self.conclude(run, lease).await,
            Next::AwaitApproval { until } => Err(Advance::Sleep(Sleep::until(until, now))),
            Next::Expire => {
                let digest =
                    run.current.as_ref().and_then(|current| current.digest.clone()).unwrap_or_default();
                let events = [Event::Expired { digest }, end(Outcome::Expired, EndReason::NotApproved)];
                self.append(run, lease, &events, ended()).await
            }
            Next::Stop => {
                let closed = run.current.as_ref().and_then(|current| current.closed);
                let outcome = closed.filter(|_| run.cancelled.is_none()).unwrap_or(Outcome::Cancelled);
                let reason = match outcome {
                    Outcome::Skipped => EndReason::AccountChanged,
                    Outcome::Advice => EndReason::ListedPlanInsufficient,
                    _ => EndReason::Stopped,
                };
                self.end(run, lease, outcome, reason).await
            }
            Next::AwaitPerson | Next::Nothing => Err(Advance::Sleep(Sleep::ForEver)),
        }
    }

    /// Ends a run that is too late.
    async fn overdue(&self, run: &Run, lease: &Lease) -> Result<Box<Run>, Advance> {
        let (outcome, reason) = match &run.part {
            Some(_) => (Outcome::Expired, EndReason::RepairOverdue),
            None => (Outcome::Refused, EndReason::CommandOverdue),
        };
        self.end(run, lease, outcome, reason).await
    }

    async fn admit(&self, run: &Run, lease: &Lease) -> Result<Box<Run>, Advance> {
        let Some(asked) = run.asked.clone() else { return Err(Advance::Sleep(Sleep::ForEver)) };
        let opened_at = run.opened_at.unwrap_or(Timestamp::MIN);
        match (self.admit)(asked, opened_at).await {
            Admission::Admitted { rule, who } => {
                // A repeated request is answered with the first run, before anything is read or shown. A request in
                // other words, or at the same moment, is detected later, when both runs claim the same person.
                let first = self.journal.store().open_run_on(&name_of(&who)).await?;
                let admitted = Event::Admitted { rule, who };
                match first {
                    Some(first) => self.append(run, lease, &[admitted, busy(&first)], ended()).await,
                    None => self.append(run, lease, &[admitted], AppendOptions::default()).await,
                }
            }
            Admission::Refused(text) => self.end(run, lease, Outcome::Refused, text).await,
            Admission::Later(after) => Err(Advance::Sleep(Sleep::For(after))),
        }
    }

    /// The time by the clock of the database.
    async fn now(&self) -> Result<Timestamp, Advance> {
        Ok(self.journal.now().await?)
    }

    /// Ends a run.
    async fn end(
        &self,
        run: &Run,
        lease: &Lease,
        outcome: Outcome,
        message: impl Into<EndMessage>,
    ) -> Result<Box<Run>, Advance> {
        self.append(run, lease, &[end(outcome, message)], ended()).await
    }

    /// Appends what was decided on the folded run; an entry that came in between makes it fold again.
    async fn append(
        &self,
        run: &Run,
        lease: &Lease,
        events: &[Event],
        also: AppendOptions,
    ) -> Result<Box<Run>, Advance> {
        let now = self.now().await?;
        Ok(Box::new(self.journal.append(&lease.run, run, Some(lease), events, now, also).await?))
    }
}

/// The end of a run that found another run on the same person.
fn busy(first: &str) -> Event {
    end(Outcome::Busy, EndReason::PersonBusy { run: first.to_owned() })
}

fn end(outcome: Outcome, message: impl Into<EndMessage>) -> Event {
    Event::Ended { outcome, message: message.into() }
}

/// An append that ends the run and releases its claims.
fn ended() -> AppendOptions {
    AppendOptions { end: true, ..AppendOptions::default() }
}
