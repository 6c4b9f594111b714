//! The state of the simulated tenant: plain structs with public fields. A scenario can create any state, including
//! one that no request leads to. The rules are in `rules.rs`, never here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::index::Index;
use super::switches::Switches;

/// One organization with everything that its admin APIs can see.
#[derive(Clone, Debug)]
pub struct Atlassian {
    /// The organization's id, part of most paths.
    pub org_id: String,
    pub org_name: String,
    /// The organization API key without scopes. It is valid for everything but SCIM.
    pub org_key: String,
    /// An organization API key with scopes, if one was created. User management refuses it.
    pub scoped_key: Option<String>,
    /// The account that created the organization key. A change of its own lifecycle is refused
    /// (`administrative.notMyself`).
    pub key_owner: Option<String>,
    /// The *user directory* of the v2 paths. Not a SCIM directory.
    pub directory_id: String,
    /// Other user directories of the organization.
    pub more_directories: Vec<UserDirectory>,
    pub domains: Vec<Domain>,
    /// SCIM directories, each with its own key.
    pub directories: Vec<ScimDirectory>,
    /// All accounts that concern the organization, by account id. They include accounts of others that hold a wanted
    /// address.
    pub accounts: BTreeMap<String, Account>,
    /// SCIM user records by SCIM id.
    pub scim_users: BTreeMap<String, ScimUser>,
    /// SCIM groups by SCIM id.
    pub scim_groups: BTreeMap<String, ScimGroup>,
    /// Groups of the organization by group id.
    pub groups: BTreeMap<String, OrgGroup>,
    /// Product instances.
    pub workspaces: Vec<Workspace>,
    /// The audit log, oldest first.
    pub events: Vec<Event>,
    /// Whether the organization has a plan with an audit log (Atlassian Guard or Enterprise). Without it, the log stays
    /// empty.
    pub has_guard: bool,
    /// The time of the present request: the real clock plus `ahead`.
    pub now: Timestamp,
    /// How far this tenant's clock runs ahead, for example to let fourteen days pass.
    pub ahead: SignedDuration,
    /// Answers to the questions that the documents leave open.
    pub switches: Switches,
    /// The actor for the audit log.
    pub actor: String,
    pub(super) made: BTreeMap<&'static str, u64>,
    pub(super) cursors: BTreeMap<String, (Value, usize)>,
    /// Cursors that are no longer valid.
    pub(super) expired: BTreeSet<String>,
    pub(super) reads: BTreeMap<&'static str, Vec<Timestamp>>,
    pub(super) index: Option<Arc<Index>>,
}

/// A domain of the organization.
#[derive(Clone, Debug)]
pub struct Domain {
    /// Lower case.
    pub name: String,
    /// `dns` or `http`.
    pub kind: String,
    /// `verified`, `unverified`, `deleted`, `superseded` or `missing_token`.
    pub status: String,
}

/// A user directory of the v2 paths.
#[derive(Clone, Debug)]
pub struct UserDirectory {
    pub id: String,
    pub name: String,
}

/// A SCIM directory: the connection of one identity provider.
#[derive(Clone, Debug)]
pub struct ScimDirectory {
    /// Part of the SCIM base URL.
    pub id: String,
    /// Its API key, which is valid for this directory only.
    pub key: String,
}

/// The state of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// May log in.
    Active,
    /// Deactivated, or within the grace period of a deletion.
    Inactive,
    /// Deleted for good.
    Closed,
}

/// Membership of the user directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    /// In the directory.
    Active,
    /// Suspended: groups stay listed, without effect.
    Suspended,
    /// In no directory, unless a synced group brings the person in.
    None,
}

/// The organization that manages an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ManagedBy {
    Us,
    /// None: the domain is not claimed.
    Nobody,
    /// Another organization.
    Another,
}

