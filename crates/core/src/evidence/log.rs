//! Facts from the provisioning log. They hold what was read and draw no conclusions.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The phrases with which a target answers that a value is in use, lower case.
pub const CONFLICT_PHRASES: &[&str] =
    &["already exists", "already in use", "already taken", "not unique", "must be unique", "duplicate"];

/// What the identity provider found about a person at the time of a log entry. `None` means that the entry does not
/// show it. Other sources show the state of today.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scoping {
    /// Whether the person was enabled.
    pub active: Option<bool>,
    /// Whether an assignment reached the person.
    pub assigned: Option<bool>,
    /// Whether the scoping filter let the person pass.
    pub in_filter: Option<bool>,
}

/// One event for this person in the job's log (`auditLogs/provisioning`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LogEntry {
    pub at: Option<Timestamp>,
    /// create, update, delete, disable, stagedDelete, other.
    pub action: String,
    /// success, failure, skipped, warning.
    pub status: String,
    /// Entra's own error code. It may be misleading; rules use the HTTP status.
    pub error_code: Option<String>,
    /// The HTTP status of the target's answer.
    pub http_status: Option<u16>,
    /// `scimType` of the target's answer.
    pub scim_type: Option<String>,
    /// `detail` of the target's answer.
    pub detail: Option<String>,
    /// Why nothing was exported, normalized (`NotEffectivelyEntitled`, `RedundantExport`).
    pub skip_reason: Option<String>,
    /// Whether the scoping filter excluded the person.
    pub filtered_out: bool,
    /// The clauses of the filter that were false.
    pub failed_clauses: Vec<String>,
    /// What the identity provider found about the person before it decided.
    #[serde(default)]
    pub scoping: Scoping,
    /// `targetIdentity.id`: the SCIM record that the identity provider is anchored on.
    pub target: Option<String>,
    /// `changeId`, for a ticket.
    pub change_id: Option<String>,
    /// `cycleId`, for a ticket.
    pub cycle_id: Option<String>,
    /// When the identity provider will try again, according to its log.
    pub retry_at: Option<Timestamp>,
}

impl LogEntry {
    /// Whether the target refused because a value is already in use. It shows this by `scimType`, or by a detail that
    /// names a value that already exists. Any other 409 is not such a conflict.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        let detail = self.detail.as_deref().unwrap_or_default().to_lowercase();
        self.scim_type.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("uniqueness"))
            || (self.http_status == Some(409) && CONFLICT_PHRASES.iter().any(|words| detail.contains(words)))
    }

    /// Whether something was written to the target.
    #[must_use]
    pub fn is_export(&self) -> bool {
        matches!(self.action.to_lowercase().as_str(), "create" | "update")
    }

    /// Whether the identity provider compared the person with the target and had nothing to write. It compares only
    /// people whom it provisions.
    #[must_use]
    pub fn is_compared(&self) -> bool {
        self.skip_reason.as_deref() == Some("RedundantExport")
    }

    /// Whether the entry shows that the identity provider provisions the person: it tried to write them, or compared
    /// them.
    #[must_use]
    pub fn is_in_reach(&self) -> bool {
        self.is_compared() || (self.is_export() && self.skip_reason.is_none() && !self.filtered_out)
    }

    /// Whether the person was deactivated or deleted at the target.
    #[must_use]
    pub fn is_withdrawn(&self) -> bool {
        self.succeeded() && matches!(self.action.to_lowercase().as_str(), "disable" | "delete")
    }

    /// Whether the entry shows that the person is, or is not, provisioned.
    #[must_use]
    pub fn is_verdict(&self) -> bool {
        self.is_in_reach() || self.is_withdrawn() || self.is_not_entitled() || self.filtered_out
    }

    /// Whether the target rejected the key that the identity provider uses.
    #[must_use]
    pub fn is_key_refused(&self) -> bool {
        let code = self.error_code.as_deref().unwrap_or_default();
        self.http_status == Some(401) || code.ends_with("InvalidCredentials")
    }

    /// Whether the identity provider found that no assignment entitles the person.
    #[must_use]
    pub fn is_not_entitled(&self) -> bool {
        self.skip_reason.as_deref() == Some("NotEffectivelyEntitled")
    }

    #[must_use]
    pub fn is_failure(&self) -> bool {
        self.status.eq_ignore_ascii_case("failure")
    }

    /// Whether the identity provider did not find the record that it wrote before.
    #[must_use]
    pub fn is_lost_anchor(&self) -> bool {
        self.error_code.as_deref().is_some_and(|code| code.ends_with("InvalidAnchor"))
    }

    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.status.eq_ignore_ascii_case("success")
    }
}
