//! One step, crash-safe: observe, begin, act, confirm, settle. This file alone calls `World::act`, and only
//! after `Began` is committed. A timeout is unknown, not failed; an unknown outcome is settled by looking, and a
//! one-shot step whose outcome stays unknown waits for a person: the machine never sends it again.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use jiff::Timestamp;
use serde_json::json;
use tokio::time::Instant;

use reinstate_core::condition::{ConditionState, approver_decides, conditions};
use reinstate_core::diagnose::Case;
use reinstate_core::run::{Current, PauseReason, Progress};
use reinstate_core::{Event, Run, State, Step};
use reinstate_store::{AppendError, AppendOptions, DailyCap, Lease, Sleep};

use super::prior_runs::PriorRuns;
use super::{Engine, JournalError, Stop, Turn, refused};
use crate::world::{ActOutcome, ReadScope};

/// What the daily cap counts: 24 hours, so that no midnight doubles it.
const CAP_WINDOW: Duration = Duration::from_secs(24 * 3600);
/// The longest pause between two looks at an effect that may take a day.
const MAX_LOOK_PAUSE: Duration = Duration::from_secs(300);

/// How a step stands before it begins.
enum StepReadiness {
    /// It may begin; this is what is there.
    Go(serde_json::Value),
    Done(serde_json::Value),
    /// It began and was taken, as can be seen; its effect takes long.
    Taken,
    /// A person has to look.
    Halt(PauseReason, String),
}

impl Engine {
    pub(super) async fn step(&self, run: &Run, lease: &Lease, index: usize, check_plan: bool) -> Turn {
        let Some(current) = &run.current else { return Turn::Stop(Stop::Sleep(Sleep::ForEver)) };
        let Some(step) = current.plan.steps.get(index) else {
            return Turn::Stop(Stop::Sleep(Sleep::ForEver));
        };
        // The first look after an approval: another world makes another plan, which needs another approval.
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
        let now = match self.now().await {
            Ok(now) => now,
            Err(turn) => return turn,
        };
        let event = match ready {
            StepReadiness::Done(after) if begun => Event::Confirmed { step: index, after },
            StepReadiness::Done(_) => Event::Already { step: index },
            StepReadiness::Taken => Event::Accepted { step: index },
            StepReadiness::Halt(halt, why) => Event::Paused { step: Some(index), halt, why },
            StepReadiness::Go(_) if begun && run.is_too_late(step, now, &self.rules, &self.limits) => {
                let why =
                    "it began, its effect does not show, and the time in which it may be sent has run out"
                        .to_owned();
                Event::Paused { step: Some(index), halt: PauseReason::Unconfirmed, why }
            }
            // The look took so long that the approval has aged: what comes next is a new plan.
            StepReadiness::Go(_) if run.is_too_late(step, now, &self.rules, &self.limits) => {
                return Turn::Again;
            }
            StepReadiness::Go(before) => return self.begin(run, lease, index, step, before).await,
        };
        self.append(run, lease, &[event], AppendOptions::default()).await
    }

    /// Looks at the world before a step: its state, and the conditions of its rung, read again.
    async fn observe(&self, current: &Current, step: &Step, begun: bool) -> StepReadiness {
        let look = ReadScope::For(step.op.clone());
        let mut evidence = self.world.gather(current.plan.subject.clone(), look).await;
        // What an earlier step has moved out of the way explains a refusal no longer.
        // What was not read takes no weight from anything.
        PriorRuns::Journal(self.ledger.clone()).add_to(&mut evidence).await.ok();
        let case = Case::new(&evidence);
        let before = match step.op.state_since(&case, current.begun_at.filter(|_| begun)) {
            State::Done(after) => return StepReadiness::Done(after),
            State::Underway(_) => return StepReadiness::Taken,
            State::Blocked(why) => return StepReadiness::Halt(PauseReason::Changed, why),
            State::Unread(sources) => {
                let names: Vec<&str> = sources.iter().map(|source| source.name()).collect();
                return StepReadiness::Halt(
                    PauseReason::Condition,
                    format!("{} could not be read", names.join(", ")),
                );
            }
            State::Open(before) => before,
        };
        if begun && step.op.is_one_shot() {
            return StepReadiness::Halt(
                PauseReason::Ambiguous,
                "The call may have been sent, and its effect does not show. It is never sent a second time by the machine."
                    .to_owned(),
            );
        }
        if !begun && before != step.before && !step.before.is_null() {
            return StepReadiness::Halt(
                PauseReason::Changed,
                format!("the plan expected {}, and there is {before}", step.before),
            );
        }
        match conditions(&step.op, &case, &self.rules) {
            ConditionState::True => StepReadiness::Go(before),
            ConditionState::False(why) => StepReadiness::Halt(PauseReason::Condition, why),
            // A step that an approver let pass with this very gap may go on with it.
            ConditionState::Unread(sources)
                if step.risk > step.op.risk() && approver_decides(&step.op, &sources) =>
            {
                StepReadiness::Go(before)
            }
            ConditionState::Unread(sources) => {
                let names: Vec<&str> = sources.iter().map(|source| source.name()).collect();
                StepReadiness::Halt(PauseReason::Condition, format!("{} could not be read", names.join(", ")))
            }
        }
    }

