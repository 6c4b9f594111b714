//! What the simulated tenant is made of: plain structs with public fields, so that a scenario can put the
//! tenant into any state, also into one that no request leads to. Rules stand in `rules.rs`, not here.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

/// One organization with everything its admin APIs can see.
#[derive(Clone, Debug)]
pub struct Atlassian {
    /// The organization's id, part of most paths.
    pub org_id: String,
    /// Its name.
    pub org_name: String,
    /// The organization API key without scopes: opens everything but SCIM.
    pub org_key: String,
    /// An organization API key with scopes, if one was made. User management refuses it.
    pub scoped_key: Option<String>,
    /// The account that made the org key; its own lifecycle is `administrative.notMyself`.
    pub key_owner: Option<String>,
    /// The *user directory* of the v2 paths. Not a SCIM directory.
    pub directory_id: String,
    /// Domains with their claim.
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
    /// Ours.
    Us,
    /// Nobody's: the domain is not claimed.
    Nobody,
    /// Another organization's.
    Another,
}

/// One Atlassian account.
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

/// When a person was last seen in one product instance.
#[derive(Clone, Debug)]
pub struct Activity {
    /// The workspace's resource id.
    pub resource_id: String,
    /// `YYYY-MM-DD`.
    pub day: String,
}

/// One SCIM user record.
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
    /// When it was made.
    pub created: Timestamp,
    /// When it was last written.
    pub modified: Timestamp,
}

/// One SCIM group.
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
    /// When it was made.
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
    /// Group id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Free text.
    pub description: String,
    /// Membership belongs to the identity provider.
    pub synced: bool,
    /// Members set by hand, by account id; without effect for a synced group.
    pub members: BTreeSet<String>,
    /// What membership grants.
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
    /// Its name.
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
    /// Event id.
    pub id: String,
    /// When.
    pub time: Timestamp,
    /// Upper case, as listed by `event-actions`; lower case on the wire.
    pub action: String,
    /// Who.
    pub actor: String,
    /// The account, group or record it is about.
    pub subject: String,
    /// A sentence.
    pub message: String,
}

/// How lists of privileges may be written in a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrivilegesQuery {
    /// Both ways.
    Both,
    /// `privileges=a&privileges=b` only.
    Repeated,
    /// `privileges=a,b` only.
    Comma,
}

/// The open questions. Nobody has tried these on a live tenant, so a client must cope with every setting.
#[derive(Clone, Debug)]
pub struct Switches {
    /// `lifecycle.delete` is refused while a SCIM record is linked.
    pub delete_refused_while_linked: bool,
    /// `onlyDeleteUserInDB` leaves the account as active as it was.
    pub forget_keeps_active: bool,
    /// `POST Users` links to a deactivated account; else 409.
    pub create_links_inactive: bool,
    /// `POST Users` links to an account pending deletion; else 409.
    pub create_links_pending: bool,
    /// How `GET /manage` reads its list.
    pub privileges_query: PrivilegesQuery,
    /// The status of `PUT email` when the address is taken.
    pub email_taken_status: u16,
    /// The violation key that comes with it.
    pub email_taken_key: String,
    /// `PUT email` is refused while deletion is pending (ID-7244).
    pub email_refused_while_pending: bool,
    /// What the two writing link endpoints answer: 200 or 204.
    pub link_write_status: u16,
    /// The link endpoints take a scoped key.
    pub links_take_scoped_key: bool,
    /// A scoped key may also write in the Organizations API.
    pub scoped_key_writes: bool,
    /// A scoped key may read events.
    pub scoped_key_reads_events: bool,
    /// An update of an unlinked record links it to whichever managed account bears its address (ACCESS-2172).
    pub relink_on_update: bool,
    /// A new link brings the memberships back that the record had when it lost the last one.
    pub relink_restores_groups: bool,
    /// How long until the organization's group shows a member that SCIM has.
    pub lag: Duration,
    /// How long until an event can be read.
    pub event_delay: Duration,
    /// Default page size of `users/search`.
    pub page_size: usize,
    /// Largest page of the v1 list of managed accounts.
    pub v1_page_size: usize,
    /// `links.next` of v1 is a bare token instead of a URL.
    pub v1_next_is_token: bool,
    /// Default page size of SCIM lists.
    pub scim_page_size: usize,
    /// Largest page of SCIM lists.
    pub scim_max_count: usize,
    /// What v1 paths that were shut down in June 2026 answer: 410 or 404.
    pub gone_status: u16,
    /// Adding a member to a synced group by hand fails with this code.
    pub synced_group_code: String,
    /// A SCIM rename is answered 400; else it is accepted and ignored.
    pub rename_refused: bool,
    /// Org group ids equal SCIM group ids.
    pub same_group_ids: bool,
    /// Calls of one events path per minute before 429.
    pub events_per_minute: usize,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            delete_refused_while_linked: true,
            forget_keeps_active: true,
            create_links_inactive: true,
            create_links_pending: false,
            privileges_query: PrivilegesQuery::Both,
            email_taken_status: 400,
            email_taken_key: "alreadyInUse".to_owned(),
            email_refused_while_pending: true,
            link_write_status: 204,
            links_take_scoped_key: false,
            scoped_key_writes: false,
            scoped_key_reads_events: true,
            relink_on_update: true,
            relink_restores_groups: false,
            lag: Duration::ZERO,
            event_delay: Duration::ZERO,
            page_size: 50,
            v1_page_size: 100,
            v1_next_is_token: false,
            scim_page_size: 50,
            scim_max_count: 1000,
            gone_status: 410,
            synced_group_code: "ADMIN-403-5".to_owned(),
            rename_refused: false,
            same_group_ids: false,
            events_per_minute: 10,
        }
    }
}
