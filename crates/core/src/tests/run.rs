//! The run's law, attacked by random histories: a walk that mostly follows `next()` and often does not. An
//! oracle that folds nothing reads the accepted entries and says what must hold after each of them.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::json;

use super::build::{A1, JANE, MAIL, at, healthy, record_id};
use crate::plan::{Plan, Step};
use crate::rules::{Approvers, Rules};
use crate::run::{Limits, PauseReason, Progress, Request, Requester, SweepPart};
use crate::subject::{Subject, Who};
use crate::{Diagnosis, Event, Fold as _, Next, Op, Outcome, Risk, Run, Undo, diagnose};

const LIMITS: Limits =
    Limits { expire_after: Duration::from_secs(3600), start_within: Duration::from_secs(900) };

fn op(kind: u8) -> Op {
    let (account, email) = (A1.to_owned(), MAIL.to_owned());
    match kind % 5 {
        0 => Op::ProvisionUser { person: JANE.to_owned(), account: Some(account), email },
        1 => Op::RestoreAccess { account, directory: Some("u1".to_owned()) },
        2 => Op::UnlinkRecord { record: record_id("r1"), account },
        3 => Op::ForgetAccountRecords { account, records: vec![record_id("r1")] },
        _ => Op::ParkEmail { account, from: email, to: "parked@acme.example".to_owned() },
    }
}

fn made(kinds: &[u8], salt: u8) -> Plan {
    let steps = kinds.iter().map(|kind| {
        let op = op(*kind);
        // An on-demand step whose condition is unread is disruptive.
        let risk = if *kind >= 128 { op.risk().max(Risk::Disruptive) } else { op.risk() };
        Step { op, risk, undo: Undo::NoneNeeded, before: json!(salt) }
    });
    let subject = Subject::asked(Who::Email(MAIL.to_owned()));
    Plan { steps: steps.collect(), ..Plan::advice_only(subject, &[], Vec::new()) }
}

fn planned(diagnosis: &Diagnosis, plan: Plan) -> Event {
    let digest = plan.digest();
    Event::Planned { diagnosis: Box::new(diagnosis.clone()), plan: Box::new(plan), digest }
}

pub fn asked(by: &str) -> Event {
    Event::Opened {
        asked: Request {
            by: Requester::with_id(by),
            channel: "C1".to_owned(),
            text: format!("repair {MAIL}"),
            response_url: None,
            aim: crate::Goal::default(),
        },
        part: None,
    }
}

/// One move of the walk: which, with what, after how many seconds.
type Move = (u8, u8, u16);

fn digest_of(run: &Run, salt: u8) -> String {
    let now = run.current.as_ref().and_then(|current| current.digest.clone());
    if salt.is_multiple_of(5) { format!("sha256:{salt}") } else { now.unwrap_or_default() }
}

/// What somebody may want to append; nothing here asks whether it is legal.
fn wild(run: &Run, kind: u8, a: u8, diagnosis: &Diagnosis) -> Event {
    let who = ["U-ADA", "U-BOB", "U-CAT", "U-DAN"][usize::from(a % 4)].to_owned();
    let step = usize::from(a % 4);
    let digest = digest_of(run, a);
    match kind % 16 {
        0 => asked("U-EVE"),
        1 => Event::Admitted { rule: "r".to_owned(), who: Who::Email(MAIL.to_owned()) },
        2 => planned(diagnosis, made(&[a, a.wrapping_mul(7)], a)),
        3 => {
            let plan = made(&[a], a);
            let digest = Some("sha256:forged".to_owned());
            Event::Planned { diagnosis: Box::new(diagnosis.clone()), plan: Box::new(plan), digest }
        }
        4..=6 => Event::Approved { by: who, digest },
        7 => Event::Declined { by: who, digest },
        8 => Event::Expired { digest },
        9 if a.is_multiple_of(3) => Event::Cancelled { by: who },
        9 => Event::Snapshot { step, was: json!(1) },
        10 => {
            let needs = [None, Some(0), Some(1), Some(2)][usize::from(a / 4 % 4)];
            Event::Began { step, before: json!(1), needs }
        }
        11 => Event::Already { step },
        12 => Event::Confirmed { step, after: json!(1) },
        13 => Event::NoEffect { step, why: "w".to_owned() },
        14 if a.is_multiple_of(2) => Event::Retried { by: who },
        14 => Event::Paused { step: Some(step), halt: PauseReason::Changed, why: "w".to_owned() },
        _ if a.is_multiple_of(8) => Event::Ended { outcome: Outcome::Advice, message: "s".to_owned() },
        _ => Event::Denied { by: who, what: "w".to_owned(), why: "w".to_owned() },
    }
}

