//! Faults of the provisioning job.

use reinstate_core::Cause;

use super::super::world::World;
use super::super::{history, schema};
use super::Fault;
use crate::entra::{Audit, By, JobCode, Quarantine, STOPPED};
use crate::tenant::hours_ago;

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "scim-key-rejected",
        codes: &[Cause::ScimKeyRejected],
        inject: |world| {
            if !world.lose_groups(usize::MAX) {
                return false;
            }
            history::rejected_key(world, 3);
            quarantine(world, "EncounteredQuarantineException", history::BAD_KEY);
            if let Some(job) = world.tenant.entra.atlassian_job() {
                "expired".clone_into(&mut job.secret_token);
            }
            true
        },
    },
    Fault {
        name: "provisioning-quarantined",
        codes: &[Cause::ProvisioningQuarantined],
        inject: |world| {
            quarantine(world, "TooManyDeletes", "TooManyDeletes");
            world.lose_groups(1);
            true
        },
    },
    Fault {
        name: "provisioning-stopped",
        codes: &[Cause::ProvisioningStopped],
        inject: |world| {
            stop(world);
            let audit = Audit {
                at: hours_ago(30),
                activity: STOPPED.to_owned(),
                by: By::User("admin@acme.example".to_owned()),
                service_principal: world.tenant.entra.atlassian.clone(),
            };
            world.tenant.entra.audits.push(audit);
            world.lose_groups(1);
            true
        },
    },
    Fault {
        name: "provisioning-stopped-by-itself",
        codes: &[Cause::ProvisioningStopped],
        inject: |world| {
            stop(world);
            world.lose_groups(1);
            true
        },
    },
    Fault {
        name: "group-sync-off",
        codes: &[Cause::GroupSyncOff],
        inject: |world| {
            if !world.lose_groups(usize::MAX) {
                return false;
            }
            let enabled = schema::object(&mut world.tenant, "Group");
            if let Some(enabled) = enabled.and_then(|object| object.get_mut("enabled")) {
                *enabled = false.into();
            }
            true
        },
    },
    Fault {
        name: "pull-sync",
        codes: &[Cause::PullSync],
        inject: |world| {
            if !world.lose_groups(usize::MAX) {
                return false;
            }
            let id = world.tenant.entra.atlassian.clone();
            if let Some(application) = world.tenant.entra.service_principals.get_mut(&id) {
                application.job = None;
            }
            true
        },
    },
];

fn stop(world: &mut World) {
    if let Some(job) = world.tenant.entra.atlassian_job() {
        job.code = JobCode::Paused;
        "Paused".clone_into(&mut job.schedule_state);
    }
}

fn quarantine(world: &mut World, reason: &str, code: &str) {
    if let Some(job) = world.tenant.entra.atlassian_job() {
        job.code = JobCode::Quarantine;
        job.quarantine = Some(Quarantine {
            reason: reason.to_owned(),
            began: hours_ago(30),
            next_attempt: hours_ago(-20),
            code: code.to_owned(),
            message: "The job was slowed down.".to_owned(),
            tenant_actionable: false,
        });
    }
}
