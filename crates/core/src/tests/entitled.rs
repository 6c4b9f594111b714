//! A verdict of the log whose reason is gone neither forbids a step nor makes it harmless.

use super::build::{at, drifted, seen};
use super::conditions::{planned, rules};
use crate::Risk;
use crate::evidence::{Evidence, LogEntry, Scoping};

fn left_out(active: bool) -> Evidence {
    let mut e = drifted();
    e.log = seen(vec![LogEntry {
        at: Some(at(-100)),
        status: "skipped".to_owned(),
        skip_reason: Some("NotEffectivelyEntitled".to_owned()),
        scoping: Scoping { active: Some(active), ..Scoping::default() },
        ..LogEntry::default()
    }]);
    e
}

#[test]
fn an_approver_decides_if_the_reason_of_the_last_verdict_is_gone() {
    // The person was disabled then and is enabled now.
    let plan = planned(&left_out(false), &rules());
    assert_eq!(plan.risk(), Some(Risk::Disruptive), "{:?}", plan.advice);
    assert!(plan.steps.iter().all(|step| step.risk == Risk::Disruptive));
    let plan = planned(&left_out(true), &rules());
    assert!(plan.steps.is_empty() && !plan.advice.is_empty());
}