/// What the executor would append now, with one of the outcomes that can come of it.
fn driven(run: &Run, now: Timestamp, rules: &Rules, a: u8, diagnosis: &Diagnosis) -> Option<Event> {
    let digest = run.current.as_ref().and_then(|current| current.digest.clone()).unwrap_or_default();
    Some(match run.next(now, rules, &LIMITS) {
        Next::Admit => Event::Admitted { rule: "r".to_owned(), who: Who::Email(MAIL.to_owned()) },
        Next::Look | Next::Prove => planned(
            diagnosis,
            made(&[a, a.wrapping_mul(31), a.wrapping_mul(77)][..usize::from(a % 4).min(3)], a),
        ),
        Next::Step { index, .. } => {
            let current = run.current.as_ref()?;
            let begun = current.progress.get(index) == Some(&Progress::Begun);
            let needs = Some(rules.needs(current.plan.steps.get(index)?.risk));
            match (begun, a % 8) {
                (false, 0) => Event::Already { step: index },
                (false, _) => Event::Began { step: index, before: json!(1), needs },
                (true, 0) => Event::NoEffect { step: index, why: "w".to_owned() },
                (true, 1) => {
                    Event::Paused { step: Some(index), halt: PauseReason::Ambiguous, why: "w".to_owned() }
                }
                (true, 2) => Event::Began { step: index, before: json!(1), needs },
                (true, _) => Event::Confirmed { step: index, after: json!(1) },
            }
        }
        Next::AwaitApproval { .. } => {
            let by = ["U-ADA", "U-BOB", "U-CAT"][usize::from(a % 3)].to_owned();
            Event::Approved { by, digest }
        }
        Next::Expire => Event::Expired { digest },
        Next::AwaitPerson => Event::Retried { by: "U-ADA".to_owned() },
        Next::Conclude => Event::Ended { outcome: Outcome::Advice, message: "s".to_owned() },
        Next::Stop => Event::Ended { outcome: Outcome::Cancelled, message: "s".to_owned() },
        Next::Nothing => return None,
    })
}

/// The entries since the newest plan, and that plan.
fn tail(entries: &[(Timestamp, Event)]) -> Option<(&Plan, &[(Timestamp, Event)])> {
    let from = entries.iter().rposition(|(_, event)| matches!(event, Event::Planned { .. }))?;
    match &entries[from].1 {
        Event::Planned { plan, .. } => Some((plan, &entries[from + 1..])),
        _ => None,
    }
}

fn settles(event: &Event, index: usize) -> bool {
    matches!(event, Event::Already { step } | Event::Confirmed { step, .. } if *step == index)
}

