//! Facts of Atlassian: accounts, records and their links, groups, roles, seats. They say what was read, no more.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::entra::IdpGroup;
use crate::subject::{RecordId, normalize};

/// Whether the organization manages an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Claim {
    Managed,
    Unmanaged,
    /// Atlassian did not say.
    #[default]
    Unknown,
}

/// An Atlassian account as the organization sees it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// Account id, opaque.
    pub id: String,
    /// `accountType`: atlassian, customer, app.
    pub kind: Option<String>,
    pub email: Option<String>,
    pub name: Option<String>,
    /// `accountStatus`: active, inactive, closed.
    pub status: Option<String>,
    /// `membershipStatus`: active, suspended, no_membership.
    pub membership: Option<String>,
    /// Whether it is scheduled for deletion.
    pub for_deletion: bool,
    /// Whether the organization manages it.
    pub claim: Claim,
    /// `managementSource`: synced, invited.
    pub source: Option<String>,
    /// Platform roles such as `atlassian/org-admin`; `None` when not shown.
    pub platform_roles: Option<Vec<String>>,
    /// Groups it is a member of; `None` when not shown.
    pub groups: Option<Vec<IdpGroup>>,
}

impl Account {
    /// Whether it has this address.
    #[must_use]
    pub fn bears(&self, address: &str) -> bool {
        self.email.as_deref().is_some_and(|email| normalize(email) == normalize(address))
    }

    /// Whether its membership of the directory is this.
    #[must_use]
    pub fn is_member(&self, how: &str) -> bool {
        self.membership.as_deref().is_some_and(|membership| membership.eq_ignore_ascii_case(how))
    }

    /// Whether its membership was shown, in a word that we know.
    #[must_use]
    pub fn knows_membership(&self) -> bool {
        ["active", "suspended", "no_membership"].iter().any(|how| self.is_member(how))
    }

    /// Whether its status was shown, in a word that we know.
    #[must_use]
    pub fn knows_status(&self) -> bool {
        let known =
            |status: &str| ["active", "inactive", "closed"].iter().any(|k| status.eq_ignore_ascii_case(k));
        self.status.as_deref().is_some_and(known)
    }

    /// Whether its status and membership are words that we know. Others say nothing, good or bad.
    #[must_use]
    pub fn is_understood(&self) -> bool {
        self.knows_status() && self.knows_membership()
    }

    /// Whether it can be used at all: not deactivated, closed or on its way out.
    #[must_use]
    pub fn is_active(&self) -> bool {
        !self.for_deletion
            && self.status.as_deref().is_none_or(|status| status.eq_ignore_ascii_case("active"))
    }
}

/// One entry of the permission document `/manage`: allowed, or the reason why not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permissions(pub BTreeMap<String, Option<String>>);

impl Permissions {
    /// Whether an action is allowed; `None` when the document does not mention it.
    #[must_use]
    pub fn allows(&self, privilege: &str) -> Option<bool> {
        self.0.get(privilege).map(Option::is_none)
    }

    /// Whether any entry gives this reason.
    #[must_use]
    pub fn has_reason(&self, reason: &str) -> bool {
        self.0.values().flatten().any(|given| given == reason)
    }
}

/// A link as `get-scim-links` shows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ScimLink {
    pub id: RecordId,
    /// The account it is linked to; `None` is an unlinked record.
    pub account: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScimRecord {
    pub id: RecordId,
    /// `externalId`
    pub external_id: Option<String>,
    /// `userName`
    pub user_name: Option<String>,
    /// Primary e-mail.
    pub email: Option<String>,
    /// `active`
    pub active: Option<bool>,
    pub account: Option<String>,
    /// Groups the record is a member of.
    pub groups: Vec<IdpGroup>,
    /// `meta.created`
    pub created: Option<Timestamp>,
}

/// A domain of the organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Domain {
    /// Name, lower case.
    pub name: String,
    /// Whether its claim is verified.
    pub verified: bool,
}

