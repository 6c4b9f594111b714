//! The state of the job, and of an account that a step ends.

use super::*;
use crate::condition::{ConditionState, conditions};
use crate::evidence::JobStart;
use crate::op::ResetScope;
use crate::tests::build::at;

fn start() -> Op {
    Op::StartProvisioning { job: "job".to_owned() }
}

fn restart() -> Op {
    Op::RestartProvisioning { job: "job".to_owned(), scope: ResetScope::Full }
}

fn stopped() -> Evidence {
    with(healthy(), |e| value(&mut e.job).schedule = Some("Disabled".to_owned()))
}

#[test]
fn before_it_begins_a_start_is_done_if_the_job_runs_and_a_restart_never_is() {
    let quarantined = || with(healthy(), |e| value(&mut e.job).quarantine = Some("Unknown".to_owned()));
    let another = || with(healthy(), |e| value(&mut e.job).id = "job-2".to_owned());
    let unread = || with(healthy(), |e| e.job = gap());
    table(
        &start(),
        vec![
            ("done", "it runs", healthy()),
            ("open", "it is stopped", stopped()),
            ("open", "it is in quarantine", quarantined()),
            ("blocked", "another job", another()),
            ("unread", "the job", unread()),
        ],
    );
    table(
        &restart(),
        vec![
            ("open", "it runs", healthy()),
            ("open", "it is stopped", stopped()),
            ("blocked", "another job", another()),
            ("unread", "the job", unread()),
        ],
    );
}

#[test]
fn after_it_began_only_a_later_cycle_that_ended_proves_a_start() {
    let cycle = |began: i64, ended: Option<i64>| {
        with(healthy(), |e| {
            let job = value(&mut e.job);
            (job.cycle_began, job.last_cycle) = (Some(at(began)), ended.map(at));
        })
    };
    let state = |op: &Op, e: &Evidence| match op.state_since(&Case::new(e), Some(at(100))) {
        State::Done(_) => "done",
        State::Underway(_) => "underway",
        State::Open(_) => "open",
        State::Unread(_) | State::Blocked(_) => "neither",
    };
    // Columns: when the newest cycle began and ended, the state of a start, the state of a restart.
    let rows = [
        (cycle(99, Some(150)), "underway", "open"),
        (cycle(100, Some(150)), "done", "done"),
        (cycle(101, None), "underway", "open"),
        (healthy(), "underway", "open"),
        (stopped(), "open", "open"),
    ];
    for (row, (e, of_start, of_restart)) in rows.iter().enumerate() {
        assert_eq!((state(&start(), e), state(&restart(), e)), (*of_start, *of_restart), "{row}");
    }
}

#[test]
fn a_start_that_ended_in_the_same_state_forbids_another_one_and_no_restart_of_a_job_that_runs() {
    let held = |op: &Op, e: &Evidence| conditions(op, &Case::new(e), &rules());
    let tried = |mut e: Evidence| {
        let before = e.job.get().unwrap().state();
        e.starts = vec![JobStart { at: at(-1000), before }];
        e
    };
    assert_eq!(held(&start(), &stopped()), ConditionState::True);
    assert!(matches!(held(&start(), &tried(stopped())), ConditionState::False(_)));
    assert_eq!(held(&restart(), &tried(healthy())), ConditionState::True);
    let mut worked = tried(stopped());
    value(&mut worked.job).last_success = Some(at(-1000));
    assert_eq!(held(&start(), &worked), ConditionState::True, "it worked in between");
}

#[test]
fn an_account_is_ended_only_by_the_words_that_say_so() {
    let status = |word: Option<&str>| with(healthy(), |e| account_of(e, A1).status = word.map(str::to_owned));
    let deactivate = Op::DeactivateAccount { account: A1.to_owned() };
    table(
        &deactivate,
        vec![
            ("open", "active", status(Some("active"))),
            ("done", "inactive", status(Some("inactive"))),
            ("done", "in capitals", status(Some("INACTIVE"))),
            ("open", "no word", status(None)),
        ],
    );
    let schedule = Op::ScheduleDeletion { account: A1.to_owned() };
    let marked = with(healthy(), |e| account_of(e, A1).for_deletion = true);
    table(&schedule, vec![("open", "not marked", healthy()), ("done", "marked", marked)]);
}

#[test]
fn a_link_of_another_record_is_not_the_link_that_a_step_removes() {
    let unlink = |record: &str| Op::UnlinkRecord { record: record_id(record), account: A1.to_owned() };
    let links = |links| with(healthy(), |e| drop(e.account_links.insert(A1.to_owned(), seen(links))));
    table(
        &unlink("r8"),
        vec![
            ("done", "another record is linked", links(vec![link("r1", Some(A1))])),
            ("open", "this one is linked", links(vec![link("r8", Some(A1))])),
            ("open", "the account is not named", links(vec![link("r8", None)])),
            ("done", "this one is linked to another account", links(vec![link("r8", Some(A2))])),
        ],
    );
    let forget =
        Op::ForgetAccountRecords { account: A1.to_owned(), records: vec![record_id("r8"), record_id("r7")] };
    let e = links(vec![link("r8", Some(A1)), link("r7", Some(A1))]);
    let State::Open(before) = forget.state(&Case::new(&e)) else { panic!("nothing to remove") };
    assert_eq!(before, serde_json::json!({"records": ["r7", "r8"]}), "whatever the order of the answer");
}
