//! Looking: read everything, diagnose, plan, write the plan down; and at the end read everything again to see
//! whether access is back. It must never call a run finished on anything but a fresh look.

use std::time::Duration;

use reinstate_core::planner::left_over;
use reinstate_core::run::begun;
use reinstate_core::subject::normalize;
use reinstate_core::{Diagnosis, Event, Goal, Op, Outcome, Plan, Run, Subject, Verdict};
use reinstate_store::{AppendError, AppendOptions, Lease, Sleep, StoreError, TENANT, Tenant};

use super::assess::{Assessment, Gather, PlanFor, assess};
use super::prior_runs::PriorRuns;
use super::{Engine, JournalError, Stop, Turn, busy, ended, refused};

/// Why a run has no plan.
pub(super) enum PlanOutcome {
    /// Nobody was admitted to it.
    NotAdmitted,
    /// The store failed; try again soon.
    Trouble(String),
    /// There can be none; why, for people.
    Impossible(String),
}

/// How many plans one run may make before a person has to start another.
const MAX_PLANS: u32 = 12;

impl Engine {
    /// Reads everything and makes the plan that the run is for.
    pub(super) async fn survey(&self, run: &Run) -> Result<(Diagnosis, Plan), PlanOutcome> {
        let (Some((_, who)), Some(asked)) = (run.admitted.as_ref(), run.asked.as_ref()) else {
            return Err(PlanOutcome::NotAdmitted);
        };
        let mut subject = Subject::asked(who.clone());
        let begun = match &asked.aim {
            Goal::Repair { keep } => {
                subject.keep.clone_from(keep);
                Vec::new()
            }
            Goal::Undo { run } | Goal::Retire { run } => self.begun_by(run).await?,
        };
        // What the other run touched is read as well, whether or not it still is the person's.
        subject.accounts.extend(begun.iter().filter_map(Op::account).map(str::to_owned));
        subject.addresses.extend(begun.iter().filter_map(Op::frees).map(normalize));
        subject.records.extend(begun.iter().flat_map(Op::records).cloned());
        let goal = match &asked.aim {
            Goal::Repair { .. } => PlanFor::Repair,
            Goal::Undo { .. } => PlanFor::Undo(&begun),
            Goal::Retire { .. } => PlanFor::Retire(left_over(&begun).ok_or_else(|| {
                PlanOutcome::Impossible(
                    "That run left no account over, so there is nothing to retire.".to_owned(),
                )
            })?),
        };
        let prior_runs = PriorRuns::Journal(self.ledger.clone());
        let (world, gather) = (self.world.as_ref(), Gather::Person(subject));
        let Assessment { diagnosis, plan, .. } =
            assess(world, &prior_runs, &self.rules, gather, goal, &run.tried()).await;
        Ok((diagnosis, plan))
    }

    /// What another run began, by its journal.
    async fn begun_by(&self, run: &str) -> Result<Vec<Op>, PlanOutcome> {
        match self.ledger.entries::<Run>(run).await {
            Ok(events) => Ok(begun(events.iter().map(|(_, _, event)| event))),
            Err(JournalError::Store(error)) if !matches!(error, StoreError::UnknownRun(_)) => {
                Err(PlanOutcome::Trouble(error.to_string()))
            }
            Err(_) => Err(PlanOutcome::Impossible(
                "What that run did can no longer be read: its personal data was erased, or there is no such run."
                    .to_owned(),
            )),
        }
    }

    /// Why there is no plan, as a turn of the run.
    pub(super) async fn unplanned(&self, run: &Run, lease: &Lease, why: PlanOutcome) -> Turn {
        match why {
            PlanOutcome::NotAdmitted => Turn::Stop(Stop::Sleep(Sleep::ForEver)),
            PlanOutcome::Trouble(why) => Turn::Stop(Stop::Trouble(why)),
            PlanOutcome::Impossible(says) => {
                self.append(run, lease, &[Event::Ended { outcome: Outcome::Refused, message: says }], ended())
                    .await
            }
        }
    }

    pub(super) async fn look(&self, run: &Run, lease: &Lease) -> Turn {
        match self.survey(run).await {
            Ok((diagnosis, plan)) => self.planned(run, lease, diagnosis, plan).await,
            Err(why) => self.unplanned(run, lease, why).await,
        }
    }

