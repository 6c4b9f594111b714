//! What the simulated tenant is made of: plain structs with public fields, so that a scenario can put the
//! tenant into any state, also into one that no request leads to. Rules stand in `rules.rs`, not here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::index::Index;
use super::switches::Switches;

/// One organization with everything its admin APIs can see.
#[derive(Clone, Debug)]
pub struct Atlassian {
    /// The organization's id, part of most paths.
    pub org_id: String,
    pub org_name: String,
    /// The organization API key without scopes: opens everything but SCIM.
    pub org_key: String,
    /// An organization API key with scopes, if one was made. User management refuses it.
    pub scoped_key: Option<String>,
    /// The account that made the org key; its own lifecycle is `administrative.notMyself`.
    pub key_owner: Option<String>,
    /// The *user directory* of the v2 paths. Not a SCIM directory.
    pub directory_id: String,
    /// Other user directories of the organization.
    pub more_directories: Vec<UserDirectory>,
    pub domains: Vec<Domain>,
    /// SCIM directories, each with its own key.
    pub directories: Vec<ScimDirectory>,
    /// All accounts that have to do with us, by account id; also those of others who hold an address we want.
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
    /// The instant of the request in hand: the real clock plus `ahead`.
    pub now: Timestamp,
    /// How far this tenant's clock runs ahead, to let fourteen days pass.
    pub ahead: SignedDuration,
    /// Answers to the questions that the documents leave open.
    pub switches: Switches,
    /// Who is acting, for the audit log.
    pub actor: String,
    pub(super) made: BTreeMap<&'static str, u64>,
    pub(super) cursors: BTreeMap<String, (Value, usize)>,
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

/// A SCIM directory, as one identity provider sees us.
#[derive(Clone, Debug)]
pub struct ScimDirectory {
    /// Part of the SCIM base URL.
    pub id: String,
    /// Its API key, good for this directory only.
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

/// Whose managed account it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ManagedBy {
    Us,
    /// Nobody's: the domain is not claimed.
    Nobody,
    /// Another organization's.
    Another,
}

#[derive(Clone, Debug)]
pub struct Account {
    /// The opaque account id.
    pub id: String,
    /// `atlassian`, `app` or `customer`.
    pub kind: String,
    /// Its address; empty once closed. Unique without regard to case.
    pub email: String,
    /// The person's name.
    pub name: String,
    /// Active, inactive or closed.
    pub status: Status,
    /// When it will be closed, if its deletion is scheduled.
    pub deletion_due: Option<Timestamp>,
    /// Whose managed account it is.
    pub managed_by: ManagedBy,
    /// Membership of the user directory as set by hand.
    pub membership: Membership,
    /// Membership of other user directories, by their id.
    pub elsewhere: BTreeMap<String, Membership>,
    /// Came by invitation; tells `managementSource`.
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
    /// Issues and comments written: what a deletion turns into "Former user".
    pub contributions: u32,
    /// Why Atlassian refuses to delete or deactivate it (an owner of a site, say): the 409's code.
    pub blocked_by: Option<String>,
    /// A permission reason that overrides all others, such as `blocked.exportControl`.
    pub restricted: Option<String>,
    /// Profile fields other than the name, as set through user management.
    pub profile: Map<String, Value>,
}

impl Account {
    /// Whether it is in a user directory by hand, whatever its groups bring.
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
    /// The directory it lives in.
    pub directory: String,
    /// Unique per directory.
    pub user_name: String,
    /// The identity provider's id, unique per directory.
    pub external_id: Option<String>,
    /// The primary address, unique per directory.
    pub email: String,
    /// What the identity provider says about the account.
    pub active: bool,
    /// The account it is linked to; none is an orphan that still takes its names.
    pub account: Option<String>,
    /// Since when it is linked: memberships show a lag after this.
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
    /// The directory it lives in.
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
    /// When it was last sent.
    pub since: Timestamp,
    /// It was there when the record lost its link: a new link does not bring it back (ACCESS-1737), only
    /// sending it again does.
    pub dropped: bool,
}

/// A group of the organization.
#[derive(Clone, Debug)]
pub struct OrgGroup {
    pub id: String,
    pub name: String,
    /// Free text.
    pub description: String,
    /// Another user directory than the first, if it belongs to one.
    pub directory: Option<String>,
    /// Membership belongs to the identity provider.
    pub synced: bool,
    /// Members set by hand, by account id; without effect for a synced group.
    pub members: BTreeSet<String>,
    pub grants: Vec<Grant>,
}

/// Roles that a group gives on one resource.
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

/// A product instance with its seats. `usage` is what the scenario says; it is not counted.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// ARI, used as resource id.
    pub id: String,
    /// The product, such as `confluence`.
    pub key: String,
    pub name: String,
    /// Where people open it.
    pub host_url: String,
    /// Seats taken.
    pub usage: Option<u32>,
    /// Seats there are.
    pub capacity: Option<u32>,
    /// Accounts that a group should let in but for whom there was no seat.
    pub unseated: BTreeSet<String>,
}

/// One entry of the audit log.
#[derive(Clone, Debug)]
pub struct Event {
    pub id: String,
    pub time: Timestamp,
    /// Upper case, as listed by `event-actions`; lower case on the wire.
    pub action: String,
    pub actor: String,
    /// The account, group or record it is about.
    pub subject: String,
    pub message: String,
}
