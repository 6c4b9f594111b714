//! How an event of the provisioning service is put together: its steps, and the wrapping of what the target
//! answered. It must never shorten the target's answer: the bot reads the SCIM error out of it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::scim::{Kind, Refused};
use super::state::{LogEntry, LogError, Step, Subject};

/// What the job's error says when the target takes no key of ours.
pub(super) const BAD_KEY: &str = "SystemForCrossDomainIdentityManagementInvalidCredentials";

impl LogEntry {
    /// An event of which nothing is known yet but whom it is about.
    #[must_use]
    pub fn about(source: Subject, at: Timestamp) -> Self {
        let fresh = || uuid::Uuid::new_v4().to_string();
        Self {
            id: fresh(),
            at,
            visible: at,
            job_id: String::new(),
            service_principal: String::new(),
            cycle_id: fresh(),
            change_id: fresh(),
            action: "Other".into(),
            status: "Success".into(),
            error: None,
            source,
            target: Subject::default(),
            steps: Vec::new(),
            modified: Vec::new(),
        }
    }

    pub(super) fn step(
        &mut self,
        name: &str,
        kind: &str,
        status: &str,
        description: impl Into<String>,
        details: &[(&str, String)],
    ) {
        self.steps.push(Step {
            name: name.into(),
            kind: kind.into(),
            status: status.into(),
            description: description.into(),
            details: details.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect::<BTreeMap<_, _>>(),
        });
    }

    /// Ends the event as skipped. The reason stands in the step, not in the status (section 7).
    pub(super) fn skip(mut self, reason: &str, description: &str) -> Self {
        let details = [("SkipReason", reason.to_owned())];
        self.step("EntrySynchronizationSkip", "Export", "Skipped", description, &details);
        self.status = "Skipped".into();
        self
    }

    /// Ends the event as failed.
    pub(super) fn fail(mut self, name: &str, kind: &str, code: &str, reason: String) -> Self {
        self.step(name, kind, "Failure", reason.clone(), &[("ErrorCode", code.to_owned())]);
        self.status = "Failure".into();
        self.error = Some(LogError { code: code.into(), reason });
        self
    }

    /// Ends the event with what the target answered.
    pub(super) fn refused(
        self,
        name: &str,
        kind: &str,
        refused: &Refused,
        tries: u32,
        now: Timestamp,
    ) -> Self {
        let code = match refused.status {
            Some(401 | 403) => BAD_KEY,
            Some(404) => "InvalidAnchor",
            Some(429) => "TooManyRequests",
            Some(500..) => "InternalServerError",
            // In practice this one wraps any other refusal (section 7.1).
            Some(_) => "SystemForCrossDomainIdentityManagementServiceIncompatibleFiltering",
            None => "WebExceptionProtocolError",
        };
        let reason = wrapped(refused, tries, retry_at(tries, now));
        self.fail(name, kind, code, reason)
    }

    /// The reason of a skip, if there is one.
    pub(super) fn skip_reason(&self) -> Option<&str> {
        self.steps.iter().rev().find_map(|step| step.details.get("SkipReason")).map(String::as_str)
    }

    /// The subject of a source object.
    pub(super) fn subject(kind: Kind, id: &str, name: &str) -> Subject {
        Subject { id: id.into(), name: name.into(), kind: kind.name().into() }
    }
}

/// When a failed object is tried again: 6 h, 12 h, then daily (section 6.1).
pub(super) fn retry_at(tries: u32, now: Timestamp) -> Timestamp {
    let hours = match tries {
        0 | 1 => 6,
        2 => 12,
        _ => 24,
    };
    now.checked_add(SignedDuration::from_hours(hours)).unwrap_or(now)
}

/// The reason text as the log of a real tenant shows it.
#[must_use]
pub(super) fn wrapped(refused: &Refused, tries: u32, next: Timestamp) -> String {
    let status = refused.status.and_then(|code| axum::http::StatusCode::from_u16(code).ok());
    let name = status.and_then(|status| status.canonical_reason()).unwrap_or("NoAnswer").replace(' ', "");
    let next = next.strftime("%Y-%m-%dT%H:%M:%S.%7fZ");
    format!(
        "StatusCode: {name}\r\nMessage: Processing of the HTTP request resulted in an exception. Please see \
         the HTTP response returned by the 'Response' property of this exception for details.\r\nWeb \
         Response: \r\n{}. This operation was retried {tries} times. It will be retried again after this \
         date: {next} UTC",
        refused.body
    )
}