/// What must hold of whatever `next` says, read from the entries alone.
fn judge(entries: &[(Timestamp, Event)], next: &Next, now: Timestamp, rules: &Rules) {
    let ended = entries.iter().any(|(_, event)| matches!(event, Event::Ended { .. }));
    if ended {
        assert_eq!(*next, Next::Nothing, "after the end");
        return;
    }
    let Next::Step { index, check_plan } = *next else { return };
    let (plan, tail) = tail(entries).expect("a step without a plan");
    let has = |test: &dyn Fn(&Event) -> bool| tail.iter().any(|(_, event)| test(event));
    assert!(
        !has(&|e| matches!(e, Event::Paused { .. } | Event::Retried { .. })),
        "a step while a person is waited for"
    );
    assert!(!has(&|e| matches!(e, Event::NoEffect { .. })), "a step after one without effect");
    for earlier in 0..index {
        assert!(has(&|e| settles(e, earlier)), "step {index} before step {earlier}");
    }
    assert!(!has(&|e| settles(e, index)), "a settled step again");
    let step = &plan.steps[index];
    if has(&|e| matches!(e, Event::Began { step, .. } if *step == index)) {
        return;
    }
    assert!(!entries.iter().any(|(_, e)| matches!(e, Event::Cancelled { .. })), "a new step after a cancel");
    let needed = rules.needs(step.risk);
    if needed == 0 {
        return;
    }
    let requester = match &entries[0].1 {
        Event::Opened { asked, .. } => &asked.by.id,
        _ => panic!("no opening"),
    };
    assert!(!has(&|e| matches!(e, Event::Declined { .. } | Event::Expired { .. })), "a step after a no");
    let digest = plan.digest();
    let approvals: Vec<(&Timestamp, &String)> = tail
        .iter()
        .filter_map(|(at, event)| match event {
            Event::Approved { by, digest: approved }
                if Some(approved) == digest.as_ref() && by != requester =>
            {
                Some((at, by))
            }
            _ => None,
        })
        .collect();
    let people: BTreeSet<&String> = approvals.iter().map(|(_, by)| *by).collect();
    assert!(u32::try_from(people.len()).unwrap() >= needed, "{people:?} are fewer than {needed}");
    let approved = approvals.iter().map(|(at, _)| **at).max().unwrap();
    let settled = tail.iter().filter(|(_, e)| (0..9).any(|step| settles(e, step))).map(|(at, _)| *at).max();
    let since = settled.map_or(approved, |settled| settled.max(approved));
    assert!(now <= since.checked_add(LIMITS.start_within).unwrap(), "begun too late");
    let touched = has(&|e| matches!(e, Event::Began { .. } | Event::Already { .. }));
    assert_eq!(check_plan, !touched, "the first step after an approval looks at the plan again");
}

/// Entries that must never have been accepted after those before them.
fn accuse(entries: &[(Timestamp, Event)]) {
    let Some(((_, newest), before)) = entries.split_last() else { return };
    let ended = before.iter().any(|(_, event)| matches!(event, Event::Ended { .. }));
    assert!(!ended || matches!(newest, Event::Denied { .. }), "{newest:?} after the end");
    assert_eq!(before.is_empty(), matches!(newest, Event::Opened { .. }), "{newest:?}");
    let Some((plan, tail)) = tail(before) else {
        let needs_plan = matches!(
            newest,
            Event::Approved { .. }
                | Event::Began { .. }
                | Event::Already { .. }
                | Event::Confirmed { .. }
                | Event::NoEffect { .. }
                | Event::Declined { .. }
                | Event::Expired { .. }
        );
        assert!(!needs_plan, "{newest:?} without a plan");
        return;
    };
    let has = |test: &dyn Fn(&Event) -> bool| tail.iter().any(|(_, event)| test(event));
    let paused = tail.iter().rposition(|(_, e)| matches!(e, Event::Paused { .. }));
    let retried = tail.iter().rposition(|(_, e)| matches!(e, Event::Retried { .. }));
    let waits = paused.is_some() && paused > retried;
    let began = |index: usize| has(&|e| matches!(e, Event::Began { step, .. } if *step == index));
    let settled = |index: usize| {
        has(&|e| settles(e, index)) || has(&|e| matches!(e, Event::NoEffect { step, .. } if *step == index))
    };
    match newest {
        Event::Planned { .. } => {
            assert!(!waits, "a plan while a person is waited for");
            let on_its_way = (0..plan.steps.len()).any(|step| began(step) && !settled(step));
            assert!(!on_its_way || retried.is_some(), "a plan while a step is on its way");
        }
        Event::Approved { by, digest } => {
            assert_eq!(Some(digest), plan.digest().as_ref());
            assert!(!has(&|e| matches!(e, Event::Approved { by: other, .. } if other == by)));
            assert!(
                !has(&|e| matches!(e, Event::Declined { .. } | Event::Expired { .. })),
                "approved after a no"
            );
        }
        Event::Declined { digest, .. } | Event::Expired { digest } => {
            assert_eq!(Some(digest), plan.digest().as_ref());
        }
        Event::Began { step, needs, .. } => {
            let stopped = before.iter().any(|(_, e)| matches!(e, Event::Cancelled { .. }))
                || has(&|e| matches!(e, Event::Declined { .. } | Event::Expired { .. }));
            assert!(began(*step) || !stopped, "begun after it was stopped");
            let approvals = tail.iter().filter(|(_, e)| matches!(e, Event::Approved { .. })).count();
            assert!(approvals >= needs.map_or(0, |needs| usize::try_from(needs).unwrap()), "not approved");
            assert!(!waits, "begun while a person is waited for");
            assert!(!settled(*step) && *step < plan.steps.len());
            assert!(!(plan.steps[*step].op.is_one_shot() && began(*step)), "a one-shot step begun twice");
            assert!((0..*step).all(|earlier| has(&|e| settles(e, earlier))), "begun out of turn");
        }
        Event::Already { step } => assert!(!began(*step) && !settled(*step)),
        Event::Confirmed { step, .. } | Event::NoEffect { step, .. } => {
            assert!(began(*step) && !settled(*step));
        }
        Event::Retried { .. } => {
            let on_its_way = (0..plan.steps.len()).any(|step| began(step) && !settled(step));
            assert!(waits || !on_its_way || retried.is_some(), "a new look while a step is on its way");
        }
        _ => {}
    }
}

