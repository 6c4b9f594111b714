//! Which groups an account must show, which apps it needs because of them, and which lists of roles decide.

use super::join_tests::{Change, depth, expect, gap, put};
use super::tests::{GROUP, JANE, at, census, group, jane, list, record};
use super::*;
use crate::evidence::{Assignment, GroupRole, OrgGroup, Read};

const WRITERS: &str = "00000096-0000-4000-8000-000000000002";

/// Jane is in two groups, and her account shows both.
fn in_two_groups(census: &mut Census, listed: &mut ListedAccount) {
    *census = super::tests::census(&[(GROUP, "jira-users"), (WRITERS, "writers")]);
    listed.account.groups = jane(&["jira-users", "writers"]).account.groups;
}

/// Her record names a SCIM group of this name, which is the group with this id at the identity provider.
fn known_as(census: &mut Census, name: &str, id: &str) {
    let mut known = record("r1");
    known.groups = vec![group("scim-1", name)];
    put(census, &[known]);
    let ids = [("scim-1".to_owned(), id.to_owned())].into();
    census.scim_groups.insert("d1".to_owned(), Read::seen(at(0), ids));
}

fn grant(role: &str) -> Read<Vec<GroupRole>> {
    let (resource, roles) = ("jira".to_owned(), vec![format!("atlassian/{role}")]);
    Read::seen(at(0), vec![GroupRole { resource, app: true, roles, ..GroupRole::default() }])
}

fn hold(census: &mut Census, listed: &mut ListedAccount, resource: &str, role: &'static str) {
    census.role_lists = Some(vec![list(resource, ListedRoles::One(role))]);
    listed.roles = Some(HeldRoles { lists: vec![0] });
}

fn direct(principal: &str) -> Assignment {
    Assignment {
        principal: principal.to_owned(),
        is_group: false,
        name: "Jane".to_owned(),
        created: None,
        default_access: Some(false),
    }
}

#[test]
fn a_group_is_found_by_its_name_or_by_the_scim_group_that_had_another_name() {
    expect(
        LookDepth::Nothing,
        &[
            ("both groups", in_two_groups),
            ("the only group was renamed since", |census, listed| {
                listed.account.groups = Some(vec![group("jira-users", "authors")]);
                known_as(census, "authors", GROUP);
            }),
            ("a group that was renamed since", |census, listed| {
                in_two_groups(census, listed);
                // At Atlassian, `writers` is still called `authors`.
                listed.account.groups =
                    Some(vec![group("jira-users", "jira-users"), group("writers", "authors")]);
                known_as(census, "Authors", WRITERS);
            }),
        ],
    );
    expect(
        LookDepth::Close,
        &[
            ("one of two", |census, listed| {
                in_two_groups(census, listed);
                listed.account.groups = jane(&["writers"]).account.groups;
            }),
            ("the other name is that of another group", |census, listed| {
                in_two_groups(census, listed);
                listed.account.groups = jane(&["jira-users"]).account.groups;
                // So `jira-users` at Atlassian is `writers`, and the group `jira-users` is missing.
                known_as(census, "jira-users", WRITERS);
            }),
            ("a name that nothing ties to the group", |census, listed| {
                in_two_groups(census, listed);
                listed.account.groups =
                    Some(vec![group("jira-users", "jira-users"), group("writers", "authors")]);
                known_as(census, "authors", "00000096-0000-4000-8000-000000000003");
            }),
            ("a group without a name", |census, listed| {
                *census = super::tests::census(&[(GROUP, "")]);
                listed.account.groups = jane(&[""]).account.groups;
            }),
        ],
    );
}

#[test]
fn an_account_needs_a_role_in_every_app_that_its_groups_grant() {
    expect(
        LookDepth::Nothing,
        &[
            ("a stronger role", |census, listed| hold(census, listed, "jira", "admin")),
            ("a group on no resource grants nothing", |census, listed| {
                if let Read::Seen { value, .. } = &mut census.grants.groups {
                    value[0].resources = Some(0);
                }
                hold(census, listed, "wiki", "guest");
            }),
            ("the weaker of two grants is enough", |census, listed| {
                in_two_groups(census, listed);
                census.grants.group_roles.insert("writers".to_owned(), grant("guest"));
                hold(census, listed, "jira", "guest");
            }),
            ("without a group, any app", |census, listed| {
                *census = super::tests::census(&[]);
                census.grants.assignments = Read::seen(at(0), vec![direct(JANE)]);
                hold(census, listed, "wiki", "guest");
            }),
        ],
    );
    expect(
        LookDepth::Close,
        &[
            ("a weaker role", |census, listed| hold(census, listed, "jira", "guest")),
            ("a role in another app", |census, listed| hold(census, listed, "wiki", "user")),
            ("without a group, no app", |census, listed| {
                *census = super::tests::census(&[]);
                census.grants.assignments = Read::seen(at(0), vec![direct(JANE)]);
                listed.roles = Some(HeldRoles::default());
            }),
            ("a group that the organization does not list", |census, _| {
                census.grants.groups = Read::seen(at(0), Vec::new());
            }),
            ("a local group, whose roles are not listed", |census, _| census.grants.group_roles.clear()),
        ],
    );
}

#[test]
fn nobody_is_assigned_because_somebody_else_is() {
    let assigned = |all: Vec<Assignment>| {
        depth(move |census, listed| {
            *census = super::tests::census(&[]);
            census.grants.assignments = Read::seen(at(0), all.clone());
            hold(census, listed, "jira", "user");
        })
    };
    assert_eq!(assigned(vec![direct("joan"), direct(JANE)]), LookDepth::Nothing);
    assert_eq!(assigned(vec![direct("joan")]), LookDepth::Close);
    assert_eq!(assigned(vec![Assignment { is_group: true, ..direct(JANE) }]), LookDepth::Close);
}

#[test]
fn an_account_waits_for_the_lists_of_the_apps_that_it_needs() {
    let lists = |change: Change| {
        let (mut census, mut listed) = (census(&[(GROUP, "jira-users")]), jane(&["jira-users"]));
        let any = RoleList { resource: None, roles: ListedRoles::Opening };
        let (wiki, jira) = (list("wiki", ListedRoles::One("user")), list("jira", ListedRoles::One("user")));
        census.role_lists = Some(vec![wiki, jira, any]);
        change(&mut census, &mut listed);
        census.deciding_lists(&listed)
    };
    assert_eq!(lists(|_, _| {}), [1]);
    assert_eq!(lists(|_, listed| listed.account.groups = None), [0, 1, 2], "which apps it needs is unread");
    assert_eq!(lists(|census, _| census.users = gap()), [0, 1, 2], "whose it is is unread");
    assert_eq!(lists(|census, _| census.role_lists = None), [0; 0]);
}

#[test]
fn the_roles_are_read_of_synced_groups_that_may_have_some() {
    let group = |id: &str, synced, resources| OrgGroup {
        id: id.to_owned(),
        synced,
        resources,
        ..OrgGroup::default()
    };
    let all = vec![
        group("has-some", Some(true), Some(2)),
        group("may-have-some", Some(true), None),
        group("may-be-synced", None, Some(1)),
        group("has-none", Some(true), Some(0)),
        group("local", Some(false), Some(2)),
        group("local-without", Some(false), Some(0)),
    ];
    let grants = Grants { groups: Read::seen(at(0), all), ..Grants::default() };
    let read: Vec<&str> = grants.granting().map(|group| group.id.as_str()).collect();
    assert_eq!(read, ["has-some", "may-have-some", "may-be-synced"]);
}
