//! The questions that the published documents leave open, each as a switch with the answer we think likeliest.
//! A switch must never hide a rule that is documented.

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
    /// An update of an unlinked record links it to the managed account that has its address (ACCESS-2172).
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
    /// The cursor of a POST search remembers filters and `expand`; else they count as sent with it.
    pub cursor_holds_search: bool,
    /// `-` is taken for every directory in writes too; else it is no directory.
    pub dash_writes: bool,
    /// In the path of one directory `membershipStatus` is that of this directory; else that of all together.
    pub membership_of_scope: bool,
    /// `productAccess` lists apps that were never used, without a time; else it leaves them out.
    pub unused_apps_listed: bool,
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
            cursor_holds_search: false,
            dash_writes: false,
            membership_of_scope: false,
            unused_apps_listed: true,
        }
    }
}
