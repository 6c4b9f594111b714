//! Faults of the person at the identity provider.

use reinstate_core::Cause;
use serde_json::json;

use super::super::blueprint::Assigned;
use super::super::world::{World, cycle_ended};
use super::super::{history, schema};
use super::Fault;
use crate::entra::Group;
use crate::tenant::hours_ago;

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "idp-user-missing",
        codes: &[Cause::IdpUserMissing, Cause::OrphanedRecord],
        inject: |world| {
            let idp = world.idp_of_person();
            world.tenant.entra.groups.values_mut().for_each(|group| leave(group, &idp));
            world.tenant.entra.assignments.retain(|one| one.principal != idp);
            world.tenant.entra.users.remove(&idp);
            gone(world)
        },
    },
    Fault {
        name: "idp-user-deleted",
        codes: &[Cause::IdpUserDeleted],
        inject: |world| {
            let (idp, account) = (world.idp_of_person(), world.account_of_person());
            world.tenant.entra.delete_user(&idp, hours_ago(50));
            world.drop_record();
            world.tenant.atlassian.set_active(&account, false);
            gone(world)
        },
    },
    Fault {
        name: "orphaned-record",
        codes: &[Cause::IdpUserDeleted, Cause::OrphanedRecord],
        inject: |world| {
            let idp = world.idp_of_person();
            world.tenant.entra.delete_user(&idp, hours_ago(50));
            gone(world)
        },
    },
    Fault {
        name: "idp-user-disabled",
        codes: &[Cause::IdpUserDisabled],
        inject: |world| {
            let idp = world.idp_of_person();
            let Some(user) = world.tenant.entra.users.get_mut(&idp) else { return false };
            user.account_enabled = false;
            switch_off(world);
            true
        },
    },
    Fault {
        name: "not-assigned",
        codes: &[Cause::NotAssigned],
        inject: |world| {
            if matches!(world.blueprint.assigned, Assigned::SyncAll | Assigned::GroupsAndSyncAll) {
                return false;
            }
            let idp = world.idp_of_person();
            world.leave_groups();
            world.tenant.entra.unassign(&idp);
            let account = world.account_of_person();
            if let Some(known) = world.tenant.atlassian.accounts.get_mut(&account) {
                known.direct_roles.clear();
            }
            switch_off(world);
            true
        },
    },
    Fault {
        name: "nested-only",
        codes: &[Cause::NestedOnly],
        inject: |world| {
            if world.blueprint.assigned != Assigned::Groups {
                return false;
            }
            let idp = world.idp_of_person();
            world.leave_groups();
            let inner = world.tenant.entra.add_group("contractors");
            world.tenant.entra.add_member(&inner, &idp);
            let outer = world.tenant.jira_users.clone();
            world.tenant.entra.nest(&outer, &inner);
            world.drop_record();
            world.forget_history();
            true
        },
    },
    Fault {
        name: "out-of-scope",
        codes: &[Cause::OutOfScope],
        inject: |world| {
            let idp = world.idp_of_person();
            for user in world.tenant.entra.users.values_mut() {
                let department = if user.id == idp { "Sales" } else { "Engineering" };
                user.department = Some(department.to_owned());
            }
            let scope = schema::object(&mut world.tenant, "User");
            let Some(groups) = scope.and_then(|object| object.pointer_mut("/scope/groups")) else {
                return false;
            };
            *groups = json!([{"name": "engineers", "clauses": [{
                "operatorName": "EQUALS", "sourceOperandName": "department",
                "targetOperand": {"values": ["Engineering"]},
            }]}]);
            history::filtered(world, 3);
            switch_off(world);
            true
        },
    },
    Fault {
        name: "attribute-missing",
        codes: &[Cause::AttributeMissing],
        inject: |world| {
            let idp = world.idp_of_person();
            if world.blueprint.email.contains("[userPrincipalName]") {
                return false;
            }
            let Some(user) = world.tenant.entra.users.get_mut(&idp) else { return false };
            let upn = user.upn.clone();
            user.mail = None;
            user.proxy_addresses.clear();
            if world.who.contains('@') {
                world.who.clone_from(&upn);
            }
            if let Some(person) = world.truth.humans.first_mut() {
                person.asked = upn;
            }
            world.drop_record();
            world.forget_history();
            true
        },
    },
    Fault {
        name: "sync-pending",
        codes: &[Cause::SyncPending],
        inject: |world| {
            let idp = world.idp_of_person();
            let Some(user) = world.tenant.entra.users.get_mut(&idp) else { return false };
            user.created = hours_ago(0);
            world.drop_record();
            world.forget_history();
            cycle_ended(world);
            true
        },
    },
    Fault {
        name: "dynamic-group-pending",
        codes: &[Cause::DynamicGroupPending],
        inject: |world| {
            if !matches!(world.blueprint.assigned, Assigned::Groups | Assigned::DynamicGroups) {
                return false;
            }
            world.leave_groups();
            world.drop_record();
            world.forget_history();
            for group in world.tenant.entra.groups.values_mut() {
                group.membership_rule = Some("user.department -eq \"Engineering\"".to_owned());
                group.rule_is_paused = true;
            }
            true
        },
    },
    Fault {
        name: "assignment-broken",
        codes: &[Cause::AssignmentBroken],
        inject: |world| {
            if matches!(world.blueprint.assigned, Assigned::SyncAll | Assigned::GroupsAndSyncAll) {
                return false;
            }
            if !world.lose_groups(1) {
                return false;
            }
            world.assignments_of_person().into_iter().for_each(|one| one.is_broken = true);
            history::not_entitled(world, 2);
            true
        },
    },
];

fn leave(group: &mut Group, idp: &str) {
    group.members.retain(|member| member.id != idp);
}

/// The person has left: no user object, and nobody works with what remains.
fn gone(world: &mut World) -> bool {
    let Some(person) = world.truth.humans.first_mut() else { return false };
    (person.idp, person.living) = (None, false);
    true
}

/// The job has disabled the person's record, as it does for somebody who left the scope.
fn switch_off(world: &mut World) {
    let (account, record) = (world.account_of_person(), world.record_of_person());
    world.tenant.atlassian.set_active(&account, false);
    if let Some(known) = world.tenant.atlassian.scim_users.get_mut(&record) {
        (known.active, known.modified) = (false, hours_ago(1));
    }
    let idp = world.idp_of_person();
    if let Some(export) = world.tenant.entra.atlassian_job().and_then(|job| job.cache.get_mut(&idp)) {
        export.attributes.insert("active".to_owned(), false.into());
    }
}
