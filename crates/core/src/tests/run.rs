//! Property tests of the fold of a run. A random walk mostly follows `next()` and often does not. An oracle that uses
//! no fold reads the accepted entries and checks the invariants after each of them.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::json;

use super::build::{A1, JANE, MAIL, at, healthy, record_id};
use crate::plan::{Plan, Step};
use crate::rules::{Approvers, Rules};
use crate::run::{Limits, PauseReason, Progress, Request, Requester};
use crate::subject::{Subject, Who};
use crate::{Diagnosis, Event, Fold as _, Next, Op, Outcome, Risk, Run, Undo, diagnose};

pub(super) const LIMITS: Limits =
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

pub(super) fn made(kinds: &[u8], salt: u8) -> Plan {
    let steps = kinds.iter().map(|kind| {
        let op = op(*kind);
        // Provision on demand with an unread condition is disruptive.
        let risk = if *kind >= 128 { op.risk().max(Risk::Disruptive) } else { op.risk() };
        Step { op, risk, undo: Undo::NoneNeeded, before: json!(salt) }
    });
    let subject = Subject::asked(Who::Email(MAIL.to_owned()));
    Plan { steps: steps.collect(), ..Plan::advice_only(subject, &[], Vec::new()) }
}

pub(super) fn planned(diagnosis: &Diagnosis, plan: Plan) -> Event {
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
            helps: None,
        },
        part: None,
    }
}

/// One move of the walk: its kind, its argument, and the seconds that pass.
type Move = (u8, u8, u16);

fn digest_of(run: &Run, salt: u8) -> String {
    let now = run.current.as_ref().and_then(|current| current.digest.clone());
    if salt.is_multiple_of(5) { format!("sha256:{salt}") } else { now.unwrap_or_default() }
}

/// An entry that somebody may want to append, legal or not.
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
        13 => Event::NoEffect { step, why: "w".into() },
        14 if a.is_multiple_of(2) => Event::Retried { by: who },
        14 => Event::Paused { step: Some(step), halt: PauseReason::Changed, why: "w".into() },
        _ if a.is_multiple_of(8) => Event::Ended { outcome: Outcome::Advice, message: "s".into() },
        _ => Event::Denied { by: who, what: "w".to_owned(), why: "w".to_owned() },
    }
}

/// The entry that the executor would append now, with one of its possible outcomes.
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
                (true, 0) => Event::NoEffect { step: index, why: "w".into() },
                (true, 1) => {
                    Event::Paused { step: Some(index), halt: PauseReason::Ambiguous, why: "w".into() }
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
        Next::Conclude => Event::Ended { outcome: Outcome::Advice, message: "s".into() },
        Next::Stop => Event::Ended { outcome: Outcome::Cancelled, message: "s".into() },
        Next::Nothing => return None,
    })
}

/// The newest plan and the entries after it.
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

/// Checks what must hold for each answer of `next`, from the entries alone.
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

/// Fails if the newest entry must never follow the entries before it.
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
        // Entries that were legal one by one are legal as a whole. A journal with a missing entry is not.
        prop_assert!(Run::fold(events.clone()).is_ok());
        for cut in 1..events.len() {
            let torn = events.iter().enumerate().filter(|(n, _)| *n != cut - 1).map(|(_, e)| *e);
            prop_assert!(Run::fold(torn).is_err(), "an entry can be missing unnoticed");
        }
    }
}