fn rules() -> impl Strategy<Value = Rules> {
    let approvers = || prop_oneof![(0..3_u32).prop_map(Approvers::Count), Just(Approvers::Never)];
    (approvers(), approvers(), approvers()).prop_map(|(reversible, disruptive, destructive)| Rules {
        reversible,
        disruptive,
        destructive,
        ..Rules::default()
    })
}

fn walk(moves: &[Move], rules: &Rules) -> Vec<(Timestamp, Event)> {
    let diagnosis = diagnose(&healthy());
    let (mut run, mut entries, mut now) = (Run::default(), Vec::new(), at(0));
    let begin = asked("U-DAN");
    run.apply(1, now, &begin).unwrap();
    entries.push((now, begin));
    for (kind, a, wait) in moves {
        now = now.checked_add(Duration::from_secs(u64::from(*wait))).unwrap();
        judge(&entries, &run.next(now, rules, &LIMITS), now, rules);
        let event = if kind % 4 == 0 {
            wild(&run, kind / 4, *a, &diagnosis)
        } else {
            match driven(&run, now, rules, *a, &diagnosis) {
                Some(event) => event,
                None => wild(&run, kind / 4, *a, &diagnosis),
            }
        };
        let before = run.clone();
        match run.apply(run.seq + 1, now, &event) {
            Ok(()) => {
                entries.push((now, event));
                accuse(&entries);
            }
            Err(_) => assert_eq!(format!("{before:?}"), format!("{run:?}"), "a refused entry left a trace"),
        }
    }
    judge(&entries, &run.next(now, rules, &LIMITS), now, rules);
    entries
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_history_gets_a_step_that_it_may_not(
        moves in prop::collection::vec((any::<u8>(), any::<u8>(), prop_oneof![0..60_u16, 0..5000_u16]), 0..60),
        rules in rules(),
    ) {
        let entries = walk(&moves, &rules);
        let events: Vec<(i64, Timestamp, &Event)> =
            entries.iter().enumerate().map(|(n, (at, event))| (i64::try_from(n).unwrap() + 1, *at, event)).collect();
        // What was legal one by one is legal as a whole, and a torn journal is not.
        prop_assert!(Run::fold(events.clone()).is_ok());
        for cut in 1..events.len() {
            let torn = events.iter().enumerate().filter(|(n, _)| *n != cut - 1).map(|(_, e)| *e);
            prop_assert!(Run::fold(torn).is_err(), "an entry can be missing unnoticed");
        }
    }
}

