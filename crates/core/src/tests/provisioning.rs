//! When it is harmless to ask the identity provider to write a person again. Each condition of rungs 1 and 2 is tested
//! unread, and false. Also: who owns a record in tenants that do not map the object id.

use serde_json::Value;

use super::build::{
    A1, A2, D1, JANE, MAIL, OTHER, account, account_of, at, drifted, gap, group, healthy, link,
    never_provisioned, person, record, record_id, record_of, refused, seen, stale_record, value,
};
use super::conditions::{planned, rules};
use crate::condition::{ConditionState, conditions};
use crate::diagnose::{Case, Owner};
use crate::evidence::{Claim, Evidence, IdpUser, LogEntry, Read};
use crate::plan::Step;
use crate::planner::is_proven;
use crate::{Cause, Op, Risk, Undo, Verdict, diagnose, plan};

type Change = (&'static str, fn(&mut Evidence));

fn colleague() -> IdpUser {
    IdpUser { id: OTHER.to_owned(), name: Some("Joan".to_owned()), ..person() }
}

fn write(account: Option<&str>) -> Op {
    Op::ProvisionUser { person: JANE.to_owned(), account: account.map(str::to_owned), email: MAIL.to_owned() }
}

fn write_membership() -> Op {
    Op::ProvisionMembership {
        person: JANE.to_owned(),
        group: group("wiki-users").id,
        group_name: "wiki-users".to_owned(),
        account: Some(A1.to_owned()),
    }
}

fn held(op: &Op, e: &Evidence) -> ConditionState {
    conditions(op, &Case::new(e), &rules())
}

fn entry(status: &str, change: impl FnOnce(&mut LogEntry)) -> LogEntry {
    let mut entry =
        LogEntry { action: "update".to_owned(), status: status.to_owned(), ..LogEntry::default() };
    change(&mut entry);
    entry
}

fn newest(e: &mut Evidence, entry: LogEntry) {
    value(&mut e.log).insert(0, entry);
}

/// Both ops, each with evidence in which it is harmless.
fn both() -> [(Op, Evidence); 2] {
    [(write(Some(A1)), never_provisioned()), (write_membership(), drifted())]
}

#[test]
fn what_is_unread_needs_an_approver() {
    let changes: &[Change] = &[
        ("the log, which names the anchor and the newest verdict", |e| e.log = gap()),
        ("one of two directories", |e| drop(e.records.insert("directory-2".to_owned(), gap()))),
        ("whether a group is a security group", |e| {
            value(&mut e.memberships).iter_mut().for_each(|group| group.security = None);
        }),
        ("Default Access that has never led to a write", |e| {
            value(&mut e.log).clear();
            value(&mut e.assignments).iter_mut().for_each(|one| one.default_access = Some(true));
        }),
        ("a role that is not shown and has never led to a write", |e| {
            value(&mut e.log).clear();
            value(&mut e.assignments).iter_mut().for_each(|one| one.default_access = None);
        }),
        ("why the newest attempt failed", |e| newest(e, entry("failure", |_| {}))),
        ("an anchor that is in no directory that was read", |e| {
            newest(e, entry("success", |known| known.target = Some("r9".to_owned())));
        }),
    ];
    for (op, base) in both() {
        assert_eq!(held(&op, &base), ConditionState::True, "{}", op.action());
        for (label, change) in changes {
            let mut e = base.clone();
            change(&mut e);
            let held = held(&op, &e);
            assert!(matches!(held, ConditionState::Unread(_)), "{}, {label}: {held:?}", op.action());
            let plan = planned(&e, &rules());
            assert!(plan.steps.iter().all(|step| step.risk >= Risk::Disruptive), "{label}: {:?}", plan.steps);
        }
    }
}

#[test]
fn what_is_false_is_never_sent() {
    let changes: &[Change] = &[
        ("the newest verdict is that nothing entitles the person", |e| {
            newest(
                e,
                entry("skipped", |known| known.skip_reason = Some("NotEffectivelyEntitled".to_owned())),
            );
        }),
        ("only groups that are no security groups are assigned", |e| {
            value(&mut e.memberships).iter_mut().for_each(|group| group.security = Some(false));
        }),
        ("the anchor is a colleague's record", |e| {
            value(e.records.get_mut(D1).unwrap()).push(record("r9", OTHER, "joan@acme.example", None));
            e.owners.insert(OTHER.to_owned(), seen(vec![colleague()]));
            newest(e, entry("success", |known| known.target = Some("r9".to_owned())));
        }),
        ("a colleague's record has the person's name", |e| {
            value(e.records.get_mut(D1).unwrap()).push(record("r9", OTHER, &MAIL.to_uppercase(), None));
            e.owners.insert(OTHER.to_owned(), seen(vec![colleague()]));
        }),
        ("the organization does not manage the account", |e| account_of(e, A1).claim = Claim::Unmanaged),
        ("the newest attempt was refused, and another one would be", |e| newest(e, refused("update"))),
        ("the newest attempt was malformed", |e| {
            newest(e, entry("failure", |known| known.http_status = Some(400)));
        }),
        ("the key was refused, and no cycle has ended well since", |e| {
            newest(e, entry("failure", |known| (known.http_status, known.at) = (Some(401), Some(at(-60)))));
        }),
    ];
    for (op, base) in both() {
        for (label, change) in changes {
            let mut e = base.clone();
            change(&mut e);
            let held = held(&op, &e);
            assert!(matches!(held, ConditionState::False(_)), "{}, {label}: {held:?}", op.action());
            assert!(planned(&e, &rules()).steps.iter().all(|step| step.op.rung() > 2), "{label}");
        }
    }
}

#[test]
fn what_is_history_or_passes_by_itself_blocks_nothing() {
    let changes: &[Change] = &[
        ("Default Access under which the job has written", |e| {
            value(&mut e.log).push(entry("success", |_| {}));
            value(&mut e.assignments).iter_mut().for_each(|one| one.default_access = Some(true));
        }),
        ("a direct assignment and a group that is no security group", |e| {
            value(&mut e.memberships).iter_mut().for_each(|group| group.security = Some(false));
            let mut direct = value(&mut e.assignments)[0].clone();
            (direct.principal, direct.is_group) = (JANE.to_owned(), false);
            value(&mut e.assignments).push(direct);
        }),
        ("a refusal before the last success", |e| {
            value(&mut e.log).push(refused("update"));
            newest(e, entry("success", |_| {}));
        }),
        ("a verdict before the last success", |e| {
            newest(
                e,
                entry("skipped", |known| known.skip_reason = Some("NotEffectivelyEntitled".to_owned())),
            );
            newest(e, entry("success", |_| {}));
        }),
        ("a verdict before the last comparison", |e| {
            newest(
                e,
                entry("skipped", |known| known.skip_reason = Some("NotEffectivelyEntitled".to_owned())),
            );
            newest(e, entry("skipped", |known| known.skip_reason = Some("RedundantExport".to_owned())));
        }),
        ("Atlassian was busy", |e| newest(e, entry("failure", |known| known.http_status = Some(429)))),
        ("Atlassian was down", |e| newest(e, entry("failure", |known| known.http_status = Some(503)))),
        ("the key was refused before a cycle that ended well", |e| {
            newest(e, entry("failure", |known| (known.http_status, known.at) = (Some(401), Some(at(-60)))));
            value(&mut e.job).last_success = Some(at(-30));
        }),
        ("the anchor is gone", |e| {
            newest(e, entry("success", |known| known.target = Some("r9".to_owned())));
            e.records_by_id.push((record_id("r9"), seen(None)));
        }),
    ];
    for (op, base) in both() {
        for (label, change) in changes {
            let mut e = base.clone();
            change(&mut e);
            assert_eq!(held(&op, &e), ConditionState::True, "{}, {label}", op.action());
        }
    }
}

/// The same person in a tenant that maps the nickname.
fn by_nickname(mut e: Evidence) -> Evidence {
    value(&mut e.mapping).external_id_from = Some("[mailNickname]".to_owned());
    value(&mut e.users)[0].attributes.insert("mailNickname".to_owned(), "jane".to_owned());
    for record in value(e.records.get_mut(D1).unwrap()) {
        if record.external_id.as_deref() == Some(JANE) {
            record.external_id = Some("jane".to_owned());
        }
    }
    let jane = value(&mut e.users)[0].clone();
    e.owners.insert("jane".to_owned(), seen(vec![jane]));
    e
}

fn owner_of(e: &Evidence, id: &str) -> &'static str {
    let case = Case::new(e);
    match case.owner(case.record_links.iter().find(|record_link| record_link.id.record == id).unwrap()) {
        Owner::Person => "person",
        Owner::Other(_) => "other",
        Owner::Nobody => "nobody",
        Owner::Unread => "unread",
    }
}

