//! The questions that the published documents leave open. Each is a switch. Its default is the unkind answer: the one
//! that makes repairs harder. If a document decides, the default is its answer, and the switch says so. A switch must
//! never hide a documented rule.

use std::time::Duration;

/// How lists of privileges may be written in a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrivilegesQuery {
    Both,
    /// `privileges=a&privileges=b` only.
    Repeated,
    /// `privileges=a,b` only.
    Comma,
}

/// What the context of an event about a SCIM record names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScimContext {
    Nothing,
    /// The account that the record is linked to.
    Account,
    /// The record itself.
    Record,
}

/// The open questions. Nobody has tested them on a live tenant, so a client must cope with every setting.
#[derive(Clone, Debug)]
pub struct Switches {
    /// Whether `lifecycle.delete` is refused while a SCIM record is linked.
    pub delete_refused_while_linked: bool,
    /// Whether `onlyDeleteUserInDB` leaves the account as active as it was.
    pub forget_keeps_active: bool,
    /// Whether `POST Users` links to a deactivated account; otherwise it answers 409.
    pub create_links_inactive: bool,
    /// Whether `POST Users` links to an account pending deletion; otherwise it answers 409.
    pub create_links_pending: bool,
    /// How `GET /manage` parses its list.
    pub privileges_query: PrivilegesQuery,
    /// The status of `PUT email` when the address is taken.
    pub email_taken_status: u16,
    /// The violation key of that answer.
    pub email_taken_key: String,
    /// Whether `PUT email` is refused while a deletion is pending (ID-7244).
    pub email_refused_while_pending: bool,
    /// The status of the two link endpoints that write: 200 or 204.
    pub link_write_status: u16,
    /// Whether the link endpoints accept a scoped key.
    pub links_take_scoped_key: bool,
    /// Whether a scoped key may also write in the Organizations API.
    pub scoped_key_writes: bool,
    /// Whether a scoped key may read events.
    pub scoped_key_reads_events: bool,
    /// Whether an update of an unlinked record links it to the managed account that has its address, as ACCESS-2172 says.
    /// ACCESS-1396 and ACCESS-1737 say that it does not.
    pub relink_on_update: bool,
    /// Whether a new link restores the memberships that the record had when it lost the last link.
    pub relink_restores_groups: bool,
    /// How long until the organization's group shows a member that SCIM has.
    pub lag: Duration,
    /// How long until an event can be read.
    pub event_delay: Duration,
    /// The status of the audit log without a plan that has one. No document names it; 200 comes with an empty list.
    pub unguarded_status: u16,
    /// What the context of an event about a SCIM record names.
    pub scim_context: ScimContext,
    /// Default page size of `users/search`.
    pub page_size: usize,
    /// Largest page of the v1 list of managed accounts.
    pub v1_page_size: usize,
    /// Whether `links.next` of v1 is a bare token instead of a URL.
    pub v1_next_is_token: bool,
    /// Default page size of SCIM lists.
    pub scim_page_size: usize,
    /// Largest page of SCIM lists.
    pub scim_max_count: usize,
    /// The status of v1 paths that were shut down in June 2026: 410 or 404.
    pub gone_status: u16,
    /// The error code when a member is added to a synced group by hand.
    pub synced_group_code: String,
    /// Whether a SCIM rename is answered with 400; otherwise it is accepted and ignored.
    pub rename_refused: bool,
    /// Whether the ids of the organization's groups equal the SCIM group ids.
    pub same_group_ids: bool,
    /// Calls of one events path in a minute before 429.
    pub events_per_minute: usize,
    /// Whether the cursor of a POST search remembers filters and `expand`; otherwise only those sent with it apply.
    pub cursor_holds_search: bool,
    /// Whether a search by `roleIds` and `resourceIds` finds only accounts that hold such a role on such a resource;
    /// otherwise it finds accounts that hold such a role anywhere and any role on such a resource.
    pub role_on_resource: bool,
    /// Whether writes accept `-` for every directory; otherwise it names no directory.
    pub dash_writes: bool,
    /// Whether `membershipStatus` in the path of one directory is that of this directory; otherwise it is that of all
    /// together.
    pub membership_of_scope: bool,
    /// Whether `expand: groups` in a search over all directories (`-`) lists the groups; otherwise the list is empty.
    pub dash_groups: bool,
    /// Whether `emails` of a search finds an address that is written with other letters in upper case.
    pub emails_ignore_case: bool,
    /// Whether SCIM groups obey `excludedAttributes`, which the document names for users only.
    pub groups_exclude_members: bool,
    /// Whether `productAccess` lists apps that were never used, without a time, as one published client expects; otherwise
    /// it omits them.
    pub unused_apps_listed: bool,
    /// Whether the organization is on the original user management. This is no question, but a kind of organization:
    /// it refuses the last use of an account, and the calls that suspend and restore.
    pub original_user_management: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            delete_refused_while_linked: true,
            forget_keeps_active: false,
            create_links_inactive: false,
            create_links_pending: false,
            privileges_query: PrivilegesQuery::Both,
            email_taken_status: 400,
            email_taken_key: "alreadyInUse".to_owned(),
            email_refused_while_pending: true,
            link_write_status: 204,
            links_take_scoped_key: false,
            scoped_key_writes: false,
            scoped_key_reads_events: true,
            relink_on_update: false,
            relink_restores_groups: false,
            lag: Duration::ZERO,
            event_delay: Duration::ZERO,
            unguarded_status: 200,
            scim_context: ScimContext::Nothing,
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
            cursor_holds_search: false,
            role_on_resource: false,
            dash_writes: false,
            membership_of_scope: false,
            dash_groups: true,
            emails_ignore_case: false,
            groups_exclude_members: false,
            unused_apps_listed: false,
            original_user_management: false,
        }
    }
}
