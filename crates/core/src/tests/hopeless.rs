//! A plan that never worked here is not proposed, if another rung can follow. It proves nothing for that rung.

use super::build::{
    A1, D1, account_of, drifted, healthy, link, linked_elsewhere, never_provisioned, seen, value,
};
use super::conditions::rules;
use crate::evidence::{Evidence, HopelessPlan};
use crate::{Cause, Plan, Risk, diagnose, plan};

fn hopeless(cause: Cause, actions: &[&str]) -> HopelessPlan {
    HopelessPlan { cause, actions: actions.iter().map(|action| (*action).to_owned()).collect(), failed: 6 }
}

fn planned(e: &Evidence) -> Plan {
    plan(e, &diagnose(e), &rules(), &[])
}

#[test]
fn the_next_rung_is_proposed_and_says_what_is_not() {
    let mut e = linked_elsewhere();
    let first = planned(&e);
    assert_eq!(first.essence(), ["unlink-record", "provision-user"]);
    assert!(first.skipped.is_empty());
    e.hopeless = vec![hopeless(Cause::LinkedToOtherAccount, &["unlink-record", "provision-user"])];
    let next = planned(&e);
    assert_eq!(next.essence(), ["unlink-record", "delete-record", "provision-user"]);
    assert_eq!(next.skipped, e.hopeless);
    assert!(next.risk() >= first.risk());
    assert_ne!(next.digest(), first.digest(), "an approval is for other steps");
    // If that never worked either, nothing is left, and the last one is tried all the same.
    e.hopeless
        .push(hopeless(Cause::LinkedToOtherAccount, &["unlink-record", "delete-record", "provision-user"]));
    assert_eq!(planned(&e), next);
}

#[test]
fn only_the_plan_that_failed_against_this_cause_counts() {
    let others: [(Cause, &[&str]); 4] = [
        (Cause::RecordUnlinked, &["unlink-record", "provision-user"]),
        (Cause::LinkedToOtherAccount, &["provision-user"]),
        (Cause::LinkedToOtherAccount, &["unlink-record"]),
        (Cause::LinkedToOtherAccount, &["unlink-record", "delete-record", "provision-user"]),
    ];
    for (cause, actions) in others {
        let mut e = linked_elsewhere();
        let before = planned(&e);
        e.hopeless = vec![hopeless(cause, actions)];
        assert_eq!(planned(&e), before, "{cause:?} {actions:?}");
    }
}

#[test]
fn if_nothing_can_follow_the_plan_is_tried_all_the_same() {
    for mut e in [never_provisioned(), drifted()] {
        let before = planned(&e);
        let cause = diagnose(&e).main_cause().unwrap();
        e.hopeless = vec![HopelessPlan { cause, actions: before.essence(), failed: 6 }];
        assert_eq!(planned(&e), before);
        assert_eq!(before.risk(), Some(Risk::Harmless));
    }
}

#[test]
fn a_record_is_not_removed_because_writing_it_never_worked_for_others() {
    let mut e = healthy();
    for record in value(e.records.get_mut(D1).unwrap()) {
        record.account = None;
    }
    e.links = seen(vec![link("r1", None)]);
    e.account_links.insert(A1.to_owned(), seen(Vec::new()));
    account_of(&mut e, A1).groups = Some(Vec::new());
    e.roles.insert(A1.to_owned(), seen(Vec::new()));
    let before = planned(&e);
    assert_eq!(before.essence(), ["provision-user"], "{:?}", diagnose(&e).findings);
    let cause = diagnose(&e).main_cause().unwrap();
    e.hopeless = vec![hopeless(cause, &["provision-user"])];
    assert_eq!(planned(&e), before);
}
