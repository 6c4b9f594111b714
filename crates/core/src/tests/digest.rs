//! The digest is a pure function of what people approve, and of nothing else.

use std::collections::BTreeSet;

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::json;

use super::build::{
    A1, A2, D1, MAIL, address_elsewhere, at, drifted, linked_elsewhere, never_provisioned, person, record,
    record_id, seen, stale_record, value,
};
use super::conditions::{planned, rules};
use crate::evidence::{AppUse, Evidence, Read};
use crate::{Cause, Plan, Risk, Undo, WorkedHere};

fn worlds() -> Vec<Evidence> {
    vec![drifted(), never_provisioned(), linked_elsewhere(), address_elsewhere(), stale_record()]
}

#[test]
fn what_has_worked_here_is_no_part_of_the_digest_and_old_plans_lack_it() {
    let plan = planned(&drifted(), &rules());
    let worked_here = Some(WorkedHere { tried: 15, worked: 14, seconds: Some(40) });
    let known = Plan { worked_here, ..plan.clone() };
    assert!(plan.digest().is_some());
    assert_eq!(known.digest(), plan.digest());
    let written = serde_json::to_value(&known).unwrap();
    assert_eq!(serde_json::from_value::<Plan>(written).unwrap(), known);
    let old = serde_json::to_value(&plan).unwrap();
    assert_eq!(old.get("worked_here"), None);
    assert_eq!(serde_json::from_value::<Plan>(old).unwrap(), plan);
}

fn later<T>(read: &mut Read<T>, now: Timestamp) {
    if let Read::Seen { at, .. } = read {
        *at = now;
    }
}

/// The same state, read at another time.
fn at_another_time(e: &mut Evidence, second: i64) {
    let now = at(second);
    e.asked_at = now;
    later(&mut e.users, now);
    later(&mut e.accounts, now);
    later(&mut e.links, now);
    later(&mut e.log, now);
    later(&mut e.job, now);
    later(&mut e.mapping, now);
    later(&mut e.assignments, now);
    later(&mut e.memberships, now);
    e.records.values_mut().for_each(|read| later(read, now));
    e.roles.values_mut().for_each(|read| later(read, now));
    e.account_links.values_mut().for_each(|read| later(read, now));
    value(&mut e.job).last_cycle = Some(now);
    for entry in value(&mut e.log) {
        entry.at = Some(now);
        entry.change_id = Some(format!("change-{second}"));
    }
}

fn rotated<T>(read: &mut Read<Vec<T>>, by: usize) {
    let list = value(read);
    if !list.is_empty() {
        let by = by % list.len();
        list.rotate_left(by);
    }
}

/// The same state, listed in another order.
fn in_another_order(e: &mut Evidence, by: usize) {
    rotated(&mut e.accounts, by);
    rotated(&mut e.links, by);
    rotated(&mut e.memberships, by);
    rotated(&mut e.assignments, by);
    rotated(&mut e.domains, by);
    rotated(e.records.get_mut(D1).unwrap(), by);
    for account in value(&mut e.accounts) {
        account.groups.as_mut().unwrap().reverse();
    }
    e.account_links.values_mut().for_each(|read| rotated(read, by));
    e.roles.values_mut().for_each(|read| rotated(read, by));
    e.last_active.values_mut().for_each(|read| rotated(read, by));
    e.bearers.values_mut().for_each(|read| rotated(read, by));
}

