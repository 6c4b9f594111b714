//! Which entry may follow which. The fold asks before it applies anything, so a forged or torn journal stops
//! instead of acting, and nothing is written that could not be read again.

use super::{Event, Progress, Run};

impl Run {
    /// Whether an entry can follow; if not, why.
    pub(super) fn legal(&self, seq: i64, event: &Event) -> Result<(), &'static str> {
        if seq != self.seq + 1 {
            return Err("its number does not follow");
        }
        if self.ended.is_some() && !matches!(event, Event::Denied { .. }) {
            return Err("the run has ended");
        }
        if self.asked.is_none() != matches!(event, Event::Opened { .. }) {
            return Err("a run begins with its opening, once");
        }
        let progress =
            |step: &usize| self.current.as_ref().and_then(|current| current.progress.get(*step)).copied();
        match event {
            // Another admission would name another person for the same approvals.
            Event::Admitted { .. } if self.admitted.is_some() => Err("somebody was admitted before"),
            Event::Planned { plan, digest, .. } if plan.digest() != *digest => {
                Err("the digest is not the plan's")
            }
            Event::Planned { .. } if self.admitted.is_none() => Err("nobody was admitted"),
            Event::Planned { .. } if self.waiting.is_some() => Err("the run waits for a person"),
            Event::Planned { .. } if self.is_on_its_way() && !self.look_again => Err("a step is on its way"),
            Event::Retried { .. } if self.is_on_its_way() => Err("a step is on its way"),
            Event::Approved { by, digest } => self.legal_approval(by, digest),
            Event::Declined { digest, .. } | Event::Expired { digest } => self.legal_answer(digest),
            Event::Began { step, needs, .. } => {
                match (progress(step), self.current.as_ref().and_then(|c| c.plan.steps.get(*step))) {
                    _ if self.waiting.is_some() => Err("the run waits for a person"),
                    (Some(Progress::Open), _) if self.is_stopped() => Err("the run was stopped"),
                    _ if needs.is_some_and(|needs| self.approvals() < needs) => Err("it is not approved"),
                    _ if self.open_index() != Some(*step) => Err("another step comes first"),
                    // A step that can safely be sent again may begin again; a one-shot step never does.
                    (Some(Progress::Begun), Some(step)) if step.op.is_one_shot() => {
                        Err("a one-shot step begins once")
                    }
                    (Some(Progress::Open | Progress::Begun), _) => Ok(()),
                    _ => Err("there is no such open step"),
                }
            }
            Event::Accepted { step } => match progress(step) {
                Some(Progress::Begun) => Ok(()),
                _ => Err("the step has not begun"),
            },
            Event::Confirmed { step, .. } | Event::NoEffect { step, .. } => match progress(step) {
                Some(Progress::Begun | Progress::Accepted) => Ok(()),
                _ => Err("the step has not begun"),
            },
            Event::Already { step } => match progress(step) {
                _ if self.open_index() != Some(*step) => Err("another step comes first"),
                Some(Progress::Open) => Ok(()),
                _ => Err("the step is not open"),
            },
            _ => Ok(()),
        }
    }

    /// An answer is about the current plan, and the first one that closes it is the last.
    fn legal_answer(&self, digest: &str) -> Result<(), &'static str> {
        let Some(current) = &self.current else { return Err("there is no plan") };
        if current.digest.as_deref() != Some(digest) {
            return Err("it is about another plan");
        }
        if current.closed.is_some() {
            return Err("the plan was declined or has expired");
        }
        Ok(())
    }

    fn legal_approval(&self, by: &str, digest: &str) -> Result<(), &'static str> {
        self.legal_answer(digest)?;
        let Some(current) = &self.current else { return Err("there is no plan") };
        if current.approvals.iter().any(|approval| approval.by == by) {
            return Err("one person approves once");
        }
        if self.asked.as_ref().is_some_and(|asked| asked.by.id == by) {
            return Err("nobody approves their own request");
        }
        Ok(())
    }
}
