//! Scenarios of apps: several apps and sites, roles of different strength, and roles that come another way.

use super::{JANE, Scenario};
use crate::atlassian::Membership;
use crate::tenant::{DIRECTORY, Person, Tenant};
use reinstate_core::{Cause, Outcome};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "role-too-weak",
        title: "Somebody made Jane a guest in the wiki by hand, and the role of her group has no effect.",
        who: JANE,
        finds: &[Cause::RoleTooWeak],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            let wiki = tenant.wiki.clone();
            without_seat(tenant, &jane, &wiki);
            give(tenant, &jane, &wiki, "atlassian/guest");
        },
    },
    Scenario {
        name: "healthy-guest-role-beside-the-groups",
        title: "Somebody made Jane a guest in the wiki by hand, and the role of her group has effect.",
        who: JANE,
        finds: &[],
        mentions: &[],
        ends: Outcome::Healthy,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            let wiki = tenant.wiki.clone();
            give(tenant, &jane, &wiki, "atlassian/guest");
        },
    },
    Scenario {
        name: "healthy-two-roles-of-different-strength",
        title: "One group of Jane makes her an admin of the wiki, another one a user. She is a user, which is enough.",
        who: JANE,
        finds: &[],
        mentions: &[],
        ends: Outcome::Healthy,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            let wiki = tenant.wiki.clone();
            group_with(tenant, &jane, "wiki-admins", &[(&wiki, "atlassian/admin")]);
            without_seat(tenant, &jane, &wiki);
            give(tenant, &jane, &wiki, "atlassian/user");
        },
    },
    Scenario {
        name: "healthy-role-given-by-hand",
        title: "Jane's group gives her no role in the wiki, and somebody gave her the same role by hand.",
        who: JANE,
        finds: &[],
        mentions: &[],
        ends: Outcome::Healthy,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            let wiki = tenant.wiki.clone();
            without_seat(tenant, &jane, &wiki);
            give(tenant, &jane, &wiki, "atlassian/user");
        },
    },
    Scenario {
        name: "healthy-role-through-a-local-group",
        title: "The synced wiki group grants nothing, and a local group of Jane grants the wiki.",
        who: JANE,
        finds: &[],
        mentions: &[Cause::GroupWithoutRole],
        ends: Outcome::Healthy,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            clear_grants(tenant, "wiki-users");
            let wiki = tenant.wiki.clone();
            tenant.atlassian.add_group("wiki-users (acme)", false, &[(&wiki, "atlassian/user")]);
            tenant.atlassian.add_member(&jane.account, "wiki-users (acme)");
        },
    },
    Scenario {
        name: "group-without-role-beside-a-namesake",
        title: "After a consolidation, local groups of nearly the same names have kept the roles.",
        who: JANE,
        finds: &[Cause::GroupWithoutRole],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            tenant.employee(JANE, "Jane Doe");
            clear_grants(tenant, "wiki-users");
            clear_grants(tenant, "jira-users");
            let jira = tenant.jira.clone();
            tenant.atlassian.add_group("jira-users (acme)", false, &[(&jira, "atlassian/user")]);
        },
    },
    Scenario {
        name: "seats-full-in-one-app",
        title: "Jane opens Jira, and the wiki has no seat left for her.",
        who: JANE,
        finds: &[Cause::SeatsFull],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            let wiki = tenant.wiki.clone();
            fill(tenant, &wiki);
            without_seat(tenant, &jane, &wiki);
        },
    },
    Scenario {
        name: "seats-full-on-one-site",
        title: "Jane opens the wiki of one site, and that of the other site has no seat left for her.",
        who: JANE,
        finds: &[Cause::SeatsFull],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            let other = second_site(tenant);
            group_with(tenant, &jane, "lab-wiki-users", &[(&other, "atlassian/user")]);
            fill(tenant, &other);
            without_seat(tenant, &jane, &other);
        },
    },
    Scenario {
        name: "healthy-apps-on-two-sites",
        title: "Jane opens the wikis of two sites.",
        who: JANE,
        finds: &[],
        mentions: &[],
        ends: Outcome::Healthy,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            let other = second_site(tenant);
            group_with(tenant, &jane, "lab-wiki-users", &[(&other, "atlassian/user")]);
        },
    },
    Scenario {
        name: "healthy-full-app-that-no-group-grants",
        title: "An app that none of Jane's groups grants has no seat left.",
        who: JANE,
        finds: &[],
        mentions: &[],
        ends: Outcome::Healthy,
        arrange: |tenant| {
            tenant.employee(JANE, "Jane Doe");
            let other = second_site(tenant);
            fill(tenant, &other);
        },
    },
    Scenario {
        name: "suspended-one-app-full",
        title: "Jane's access is suspended. One of her apps is full, so Atlassian gives none of them back.",
        who: JANE,
        finds: &[Cause::Suspended, Cause::SeatsFull],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            if let Some(account) = tenant.atlassian.accounts.get_mut(&jane.account) {
                account.membership = Membership::Suspended;
            }
            let wiki = tenant.wiki.clone();
            fill(tenant, &wiki);
        },
    },
    Scenario {
        name: "healthy-extra-synced-group",
        title: "Atlassian shows Jane in a synced group that the identity provider took from her.",
        who: JANE,
        finds: &[],
        mentions: &[],
        ends: Outcome::Healthy,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            let wiki = tenant.wiki.clone();
            tenant.atlassian.add_group("former-team", true, &[(&wiki, "atlassian/user")]);
            tenant.atlassian.join(&jane.record, "former-team");
        },
    },
    Scenario {
        name: "default-group-clash-built-in",
        title: "The group at the identity provider has the name of the group of Atlassian's organization admins.",
        who: JANE,
        finds: &[Cause::DefaultGroupClash],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            let group = tenant.entra.add_group("site-admins");
            tenant.entra.assign_group(&group);
            tenant.entra.add_member(&group, &jane.idp);
            tenant.atlassian.add_group("site-admins", false, &[]);
            tenant.atlassian.add_scim_group(DIRECTORY, "site-admins", None);
            tenant.atlassian.join(&jane.record, "site-admins");
        },
    },
];

