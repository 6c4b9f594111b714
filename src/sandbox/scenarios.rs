//! Named stories: what is wrong in the tenant, what a diagnosis must find, and how a repair must end. A scenario
//! is one cause and nothing else; a look-alike is healthy and must trigger nothing.

use super::tenant::{DIRECTORY, Tenant};
use crate::core::{Cause, Outcome};

/// A story.
pub struct Scenario {
    /// Its name: the code of its cause, where it has one.
    pub name: &'static str,
    /// What happens, in one line.
    pub title: &'static str,
    /// Whom it is about.
    pub who: &'static str,
    /// The blocking causes to be found: exactly these.
    pub finds: &'static [Cause],
    /// How a repair ends.
    pub ends: Outcome,
    furnish: fn(&mut Tenant),
}

impl Scenario {
    /// The tenant of the story.
    #[must_use]
    pub fn tenant(&self) -> Tenant {
        let mut tenant = Tenant::new();
        (self.furnish)(&mut tenant);
        tenant.entra.settle_watermark(crate::clock::now());
        tenant
    }
}

/// A story by its name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Scenario> {
    ALL.iter().find(|scenario| scenario.name == name)
}

const JANE: &str = "jane@acme.example";

/// Every story, the seeding case first.
pub const ALL: &[Scenario] = &[
    Scenario {
        name: "email-held",
        title: "Jane was renamed. A second, idle account bears her new address, so her real one lost its groups.",
        who: JANE,
        finds: &[Cause::EmailHeldByManagedAccount],
        ends: Outcome::Restored,
        furnish: email_held,
    },
    Scenario {
        name: "email-held-by-colleague",
        title: "The account in the way belongs to a living colleague: nothing may be moved.",
        who: JANE,
        finds: &[Cause::EmailHeldByManagedAccount],
        ends: Outcome::Advice,
        furnish: email_held_by_colleague,
    },
    Scenario {
        name: "idp-user-missing",
        title: "Nobody of that name is at the identity provider.",
        who: "jnae@acme.example",
        finds: &[Cause::IdpUserMissing],
        ends: Outcome::Advice,
        furnish: |tenant| {
            tenant.employee(JANE, "Jane Doe");
        },
    },
    Scenario {
        name: "idp-user-disabled",
        title: "The person is disabled at the identity provider, and so is the account.",
        who: JANE,
        finds: &[Cause::IdpUserDisabled],
        ends: Outcome::Advice,
        furnish: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            if let Some(user) = tenant.entra.users.get_mut(&jane.idp) {
                user.account_enabled = false;
            }
            tenant.atlassian.set_active(&jane.account, false);
            if let Some(record) = tenant.atlassian.scim_users.get_mut(&jane.record) {
                record.active = false;
            }
        },
    },
    Scenario {
        name: "not-assigned",
        title: "The person is in no group of the Atlassian application.",
        who: JANE,
        finds: &[Cause::NotAssigned],
        ends: Outcome::Advice,
        furnish: |tenant| {
            let jane = tenant.entra.add_user(JANE, "Jane Doe");
            let other = tenant.entra.add_group("lunch-club");
            tenant.entra.add_member(&other, &jane);
            tenant.account(JANE, "Jane Doe", 40);
        },
    },
    Scenario {
        name: "nested-only",
        title: "The person is in the assigned group only through another group.",
        who: JANE,
        finds: &[Cause::NestedOnly],
        ends: Outcome::Advice,
        furnish: |tenant| {
            let jane = tenant.entra.add_user(JANE, "Jane Doe");
            let inner = tenant.entra.add_group("contractors");
            tenant.entra.add_member(&inner, &jane);
            tenant.entra.nest(&tenant.jira_users.clone(), &inner);
            tenant.account(JANE, "Jane Doe", 40);
        },
    },
    Scenario {
        name: "never-provisioned",
        title: "The person is assigned, and provisioning has never written them.",
        who: JANE,
        finds: &[Cause::NeverProvisioned],
        ends: Outcome::Restored,
        furnish: |tenant| {
            tenant.hire(JANE, "Jane Doe");
        },
    },
    Scenario {
        name: "never-provisioned-with-account",
        title: "The person has worked with an invited account for years; provisioning has never written them.",
        who: JANE,
        finds: &[Cause::NeverProvisioned],
        ends: Outcome::Restored,
        furnish: |tenant| {
            tenant.hire(JANE, "Jane Doe");
            tenant.account(JANE, "Jane Doe", 812);
        },
    },
    Scenario {
        name: "record-unlinked",
        title: "The provisioning record has lost its account, and the identity provider sees no reason to write it again.",
        who: JANE,
        finds: &[Cause::RecordUnlinked],
        ends: Outcome::Restored,
        furnish: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            tenant.atlassian.unlink(&jane.record);
        },
    },
    Scenario {
        name: "record-unlinked-touch",
        title: "The provisioning record has lost its account; writing it again is enough.",
        who: JANE,
        finds: &[Cause::RecordUnlinked],
        ends: Outcome::Restored,
        furnish: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            tenant.atlassian.unlink(&jane.record);
            if let Some(user) = tenant.entra.users.get_mut(&jane.idp) {
                user.display_name = "Jane Doe-Smith".to_owned();
            }
        },
    },
    Scenario {
        name: "linked-to-other-account",
        title: "After a re-hire the provisioning record hangs on an account nobody uses.",
        who: JANE,
        finds: &[Cause::LinkedToOtherAccount],
        ends: Outcome::Restored,
        furnish: |tenant| {
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
        ends: Outcome::Restored,
        furnish: |tenant| {
            let jane = tenant.hire(JANE, "Jane Doe");
            tenant.account(JANE, "Jane Doe", 77);
            tenant.atlassian.scim_record(DIRECTORY, JANE, "import-1042", None);
            tenant.refused(&jane, "Create", JANE);
        },
    },
    Scenario {
        name: "membership-drift",
        title: "Everything is in order but the groups: Atlassian lost them, and the identity provider does not look.",
        who: JANE,
        finds: &[Cause::MembershipDrift],
        ends: Outcome::Restored,
        furnish: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            tenant.atlassian.leave(&jane.record, "jira-users");
            tenant.atlassian.leave(&jane.record, "wiki-users");
        },
    },
    Scenario {
        name: "healthy",
        title: "Everything is in order.",
        who: JANE,
        finds: &[],
        ends: Outcome::Healthy,
        furnish: |tenant| {
            tenant.employee(JANE, "Jane Doe");
        },
    },
    Scenario {
        name: "healthy-upper-case",
        title: "The same, asked for in upper case.",
        who: "JANE@ACME.EXAMPLE",
        finds: &[],
        ends: Outcome::Healthy,
        furnish: |tenant| {
            tenant.employee(JANE, "Jane Doe");
        },
    },
    Scenario {
        name: "healthy-alias",
        title: "The same, asked for by another of the person's addresses.",
        who: "jd@acme.example",
        finds: &[],
        ends: Outcome::Healthy,
        furnish: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            if let Some(user) = tenant.entra.users.get_mut(&jane.idp) {
                user.proxy_addresses.push("smtp:jd@acme.example".to_owned());
            }
        },
    },
    Scenario {
        name: "healthy-local-groups",
        title: "Extra groups at Atlassian, and IdP groups that are not assigned, are nobody's fault.",
        who: JANE,
        finds: &[],
        ends: Outcome::Healthy,
        furnish: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            tenant.atlassian.add_group("chess-club", false, &[]);
            tenant.atlassian.add_member(&jane.account, "chess-club");
            let other = tenant.entra.add_group("lunch-club");
            tenant.entra.add_member(&other, &jane.idp);
        },
    },
    Scenario {
        name: "healthy-second-account",
        title: "An idle second account under an old alias takes nothing away from the first.",
        who: JANE,
        finds: &[],
        ends: Outcome::Healthy,
        furnish: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            if let Some(user) = tenant.entra.users.get_mut(&jane.idp) {
                user.proxy_addresses.push("smtp:jane.old@acme.example".to_owned());
            }
            tenant.account("jane.old@acme.example", "Jane Doe", 0);
        },
    },
    Scenario {
        name: "healthy-also-nested",
        title: "A direct member who is in another assigned group only through a third one.",
        who: JANE,
        finds: &[],
        ends: Outcome::Healthy,
        furnish: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            let admins = tenant.entra.add_group("jira-admins");
            tenant.entra.assign_group(&admins);
            let inner = tenant.entra.add_group("leads");
            tenant.entra.add_member(&inner, &jane.idp);
            tenant.entra.nest(&admins, &inner);
        },
    },
    Scenario {
        name: "healthy-old-failure",
        title: "A refusal in the log that was overcome since.",
        who: JANE,
        finds: &[],
        ends: Outcome::Healthy,
        furnish: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            tenant.refused(&jane.idp, "Update", JANE);
        },
    },
    Scenario {
        name: "healthy-namesake-record",
        title: "A colleague's record beside one's own is nobody's conflict.",
        who: JANE,
        finds: &[],
        ends: Outcome::Healthy,
        furnish: |tenant| {
            tenant.employee(JANE, "Jane Doe");
            tenant.employee("jane.roe@acme.example", "Jane Roe");
        },
    },
];