/// A run with this plan, after these events.
fn run_with(plan: &Plan, events: &[(i64, Event)]) -> Result<Run, crate::Illegal> {
    let mut all = vec![
        (0, asked("U-DAN")),
        (0, Event::Admitted { rule: "r".to_owned(), who: Who::Email(MAIL.to_owned()) }),
        (0, planned(&diagnose(&healthy()), plan.clone())),
    ];
    all.extend(events.iter().cloned());
    let mut run = Run::default();
    for (n, (second, event)) in all.iter().enumerate() {
        run.apply(i64::try_from(n).unwrap() + 1, at(*second), event)?;
    }
    Ok(run)
}

fn approved(by: &str, plan: &Plan) -> Event {
    Event::Approved { by: by.to_owned(), digest: plan.digest().unwrap() }
}

#[test]
fn the_first_of_approved_and_expired_wins() {
    let plan = made(&[2], 1);
    let expired = Event::Expired { digest: plan.digest().unwrap() };
    let declined = Event::Declined { by: "U-ADA".to_owned(), digest: plan.digest().unwrap() };
    let rules = Rules::default();
    for no in [expired, declined] {
        let run = run_with(&plan, &[(1, no.clone())]).unwrap();
        assert_eq!(run.next(at(2), &rules, &LIMITS), Next::Stop);
        assert!(!run.awaits(&plan.digest().unwrap(), at(2), &rules, &LIMITS));
        run_with(&plan, &[(1, no), (2, approved("U-ADA", &plan))]).unwrap_err();
    }
    let run = run_with(&plan, &[(3599, approved("U-ADA", &plan))]).unwrap();
    assert_eq!(run.next(at(3601), &rules, &LIMITS), Next::Step { index: 0, check_plan: true });
    let waits = run_with(&plan, &[]).unwrap();
    assert_eq!(waits.next(at(3599), &rules, &LIMITS), Next::AwaitApproval { until: at(3600) });
    assert_eq!(waits.next(at(3600), &rules, &LIMITS), Next::Expire);
}

#[test]
fn a_step_begins_within_the_time_after_its_approval_or_the_step_before() {
    let plan = made(&[2, 4], 1);
    let rules = Rules::default();
    let ready = vec![(10, approved("U-ADA", &plan))];
    let run = run_with(&plan, &ready).unwrap();
    assert_eq!(run.next(at(910), &rules, &LIMITS), Next::Step { index: 0, check_plan: true });
    assert_eq!(run.next(at(911), &rules, &LIMITS), Next::Look);
    let mut later = ready;
    later.push((20, Event::Began { step: 0, before: json!(1), needs: None }));
    later.push((500, Event::Confirmed { step: 0, after: json!(1) }));
    let run = run_with(&plan, &later).unwrap();
    assert_eq!(run.next(at(1400), &rules, &LIMITS), Next::Step { index: 1, check_plan: false });
    assert_eq!(run.next(at(1401), &rules, &LIMITS), Next::Look);
    // A clock that was set back by an hour makes no approval last longer; one that differs a little does no harm.
    assert_eq!(run.next(at(450), &rules, &LIMITS), Next::Step { index: 1, check_plan: false });
    assert_eq!(run.next(at(500 - 3600), &rules, &LIMITS), Next::Look);
}

#[test]
fn a_superseding_plan_takes_the_approvals_away_even_when_it_is_the_same() {
    let plan = made(&[2], 1);
    let again = planned(&diagnose(&healthy()), plan.clone());
    let run = run_with(&plan, &[(1, approved("U-ADA", &plan)), (2, again.clone())]).unwrap();
    assert!(matches!(run.next(at(3), &Rules::default(), &LIMITS), Next::AwaitApproval { .. }));
    // And the same person may approve the new one.
    run_with(&plan, &[(1, approved("U-ADA", &plan)), (2, again), (3, approved("U-ADA", &plan))]).unwrap();
}

