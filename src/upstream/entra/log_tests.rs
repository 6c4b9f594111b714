//! The log as Entra writes it: the true status inside the sentence, retry dates, skips under several names.

use serde_json::{Value, json};

use super::super::testing::{asked, tenant};
use super::*;
use crate::upstream::probe::{ok, status};

/// A page of entries in the shapes that the log is known to have; the people in it are made up.
const PAGE: &str = include_str!("../../../tests/data/provisioning-log.json");
const INES: &str = "1f6b2a9c-5555-4666-8777-d88899900011";
const JOB: &str = "atlassianCloud.5d2f3a557b514a4c9a406c3c1c5d9e10.0b1c2d3e-1111-4222-8333-944455566677";

async fn page() -> Vec<LogEntry> {
    let (_probe, entra) = tenant(|_, _| ok(serde_json::from_str::<Value>(PAGE).unwrap())).await;
    let read = entra.provisioning_log(JOB, INES, "2026-11-01T00:00:00Z".parse().unwrap()).await.unwrap();
    assert!(read.complete);
    read.entries
}

#[tokio::test]
async fn every_shape_of_entry_is_read() {
    let entries = page().await;
    let of = |id: &str| entries.iter().find(|entry| entry.id.as_deref() == Some(id)).unwrap();
    // The entry, its action, how it ended, the target's own status, the kind of refusal, when it is tried again.
    for (id, action, ended, http, kind, again) in [
        (
            "entry-1",
            "create",
            Some(Status::Failure),
            Some(409),
            Some("uniqueness"),
            Some("2026-11-25T13:23:44.9198514Z"),
        ),
        ("entry-2", "update", Some(Status::Failure), Some(401), None, Some("2026-11-25T12:20:00Z")),
        ("entry-3", "update", Some(Status::Failure), None, None, None),
        ("entry-4", "other", Some(Status::Skipped), None, None, None),
        ("entry-5", "other", Some(Status::Skipped), None, None, None),
        ("entry-6", "other", Some(Status::Skipped), None, None, None),
        ("entry-7", "stageddelete", Some(Status::Warning), None, None, None),
        ("entry-8", "unknownfuturevalue", None, Some(429), None, None),
        ("entry-9", "update", Some(Status::Success), None, None, None),
    ] {
        let entry = of(id);
        let wrapped = entry.wrapped.clone().unwrap_or_default();
        assert_eq!(entry.action.as_deref(), Some(action), "{id}");
        assert_eq!((entry.status, wrapped.status), (ended, http), "{id}");
        assert_eq!(wrapped.scim_type.as_deref(), kind, "{id}");
        assert_eq!(wrapped.retry_at.map(|at| at.to_string()).as_deref(), again, "{id}");
    }
    let detail = of("entry-1").wrapped.as_ref().and_then(|wrapped| wrapped.detail.as_deref());
    assert_eq!(detail, Some("Resource [USER]: with email[ines.marlow@northwind.example] already exists."));
    assert_eq!(of("entry-3").target_id.as_deref(), Some("6d0f8a1e-9999-4aaa-8bbb-0ccc1ddd2eee"));
    assert_eq!(of("entry-1").target_id, None, "an empty id is none");
    assert_eq!(of("entry-1").change_id.as_deref(), Some("f00dfeed-0000-4000-8000-000000000001"));
    assert_eq!((&of("entry-7").change_id, &of("entry-7").cycle_id), (&None, &None));
}

#[tokio::test]
async fn a_skip_has_one_reason_whatever_it_is_called() {
    let entries = page().await;
    let of = |id: &str| entries.iter().find(|entry| entry.id.as_deref() == Some(id)).unwrap();
    assert_eq!(of("entry-4").skip, Some(SkipReason::NotEntitled));
    assert_eq!(of("entry-5").skip, Some(SkipReason::RedundantExport));
    assert_eq!(of("entry-6").skip, Some(SkipReason::NotEntitled));
    assert_eq!(of("entry-1").skip, None, "a failure is no skip");
    let filtered = &of("entry-4").scoping;
    assert_eq!((filtered.in_scope, filtered.assigned), (Some(false), Some(true)));
    assert_eq!(filtered.failed_clauses, ["Engineers only.department EQUALS 'Engineering'"]);
    let unassigned = &of("entry-6").scoping;
    assert_eq!((unassigned.in_scope, unassigned.assigned), (Some(true), Some(false)));
}

#[tokio::test]
async fn the_newest_comes_first_and_what_has_no_time_last() {
    let entries = page().await;
    let ids: Vec<&str> = entries.iter().filter_map(|entry| entry.id.as_deref()).collect();
    assert_eq!(
        ids,
        ["entry-1", "entry-2", "entry-3", "entry-4", "entry-5", "entry-6", "entry-8", "entry-9", "entry-7"]
    );
}

