//! What keeps an assigned person out of the job, judged by the state of today: the filter, the assignment, a dynamic
//! group, the mapping of `active`. And when a missing assignment is proven.

use super::*;
use crate::evidence::{DynamicGroup, Scoping};

fn entry(hours: i64, skip: &str) -> LogEntry {
    LogEntry {
        at: Some(at(hours)),
        status: "skipped".into(),
        skip_reason: Some(skip.into()),
        scoping: Scoping { active: Some(true), assigned: Some(true), in_filter: Some(true) },
        ..LogEntry::default()
    }
}

fn not_entitled(hours: i64) -> LogEntry {
    entry(hours, "NotEffectivelyEntitled")
}

fn written(hours: i64) -> LogEntry {
    LogEntry {
        at: Some(at(hours)),
        action: "update".into(),
        status: "success".into(),
        target: Some("r1".into()),
        ..LogEntry::default()
    }
}

fn with_log(mut e: Evidence, log: Vec<LogEntry>) -> Evidence {
    e.log = seen(log);
    e
}

/// A group of Jane's is missing at Atlassian.
fn drifted() -> Evidence {
    let mut e = healthy();
    put(&mut e.accounts, |all| all[0].groups = Some(Vec::new()));
    e.records.insert("d1".into(), seen(vec![ScimRecord { groups: Vec::new(), ..record() }]));
    e
}

#[test]
fn an_assignment_that_entitles_nobody_explains_what_is_missing() {
    let broken = |e: Evidence| codes(&with_log(e, vec![not_entitled(9)]));
    assert_eq!(broken(without_record()), ["assignment-broken"]);
    assert_eq!(broken(drifted()), ["assignment-broken"]);
    let mut renamed = drifted();
    put(&mut renamed.accounts, |all| all[0].email = Some("jane.miller@acme.example".into()));
    assert_eq!(broken(renamed), ["assignment-broken", "email-mismatch"]);
    let well = diagnose(&with_log(healthy(), vec![not_entitled(9)]));
    assert_eq!((well.verdict, well.findings[0].blocking), (Verdict::Healthy, false), "access is complete");
}

#[test]
fn a_broken_assignment_is_contradicted_by_what_came_later() {
    for log in [vec![written(9), not_entitled(8)], vec![entry(9, "RedundantExport"), not_entitled(8)], vec![]]
    {
        assert_eq!(codes(&with_log(drifted(), log.clone())), ["membership-drift"], "{log:?}");
    }
    // The person was disabled then and is enabled now.
    let mut old = not_entitled(9);
    old.scoping.active = Some(false);
    assert_eq!(codes(&with_log(drifted(), vec![old])), ["membership-drift"]);
    // The assignment is younger than the entry, and than the last cycle.
    let mut e = with_log(without_record(), vec![not_entitled(9)]);
    put(&mut e.assignments, |all| all[0].created = Some(at(11)));
    assert_eq!(codes(&e), ["sync-pending"]);
}

#[test]
fn a_filter_and_a_broken_assignment_are_told_apart_by_the_entry() {
    let with_filter = |passed: Option<bool>| {
        let mut entry = not_entitled(9);
        entry.scoping.in_filter = passed;
        entry.filtered_out = passed == Some(false);
        let mut e = with_log(without_record(), vec![entry]);
        put(&mut e.mapping, |mapping| mapping.scoped = true);
        e
    };
    assert_eq!(codes(&with_filter(Some(true))), ["assignment-broken"]);
    assert_eq!(codes(&with_filter(Some(false))), ["out-of-scope"]);
    let unknown = diagnose(&with_filter(None));
    assert!(undecided(&unknown, Cause::OutOfScope) && undecided(&unknown, Cause::AssignmentBroken));
    assert!(unknown.findings.is_empty(), "{:?}", unknown.findings);
}

#[test]
fn an_unread_source_proves_no_broken_assignment() {
    for (number, change) in [
        |e: &mut Evidence| e.assignments = Read::Gap("403".into()),
        |e: &mut Evidence| e.memberships = Read::Gap("403".into()),
        |e: &mut Evidence| e.mapping = Read::Gap("403".into()),
        |e: &mut Evidence| put(&mut e.users, |users| users[0].enabled = None),
    ]
    .into_iter()
    .enumerate()
    {
        let mut e = with_log(drifted(), vec![not_entitled(9)]);
        change(&mut e);
        let diagnosis = diagnose(&e);
        assert!(undecided(&diagnosis, Cause::AssignmentBroken), "{number}");
        assert!(!diagnosis.found(Cause::MembershipDrift) && !diagnosis.found(Cause::AssignmentBroken));
    }
    let mut e = drifted();
    e.log = Read::Gap("403".into());
    let diagnosis = diagnose(&e);
    assert!(undecided(&diagnosis, Cause::AssignmentBroken) && undecided(&diagnosis, Cause::MembershipDrift));
    let mut well = healthy();
    well.log = Read::Gap("403".into());
    assert!(!undecided(&diagnose(&well), Cause::AssignmentBroken), "access is complete");
}

