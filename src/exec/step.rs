//! One step, crash-safe: observe, begin, act, confirm, settle. This is the only file that calls `World::act`, and
//! only after `Began` is committed. A timeout means unknown, not failed; reading the world again settles an unknown
//! outcome. A one-shot step whose outcome stays unknown waits for a person, and the executor never sends it again.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use jiff::Timestamp;
use serde_json::json;
use tokio::time::Instant;

use reinstate_core::condition::{ConditionState, approver_decides, conditions};
use reinstate_core::diagnose::Case;
use reinstate_core::run::{Current, PauseDetail, PauseMessage, PauseReason, Progress};
use reinstate_core::{Event, Run, Source, State, Step};
use reinstate_store::{AppendError, AppendOptions, DailyCap, Lease, Sleep};

use super::advance::Advance;
use super::prior_runs::PriorRuns;
use super::{Engine, JournalError};
use crate::world::{ActOutcome, ReadScope};

/// The window of the daily cap. It is a sliding window of 24 hours, so that midnight does not double the cap.
const CAP_WINDOW: Duration = Duration::from_secs(24 * 3600);
/// The longest pause between two reads of an effect that may take a day.
const MAX_LOOK_PAUSE: Duration = Duration::from_secs(300);

/// The state of a step before it begins.
enum StepReadiness {
    /// It may begin; the value is the state before.
    Go(serde_json::Value),
    Done(serde_json::Value),
    /// It began and the service accepted it, as the evidence shows. Its effect takes long.
    Taken,
    /// The run pauses for a person.
    Halt(PauseReason, PauseMessage),
}

impl Engine {
    pub(super) async fn step(
        &self,
        run: &Run,
        lease: &Lease,
        index: usize,
        check_plan: bool,
    ) -> Result<Box<Run>, Advance> {
        let Some(current) = &run.current else { return Err(Advance::Sleep(Sleep::ForEver)) };
        let Some(step) = current.plan.steps.get(index) else {
            return Err(Advance::Sleep(Sleep::ForEver));
        };
        // The first execution after an approval plans again. If the plan differs, it needs another approval.
        if check_plan {
            let (diagnosis, plan) = match self.survey(run).await {
                Ok(surveyed) => surveyed,
                Err(why) => return self.unplanned(run, lease, why).await,
            };
            if plan.digest() != current.digest {
                return self.planned(run, lease, diagnosis, plan).await;
            }
        }
        let begun = match current.progress.get(index) {
            Some(Progress::Accepted) => return self.await_effect(run, lease, index, current, step).await,
            Some(Progress::Begun) => true,
            _ => false,
        };
        let ready = self.observe(current, step, begun).await;
        let now = self.now().await?;
        let event = match ready {
            StepReadiness::Done(after) if begun => Event::Confirmed { step: index, after },
            StepReadiness::Done(_) => Event::Already { step: index },
            StepReadiness::Taken => Event::Accepted { step: index },
            StepReadiness::Halt(halt, why) => paused(index, halt, why),
            StepReadiness::Go(_) if begun && run.is_too_late(step, now, &self.rules, &self.limits) => {
                paused(index, PauseReason::Unconfirmed, PauseDetail::TooLateToSend)
            }
            // The read took so long that the approval has expired, so the run makes a new plan.
            StepReadiness::Go(_) if run.is_too_late(step, now, &self.rules, &self.limits) => {
                return Err(Advance::Again);
            }
            StepReadiness::Go(before) => return self.begin(run, lease, index, step, before).await,
        };
        self.append(run, lease, &[event], AppendOptions::default()).await
    }

    /// Reads the state of a step and the conditions of its rung before the step is sent.
    async fn observe(&self, current: &Current, step: &Step, begun: bool) -> StepReadiness {
        let look = ReadScope::For(step.op.clone());
        let mut evidence = self.world.gather(current.plan.subject.clone(), look).await;
        // A refusal no longer counts when an earlier step has moved its cause out of the way. If prior runs cannot be
        // read, all facts keep their weight.
        PriorRuns::Journal(self.journal.clone()).add_to(&mut evidence).await.ok();
        let case = Case::new(&evidence);
        let before = match step.op.state_since(&case, current.begun_at.filter(|_| begun)) {
            State::Done(after) => return StepReadiness::Done(after),
            State::Underway(_) => return StepReadiness::Taken,
            State::Blocked(why) => return StepReadiness::Halt(PauseReason::Changed, why.into()),
            State::Unread(sources) => return unread(sources),
            State::Open(before) => before,
        };
        if begun && step.op.is_one_shot() {
            return StepReadiness::Halt(PauseReason::Ambiguous, PauseDetail::MaybeSent.into());
        }
        if !begun && before != step.before && !step.before.is_null() {
            let detail = PauseDetail::Unexpected { expected: step.before.clone(), found: before };
            return StepReadiness::Halt(PauseReason::Changed, detail.into());
        }
        match conditions(&step.op, &case, &self.rules) {
            ConditionState::True => StepReadiness::Go(before),
            ConditionState::False(why) => StepReadiness::Halt(PauseReason::Condition, why.into()),
            // An approver accepted this step with exactly this gap, so it may go on.
            ConditionState::Unread(sources)
                if step.risk > step.op.risk() && approver_decides(&step.op, &sources) =>
            {
                StepReadiness::Go(before)
            }
            ConditionState::Unread(sources) => unread(sources),
        }
    }

