//! Roles in apps: which of them open an app, how strong they are, and who holds or grants them
//! (docs/reference/rules.md#roles-that-open-an-app). A role whose name is unknown must never count as opening an app.

use serde::{Deserialize, Serialize};

/// How much a role that opens an app lets a person do there, from the weakest to the strongest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoleLevel {
    /// `guest`, `basic`, `contributor`, `stakeholder`: the app opens, with fewer functions.
    Limited,
    User,
    Admin,
}

/// Every role that opens an app, with its level. The namespace prefix is left out.
pub const APP_ROLES: &[(&str, RoleLevel)] = &[
    ("user", RoleLevel::User),
    ("admin", RoleLevel::Admin),
    ("guest", RoleLevel::Limited),
    ("basic", RoleLevel::Limited),
    ("contributor", RoleLevel::Limited),
    ("stakeholder", RoleLevel::Limited),
];

/// The known roles on an app that do not open it: `user-access-admin` manages users, `customer` sees the help center,
/// and `ai-access` is no app.
pub const CLOSED_ROLES: &[&str] = &["user-access-admin", "customer", "ai-access"];

/// The roles of organization and site admins. A group that grants one of them is never a group of the identity provider.
const ORGANIZATION_ROLES: &[&str] = &["org-admin", "site-admin"];

/// The name of a role without its namespace prefix: `atlassian/user` is `user`.
#[must_use]
pub fn role_name(role: &str) -> &str {
    role.rsplit('/').next().unwrap_or(role)
}

/// The level of a role. `None` if the role does not open an app.
#[must_use]
pub fn role_level(role: &str) -> Option<RoleLevel> {
    let name = role_name(role);
    APP_ROLES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, level)| *level)
}

/// Whether a role opens the app in which it is held.
#[must_use]
pub fn opens_app(role: &str) -> bool {
    role_level(role).is_some()
}

/// Only `user` and `admin` take a paid seat.
fn takes_seat(role: &str) -> bool {
    role_level(role).is_some_and(|level| level >= RoleLevel::User)
}

/// The roles that a group grants on one resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRole {
    /// The app or site (ARI).
    pub resource: String,
    /// Atlassian's key of the app, such as `jira-software`.
    #[serde(default)]
    pub owner: Option<String>,
    /// Whether the resource is an app.
    #[serde(default)]
    pub app: bool,
    #[serde(default)]
    pub roles: Vec<String>,
    /// Whether the group is a default group of the app.
    pub is_default: bool,
}

impl GroupRole {
    /// The weakest role that opens the app. `None` if none of the roles opens one.
    #[must_use]
    pub fn weakest(&self) -> Option<(RoleLevel, &str)> {
        let roles = self.roles.iter().filter(|_| self.app);
        roles.filter_map(|role| Some((role_level(role)?, role_name(role)))).min()
    }

    /// Whether one of the roles opens the app.
    #[must_use]
    pub fn grants(&self) -> bool {
        self.weakest().is_some()
    }

    /// Whether one of the roles takes a paid seat.
    #[must_use]
    pub fn takes_seat(&self) -> bool {
        self.app && self.roles.iter().any(|role| takes_seat(role))
    }

    /// Whether one of the roles is that of an organization or site admin.
    #[must_use]
    pub fn is_for_admins(&self) -> bool {
        let named = |role: &String| {
            ORGANIZATION_ROLES.iter().any(|known| known.eq_ignore_ascii_case(role_name(role)))
        };
        self.roles.iter().any(named)
    }
}

/// A role of an account. A row without a role is kept with an empty role, because it still shows the status in the
/// directory.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AppRole {
    /// The app or site (ARI).
    pub resource: String,
    pub role: String,
    /// Whether the role opens an app.
    pub app: bool,
    /// The user directory through which the account has the role. `None` for platform roles.
    #[serde(default)]
    pub directory: Option<String>,
    /// `userDirectoryStatus`: the status of the account in that directory.
    #[serde(default)]
    pub status: Option<String>,
    /// Whether the role was given to the account itself. `None` if not shown.
    #[serde(default)]
    pub direct: Option<bool>,
}

impl AppRole {
    /// The level of the role. `None` if it opens no app.
    #[must_use]
    pub fn level(&self) -> Option<RoleLevel> {
        role_level(&self.role).filter(|_| self.app)
    }

    /// Whether the role takes a paid seat of its app.
    #[must_use]
    pub fn takes_seat(&self) -> bool {
        self.app && takes_seat(&self.role)
    }

    /// Whether the account's status in the directory has this value. `None` if no status or an unknown value was shown.
    #[must_use]
    pub fn is_status(&self, word: &str) -> Option<bool> {
        let status = self.status.as_deref()?;
        let known = ["active", "suspended"].iter().any(|known| status.eq_ignore_ascii_case(known));
        known.then(|| status.eq_ignore_ascii_case(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_has_a_level_only_if_it_opens_an_app() {
        for (role, level) in [
            ("atlassian/user", Some(RoleLevel::User)),
            ("USER", Some(RoleLevel::User)),
            ("jira/admin", Some(RoleLevel::Admin)),
            ("atlassian/guest", Some(RoleLevel::Limited)),
            ("basic", Some(RoleLevel::Limited)),
            ("contributor", Some(RoleLevel::Limited)),
            ("stakeholder", Some(RoleLevel::Limited)),
            ("atlassian/user-access-admin", None),
            ("atlassian/customer", None),
            ("atlassian/ai-access", None),
            ("atlassian/org-admin", None),
            ("atlassian/site-admin", None),
            ("atlassian/power-user", None),
            ("", None),
        ] {
            assert_eq!(role_level(role), level, "{role}");
        }
        assert!(RoleLevel::Limited < RoleLevel::User && RoleLevel::User < RoleLevel::Admin);
    }

    #[test]
    fn a_group_grants_an_app_by_its_weakest_opening_role() {
        let granted = |app, roles: &[&str]| GroupRole {
            app,
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            ..GroupRole::default()
        };
        let both = granted(true, &["atlassian/admin", "atlassian/guest", "atlassian/customer"]);
        assert_eq!(both.weakest(), Some((RoleLevel::Limited, "guest")));
        assert!(both.takes_seat());
        assert!(!granted(true, &["atlassian/guest"]).takes_seat());
        assert_eq!(granted(true, &["atlassian/customer"]).weakest(), None);
        assert_eq!(granted(false, &["atlassian/user"]).weakest(), None, "not an app");
        assert!(granted(false, &["atlassian/org-admin"]).is_for_admins() && !both.is_for_admins());
    }
}