#[test]
fn an_old_entry_about_a_missing_attribute_proves_nothing() {
    let missing = |status: &str| LogEntry {
        status: status.into(),
        error_code: Some("MandatoryFieldsMissing".into()),
        ..LogEntry::default()
    };
    let mut e = with_log(without_record(), vec![missing("skipped")]);
    assert_eq!(codes(&e), ["never-provisioned"], "every attribute has a value today");
    put(&mut e.users, |users| users[0].mail = None);
    assert_eq!(codes(&e), ["attribute-missing"]);
    put(&mut e.mapping, |mapping| mapping.email_from = Some("Unknown([mail])".into()));
    assert!(undecided(&diagnose(&e), Cause::AttributeMissing));
}

/// Jane is in no assigned group.
fn unassigned() -> Evidence {
    let mut e = without_record();
    e.memberships = seen(Vec::new());
    e.nested = seen(Vec::new());
    e.dynamic_groups = seen(Vec::new());
    put(&mut e.mapping, |mapping| mapping.sync_all = Some(false));
    e
}

fn dynamic(id: &str, paused: Option<bool>) -> Read<Vec<DynamicGroup>> {
    let rule = Some("user.department -eq \"Sales\"".to_owned());
    seen(vec![DynamicGroup { id: id.into(), name: "jira".into(), rule, paused }])
}

#[test]
fn a_paused_dynamic_group_explains_a_missing_assignment() {
    let with = |groups: Read<Vec<DynamicGroup>>| Evidence { dynamic_groups: groups, ..unassigned() };
    assert_eq!(codes(&with(dynamic("g-jira", Some(true)))), ["dynamic-group-pending"]);
    assert_eq!(codes(&with(dynamic("g-jira", Some(false)))), ["not-assigned"]);
    assert_eq!(codes(&with(dynamic("g-other", Some(true)))), ["not-assigned"], "it is not assigned");
    for unread in [dynamic("g-jira", None), Read::Gap("403".into())] {
        let diagnosis = diagnose(&with(unread));
        assert!(
            undecided(&diagnosis, Cause::DynamicGroupPending) && undecided(&diagnosis, Cause::NotAssigned)
        );
        assert!(diagnosis.findings.is_empty(), "{:?}", diagnosis.findings);
    }
    let mut everybody = with(dynamic("g-jira", Some(true)));
    put(&mut everybody.mapping, |mapping| mapping.sync_all = Some(true));
    assert!(!diagnose(&everybody).found(Cause::DynamicGroupPending));
    let mut member = with(dynamic("g-jira", Some(true)));
    member.memberships = seen(vec![group("jira")]);
    assert_eq!(codes(&member), ["never-provisioned"], "the person was in the group before the pause");
}

#[test]
fn where_sync_all_is_unread_the_log_decides_about_a_missing_assignment() {
    let withdrawn = || LogEntry { action: "disable".into(), ..written(9) };
    for (log, proven) in [
        (vec![], true),
        (vec![LogEntry { status: "failure".into(), ..written(9) }], true),
        (vec![not_entitled(9), written(8)], true),
        (vec![withdrawn(), written(8)], false),
    ] {
        for nested in [false, true] {
            let mut e = with_log(unassigned(), log.clone());
            put(&mut e.mapping, |mapping| mapping.sync_all = None);
            let cause = if nested { Cause::NestedOnly } else { Cause::NotAssigned };
            if nested {
                e.nested = seen(vec![group("jira")]);
            }
            let diagnosis = diagnose(&e);
            assert_eq!(diagnosis.found(cause), proven, "{log:?} {nested}");
            assert_eq!(undecided(&diagnosis, cause), !proven, "{log:?} {nested}");
        }
    }
    let mut e = unassigned();
    put(&mut e.mapping, |mapping| mapping.sync_all = None);
    e.log = Read::Gap("403".into());
    assert!(undecided(&diagnose(&e), Cause::NotAssigned));
}

/// Writes the opposite of the status.
const INVERTED: &str = "Switch([IsSoftDeleted], , \"False\", \"False\", \"True\", \"True\")";