#[test]
fn a_record_is_the_persons_by_the_mapped_value() {
    let mut e = by_nickname(healthy());
    assert_eq!((owner_of(&e, "r1"), diagnose(&e).verdict), ("person", Verdict::Healthy));
    assert_eq!(diagnose(&e).record.as_deref(), Some("r1"));
    assert!(planned(&e, &rules()).steps.is_empty());
    // The name at Atlassian differs from the user principal name.
    record_of(&mut e, "r1").user_name = Some("jd0417@acme.example".to_owned());
    assert_eq!(diagnose(&e).record.as_deref(), Some("r1"));
    assert_eq!(planned(&by_nickname(drifted()), &rules()).risk(), Some(Risk::Harmless));
    // A lookup that lags behind must not take the record from the person.
    let mut lagging = by_nickname(drifted());
    lagging.owners.insert("jane".to_owned(), seen(Vec::new()));
    assert_eq!(owner_of(&lagging, "r1"), "person");
    // If two people share a nickname, the record counts as the other one's.
    let mut twins = by_nickname(drifted());
    let jane = value(&mut twins.users)[0].clone();
    twins.owners.insert("jane".to_owned(), seen(vec![jane, colleague()]));
    assert_eq!(owner_of(&twins, "r1"), "other");
    assert_eq!(diagnose(&twins).record, None, "a record that two people may own belongs to neither");
    assert!(planned(&twins, &rules()).steps.is_empty());
    // An expression that is not understood identifies nobody, and must not take the record from the person.
    let mut unknown = by_nickname(drifted());
    value(&mut unknown.mapping).external_id_from = Some("PCase([mailNickname])".to_owned());
    unknown.owners.clear();
    assert_eq!(owner_of(&unknown, "r1"), "unread");
    assert!(!diagnose(&unknown).found(Cause::NeverProvisioned));
    assert!(
        planned(&unknown, &rules())
            .steps
            .iter()
            .all(|step| step.op.rung() < 4 && step.risk >= Risk::Disruptive)
    );
}

