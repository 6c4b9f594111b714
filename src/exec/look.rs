//! Looking: read everything, diagnose, plan, write the plan down; and at the end read everything again to see
//! whether access is back. It must never call a run finished on anything but a fresh look.

use std::time::Duration;

use crate::core::{Diagnosis, Event, Outcome, Plan, Run, Subject, Verdict, diagnose, plan};
use crate::store::{Also, AppendError, Lease, Sleep, TENANT, Tenant};

use super::memory::remember;
use super::{Engine, Look, Stop, Turn, ended, refused};

/// How many plans one run may make before a person has to start another.
const MOST_PLANS: u32 = 12;

impl Engine {
    /// Reads everything and plans.
    pub(super) async fn survey(&self, run: &Run) -> Option<(Diagnosis, Plan)> {
        let (_, who) = run.admitted.as_ref()?;
        let mut evidence = self.world.gather(Subject::asked(who.clone()), Look::Everything).await;
        remember(&self.ledger, &mut evidence).await;
        let diagnosis = diagnose(&evidence);
        let plan = plan(&evidence, &diagnosis, &self.rules, &run.tried());
        Some((diagnosis, plan))
    }

    pub(super) async fn look(&self, run: &Run, lease: &Lease) -> Turn {
        match self.survey(run).await {
            Some((diagnosis, plan)) => self.planned(run, lease, diagnosis, plan).await,
            None => Turn::Stop(Stop::Sleep(Sleep::ForEver)),
        }
    }

    /// Writes a plan down and claims what it may write. Somebody else's claim ends this run: they were first.
    pub(super) async fn planned(&self, run: &Run, lease: &Lease, diagnosis: Diagnosis, plan: Plan) -> Turn {
        if run.plans >= MOST_PLANS && !plan.steps.is_empty() {
            let says =
                "It looked again and again without an end in sight. A person should look at the trail."
                    .to_owned();
            return self
                .append(run, lease, &[Event::Ended { outcome: Outcome::Advice, says }], ended())
                .await;
        }
        let writes = !plan.steps.is_empty();
        let identities = plan.subject.claims();
        let share = if plan.is_tenant_wide() { Tenant::Exclusive } else { Tenant::Shared };
        let also = Also {
            claim: if writes { identities.clone() } else { Vec::new() },
            about: identities,
            tenant: writes.then_some(share),
            ..Also::default()
        };
        let digest = plan.digest();
        let event = Event::Planned { diagnosis: Box::new(diagnosis), plan: Box::new(plan), digest };
        let now = crate::clock::now();
        match self.ledger.append(&lease.run, run.seq, Some(lease), &[event], now, also).await {
            Ok(_) | Err(AppendError::Conflict { .. }) => Turn::Again,
            Err(AppendError::Claimed { by_run, identity }) => {
                let says = if identity == TENANT {
                    format!(
                        "Run {by_run} is at work, and a step on the whole tenant and any other repair keep out of each other's way. Ask again when it has ended."
                    )
                } else {
                    format!("Run {by_run} is already at work on the same person. Follow that one.")
                };
                self.append(run, lease, &[Event::Ended { outcome: Outcome::Busy, says }], ended()).await
            }
            Err(error) => refused(&error),
        }
    }

    /// All steps are settled: is access back?
    pub(super) async fn prove(&self, run: &Run, lease: &Lease) -> Turn {
        let Some((diagnosis, plan)) = self.survey(run).await else {
            return Turn::Stop(Stop::Sleep(Sleep::ForEver));
        };
        if diagnosis.verdict != Verdict::Healthy && plan.steps.is_empty() {
            let since = run.current.as_ref().and_then(|current| current.settled_at);
            let patience = self.timing.proof.min(self.confirm_within);
            let waited = since.map(|at| crate::clock::now().duration_since(at));
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
        let (outcome, says) = match current.diagnosis.verdict {
            Verdict::Healthy if did_something => (Outcome::Restored, restored(&current.diagnosis)),
            Verdict::Healthy => (Outcome::Healthy, "Access is in order; nothing was done.".to_owned()),
            Verdict::CannotTell => (
                Outcome::CannotTell,
                "Whether access is in order could not be told, so nothing more was done.".to_owned(),
            ),
            Verdict::Broken => (
                Outcome::Advice,
                "What is left only a person can do; the advice says where and how.".to_owned(),
            ),
        };
        self.append(run, lease, &[Event::Ended { outcome, says }], ended()).await
    }
}

fn restored(diagnosis: &Diagnosis) -> String {
    let groups = diagnosis.groups.present.as_ref().map_or(0, Vec::len);
    format!("Access is back: the account is active, and Atlassian shows all {groups} expected groups.")
}

/// Whether all that is left may only be late: what was provisioned a moment ago shows up bit by bit.
fn may_be_late(diagnosis: &Diagnosis) -> bool {
    use crate::core::Cause;
    diagnosis.findings.iter().filter(|finding| finding.blocking).all(|finding| {
        matches!(
            finding.code,
            Cause::GroupWithoutRole | Cause::PropagationLag | Cause::NotInDirectory | Cause::MembershipDrift
        )
    })
}