    /// Reads the effect of a step that the service accepted and that takes long. Between two reads, the run sleeps in
    /// the database. Nothing is sent from here, so a crash loses nothing.
    async fn await_effect(
        &self,
        run: &Run,
        lease: &Lease,
        index: usize,
        current: &Current,
        step: &Step,
    ) -> Result<Box<Run>, Advance> {
        let look = ReadScope::Effect(step.op.clone());
        let evidence = self.world.gather(current.plan.subject.clone(), look).await;
        let patience = step.op.takes().unwrap_or(self.confirm_within);
        let begun = current.begun_at.unwrap_or(current.at);
        let now = self.now().await?;
        let waited = now.duration_since(begun).unsigned_abs();
        let event = match step.op.state_since(&Case::new(&evidence), Some(begun)) {
            State::Done(after) => Event::Confirmed { step: index, after },
            _ if waited >= patience => {
                let detail = PauseDetail::NotShownWithin { hours: patience.as_secs() / 3600 };
                paused(index, PauseReason::Unconfirmed, detail)
            }
            _ => {
                let pause = (waited / 4).clamp(self.timing.first_wait, MAX_LOOK_PAUSE);
                return Err(Advance::Sleep(Sleep::For(pause.min(patience.saturating_sub(waited)))));
            }
        };
        self.append(run, lease, &[event], AppendOptions::default()).await
    }

    /// Appends `Began` with the snapshot and the daily cap in one transaction, then acts.
    async fn begin(
        &self,
        run: &Run,
        lease: &Lease,
        index: usize,
        step: &Step,
        before: serde_json::Value,
    ) -> Result<Box<Run>, Advance> {
        if !self.journal.store().renew(lease, self.timing.lease).await? {
            return Err(Advance::Lost);
        }
        let now = self.now().await?;
        let mut events = Vec::new();
        let mut also = AppendOptions::default();
        let begun =
            run.current.as_ref().and_then(|current| current.progress.get(index)) == Some(&Progress::Begun);
        // A step that is sent again was already counted and its snapshot already taken when it began.
        if step.op.is_capped() && !begun {
            events.push(Event::Snapshot { step: index, was: snapshot(run) });
            also.risky = Some(DailyCap { limit: self.risky_per_day, within: CAP_WINDOW });
        }
        // The entry records how many approvals the step needs. The fold checks them itself and does not rely on
        // `next()`.
        events.push(Event::Began { step: index, before, needs: Some(self.rules.needs(step.risk)) });
        match self.journal.append(&lease.run, run, Some(lease), &events, now, also).await {
            Ok(_) => {}
            Err(JournalError::Append(AppendError::CapReached { used, limit })) => {
                let event = paused(index, PauseReason::Cap, PauseDetail::CapReached { used, limit });
                return self.append(run, lease, &[event], AppendOptions::default()).await;
            }
            Err(error) => return Err(error.into()),
        }
        self.changed.notify_one();
        let begun_at = run.current.as_ref().and_then(|current| current.begun_at.filter(|_| begun));
        self.act(run, lease, index, step, begun_at.unwrap_or(now)).await
    }

