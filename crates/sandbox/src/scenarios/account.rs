//! Scenarios of the Atlassian account itself.

use super::link::remembered_as;
use super::{JANE, Scenario};
use crate::atlassian::{ManagedBy, Membership};
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
        name: "deactivated-while-linked",
        title: "An admin deactivated Jane's account by hand; provisioning still has it as active.",
        who: JANE,
        finds: &[Cause::DeactivatedWhileLinked],
        mentions: &[],
        ends: Outcome::Restored,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            tenant.atlassian.set_active(&jane.account, false);
        },
    },
    Scenario {
        name: "deactivated-while-linked-and-drift",
        title: "The same, and a group is missing as well: the lost group is written after the account is active.",
        who: JANE,
        finds: &[Cause::DeactivatedWhileLinked],
        mentions: &[],
        ends: Outcome::Restored,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            tenant.atlassian.set_active(&jane.account, false);
            tenant.atlassian.leave(&jane.record, "jira-users");
        },
    },
    Scenario {
        name: "deactivated-while-linked-by-a-person",
        title: "The same, and the audit log names the admin: an approver decides even the first attempt.",
        who: JANE,
        finds: &[Cause::DeactivatedWhileLinked],
        mentions: &[],
        ends: Outcome::Restored,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            let admin = tenant.employee("olga@acme.example", "Olga Admin");
            tenant.atlassian.actor = admin.account;
            tenant.atlassian.set_active(&jane.account, false);
        },
    },
    Scenario {
        name: "deactivated-elsewhere",
        title: "A guest's account is deactivated by their own company, and provisioning here has it as active.",
        who: GUEST,
        finds: &[Cause::DeactivatedElsewhere],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            let (jane, account) = guest(tenant);
            let record = tenant.atlassian.scim_record(DIRECTORY, GUEST, &jane, Some(&account));
            tenant.atlassian.join(&record, "jira-users");
            tenant.atlassian.join(&record, "wiki-users");
            tenant.exported(&jane, &record);
            tenant.atlassian.set_active(&account, false);
        },
    },
    Scenario {
        name: "deactivated-elsewhere-unlinked",
        title: "The same of a guest who was never provisioned: the domain is not ours to claim.",
        who: GUEST,
        finds: &[Cause::DeactivatedElsewhere],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            let (_, account) = guest(tenant);
            tenant.atlassian.set_active(&account, false);
        },
    },
    Scenario {
        name: "account-unclaimed",
        title: "The domain is verified, but Jane's account was never claimed, and a group is missing.",
        who: JANE,
        finds: &[Cause::AccountUnclaimed],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            unclaimed(tenant, &jane.account);
            tenant.atlassian.leave(&jane.record, "wiki-users");
        },
    },
    Scenario {
        name: "healthy-unclaimed",
        title: "Jane's account was never claimed, and she has what she needs until the next update.",
        who: JANE,
        finds: &[],
        mentions: &[Cause::AccountUnclaimed],
        ends: Outcome::Healthy,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            unclaimed(tenant, &jane.account);
        },
    },
    Scenario {
        name: "pending-deletion-unclaimed",
        title: "Jane scheduled the deletion of her account, which the organization never claimed.",
        who: JANE,
        finds: &[Cause::PendingDeletion, Cause::AccountUnclaimed],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            unclaimed(tenant, &jane.account);
            tenant.atlassian.schedule_deletion(&jane.account);
        },
    },
    Scenario {
        name: "email-unverified",
        title: "Jane never confirmed her address and has never been in.",
        who: JANE,
        finds: &[Cause::EmailUnverified],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            if let Some(known) = tenant.atlassian.accounts.get_mut(&jane.account) {
                known.email_verified = false;
                known.activity.clear();
            }
        },
    },
    Scenario {
        name: "healthy-email-unverified",
        title: "Jane never confirmed her address, but she works every day.",
        who: JANE,
        finds: &[],
        mentions: &[Cause::EmailUnverified],
        ends: Outcome::Healthy,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            if let Some(known) = tenant.atlassian.accounts.get_mut(&jane.account) {
                known.email_verified = false;
            }
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
            tenant.sends_known_members();
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
            tenant.sends_known_members();
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

/// The address of a guest, whose company is not ours.
const GUEST: &str = "jane@partner.example";

/// A guest with an account that their own company manages: the person and the account.
fn guest(tenant: &mut Tenant) -> (String, String) {
    let account = tenant.account(GUEST, "Jane Doe", 3);
    let jane = tenant.hire("jane_partner.example#EXT#@acme.example", "Jane Doe");
    if let Some(user) = tenant.entra.users.get_mut(&jane) {
        "Guest".clone_into(&mut user.user_type);
        user.mail = Some(GUEST.to_owned());
        user.proxy_addresses.clear();
    }
    if let Some(known) = tenant.atlassian.accounts.get_mut(&account) {
        known.managed_by = ManagedBy::Another;
        known.membership = Membership::Active;
    }
    (jane, account)
}

fn unclaimed(tenant: &mut Tenant, account: &str) {
    if let Some(known) = tenant.atlassian.accounts.get_mut(account) {
        known.managed_by = ManagedBy::Nobody;
        known.membership = Membership::Active;
    }
}

/// The previous address of the account.
const OLD: &str = "jane.miller@acme.example";

fn membership(tenant: &mut Tenant, account: &str, membership: Membership) {
    if let Some(known) = tenant.atlassian.accounts.get_mut(account) {
        known.membership = membership;
    }
}
