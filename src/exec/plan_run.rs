//! Makes and writes the plan of a run. At the end it reads everything again and proves that access is back. It must
//! never end a run as restored without a fresh read.

use std::time::Duration;

use reinstate_core::planner::left_over;
use reinstate_core::run::{EndReason, begun};
use reinstate_core::subject::normalize;
use reinstate_core::{Diagnosis, Event, Goal, Op, Outcome, Plan, Run, Subject, Verdict, WorkedHere};
use reinstate_store::{AppendError, AppendOptions, Lease, Sleep, StoreError, TENANT, Tenant};

use super::advance::Advance;
use super::assess::{Assessment, Gather, PlanFor, assess};
use super::prior_runs::{PriorRuns, job_identity};
use super::{Engine, JournalError, busy, end, ended};

/// Why a run has no plan.
pub(super) enum PlanOutcome {
    /// The requester was not admitted.
    NotAdmitted,
    /// The store failed; try again soon.
    Trouble(String),
    /// No plan is possible; the text explains why to people.
    Impossible(EndReason),
}

/// How many plans one run may make. After that, a person must start another run.
const MAX_PLANS: u32 = 12;

impl Engine {
    /// Reads everything, diagnoses, and makes the plan for the goal of the run.
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
        // What the other run touched is read too, even if it no longer belongs to the person.
        subject.accounts.extend(begun.iter().filter_map(Op::account).map(str::to_owned));
        subject.addresses.extend(begun.iter().filter_map(Op::frees).map(normalize));
        subject.records.extend(begun.iter().flat_map(Op::records).cloned());
        let goal = match &asked.aim {
            Goal::Repair { .. } => PlanFor::Repair,
            Goal::Undo { .. } => PlanFor::Undo(&begun),
            Goal::Retire { .. } => PlanFor::Retire(
                left_over(&begun).ok_or(PlanOutcome::Impossible(EndReason::NoAccountLeftOver))?,
            ),
        };
        let prior_runs = PriorRuns::Journal(self.journal.clone());
        let (world, gather) = (self.world.as_ref(), Gather::Person(subject));
        let tried = run.tried();
        let assessed = assess(world, &prior_runs, &self.rules, gather, goal, &tried);
        // A repair of a sweep has no card that could show what has worked here.
        let figures = async {
            if run.part.is_none() {
                self.journal.read_what_worked().await;
            }
        };
        let (Assessment { diagnosis, plan, .. }, ()) = tokio::join!(assessed, figures);
        Ok((diagnosis, plan))
    }

    /// The steps that another run began, from its journal.
    async fn begun_by(&self, run: &str) -> Result<Vec<Op>, PlanOutcome> {
        match self.journal.entries::<Run>(run).await {
            Ok(events) => Ok(begun(events.iter().map(|(_, _, event)| event))),
            Err(JournalError::Store(error)) if !matches!(error, StoreError::UnknownRun(_)) => {
                Err(PlanOutcome::Trouble(error.to_string()))
            }
            Err(_) => Err(PlanOutcome::Impossible(EndReason::EarlierRunUnreadable)),
        }
    }

    /// Converts a missing plan into the next iteration of the run.
    pub(super) async fn unplanned(
        &self,
        run: &Run,
        lease: &Lease,
        why: PlanOutcome,
    ) -> Result<Box<Run>, Advance> {
        match why {
            PlanOutcome::NotAdmitted => Err(Advance::Sleep(Sleep::ForEver)),
            PlanOutcome::Trouble(why) => Err(Advance::StoreFailed(why)),
            PlanOutcome::Impossible(reason) => self.end(run, lease, Outcome::Refused, reason).await,
        }
    }

    pub(super) async fn look(&self, run: &Run, lease: &Lease) -> Result<Box<Run>, Advance> {
        match self.survey(run).await {
            Ok((diagnosis, plan)) => self.planned(run, lease, diagnosis, plan).await,
            Err(why) => self.unplanned(run, lease, why).await,
        }
    }

    /// Writes a plan and claims what it may change. If another run already holds a claim, this run ends: the other
    /// was first.
    pub(super) async fn planned(
        &self,
        run: &Run,
        lease: &Lease,
        diagnosis: Diagnosis,
        plan: Plan,
    ) -> Result<Box<Run>, Advance> {
        if run.plans >= MAX_PLANS && !plan.steps.is_empty() {
            return self.end(run, lease, Outcome::Advice, EndReason::TooManyPlans).await;
        }
        let plan = Plan { worked_here: self.worked_here(run, &diagnosis, &plan).await, ..plan };
        let writes = !plan.steps.is_empty();
        let share = if plan.is_tenant_wide() { Tenant::Exclusive } else { Tenant::Shared };
        let also = AppendOptions {
            claim: if writes { plan.subject.claims() } else { Vec::new() },
            about: plan.subject.names().into_iter().chain(jobs(&plan)).collect(),
            tenant: writes.then_some(share),
            ..AppendOptions::default()
        };
        let digest = plan.digest();
        let event = Event::Planned { diagnosis: Box::new(diagnosis), plan: Box::new(plan), digest };
        let now = self.now().await?;
        match self.journal.append(&lease.run, run, Some(lease), &[event], now, also).await {
            Ok(after) => Ok(Box::new(after)),
            Err(JournalError::Append(AppendError::Claimed { by_run, identity })) => {
                let event = if identity == TENANT {
                    end(Outcome::Busy, EndReason::TenantBusy { run: by_run })
                } else {
                    busy(&by_run)
                };
                self.append(run, lease, &[event], ended()).await
            }
            Err(error) => Err(error.into()),
        }
    }

    /// How often the first step of a repair has worked here against its cause.
    async fn worked_here(&self, run: &Run, diagnosis: &Diagnosis, plan: &Plan) -> Option<WorkedHere> {
        let asked = run.asked.as_ref().filter(|_| run.part.is_none())?;
        let step = plan.steps.first().filter(|_| matches!(asked.aim, Goal::Repair { .. }))?;
        self.journal.worked_here(diagnosis.main_cause()?, step.op.action()).await
    }

    /// Runs when all steps are settled: it reads everything again and checks whether access is back.
    pub(super) async fn prove(&self, run: &Run, lease: &Lease) -> Result<Box<Run>, Advance> {
        let (diagnosis, plan) = match self.survey(run).await {
            Ok(surveyed) => surveyed,
            Err(why) => return self.unplanned(run, lease, why).await,
        };
        let repairs = matches!(run.asked.as_ref().map(|asked| &asked.aim), Some(Goal::Repair { .. }));
        if repairs && diagnosis.verdict != Verdict::Healthy && plan.steps.is_empty() {
            let since = run.current.as_ref().and_then(|current| current.settled_at);
            let patience = self.timing.proof.min(self.confirm_within);
            let now = self.now().await?;
            let waited = since.map(|at| now.duration_since(at));
            let waited = waited.and_then(|waited| Duration::try_from(waited).ok()).unwrap_or(patience);
            if waited < patience && may_be_late(&diagnosis) {
                return Err(Advance::Sleep(Sleep::For((waited / 2).max(self.timing.first_wait))));
            }
        }
        self.planned(run, lease, diagnosis, plan).await
    }

    /// Ends a run whose plan has no steps.
    pub(super) async fn conclude(&self, run: &Run, lease: &Lease) -> Result<Box<Run>, Advance> {
        let Some(current) = &run.current else { return Err(Advance::Sleep(Sleep::ForEver)) };
        let did_something = !run.steps_done().is_empty();
        let aim = run.asked.as_ref().map(|asked| &asked.aim);
        if let Some(Goal::Undo { .. } | Goal::Retire { .. }) = aim {
            let undo = matches!(aim, Some(Goal::Undo { .. }));
            let (outcome, reason) = match (did_something, undo) {
                (true, true) => (Outcome::Done, EndReason::Undone),
                (true, false) => (Outcome::Done, EndReason::Retired),
                (false, true) => (Outcome::Advice, EndReason::NothingToUndo),
                (false, false) => (Outcome::Advice, EndReason::NotRetired),
            };
            return self.end(run, lease, outcome, reason).await;
        }
        let (outcome, reason) = match current.diagnosis.verdict {
            Verdict::Healthy if did_something => (Outcome::Restored, restored(&current.diagnosis)),
            Verdict::Healthy => (Outcome::Healthy, EndReason::NothingToDo),
            Verdict::CannotTell => (Outcome::CannotTell, EndReason::CannotTell),
            Verdict::Broken => (Outcome::Advice, EndReason::Advice),
        };
        let ended = self.end(run, lease, outcome, reason).await?;
        if current.diagnosis.verdict == Verdict::Healthy {
            self.tell_watch(&current.diagnosis.subject).await;
        }
        Ok(ended)
    }

    /// Closes what the watch told about this person, so that a later loss is told again. If it fails, the watch finds the
    /// recovery itself.
    async fn tell_watch(&self, subject: &Subject) {
        if let Err(error) = self.journal.store().has_recovered(subject.names()).await {
            tracing::warn!(%error, "an incident of the watch could not be closed; the watch looks again");
        }
    }
}

/// The jobs that a plan starts, so that later runs find it.
fn jobs(plan: &Plan) -> impl Iterator<Item = String> + '_ {
    let wide = plan.steps.iter().filter(|step| step.op.is_tenant_wide());
    wide.map(|step| job_identity(step.op.target()))
}

fn restored(diagnosis: &Diagnosis) -> EndReason {
    EndReason::Restored { groups: diagnosis.groups.present.as_ref().map_or(0, Vec::len) }
}

/// Whether each remaining blocking finding can be a delay: Atlassian shows new provisioning bit by bit.
fn may_be_late(diagnosis: &Diagnosis) -> bool {
    use reinstate_core::Cause;
    diagnosis.findings.iter().filter(|finding| finding.blocking).all(|finding| {
        matches!(
            finding.code,
            Cause::GroupWithoutRole | Cause::PropagationLag | Cause::NotInDirectory | Cause::MembershipDrift
        )
    })
}