/// No group gives the person a role in this app.
fn without_seat(tenant: &mut Tenant, person: &Person, app: &str) {
    for space in tenant.atlassian.workspaces.iter_mut().filter(|space| space.id == app) {
        space.unseated.insert(person.account.clone());
    }
}

/// Takes every seat of one app.
fn fill(tenant: &mut Tenant, app: &str) {
    for space in tenant.atlassian.workspaces.iter_mut().filter(|space| space.id == app) {
        space.usage = space.capacity;
    }
}

/// Gives the person a role by hand.
fn give(tenant: &mut Tenant, person: &Person, app: &str, role: &str) {
    if let Some(account) = tenant.atlassian.accounts.get_mut(&person.account) {
        account.direct_roles.insert((app.to_owned(), role.to_owned()));
    }
}

/// The group grants nothing any more.
fn clear_grants(tenant: &mut Tenant, name: &str) {
    for group in tenant.atlassian.groups.values_mut().filter(|group| group.name == name) {
        group.grants.clear();
    }
}

/// A wiki on another site.
fn second_site(tenant: &mut Tenant) -> String {
    let wiki = tenant.atlassian.add_workspace("confluence", "Laboratory Wiki");
    for space in tenant.atlassian.workspaces.iter_mut().filter(|space| space.id == wiki) {
        space.host_url = "https://lab.atlassian.net".to_owned();
    }
    wiki
}

/// Puts the person into one more assigned group, which grants these roles.
fn group_with(tenant: &mut Tenant, person: &Person, name: &str, grants: &[(&str, &str)]) {
    let group = tenant.entra.add_group(name);
    tenant.entra.assign_group(&group);
    tenant.entra.add_member(&group, &person.idp);
    tenant.atlassian.add_group(name, true, grants);
    tenant.atlassian.join(&person.record, name);
}
