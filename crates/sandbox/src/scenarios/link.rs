//! Scenarios of the SCIM record and its link. The case that started this project comes first.

use super::source::forget;
use super::{JANE, Scenario};
use crate::atlassian::{ManagedBy, Membership};
use crate::entra::{LogEntry, Subject};
use crate::tenant::{DIRECTORY, Tenant, hours_ago};
use reinstate_core::{Cause, Outcome};

/// The object id of a former person.
const GONE: &str = "deadbeef-0000-4000-8000-00000000beef";

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "email-held",
        title: "Jane was renamed. A second, idle account bears her new address, so her real one lost its groups.",
        who: JANE,
        finds: &[Cause::EmailHeldByManagedAccount],
        mentions: &[],
        ends: Outcome::Restored,
        arrange: |tenant| {
            email_held(tenant);
            tenant.sends_known_members();
        },
    },
    Scenario {
        name: "email-held-by-colleague",
        title: "The account in the way belongs to a living colleague: nothing may be moved.",
        who: JANE,
        finds: &[Cause::EmailHeldByManagedAccount],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: email_held_by_colleague,
    },
    Scenario {
        name: "never-provisioned",
        title: "The person is assigned, and provisioning has never written them.",
        who: JANE,
        finds: &[Cause::NeverProvisioned],
        mentions: &[],
        ends: Outcome::Restored,
        arrange: |tenant| {
            tenant.hire(JANE, "Jane Doe");
        },
    },
    Scenario {
        name: "never-provisioned-with-account",
        title: "The person has worked with an invited account for years; provisioning has never written them.",
        who: JANE,
        finds: &[Cause::NeverProvisioned],
        mentions: &[],
        ends: Outcome::Restored,
        arrange: |tenant| {
            tenant.hire(JANE, "Jane Doe");
            tenant.account(JANE, "Jane Doe", 812);
        },
    },
    Scenario {
        name: "record-unlinked",
        title: "The SCIM record has lost its account, and the identity provider sees no reason to write it again.",
        who: JANE,
        finds: &[Cause::RecordUnlinked],
        mentions: &[],
        ends: Outcome::Restored,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            tenant.atlassian.unlink(&jane.record);
        },
    },
    Scenario {
        name: "record-unlinked-touch",
        title: "The SCIM record has lost its account; writing it again is enough.",
        who: JANE,
        finds: &[Cause::RecordUnlinked],
        mentions: &[],
        ends: Outcome::Restored,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            tenant.atlassian.unlink(&jane.record);
            renamed(tenant, &jane.idp);
            tenant.atlassian.switches.relink_on_update = true;
            tenant.sends_known_members();
        },
    },
    Scenario {
        name: "record-unlinked-for-good",
        title: "The SCIM record has lost its account; writing it again does not link it, so it is created again.",
        who: JANE,
        finds: &[Cause::RecordUnlinked],
        mentions: &[],
        ends: Outcome::Restored,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            tenant.atlassian.unlink(&jane.record);
            renamed(tenant, &jane.idp);
        },
    },
    Scenario {
        name: "linked-to-other-account",
        title: "After a re-hire the SCIM record is linked to an account that is not in use.",
        who: JANE,
        finds: &[Cause::LinkedToOtherAccount],
        mentions: &[],
        ends: Outcome::Restored,
        arrange: |tenant| {
            let jane = tenant.hire(JANE, "Jane Doe");
            let wrong = tenant.account("jane.rehired@acme.example", "Jane Doe", 0);
            tenant.account(JANE, "Jane Doe", 530);
            let record = tenant.atlassian.scim_record(DIRECTORY, JANE, &jane, Some(&wrong));
            tenant.exported(&jane, &record);
        },
    },
    Scenario {
        name: "stale-record-conflict",
        title: "A record of an old import holds the person's name, so Atlassian refuses the real one.",
        who: JANE,
        finds: &[Cause::StaleRecordConflict],
        mentions: &[],
        ends: Outcome::Restored,
        arrange: |tenant| {
            let jane = tenant.hire(JANE, "Jane Doe");
            tenant.account(JANE, "Jane Doe", 77);
            tenant.atlassian.scim_record(DIRECTORY, JANE, "import-1042", None);
            tenant.refused(&jane, "Create", JANE);
        },
    },
    Scenario {
        name: "email-held-outside",
        title: "An account that another organization manages bears Jane's address.",
        who: JANE,
        finds: &[Cause::EmailHeldOutside],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            let jane = tenant.hire(JANE, "Jane Doe");
            outside(tenant, Membership::None);
            tenant.refused(&jane, "Create", JANE);
        },
    },
    Scenario {
        name: "email-held-unmanaged",
        title: "Jane's own account was invited before the domain was claimed, and was never claimed.",
        who: JANE,
        finds: &[Cause::AccountUnclaimed],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            tenant.hire(JANE, "Jane Doe");
            outside(tenant, Membership::Active);
        },
    },
    Scenario {
        name: "two-directories",
        title: "The record of a directory that nobody uses any more holds Jane's account.",
        who: JANE,
        finds: &[Cause::TwoDirectories],
        mentions: &[],
        ends: Outcome::Restored,
        arrange: |tenant| {
            let jane = tenant.hire(JANE, "Jane Doe");
            let account = tenant.account(JANE, "Jane Doe", 64);
            tenant.atlassian.add_directory(OLD_DIRECTORY, "sandbox-old-key");
            tenant.atlassian.scim_record(OLD_DIRECTORY, JANE, &jane, Some(&account));
            let record = tenant.atlassian.scim_record(DIRECTORY, JANE, &jane, None);
            tenant.exported(&jane, &record);
            renamed(tenant, &jane);
        },
    },
    Scenario {
        name: "email-mismatch",
        title: "Jane was renamed; her one account and its record still bear the old address.",
        who: JANE,
        finds: &[Cause::EmailMismatch],
        mentions: &[],
        ends: Outcome::Restored,
        arrange: |tenant| {
            let jane = tenant.hire(JANE, "Jane Doe");
            let old = "jane.miller@acme.example";
            let account = tenant.account(old, "Jane Miller", 250);
            let record = tenant.atlassian.scim_record(DIRECTORY, old, &jane, Some(&account));
            tenant.exported(&jane, &record);
            remembered_as(tenant, &jane, old);
            tenant.sends_known_members();
        },
    },
    Scenario {
        name: "identity-recreated",
        title: "Jane was deleted and created again at the identity provider; the record carries her old id.",
        who: JANE,
        finds: &[Cause::IdentityRecreated],
        mentions: &[],
        ends: Outcome::Restored,
        arrange: |tenant| {
            recreated(tenant, "Jane Doe");
        },
    },
    Scenario {
        name: "identity-recreated-recycled",
        title: "Another Jane has inherited the address; the account may not become hers by machine.",
        who: JANE,
        finds: &[Cause::IdentityRecreated],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            recreated(tenant, "Jane Dorn");
        },
    },
    Scenario {
        name: "stale-anchor",
        title: "Somebody deleted Jane's record by hand; the identity provider keeps looking for it.",
        who: JANE,
        finds: &[Cause::StaleAnchor],
        mentions: &[],
        ends: Outcome::Restored,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            forget(tenant, &jane.record);
            tenant.entra.switches.rematch_when_gone = false;
            let reason = "The object that was matched before was not found in the target system.";
            tenant.entra.log_failure(&jane.idp, "Update", "InvalidAnchor", reason, hours_ago(2));
        },
    },
    Scenario {
        name: "stale-anchor-in-silence",
        title: "Somebody deleted Jane's record by hand. No cycle has looked for it since, so the log shows only success.",
        who: JANE,
        finds: &[Cause::StaleAnchor],
        mentions: &[],
        ends: Outcome::Restored,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            forget(tenant, &jane.record);
            written(tenant, &jane.idp, &jane.record);
            tenant.entra.switches.rematch_when_gone = true;
            tenant.sends_known_members();
        },
    },
    Scenario {
        name: "domain-not-claimed",
        title: "Jane's address lies on a domain that the organization has not claimed.",
        who: "jane@newco.example",
        finds: &[Cause::DomainNotClaimed],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            tenant.entra.domains.push("newco.example".to_owned());
            // The same permission shows the verified domains of the tenant.
            tenant.grant_audit_log();
            tenant.hire("jane@newco.example", "Jane Doe");
            tenant.account("jane@newco.example", "Jane Doe", 9);
        },
    },
    Scenario {
        name: "healthy-anchor-overcome",
        title: "An anchor was lost once and found again.",
        who: JANE,
        finds: &[],
        mentions: &[],
        ends: Outcome::Healthy,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            let reason = "The object that was matched before was not found in the target system.";
            tenant.entra.log_failure(&jane.idp, "Update", "InvalidAnchor", reason, hours_ago(60));
            written(tenant, &jane.idp, &jane.record);
        },
    },
    Scenario {
        name: "healthy-anchor-in-former-directory",
        title: "The newest success in the log is from the time when the job wrote to another directory.",
        who: JANE,
        finds: &[],
        mentions: &[],
        ends: Outcome::Healthy,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            tenant.atlassian.add_directory(OLD_DIRECTORY, "sandbox-old-key");
            let old = tenant.atlassian.scim_record(OLD_DIRECTORY, JANE, "import-1042", None);
            written(tenant, &jane.idp, &old);
        },
    },
    Scenario {
        name: "healthy-second-directory",
        title: "A forgotten directory holds a record of Jane's name that is linked to nobody.",
        who: JANE,
        finds: &[],
        mentions: &[],
        ends: Outcome::Healthy,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            tenant.atlassian.add_directory(OLD_DIRECTORY, "sandbox-old-key");
            tenant.atlassian.scim_record(OLD_DIRECTORY, JANE, &jane.idp, None);
        },
    },
];

