//! Faults of groups, the roles they grant, and the seats these roles need.

use reinstate_core::Cause;

use super::super::schema;
use super::super::world::{GroupLink, World};
use super::Fault;
use crate::tenant::DIRECTORY;

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "membership-drift",
        codes: &[Cause::MembershipDrift],
        inject: |world| world.lose_groups(1),
    },
    Fault {
        name: "membership-drift-in-all",
        codes: &[Cause::MembershipDrift],
        inject: |world| world.lose_groups(usize::MAX),
    },
    Fault {
        name: "propagation-lag",
        codes: &[Cause::PropagationLag],
        inject: |world| {
            let record = world.record_of_person();
            let mut any = false;
            for group in world.tenant.atlassian.scim_groups.values_mut() {
                if let Some(member) = group.members.get_mut(&record) {
                    member.dropped = true;
                    any = true;
                }
            }
            any
        },
    },
    Fault {
        name: "group-name-conflict",
        codes: &[Cause::GroupNameConflict],
        inject: |world| {
            third_group(world, "design");
            world.tenant.atlassian.add_group("design", false, &[]);
            true
        },
    },
    Fault {
        name: "default-group-clash",
        codes: &[Cause::DefaultGroupClash],
        inject: |world| {
            third_group(world, "confluence-users");
            let wiki = world.tenant.wiki.clone();
            let atlassian = &mut world.tenant.atlassian;
            let id = atlassian.add_group("confluence-users", false, &[(&wiki, "atlassian/user")]);
            for grant in atlassian.groups.get_mut(&id).into_iter().flat_map(|group| &mut group.grants) {
                grant.default_role = Some("atlassian/user".to_owned());
            }
            atlassian.add_scim_group(DIRECTORY, "confluence-users", None);
            let record = world.record_of_person();
            world.tenant.atlassian.join(&record, "confluence-users");
            true
        },
    },
    Fault {
        name: "group-renamed",
        codes: &[Cause::GroupRenamed],
        inject: |world| {
            let Some(group) = world.groups.first().cloned().filter(|_| world.blueprint.group_ids) else {
                return false;
            };
            if let Some(known) = world.tenant.entra.groups.get_mut(&group.idp) {
                "jira-people".clone_into(&mut known.display_name);
            }
            true
        },
    },
    Fault {
        name: "group-without-role",
        codes: &[Cause::GroupWithoutRole],
        inject: |world| {
            let ids: Vec<String> = world.groups.iter().map(|group| group.org.clone()).collect();
            clear_grants(world, &ids)
        },
    },
    Fault {
        name: "one-group-without-role",
        codes: &[Cause::GroupWithoutRole],
        inject: |world| {
            let Some(GroupLink { org, .. }) = world.groups.first().cloned() else { return false };
            let jira = world.tenant.jira.clone();
            world.tenant.atlassian.add_group("jira-users (acme)", false, &[(&jira, "atlassian/user")]);
            clear_grants(world, &[org])
        },
    },
    Fault { name: "seats-full", codes: &[Cause::SeatsFull], inject: |world| without_seat(world) },
    Fault {
        name: "role-too-weak",
        codes: &[Cause::RoleTooWeak, Cause::SeatsFull],
        inject: |world| {
            if !without_seat(world) {
                return false;
            }
            let (account, jira) = (world.account_of_person(), world.tenant.jira.clone());
            if let Some(known) = world.tenant.atlassian.accounts.get_mut(&account) {
                known.direct_roles.insert((jira, "atlassian/guest".to_owned()));
            }
            true
        },
    },
    Fault {
        name: "active-mapping",
        codes: &[Cause::ActiveMapping],
        inject: |world| {
            if world.blueprint.active.is_none() {
                return false;
            }
            let (account, record) = (world.account_of_person(), world.record_of_person());
            let Some(known) = world.tenant.atlassian.scim_users.get_mut(&record) else { return false };
            known.active = false;
            schema::fill(&mut world.tenant, "active", Some("[extensionAttribute9]"));
            world.tenant.atlassian.set_active(&account, false);
            true
        },
    },
];

/// Another assigned group of the person that Atlassian does not have yet.
fn third_group(world: &mut World, name: &str) {
    let (idp, group) = (world.idp_of_person(), world.tenant.entra.add_group(name));
    world.tenant.entra.assign_group(&group);
    world.tenant.entra.add_member(&group, &idp);
}

fn clear_grants(world: &mut World, groups: &[String]) -> bool {
    let all = world.tenant.atlassian.groups.values_mut();
    all.filter(|group| groups.contains(&group.id)).for_each(|group| group.grants.clear());
    true
}

/// The person got no seat in Jira, and none is left.
fn without_seat(world: &mut World) -> bool {
    // Only these roles take a seat.
    if !["atlassian/user", "atlassian/admin"].contains(&world.blueprint.jira_role) {
        return false;
    }
    let (account, jira) = (world.account_of_person(), world.tenant.jira.clone());
    for workspace in world.tenant.atlassian.workspaces.iter_mut().filter(|one| one.id == jira) {
        workspace.usage = workspace.capacity;
        workspace.unseated.insert(account.clone());
    }
    !account.is_empty()
}
