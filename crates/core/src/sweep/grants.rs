//! What the assigned groups grant, and the lists of role holders that a sweep reads because of it. A list that could
//! not be read makes the roles of an account unknown; it must never make them empty.

use std::collections::{BTreeMap, BTreeSet};

use crate::evidence::{
    APP_ROLES, Assignment, CLOSED_ROLES, GroupRole, OrgGroup, Read, RoleLevel, Workspace, role_level,
};

/// What decides which apps people should be able to open.
#[derive(Clone, Debug, Default)]
pub struct Grants {
    pub assignments: Read<Vec<Assignment>>,
    /// Every group of the organization, sorted by id.
    pub groups: Read<Vec<OrgGroup>>,
    /// The roles of the synced groups, by group id. A group on no resource is left out.
    pub group_roles: BTreeMap<String, Read<Vec<GroupRole>>>,
    pub workspaces: Read<Vec<Workspace>>,
}

/// A list of the accounts that hold a role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RoleList {
    /// The app on one site. `None` for a role in any app.
    pub resource: Option<String>,
    pub roles: ListedRoles,
}

/// Which roles a list is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ListedRoles {
    /// One role that opens an app, without its namespace prefix.
    One(&'static str),
    /// Every role that opens an app.
    Opening,
    /// The known roles that open no app.
    Closed,
}

impl RoleList {
    /// The ids of the roles, as the search takes them.
    #[must_use]
    pub fn role_ids(&self) -> Vec<String> {
        let names: Vec<&str> = match self.roles {
            ListedRoles::One(role) => vec![role],
            ListedRoles::Opening => APP_ROLES.iter().map(|(role, _)| *role).collect(),
            ListedRoles::Closed => CLOSED_ROLES.to_vec(),
        };
        names.into_iter().map(|name| format!("atlassian/{name}")).collect()
    }
}

impl Grants {
    /// A group of the organization.
    #[must_use]
    pub fn group(&self, id: &str) -> Option<&OrgGroup> {
        let groups = self.groups.get()?;
        let place = groups.binary_search_by(|known| known.id.as_str().cmp(id)).ok()?;
        groups.get(place)
    }

    /// The groups whose roles are read: the synced ones that have a role somewhere, or of which this is not shown.
    pub fn granting(&self) -> impl Iterator<Item = &OrgGroup> {
        let groups = self.groups.get().into_iter().flatten();
        groups.filter(|group| group.synced != Some(false) && group.resources != Some(0))
    }

    /// The lists to read: for each app that a group grants, one for each role. The documents do not say whether a
    /// search by role and resource returns only the accounts that hold this role on this resource
    /// (docs/reference/rules.md#atlassian-search-by-role). So the lists of all roles are read, and an account on more
    /// than one list of an app is read on its own. `None` if it is unknown which lists are needed.
    #[must_use]
    pub fn lists(&self) -> Option<Vec<RoleList>> {
        let assignments = self.assignments.get()?;
        self.groups.get()?;
        let granted = self.group_roles.values().filter_map(Read::get).flatten().filter(|role| role.grants());
        let resources: BTreeSet<&str> = granted.map(|role| role.resource.as_str()).collect();
        let on = |resource: &str, roles| RoleList { resource: Some(resource.to_owned()), roles };
        let mut lists = Vec::new();
        for resource in &resources {
            lists.extend(APP_ROLES.iter().map(|(role, _)| on(resource, ListedRoles::One(role))));
            lists.push(on(resource, ListedRoles::Closed));
        }
        // A person who is assigned without a group needs any role that opens an app.
        if resources.is_empty() || assignments.iter().any(|assignment| !assignment.is_group) {
            lists.push(RoleList { resource: None, roles: ListedRoles::Opening });
        }
        Some(lists)
    }
}

/// The roles of one account, as the lists show them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeldRoles {
    /// The numbers of the lists that the account is on.
    pub lists: Vec<u16>,
}

impl HeldRoles {
    fn on<'l>(&self, lists: &'l [RoleList]) -> impl Iterator<Item = &'l RoleList> {
        self.lists.iter().filter_map(|number| lists.get(usize::from(*number)))
    }

    /// The roles on one app. `None` if the lists do not show it without doubt: the account is on more than one list of
    /// the app, or only on the list of roles that open nothing.
    #[must_use]
    pub fn role_on(&self, lists: &[RoleList], resource: &str) -> Option<Option<&'static str>> {
        let here: Vec<ListedRoles> = self
            .on(lists)
            .filter(|list| list.resource.as_deref() == Some(resource))
            .map(|list| list.roles)
            .collect();
        match here.as_slice() {
            [] => Some(None),
            [ListedRoles::One(role)] => Some(Some(role)),
            _ => None,
        }
    }

    /// Whether the account is on any list of a role that opens an app. Wherever it holds the role, it opens something.
    #[must_use]
    pub fn opens_something(&self, lists: &[RoleList]) -> bool {
        self.on(lists).any(|list| list.roles != ListedRoles::Closed)
    }

    /// The role on each app. `None` if the lists leave a doubt on any of them, or do not show whether the account holds
    /// any role.
    #[must_use]
    pub fn roles(&self, lists: &[RoleList]) -> Option<Vec<(String, &'static str)>> {
        let resources: BTreeSet<&str> = lists.iter().filter_map(|list| list.resource.as_deref()).collect();
        let mut roles = Vec::new();
        for resource in resources {
            if let Some(role) = self.role_on(lists, resource)? {
                roles.push((resource.to_owned(), role));
            }
        }
        let complete = lists.iter().any(|list| list.resource.is_none());
        // A role in an app that no group grants is on the list of all apps only.
        let elsewhere = roles.is_empty() && (!complete || self.opens_something(lists));
        (!elsewhere).then_some(roles)
    }
}

