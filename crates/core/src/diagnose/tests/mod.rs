//! Edge cases of the rules, as tables over hand-made evidence. A simulated tenant can hardly be brought into these
//! states.

use jiff::Timestamp;

mod app_reasons;
mod apps;
mod deactivation;
mod entitlement;
mod named;
mod other_account;
mod others;
mod records;
mod suspension;
mod trail;
mod unknown;

use super::{Diagnosis, diagnose};
use crate::evidence::{
    Account, AppRole, Application, Assignment, Claim, Domain, Evidence, GroupRole, IdpGroup, IdpUser, Job,
    LogEntry, Mapping, OrgGroup, Permissions, Read, ScimLink, ScimRecord, Source, UserDirectory, Workspace,
};
use crate::finding::{Cause, Verdict};
use crate::subject::{RecordId, Subject, Who};

const JANE: &str = "jane@acme.example";
const ID: &str = "000000e1-0000-4000-8000-000000000001";
const EARLIER: &str = "000000e1-0000-4000-8000-00000000dead";

fn at(hours: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + hours * 3600).unwrap()
}

fn seen<T>(value: T) -> Read<T> {
    Read::seen(at(100), value)
}

fn group(name: &str) -> IdpGroup {
    IdpGroup { id: format!("g-{name}"), name: name.to_owned(), security: Some(true) }
}

/// A role in Jira, held through a user directory.
fn role(directory: &str, status: &str) -> AppRole {
    AppRole {
        resource: "jira".into(),
        role: "user".into(),
        app: true,
        directory: Some(directory.into()),
        status: Some(status.into()),
        ..AppRole::default()
    }
}

/// What a group grants: these roles in an app.
fn grant(resource: &str, roles: &[&str]) -> GroupRole {
    GroupRole {
        resource: resource.into(),
        app: true,
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        ..GroupRole::default()
    }
}

/// A synced group of the organization.
fn org_group(name: &str) -> OrgGroup {
    OrgGroup { id: format!("g-{name}"), name: name.into(), synced: Some(true), ..OrgGroup::default() }
}

/// An app on the site acme, with ten seats.
fn space(key: &str, usage: i64) -> Workspace {
    Workspace {
        id: key.into(),
        name: key.into(),
        key: Some(key.into()),
        site: Some("acme".into()),
        usage: Some(usage),
        capacity: Some(10),
    }
}

fn record() -> ScimRecord {
    ScimRecord {
        id: RecordId { directory: "d1".into(), record: "r1".into() },
        external_id: Some(ID.into()),
        user_name: Some(JANE.into()),
        email: Some(JANE.into()),
        active: Some(true),
        account: Some("a1".into()),
        groups: vec![group("jira")],
        created: Some(at(0)),
        modified: Some(at(0)),
    }
}

/// A person without any fault.
fn healthy() -> Evidence {
    let mut e = Evidence::new(Subject::asked(Who::Email(JANE.into())), at(100));
    e.users = seen(vec![IdpUser {
        id: ID.into(),
        upn: Some(JANE.into()),
        mail: Some(JANE.into()),
        enabled: Some(true),
        name: Some("Jane Doe".into()),
        created: Some(at(-1000)),
        ..IdpUser::default()
    }]);
    e.memberships = seen(vec![group("jira")]);
    e.assignments = seen(vec![Assignment {
        principal: "g-jira".into(),
        is_group: true,
        name: "jira".into(),
        created: Some(at(-1000)),
        default_access: Some(false),
    }]);
    e.job = seen(Job {
        id: "j".into(),
        schedule: Some("Active".into()),
        code: Some("Active".into()),
        last_cycle: Some(at(10)),
        ..Job::default()
    });
    e.mapping = seen(Mapping {
        groups_on: true,
        user_name_from: Some("[userPrincipalName]".into()),
        email_from: Some("[mail]".into()),
        external_id_from: Some("[objectId]".into()),
        active_from: Some("Switch([IsSoftDeleted], , \"False\", \"True\", \"True\", \"False\")".to_owned()),
        matching: vec!["userName".into()],
        ..Mapping::default()
    });
    e.log = seen(Vec::new());
    e.accounts = seen(vec![Account {
        id: "a1".into(),
        kind: Some("atlassian".into()),
        email: Some(JANE.into()),
        name: Some("Jane Doe".into()),
        status: Some("active".into()),
        membership: Some("active".into()),
        claim: Claim::Managed,
        email_verified: Some(true),
        groups: Some(vec![group("jira")]),
        ..Account::default()
    }]);
    e.links = seen(vec![ScimLink { id: record().id, account: Some("a1".into()) }]);
    e.account_links.insert("a1".into(), e.links.clone());
    e.records.insert("d1".into(), seen(vec![record()]));
    e.permissions.insert("a1".into(), seen(Permissions::default()));
    e.roles.insert("a1".into(), seen(vec![role("u1", "active")]));
    e.shown_groups = seen(vec![org_group("jira")]);
    e.group_roles.insert("g-jira".into(), seen(vec![grant("jira", &["atlassian/user"])]));
    e.workspaces = seen(vec![space("jira", 5), space("wiki", 5)]);
    e.domains = seen(vec![Domain { name: "acme.example".into(), verified: true }]);
    e
}