#[test]
fn a_colleagues_record_in_the_way_is_never_taken() {
    let mut e = by_nickname(stale_record());
    record_of(&mut e, "r0").external_id = Some("joan".to_owned());
    let owner = |e: &mut Evidence, found: Read<Vec<IdpUser>>| drop(e.owners.insert("joan".to_owned(), found));
    owner(&mut e, seen(vec![colleague()]));
    assert!(!diagnose(&e).found(Cause::StaleRecordConflict) && planned(&e, &rules()).steps.is_empty());
    for unread in [gap(), Read::NotAsked] {
        owner(&mut e, unread);
        assert!(planned(&e, &rules()).steps.is_empty(), "somebody's until it is read");
    }
    owner(&mut e, seen(Vec::new()));
    assert_eq!(planned(&e, &rules()).steps[0].op, Op::DeleteRecord { record: record_id("r0") }, "nobody's");
    // Without a refusal newer than the last success, there is no obstacle.
    newest(&mut e, entry("success", |_| {}));
    assert!(planned(&e, &rules()).steps.iter().all(|step| step.op.rung() < 4));
}

/// The record of a former identity is linked to the person's own account, and Atlassian refused the new record.
fn seeding() -> Evidence {
    let mut e = by_nickname(stale_record());
    let known = record_of(&mut e, "r0");
    (known.external_id, known.account) = (Some("jmiller".to_owned()), Some(A1.to_owned()));
    e.links = seen(vec![link("r0", Some(A1))]);
    e.account_links.insert(A1.to_owned(), seen(vec![link("r0", Some(A1))]));
    e.owners.insert("jmiller".to_owned(), seen(Vec::new()));
    e
}

