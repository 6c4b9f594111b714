//! Scenarios of groups, the roles they grant, and the seats these roles need.

use super::{JANE, Scenario};
use crate::atlassian::Membership;
use crate::tenant::{DIRECTORY, Person, Tenant};
use reinstate_core::{Cause, Outcome};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "membership-drift",
        title: "Everything is in order but the groups: Atlassian lost them, and the identity provider does not look.",
        who: JANE,
        finds: &[Cause::MembershipDrift],
        mentions: &[],
        ends: Outcome::Restored,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            tenant.atlassian.leave(&jane.record, "jira-users");
            tenant.atlassian.leave(&jane.record, "wiki-users");
            tenant.sends_known_members();
        },
    },
    Scenario {
        name: "membership-unsent",
        title: "Jane was out of scope when her groups were written, and the identity provider does not look again.",
        who: JANE,
        finds: &[Cause::MembershipDrift],
        mentions: &[],
        ends: Outcome::Restored,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            for group in [tenant.jira_users.clone(), tenant.wiki_users.clone()] {
                if let Some(sent) = tenant.entra.atlassian_job().and_then(|job| job.cache.get_mut(&group)) {
                    sent.members.remove(&jane.idp);
                }
            }
            tenant.atlassian.leave(&jane.record, "jira-users");
            tenant.atlassian.leave(&jane.record, "wiki-users");
        },
    },
    Scenario {
        name: "propagation-lag",
        title: "Provisioning has written the memberships, and Atlassian does not show them.",
        who: JANE,
        finds: &[Cause::PropagationLag],
        mentions: &[],
        ends: Outcome::Restored,
        arrange: |tenant| {
            tenant.employee(JANE, "Jane Doe");
            let record = tenant.atlassian.scim_users.values().find(|user| user.email == JANE);
            let record = record.map(|user| user.id.clone()).unwrap_or_default();
            for group in tenant.atlassian.scim_groups.values_mut() {
                if let Some(member) = group.members.get_mut(&record) {
                    member.dropped = true;
                }
            }
            tenant.sends_known_members();
        },
    },
    Scenario {
        name: "group-name-conflict",
        title: "A local group was called design before the identity provider's group came.",
        who: JANE,
        finds: &[Cause::GroupNameConflict],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            third_group(tenant, &jane, "design");
            tenant.atlassian.add_group("design", false, &[]);
        },
    },
    Scenario {
        name: "default-group-clash",
        title: "The group at the identity provider has the name of an app's default group.",
        who: JANE,
        finds: &[Cause::DefaultGroupClash],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            third_group(tenant, &jane, "confluence-users");
            let wiki = tenant.wiki.clone();
            let id = tenant.atlassian.add_group("confluence-users", false, &[(&wiki, "atlassian/user")]);
            for grant in tenant.atlassian.groups.get_mut(&id).into_iter().flat_map(|group| &mut group.grants)
            {
                grant.default_role = Some("atlassian/user".to_owned());
            }
            tenant.atlassian.add_scim_group(DIRECTORY, "confluence-users", None);
            tenant.atlassian.join(&jane.record, "confluence-users");
        },
    },
    Scenario {
        name: "group-name-conflict-and-drift",
        title: "One group's name is taken, and the membership of another was lost.",
        who: JANE,
        finds: &[Cause::MembershipDrift, Cause::GroupNameConflict],
        mentions: &[],
        ends: Outcome::Restored,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            third_group(tenant, &jane, "design");
            tenant.atlassian.add_group("design", false, &[]);
            tenant.atlassian.leave(&jane.record, "jira-users");
            tenant.sends_known_members();
        },
    },
    Scenario {
        name: "group-renamed",
        title: "A group was renamed at the identity provider. Atlassian keeps the old name, and all works.",
        who: JANE,
        finds: &[],
        mentions: &[Cause::GroupRenamed],
        ends: Outcome::Healthy,
        arrange: |tenant| {
            tenant.employee(JANE, "Jane Doe");
            rename(tenant);
        },
    },
    Scenario {
        name: "group-renamed-without-role",
        title: "A group was renamed, and nobody gave its apps to it.",
        who: JANE,
        finds: &[Cause::GroupRenamed, Cause::GroupWithoutRole],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            tenant.employee(JANE, "Jane Doe");
            rename(tenant);
            tenant.atlassian.groups.values_mut().for_each(|group| group.grants.clear());
        },
    },
    Scenario {
        name: "group-without-role",
        title: "Jane is in all her groups, and none of them gives an app.",
        who: JANE,
        finds: &[Cause::GroupWithoutRole],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            tenant.employee(JANE, "Jane Doe");
            tenant.atlassian.groups.values_mut().for_each(|group| group.grants.clear());
        },
    },
    Scenario {
        name: "groups-that-only-manage-users",
        title: "Jane's groups let her manage the users of each app, and open none.",
        who: JANE,
        finds: &[Cause::GroupWithoutRole],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            for grant in tenant.atlassian.groups.values_mut().flat_map(|group| &mut group.grants) {
                grant.roles = vec!["atlassian/user-access-admin".to_owned()];
            }
            // Jane has used the app before. That is no proof of present access.
            tenant.atlassian.last_active(&jane.account, &tenant.wiki.clone(), "2026-10-02");
        },
    },
    Scenario {
        name: "seats-full",
        title: "Jane is in all her groups, and no seat was left for her.",
        who: JANE,
        finds: &[Cause::SeatsFull],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            full(tenant, Some(&jane));
        },
    },
    Scenario {
        name: "healthy-seats-full",
        title: "No seat is left, and Jane has hers.",
        who: JANE,
        finds: &[],
        mentions: &[],
        ends: Outcome::Healthy,
        arrange: |tenant| {
            tenant.employee(JANE, "Jane Doe");
            full(tenant, None);
        },
    },
    Scenario {
        name: "healthy-suspended-elsewhere",
        title: "Jane is suspended in a user directory that none of her groups belongs to.",
        who: JANE,
        finds: &[],
        mentions: &[],
        ends: Outcome::Healthy,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            let second = tenant.atlassian.add_user_directory("Laboratory");
            let jira = tenant.jira.clone();
            tenant.atlassian.add_group("laboratory", false, &[(&jira, "atlassian/user")]);
            tenant.atlassian.move_group("laboratory", &second);
            tenant.atlassian.add_member(&jane.account, "laboratory");
            tenant.atlassian.put_in(&jane.account, &second, Membership::Suspended);
        },
    },
    Scenario {
        name: "healthy-namesake-group",
        title: "A local group has nearly the name of the synced one.",
        who: JANE,
        finds: &[],
        mentions: &[],
        ends: Outcome::Healthy,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            tenant.atlassian.add_group("jira-users-local", false, &[]);
            tenant.atlassian.add_member(&jane.account, "jira-users-local");
        },
    },
];

/// Adds a third group at the identity provider, assigned, with the person in it.
fn third_group(tenant: &mut Tenant, person: &Person, name: &str) {
    let group = tenant.entra.add_group(name);
    tenant.entra.assign_group(&group);
    tenant.entra.add_member(&group, &person.idp);
}

/// Renames `jira-users` at the identity provider. Atlassian's group has its id.
fn rename(tenant: &mut Tenant) {
    let id = tenant.jira_users.clone();
    if let Some(group) = tenant.entra.groups.get_mut(&id) {
        group.display_name = "jira-people".to_owned();
    }
    for group in tenant.atlassian.scim_groups.values_mut().filter(|group| group.name == "jira-users") {
        group.external_id = Some(id.clone());
    }
}

/// Takes every seat. The person, if given, got none.
fn full(tenant: &mut Tenant, without: Option<&Person>) {
    for space in &mut tenant.atlassian.workspaces {
        space.usage = space.capacity;
        space.unseated.extend(without.map(|person| person.account.clone()));
    }
}