    /// The upstream took the step, and its effect takes long: look, and let the database count the time until the
    /// next look. Nothing is sent from here, so a process that dies in between loses nothing.
    async fn await_effect(
        &self,
        run: &Run,
        lease: &Lease,
        index: usize,
        current: &Current,
        step: &Step,
    ) -> Turn {
        let look = ReadScope::Effect(step.op.clone());
        let evidence = self.world.gather(current.plan.subject.clone(), look).await;
        let patience = step.op.takes().unwrap_or(self.confirm_within);
        let begun = current.begun_at.unwrap_or(current.at);
        let now = match self.now().await {
            Ok(now) => now,
            Err(turn) => return turn,
        };
        let waited = now.duration_since(begun).unsigned_abs();
        let event = match step.op.state_since(&Case::new(&evidence), Some(begun)) {
            State::Done(after) => Event::Confirmed { step: index, after },
            _ if waited >= patience => {
                let why = format!(
                    "it was accepted, and after {} hours its effect does not show",
                    patience.as_secs() / 3600
                );
                Event::Paused { step: Some(index), halt: PauseReason::Unconfirmed, why }
            }
            _ => {
                let pause = (waited / 4).clamp(self.timing.first_wait, MAX_LOOK_PAUSE);
                return Turn::Stop(Stop::Sleep(Sleep::For(pause.min(patience.saturating_sub(waited)))));
            }
        };
        self.append(run, lease, &[event], AppendOptions::default()).await
    }

    /// Writes `Began` down, with the snapshot and the daily cap in the same transaction, then acts.
    async fn begin(
        &self,
        run: &Run,
        lease: &Lease,
        index: usize,
        step: &Step,
        before: serde_json::Value,
    ) -> Turn {
        match self.ledger.store().renew(lease, self.timing.lease).await {
            Ok(true) => {}
            Ok(false) => return Turn::Stop(Stop::Lost),
            Err(error) => return Turn::Stop(Stop::Trouble(error.to_string())),
        }
        let now = match self.now().await {
            Ok(now) => now,
            Err(turn) => return turn,
        };
        let mut events = Vec::new();
        let mut also = AppendOptions::default();
        let begun =
            run.current.as_ref().and_then(|current| current.progress.get(index)) == Some(&Progress::Begun);
        // A step that is sent again was counted, and its snapshot taken, when it began.
        if step.op.is_capped() && !begun {
            events.push(Event::Snapshot { step: index, was: snapshot(run) });
            also.risky = Some(DailyCap { limit: self.risky_per_day, within: CAP_WINDOW });
        }
        // Said here and judged by the fold, which does not trust that `next()` has counted.
        events.push(Event::Began { step: index, before, needs: Some(self.rules.needs(step.risk)) });
        match self.ledger.append(&lease.run, run, Some(lease), &events, now, also).await {
            Ok(_) => {}
            Err(JournalError::Append(AppendError::Conflict { .. })) => return Turn::Again,
            Err(JournalError::Append(AppendError::CapReached { used, limit })) => {
                let why = format!("{used} of {limit} risky steps have begun in the last 24 hours");
                let event = Event::Paused { step: Some(index), halt: PauseReason::Cap, why };
                return self.append(run, lease, &[event], AppendOptions::default()).await;
            }
            Err(error) => return refused(&error),
        }
        self.changed.notify_one();
        let begun_at = run.current.as_ref().and_then(|current| current.begun_at.filter(|_| begun));
        self.act(run, lease, index, step, begun_at.unwrap_or(now)).await
    }

