//! What is planned after a step had no effect, what is never planned a second time, and what a plan says of it.

use super::build::{
    A1, A2, D1, JANE, MAIL, OTHER, account, address_elsewhere, drifted, gap, link, record, record_id,
    record_of, seen, stale_record, surround, suspend, value,
};
use super::conditions::{planned, rules};
use crate::evidence::{Evidence, ScimLink, ScimRecord};
use crate::plan::Step;
use crate::subject::RecordId;
use crate::{Cause, Op, Plan, diagnose, plan};

const D2: &str = "directory-2";

fn actions(plan: &Plan) -> Vec<&str> {
    plan.steps.iter().map(|step| step.op.action()).collect()
}

fn after(e: &Evidence, tried: &[Step]) -> Plan {
    plan(e, &diagnose(e), &rules(), tried)
}

fn says(plan: &Plan, text: &str) -> bool {
    plan.cost.iter().chain(&plan.advice).any(|line| line.contains(text))
}

fn elsewhere(record: &str) -> RecordId {
    RecordId { directory: D2.to_owned(), record: record.to_owned() }
}

/// Her records in two directories, linked to these accounts. The job writes to the first directory.
fn in_two_directories(first: Option<&str>, second: Option<&str>) -> Evidence {
    let mut e = drifted();
    record_of(&mut e, "r1").account = first.map(str::to_owned);
    value(&mut e.links)[0].account = first.map(str::to_owned);
    let other = ScimRecord { id: elsewhere("r2"), ..record("r2", JANE, MAIL, second) };
    let link = ScimLink { id: other.id.clone(), account: other.account.clone() };
    value(&mut e.links).push(link);
    let linked = value(&mut e.links).iter().filter(|link| link.account.is_some()).cloned().collect();
    e.account_links.insert(A1.to_owned(), seen(linked));
    e.records.insert(D2.to_owned(), seen(vec![other]));
    e.places.job_directory = Some(D1.to_owned());
    assert!(diagnose(&e).found(Cause::TwoDirectories));
    e
}

#[test]
fn of_two_unlinked_records_only_that_of_the_job_is_made_again_and_only_if_writing_it_was_in_vain() {
    let e = in_two_directories(None, None);
    let first = planned(&e, &rules());
    assert_eq!(actions(&first)[0], "provision-user", "{:?}", first.advice);
    let second = after(&e, &first.steps);
    assert_eq!(actions(&second)[..2], ["delete-record", "provision-user"], "{:?}", second.advice);
    assert_eq!(second.steps[0].op.records()[0].record, "r1");
    // A record that is linked is not made again, and that of the other directory is only unlinked.
    let linked = in_two_directories(Some(A1), Some(A1));
    let first = planned(&linked, &rules());
    let unlink = Op::UnlinkRecord { record: elsewhere("r2"), account: A1.to_owned() };
    assert_eq!(first.steps[0].op, unlink);
    assert!(!actions(&after(&linked, &first.steps)).contains(&"delete-record"));
    let linked = in_two_directories(Some(A1), None);
    let first = planned(&linked, &rules());
    assert!(!actions(&after(&linked, &first.steps)).contains(&"delete-record"));
}

/// Atlassian refuses to make her record, because an old record of nobody has her name. The list of the directory is
/// unread, so the key is not known to work, and the record is linked to her account.
fn held_by(old: &str) -> Evidence {
    let mut e = stale_record();
    e.links = seen(vec![link(old, Some(A1))]);
    e.account_links.insert(A1.to_owned(), seen(vec![link(old, Some(A1))]));
    e.records.insert(D1.to_owned(), gap());
    e.records_by_id.push((record_id(old), seen(Some(record(old, OTHER, MAIL, Some(A1))))));
    e
}

#[test]
fn all_records_of_an_account_are_removed_once_and_not_again_when_one_comes_back() {
    let first_step = |plan: &Plan| plan.steps.first().map(|step| step.op.clone());
    let forget = |account: &str, records: &[&str]| Op::ForgetAccountRecords {
        account: account.to_owned(),
        records: records.iter().map(|id| record_id(id)).collect(),
    };
    let first = planned(&held_by("r0"), &rules());
    assert_eq!(first_step(&first), Some(forget(A1, &["r0"])), "{:?}", first.advice);
    assert!(says(&first, "The records cannot be put back as they were"), "{:?}", first.cost);
    // Another record is there, and Atlassian refuses again.
    let again = after(&held_by("r10"), &first.steps);
    assert!(again.steps.is_empty() && says(&again, "was taken away and written again"), "{:?}", again.steps);
    let mut other = first.steps.clone();
    other[0].op = forget(A2, &["r7"]);
    let plan = after(&held_by("r10"), &other);
    assert_eq!(first_step(&plan), Some(forget(A1, &["r10"])), "it was done for another account");
}

#[test]
fn the_cost_begins_with_the_riskiest_step() {
    let mut e = address_elsewhere();
    suspend(&mut e, A1);
    let plan = planned(&e, &rules());
    assert_eq!(actions(&plan)[..2], ["restore-access", "park-email"], "{:?}", plan.advice);
    let place = |text: &str| plan.cost.iter().position(|line| line.contains(text)).unwrap();
    assert!(place("is signed out everywhere") < place("takes a seat again"), "{:?}", plan.cost);
}

#[test]
fn without_an_address_to_write_the_plan_says_whether_there_is_none_or_it_is_unknown() {
    let mut e = drifted();
    (value(&mut e.users)[0].mail, value(&mut e.mapping).email_from) = (None, Some("[mail]".to_owned()));
    let none = planned(&e, &rules());
    assert!(none.steps.is_empty() && says(&none, "holds no address for the person"), "{:?}", none.advice);
    value(&mut e.mapping).email_from = Some("Unheard([mail])".to_owned());
    let unknown = planned(&e, &rules());
    assert!(unknown.steps.is_empty() && says(&unknown, "could not be told"), "{:?}", unknown.advice);
}

#[test]
fn a_link_to_a_wrong_account_is_proof_without_a_refusal() {
    let linked_to = |id: &str| {
        let mut e = stale_record();
        (e.log, e.owners) = (seen(Vec::new()), [(OTHER.to_owned(), seen(Vec::new()))].into());
        record_of(&mut e, "r0").account = Some(id.to_owned());
        e.links = seen(vec![link("r0", Some(id))]);
        value(&mut e.accounts).push(account(A2, "jane.old@acme.example"));
        surround(&mut e, A2, vec![link("r0", Some(A2))], false);
        e.bearers.insert("jane.old@acme.example".to_owned(), seen(Vec::new()));
        planned(&e, &rules())
    };
    let plan = linked_to(A2);
    let first: Vec<&str> = actions(&plan).into_iter().take(3).collect();
    assert_eq!(first, ["unlink-record", "delete-record", "provision-user"], "{:?}", plan.advice);
    assert!(!actions(&linked_to(A1)).contains(&"delete-record"), "it is on the account with her address");
}