/// The same person without a record, with or without an account.
fn without_record() -> Evidence {
    let mut e = healthy();
    e.records.insert("d1".into(), seen(Vec::new()));
    e.links = seen(Vec::new());
    e.account_links.clear();
    e.accounts = seen(Vec::new());
    e
}

fn put<T>(slot: &mut Read<T>, change: impl FnOnce(&mut T)) {
    if let Read::Seen { value, .. } = slot {
        change(value);
    }
}

fn codes(e: &Evidence) -> Vec<&'static str> {
    diagnose(e).findings.iter().map(|finding| finding.code.code()).collect()
}

fn undecided(diagnosis: &Diagnosis, cause: Cause) -> bool {
    diagnosis.undecided.iter().any(|(code, _)| *code == cause)
}

fn refusal() -> LogEntry {
    LogEntry {
        action: "create".into(),
        status: "failure".into(),
        http_status: Some(409),
        scim_type: Some("uniqueness".into()),
        ..LogEntry::default()
    }
}

#[test]
fn what_every_table_starts_from_is_healthy_and_complete() {
    let diagnosis = diagnose(&healthy());
    assert_eq!((diagnosis.verdict, diagnosis.findings.len()), (Verdict::Healthy, 0));
    assert_eq!(diagnosis.unread, Vec::new());
    assert_eq!(codes(&without_record()), ["never-provisioned"]);
}

#[test]
fn sync_pending_goes_by_creation_times_alone() {
    // Columns: user created, assignment created, last cycle, tried before, whether the cause is pending.
    for (user, assigned, cycle, tried, pending) in [
        (Some(11), Some(0), Some(10), false, true),
        (Some(0), Some(11), Some(10), false, true),
        (Some(0), Some(0), Some(10), false, false),
        (Some(10), Some(10), Some(10), false, false),
        (Some(11), None, Some(10), false, false),
        (None, Some(11), Some(10), false, true),
        (Some(11), Some(0), None, false, false),
        (Some(11), Some(0), Some(10), true, false),
    ] {
        let mut e = without_record();
        put(&mut e.users, |users| users[0].created = user.map(at));
        put(&mut e.assignments, |all| all[0].created = assigned.map(at));
        put(&mut e.job, |job| job.last_cycle = cycle.map(at));
        if tried {
            put(&mut e.log, |log| log.push(LogEntry { status: "failure".into(), ..LogEntry::default() }));
        }
        let wanted = match (pending, tried) {
            (true, _) => "sync-pending",
            (false, true) => "export-failing",
            (false, false) => "never-provisioned",
        };
        assert_eq!(codes(&e), [wanted], "{user:?} {assigned:?} {cycle:?} {tried}");
    }
}

#[test]
fn an_older_way_in_makes_a_young_assignment_irrelevant() {
    let mut e = without_record();
    put(&mut e.assignments, |all| {
        all.push(Assignment {
            principal: ID.into(),
            is_group: false,
            name: "Jane".into(),
            created: Some(at(50)),
            default_access: Some(false),
        });
    });
    assert_eq!(codes(&e), ["never-provisioned"]);
}

