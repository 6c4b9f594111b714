//! Facts of Atlassian: accounts, records and their links, groups, roles, seats. They say what was read, no more.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::entra::IdpGroup;
use crate::core::subject::{RecordId, fold};

/// Whether the organization manages an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Claim {
    /// It does.
    Managed,
    /// It does not.
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
    /// Address it bears.
    pub email: Option<String>,
    /// Display name.
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
    /// When it was added to the organization.
    pub added: Option<Timestamp>,
}

impl Account {
    /// Whether it bears this address.
    #[must_use]
    pub fn bears(&self, address: &str) -> bool {
        self.email.as_deref().is_some_and(|email| fold(email) == fold(address))
    }

    /// Whether its membership of the directory is this.
    #[must_use]
    pub fn is_member(&self, how: &str) -> bool {
        self.membership.as_deref().is_some_and(|membership| membership.eq_ignore_ascii_case(how))
    }

    /// Whether its status and membership are words that we know. Others say nothing, good or bad.
    #[must_use]
    pub fn is_understood(&self) -> bool {
        let known = |word: &Option<String>, words: &[&str]| {
            word.as_deref().is_some_and(|word| words.iter().any(|known| word.eq_ignore_ascii_case(known)))
        };
        known(&self.status, &["active", "inactive", "closed"])
            && known(&self.membership, &["active", "suspended", "no_membership"])
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
    pub fn says(&self, reason: &str) -> bool {
        self.0.values().flatten().any(|given| given == reason)
    }
}

/// A link as `get-scim-links` shows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ScimLink {
    /// The record.
    pub id: RecordId,
    /// The account it is linked to; `None` is an unlinked record.
    pub account: Option<String>,
}

/// A SCIM user record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScimRecord {
    /// Directory and id.
    pub id: RecordId,
    /// `externalId`
    pub external_id: Option<String>,
    /// `userName`
    pub user_name: Option<String>,
    /// Primary e-mail.
    pub email: Option<String>,
    /// `active`
    pub active: Option<bool>,
    /// The linked account.
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
    /// Id in the organization.
    pub id: String,
    /// Name.
    pub name: String,
    /// Whether its members come from the identity provider.
    pub synced: Option<bool>,
}

/// A role that a group grants.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRole {
    /// The app or site (ARI).
    pub resource: String,
    /// Whether it is an app of which the group gives a role.
    pub grants: bool,
    /// Whether the group is a default group of it.
    pub is_default: bool,
}

/// An app of the organization, with its seats.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workspace {
    /// The resource that roles name.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Seats taken.
    pub usage: Option<i64>,
    /// Seats there are; `None` is no limit.
    pub capacity: Option<i64>,
}

impl Workspace {
    /// Whether no seat is left; `None` when the seats are not counted.
    #[must_use]
    pub fn is_full(&self) -> Option<bool> {
        Some(self.usage? >= self.capacity?)
    }
}

/// An app role of an account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AppRole {
    /// The app or site (ARI).
    pub resource: String,
    /// The role.
    pub role: String,
    /// Whether the resource is an app; platform roles such as organization admin are not.
    pub app: bool,
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