/// Jane's record and account are inactive.
fn switched_off() -> Evidence {
    let mut e = healthy();
    put(&mut e.accounts, |all| all[0].status = Some("inactive".into()));
    let record = ScimRecord { active: Some(false), modified: Some(at(20)), ..record() };
    e.records.insert("d1".into(), seen(vec![record]));
    e
}

#[test]
fn a_mapping_of_active_that_does_not_follow_the_status_explains_a_deactivated_account() {
    const DEFAULT: &str = "Switch([IsSoftDeleted], , \"False\", \"True\", \"True\", \"False\")";
    // Columns: the source, whether it is reported, and whether it blocks a person whose account is inactive.
    for (from, reported, blocks) in [
        (Some(DEFAULT), false, false),
        (Some("[accountEnabled]"), false, false),
        (Some("Unknown([IsSoftDeleted])"), false, false),
        (Some(INVERTED), true, true),
        (Some("Not([accountEnabled])"), true, true),
        (Some("\"False\""), true, true),
        (Some("[department]"), true, true),
        (Some("Unknown([department])"), true, true),
        // These are not understood at all, but they name their attributes.
        (Some("Unknown([IsSoftDeleted]"), false, false),
        (Some("Unknown([department]"), true, true),
        (Some("\"True\""), true, false),
        (None, false, false),
    ] {
        let mapped = |mut e: Evidence| {
            put(&mut e.mapping, |mapping| mapping.active_from = from.map(str::to_owned));
            e
        };
        let well = diagnose(&mapped(healthy()));
        assert_eq!(well.found(Cause::ActiveMapping), reported, "{from:?}");
        assert!(well.findings.iter().all(|finding| !finding.blocking), "{from:?}");
        let off = diagnose(&mapped(switched_off()));
        let blocking = |cause| off.findings.iter().any(|found| found.code == cause && found.blocking);
        assert_eq!(blocking(Cause::ActiveMapping), blocks, "{from:?}");
        assert_eq!(blocking(Cause::DeactivatedByIdp), !blocks, "{from:?}");
    }
    let mut e = switched_off();
    put(&mut e.mapping, |mapping| mapping.active_from = Some(String::new()));
    let diagnosis = diagnose(&e);
    assert!(undecided(&diagnosis, Cause::ActiveMapping) && undecided(&diagnosis, Cause::DeactivatedByIdp));
    e.mapping = Read::Gap("403".into());
    assert!(undecided(&diagnose(&e), Cause::ActiveMapping));
}

#[test]
fn an_export_that_left_the_record_inactive_is_not_repeated() {
    for (log, proven) in [
        (vec![written(20)], true),
        (vec![written(21)], true),
        // Somebody wrote the record afterwards.
        (vec![written(19)], false),
        (vec![LogEntry { action: "disable".into(), ..written(20) }], false),
        (vec![LogEntry { target: Some("r2".into()), ..written(20) }], false),
        (vec![], false),
    ] {
        let wanted = if proven { "active-mapping" } else { "deactivated-by-idp" };
        assert_eq!(codes(&with_log(switched_off(), log.clone())), [wanted], "{log:?}");
    }
    let refused = vec![LogEntry { status: "failure".into(), ..written(20) }];
    assert_eq!(codes(&with_log(switched_off(), refused)), ["export-failing", "deactivated-by-idp"]);
    let mut e = with_log(switched_off(), vec![written(20)]);
    put(e.records.get_mut("d1").unwrap(), |all| all[0].modified = None);
    assert_eq!(codes(&e), ["deactivated-by-idp"], "when the record was written is unread");
    e.log = Read::Gap("403".into());
    assert!(undecided(&diagnose(&e), Cause::DeactivatedByIdp), "no assignment may entitle the person");
}

#[test]
fn an_unusual_mapping_of_active_blocks_only_an_account_that_provisioning_deactivated() {
    let blocks = |status: &str, active: bool| {
        let mut e = healthy();
        put(&mut e.mapping, |mapping| mapping.active_from = Some(INVERTED.into()));
        put(&mut e.accounts, |all| all[0].status = Some(status.into()));
        put(e.records.get_mut("d1").unwrap(), |all| all[0].active = Some(active));
        let diagnosis = diagnose(&e);
        let found = diagnosis.findings.iter().find(|finding| finding.code == Cause::ActiveMapping);
        found.map(|finding| finding.blocking)
    };
    assert_eq!(blocks("inactive", false), Some(true));
    assert_eq!(blocks("inactive", true), Some(false), "an administrator deactivated it");
    assert_eq!(blocks("active", false), Some(false), "the account is active");
}
