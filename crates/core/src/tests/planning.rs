//! What a plan says and when it stops: costs, what stays, what is not tried again, and who must be the same person.

use super::build::{
    A1, A2, D1, MAIL, OTHER, account_of, address_elsewhere, at, drifted, healthy, link, linked_elsewhere,
    never_provisioned, person, record, record_id, record_of, refused, seen, stale_record, value,
};
use super::conditions::{planned, rules};
use crate::evidence::{AppUse, Evidence, LogEntry, Pending, Read};
use crate::op::State;
use crate::plan::Step;
use crate::planner::left_over;
use crate::{Cause, Op, Plan, diagnose, plan, undo_plan};

fn actions(plan: &Plan) -> Vec<&str> {
    plan.steps.iter().map(|step| step.op.action()).collect()
}

fn says(plan: &Plan, text: &str) -> bool {
    plan.cost.iter().chain(&plan.advice).any(|line| line.contains(text))
}

/// The person's object was created again on 2027-01-14. The record of the earlier object is on her account.
fn recreated() -> Evidence {
    let mut e = never_provisioned();
    let mut old = record("r0", OTHER, MAIL, Some(A1));
    old.created = Some(at(-9_000_000));
    value(e.records.get_mut(D1).unwrap()).push(old);
    e.links = seen(vec![link("r0", Some(A1))]);
    e.account_links.insert(A1.to_owned(), seen(vec![link("r0", Some(A1))]));
    e.owners.insert(OTHER.to_owned(), seen(Vec::new()));
    e.log = seen(vec![refused("create")]);
    value(&mut e.users)[0].created = Some(at(-86_400));
    used_on(&mut e, "2027-01-14");
    assert!(diagnose(&e).found(Cause::IdentityRecreated));
    e
}

fn written(record: &str) -> LogEntry {
    LogEntry {
        action: "update".to_owned(),
        status: "success".to_owned(),
        target: Some(record.to_owned()),
        ..LogEntry::default()
    }
}

fn used_on(e: &mut Evidence, day: &str) {
    let uses = vec![AppUse { app: "jira-software".to_owned(), day: day.to_owned() }];
    e.last_active.insert(A1.to_owned(), seen(uses));
}

#[test]
fn an_old_record_is_removed_only_if_it_is_known_to_be_the_same_persons() {
    let plan = planned(&recreated(), &rules());
    assert_eq!(
        actions(&plan)[..3],
        ["unlink-record", "delete-record", "provision-user"],
        "{:?}",
        plan.advice
    );
    let approve = format!(
        "these are the same person: Jane at the identity provider, and account {A1} of Jane, last active"
    );
    assert!(says(&plan, &approve), "{:?}", plan.cost);
    type Change = (&'static str, fn(&mut Evidence), &'static str);
    let changes: [Change; 6] = [
        (
            "another name",
            |e| account_of(e, A1).name = Some("Joan".to_owned()),
            "is named Joan, the person Jane",
        ),
        ("no name at Atlassian", |e| account_of(e, A1).name = None, "a name could not be read"),
        ("no name in Entra", |e| value(&mut e.users)[0].name = None, "a name could not be read"),
        (
            "used before alone",
            |e| used_on(e, "2027-01-13"),
            "was last used on 2027-01-13, before the new object",
        ),
        (
            "use unread",
            |e| drop(e.last_active.insert(A1.to_owned(), Read::Gap("503".into()))),
            "the last use of",
        ),
        ("never used", |e| drop(e.last_active.insert(A1.to_owned(), seen(Vec::new()))), "the last use of"),
    ];
    for (label, change, why) in changes {
        let mut e = recreated();
        change(&mut e);
        let plan = planned(&e, &rules());
        assert!(plan.steps.is_empty() && says(&plan, why), "{label}: {:?} {:?}", plan.steps, plan.advice);
        assert!(says(&plan, "Whether this is the same person is for you to say"), "{label}");
    }
    // The account of the record is not shown, so nothing can be compared.
    let mut e = recreated();
    record_of(&mut e, "r0").account = Some("712020:gone".to_owned());
    e.links = seen(vec![link("r0", Some("712020:gone"))]);
    assert!(planned(&e, &rules()).steps.is_empty());
    // A record without an account belongs to nobody's work.
    let mut e = recreated();
    record_of(&mut e, "r0").account = None;
    e.links = seen(vec![link("r0", None)]);
    e.account_links.insert(A1.to_owned(), seen(Vec::new()));
    account_of(&mut e, A1).name = Some("Joan".to_owned());
    assert_eq!(actions(&planned(&e, &rules()))[..2], ["delete-record", "provision-user"]);
}

