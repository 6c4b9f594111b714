//! Faults of the SCIM record, its link and its address.

use reinstate_core::Cause;

use super::super::blueprint::{PersonKind, SecondDirectory};
use super::super::world::{SECOND, World};
use super::super::{FORMER_OBJECT, history};
use super::Fault;
use crate::atlassian::{ManagedBy, Membership};
use crate::tenant::DIRECTORY;

/// The address that the person had before.
const BEFORE: &str = "jane.miller@acme.example";

/// What explains that nobody was written: for a guest, the account is one that we do not manage.
const NEVER_PROVISIONED: &[Cause] =
    &[Cause::NeverProvisioned, Cause::DomainNotClaimed, Cause::EmailHeldOutside];

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "never-provisioned",
        codes: NEVER_PROVISIONED,
        inject: |world| {
            world.drop_record();
            world.forget_history();
            true
        },
    },
    Fault {
        name: "never-provisioned-without-account",
        codes: NEVER_PROVISIONED,
        inject: |world| {
            world.drop_record();
            world.forget_history();
            let account = world.account_of_person();
            world.tenant.atlassian.accounts.remove(&account);
            if world.who == account {
                world.who = world.values_of_person().email;
            }
            if let Some(person) = world.truth.humans.first_mut() {
                person.account = None;
            }
            true
        },
    },
    Fault {
        name: "record-unlinked",
        codes: &[Cause::RecordUnlinked],
        inject: |world| {
            let record = world.record_of_person();
            world.tenant.atlassian.unlink(&record);
            true
        },
    },
    Fault {
        name: "linked-to-other-account",
        codes: &[Cause::LinkedToOtherAccount],
        inject: |world| {
            if world.blueprint.person == PersonKind::Guest {
                return false;
            }
            let record = world.record_of_person();
            world.tenant.atlassian.unlink(&record);
            let wrong = world.tenant.account("jane.rehired@acme.example", "Jane Doe", 0);
            if let Some(known) = world.tenant.atlassian.scim_users.get_mut(&record) {
                known.account = Some(wrong.clone());
            }
            if let Some(person) = world.truth.humans.first_mut() {
                person.spare_accounts.insert(wrong);
            }
            true
        },
    },
    Fault {
        name: "stale-record-conflict",
        codes: &[Cause::StaleRecordConflict],
        inject: |world| {
            let values = world.values_of_person();
            world.drop_record();
            world.forget_history();
            let stale = world.tenant.atlassian.scim_record(DIRECTORY, &values.email, "import-1042", None);
            if let Some(known) = world.tenant.atlassian.scim_users.get_mut(&stale) {
                known.user_name = values.user_name;
            }
            history::refused(world, "Create", "email", &values.email, 3);
            true
        },
    },
    Fault {
        name: "name-held-by-colleague",
        codes: &[],
        inject: |world| {
            let values = world.values_of_person();
            let Some(record) = record_of_colleague(world) else { return false };
            world.drop_record();
            world.forget_history();
            if let Some(known) = world.tenant.atlassian.scim_users.get_mut(&record) {
                known.user_name.clone_from(&values.user_name);
            }
            history::refused(world, "Create", "userName", &values.user_name, 3);
            true
        },
    },
    Fault {
        name: "external-id-held-by-colleague",
        codes: &[],
        inject: |world| {
            let values = world.values_of_person();
            let (Some(value), Some(record)) = (values.external_id, record_of_colleague(world)) else {
                return false;
            };
            world.drop_record();
            world.forget_history();
            if let Some(known) = world.tenant.atlassian.scim_users.get_mut(&record) {
                known.external_id = Some(value.clone());
            }
            history::refused(world, "Create", "externalId", &value, 3);
            true
        },
    },
    Fault {
        name: "email-held",
        codes: &[Cause::EmailHeldByManagedAccount],
        inject: |world| {
            if world.blueprint.person == PersonKind::Guest {
                return false;
            }
            let values = world.values_of_person();
            renamed_from_before(world);
            world.lose_groups(usize::MAX);
            let idle = world.tenant.account(&values.email.to_lowercase(), "Jane Doe", 0);
            if let Some(person) = world.truth.humans.first_mut() {
                person.spare_accounts.insert(idle);
            }
            history::refused(world, "Update", "email", &values.email, 3);
            true
        },
    },
    Fault {
        name: "email-held-by-colleague",
        codes: &[Cause::EmailHeldByManagedAccount],
        inject: |world| {
            let Some(record) =
                record_of_colleague(world).filter(|_| world.blueprint.person != PersonKind::Guest)
            else {
                return false;
            };
            let values = world.values_of_person();
            renamed_from_before(world);
            world.lose_groups(usize::MAX);
            let held = world.tenant.atlassian.scim_users.get(&record).and_then(|known| known.account.clone());
            if let Some(known) = held.and_then(|id| world.tenant.atlassian.accounts.get_mut(&id)) {
                known.email = values.email.to_lowercase();
            }
            history::refused(world, "Update", "email", &values.email, 3);
            true
        },
    },
    Fault {
        name: "email-held-outside",
        codes: &[Cause::EmailHeldOutside, Cause::DeactivatedElsewhere, Cause::AccountUnclaimed],
        inject: |world| {
            if world.blueprint.person == PersonKind::Guest {
                return false;
            }
            let (values, account) = (world.values_of_person(), world.account_of_person());
            world.drop_record();
            world.forget_history();
            if let Some(known) = world.tenant.atlassian.accounts.get_mut(&account) {
                (known.managed_by, known.membership) = (ManagedBy::Another, Membership::None);
                known.direct_roles.clear();
            }
            // An account that is in a group of the organization is in the organization.
            for group in world.tenant.atlassian.groups.values_mut() {
                group.members.remove(&account);
            }
            history::refused(world, "Create", "email", &values.email, 3);
            true
        },
    },
    Fault {
        name: "account-unclaimed",
        codes: &[Cause::AccountUnclaimed],
        inject: |world| {
            let account = world.account_of_person();
            if world.blueprint.person == PersonKind::Guest || !world.lose_groups(1) {
                return false;
            }
            if let Some(known) = world.tenant.atlassian.accounts.get_mut(&account) {
                known.managed_by = ManagedBy::Nobody;
            }
            true
        },
    },
    Fault {
        name: "two-directories",
        codes: &[Cause::TwoDirectories],
        inject: |world| {
            let (values, account) = (world.values_of_person(), world.account_of_person());
            if world.blueprint.second_directory == SecondDirectory::None {
                world.tenant.atlassian.add_directory(SECOND, "sandbox-old-key");
            }
            let old = world.person().records.into_iter().find(|id| {
                let known = world.tenant.atlassian.scim_users.get(id);
                known.is_some_and(|record| record.directory == SECOND)
            });
            let old = old.unwrap_or_else(|| {
                let record = world.tenant.atlassian.scim_record(SECOND, &values.email, "", None);
                world.write_values(&record, &values);
                record
            });
            let record = world.record_of_person();
            world.tenant.atlassian.unlink(&record);
            if let Some(known) = world.tenant.atlassian.scim_users.get_mut(&old) {
                known.account = Some(account);
            }
            if let Some(person) = world.truth.humans.first_mut() {
                person.records.insert(old);
            }
            true
        },
    },
    Fault {
        name: "email-mismatch",
        codes: &[Cause::EmailMismatch],
        inject: |world| {
            if world.blueprint.person == PersonKind::Guest {
                return false;
            }
            renamed_from_before(world);
            true
        },
    },
    Fault {
        name: "email-mismatch-and-drift",
        codes: &[Cause::EmailMismatch],
        inject: |world| {
            if world.blueprint.person == PersonKind::Guest || !world.lose_groups(1) {
                return false;
            }
            renamed_from_before(world);
            true
        },
    },
    Fault {
        name: "identity-recreated",
        codes: &[
            Cause::IdentityRecreated,
            Cause::StaleRecordConflict,
            Cause::EmailHeldByManagedAccount,
            Cause::NeverProvisioned,
        ],
        inject: |world| {
            let (values, idp) = (world.values_of_person(), world.idp_of_person());
            if values.external_id.as_deref() != Some(idp.as_str()) {
                return false;
            }
            let record = world.record_of_person();
            world.lose_groups(usize::MAX);
            world.forget_history();
            if let Some(known) = world.tenant.atlassian.scim_users.get_mut(&record) {
                known.external_id = Some(FORMER_OBJECT.to_owned());
            }
            if let Some(user) = world.tenant.entra.users.get_mut(&idp) {
                user.created = "2026-09-01T08:00:00Z".parse().unwrap_or_default();
            }
            history::refused(world, "Create", "email", &values.email, 3);
            true
        },
    },
    Fault {
        name: "stale-anchor",
        codes: &[Cause::StaleAnchor],
        inject: |world| {
            let record = world.record_of_person();
            history::success(world, &record, 30);
            world.drop_record();
            history::lost_anchor(world, 3);
            world.tenant.entra.switches.rematch_when_gone = false;
            true
        },
    },
    Fault {
        name: "silent-stale-anchor",
        codes: &[Cause::StaleAnchor],
        inject: |world| {
            let record = world.record_of_person();
            history::success(world, &record, 30);
            world.drop_record();
            true
        },
    },
    Fault {
        name: "wrong-anchor",
        codes: &[Cause::WrongAnchor],
        inject: |world| {
            let Some(record) = record_of_colleague(world) else { return false };
            if !world.lose_groups(1) {
                return false;
            }
            anchored_on(world, &record);
            true
        },
    },
    Fault {
        name: "wrong-anchor-without-record",
        codes: &[Cause::WrongAnchor],
        inject: |world| {
            // Without an externalId, no record shows its owner.
            if world.blueprint.external_id.is_none() {
                return false;
            }
            let Some(record) = record_of_colleague(world) else { return false };
            world.drop_record();
            anchored_on(world, &record);
            true
        },
    },
    Fault {
        name: "export-failing",
        codes: &[Cause::ExportFailing],
        inject: |world| {
            if !world.lose_groups(1) {
                return false;
            }
            history::refused_otherwise(world, "Update", 3);
            true
        },
    },
];

