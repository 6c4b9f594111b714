//! `auditLogs/directoryAudits`: who changed the provisioning of an application. It only records changes, and must
//! never influence a decision of the tenant.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::answer::{Refusal, Reply, page};
use super::filter::{Clause, Op, parse};
use super::limits::limit;
use super::request::Ask;
use super::state::{Audit, By, Entra};

const CATEGORY: &str = "ProvisioningManagement";
const SERVICE: &str = "Account Provisioning";
/// A stop, with the name of the portal's button in the log.
pub const STOPPED: &str = "Disable/pause provisioning configuration";
/// A start.
pub const STARTED: &str = "Enable/start provisioning configuration";
/// A restart.
pub const RESTARTED: &str = "Enable/restart provisioning configuration";

impl Entra {
    /// Records a change of the Atlassian application's provisioning.
    pub fn audit(&mut self, activity: &str, by: By, at: Timestamp) {
        let service_principal = self.atlassian.clone();
        self.audits.push(Audit { at, activity: activity.to_owned(), by, service_principal });
    }
}

/// `GET /auditLogs/directoryAudits`
pub(super) fn list(entra: &mut Entra, ask: &Ask, now: Timestamp) -> Result<Reply, Refusal> {
    limit(entra, "auditLogs", &ask.caller.client_id, now)?;
    // Both permissions, as the reference page of the list names them together.
    ask.need(&["AuditLog.Read.All"])?;
    ask.need(&["Directory.Read.All"])?;
    ask.only(&["$filter", "$orderby", "$top", "$skiptoken"])?;
    let clauses = match ask.option("$filter") {
        None => Vec::new(),
        Some(text) => parse(text).map_err(|why| Refusal::bad(format!("Invalid filter clause: {why}")))?,
    };
    for clause in &clauses {
        allowed(clause, entra.switches.audits_filter_category)?;
    }
    if !matches!(ask.option("$orderby"), None | Some("activityDateTime desc")) {
        return Err(Refusal::bad("Ordering by this is not supported."));
    }
    let mut hits: Vec<&Audit> =
        entra.audits.iter().filter(|audit| clauses.iter().all(|clause| holds(clause, audit))).collect();
    hits.sort_by_key(|audit| std::cmp::Reverse(audit.at));
    let items = hits.into_iter().map(|audit| show(entra, audit)).collect();
    page(ask, &entra.switches, "auditLogs/directoryAudits", items, 1000)
}

/// The properties that the table of the resource marks as filterable.
fn allowed(clause: &Clause, category: bool) -> Result<(), Refusal> {
    let good = match clause.path.as_str() {
        "activityDateTime" => {
            matches!(clause.op, Op::Eq | Op::Ge | Op::Le)
                && !clause.quoted
                && clause.values.iter().all(|value| value.parse::<Timestamp>().is_ok())
        }
        "category" => category && clause.op == Op::Eq && clause.quoted,
        "loggedByService" => clause.op == Op::Eq && clause.quoted,
        "activityDisplayName" => matches!(clause.op, Op::Eq | Op::StartsWith) && clause.quoted,
        _ => false,
    };
    if good {
        Ok(())
    } else {
        Err(Refusal::bad(format!("Filtering by '{}' in this way is not supported.", clause.path)))
    }
}

fn holds(clause: &Clause, audit: &Audit) -> bool {
    let Some(wanted) = clause.values.first() else { return false };
    match clause.path.as_str() {
        "category" => wanted == CATEGORY,
        "loggedByService" => wanted == SERVICE,
        "activityDisplayName" if clause.op == Op::StartsWith => audit.activity.starts_with(wanted.as_str()),
        "activityDisplayName" => *wanted == audit.activity,
        _ => wanted.parse::<Timestamp>().is_ok_and(|wanted| match clause.op {
            Op::Ge => audit.at >= wanted,
            Op::Le => audit.at <= wanted,
            _ => audit.at == wanted,
        }),
    }
}

fn show(entra: &Entra, audit: &Audit) -> Value {
    let name = entra.service_principals.get(&audit.service_principal).map(|sp| sp.display_name.clone());
    let (user, app) = match &audit.by {
        By::User(upn) => {
            let user = entra.users.values().find(|user| user.upn == *upn);
            let id = user.map(|user| user.id.clone());
            let shown = user.map(|user| user.display_name.clone());
            (json!({"id": id, "displayName": shown, "userPrincipalName": upn, "ipAddress": ""}), Value::Null)
        }
        By::App(name) => (
            Value::Null,
            json!({"appId": null, "displayName": name, "servicePrincipalId": null, "servicePrincipalName": null}),
        ),
    };
    json!({
        "category": CATEGORY,
        "loggedByService": SERVICE,
        "activityDisplayName": audit.activity,
        "id": format!("Sync_{}_{}", audit.at.as_microsecond(), audit.service_principal),
        "correlationId": audit.service_principal,
        "activityDateTime": format!("{:.7}", audit.at),
        "operationType": "",
        "result": "success",
        "resultReason": "",
        "initiatedBy": {"user": user, "app": app},
        "targetResources": [{
            "id": audit.service_principal, "displayName": name, "type": "ServicePrincipal",
            "userPrincipalName": null, "groupType": null, "modifiedProperties": [],
        }],
        "additionalDetails": [],
    })
}