#[test]
fn a_cancel_lets_a_step_on_its_way_arrive_and_nothing_more() {
    let plan = made(&[2, 2], 1);
    let cancel = (30, Event::Cancelled { by: "U-DAN".to_owned() });
    let begun = [
        (1, approved("U-ADA", &plan)),
        (20, Event::Began { step: 0, before: json!(1), needs: None }),
        cancel.clone(),
    ];
    let rules = Rules::default();
    let run = run_with(&plan, &begun).unwrap();
    assert_eq!(run.next(at(31), &rules, &LIMITS), Next::Step { index: 0, check_plan: false });
    let mut done = begun.to_vec();
    done.push((40, Event::Confirmed { step: 0, after: json!(1) }));
    assert_eq!(run_with(&plan, &done).unwrap().next(at(41), &rules, &LIMITS), Next::Stop);
    assert_eq!(run_with(&plan, &[cancel]).unwrap().next(at(31), &rules, &LIMITS), Next::Stop);
}

#[test]
fn a_kind_that_is_never_allowed_is_not_begun_by_any_number_of_approvals() {
    let plan = made(&[2], 1);
    let rules = Rules { disruptive: Approvers::Never, ..Rules::default() };
    let many: Vec<(i64, Event)> = (0..50).map(|n| (1, approved(&format!("U{n}"), &plan))).collect();
    let run = run_with(&plan, &many).unwrap();
    assert!(!matches!(run.next(at(2), &rules, &LIMITS), Next::Step { .. }));
}

#[test]
fn a_refused_on_demand_step_is_not_remembered_as_tried() {
    let plan = made(&[0], 1);
    let events = [
        (1, Event::Began { step: 0, before: json!(1), needs: None }),
        (2, Event::Paused { step: Some(0), halt: PauseReason::Refused, why: "limited".to_owned() }),
        (3, Event::Retried { by: "U-DAN".to_owned() }),
    ];
    let before = run_with(&plan, &events).unwrap().tried();
    let mut planned_again = events.to_vec();
    planned_again.push((4, planned(&diagnose(&healthy()), made(&[128], 2))));
    let after = run_with(&plan, &planned_again).unwrap().tried();
    // The plan is made with the first and checked with the second: they must not differ.
    assert_eq!(before, after);
}

fn began(needs: Option<u32>) -> Event {
    Event::Began { step: 0, before: json!(1), needs }
}

#[test]
fn a_step_does_not_begin_without_the_approvals_that_it_needs() {
    let plan = made(&[2], 1);
    let why = |result: Result<Run, crate::Illegal>| result.unwrap_err().why;
    assert_eq!(why(run_with(&plan, &[(1, began(Some(1)))])), "it is not approved");
    let once = (1, approved("U-ADA", &plan));
    run_with(&plan, &[once.clone(), (2, began(Some(1)))]).unwrap();
    assert_eq!(why(run_with(&plan, &[once.clone(), (2, began(Some(2)))])), "it is not approved");
    run_with(&plan, &[once.clone(), (2, approved("U-BOB", &plan)), (3, began(Some(2)))]).unwrap();
    // A plan that supersedes it takes its approvals away.
    let again = (2, planned(&diagnose(&healthy()), plan.clone()));
    assert_eq!(why(run_with(&plan, &[once, again, (3, began(Some(1)))])), "it is not approved");
    // Entries of older versions do not say what was needed: they can be read, and no more are written.
    let read = run_with(&plan, &[(1, began(None))]).unwrap();
    assert_eq!(read.open_step().map(|(_, _, progress)| progress), Some(Progress::Begun));
    let run = run_with(&plan, &[]).unwrap();
    run.may_append(&began(None)).unwrap_err();
    run.may_append(&began(Some(1))).unwrap_err();
    run.may_append(&began(Some(0))).unwrap();
    let old: Event = serde_json::from_value(json!({"kind": "began", "step": 0, "before": 1})).unwrap();
    assert_eq!(old, began(None));
}

