//! Carrying runs on: claim, fold, `next()`, do it, write it down. The loop is the recovery: a run that was
//! killed anywhere is taken up by the process that claims it next, from what the journal says. Nothing is done here that
//! was not first written down, and nothing risky without an approval that `next()` has seen.

pub mod assess;
pub mod journal;
mod plan_run;
pub mod prior_runs;
mod step;
pub mod sweep;
#[cfg(test)]
mod tests;

pub use journal::{Decision, Entries, Journal, JournalError, Loaded, NoteKind, Unreadable};

use std::sync::Arc;
use std::time::Duration;

use futures_core::future::BoxFuture;
use jiff::Timestamp;
use tokio::sync::{Notify, Semaphore, watch};
use tracing::Instrument as _;

use crate::telemetry::run_span;
use crate::world::World;
use reinstate_core::run::{Limits, Request};
use reinstate_core::subject::name_of;
use reinstate_core::{Event, Next, Outcome, Rules, Run, Who};
use reinstate_store::{AppendError, AppendOptions, Lease, Sleep, StoreError};

/// How long a run sleeps that no look will make right.
const UNREADABLE_PAUSE: Duration = Duration::from_secs(60);
/// The end of a command that came too late.
const OVERDUE_TEXT: &str =
    "The command is older than 15 minutes, so nothing was done. Ask again if it is still wanted.";
/// The end of a repair of a sweep that came too late.
const PART_OVERDUE_TEXT: &str = "A day has passed since the list was approved, so nothing was done.";
/// How many runs one process carries at once.
const MAX_CONCURRENT_RUNS: usize = 64;

/// How long the executor waits for what. The defaults are for the real world; tests are in more of a hurry.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// How long a claim on a run lasts; it is renewed while the run is carried.
    pub lease: Duration,
    /// What of the lease is kept back, so that an act has ended before somebody else may take over.
    pub margin: Duration,
    /// How long a step may take that is safe to send again; provisioning on demand waits for its own limits.
    pub patient: Duration,
    /// How often the database is asked for work nobody told us about (another process may have taken the command).
    pub poll: Duration,
    /// The first wait between two looks; later ones back off.
    pub first_wait: Duration,
    /// The longest wait between two looks.
    pub longest_wait: Duration,
    /// How long to look after an upstream said that it changed nothing.
    pub grace: Duration,
    /// How long a one-shot step waits for a limit to pass before a person is asked.
    pub limited: Duration,
    /// How long a proof waits for what Atlassian shows late (docs/reference/rules.md#atlassian-role-delay).
    pub proof: Duration,
    /// How long a run sleeps when the store fails.
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

/// What came of asking who the requester is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// They may, by this rule, and WHO is this.
    Admitted { rule: String, who: Who },
    /// They may not, or nobody is meant; why, for them.
    Refused(String),
    /// Slack did not answer; ask again after this long.
    Later(Duration),
}

/// Looks up a requester, who asked at that time: who they are and what they may do, now.
pub type Admit = Arc<dyn Fn(Request, Timestamp) -> BoxFuture<'static, Admission> + Send + Sync>;

/// Everything the loop needs.
#[derive(Clone)]
pub struct Engine {
    pub ledger: Journal,
    /// The upstream services.
    pub world: Arc<dyn World>,
    pub admit: Admit,
    /// What the planner may do.
    pub rules: Rules,
    /// When approvals expire.
    pub limits: Limits,
    /// How long a step may take to show.
    pub confirm_within: Duration,
    /// Rungs 4 to 10 in a day.
    pub risky_per_day: i64,
    /// How long it waits for what.
    pub timing: Timing,
    /// The name of this process among replicas.
    pub owner: String,
    /// Rung when there may be work.
    pub work: Arc<Notify>,
    /// Rung when a run has changed, for those who show it.
    pub changed: Arc<Notify>,
}

/// Why a run is let go.
enum Stop {
    /// Until somebody or something wakes it.
    Sleep(Sleep),
    /// Another process has it.
    Lost,
    /// The store failed; try again soon.
    Trouble(String),
}

/// What carrying a run one entry further came to.
enum Turn {
    /// Read and fold again.
    Again,
    /// The run as it stands after what was written.
    On(Box<Run>),
    /// Let go.
    Stop(Stop),
}