/// A group of the organization.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OrgGroup {
    pub id: String,
    pub name: String,
    /// Whether its members come from the identity provider.
    pub synced: Option<bool>,
    /// The user directory it belongs to.
    #[serde(default)]
    pub directory: Option<String>,
}

/// A role that a group grants.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRole {
    /// The app or site (ARI).
    pub resource: String,
    /// Whether the group gives a role that opens the app.
    pub grants: bool,
    /// Whether that role takes a paid seat.
    #[serde(default)]
    pub takes_seat: bool,
    /// Whether the group is a default group of it.
    pub is_default: bool,
}

/// An app of the organization, with its seats.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workspace {
    /// The resource that roles name.
    pub id: String,
    pub name: String,
    /// Seats taken.
    pub usage: Option<i64>,
    /// Seats there are; `None` where Atlassian does not say.
    pub capacity: Option<i64>,
}

impl Workspace {
    /// Whether no seat is left; `None` when the seats are not counted.
    #[must_use]
    pub fn is_full(&self) -> Option<bool> {
        Some(self.usage? >= self.capacity?)
    }
}

/// The roles that open an app, by their ids. All others open none:
/// `user-access-admin` manages users, `customer` sees the help center, `ai-access` is no app, and the roles of
/// organization and site admins are about administration. A role with another name is not known to open one.
pub const APP_ROLES: &[&str] = &[
    "atlassian/user",
    "atlassian/admin",
    "atlassian/guest",
    "atlassian/basic",
    "atlassian/contributor",
    "atlassian/stakeholder",
];

/// Roles of [`APP_ROLES`] that take a paid seat.
const SEAT_ROLES: &[&str] = &["atlassian/user", "atlassian/admin"];

/// Whether a role is one of these, whatever its prefix: `atlassian/user` is `user`.
fn is_one_of(role: &str, names: &[&str]) -> bool {
    let name = |role: &str| role.rsplit('/').next().map(str::to_ascii_lowercase);
    names.iter().any(|known| name(known) == name(role))
}

/// Whether a role opens the app that it is held in.
#[must_use]
pub fn opens_app(role: &str) -> bool {
    is_one_of(role, APP_ROLES)
}

/// A role of an account. A row without any role is kept with an empty one, for what it says of the directory.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AppRole {
    /// The app or site (ARI).
    pub resource: String,
    pub role: String,
    /// Whether it opens an app.
    pub app: bool,
    /// The user directory through which it is held; platform roles have none.
    #[serde(default)]
    pub directory: Option<String>,
    /// `userDirectoryStatus`: how the account stands in that directory.
    #[serde(default)]
    pub status: Option<String>,
}

impl AppRole {
    /// Whether it takes a paid seat of its app.
    #[must_use]
    pub fn takes_seat(&self) -> bool {
        self.app && is_one_of(&self.role, SEAT_ROLES)
    }

    /// Whether the account's status in the directory is this word; `None` when it was not shown, or in a word that
    /// is not known.
    #[must_use]
    pub fn is_status(&self, word: &str) -> Option<bool> {
        let status = self.status.as_deref()?;
        let known = ["active", "suspended"].iter().any(|known| status.eq_ignore_ascii_case(known));
        known.then(|| status.eq_ignore_ascii_case(word))
    }
}

/// A user directory of the organization. It is not a SCIM directory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserDirectory {
    pub id: String,
    pub name: Option<String>,
}

/// When an app was last used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AppUse {
    /// App key such as `jira-software`.
    pub app: String,
    /// The day, as Atlassian gives it.
    pub day: String,
}

impl Account {
    /// Customer and app accounts are not people of the organization.
    #[must_use]
    pub fn kind_is_not_a_person(&self) -> bool {
        self.kind.as_deref().is_some_and(|kind| !kind.eq_ignore_ascii_case("atlassian"))
    }
}
