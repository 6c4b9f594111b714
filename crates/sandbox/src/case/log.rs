//! The provisioning log: the entries of the person, and those of others that a start of the job would act on.

use std::collections::BTreeMap;

use jiff::Timestamp;
use reinstate_core::diagnose::Case;
use reinstate_core::evidence::LogEntry as Known;
use serde_json::json;

use super::Missing;
use crate::entra::{LogEntry, LogError, Step, Subject};
use crate::tenant::Tenant;

pub(super) fn arrange(case: &Case<'_>, tenant: &mut Tenant, missing: &mut Missing) {
    let e = case.e;
    if let Some(person) = case.person {
        // The newest entry comes first in the evidence and last in the log.
        for (age, known) in
            e.log.get().into_iter().flatten().enumerate().collect::<Vec<_>>().into_iter().rev()
        {
            if known.at.is_none() {
                missing.add("The time of a log entry is not known.");
            }
            let older = i64::try_from(age).unwrap_or(i64::MAX);
            let at =
                known.at.or_else(|| e.asked_at.saturating_sub(jiff::SignedDuration::from_secs(older)).ok());
            let name = person.upn.clone().unwrap_or_default();
            let source = Subject { id: person.id.clone(), name, kind: "User".to_owned() };
            tenant.entra.log_entry(entry(known, source, at.unwrap_or(e.asked_at)));
        }
    }
    let Some(pending) = e.pending.get() else { return };
    for (action, status, count) in [
        ("StagedDelete", "Success", pending.staged_deletes),
        ("Delete", "Failure", pending.deletes),
        ("Disable", "Failure", pending.disables),
    ] {
        for number in 0..count {
            let id = format!("00000000-0000-4000-8000-{:012x}", number.saturating_add(action.len() << 16));
            let source = Subject { id, name: "somebody".to_owned(), kind: "User".to_owned() };
            let mut other = LogEntry::about(source, e.asked_at);
            other.action = action.to_owned();
            other.status = status.to_owned();
            tenant.entra.log_entry(other);
        }
    }
}

fn entry(known: &Known, source: Subject, at: Timestamp) -> LogEntry {
    let mut made = LogEntry::about(source, at);
    made.action = capital(&known.action);
    made.status = capital(&known.status);
    made.target.id = known.target.clone().unwrap_or_default();
    made.change_id = known.change_id.clone().unwrap_or_default();
    made.cycle_id = known.cycle_id.clone().unwrap_or_default();
    let reason = reason(known);
    if known.error_code.is_some() || reason.is_some() {
        made.error = Some(LogError {
            code: known.error_code.clone().unwrap_or_default(),
            reason: reason.unwrap_or_default(),
        });
    }
    let said = [
        ("IsActive", known.scoping.active),
        ("Assigned", known.scoping.assigned),
        ("IsInProvisioningScopeDisplayName", known.scoping.in_filter.or(known.filtered_out.then_some(false))),
    ];
    let word = |is: bool| if is { "True" } else { "False" }.to_owned();
    let mut details: BTreeMap<String, String> =
        said.into_iter().filter_map(|(name, is)| Some((name.to_owned(), word(is?)))).collect();
    if !known.failed_clauses.is_empty() {
        let failed: BTreeMap<&String, bool> =
            known.failed_clauses.iter().map(|clause| (clause, false)).collect();
        details.insert("ScopeEvaluationResult".to_owned(), json!(failed).to_string());
    }
    if !details.is_empty() {
        made.steps.push(step("EntrySynchronizationScoping", "Scoping", "Success", details));
    }
    if let Some(why) = &known.skip_reason {
        let details = BTreeMap::from([("SkipReason".to_owned(), why.clone())]);
        made.steps.push(step("EntrySynchronizationSkip", "Export", "Skipped", details));
    }
    made
}

fn step(name: &str, kind: &str, status: &str, details: BTreeMap<String, String>) -> Step {
    Step {
        name: name.to_owned(),
        kind: kind.to_owned(),
        status: status.to_owned(),
        description: String::new(),
        details,
    }
}

/// The text around the target's answer, as the log of a real tenant shows it.
fn reason(known: &Known) -> Option<String> {
    if known.http_status.is_none() && known.scim_type.is_none() && known.detail.is_none() {
        return None;
    }
    let mut answer = serde_json::Map::new();
    if let Some(kind) = &known.scim_type {
        answer.insert("scimType".to_owned(), kind.clone().into());
    }
    if let Some(detail) = &known.detail {
        answer.insert("detail".to_owned(), detail.clone().into());
    }
    let status = known.http_status.map(|status| format!("StatusCode: {status}\r\n")).unwrap_or_default();
    let again = known.retry_at.map(|at| format!(" It will be retried again after this date: {at} UTC"));
    let answer = serde_json::Value::Object(answer);
    Some(format!("{status}Web Response: \r\n{answer}.{}", again.unwrap_or_default()))
}

/// `create` becomes `Create`.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>());
    first.map_or_else(String::new, |text| text.replace("Stageddelete", "StagedDelete"))
}