    async fn act(&self, run: &Run, lease: &Lease, index: usize, step: &Step, begun: Timestamp) -> Turn {
        let first = self.timing.first_wait;
        let mut limited = Duration::ZERO;
        let acted = loop {
            // Fencing protects the journal, not the world: the lease is asked right before sending.
            // What must not be sent twice must also have ended before somebody else may take over.
            let left = lease.left().saturating_sub(self.timing.margin);
            if left.is_zero() {
                return Turn::Stop(Stop::Lost);
            }
            let within = if step.op.is_one_shot() { left } else { self.timing.patient };
            match self.world.act(&step.op, within).await {
                ActOutcome::Later(after) if step.op.is_one_shot() && limited < self.timing.limited => {
                    let wait = after.unwrap_or(first).clamp(first, self.timing.longest_wait);
                    limited += wait;
                    tokio::time::sleep(wait).await;
                }
                // Certainly not done, and safe to begin again: let the database count the time.
                ActOutcome::Later(after) if !step.op.is_one_shot() => {
                    return Turn::Stop(Stop::Sleep(Sleep::For(after.unwrap_or(first * 2))));
                }
                acted => break acted,
            }
        };
        if acted == ActOutcome::Accepted && step.op.takes().is_some() {
            return self.settle(lease, index, Event::Accepted { step: index }).await;
        }
        let patience = match &acted {
            // Nobody waits here for what may take a day: the next look tells whether it was taken.
            ActOutcome::Unknown(_) if step.op.takes().is_some() => self.timing.grace,
            ActOutcome::NoEffect(_) => self.timing.grace.min(self.confirm_within),
            ActOutcome::Refused(_) | ActOutcome::Later(_) => Duration::ZERO,
            ActOutcome::Accepted | ActOutcome::Unknown(_) => self.confirm_within,
        };
        let seen = self.confirm(run, step, begun, patience).await;
        let event = match (seen, acted) {
            (Some(after), _) => Event::Confirmed { step: index, after },
            (None, ActOutcome::Refused(why)) => {
                Event::Paused { step: Some(index), halt: PauseReason::Refused, why }
            }
            (None, ActOutcome::Later(_)) => {
                let why = "the upstream kept limiting us; nothing was done".to_owned();
                Event::Paused { step: Some(index), halt: PauseReason::Refused, why }
            }
            (None, ActOutcome::NoEffect(why)) if step.op.rung() <= 2 => Event::NoEffect { step: index, why },
            (None, ActOutcome::Accepted) if step.op.rung() <= 2 => {
                let why = "it was accepted, and Atlassian does not show it".to_owned();
                Event::NoEffect { step: index, why }
            }
            (None, ActOutcome::Unknown(_)) if step.op.takes().is_some() => return Turn::Again,
            (None, ActOutcome::Unknown(why)) if step.op.is_one_shot() => {
                Event::Paused { step: Some(index), halt: PauseReason::Ambiguous, why }
            }
            (None, ActOutcome::Accepted) => {
                let why = "it was accepted, and its effect does not show".to_owned();
                Event::Paused { step: Some(index), halt: PauseReason::Unconfirmed, why }
            }
            (None, ActOutcome::NoEffect(why) | ActOutcome::Unknown(why)) => {
                Event::Paused { step: Some(index), halt: PauseReason::Unconfirmed, why }
            }
        };
        self.settle(lease, index, event).await
    }

    /// Looks until the wanted state shows, backing off, for as long as patience lasts; at least once. The time that
    /// looks take counts too, and the last look begins when patience is over, so nothing that shows in time is missed.
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

    /// Writes down how a step that was sent came out, even if another process appends in between.
    async fn settle(&self, lease: &Lease, index: usize, event: Event) -> Turn {
        loop {
            let run = match self.ledger.run(&lease.run).await {
                Ok(run) => run,
                Err(error) => return Turn::Stop(Stop::Trouble(error.to_string())),
            };
            let begun = run.current.as_ref().and_then(|current| current.progress.get(index))
                == Some(&Progress::Begun);
            if !begun || run.ended.is_some() {
                return Turn::Again;
            }
            let now = match self.now().await {
                Ok(now) => now,
                Err(turn) => return turn,
            };
            let events = std::slice::from_ref(&event);
            match self
                .ledger
                .append(&lease.run, &run, Some(lease), events, now, AppendOptions::default())
                .await
            {
                Ok(_) => return Turn::Again,
                Err(JournalError::Append(AppendError::Conflict { .. })) => {}
                Err(error) => return refused(&error),
            }
        }
    }
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