#[test]
fn the_newest_word_of_the_log_decides_about_the_filter() {
    let out = || LogEntry {
        status: "skipped".into(),
        skip_reason: Some("NotEffectivelyEntitled".into()),
        filtered_out: true,
        ..LogEntry::default()
    };
    let compared = || LogEntry {
        status: "skipped".into(),
        skip_reason: Some("RedundantExport".into()),
        ..LogEntry::default()
    };
    let written = || LogEntry { status: "success".into(), action: "update".into(), ..LogEntry::default() };
    for (scoped, log, wanted) in [
        (true, vec![out()], "out-of-scope"),
        (true, vec![refusal_of_another_kind(), out()], "out-of-scope"),
        (true, vec![compared(), out()], "never-provisioned"),
        (true, vec![written(), out()], "never-provisioned"),
        (false, vec![out()], "never-provisioned"),
        (true, vec![], "never-provisioned"),
    ] {
        let mut e = without_record();
        put(&mut e.mapping, |mapping| mapping.scoped = scoped);
        e.log = seen(log.clone());
        assert_eq!(codes(&e), [wanted], "{scoped} {log:?}");
    }
}

fn refusal_of_another_kind() -> LogEntry {
    LogEntry { status: "failure".into(), error_code: Some("TooManyRequests".into()), ..LogEntry::default() }
}

#[test]
fn some_causes_block_only_where_access_is_missing() {
    let mut e = healthy();
    e.job = Read::NotAsked;
    e.mapping = Read::NotAsked;
    e.log = Read::NotAsked;
    e.applications =
        seen(vec![Application { id: "s".into(), name: "Atlassian Cloud".into(), has_job: false }]);
    let well = diagnose(&e);
    assert_eq!((well.verdict, codes(&e)), (Verdict::Healthy, vec!["pull-sync"]));
    assert!(!well.findings[0].blocking);
    put(&mut e.accounts, |all| all[0].groups = Some(Vec::new()));
    let ill = diagnose(&e);
    assert_eq!(ill.verdict, Verdict::Broken);
    assert!(
        ill.findings.iter().all(|finding| finding.blocking && finding.code == Cause::PullSync),
        "{ill:?}"
    );
}

#[test]
fn unread_applications_are_no_pull_integration() {
    let mut e = healthy();
    e.job = Read::Gap("no job".into());
    e.applications = Read::Gap("403".into());
    let diagnosis = diagnose(&e);
    assert!(!diagnosis.found(Cause::PullSync));
    let named: Vec<Source> = diagnosis.unread.iter().map(|(source, _)| *source).collect();
    assert_eq!(named, [Source::Applications, Source::Jobs]);
}

#[test]
fn a_missing_group_is_a_conflict_only_if_no_synced_group_has_its_name() {
    let local = |synced| OrgGroup { id: "o".into(), name: "JIRA".into(), synced, ..OrgGroup::default() };
    for (groups, wanted) in [
        (vec![local(Some(false))], "group-name-conflict"),
        (vec![local(Some(false)), local(Some(true))], "membership-drift"),
        (vec![local(None)], "membership-drift"),
        (vec![], "membership-drift"),
    ] {
        let mut e = healthy();
        put(&mut e.accounts, |all| all[0].groups = Some(Vec::new()));
        e.records.insert("d1".into(), seen(vec![ScimRecord { groups: Vec::new(), ..record() }]));
        e.groups = seen(groups.clone());
        e.group_roles.insert("o".into(), seen(Vec::new()));
        assert_eq!(codes(&e), [wanted], "{groups:?}");
    }
}

#[test]
fn an_address_differs_only_by_what_the_job_would_write() {
    let mut e = healthy();
    put(&mut e.accounts, |all| all[0].email = Some("JANE@acme.example".into()));
    assert_eq!(codes(&e), Vec::<&str>::new(), "case is no difference");
    put(&mut e.accounts, |all| all[0].email = Some("jane.miller@acme.example".into()));
    assert_eq!(codes(&e), ["email-mismatch"]);
    e.mapping = Read::Gap("403".into());
    let diagnosis = diagnose(&e);
    assert!(!diagnosis.found(Cause::EmailMismatch) && undecided(&diagnosis, Cause::EmailMismatch));
}

#[test]
fn a_finding_always_cites_a_fact() {
    let mut e = without_record();
    put(&mut e.log, |log| log.push(refusal()));
    for finding in diagnose(&e).findings {
        assert!(!finding.because.is_empty() && finding.because.iter().all(|fact| !fact.message.is_empty()));
    }
}