impl Engine {
    /// Carries runs until `stop` is set.
    pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let slots = Arc::new(Semaphore::new(MAX_CONCURRENT_RUNS));
        loop {
            if *stop.borrow() {
                return;
            }
            let Ok(slot) = slots.clone().acquire_owned().await else { return };
            // Nobody else takes places, so those that are free now stay free.
            let places: Vec<_> = std::iter::once(slot)
                .chain(std::iter::from_fn(|| slots.clone().try_acquire_owned().ok()))
                .collect();
            match self.ledger.store().claim_up_to(&self.owner, self.timing.lease, places.len()).await {
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

    /// Carries one claimed run as far as it goes.
    async fn carry(&self, lease: Lease) {
        let renewing = self.renew(lease.clone());
        let let_go = tokio::select! {
            ended = self.turns_of(&lease) => ended,
            () = renewing => return,
        };
        // What has ended was let go in the same breath.
        if let Some((seq, sleep)) = let_go
            && let Err(error) = self.ledger.store().release(&lease, seq, sleep).await
        {
            tracing::warn!(run = %lease.run, %error, "a run was not let go; its lease will expire");
        }
        self.changed.notify_one();
    }

    /// Renews a lease until it is lost.
    async fn renew(&self, lease: Lease) {
        loop {
            tokio::time::sleep(self.timing.lease / 3).await;
            match self.ledger.store().renew(&lease, self.timing.lease).await {
                Ok(true) => {}
                Ok(false) => return,
                // The lease may still last; the next attempt tells.
                Err(_) if !lease.left().is_zero() => {}
                Err(_) => return,
            }
        }
    }

    /// Carries a run or a sweep; until when it sleeps then, and the newest entry that was seen, or none if it has ended.
    async fn turns_of(&self, lease: &Lease) -> Option<(i64, Sleep)> {
        let mut known = None;
        loop {
            let run = match known.take() {
                Some(run) => run,
                None => match self.ledger.load(&lease.run).await {
                    Ok(Loaded::Run(run, _)) => run,
                    Ok(Loaded::Sweep(..)) => return Some(self.carry_sweep(lease).await),
                    Err(error) => return Some((i64::MAX, self.unread(lease, &error))),
                },
            };
            match self.turn(&run, lease).await {
                Turn::Again => {}
                Turn::On(after) if after.ended.is_some() => return None,
                Turn::On(after) => known = Some(after),
                Turn::Stop(Stop::Sleep(sleep)) => return Some((run.seq, sleep)),
                Turn::Stop(Stop::Lost) => return Some((i64::MAX, Sleep::Now)),
                Turn::Stop(Stop::Trouble(why)) => {
                    tracing::warn!(run = %lease.run, why, "a run waits for the store");
                    return Some((i64::MAX, Sleep::For(self.timing.trouble)));
                }
            }
            self.changed.notify_one();
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

    async fn turn(&self, run: &Run, lease: &Lease) -> Turn {
        let now = match self.now().await {
            Ok(now) => now,
            Err(turn) => return turn,
        };
        let next = run.next(now, &self.rules, &self.limits);
        // A process may have died at any place, and hours may have passed since.
        if matches!(next, Next::Admit | Next::Look | Next::Step { .. }) && run.is_overdue(now) {
            return self.overdue(run, lease).await;
        }
        match next {
            Next::Admit => self.admit(run, lease).await,
            Next::Look => self.look(run, lease).await,
            Next::Step { index, check_plan } => self.step(run, lease, index, check_plan).await,
            Next::Prove => self.prove(run, lease).await,
            Next::Conclude => self.conclude(run, lease).await,
            Next::AwaitApproval { until } => Turn::Stop(Stop::Sleep(Sleep::until(until, now))),
            Next::Expire => {
                let digest =
                    run.current.as_ref().and_then(|current| current.digest.clone()).unwrap_or_default();
                let says = "Nobody approved in time. Nothing of this plan was done.".to_owned();
                let events =
                    [Event::Expired { digest }, Event::Ended { outcome: Outcome::Expired, message: says }];
                self.append(run, lease, &events, ended()).await
            }
            Next::Stop => {
                let closed = run.current.as_ref().and_then(|current| current.closed);
                let outcome = closed.filter(|_| run.cancelled.is_none()).unwrap_or(Outcome::Cancelled);
                let says = match outcome {
                    Outcome::Skipped => {
                        "The account has changed since the list was approved, so nothing was done."
                    }
                    Outcome::Advice => {
                        "The listed plan was done, and access is not back. Look at the account by itself."
                    }
                    _ => "It was stopped before its next step. What was done stays done.",
                };
                let says = says.to_owned();
                self.append(run, lease, &[Event::Ended { outcome, message: says }], ended()).await
            }
            Next::AwaitPerson | Next::Nothing => Turn::Stop(Stop::Sleep(Sleep::ForEver)),
        }
    }

    /// Ends a run that came too late.
    async fn overdue(&self, run: &Run, lease: &Lease) -> Turn {
        let (outcome, says) = match &run.part {
            Some(_) => (Outcome::Expired, PART_OVERDUE_TEXT),
            None => (Outcome::Refused, OVERDUE_TEXT),
        };
        self.append(run, lease, &[Event::Ended { outcome, message: says.to_owned() }], ended()).await
    }

    async fn admit(&self, run: &Run, lease: &Lease) -> Turn {
        let Some(asked) = run.asked.clone() else { return Turn::Stop(Stop::Sleep(Sleep::ForEver)) };
        let opened_at = run.opened_at.unwrap_or(Timestamp::MIN);
        match (self.admit)(asked, opened_at).await {
            Admission::Admitted { rule, who } => {
                // Asked a second time: answered with the first run, before anything is read or shown. Who asks in
                // other words, or at the same moment, is found out by what both would claim.
                let first = match self.ledger.store().open_run_on(&name_of(&who)).await {
                    Ok(first) => first,
                    Err(error) => return Turn::Stop(Stop::Trouble(error.to_string())),
                };
                let admitted = Event::Admitted { rule, who };
                match first {
                    Some(first) => self.append(run, lease, &[admitted, busy(&first)], ended()).await,
                    None => self.append(run, lease, &[admitted], AppendOptions::default()).await,
                }
            }
            Admission::Refused(says) => {
                self.append(run, lease, &[Event::Ended { outcome: Outcome::Refused, message: says }], ended())
                    .await
            }
            Admission::Later(after) => Turn::Stop(Stop::Sleep(Sleep::For(after))),
        }
    }

    /// The time by the clock of the database.
    async fn now(&self) -> Result<Timestamp, Turn> {
        self.ledger.now().await.map_err(|error| Turn::Stop(Stop::Trouble(error.to_string())))
    }

    /// Appends what was decided on the folded run; an entry that came in between makes it fold again.
    async fn append(&self, run: &Run, lease: &Lease, events: &[Event], also: AppendOptions) -> Turn {
        let now = match self.now().await {
            Ok(now) => now,
            Err(turn) => return turn,
        };
        match self.ledger.append(&lease.run, run, Some(lease), events, now, also).await {
            Ok(after) => Turn::On(Box::new(after)),
            Err(JournalError::Append(AppendError::Conflict { .. })) => Turn::Again,
            Err(error) => refused(&error),
        }
    }
}

/// The end of a run that came second.
fn busy(first: &str) -> Event {
    let says = format!("Run {first} is already at work on the same person. Follow that one.");
    Event::Ended { outcome: Outcome::Busy, message: says }
}

/// An append that ends the run and lets go of its claims.
fn ended() -> AppendOptions {
    AppendOptions { end: true, ..AppendOptions::default() }
}

fn refused(error: &JournalError) -> Turn {
    match error {
        JournalError::Append(AppendError::LeaseLost) => Turn::Stop(Stop::Lost),
        JournalError::Append(AppendError::Ended) => Turn::Stop(Stop::Sleep(Sleep::ForEver)),
        JournalError::Append(_) | JournalError::Store(_) => Turn::Stop(Stop::Trouble(error.to_string())),
        // The fold refused what this program wanted to write. It would want the same again.
        error => {
            tracing::error!(%error, "an entry was refused, so the run stands still");
            Turn::Stop(Stop::Sleep(Sleep::For(UNREADABLE_PAUSE)))
        }
    }
}
