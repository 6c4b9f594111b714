//! Scenarios of the upper rungs, which affect the job of the whole tenant. The bot restarts the job where that is
//! safe and leaves it to people where it is not.

use super::job::quarantine;
use super::{JANE, Scenario};
use crate::entra::{By, JobCode, LogEntry, STOPPED, Subject};
use crate::tenant::{Tenant, hours_ago};
use reinstate_core::{Cause, Outcome};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "provisioning-stopped-by-itself",
        title: "The service stopped the job after four weeks of errors; its cause is mended, and Jane is new.",
        who: JANE,
        finds: &[Cause::ProvisioningStopped],
        mentions: &[],
        ends: Outcome::Restored,
        arrange: |tenant| {
            let service = By::App("Microsoft Entra Provisioning Service".to_owned());
            stopped(tenant, service);
            tenant.grant_audit_log();
            tenant.hire(JANE, "Jane Doe");
        },
    },
    Scenario {
        name: "provisioning-stopped-without-the-audit-log",
        title: "The service stopped the job, and the application has no right to read who did it.",
        who: JANE,
        finds: &[Cause::ProvisioningStopped],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            let service = By::App("Microsoft Entra Provisioning Service".to_owned());
            stopped(tenant, service);
            tenant.hire(JANE, "Jane Doe");
        },
    },
    Scenario {
        name: "provisioning-stopped-by-an-admin",
        title: "Vera stopped the job, and she will know why.",
        who: JANE,
        finds: &[Cause::ProvisioningStopped],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            stopped(tenant, By::User("vera@acme.example".to_owned()));
            tenant.grant_audit_log();
            tenant.hire(JANE, "Jane Doe");
        },
    },
    Scenario {
        name: "provisioning-quarantined-for-errors",
        title: "Too many writes failed while Atlassian was down, so the job only tries once a day.",
        who: JANE,
        finds: &[Cause::ProvisioningQuarantined],
        mentions: &[],
        ends: Outcome::Restored,
        arrange: |tenant| {
            tenant.entra.settle_watermark(crate::clock::now());
            slowed_down(tenant);
            tenant.hire(JANE, "Jane Doe");
        },
    },
    Scenario {
        name: "provisioning-quarantined-by-configuration",
        title: "The quarantine names a fault of the application's configuration. A start would end in the same quarantine.",
        who: JANE,
        finds: &[Cause::ProvisioningQuarantined],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            quarantine(tenant, "EncounteredQuarantineException", "DuplicateAppRoleDisplayName");
            tenant.hire(JANE, "Jane Doe");
        },
    },
    Scenario {
        name: "provisioning-quarantined-with-staged-deletes",
        title: "The job waits, and somebody's deletion is staged: nobody but a person may let it go on.",
        who: JANE,
        finds: &[Cause::ProvisioningQuarantined],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            slowed_down(tenant);
            let jane = tenant.hire(JANE, "Jane Doe");
            let gone = Subject { id: jane, name: "bo@acme.example".to_owned(), kind: "User".to_owned() };
            let mut entry = LogEntry::about(gone, hours_ago(31));
            "StagedDelete".clone_into(&mut entry.action);
            "Skipped".clone_into(&mut entry.status);
            tenant.entra.log_entry(entry);
        },
    },
];

/// The job was stopped a day ago and has seen nothing since.
fn stopped(tenant: &mut Tenant, by: By) {
    tenant.entra.settle_watermark(crate::clock::now());
    tenant.entra.audit(STOPPED, by, hours_ago(26));
    if let Some(job) = tenant.entra.atlassian_job() {
        job.code = JobCode::Paused;
        "Disabled".clone_into(&mut job.schedule_state);
    }
}

/// Too many writes failed. Nothing in the tenant has to be corrected.
fn slowed_down(tenant: &mut Tenant) {
    quarantine(tenant, "EncounteredEscrowProportionThreshold", "EscrowProportion");
    if let Some(quarantine) = tenant.entra.atlassian_job().and_then(|job| job.quarantine.as_mut()) {
        quarantine.tenant_actionable = false;
    }
}
