//! The provisioning log of a generated tenant. Entries are old enough that nothing waits for them.

use super::blueprint::History;
use super::world::{World, cycle_ended};
use crate::entra::{LogEntry, LogError, Step, Subject};
use crate::tenant::hours_ago;

/// The code with which Entra wraps most refusals.
pub(super) const REFUSED: &str = "SystemForCrossDomainIdentityManagementServiceIncompatibleFiltering";
/// The code of a refused key.
pub(super) const BAD_KEY: &str = "SystemForCrossDomainIdentityManagementInvalidCredentials";

/// Writes what the blueprint says.
pub(super) fn write(world: &mut World) {
    let record = world.record_of_person();
    let kind = world.blueprint.history;
    if kind != History::None {
        cycle_ended(world);
    }
    match kind {
        History::None => return,
        History::Nothing => return nothing_to_do(world, 20),
        History::Success => {}
        History::OldSuccess => return success(world, &record, 24 * 25),
        History::RejectedKeyThenSuccess => rejected_key(world, 90),
        History::ConflictThenSuccess => {
            let address = world.values_of_person().email;
            refused(world, "Update", "email", &address, 90);
        }
        History::NotEntitledThenSuccess => not_entitled(world, 90),
        History::LostAnchorThenSuccess => lost_anchor(world, 90),
        History::RefusalThenSuccess => refused_otherwise(world, "Update", 90),
        History::OtherRecordThenSuccess => success(world, "5578ea37-0000-4000-8000-0000000000ff", 90),
        History::SuccessThenNothing => {
            success(world, &record, 40);
            return nothing_to_do(world, 20);
        }
    }
    success(world, &record, 40);
}

fn entry(world: &World, hours: i64) -> LogEntry {
    let idp = world.idp_of_person();
    let name = world.tenant.entra.users.get(&idp).map(|user| user.upn.clone()).unwrap_or_default();
    LogEntry::about(Subject { id: idp, name, kind: "User".to_owned() }, hours_ago(hours))
}

/// The person was written into this record.
pub(super) fn success(world: &mut World, record: &str, hours: i64) {
    let mut entry = entry(world, hours);
    "Update".clone_into(&mut entry.action);
    entry.target = Subject { id: record.to_owned(), ..entry.source.clone() };
    world.tenant.entra.log_entry(entry);
}

/// A cycle found both sides alike.
fn nothing_to_do(world: &mut World, hours: i64) {
    skipped(world, hours, "RedundantExport", &[]);
}

/// The person was found not to be entitled.
pub(super) fn not_entitled(world: &mut World, hours: i64) {
    let details = [
        ("IsActive", "True"),
        ("Assigned", "True"),
        ("IsEffectivelyEntitledForProvisioning", "False"),
        ("IsInProvisioningScopeDisplayName", "True"),
        ("ScopeEvaluationResult", "{}"),
    ];
    skipped(world, hours, "NotEffectivelyEntitled", &details);
}

/// The job's filter left the person out.
pub(super) fn filtered(world: &mut World, hours: i64) {
    let details = [
        ("IsActive", "True"),
        ("Assigned", "True"),
        ("IsInProvisioningScopeDisplayName", "False"),
        ("ScopeEvaluationResult", "{\"engineers.department EQUALS 'Engineering'\":false}"),
    ];
    skipped(world, hours, "NotEffectivelyEntitled", &details);
}

fn skipped(world: &mut World, hours: i64, reason: &str, details: &[(&str, &str)]) {
    let mut entry = entry(world, hours);
    "Skipped".clone_into(&mut entry.status);
    let details = details.iter().copied().chain([("SkipReason", reason)]);
    entry.steps.push(Step {
        name: "EntrySynchronizationScoping".to_owned(),
        kind: "Scoping".to_owned(),
        status: "Skipped".to_owned(),
        description: "The object was skipped.".to_owned(),
        details: details.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
    });
    world.tenant.entra.log_entry(entry);
}

fn failure(world: &mut World, action: &str, code: &str, reason: String, hours: i64) {
    let mut entry = entry(world, hours);
    action.clone_into(&mut entry.action);
    "Failure".clone_into(&mut entry.status);
    entry.error = Some(LogError { code: code.to_owned(), reason });
    world.tenant.entra.log_entry(entry);
}

/// Atlassian refused the key.
pub(super) fn rejected_key(world: &mut World, hours: i64) {
    let reason = "StatusCode: Unauthorized\r\nMessage: The credentials were refused.";
    failure(world, "Update", BAD_KEY, reason.to_owned(), hours);
}

/// The record of the anchor was not found.
pub(super) fn lost_anchor(world: &mut World, hours: i64) {
    let reason = "The object that was matched before was not found in the target system.";
    failure(world, "Update", "InvalidAnchor", reason.to_owned(), hours);
}

/// Atlassian refused a value that another record or account has.
pub(super) fn refused(world: &mut World, action: &str, attribute: &str, value: &str, hours: i64) {
    let detail = format!("Resource [USER]: with {attribute}[{value}] already exists.");
    let scim = serde_json::json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": "409", "scimType": "uniqueness", "detail": detail,
    });
    wrapped(world, action, "Conflict", &scim, hours);
}

/// Atlassian refused for another reason, with the same status.
pub(super) fn refused_otherwise(world: &mut World, action: &str, hours: i64) {
    let scim = serde_json::json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": "409", "detail": "The resource is being changed by another request.",
    });
    wrapped(world, action, "Conflict", &scim, hours);
}

fn wrapped(world: &mut World, action: &str, status: &str, scim: &serde_json::Value, hours: i64) {
    let reason = format!(
        "StatusCode: {status}\r\nMessage: Processing of the HTTP request resulted in an exception.\r\nWeb Response: \
         \r\n{scim}. This operation was retried 1 times. It will be retried again after this date: \
         2026-11-25T13:23:44.9198514Z UTC"
    );
    failure(world, action, REFUSED, reason, hours);
}
