//! The provisioning log: what the job tried for one object, and how the target answered. One error code covers every
//! 4xx of the target, so this module reads the target's answer from the text of the reason. It must never trust the
//! error code alone.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::Entra;
use super::steps::{self, Scoping, SkipReason, Status, Step};
use crate::upstream::error::CallError;
use crate::upstream::http::Call;
use crate::upstream::{lenient, literal};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogEntry {
    pub id: Option<String>,
    pub at: Option<Timestamp>,
    pub job_id: Option<String>,
    pub cycle_id: Option<String>,
    pub change_id: Option<String>,
    /// `create`, `update`, `disable`, `delete`, `stageddelete`, `other`, …, normalized.
    pub action: Option<String>,
    pub status: Option<Status>,
    /// Microsoft's error code.
    pub error_code: Option<String>,
    /// Microsoft's message. It may contain personal data.
    pub reason: Option<String>,
    /// The answer of the target, if the message contains one.
    pub wrapped: Option<Wrapped>,
    /// Why nothing was done.
    pub skip: Option<SkipReason>,
    pub scoping: Scoping,
    /// The object in Entra.
    pub source_id: Option<String>,
    /// Whether that object is a group.
    pub is_about_group: bool,
    /// The object at the target, by the id that Entra has for it.
    pub target_id: Option<String>,
}

/// An answer of the target inside the reason of an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wrapped {
    pub status: Option<u16>,
    /// The error type of SCIM, such as `uniqueness`.
    pub scim_type: Option<String>,
    /// The target's message. It may contain personal data.
    pub detail: Option<String>,
    /// When Entra will try again.
    pub retry_at: Option<Timestamp>,
}