#[test]
fn a_step_does_not_begin_after_a_stop() {
    let plan = made(&[2], 1);
    let digest = plan.digest().unwrap();
    let once = (1, approved("U-ADA", &plan));
    for stop in [
        Event::Cancelled { by: "U-DAN".to_owned() },
        Event::Declined { by: "U-BOB".to_owned(), digest: digest.clone() },
        Event::Expired { digest },
    ] {
        for needs in [Some(1), None] {
            let begins = run_with(&plan, &[once.clone(), (2, stop.clone()), (3, began(needs))]);
            assert_eq!(begins.unwrap_err().why, "the run was stopped", "{stop:?}");
        }
        // What was on its way is brought to its end.
        run_with(&plan, &[once.clone(), (2, began(Some(1))), (3, stop), (4, began(Some(1)))]).unwrap();
    }
}

#[test]
fn a_command_is_for_fifteen_minutes_and_a_repair_of_a_sweep_for_a_day() {
    const DAY: i64 = 24 * 3600;
    let opened = |part: Option<SweepPart>| {
        let Event::Opened { asked, .. } = asked("U-DAN") else { panic!("no opening") };
        let mut run = Run::default();
        run.apply(1, at(0), &Event::Opened { asked, part }).unwrap();
        run
    };
    let overdue = |run: &Run, second: i64| run.is_overdue(at(second));
    let typed = opened(None);
    assert!(!overdue(&typed, 900) && overdue(&typed, 901));
    let part = |until| SweepPart { sweep: "s".to_owned(), digest: "d".to_owned(), until };
    let listed = opened(Some(part(Some(at(1000)))));
    assert!(!overdue(&listed, 1000) && overdue(&listed, 1001));
    let older = opened(Some(part(None)));
    assert!(!overdue(&older, DAY) && overdue(&older, DAY + 1));
    // To be admitted and planned is not to be begun.
    let plan = made(&[0, 2], 1);
    let untouched = run_with(&plan, &[]).unwrap();
    assert!(!overdue(&untouched, 900) && overdue(&untouched, 901));
    // What has begun in time goes on, and what a person has answered or is asked has its own limits.
    let began = Event::Began { step: 0, before: json!(null), needs: Some(0) };
    let paused = Event::Paused { step: Some(0), halt: PauseReason::Changed, why: "w".to_owned() };
    let retried = Event::Retried { by: "U-DAN".to_owned() };
    let again = planned(&diagnose(&healthy()), plan.clone());
    let histories = [
        vec![began],
        vec![approved("U-ADA", &plan)],
        vec![paused.clone()],
        vec![paused.clone(), retried.clone()],
        vec![paused, retried, again],
    ];
    for history in histories {
        let timed: Vec<_> = history.into_iter().map(|event| (1, event)).collect();
        assert!(!overdue(&run_with(&plan, &timed).unwrap(), DAY), "{timed:?}");
    }
}

#[test]
fn who_asks_stands_beside_the_other_fields_of_an_entry_as_in_version_1() {
    let entry = r#"{"by":"U-DAN","team":"T1","enterprise":null,"channel":"C1","text":"jane@acme.example","response_url":null,"aim":{"kind":"repair","keep":null}}"#;
    let asked: Request = serde_json::from_str(entry).unwrap();
    assert_eq!(asked.by, Requester { team: Some("T1".to_owned()), ..Requester::with_id("U-DAN") });
    assert_eq!(serde_json::to_string(&asked).unwrap(), entry, "the same bytes as before");
    let older = r#"{"kind":"opened","asked":{"by":"U-DAN","team":null,"enterprise":"E1","channel":"C1","text":"x","response_url":null}}"#;
    let Event::Opened { asked, .. } = serde_json::from_str(older).unwrap() else { panic!("no opening") };
    assert_eq!(asked.by, Requester { enterprise: Some("E1".to_owned()), ..Requester::with_id("U-DAN") });
}