#[derive(Clone, Debug)]
pub struct Account {
    /// The opaque account id.
    pub id: String,
    /// `atlassian`, `app` or `customer`.
    pub kind: String,
    /// Its address. Empty once the account is closed. Unique without regard to case.
    pub email: String,
    /// Whether the owner has confirmed the address.
    pub email_verified: bool,
    pub name: String,
    pub status: Status,
    /// When it will be closed, if its deletion is scheduled.
    pub deletion_due: Option<Timestamp>,
    /// The organization that manages it.
    pub managed_by: ManagedBy,
    /// Membership of the user directory, as set by hand.
    pub membership: Membership,
    /// Membership of other user directories, by their id.
    pub elsewhere: BTreeMap<String, Membership>,
    /// Whether the person came by invitation. It decides `managementSource`.
    pub invited: bool,
    /// Roles for the whole organization, such as `atlassian/org-admin`.
    pub platform_roles: Vec<String>,
    /// Roles given to the person directly: resource id and role.
    pub direct_roles: BTreeSet<(String, String)>,
    /// Last activity per product instance.
    pub activity: Vec<Activity>,
    /// The day the person came into the organization, `YYYY-MM-DD`.
    pub added_to_org: String,
    /// Open sessions; an e-mail change ends them all.
    pub sessions: u32,
    /// The number of issues and comments written. A deletion attributes them to "Former user".
    pub contributions: u32,
    /// Why Atlassian refuses to delete or deactivate it (for example, it owns a site): the code of the 409.
    pub blocked_by: Option<String>,
    /// A permission reason that overrides all others, such as `blocked.exportControl`.
    pub restricted: Option<String>,
    /// Profile fields other than the name, as set through user management.
    pub profile: Map<String, Value>,
}

impl Account {
    /// Whether it is in a user directory by hand, regardless of its groups.
    pub(super) fn is_in_a_directory(&self) -> bool {
        self.membership != Membership::None || self.elsewhere.values().any(|how| *how != Membership::None)
    }
}

/// When a person was last seen in one product instance.
#[derive(Clone, Debug)]
pub struct Activity {
    /// The workspace's resource id.
    pub resource_id: String,
    /// `YYYY-MM-DD`.
    pub day: String,
}

#[derive(Clone, Debug)]
pub struct ScimUser {
    /// Server-made id.
    pub id: String,
    /// The directory of the record.
    pub directory: String,
    /// Unique per directory.
    pub user_name: String,
    /// The identity provider's id, unique per directory.
    pub external_id: Option<String>,
    /// The primary address, unique per directory.
    pub email: String,
    /// What the identity provider says about the account.
    pub active: bool,
    /// The account it is linked to. None for an orphan, whose names are still taken.
    pub account: Option<String>,
    /// When it was linked. Memberships show a lag after this time.
    pub linked_at: Timestamp,
    /// Everything else that was sent: `name`, `displayName`, `title`, …
    pub rest: Map<String, Value>,
    pub created: Timestamp,
    /// When it was last written.
    pub modified: Timestamp,
}

#[derive(Clone, Debug)]
pub struct ScimGroup {
    /// Server-made id.
    pub id: String,
    /// The directory of the group.
    pub directory: String,
    /// Its name, which can never be changed.
    pub name: String,
    /// The identity provider's id.
    pub external_id: Option<String>,
    /// Members by SCIM user id.
    pub members: BTreeMap<String, Member>,
    pub created: Timestamp,
    /// When it was last written.
    pub modified: Timestamp,
}

/// A membership of a SCIM group.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// When the SCIM client last sent it.
    pub since: Timestamp,
    /// Whether the membership existed when the record lost its link. A new link does not restore it (ACCESS-1737);
    /// only sending it again does.
    pub dropped: bool,
}

/// A group of the organization.
#[derive(Clone, Debug)]
pub struct OrgGroup {
    pub id: String,
    pub name: String,
    /// Free text.
    pub description: String,
    /// Its user directory, if it is not the primary one.
    pub directory: Option<String>,
    /// Whether the identity provider controls the membership.
    pub synced: bool,
    /// Members set by hand, by account id. They have no effect in a synced group.
    pub members: BTreeSet<String>,
    pub grants: Vec<Grant>,
}

/// The roles that a group grants on one resource.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The workspace's resource id.
    pub resource_id: String,
    /// The product, such as `jira-software`.
    pub owner: String,
    /// Roles, such as `atlassian/user`.
    pub roles: Vec<String>,
    /// Marks the group as a default group of this resource.
    pub default_role: Option<String>,
}

/// A product instance with its seats. The scenario sets `usage`; it is not counted.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// ARI, used as resource id.
    pub id: String,
    /// The product, such as `confluence`.
    pub key: String,
    pub name: String,
    /// Where people open it.
    pub host_url: String,
    /// The number of used seats.
    pub usage: Option<u32>,
    /// The number of seats.
    pub capacity: Option<u32>,
    /// Accounts that should get access through a group but got no seat.
    pub unseated: BTreeSet<String>,
}

/// One entry of the audit log.
#[derive(Clone, Debug)]
pub struct Event {
    pub id: String,
    pub time: Timestamp,
    /// When the log took it in. It is read from then on, and the stream is in this order.
    pub processed: Timestamp,
    /// Upper case, as listed by `event-actions`; lower case on the wire.
    pub action: String,
    pub actor: String,
    /// The account, group or record it is about.
    pub subject: String,
    pub message: String,
}
