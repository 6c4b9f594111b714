//! What is sent to make an op true: one call each, and only documented calls (docs/reference/rules.md#atlassian-calls).
//! An answer is never taken for the effect; it only says how long it is worth looking for the effect.

use super::Live;
use crate::upstream::CallError;
use crate::upstream::entra::ondemand::{OnDemand, Verdict};
use crate::world::ActOutcome;
use reinstate_core::Op;

const NO_ENTRA: &str = "no Entra credential is configured";

impl Live {
    pub(super) async fn send(&self, op: &Op) -> ActOutcome {
        match op {
            Op::ProvisionUser { person, .. } => self.on_demand(person, None).await,
            Op::ProvisionMembership { person, group, .. } => self.on_demand(person, Some(group)).await,
            Op::DeleteRecord { record } => {
                let directory = self.clients.scim.iter().find(|known| known.id == record.directory);
                match directory.and_then(|known| known.client.as_ref()) {
                    Some(scim) => acted(scim.delete_user(&record.record).await.map(|_| ())),
                    None => ActOutcome::Refused("no SCIM key is configured for that directory".to_owned()),
                }
            }
            Op::StartProvisioning { job } => match &self.clients.entra {
                Some(entra) => acted(entra.start_job(&self.service_principal, job).await),
                None => ActOutcome::Refused(NO_ENTRA.to_owned()),
            },
            Op::RestartProvisioning { job, scope } => match &self.clients.entra {
                Some(entra) => acted(entra.restart_job(&self.service_principal, job, *scope).await),
                None => ActOutcome::Refused(NO_ENTRA.to_owned()),
            },
            other => {
                let Some(org) = &self.clients.atlassian else {
                    return ActOutcome::Refused("no organization key is configured".to_owned());
                };
                acted(match other {
                    Op::RestoreAccess { directory: None, .. } | Op::SuspendAccess { directory: None, .. } => {
                        return ActOutcome::Refused("the step names no directory".to_owned());
                    }
                    Op::RestoreAccess { account, directory: Some(directory) } => {
                        org.restore(directory, account).await
                    }
                    Op::SuspendAccess { account, directory: Some(directory) } => {
                        org.suspend(directory, account).await
                    }
                    Op::ActivateAccount { account } => org.enable(account).await,
                    Op::DeactivateAccount { account } => org.disable(account).await,
                    Op::ScheduleDeletion { account } => org.schedule_deletion(account).await,
                    Op::CancelDeletion { account } => org.cancel_deletion(account).await,
                    Op::UnlinkRecord { record, .. } => org.unlink(&record.directory, &record.record).await,
                    Op::ForgetAccountRecords { account, .. } => org.forget_records(account).await,
                    Op::ParkEmail { account, to, .. } | Op::ReturnEmail { account, to, .. } => {
                        org.set_email(account, to).await
                    }
                    _ => return ActOutcome::Refused("this is not a call to Atlassian".to_owned()),
                })
            }
        }
    }

    async fn on_demand(&self, person: &str, group: Option<&str>) -> ActOutcome {
        let Some(entra) = &self.clients.entra else {
            return ActOutcome::Refused(NO_ENTRA.to_owned());
        };
        let job = match self.job().await {
            Ok(job) => job,
            Err(why) => {
                return ActOutcome::Refused(format!("the synchronization job could not be read: {why}"));
            }
        };
        let mapping = match entra.mapping(&self.service_principal, &job.id).await {
            Ok(mapping) => mapping,
            Err(error) => {
                return ActOutcome::Refused(format!("the job's rules could not be read: {}", error.reason()));
            }
        };
        let rule = if group.is_some() { mapping.group_rule } else { mapping.user_rule };
        let Some(rule) = rule else {
            return ActOutcome::Refused("the job has no rule that provisions on demand".to_owned());
        };
        let service_principal = &self.service_principal;
        let answer = match group {
            None => entra.provision_user(service_principal, &job.id, &rule, person).await,
            Some(group) => {
                entra.provision_members(service_principal, &job.id, &rule, group, &[person.to_owned()]).await
            }
        };
        match answer {
            Ok(answer) => verdict(answer),
            Err(error) => acted(Err(error)),
        }
    }
}

/// HTTP 200 is not success (docs/reference/rules.md#entra-success-is-not-an-effect).
fn verdict(answer: OnDemand) -> ActOutcome {
    match answer.verdict {
        Verdict::Applied => ActOutcome::Accepted,
        Verdict::EntraThinksInSync => {
            ActOutcome::NoEffect("the identity provider believes that both sides agree already".to_owned())
        }
        Verdict::OutOfScope(scoping) => {
            let clauses = scoping.failed_clauses.join(", ");
            let why =
                if clauses.is_empty() { "not assigned, or not in scope yet".to_owned() } else { clauses };
            ActOutcome::Refused(format!("the identity provider leaves the person out: {why}"))
        }
        Verdict::Failed { code, reason } => {
            let code = code.unwrap_or_else(|| "no code".to_owned());
            let reason = reason.map(|reason| format!(": {}", shorten(&reason))).unwrap_or_default();
            ActOutcome::NoEffect(format!("the identity provider could not write it ({code}{reason})"))
        }
        Verdict::Unknown => {
            ActOutcome::Unknown("the identity provider's answer was not understood".to_owned())
        }
    }
}

fn shorten(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect()
}

fn acted(answer: Result<(), CallError>) -> ActOutcome {
    match answer {
        // A 2xx that was not understood was taken all the same; looking tells.
        Ok(()) | Err(CallError::Garbled { .. }) => ActOutcome::Accepted,
        Err(CallError::Later { after, .. }) => ActOutcome::Later(after),
        // Nothing was sent.
        Err(CallError::Unreachable { .. }) => ActOutcome::Later(None),
        Err(error) if error.is_not_done() => ActOutcome::Refused(error.reason()),
        Err(error) => ActOutcome::Unknown(error.reason()),
    }
}