#[test]
fn a_plan_claims_everything_that_its_steps_touch() {
    let plan = planned(&address_elsewhere(), &rules());
    assert_eq!(actions(&plan)[..2], ["park-email", "provision-user"]);
    assert!(plan.subject.accounts.contains(A1) && plan.subject.accounts.contains(A2));
    let plan = planned(&stale_record(), &rules());
    assert!(plan.subject.records.contains(&record_id("r0")));
    for step in &plan.steps {
        assert!(step.op.records().iter().all(|id| plan.subject.records.contains(id)));
    }
    // An undo claims the account although the diagnosis no longer names it.
    let mut e = linked_elsewhere();
    let begun = [Op::SuspendAccess { account: A2.to_owned(), directory: Some(super::build::U1.to_owned()) }];
    super::build::suspend(&mut e, A1);
    let undo = undo_plan(&e, &diagnose(&e), &rules(), &begun, &[]);
    let touched = undo.steps.iter().all(|step| undo.subject.accounts.contains(step.op.account().unwrap()));
    assert!(touched, "{:?}", undo.steps);
}

#[test]
fn the_costs_of_removing_a_record_are_said_beforehand() {
    let gone = "may lose the synced groups";
    let mut e = stale_record();
    let plan = planned(&e, &rules());
    assert!(says(&plan, gone) && says(&plan, "Record r0 cannot be put back as it was"), "{:?}", plan.cost);
    assert!(says(&plan, "It is not known whether the identity provider uses record r0"));
    e.log.clone_from(&stale_record().log);
    value(&mut e.log).push(written("r8"));
    e.records_by_id.push((record_id("r8"), seen(None)));
    assert!(says(&planned(&e, &rules()), "The identity provider does not use record r0."));
    // Her own record, which the identity provider wrote again in vain.
    let mut e = drifted();
    record_of(&mut e, "r1").account = None;
    value(&mut e.links)[0].account = None;
    value(e.account_links.get_mut(A1).unwrap()).clear();
    let next = crate::plan(&e, &diagnose(&e), &rules(), &planned(&e, &rules()).steps);
    assert_eq!(actions(&next)[0], "delete-record");
    assert!(
        says(&next, "The identity provider remembers record r1 as the person's. After it is deleted"),
        "{:?}",
        next.cost
    );
    assert!(!says(&planned(&drifted(), &rules()), gone), "nothing is removed");
    assert!(!says(&planned(&stale_record(), &rules()), "the same person"));
}

#[test]
fn what_waits_in_the_log_is_counted_before_the_job_is_started() {
    let mut e = never_provisioned();
    value(&mut e.job).schedule = Some("Disabled".to_owned());
    e.pending = seen(Pending { staged_deletes: 0, deletes: 3, disables: 5 });
    let plan = planned(&e, &rules());
    assert_eq!(actions(&plan), ["start-provisioning"]);
    assert!(says(&plan, "5 deactivations and 3 deletions that failed"), "{:?}", plan.cost);
    assert!(says(&plan, "what a cycle has written stays"));
    assert_eq!(plan.advice.len(), 0, "the step does what the advice would say");
}

#[test]
fn the_account_that_takes_a_parked_address_is_named() {
    let plan = planned(&address_elsewhere(), &rules());
    let stays = format!("{MAIL} cannot go back to account {A2} while account {A1} has it");
    assert!(says(&plan, &stays), "{:?}", plan.cost);
    let park =
        Op::ParkEmail { account: A2.to_owned(), from: MAIL.to_owned(), to: "p@acme.example".to_owned() };
    let cancel = Op::CancelDeletion { account: A2.to_owned() };
    assert_eq!(left_over(std::slice::from_ref(&park)), Some(A2));
    let unlink = Op::UnlinkRecord { record: record_id("r1"), account: A1.to_owned() };
    assert_eq!(left_over(&[unlink.clone(), cancel.clone()]), Some(A1));
    assert_eq!(left_over(&[park, unlink]), Some(A2), "the account without its address");
    assert_eq!(left_over(&[cancel]), None);
}

#[test]
fn an_undo_that_had_no_effect_is_not_repeated() {
    let begun = [Op::ActivateAccount { account: A1.to_owned() }];
    let mut e = healthy();
    e.bearers.insert(MAIL.to_owned(), seen(vec![person()]));
    let undo = |tried: &[Step]| undo_plan(&e, &diagnose(&e), &rules(), &begun, tried);
    let first = undo(&[]);
    assert_eq!(actions(&first), ["deactivate-account"], "{:?}", first.advice);
    let second = undo(&first.steps);
    assert!(
        second.steps.is_empty() && says(&second, "was done, and it does not show"),
        "{:?}",
        second.advice
    );
    let mut other = first.steps[0].clone();
    other.before = serde_json::json!({"status": "something else"});
    assert_eq!(actions(&undo(&[other])), ["deactivate-account"], "it was tried from another state");
    let mut another = first.steps[0].clone();
    another.op = Op::ActivateAccount { account: A2.to_owned() };
    assert_eq!(actions(&undo(&[another])), ["deactivate-account"], "another step was tried");
}

