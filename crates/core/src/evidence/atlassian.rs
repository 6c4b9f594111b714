//! Facts from Atlassian: accounts, SCIM records and their links, groups, roles, seats. They hold what was read and draw
//! no conclusions.

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
    /// Atlassian did not show it.
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
    pub claim: Claim,
    /// The day on which it came into the organization (`addedToOrg`). `None` if not shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub added: Option<String>,
    /// `emailVerified`: whether the owner has confirmed the address. `None` if not shown.
    #[serde(default)]
    pub email_verified: Option<bool>,
    /// `managementSource`: synced, invited.
    pub source: Option<String>,
    /// Platform roles such as `atlassian/org-admin`. `None` if not shown.
    pub platform_roles: Option<Vec<String>>,
    /// Groups that the account is a member of. `None` if not shown.
    pub groups: Option<Vec<IdpGroup>>,
}

impl Account {
    /// Whether the account has this address.
    #[must_use]
    pub fn bears(&self, address: &str) -> bool {
        self.email.as_deref().is_some_and(|email| normalize(email) == normalize(address))
    }

    /// Whether the account's `membershipStatus` is this value.
    #[must_use]
    pub fn is_member(&self, how: &str) -> bool {
        self.membership.as_deref().is_some_and(|membership| membership.eq_ignore_ascii_case(how))
    }

    /// Whether `membershipStatus` was shown with a known value.
    #[must_use]
    pub fn knows_membership(&self) -> bool {
        ["active", "suspended", "no_membership"].iter().any(|how| self.is_member(how))
    }

    /// Whether `accountStatus` was shown with a known value.
    #[must_use]
    pub fn knows_status(&self) -> bool {
        let known =
            |status: &str| ["active", "inactive", "closed"].iter().any(|k| status.eq_ignore_ascii_case(k));
        self.status.as_deref().is_some_and(known)
    }

    /// Whether both status and membership have known values. An unknown value is evidence for nothing.
    #[must_use]
    pub fn is_understood(&self) -> bool {
        self.knows_status() && self.knows_membership()
    }

    /// Whether the account is deactivated and not scheduled for deletion. An unknown status proves nothing.
    #[must_use]
    pub fn is_deactivated(&self) -> bool {
        let inactive = |status: &str| status.eq_ignore_ascii_case("inactive");
        !self.for_deletion && self.status.as_deref().is_some_and(inactive)
    }

    /// Whether the account is usable: not deactivated, not closed, not scheduled for deletion.
    #[must_use]
    pub fn is_active(&self) -> bool {
        !self.for_deletion
            && self.status.as_deref().is_none_or(|status| status.eq_ignore_ascii_case("active"))
    }
}

/// The permission document `/manage`, by action: `None` if the action is allowed, else the reason why not.
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

/// A link as `get-scim-links` returns it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ScimLink {
    pub id: RecordId,
    /// The account that the record is linked to. `None` if the record is unlinked.
    pub account: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScimRecord {
    pub id: RecordId,
    /// `externalId`
    pub external_id: Option<String>,
    /// `userName`
    pub user_name: Option<String>,
    /// The primary e-mail address.
    pub email: Option<String>,
    /// `active`
    pub active: Option<bool>,
    pub account: Option<String>,
    /// Groups that the record is a member of.
    pub groups: Vec<IdpGroup>,
    /// `meta.created`
    pub created: Option<Timestamp>,
    /// `meta.lastModified`: when anybody last wrote the record. `None` if not shown.
    #[serde(default)]
    pub modified: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Domain {
    /// Domain name, lower case.
    pub name: String,
    /// Whether the claim of the domain is verified.
    pub verified: bool,
}

/// A group of the organization.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OrgGroup {
    pub id: String,
    pub name: String,
    /// Whether the members of the group come from the identity provider. `None` if not shown.
    pub synced: Option<bool>,
    /// The user directory of the group.
    #[serde(default)]
    pub directory: Option<String>,
    /// On how many resources the group has roles. `None` if not shown.
    #[serde(default)]
    pub resources: Option<i64>,
    /// How many members the group has. `None` if not shown.
    #[serde(default)]
    pub members: Option<i64>,
}

/// An app of the organization, with its seats.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workspace {
    /// The resource (ARI) that roles refer to.
    pub id: String,
    pub name: String,
    /// Atlassian's key of the app, such as `jira-software`.
    #[serde(default)]
    pub key: Option<String>,
    /// The name of the site: the first part of the host name under which the app is opened.
    #[serde(default)]
    pub site: Option<String>,
    /// The number of seats taken.
    pub usage: Option<i64>,
    /// The number of seats available. `None` if Atlassian does not show it.
    pub capacity: Option<i64>,
}

impl Workspace {
    /// Whether no seat is left. `None` if the seats are not counted.
    #[must_use]
    pub fn is_full(&self) -> Option<bool> {
        Some(self.usage? >= self.capacity?)
    }
}

/// A user directory of the organization. It is not a SCIM directory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserDirectory {
    pub id: String,
    pub name: Option<String>,
}

/// The last use of one app.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AppUse {
    /// App key such as `jira-software`.
    pub app: String,
    /// The day, as Atlassian returns it.
    pub day: String,
}

impl Account {
    /// Whether this is a customer or app account. Such accounts are not people of the organization.
    #[must_use]
    pub fn kind_is_not_a_person(&self) -> bool {
        self.kind.as_deref().is_some_and(|kind| !kind.eq_ignore_ascii_case("atlassian"))
    }
}
