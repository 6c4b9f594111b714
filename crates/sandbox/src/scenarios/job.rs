//! Scenarios of the provisioning job, whose failure affects everybody.

use serde_json::json;

use super::{JANE, Scenario};
use crate::entra::{JobCode, Quarantine};
use crate::tenant::{Tenant, hours_ago};
use reinstate_core::{Cause, Outcome};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "scim-key-rejected",
        title: "The SCIM key of the identity provider has run out; Jane's groups never came.",
        who: JANE,
        finds: &[Cause::ScimKeyRejected],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            tenant.atlassian.leave(&jane.record, "jira-users");
            tenant.atlassian.leave(&jane.record, "wiki-users");
            let code = "SystemForCrossDomainIdentityManagementInvalidCredentials";
            quarantine(tenant, "EncounteredQuarantineException", code);
        },
    },
    Scenario {
        name: "provisioning-quarantined",
        title: "The job is in quarantine because too much would be deleted.",
        who: JANE,
        finds: &[Cause::ProvisioningQuarantined],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            tenant.atlassian.leave(&jane.record, "jira-users");
            tenant.atlassian.leave(&jane.record, "wiki-users");
            quarantine(tenant, "TooManyDeletes", "TooManyDeletes");
        },
    },
    Scenario {
        name: "provisioning-stopped",
        title: "An admin paused the job, and Jane was never written.",
        who: JANE,
        finds: &[Cause::ProvisioningStopped],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            tenant.hire(JANE, "Jane Doe");
            tenant.grant_audit_log();
            if let Some(job) = tenant.entra.atlassian_job() {
                job.code = JobCode::Paused;
                "Paused".clone_into(&mut job.schedule_state);
            }
        },
    },
    Scenario {
        name: "group-sync-off",
        title: "The job carries people and no groups.",
        who: JANE,
        finds: &[Cause::GroupSyncOff],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            tenant.atlassian.leave(&jane.record, "jira-users");
            tenant.atlassian.leave(&jane.record, "wiki-users");
            if let Some(enabled) = schema(tenant, "/synchronizationRules/0/objectMappings/0/enabled") {
                *enabled = json!(false);
            }
        },
    },
    Scenario {
        name: "pull-sync",
        title: "No Atlassian application has a job: Atlassian pulls by itself, and Jane has nothing yet.",
        who: JANE,
        finds: &[Cause::PullSync],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            tenant.hire(JANE, "Jane Doe");
            pull(tenant);
        },
    },
    Scenario {
        name: "healthy-pull-sync",
        title: "Atlassian pulls by itself, and Jane has what she needs.",
        who: JANE,
        finds: &[],
        mentions: &[Cause::PullSync],
        ends: Outcome::Healthy,
        arrange: |tenant| {
            tenant.employee(JANE, "Jane Doe");
            pull(tenant);
        },
    },
    Scenario {
        name: "matching-on-email",
        title: "The job matches on e-mail. Nothing is broken yet.",
        who: JANE,
        finds: &[],
        mentions: &[Cause::MatchingOnEmail],
        ends: Outcome::Healthy,
        arrange: |tenant| {
            tenant.employee(JANE, "Jane Doe");
            match_on_email(tenant);
        },
    },
    Scenario {
        name: "matching-on-email-and-drift",
        title: "The job matches on e-mail, which hurts nobody yet, and a membership was lost.",
        who: JANE,
        finds: &[Cause::MembershipDrift],
        mentions: &[Cause::MatchingOnEmail],
        ends: Outcome::Restored,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            tenant.atlassian.leave(&jane.record, "jira-users");
            match_on_email(tenant);
            tenant.sends_known_members();
        },
    },
    Scenario {
        name: "active-mapping",
        title: "The job writes active from a constant that says no, so Jane's account was deactivated.",
        who: JANE,
        finds: &[Cause::ActiveMapping],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            active_from(tenant, "False");
            tenant.atlassian.set_active(&jane.account, false);
            if let Some(record) = tenant.atlassian.scim_users.get_mut(&jane.record) {
                record.active = false;
            }
        },
    },
    Scenario {
        name: "healthy-active-mapping",
        title: "The job writes active from a constant that says yes. It hurts nobody until somebody leaves.",
        who: JANE,
        finds: &[],
        mentions: &[Cause::ActiveMapping],
        ends: Outcome::Healthy,
        arrange: |tenant| {
            tenant.employee(JANE, "Jane Doe");
            active_from(tenant, "True");
        },
    },
    Scenario {
        name: "healthy-sign-in-application",
        title: "A second enterprise application is there for signing in alone.",
        who: JANE,
        finds: &[],
        mentions: &[],
        ends: Outcome::Healthy,
        arrange: |tenant| {
            tenant.employee(JANE, "Jane Doe");
            tenant.entra.add_service_principal("Atlassian Cloud Sign-in");
        },
    },
];

pub(super) fn quarantine(tenant: &mut Tenant, reason: &str, code: &str) {
    if let Some(job) = tenant.entra.atlassian_job() {
        job.code = JobCode::Quarantine;
        job.quarantine = Some(Quarantine {
            reason: reason.to_owned(),
            began: hours_ago(30),
            next_attempt: hours_ago(-20),
            code: code.to_owned(),
            message: "The job was slowed down.".to_owned(),
            tenant_actionable: true,
        });
    }
}

/// Removes the job. Only Atlassian's own integration remains.
fn pull(tenant: &mut Tenant) {
    let id = tenant.entra.atlassian.clone();
    if let Some(application) = tenant.entra.service_principals.get_mut(&id) {
        application.job = None;
    }
}

pub(super) fn match_on_email(tenant: &mut Tenant) {
    let users = "/synchronizationRules/0/objectMappings/1/attributeMappings";
    for (at, priority) in [(0, 0), (2, 1)] {
        if let Some(rank) = schema(tenant, &format!("{users}/{at}/matchingPriority")) {
            *rank = json!(priority);
        }
    }
}

/// Makes the job write a constant into `active`.
fn active_from(tenant: &mut Tenant, constant: &str) {
    let source = "/synchronizationRules/0/objectMappings/1/attributeMappings/1/source";
    if let Some(source) = schema(tenant, source) {
        *source = json!({"type": "Constant", "name": constant, "expression": format!("\"{constant}\"")});
    }
}

/// The value at a JSON pointer in the job's schema.
pub(super) fn schema<'t>(tenant: &'t mut Tenant, pointer: &str) -> Option<&'t mut serde_json::Value> {
    tenant.entra.atlassian_job()?.schema.pointer_mut(pointer)
}