#[test]
fn a_missing_assignment_is_advice_where_it_is_contradicted() {
    let unassigned = || {
        let mut e = healthy();
        e.memberships = seen(Vec::new());
        e.nested = seen(Vec::new());
        e.dynamic_groups = seen(Vec::new());
        put(&mut e.mapping, |mapping| mapping.sync_all = Some(false));
        e
    };
    let lost = |e: &mut Evidence| drop(e.roles.insert("a1".into(), seen(Vec::new())));
    let wrote =
        |e: &mut Evidence| put(&mut e.log, |log| log.push(LogEntry { action: "update".into(), ..success() }));
    let everybody = |e: &mut Evidence| put(&mut e.mapping, |mapping| mapping.sync_all = Some(true));
    let withdrawn = |e: &mut Evidence| {
        put(&mut e.log, |log| log.insert(0, LogEntry { action: "disable".into(), ..success() }));
    };
    type Change<'c> = &'c dyn Fn(&mut Evidence);
    // Columns: the changes, and whether the missing assignment blocks.
    let table: [(&[Change<'_>], bool); 6] = [
        (&[], true),
        (&[&lost], true),
        (&[&lost, &wrote], false),
        (&[&lost, &everybody], false),
        (&[&lost, &wrote, &withdrawn], true),
        (&[&wrote], false),
    ];
    for (number, (changes, blocks)) in table.into_iter().enumerate() {
        let mut e = unassigned();
        changes.iter().for_each(|change| change(&mut e));
        let diagnosis = diagnose(&e);
        let found = diagnosis.findings.iter().find(|finding| finding.code == Cause::NotAssigned);
        assert_eq!(found.map(|finding| finding.blocking), Some(blocks), "{number}");
    }
    let mut e = unassigned();
    e.log = Read::Gap("403".into());
    assert!(undecided(&diagnose(&e), Cause::NotAssigned), "the log may say that the job writes them");
    lost(&mut e);
    assert!(diagnose(&e).found(Cause::NotAssigned), "access is missing, and no assignment is read");
}

fn success() -> LogEntry {
    LogEntry { status: "success".into(), ..LogEntry::default() }
}

#[test]
fn a_word_nobody_knows_is_neither_good_nor_bad() {
    type Change = fn(&mut Evidence);
    // Columns: a change, and the verdict.
    let table: [(Change, Verdict); 7] = [
        (|e| put(&mut e.accounts, |all| all[0].status = Some("hibernating".into())), Verdict::CannotTell),
        (|e| put(&mut e.accounts, |all| all[0].membership = Some("limbo".into())), Verdict::CannotTell),
        (|e| put(&mut e.accounts, |all| all[0].status = Some("INACTIVE".into())), Verdict::Broken),
        (|e| put(&mut e.accounts, |all| all[0].membership = None), Verdict::CannotTell),
        (|e| put(&mut e.job, |job| job.schedule = Some("unknownFutureValue".into())), Verdict::Healthy),
        (|e| put(&mut e.job, |job| job.code = Some("unknownFutureValue".into())), Verdict::Healthy),
        (|e| put(&mut e.users, |all| all[0].kind = Some("Robot".into())), Verdict::Healthy),
    ];
    for (number, (change, verdict)) in table.into_iter().enumerate() {
        let mut e = healthy();
        change(&mut e);
        let diagnosis = diagnose(&e);
        assert_eq!(diagnosis.verdict, verdict, "{number}: {:?}", diagnosis.findings);
        assert_eq!(codes(&e).len(), usize::from(verdict == Verdict::Broken), "{number}");
    }
}

#[test]
fn a_candidate_is_read_and_written_as_version_1_did() {
    for kind in [crate::diagnose::CandidateKind::IdpUser, crate::diagnose::CandidateKind::AtlassianAccount] {
        let text =
            format!(r#"{{"kind":"{}","id":"1","email":null,"name":"Jane","says":["enabled"]}}"#, kind.word());
        let read: crate::diagnose::Candidate = serde_json::from_str(&text).unwrap();
        assert_eq!(read.kind, kind);
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
    }
    assert_eq!(crate::diagnose::CandidateKind::IdpUser.word(), "idp-user");
}