    async fn act(
        &self,
        run: &Run,
        lease: &Lease,
        index: usize,
        step: &Step,
        begun: Timestamp,
    ) -> Result<Box<Run>, Advance> {
        let first = self.timing.first_wait;
        let mut limited = Duration::ZERO;
        let acted = loop {
            // Fencing protects the journal, not the upstream services, so the lease is checked right before sending.
            // A one-shot step must also end before another process may take over.
            let left = lease.left().saturating_sub(self.timing.margin);
            if left.is_zero() {
                return Err(Advance::Lost);
            }
            let within = if step.op.is_one_shot() { left } else { self.timing.patient };
            match self.world.act(&step.op, within).await {
                ActOutcome::Later(after) if step.op.is_one_shot() && limited < self.timing.limited => {
                    let wait = after.unwrap_or(first).clamp(first, self.timing.longest_wait);
                    limited += wait;
                    tokio::time::sleep(wait).await;
                }
                // The step was certainly not done and is safe to begin again, so the run sleeps in the database.
                ActOutcome::Later(after) if !step.op.is_one_shot() => {
                    return Err(Advance::Sleep(Sleep::For(after.unwrap_or(first * 2))));
                }
                acted => break acted,
            }
        };
        if acted == ActOutcome::Accepted && step.op.takes().is_some() {
            return self.settle(lease, index, Event::Accepted { step: index }).await;
        }
        let patience = match &acted {
            // The run does not wait here for an effect that may take a day. The next read shows whether the step was
            // accepted.
            ActOutcome::Unknown(_) if step.op.takes().is_some() => self.timing.grace,
            ActOutcome::NoEffect(_) => self.timing.grace.min(self.confirm_within),
            ActOutcome::Refused(_) | ActOutcome::Later(_) => Duration::ZERO,
            ActOutcome::Accepted | ActOutcome::Unknown(_) => self.confirm_within,
        };
        let seen = self.confirm(run, step, begun, patience).await;
        let event = match (seen, acted) {
            (Some(after), _) => Event::Confirmed { step: index, after },
            (None, ActOutcome::Refused(why)) => paused(index, PauseReason::Refused, why),
            (None, ActOutcome::Later(_)) => paused(index, PauseReason::Refused, PauseDetail::RateLimited),
            (None, ActOutcome::NoEffect(why)) if step.op.rung() <= 2 => {
                Event::NoEffect { step: index, why: why.into() }
            }
            (None, ActOutcome::Accepted) if step.op.rung() <= 2 => {
                Event::NoEffect { step: index, why: PauseDetail::NotProvisioned.into() }
            }
            (None, ActOutcome::Unknown(_)) if step.op.takes().is_some() => return Err(Advance::Again),
            (None, ActOutcome::Unknown(why)) if step.op.is_one_shot() => {
                paused(index, PauseReason::Ambiguous, why)
            }
            (None, ActOutcome::Accepted) => paused(index, PauseReason::Unconfirmed, PauseDetail::NotShown),
            (None, ActOutcome::NoEffect(why) | ActOutcome::Unknown(why)) => {
                paused(index, PauseReason::Unconfirmed, why)
            }
        };
        self.settle(lease, index, event).await
    }

    /// Reads with backoff until the wanted state is visible or the time is over; at least once. The time of the reads
    /// counts too. The last read begins after the time is over, so an effect that is visible in time is not missed.
    async fn confirm(
        &self,
        run: &Run,
        step: &Step,
        begun: Timestamp,
        patience: Duration,
    ) -> Option<serde_json::Value> {
        let subject = run.current.as_ref()?.plan.subject.clone();
        let started = Instant::now();
        let mut backoff = ExponentialBuilder::new()
            .with_factor(1.5)
            .with_min_delay(self.timing.first_wait)
            .with_max_delay(self.timing.longest_wait)
            .without_max_times()
            .build();
        loop {
            let is_last = started.elapsed() >= patience;
            let evidence = self.world.gather(subject.clone(), ReadScope::Effect(step.op.clone())).await;
            if let State::Done(after) = step.op.state_since(&Case::new(&evidence), Some(begun)) {
                return Some(after);
            }
            if is_last {
                return None;
            }
            let pause = backoff.next().unwrap_or(self.timing.longest_wait);
            tokio::time::sleep(pause.min(patience.saturating_sub(started.elapsed()))).await;
        }
    }

    /// Appends the outcome of a step that was sent. After a conflict with another process, it folds and appends
    /// again.
    async fn settle(&self, lease: &Lease, index: usize, event: Event) -> Result<Box<Run>, Advance> {
        loop {
            let run = match self.journal.run(&lease.run).await {
                Ok(run) => run,
                Err(error) => return Err(Advance::StoreFailed(error.to_string())),
            };
            let begun = run.current.as_ref().and_then(|current| current.progress.get(index))
                == Some(&Progress::Begun);
            if !begun || run.ended.is_some() {
                return Err(Advance::Again);
            }
            match self.append(&run, lease, std::slice::from_ref(&event), AppendOptions::default()).await {
                Err(Advance::Again) => {}
                settled => return settled,
            }
        }
    }
}

fn paused(step: usize, halt: PauseReason, why: impl Into<PauseMessage>) -> Event {
    Event::Paused { step: Some(step), halt, why: why.into() }
}

/// What the step depends on could not be read.
fn unread(sources: Vec<Source>) -> StepReadiness {
    StepReadiness::Halt(PauseReason::Condition, PauseDetail::Unread { sources }.into())
}

/// What was there before a risky step, as the plan's look saw it: enough to undo from.
fn snapshot(run: &Run) -> serde_json::Value {
    let Some(current) = &run.current else { return json!(null) };
    let op_addresses: Vec<&str> = current.plan.steps.iter().filter_map(|step| step.op.frees()).collect();
    json!({
        "subject": current.plan.subject,
        "email": current.diagnosis.email,
        "account": current.diagnosis.account,
        "record": current.diagnosis.record,
        "groups": current.diagnosis.groups,
        "addresses": op_addresses,
        "before": current.plan.steps.iter().map(|step| &step.before).collect::<Vec<_>>(),
        "at": Timestamp::to_string(&current.at),
    })
}
