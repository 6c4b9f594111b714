//! `auditLogs/provisioning`: the provisioning log as Graph filters and shows it. It must never ignore case when it
//! compares values, and must never show an event before the real log would.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::answer::{Refusal, Reply, page};
use super::filter::{Clause, Op, parse};
use super::limits::limit;
use super::request::Ask;
use super::state::{Entra, LogEntry, Step, Subject};

/// `GET /auditLogs/provisioning`
pub(super) fn list(entra: &mut Entra, ask: &Ask, now: Timestamp) -> Result<Reply, Refusal> {
    limit(entra, "auditLogs", &ask.caller.client_id, now)?;
    if entra.switches.log_needs_both_roles {
        ask.need(&["AuditLog.Read.All"])?;
        ask.need(&["Directory.Read.All"])?;
    } else {
        ask.need(&["AuditLog.Read.All", "ProvisioningLog.Read.All", "Directory.Read.All"])?;
    }
    ask.only(&["$filter", "$orderby", "$top", "$skiptoken"])?;
    let clauses = match ask.option("$filter") {
        None => Vec::new(),
        Some(text) => parse(text).map_err(|why| Refusal::bad(format!("Invalid filter clause: {why}")))?,
    };
    for clause in &clauses {
        allowed(clause)?;
    }
    if entra.switches.log_refuses_combined_filter
        && clauses.len() > 1
        && clauses.iter().any(|clause| clause.path == "sourceIdentity/id")
    {
        return Err(Refusal::new(400, "BadRequest", "This combination of filters is not supported."));
    }
    let descending = match ask.option("$orderby") {
        None | Some("activityDateTime desc") => true,
        Some("activityDateTime" | "activityDateTime asc") => false,
        Some(other) => return Err(Refusal::bad(format!("Ordering by '{other}' is not supported."))),
    };
    let mut hits: Vec<&LogEntry> = entra.log.iter().filter(|entry| entry.visible <= now).collect();
    hits.sort_by_key(|entry| entry.at);
    if descending {
        hits.reverse();
    }
    let items = hits
        .into_iter()
        .map(|entry| (entry, show(entra, entry)))
        .filter(|(entry, shown)| clauses.iter().all(|clause| holds(clause, entry, shown)))
        .map(|(_, shown)| shown)
        .collect();
    page(ask, &entra.switches, "auditLogs/provisioning", items, 1000)
}

/// Checks a clause against section 7's list of filterable properties with their operators.
fn allowed(clause: &Clause) -> Result<(), Refusal> {
    let good = match clause.path.as_str() {
        // No document names `ge` for this log.
        "activityDateTime" => {
            matches!(clause.op, Op::Eq | Op::Gt | Op::Lt)
                && !clause.quoted
                && clause.values.iter().all(|value| value.parse::<Timestamp>().is_ok())
        }
        "id"
        | "changeId"
        | "cycleId"
        | "jobId"
        | "status"
        | "sourceIdentity/id"
        | "sourceIdentity/displayName"
        | "sourceIdentity/identityType"
        | "targetIdentity/id"
        | "targetIdentity/displayName"
        | "targetIdentity/identityType"
        | "servicePrincipal/id"
        | "servicePrincipal/displayName" => matches!(clause.op, Op::Eq | Op::Contains) && clause.quoted,
        _ => false,
    };
    if good {
        Ok(())
    } else {
        Err(Refusal::bad(format!("Filtering by '{}' in this way is not supported by the log.", clause.path)))
    }
}

fn holds(clause: &Clause, entry: &LogEntry, shown: &Value) -> bool {
    let Some(wanted) = clause.values.first() else { return false };
    if clause.path == "activityDateTime" {
        return wanted.parse::<Timestamp>().is_ok_and(|wanted| match clause.op {
            Op::Gt => entry.at > wanted,
            Op::Lt => entry.at < wanted,
            _ => entry.at == wanted,
        });
    }
    let pointer = match clause.path.as_str() {
        "status" => "/provisioningStatusInfo/status".to_owned(),
        path => format!("/{path}"),
    };
    let actual = shown.pointer(&pointer).and_then(Value::as_str).unwrap_or_default();
    let actual = if clause.lowered { actual.to_lowercase() } else { actual.to_owned() };
    if clause.op == Op::Contains { actual.contains(wanted.as_str()) } else { actual == *wanted }
}

fn show(entra: &Entra, entry: &LogEntry) -> Value {
    let sp = entra.service_principals.get(&entry.service_principal);
    let name = sp.map(|sp| sp.display_name.clone());
    json!({
        "id": entry.id,
        "activityDateTime": entry.at.to_string(),
        "tenantId": entra.tenant_id,
        "jobId": entry.job_id,
        "cycleId": entry.cycle_id,
        "changeId": entry.change_id,
        "provisioningAction": lower_first(&entry.action),
        "durationInMilliseconds": 91,
        "initiatedBy": {"id": "", "displayName": "Azure AD Provisioning Service", "initiatorType": "system"},
        "servicePrincipal": {"id": entry.service_principal, "displayName": name},
        "sourceSystem": {
            "id": "05040880-a6d8-4899-bed4-b8056957edd0", "displayName": "Microsoft Entra ID", "details": {},
        },
        "targetSystem": {
            "id": "3e0cc32f-582d-4c52-8114-c1e199bb982c",
            "displayName": name,
            "details": {
                "ServicePrincipalId": entry.service_principal,
                "ServicePrincipalDisplayName": name,
                "ApplicationId": sp.map(|sp| sp.app_id.clone()),
            },
        },
        "sourceIdentity": identity(&entry.source),
        "targetIdentity": identity(&entry.target),
        "provisioningStatusInfo": {
            "status": entry.status.to_lowercase(),
            "errorInformation": entry.error.as_ref().map(|error| json!({
                "errorCode": error.code,
                "errorCategory": "failure",
                "reason": error.reason,
                "additionalDetails": null,
                "recommendedAction": null,
            })),
        },
        "provisioningSteps": entry.steps.iter().map(step).collect::<Vec<_>>(),
        "modifiedProperties": entry.modified.iter().map(|(name, old, new)| json!({
            "displayName": name, "oldValue": old, "newValue": new,
        })).collect::<Vec<_>>(),
    })
}

fn identity(subject: &Subject) -> Value {
    json!({
        "id": subject.id,
        "displayName": subject.name,
        "identityType": subject.kind,
        "details": {"id": subject.id},
    })
}

fn step(step: &Step) -> Value {
    json!({
        "name": step.name,
        "provisioningStepType": lower_first(&step.kind),
        "status": step.status.to_lowercase(),
        "description": step.description,
        "details": step.details,
    })
}

/// `StagedDelete` becomes `stagedDelete`, because the log uses camel case.
fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
