//! Switches for the questions about Entra that no document answers, so that tests can run the bot with each answer. The
//! default is the unkind answer: the one that makes repairs harder. If a document decides, the default is its answer, and
//! the switch says so. A switch must never hide a documented behaviour.

use jiff::SignedDuration;

/// The shape of a provision-on-demand answer. Two shapes are published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `key` holds the verdict as JSON, `value` one object (the method's reference page).
    A,
    /// `key` is a type name, `value` an array of objects (the cross-tenant article of 2023).
    B,
}

/// How an expired place is refused. The documents describe both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpiredPlace {
    /// 410, with the first request in the header `Location`.
    Gone,
    /// 400 `syncStateNotFound`.
    NotFound,
}

/// What remains of a guest's name when the provisioning service removes the mark `#EXT#`. The documents show both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuestName {
    /// `jane_partner.example@acme.example`
    Ours,
    /// `jane@partner.example`
    Theirs,
}

impl GuestName {
    /// The name as a mapping of `userPrincipalName` writes it.
    pub(super) fn of(self, upn: &str) -> String {
        let Some((alias, ours)) = upn.split_once("#EXT#") else { return upn.to_owned() };
        match (self, alias.rsplit_once('_')) {
            (Self::Theirs, Some((name, domain))) => format!("{name}@{domain}"),
            _ => format!("{alias}{ours}"),
        }
    }
}

/// The open questions.
#[derive(Clone, Debug)]
pub struct Switches {
    /// Whether matching happens again when the record of the anchor is gone, as one engineer of a vendor says. Otherwise
    /// the result is `InvalidAnchor`, as Microsoft's table of error codes says.
    pub rematch_when_gone: bool,
    /// Whether on-demand provisioning compares a user with the record it has just read, not only with its own cache.
    pub compare_with_target: bool,
    /// Whether on-demand provisioning sends a member again that Entra believes is there. Otherwise the result is
    /// `RedundantExport`, which Microsoft documents for equal states.
    pub resend_known_member: bool,
    /// Whether the first cycle after a restart sends members again that Entra believes are there, as one vendor's manual
    /// says. The scope `Full` always does, because it drops what Entra believes.
    pub restart_resends_members: bool,
    /// The shape of an on-demand answer.
    pub shape: Shape,
    /// Whether words such as `Success` and `Import` are in lower case.
    pub odd_casing: bool,
    /// Whether the answer for a group has `{}` as its value, as in the documents.
    pub empty_group_value: bool,
    /// Whether nulls are left out of answers.
    pub leave_out_nulls: bool,
    /// Whether a 429 says how long to wait. Microsoft's guidance asks clients to expect both.
    pub retry_after: bool,
    /// How long until the engine honours a new assignment. Microsoft documents "up to a few minutes" for provisioning on
    /// demand.
    pub assignment_honoured_after: SignedDuration,
    /// How long until `appRoleAssignedTo` shows a new assignment.
    pub assignment_listed_after: SignedDuration,
    /// How long until the index behind casts and `ConsistencyLevel` shows a new membership.
    pub index_lag: SignedDuration,
    /// Items in a page when the caller requests no number.
    pub page_size: usize,
    /// Whether an empty page with a `nextLink` comes after every full page.
    pub empty_pages: bool,
    /// Whether on-demand provisioning works while the job is in quarantine.
    pub on_demand_while_quarantined: bool,
    /// Whether on-demand provisioning works while the job is paused. Microsoft's guide to removing an object connection
    /// tells admins to use it then.
    pub on_demand_while_paused: bool,
    /// Whether the beta version lets anyone read the synchronization secrets.
    pub secrets_readable: bool,
    /// How long until an on-demand run appears in the provisioning log.
    pub log_latency: SignedDuration,
    /// Whether the log refuses a person's id combined with a job and a time.
    pub log_refuses_combined_filter: bool,
    /// Whether the provisioning log requires `AuditLog.Read.All` and `Directory.Read.All` together, as its page says.
    /// Microsoft's newer data of permissions decides: either is enough.
    pub log_needs_both_roles: bool,
    /// Whether `Application.ReadWrite.OwnedBy` and ownership are enough to start, pause and restart a job. The reference
    /// pages say so; a report of 2023 had 401 `UnknownError` instead.
    pub owner_may_start: bool,
    /// Whether the audit log can be filtered by `category`, which the table of the resource does not mark.
    pub audits_filter_category: bool,
    /// The duration of an on-demand call.
    pub on_demand_latency: std::time::Duration,
    /// Whether the target gets booleans as the strings `"True"` and `"False"`.
    pub booleans_as_strings: bool,
    /// Whether a cycle runs at once after start and restart. The default is the kind answer, because nothing else in the
    /// sandbox runs a cycle: otherwise a demonstration would wait for 24 hours.
    pub cycle_after_start: bool,
    /// The form of a guest's name.
    pub guest_name: GuestName,
    /// Whether `IIF` uses the second value when its condition names an empty attribute. Microsoft only says that "the
    /// condition check fails". If this is false, nothing is written.
    pub empty_condition_is_false: bool,
    /// How an expired place of a delta query is refused.
    pub expired_place: ExpiredPlace,
    /// How long until a delta query shows a change. No number is published; 15 minutes were reported.
    pub delta_lag: SignedDuration,
    /// Whether a delta query repeats objects: one within a round, and those of the last round in the next one. The
    /// documents say that both happen.
    pub delta_repeats: bool,
    /// Items in a page of a delta query. Customers report at most 200 users.
    pub delta_page_size: usize,
    /// How long until what a cycle did appears in the provisioning log.
    pub cycle_log_latency: SignedDuration,
    /// How long a token lives.
    pub token_lifetime: SignedDuration,
    /// The window of the rate limits of 5 requests.
    pub limit_window: SignedDuration,
    /// The number of requests in the window.
    pub limit_requests: usize,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            rematch_when_gone: false,
            compare_with_target: false,
            resend_known_member: false,
            restart_resends_members: false,
            shape: Shape::A,
            odd_casing: false,
            empty_group_value: false,
            leave_out_nulls: false,
            retry_after: false,
            assignment_honoured_after: SignedDuration::from_mins(3),
            assignment_listed_after: SignedDuration::ZERO,
            index_lag: SignedDuration::ZERO,
            page_size: 100,
            empty_pages: false,
            on_demand_while_quarantined: false,
            on_demand_while_paused: true,
            secrets_readable: true,
            log_latency: SignedDuration::ZERO,
            log_refuses_combined_filter: false,
            log_needs_both_roles: false,
            owner_may_start: false,
            audits_filter_category: false,
            on_demand_latency: std::time::Duration::ZERO,
            booleans_as_strings: false,
            cycle_after_start: true,
            guest_name: GuestName::Ours,
            empty_condition_is_false: false,
            expired_place: ExpiredPlace::Gone,
            delta_lag: SignedDuration::ZERO,
            delta_repeats: true,
            delta_page_size: 200,
            cycle_log_latency: SignedDuration::ZERO,
            token_lifetime: SignedDuration::from_secs(3599),
            limit_window: SignedDuration::from_secs(10),
            limit_requests: 5,
        }
    }
}