/// Entries of the log, newest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogRead {
    /// The entries of the requested object.
    pub entries: Vec<LogEntry>,
    /// False if older entries within the requested time were not read.
    pub complete: bool,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Raw {
    #[serde(deserialize_with = "lenient::text")]
    id: Option<String>,
    #[serde(deserialize_with = "lenient::time")]
    activity_date_time: Option<Timestamp>,
    #[serde(deserialize_with = "lenient::text")]
    job_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    cycle_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    change_id: Option<String>,
    // `action` and `statusInfo` are the names from the retired beta.
    #[serde(alias = "action", deserialize_with = "lenient::text")]
    provisioning_action: Option<String>,
    #[serde(alias = "statusInfo", deserialize_with = "lenient::object")]
    provisioning_status_info: Info,
    #[serde(deserialize_with = "lenient::list")]
    provisioning_steps: Vec<Step>,
    #[serde(deserialize_with = "lenient::object")]
    source_identity: Identity,
    #[serde(deserialize_with = "lenient::object")]
    target_identity: Identity,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Info {
    #[serde(deserialize_with = "lenient::text")]
    status: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    error_information: ErrorInfo,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ErrorInfo {
    #[serde(deserialize_with = "lenient::text")]
    error_code: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    reason: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    additional_details: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Identity {
    #[serde(deserialize_with = "lenient::text")]
    id: Option<String>,
    #[serde(rename = "identityType", deserialize_with = "lenient::text")]
    kind: Option<String>,
}

impl Entra {
    /// The entries of one source object (a user or a group) since then.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn provisioning_log(
        &self,
        job: &str,
        object: &str,
        since: Timestamp,
    ) -> Result<LogRead, CallError> {
        let wide = format!("jobId eq {} and activityDateTime gt {since:.0}", literal::odata(job));
        let narrow = format!(
            "jobId eq {} and sourceIdentity/id eq {} and activityDateTime gt {since:.0}",
            literal::odata(job),
            literal::odata(object)
        );
        let read = self.pages::<Raw>(self.log(&narrow, "50"), &self.audit, 3).await;
        let (raw, complete) = match read {
            // Graph refuses some combinations of filters. Then the client reads more entries and filters them itself.
            Err(CallError::Refused { status: 400 | 501, .. }) => {
                self.pages::<Raw>(self.log(&wide, "500"), &self.audit, 4).await?
            }
            other => other?,
        };
        let same = |a: &Option<String>, b: &str| a.as_deref().is_some_and(|a| a.eq_ignore_ascii_case(b));
        let mut entries: Vec<LogEntry> = raw
            .into_iter()
            .filter(|r| same(&r.source_identity.id, object) && (r.job_id.is_none() || same(&r.job_id, job)))
            .map(LogEntry::from)
            .collect();
        entries.sort_by_key(|e| std::cmp::Reverse(e.at));
        Ok(LogRead { entries, complete })
    }

    /// The log of a job for all objects, newest first: up to 6000 entries. With the published rate limit this takes
    /// about 25 s.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn job_log(&self, job: &str, since: Timestamp) -> Result<LogRead, CallError> {
        let filter = format!("jobId eq {} and activityDateTime gt {since:.0}", literal::odata(job));
        let (raw, complete) = self.pages::<Raw>(self.log(&filter, "500"), &self.audit, 12).await?;
        let mut entries: Vec<LogEntry> = raw.into_iter().map(LogEntry::from).collect();
        entries.sort_by_key(|e| std::cmp::Reverse(e.at));
        Ok(LogRead { entries, complete })
    }

    pub(super) fn log(&self, filter: &str, top: &'static str) -> Call {
        self.get()
            .at("auditLogs/provisioning")
            .query("$filter", filter)
            .query("$orderby", "activityDateTime desc")
            .query("$top", top)
            .within(Duration::from_secs(30), Duration::from_secs(60))
    }
}

impl From<Raw> for LogEntry {
    fn from(raw: Raw) -> Self {
        let info = raw.provisioning_status_info;
        let error = info.error_information;
        let step_status = || raw.provisioning_steps.iter().filter_map(Step::ended).max();
        let status = info.status.as_deref().and_then(Status::read).or_else(step_status);
        let wrapped =
            [&error.reason, &error.additional_details].into_iter().flatten().find_map(|r| unwrap_reason(r));
        let skipped = status == Some(Status::Skipped);
        let skip = skipped.then(|| {
            let code = error.error_code.as_deref().map(SkipReason::read);
            let known = code.clone().filter(|c| !matches!(c, SkipReason::Other(_)));
            known.or_else(|| steps::skip_reason(&raw.provisioning_steps)).or(code)
        });
        Self {
            id: raw.id,
            at: raw.activity_date_time,
            job_id: raw.job_id,
            cycle_id: raw.cycle_id,
            change_id: raw.change_id,
            action: raw.provisioning_action.map(|a| a.to_ascii_lowercase()),
            status,
            error_code: error.error_code,
            reason: error.reason,
            wrapped,
            skip: skip.flatten(),
            scoping: steps::scoping(&raw.provisioning_steps),
            is_about_group: raw.source_identity.kind.is_some_and(|kind| kind.eq_ignore_ascii_case("group")),
            source_id: raw.source_identity.id,
            target_id: raw.target_identity.id,
        }
    }
}

/// Parses `StatusCode: Conflict … Web Response: {SCIM error}. … again after this date: 2026-03-24T13:23:44Z UTC`. Any
/// part may be missing; if all are missing, there is no wrapped answer.
#[must_use]
pub fn unwrap_reason(reason: &str) -> Option<Wrapped> {
    let after = |mark: &str| {
        let at = reason.to_ascii_lowercase().find(&mark.to_ascii_lowercase())?;
        reason.get(at + mark.len()..).map(str::trim_start)
    };
    let word = |text: &str| -> String { text.chars().take_while(|c| c.is_alphanumeric()).collect() };
    let status = after("StatusCode:").map(word).and_then(|w| http_status(&w));
    let body = after("Web Response:").unwrap_or(reason);
    let scim = body.find('{').and_then(|at| body.get(at..)).and_then(|from| {
        // More text follows the JSON directly, so only the first value is parsed.
        serde_json::Deserializer::from_str(from).into_iter::<Value>().next()?.ok()
    });
    let field = |name: &str| scim.as_ref().and_then(|v| v.get(name)).and_then(lenient::to_text);
    let date = after("again after this date:")
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|raw| lenient::to_time(raw.trim_end_matches(['.', ','])));
    let found = Wrapped {
        status: status.or_else(|| field("status").and_then(|s| s.parse().ok())),
        scim_type: field("scimType"),
        detail: field("detail").or_else(|| field("message")).or_else(|| field("error")),
        retry_at: date,
    };
    (found != Wrapped::default()).then_some(found)
}

/// .NET writes the name of a status without spaces; some connectors write the number.
fn http_status(word: &str) -> Option<u16> {
    let named = |status: &u16| {
        let reason = reqwest::StatusCode::from_u16(*status).ok().and_then(|s| s.canonical_reason());
        reason.is_some_and(|r| lenient::folded(r) == lenient::folded(word))
    };
    word.parse().ok().or_else(|| (200..600).find(named))
}

#[cfg(test)]
#[path = "log_tests.rs"]
mod tests;