const SAMPLE: &str = "StatusCode: Conflict\r\nMessage: Processing of the HTTP request resulted in an exception. …\r\nWeb Response: \r\n{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:Error\"],\"detail\":\"Resource [USER]: with email[x@y] already exists.\",\"status\":409,\"scimType\":\"uniqueness\"}. This operation was retried 1 times. It will be retried again after this date: 2026-03-24T13:23:44.9198514Z UTC";

#[test]
fn the_wrapped_answer_is_read() {
    let wrapped = unwrap_reason(SAMPLE).unwrap();
    assert_eq!((wrapped.status, wrapped.scim_type.as_deref()), (Some(409), Some("uniqueness")));
    assert_eq!(wrapped.detail.as_deref(), Some("Resource [USER]: with email[x@y] already exists."));
    assert_eq!(wrapped.retry_at.unwrap().to_string(), "2026-03-24T13:23:44.9198514Z");
    assert_eq!(unwrap_reason("StatusCode: Unauthorized").unwrap().status, Some(401));
    assert_eq!(
        unwrap_reason("StatusCode: TooManyRequests\r\nWeb Response: {broken").unwrap().status,
        Some(429)
    );
    assert_eq!(unwrap_reason("statuscode: 404").unwrap().status, Some(404));
    assert_eq!(unwrap_reason("The attribute is {missing}"), None);
}

fn entry(source: &str, at: &str) -> Value {
    json!({"id": "e", "activityDateTime": at, "jobId": "j", "cycleId": null, "provisioningAction": "Create",
        "sourceIdentity": {"id": source}, "targetIdentity": {"id": ""}, "initiatedBy": {"initiatorType": "system"},
        "provisioningStatusInfo": {"status": "Failure", "errorInformation": {
            "errorCode": "SystemForCrossDomainIdentityManagementServiceIncompatibleFiltering", "reason": SAMPLE}},
        "provisioningSteps": [{"name": "EntryExportAdd", "provisioningStepType": "export", "status": "failure", "details": {}}]})
}

#[tokio::test]
async fn one_persons_entries_newest_first() {
    let (probe, entra) = tenant(|_, _| {
        ok(json!({"value": [entry("u", "2026-03-24T07:00:00Z"), entry("U", "2026-03-24T08:00:00Z"), entry("v", "2026-03-24T09:00:00Z")]}))
    })
    .await;
    let since = "2026-03-20T00:00:00.5Z".parse().unwrap();
    let read = entra.provisioning_log("j'", "u", since).await.unwrap();
    assert!(read.complete && read.entries.is_empty(), "another job's entries do not count");
    let read = entra.provisioning_log("j", "u", since).await.unwrap();
    assert_eq!(read.entries.len(), 2);
    let first = &read.entries[0];
    assert_eq!(first.at.unwrap().to_string(), "2026-03-24T08:00:00Z");
    assert_eq!((first.status, first.action.as_deref()), (Some(Status::Failure), Some("create")));
    assert_eq!((first.target_id.as_deref(), first.wrapped.as_ref().unwrap().status), (None, Some(409)));
    assert_eq!(
        asked(&probe)[0],
        "GET /graph/v1.0/auditLogs/provisioning?$filter=jobId%20eq%20%27j%27%27%27%20and%20sourceIdentity%2Fid%20eq%20%27u%27%20and%20activityDateTime%20gt%202026-03-20T00%3A00%3A00Z&$orderby=activityDateTime%20desc&$top=50"
    );
}

#[tokio::test]
async fn a_refused_filter_is_widened() {
    let (probe, entra) = tenant(|seen, _| match seen.line.contains("sourceIdentity") {
        true => status(400, r#"{"error":{"code":"BadRequest"}}"#),
        false => {
            ok(json!({"value": [entry("v", "2026-03-24T09:00:00Z"), entry("u", "2026-03-24T09:00:00Z")]}))
        }
    })
    .await;
    let since = "2026-03-20T00:00:00Z".parse().unwrap();
    assert_eq!(entra.provisioning_log("j", "u", since).await.unwrap().entries.len(), 1);
    assert_eq!(asked(&probe).len(), 2);
}

#[test]
fn skips_have_their_reason_in_a_step() {
    let raw: Raw = serde_json::from_value(json!({"statusInfo": {"status": "skipped", "errorInformation": null},
        "provisioningSteps": [{"name": "EntrySynchronizationScoping", "provisioningStepType": "scoping", "status": "success",
            "details": {"Assigned to application": "False"}},
            {"provisioningStepType": "export", "status": "skipped", "details": {"SkipReason": "NotEffectivelyEntitled"}}]}))
    .unwrap();
    let entry = LogEntry::from(raw);
    assert_eq!(entry.skip, Some(SkipReason::NotEntitled));
    assert_eq!(entry.scoping.assigned, Some(false));
}