/// The identity provider has a change to write, so that it writes the record.
fn renamed(tenant: &mut Tenant, idp: &str) {
    if let Some(user) = tenant.entra.users.get_mut(idp) {
        user.display_name = "Jane Doe-Smith".to_owned();
    }
}

/// A directory whose key nobody has any more.
const OLD_DIRECTORY: &str = "6c2f0000-0000-4000-8000-000000000009";

/// The case from the forum: the linked account with the history has the old address, an idle account the new one.
fn email_held(tenant: &mut Tenant) {
    let jane = tenant.hire(JANE, "Jane Doe");
    let real = tenant.account("jane.miller@acme.example", "Jane Miller", 1432);
    tenant.account(JANE, "Jane Doe", 0);
    let record = tenant.atlassian.scim_record(DIRECTORY, "jane.miller@acme.example", &jane, Some(&real));
    tenant.exported(&jane, &record);
    remembered_as(tenant, &jane, "jane.miller@acme.example");
    tenant.refused(&jane, "Update", JANE);
}

fn email_held_by_colleague(tenant: &mut Tenant) {
    email_held(tenant);
    let colleague = tenant.entra.add_user("jane.roe@acme.example", "Jane Roe");
    if let Some(user) = tenant.entra.users.get_mut(&colleague) {
        user.other_mails.push("janey@home.example".to_owned());
    }
    // The mailbox of the new name is now a second address of the account, by the account's id.
    if let Some(account) = tenant.atlassian.accounts.values().find(|account| account.email == JANE) {
        let id = account.id.clone();
        let record = tenant.atlassian.scim_record(DIRECTORY, "jane.roe@acme.example", &colleague, Some(&id));
        tenant.exported(&colleague, &record);
    }
}