#[test]
fn a_former_identitys_record_on_the_own_account_is_in_the_way() {
    let e = seeding();
    assert!(diagnose(&e).found(Cause::StaleRecordConflict));
    let plan = planned(&e, &rules());
    let actions: Vec<&str> = plan.steps.iter().map(|step| step.op.action()).collect();
    assert_eq!(actions[..3], ["unlink-record", "delete-record", "provision-user"], "{:?}", plan.advice);
    assert_eq!(plan.risk(), Some(Risk::Disruptive));
    // Somebody else may have inherited the address, so a person has to decide whether it is the same human.
    let mut other = e.clone();
    value(&mut other.users)[0].created = Some(at(0));
    record_of(&mut other, "r0").created = Some(at(-1000));
    account_of(&mut other, A1).name = Some("Jane Dorn".to_owned());
    assert!(planned(&other, &rules()).steps.is_empty());
}

#[test]
fn a_record_that_is_new_each_time_is_not_taken_away_twice() {
    let mut e = seeding();
    let first = planned(&e, &rules()).steps;
    let made_anew = |e: &mut Evidence, created| {
        let known = record_of(e, "r0");
        (known.id, known.account, known.created) = (record_id("r7"), None, created);
        e.links = seen(vec![link("r7", None)]);
        e.account_links.insert(A1.to_owned(), seen(Vec::new()));
        e.cleared = Some(at(10));
        value(&mut e.log)[0].at = Some(at(20));
    };
    made_anew(&mut e, Some(at(15)));
    let again = plan(&e, &diagnose(&e), &rules(), &first);
    assert!(again.steps.is_empty(), "{:?}", again.steps);
    // Another old record that existed before is another obstacle.
    record_of(&mut e, "r7").created = Some(at(-50));
    let next = plan(&e, &diagnose(&e), &rules(), &first);
    assert_eq!(next.steps.first().map(|step| step.op.action()), Some("delete-record"), "{:?}", next.advice);
}

#[test]
fn nothing_is_repaired_where_nothing_is_missing() {
    let mut e = healthy();
    account_of(&mut e, A1).email = Some("jane.old@acme.example".to_owned());
    e.bearers.insert("jane.old@acme.example".to_owned(), seen(Vec::new()));
    let diagnosis = diagnose(&e);
    assert!(diagnosis.found(Cause::EmailMismatch) && diagnosis.verdict == Verdict::Healthy);
    assert!(planned(&e, &rules()).steps.is_empty());
    // The same case is repaired if a group is missing.
    account_of(&mut e, A1).groups.as_mut().unwrap().pop();
    assert_eq!(planned(&e, &rules()).steps.first().map(|step| step.op.action()), Some("provision-user"));
    // It is not repaired if the account's address belongs to another person.
    e.bearers.insert("jane.old@acme.example".to_owned(), seen(vec![colleague()]));
    assert!(planned(&e, &rules()).steps.is_empty());
    e.bearers.clear();
    assert!(planned(&e, &rules()).steps.is_empty(), "unread is another person's");
}

#[test]
fn an_account_of_a_colleague_is_not_written_through_a_wrong_link() {
    let mut e = drifted();
    value(&mut e.accounts).push(account(A2, "joan@acme.example"));
    value(&mut e.accounts).retain(|known| known.id == A2);
    record_of(&mut e, "r1").account = Some(A2.to_owned());
    e.bearers.insert("joan@acme.example".to_owned(), seen(vec![colleague()]));
    super::build::surround(&mut e, A2, vec![link("r1", Some(A2))], true);
    assert!(planned(&e, &rules()).steps.is_empty());
}