/// The weakest role that a person needs on each app: by resource.
pub(super) type Needed<'g> = BTreeMap<&'g str, RoleLevel>;

/// Adds what a group grants.
pub(super) fn add_needed<'g>(needed: &mut Needed<'g>, roles: &'g [GroupRole]) {
    for (role, (level, _)) in roles.iter().filter_map(|role| Some((role, role.weakest()?))) {
        let known = needed.entry(role.resource.as_str()).or_insert(level);
        *known = (*known).min(level);
    }
}

/// Whether a role is at least this strong.
pub(super) fn is_enough(role: Option<&str>, level: RoleLevel) -> bool {
    role.and_then(role_level) >= Some(level)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists() -> Vec<RoleList> {
        let on = |resource: &str, roles| RoleList { resource: Some(resource.to_owned()), roles };
        vec![
            on("jira", ListedRoles::One("user")),
            on("jira", ListedRoles::One("guest")),
            on("jira", ListedRoles::Closed),
            on("wiki", ListedRoles::One("user")),
        ]
    }

    fn held(numbers: &[u16]) -> HeldRoles {
        HeldRoles { lists: numbers.to_vec() }
    }

    #[test]
    fn an_account_on_two_lists_of_one_app_is_in_doubt() {
        let all = lists();
        assert_eq!(held(&[0, 3]).role_on(&all, "jira"), Some(Some("user")));
        assert_eq!(held(&[3]).role_on(&all, "jira"), Some(None));
        for doubtful in [&[0, 1][..], &[0, 2], &[2]] {
            assert_eq!(held(doubtful).role_on(&all, "jira"), None, "{doubtful:?}");
        }
    }

    #[test]
    fn roles_are_complete_or_unknown() {
        let mut all = lists();
        let role = |resource: &str, role| (resource.to_owned(), role);
        assert_eq!(held(&[0, 3]).roles(&all), Some(vec![role("jira", "user"), role("wiki", "user")]));
        assert_eq!(held(&[0, 2, 3]).roles(&all), None);
        assert_eq!(held(&[]).roles(&all), None, "a role in another app is not listed");
        all.push(RoleList { resource: None, roles: ListedRoles::Opening });
        assert_eq!(held(&[]).roles(&all), Some(Vec::new()));
        assert_eq!(held(&[4]).roles(&all), None, "some role in an app that is not listed");
        assert!(held(&[4]).opens_something(&all) && !held(&[2]).opens_something(&all));
    }

    #[test]
    fn every_role_of_a_granted_app_has_a_list_and_direct_assignments_add_one() {
        let group = GroupRole {
            resource: "jira".into(),
            app: true,
            roles: vec!["atlassian/user".into()],
            ..GroupRole::default()
        };
        let closed =
            GroupRole { resource: "desk".into(), app: true, roles: vec!["customer".into()], ..group.clone() };
        let at = jiff::Timestamp::UNIX_EPOCH;
        let mut grants = Grants {
            assignments: Read::seen(at, Vec::new()),
            groups: Read::seen(at, Vec::new()),
            group_roles: BTreeMap::from([("g".to_owned(), Read::seen(at, vec![group, closed]))]),
            ..Grants::default()
        };
        let found = grants.lists().unwrap();
        assert_eq!(found.len(), APP_ROLES.len() + 1);
        assert!(found.iter().all(|list| list.resource.as_deref() == Some("jira")));
        let ids: BTreeSet<String> = found.iter().flat_map(RoleList::role_ids).collect();
        assert_eq!(ids.len(), APP_ROLES.len() + CLOSED_ROLES.len());
        assert!(ids.contains("atlassian/user") && ids.contains("atlassian/customer"));
        let direct = Assignment {
            principal: "p".into(),
            is_group: false,
            name: "Jane".into(),
            created: None,
            default_access: None,
        };
        grants.assignments = Read::seen(at, vec![direct]);
        assert_eq!(grants.lists().unwrap().last().unwrap().resource, None);
        grants.groups = Read::Gap("503".into());
        assert_eq!(grants.lists(), None);
    }
}