/// The record of the ordinary colleague.
fn record_of_colleague(world: &World) -> Option<String> {
    world.truth.humans.get(1)?.records.iter().next().cloned()
}

/// The job takes this record for the person's.
fn anchored_on(world: &mut World, record: &str) {
    let idp = world.idp_of_person();
    world.tenant.entra.remember_export(&idp, record, &[]);
    history::success(world, record, 4);
}

/// The person was renamed at the identity provider. The record, the account and the engine's cache have the old values.
fn renamed_from_before(world: &mut World) {
    let (record, account, idp) = (world.record_of_person(), world.account_of_person(), world.idp_of_person());
    if let Some(known) = world.tenant.atlassian.scim_users.get_mut(&record) {
        BEFORE.clone_into(&mut known.email);
        BEFORE.clone_into(&mut known.user_name);
    }
    if let Some(known) = world.tenant.atlassian.accounts.get_mut(&account) {
        BEFORE.clone_into(&mut known.email);
        "Jane Miller".clone_into(&mut known.name);
    }
    if let Some(export) = world.tenant.entra.atlassian_job().and_then(|job| job.cache.get_mut(&idp)) {
        for target in ["userName", "emails[type eq \"work\"].value"] {
            export.attributes.insert(target.to_owned(), BEFORE.into());
        }
    }
    if let Some(person) = world.truth.humans.first_mut() {
        person.addresses.insert(BEFORE.to_owned());
    }
}
