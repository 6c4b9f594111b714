//! Faults of the Atlassian account.

use reinstate_core::Cause;

use super::super::blueprint::{Assigned, PersonKind, UserDirectories};
use super::super::world::World;
use super::Fault;
use crate::atlassian::{ManagedBy, Membership, Status};
use crate::tenant::hours_ago;

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "pending-deletion",
        codes: &[Cause::PendingDeletion],
        inject: |world| {
            world.drop_record();
            let account = world.account_of_person();
            world.tenant.atlassian.schedule_deletion(&account);
            true
        },
    },
    Fault {
        name: "deactivated-by-idp",
        codes: &[Cause::DeactivatedByIdp],
        inject: |world| {
            let (account, record, idp) =
                (world.account_of_person(), world.record_of_person(), world.idp_of_person());
            world.tenant.atlassian.set_active(&account, false);
            if let Some(known) = world.tenant.atlassian.scim_users.get_mut(&record) {
                (known.active, known.modified) = (false, hours_ago(1));
            }
            world.lose_groups(usize::MAX);
            if let Some(job) = world.tenant.entra.atlassian_job() {
                if let Some(export) = job.cache.get_mut(&idp) {
                    export.attributes.insert("active".to_owned(), false.into());
                }
                job.cache.values_mut().for_each(|export| export.members.retain(|id| *id != idp));
            }
            true
        },
    },
    Fault {
        name: "deactivated-locally",
        codes: &[Cause::DeactivatedLocally, Cause::DeactivatedElsewhere],
        inject: |world| {
            world.drop_record();
            world.forget_history();
            switch_off(world)
        },
    },
    Fault {
        name: "deactivated-while-linked",
        codes: &[Cause::DeactivatedWhileLinked, Cause::DeactivatedElsewhere],
        inject: switch_off,
    },
    Fault {
        name: "deactivated-elsewhere",
        codes: &[Cause::DeactivatedElsewhere],
        inject: |world| {
            let account = world.account_of_person();
            if let Some(known) = world.tenant.atlassian.accounts.get_mut(&account) {
                (known.managed_by, known.status) = (ManagedBy::Another, Status::Inactive);
            }
            true
        },
    },
    Fault {
        name: "email-unverified",
        codes: &[Cause::EmailUnverified],
        inject: |world| {
            let account = world.account_of_person();
            let Some(known) = world.tenant.atlassian.accounts.get_mut(&account) else { return false };
            known.email_verified = false;
            known.activity.clear();
            true
        },
    },
    Fault {
        name: "suspended",
        codes: &[Cause::Suspended],
        inject: |world| membership(world, Membership::Suspended),
    },
    Fault {
        name: "suspended-in-second-directory",
        codes: &[Cause::Suspended],
        inject: |world| {
            // Without an app there, the suspension takes nothing away.
            if world.blueprint.wiki_role.and_then(crate::oracle::strength).is_none() {
                return false;
            }
            let second = world.tenant.atlassian.more_directories.first().map(|known| known.id.clone());
            let Some(second) =
                second.filter(|_| world.blueprint.user_directories == UserDirectories::WikiInSecond)
            else {
                return false;
            };
            let account = world.account_of_person();
            world.tenant.atlassian.put_in(&account, &second, Membership::Suspended);
            true
        },
    },
    Fault {
        name: "not-in-directory",
        codes: &[Cause::NotInDirectory],
        inject: |world| {
            if !matches!(world.blueprint.assigned, Assigned::Direct | Assigned::SyncAll) {
                return false;
            }
            let account = world.account_of_person();
            if let Some(known) = world.tenant.atlassian.accounts.get_mut(&account) {
                known.direct_roles.clear();
            }
            membership(world, Membership::None)
        },
    },
    Fault {
        name: "domain-not-claimed",
        codes: &[Cause::DomainNotClaimed, Cause::EmailHeldOutside],
        inject: |world| {
            if world.blueprint.person != PersonKind::Plain {
                return false;
            }
            const NEW: &str = "jane@newco.example";
            let (idp, account, record) =
                (world.idp_of_person(), world.account_of_person(), world.record_of_person());
            let Some(user) = world.tenant.entra.users.get_mut(&idp) else { return false };
            NEW.clone_into(&mut user.upn);
            (user.mail, user.proxy_addresses) = (Some(NEW.to_owned()), vec![format!("SMTP:{NEW}")]);
            let values = world.values_of_person();
            world.write_values(&record, &values);
            world.tenant.atlassian.unlink(&record);
            if let Some(known) = world.tenant.atlassian.accounts.get_mut(&account) {
                values.email.to_lowercase().clone_into(&mut known.email);
                known.managed_by = ManagedBy::Nobody;
            }
            if world.who != account {
                NEW.clone_into(&mut world.who);
            }
            if let Some(person) = world.truth.humans.first_mut() {
                person.addresses.insert(NEW.to_owned());
                NEW.clone_into(&mut person.asked);
            }
            true
        },
    },
];

fn switch_off(world: &mut World) -> bool {
    let account = world.account_of_person();
    world.tenant.atlassian.set_active(&account, false);
    true
}

fn membership(world: &mut World, membership: Membership) -> bool {
    let account = world.account_of_person();
    let Some(known) = world.tenant.atlassian.accounts.get_mut(&account) else { return false };
    known.membership = membership;
    true
}