#[test]
fn an_old_refusal_of_the_key_is_history() {
    let mut e = drifted();
    newest(&mut e, entry("failure", |known| (known.http_status, known.at) = (Some(401), Some(at(-60)))));
    assert!(diagnose(&e).found(Cause::ScimKeyRejected), "the newest word is a refusal");
    value(&mut e.job).last_success = Some(at(-90));
    assert!(diagnose(&e).found(Cause::ScimKeyRejected), "the good cycle came before");
    value(&mut e.job).last_success = Some(at(-30));
    assert!(!diagnose(&e).found(Cause::ScimKeyRejected));
    assert_eq!(planned(&e, &rules()).risk(), Some(Risk::Harmless));
    e.job = gap();
    assert!(!diagnose(&e).found(Cause::ScimKeyRejected), "undecided");
}

#[test]
fn names_of_groups_compare_by_letters_and_a_name_that_is_unread_is_a_gap() {
    let shown = |expected: &str, shown: &str| {
        let mut e = healthy();
        value(&mut e.memberships)[0].name = expected.to_owned();
        account_of(&mut e, A1).groups.as_mut().unwrap()[0].name = shown.to_owned();
        let diagnosis = diagnose(&e);
        (diagnosis.verdict, diagnosis.groups.missing, diagnosis.unread.len())
    };
    assert_eq!(shown("Équipe  Bleue", "e\u{301}quipe\u{a0}bleue"), (Verdict::Healthy, Some(Vec::new()), 0));
    assert_eq!(shown("Team Blue", "Team Red").0, Verdict::Broken);
    assert_eq!(shown("", "jira-users"), (Verdict::CannotTell, None, 1), "the group cannot be told");
    assert_eq!(shown("jira-users", ""), (Verdict::CannotTell, None, 0), "it may be the one without a name");
}

#[test]
fn another_409_is_no_conflict() {
    let of = |change: fn(&mut LogEntry)| {
        let mut entry = refused("create");
        entry.scim_type = None;
        change(&mut entry);
        entry.is_conflict()
    };
    assert!(!of(|_| {}) && !of(|entry| entry.detail = Some("The directory is locked".to_owned())));
    assert!(!of(|entry| entry.error_code = Some("SystemConflict".to_owned())));
    assert!(of(|entry| entry.scim_type = Some("uniqueness".to_owned())));
    assert!(of(|entry| entry.detail = Some("userName already exists".to_owned())));
    assert!(!of(|entry| {
        (entry.http_status, entry.detail) = (Some(400), Some("it already exists".to_owned()));
    }));
}

#[test]
fn a_record_that_is_written_takes_only_the_expected_account_along() {
    // A record that belongs to nobody has the person's name and is linked to a colleague's account. The person has no
    // record.
    let mut e = never_provisioned();
    e.accounts = seen(vec![account(A2, "joan@acme.example")]);
    value(e.records.get_mut(D1).unwrap()).push(record("r7", OTHER, MAIL, Some(A2)));
    e.owners.insert(OTHER.to_owned(), seen(Vec::new()));
    e.bearers.insert("joan@acme.example".to_owned(), seen(vec![colleague()]));
    assert!(matches!(held(&write(None), &e), ConditionState::False(_)));
    assert!(planned(&e, &rules()).steps.is_empty());
    // The anchor points to such a record.
    let mut e = drifted();
    value(&mut e.accounts).push(account(A2, "joan@acme.example"));
    value(e.records.get_mut(D1).unwrap()).push(record("r7", OTHER, "old@acme.example", Some(A2)));
    e.owners.insert(OTHER.to_owned(), seen(Vec::new()));
    newest(&mut e, entry("success", |known| known.target = Some("r7".to_owned())));
    assert!(matches!(held(&write_membership(), &e), ConditionState::False(_)));
}

#[test]
fn an_address_that_a_colleague_may_have_as_well_makes_no_account_the_persons() {
    let mut e = never_provisioned();
    value(&mut e.users)[0].aliases.push("joan@acme.example".to_owned());
    account_of(&mut e, A1).email = Some("joan@acme.example".to_owned());
    let steps_on_it =
        |e: &Evidence| planned(e, &rules()).steps.iter().any(|step| step.op.account() == Some(A1));
    assert!(!steps_on_it(&e), "whose address it is was not looked up");
    e.bearers.insert("joan@acme.example".to_owned(), seen(vec![person(), colleague()]));
    assert!(!steps_on_it(&e), "a colleague has it too");
}