/// The job last exported the old name.
pub(super) fn remembered_as(tenant: &mut Tenant, idp: &str, old: &str) {
    if let Some(export) = tenant.entra.atlassian_job().and_then(|job| job.cache.get_mut(idp)) {
        for value in export.attributes.values_mut() {
            if value.as_str() == Some(JANE) {
                *value = old.into();
            }
        }
    }
}

fn outside(tenant: &mut Tenant, membership: Membership) {
    let account = tenant.account(JANE, "Jane Doe", 0);
    if let Some(known) = tenant.atlassian.accounts.get_mut(&account) {
        known.managed_by = ManagedBy::Another;
        known.membership = membership;
    }
}

/// The record has an id that no longer exists. The present object of that name is newer than the record.
fn recreated(tenant: &mut Tenant, name_of_account: &str) {
    let jane = tenant.hire(JANE, "Jane Doe");
    if let Some(user) = tenant.entra.users.get_mut(&jane) {
        user.created = "2026-09-01T08:00:00Z".parse().unwrap_or_default();
    }
    let account = tenant.account(JANE, name_of_account, 300);
    tenant.atlassian.scim_record(DIRECTORY, JANE, GONE, Some(&account));
    tenant.refused(&jane, "Create", JANE);
}

/// A success in the log, after all earlier entries.
pub(super) fn written(tenant: &mut Tenant, idp: &str, record: &str) {
    let subject = |id: &str| Subject { id: id.to_owned(), name: JANE.to_owned(), kind: "User".to_owned() };
    let mut entry = LogEntry::about(subject(idp), hours_ago(2));
    "Update".clone_into(&mut entry.action);
    entry.target = subject(record);
    tenant.entra.log_entry(entry);
}