/// The forum's case: the linked account with the history bears the old address, an idle one the new.
fn email_held(tenant: &mut Tenant) {
    let jane = tenant.hire(JANE, "Jane Doe");
    let real = tenant.account("jane.miller@acme.example", "Jane Miller", 1432);
    tenant.account(JANE, "Jane Doe", 0);
    let record = tenant.atlassian.scim_record(DIRECTORY, "jane.miller@acme.example", &jane, Some(&real));
    tenant.exported(&jane, &record);
    // What was exported last was the old name.
    if let Some(export) = tenant.entra.atlassian_job().and_then(|job| job.cache.get_mut(&jane)) {
        for value in export.attributes.values_mut() {
            if value.as_str() == Some(JANE) {
                *value = "jane.miller@acme.example".into();
            }
        }
    }
    tenant.refused(&jane, "Update", JANE);
}

fn email_held_by_colleague(tenant: &mut Tenant) {
    email_held(tenant);
    let colleague = tenant.entra.add_user("jane.roe@acme.example", "Jane Roe");
    if let Some(user) = tenant.entra.users.get_mut(&colleague) {
        user.other_mails.push("janey@home.example".to_owned());
    }
    // The mailbox of the new name was given to her as a second address of her account, by its id.
    if let Some(account) = tenant.atlassian.accounts.values().find(|account| account.email == JANE) {
        let id = account.id.clone();
        let record = tenant.atlassian.scim_record(DIRECTORY, "jane.roe@acme.example", &colleague, Some(&id));
        tenant.exported(&colleague, &record);
    }
}