#[test]
fn a_computed_value_leaves_the_persons_own_record_to_an_approver() {
    let mut e = by_nickname(drifted());
    value(&mut e.mapping).external_id_from =
        Some("IIF(IsPresent([employeeId]), [employeeId], [mailNickname])".to_owned());
    e.owners.clear();
    let plan = planned(&e, &rules());
    assert_eq!((plan.steps.len(), plan.risk()), (1, Some(Risk::Disruptive)), "{:?}", plan.advice);
}

#[test]
fn what_was_moved_away_excuses_a_conflict_and_nothing_else() {
    let mut e = drifted();
    e.cleared = Some(at(0));
    newest(&mut e, refused("update"));
    value(&mut e.log)[0].at = Some(at(-5));
    assert_eq!(held(&write_membership(), &e), ConditionState::True);
    (value(&mut e.log)[0].scim_type, value(&mut e.log)[0].http_status) = (None, Some(400));
    assert!(matches!(held(&write_membership(), &e), ConditionState::False(_)));
}

#[test]
fn a_person_whom_the_job_disabled_is_not_in_scope() {
    let mut e = drifted();
    value(&mut e.mapping).scoped = true;
    assert_eq!(held(&write_membership(), &e), ConditionState::True);
    newest(&mut e, entry("success", |known| known.action = "disable".to_owned()));
    assert_ne!(held(&write_membership(), &e), ConditionState::True);
}

#[test]
fn a_directory_that_is_not_configured_is_unread() {
    let mut e = drifted();
    value(&mut e.mapping).directory = Some("directory-9".to_owned());
    assert!(matches!(held(&write_membership(), &e), ConditionState::Unread(_)));
}

#[test]
fn nothing_is_taken_away_without_a_proof() {
    let proven = |e: &Evidence, tried: &[Step], op: &Op| is_proven(&Case::new(e), tried, op);
    let delete = Op::DeleteRecord { record: record_id("r1") };
    let park =
        Op::ParkEmail { account: A2.to_owned(), from: MAIL.to_owned(), to: "p@acme.example".to_owned() };
    let mut e = drifted();
    assert!(!proven(&e, &[], &delete) && !proven(&e, &[], &park), "a success and no link to a wrong account");
    assert!(proven(&e, &[], &write(Some(A1))), "what takes nothing away needs none");
    let written =
        Step { op: write(Some(A1)), risk: Risk::Harmless, undo: Undo::NoneNeeded, before: Value::Null };
    assert!(
        proven(&e, std::slice::from_ref(&written), &delete),
        "the own record, after it was written again in vain"
    );
    // A record without an owner is not the person's, although her address finds it.
    value(e.records.get_mut(D1).unwrap()).push(record("r9", OTHER, MAIL, None));
    value(&mut e.links).push(super::build::link("r9", None));
    e.owners.insert(OTHER.to_owned(), seen(Vec::new()));
    assert!(!proven(&e, &[written], &Op::DeleteRecord { record: record_id("r9") }), "another record");
    newest(&mut e, refused("update"));
    assert!(proven(&e, &[], &delete) && proven(&e, &[], &park));
    newest(&mut e, entry("success", |_| {}));
    assert!(!proven(&e, &[], &delete), "the refusal is history");
    assert!(proven(&super::build::linked_elsewhere(), &[], &park), "a link to a wrong account");
}

#[test]
fn a_deleted_person_is_known_by_the_whole_name() {
    let deleted = IdpUser {
        id: "aaaabbbb-cccc-4ddd-8eee-ffff00001111".to_owned(),
        upn: Some("aaaabbbbcccc4ddd8eeeffff00001111joann@acme.example".to_owned()),
        ..IdpUser::default()
    };
    assert!(deleted.was_deleted_as("Joann@acme.example"));
    assert!(!deleted.was_deleted_as("ann@acme.example"));
}