    /// Writes a plan down and claims what it may write. Somebody else's claim ends this run: they were first.
    pub(super) async fn planned(&self, run: &Run, lease: &Lease, diagnosis: Diagnosis, plan: Plan) -> Turn {
        if run.plans >= MAX_PLANS && !plan.steps.is_empty() {
            let says =
                "It looked again and again without an end in sight. A person should look at the trail."
                    .to_owned();
            return self
                .append(run, lease, &[Event::Ended { outcome: Outcome::Advice, message: says }], ended())
                .await;
        }
        let writes = !plan.steps.is_empty();
        let share = if plan.is_tenant_wide() { Tenant::Exclusive } else { Tenant::Shared };
        let also = AppendOptions {
            claim: if writes { plan.subject.claims() } else { Vec::new() },
            about: plan.subject.names(),
            tenant: writes.then_some(share),
            ..AppendOptions::default()
        };
        let digest = plan.digest();
        let event = Event::Planned { diagnosis: Box::new(diagnosis), plan: Box::new(plan), digest };
        let now = match self.now().await {
            Ok(now) => now,
            Err(turn) => return turn,
        };
        match self.ledger.append(&lease.run, run, Some(lease), &[event], now, also).await {
            Ok(after) => Turn::On(Box::new(after)),
            Err(JournalError::Append(AppendError::Conflict { .. })) => Turn::Again,
            Err(JournalError::Append(AppendError::Claimed { by_run, identity })) => {
                let event = if identity == TENANT {
                    let says = format!(
                        "Run {by_run} is at work, and a step on the whole tenant and any other repair keep out of each other's way. Ask again when it has ended."
                    );
                    Event::Ended { outcome: Outcome::Busy, message: says }
                } else {
                    busy(&by_run)
                };
                self.append(run, lease, &[event], ended()).await
            }
            Err(error) => refused(&error),
        }
    }

    /// All steps are settled: is access back?
    pub(super) async fn prove(&self, run: &Run, lease: &Lease) -> Turn {
        let (diagnosis, plan) = match self.survey(run).await {
            Ok(surveyed) => surveyed,
            Err(why) => return self.unplanned(run, lease, why).await,
        };
        let repairs = matches!(run.asked.as_ref().map(|asked| &asked.aim), Some(Goal::Repair { .. }));
        if repairs && diagnosis.verdict != Verdict::Healthy && plan.steps.is_empty() {
            let since = run.current.as_ref().and_then(|current| current.settled_at);
            let patience = self.timing.proof.min(self.confirm_within);
            let now = match self.now().await {
                Ok(now) => now,
                Err(turn) => return turn,
            };
            let waited = since.map(|at| now.duration_since(at));
            let waited = waited.and_then(|waited| Duration::try_from(waited).ok()).unwrap_or(patience);
            if waited < patience && may_be_late(&diagnosis) {
                return Turn::Stop(Stop::Sleep(Sleep::For((waited / 2).max(self.timing.first_wait))));
            }
        }
        self.planned(run, lease, diagnosis, plan).await
    }

    /// A plan with no steps is the end of the run.
    pub(super) async fn conclude(&self, run: &Run, lease: &Lease) -> Turn {
        let Some(current) = &run.current else { return Turn::Stop(Stop::Sleep(Sleep::ForEver)) };
        let did_something = !run.steps_done().is_empty();
        let aim = run.asked.as_ref().map(|asked| &asked.aim);
        if let Some(Goal::Undo { .. } | Goal::Retire { .. }) = aim {
            let undo = matches!(aim, Some(Goal::Undo { .. }));
            let (outcome, says) = match (did_something, undo) {
                (true, true) => (Outcome::Done, "What could be taken back is taken back, and was read back."),
                (true, false) => (Outcome::Done, "The account is retired, and that was read back."),
                (false, true) => (Outcome::Advice, "Nothing of that run is left that could be taken back."),
                (false, false) => (Outcome::Advice, "Nothing was done; the reason stands with the plan."),
            };
            let event = Event::Ended { outcome, message: says.to_owned() };
            return self.append(run, lease, &[event], ended()).await;
        }
        let (outcome, says) = match current.diagnosis.verdict {
            Verdict::Healthy if did_something => (Outcome::Restored, restored(&current.diagnosis)),
            Verdict::Healthy => (Outcome::Healthy, "Nothing was done.".to_owned()),
            Verdict::CannotTell => (
                Outcome::CannotTell,
                "Whether access is in order could not be told, so nothing more was done.".to_owned(),
            ),
            Verdict::Broken => (Outcome::Advice, "The advice says where and how.".to_owned()),
        };
        self.append(run, lease, &[Event::Ended { outcome, message: says }], ended()).await
    }
}

fn restored(diagnosis: &Diagnosis) -> String {
    let groups = diagnosis.groups.present.as_ref().map_or(0, Vec::len);
    match groups {
        0 => "The account is active and has an app role.".to_owned(),
        1 => "The account is active, and Atlassian shows the expected group.".to_owned(),
        _ => format!("The account is active, and Atlassian shows all {groups} expected groups."),
    }
}

/// Whether all that is left may only be late: what was provisioned a moment ago shows up bit by bit.
fn may_be_late(diagnosis: &Diagnosis) -> bool {
    use reinstate_core::Cause;
    diagnosis.findings.iter().filter(|finding| finding.blocking).all(|finding| {
        matches!(
            finding.code,
            Cause::GroupWithoutRole | Cause::PropagationLag | Cause::NotInDirectory | Cause::MembershipDrift
        )
    })
}