/// Adds more of everything, so that there is an order to change.
fn crowded(mut e: Evidence) -> Evidence {
    for uses in e.last_active.values_mut() {
        if !value(uses).is_empty() {
            let day = value(uses)[0].day.clone();
            value(uses).push(AppUse { app: "confluence".to_owned(), day });
        }
    }
    e.owners.insert("import-1".to_owned(), seen(Vec::new()));
    e.owners.insert("import-2".to_owned(), seen(Vec::new()));
    value(e.records.get_mut(D1).unwrap()).push(record("r7", "import-1", MAIL, None));
    value(e.records.get_mut(D1).unwrap()).push(record("r8", "import-2", MAIL, None));
    e
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn another_order_and_another_time_give_the_same_digest(by in 0..7_usize, second in 1..100_000_i64) {
        for base in worlds().into_iter().chain(worlds().into_iter().map(crowded)) {
            let mut e = base.clone();
            at_another_time(&mut e, second);
            in_another_order(&mut e, by);
            let (one, other) = (planned(&base, &rules()), planned(&e, &rules()));
            prop_assert!(one.digest().is_some(), "{:?}", one.advice);
            prop_assert_eq!(one.digest(), other.digest());
        }
    }
}

#[test]
fn the_cost_of_two_apps_used_on_one_day_does_not_depend_on_their_order() {
    let mut e = address_elsewhere();
    // An account without groups may still have been used. Here, this is the account with the address.
    let day = "2026-10-02".to_owned();
    let jira = AppUse { app: "jira-software".to_owned(), day: day.clone() };
    let wiki = AppUse { app: "confluence".to_owned(), day };
    let mut digests = BTreeSet::new();
    for uses in [vec![jira.clone(), wiki.clone()], vec![wiki, jira]] {
        e.last_active.insert(A2.to_owned(), seen(uses));
        let case = crate::diagnose::Case::new(&e);
        digests.insert(crate::planner::last_used(&case, e.account(A2).unwrap()));
    }
    assert_eq!(digests.len(), 1, "{digests:?}");
}

type Change = (&'static str, fn(&mut Plan));

#[test]
fn whatever_is_approved_changes_the_digest_and_words_beside_it_do_not() {
    let base = planned(&linked_elsewhere(), &rules());
    assert!(base.steps.len() >= 2 && !base.cost.is_empty() && !base.because.is_empty());
    let changes: Vec<Change> = vec![
        ("an op", |p| p.steps[0].op = crate::Op::CancelDeletion { account: A1.to_owned() }),
        ("a step less", |p| drop(p.steps.pop())),
        ("the order", |p| p.steps.swap(0, 1)),
        ("a risk", |p| p.steps[0].risk = Risk::Harmless),
        ("an undo", |p| p.steps[0].undo = Undo::Full),
        ("a before", |p| p.steps[0].before = json!("other")),
        ("the cost", |p| p.cost[0].push('!')),
        ("no cost", |p| p.cost.clear()),
        ("a cause", |p| p.because[0].0 = Cause::Suspended),
        ("a fact", |p| p.because[0].1[0].push('!')),
        ("the person", |p| p.subject.person = Some("x".to_owned())),
        ("an account", |p| p.subject.accounts.extend(["x".to_owned()])),
        ("a record", |p| p.subject.records.extend([record_id("x")])),
    ];
    let mut digests = BTreeSet::from([base.digest()]);
    for (label, change) in changes {
        let mut plan = base.clone();
        change(&mut plan);
        assert!(digests.insert(plan.digest()), "{label}");
    }
    let mut beside = base.clone();
    beside.advice.push("more".to_owned());
    assert_eq!(beside.digest(), base.digest());
}

#[test]
fn a_plan_that_was_written_down_and_read_again_has_the_same_digest() {
    for e in worlds() {
        let plan = planned(&e, &rules());
        let text = serde_json::to_string(&plan).unwrap();
        assert_eq!(serde_json::from_str::<Plan>(&text).unwrap().digest(), plan.digest());
    }
}

#[test]
fn a_name_that_nobody_approves_is_no_part_of_it() {
    let mut e = drifted();
    let before = planned(&e, &rules()).digest();
    let mut renamed = person();
    renamed.name = Some("Jane Doe".to_owned());
    e.users = seen(vec![renamed]);
    assert_eq!(planned(&e, &rules()).digest(), before);
}