#[test]
fn what_is_blocked_at_the_source_is_said_once_and_advice_blocks_nothing() {
    let mut e = drifted();
    value(&mut e.users)[0].enabled = Some(false);
    let plan = planned(&e, &rules());
    assert!(plan.steps.is_empty() && !says(&plan, "is not proposed"), "{:?}", plan.advice);
    // The mapping of `active` is unusual, which does not explain a lost membership.
    let mut e = drifted();
    value(&mut e.mapping).active_from = Some("[employeeHireDate]".to_owned());
    value(&mut e.users)[0].attributes.insert("employeeHireDate".to_owned(), "2020-01-01".to_owned());
    let diagnosis = diagnose(&e);
    assert!(diagnosis.findings.iter().any(|f| f.code == Cause::ActiveMapping && !f.blocking));
    assert_eq!(actions(&plan_of(&e)), ["provision-membership"]);
}

fn plan_of(e: &Evidence) -> Plan {
    plan(e, &diagnose(e), &rules(), &[])
}

#[test]
fn a_record_that_was_unlinked_in_vain_is_removed_and_then_nothing_more() {
    let e = linked_elsewhere();
    let first = plan_of(&e);
    let mut changed = first.steps.clone();
    changed[0].before = serde_json::json!({"linked_to": "712020:another"});
    let again = plan(&e, &diagnose(&e), &rules(), &changed);
    assert_eq!(actions(&again)[..2], ["unlink-record", "provision-user"], "it was tried from another state");
    // An entry of version 1 does not say from which state.
    changed[0].before = serde_json::Value::Null;
    let next = plan(&e, &diagnose(&e), &rules(), &changed);
    assert_eq!(actions(&next)[..2], ["unlink-record", "delete-record"]);
}

#[test]
fn a_record_of_nobody_on_the_wrong_account_is_removed_before_its_address_moves() {
    let mut e = address_elsewhere();
    value(e.records.get_mut(D1).unwrap()).push(record("r0", OTHER, "jane.old@acme.example", Some(A2)));
    e.account_links.insert(A2.to_owned(), seen(vec![link("r0", Some(A2))]));
    e.owners.insert(OTHER.to_owned(), seen(Vec::new()));
    let plan = planned(&e, &rules());
    let expected = ["unlink-record", "delete-record", "park-email", "provision-user"];
    assert_eq!(actions(&plan)[..4], expected, "{:?}", plan.advice);
}

#[test]
fn no_record_is_made_where_it_is_unread_whether_there_is_one() {
    let mut e = never_provisioned();
    e.links = Read::Gap("503".into());
    assert_eq!(actions(&planned(&e, &rules()))[0], "provision-user", "the directory shows none");
    e.records.insert(D1.to_owned(), Read::Gap("503".into()));
    let plan = planned(&e, &rules());
    assert!(!actions(&plan).contains(&"provision-user"), "{:?}", plan.steps);
    e.links = seen(Vec::new());
    assert_eq!(actions(&planned(&e, &rules()))[0], "provision-user", "no record has her address");
}

#[test]
fn a_plan_without_an_address_says_why() {
    let mut e = drifted();
    (value(&mut e.users)[0].mail, value(&mut e.users)[0].upn) = (Some(String::new()), None);
    value(&mut e.mapping).email_from = Some("[mail]".to_owned());
    let plan = planned(&e, &rules());
    assert!(plan.steps.is_empty(), "{:?}", plan.steps);
    assert!(says(&plan, "holds no address") || says(&plan, "could not be told"), "{:?}", plan.advice);
}

#[test]
fn an_appeared_record_stops_the_removal_of_all_records_of_an_account() {
    let mut e = stale_record();
    let links = vec![link("r0", Some(A1))];
    e.links = seen(links.clone());
    e.account_links.insert(A1.to_owned(), seen(links));
    let case = crate::diagnose::Case::new(&e);
    let forget =
        |record: &str| Op::ForgetAccountRecords { account: A1.to_owned(), records: vec![record_id(record)] };
    assert!(matches!(forget("r0").state(&case), State::Open(_)));
    assert!(matches!(forget("r1").state(&case), State::Blocked(_)), "r0 has appeared since");
}

#[test]
fn a_colleagues_record_in_another_directory_is_not_the_persons() {
    let own_records = |external: &str| {
        let mut e = drifted();
        let mut second = record("r2", external, MAIL, Some(A1));
        second.id.directory = "directory-2".to_owned();
        e.records.insert("directory-2".to_owned(), seen(vec![second]));
        e.places.job_directory = Some(D1.to_owned());
        let joan = crate::evidence::IdpUser { id: OTHER.to_owned(), ..person() };
        e.owners.insert(OTHER.to_owned(), seen(vec![joan]));
        let case = crate::diagnose::Case::new(&e);
        case.own_records().map(|link| link.id.record.clone()).collect::<Vec<_>>()
    };
    assert_eq!(own_records(super::build::JANE), ["r1", "r2"]);
    assert_eq!(own_records(OTHER), ["r1"]);
}
