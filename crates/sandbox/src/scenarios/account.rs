//! Scenarios of the Atlassian account itself.

use super::link::remembered_as;
use super::{JANE, Scenario};
use crate::atlassian::Membership;
use crate::tenant::{DIRECTORY, Tenant};
use reinstate_core::{Cause, Outcome};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "pending-deletion",
        title: "Somebody scheduled Jane's account for deletion and removed its record before.",
        who: JANE,
        finds: &[Cause::PendingDeletion],
        mentions: &[],
        ends: Outcome::Restored,
        arrange: |tenant| {
            tenant.hire(JANE, "Jane Doe");
            let account = tenant.account(JANE, "Jane Doe", 800);
            tenant.atlassian.schedule_deletion(&account);
        },
    },
    Scenario {
        name: "deactivated-by-idp",
        title: "Jane was disabled and enabled again at the identity provider; the account stayed as it was.",
        who: JANE,
        finds: &[Cause::DeactivatedByIdp],
        mentions: &[],
        ends: Outcome::Restored,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            tenant.atlassian.set_active(&jane.account, false);
            if let Some(record) = tenant.atlassian.scim_users.get_mut(&jane.record) {
                record.active = false;
            }
            if let Some(job) = tenant.entra.atlassian_job() {
                if let Some(export) = job.cache.get_mut(&jane.idp) {
                    export.attributes.insert("active".to_owned(), false.into());
                }
                for group in job.cache.values_mut() {
                    group.members.remove(&jane.idp);
                }
            }
            tenant.atlassian.leave(&jane.record, "jira-users");
            tenant.atlassian.leave(&jane.record, "wiki-users");
        },
    },
    Scenario {
        name: "deactivated-locally",
        title: "An admin deactivated Jane's account by hand; provisioning does not hold it.",
        who: JANE,
        finds: &[Cause::DeactivatedLocally],
        mentions: &[],
        ends: Outcome::Restored,
        arrange: |tenant| {
            tenant.hire(JANE, "Jane Doe");
            let account = tenant.account(JANE, "Jane Doe", 31);
            tenant.atlassian.set_active(&account, false);
        },
    },
    Scenario {
        name: "suspended",
        title: "Jane's access is suspended in the organization; her groups are still listed.",
        who: JANE,
        finds: &[Cause::Suspended],
        mentions: &[],
        ends: Outcome::Restored,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            membership(tenant, &jane.account, Membership::Suspended);
        },
    },
    Scenario {
        name: "suspended-in-one-directory",
        title: "The wiki lives in a second user directory, and only there Jane's access is suspended.",
        who: JANE,
        finds: &[Cause::Suspended],
        mentions: &[],
        ends: Outcome::Restored,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            let second = tenant.atlassian.add_user_directory("Acme Wiki people");
            tenant.atlassian.move_group("wiki-users", &second);
            tenant.atlassian.put_in(&jane.account, &second, Membership::Suspended);
        },
    },
    Scenario {
        name: "suspended-seats-full",
        title: "Jane's access is suspended, and her seat has been taken meanwhile.",
        who: JANE,
        finds: &[Cause::Suspended, Cause::SeatsFull],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            membership(tenant, &jane.account, Membership::Suspended);
            for space in &mut tenant.atlassian.workspaces {
                space.usage = space.capacity;
            }
        },
    },
    Scenario {
        name: "not-in-directory",
        title: "Jane is assigned without a group, and her managed account is in no directory.",
        who: JANE,
        finds: &[Cause::NotInDirectory],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            let jane = tenant.entra.add_user(JANE, "Jane Doe");
            tenant.entra.assign_user(&jane);
            let account = tenant.account(JANE, "Jane Doe", 0);
            membership(tenant, &account, Membership::None);
            let record = tenant.atlassian.scim_record(DIRECTORY, JANE, &jane, Some(&account));
            tenant.entra.remember_export(&jane, &record, &[]);
        },
    },
    Scenario {
        name: "suspended-with-a-lost-group",
        title: "Jane is suspended, and a group is missing as well: one cause, and a step for each.",
        who: JANE,
        finds: &[Cause::Suspended],
        mentions: &[],
        ends: Outcome::Restored,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            membership(tenant, &jane.account, Membership::Suspended);
            tenant.atlassian.leave(&jane.record, "jira-users");
        },
    },
    Scenario {
        name: "pending-deletion-and-stale-record",
        title: "The account is scheduled for deletion, and an import's record holds the name.",
        who: JANE,
        finds: &[Cause::StaleRecordConflict, Cause::PendingDeletion],
        mentions: &[],
        ends: Outcome::Restored,
        arrange: |tenant| {
            let jane = tenant.hire(JANE, "Jane Doe");
            let account = tenant.account(JANE, "Jane Doe", 800);
            tenant.atlassian.schedule_deletion(&account);
            tenant.atlassian.scim_record(DIRECTORY, JANE, "import-1042", None);
            tenant.refused(&jane, "Create", JANE);
        },
    },
    Scenario {
        name: "deactivated-locally-and-stale-record",
        title: "An admin deactivated the account by hand, and an import's record holds the name.",
        who: JANE,
        finds: &[Cause::StaleRecordConflict, Cause::DeactivatedLocally],
        mentions: &[],
        ends: Outcome::Restored,
        arrange: |tenant| {
            let jane = tenant.hire(JANE, "Jane Doe");
            let account = tenant.account(JANE, "Jane Doe", 31);
            tenant.atlassian.set_active(&account, false);
            tenant.atlassian.scim_record(DIRECTORY, JANE, "import-1042", None);
            tenant.refused(&jane, "Create", JANE);
        },
    },
    Scenario {
        name: "suspended-and-email-mismatch",
        title: "Jane was renamed while she was suspended: her account bears the old address, without effect.",
        who: JANE,
        finds: &[Cause::EmailMismatch, Cause::Suspended],
        mentions: &[],
        ends: Outcome::Restored,
        arrange: |tenant| {
            let jane = tenant.hire(JANE, "Jane Doe");
            let account = tenant.account(OLD, "Jane Miller", 250);
            let record = tenant.atlassian.scim_record(DIRECTORY, OLD, &jane, Some(&account));
            tenant.exported(&jane, &record);
            remembered_as(tenant, &jane, OLD);
            membership(tenant, &account, Membership::Suspended);
        },
    },
    Scenario {
        name: "not-assigned-deactivated",
        title: "Jane was taken out of her groups, and provisioning deactivated her account, as it is meant to.",
        who: JANE,
        finds: &[Cause::NotAssigned],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            let jane = tenant.entra.add_user(JANE, "Jane Doe");
            let account = tenant.account(JANE, "Jane Doe", 40);
            let record = tenant.atlassian.scim_record(DIRECTORY, JANE, &jane, Some(&account));
            tenant.atlassian.set_active(&account, false);
            if let Some(known) = tenant.atlassian.scim_users.get_mut(&record) {
                known.active = false;
            }
        },
    },
];

/// The previous address of the account.
const OLD: &str = "jane.miller@acme.example";

fn membership(tenant: &mut Tenant, account: &str, membership: Membership) {
    if let Some(known) = tenant.atlassian.accounts.get_mut(account) {
        known.membership = membership;
    }
}
