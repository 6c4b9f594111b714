//! The journal against random histories. An oracle without a fold reads the entries alone and says which event may
//! follow. Every event that it calls illegal must be refused and not written. Every other event must be written.

use std::collections::BTreeSet;

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::json;

use super::evidence::{A1, JANE, MAIL, at, healthy, record_id};
use crate::exec::{Journal, JournalError};
use reinstate_core::run::{PauseReason, Request, Requester};
use reinstate_core::sweep::{ListedRepair, RepairList, RepairPreview, Sweep, SweepEvent, Tally};
use reinstate_core::{
    Diagnosis, Event, Fold, Goal, Illegal, JournalEvent, Op, Outcome, Plan, Run, Step, Subject, Undo, Who,
    diagnose,
};
use reinstate_store::{AppendOptions, Store};

const ADA: &str = "U0ADA";
const GRACE: &str = "U0GRACE";

fn asked(by: &str) -> Request {
    Request {
        by: Requester::with_id(by),
        channel: "C1".to_owned(),
        text: MAIL.to_owned(),
        response_url: None,
        aim: Goal::default(),
        helps: None,
    }
}

/// Appends what the oracle allows, chosen by `dice`. At each position, every other possible event must be refused.
async fn walk<F: Fold + std::fmt::Debug>(
    id: &str,
    journal: &Journal,
    dice: &[u8],
    wanted: impl Fn(&[F::Event]) -> Vec<F::Event>,
    allows: impl Fn(&[F::Event], &F::Event) -> bool,
) where
    F::Event: std::fmt::Debug,
{
    let (mut folded, entries) = journal.read::<F>(id).await.unwrap();
    let mut history: Vec<F::Event> = entries.into_iter().map(|(_, _, event)| event).collect();
    for (second, dice) in (1_i64..).zip(dice) {
        let now = at(second);
        let before = format!("{folded:?}");
        let mut legal = Vec::new();
        for event in wanted(&history) {
            if allows(&history, &event) {
                assert_eq!(folded.may_append(&event), Ok(()), "{event:?} after {history:#?}");
                // Ends are chosen rarely, so that the histories become long.
                if !event.is_end() || *dice > 250 {
                    legal.push(event);
                }
                continue;
            }
            let events = std::slice::from_ref(&event);
            let refused = journal.append(id, &folded, None, events, now, AppendOptions::default()).await;
            assert!(
                matches!(refused, Err(JournalError::Illegal(Illegal { .. }))),
                "{event:?} was taken after {history:#?}"
            );
        }
        assert_eq!(
            journal.store().run(id).await.unwrap().unwrap().seq,
            folded.seq(),
            "something was written"
        );
        assert_eq!(format!("{folded:?}"), before, "a refused entry left a trace");
        // Nothing is appended after the end. A later refused attempt is recorded elsewhere.
        if history.iter().any(JournalEvent::is_end) {
            break;
        }
        let Some(event) = legal.get(usize::from(*dice) % legal.len().max(1)).cloned() else { break };
        let events = std::slice::from_ref(&event);
        folded = journal.append(id, &folded, None, events, now, AppendOptions::default()).await.unwrap();
        history.push(event);
    }
    let read = journal.read::<F>(id).await.unwrap().0;
    assert_eq!(format!("{read:?}"), format!("{folded:?}"), "it is read as it was judged");
    journal.store().verify(None).await.unwrap();
}

fn made(ops: Vec<Op>, salt: u8) -> Plan {
    let steps =
        ops.into_iter().map(|op| Step { risk: op.risk(), op, undo: Undo::NoneNeeded, before: json!(salt) });
    let subject = Subject::asked(Who::Email(MAIL.to_owned()));
    Plan { steps: steps.collect(), ..Plan::advice_only(subject, &[], Vec::new()) }
}

fn plans() -> Vec<Plan> {
    let (account, email) = (A1.to_owned(), MAIL.to_owned());
    let provision =
        Op::ProvisionUser { person: JANE.to_owned(), account: Some(account.clone()), email: email.clone() };
    let unlink = Op::UnlinkRecord { record: record_id("r1"), account: account.clone() };
    let park = Op::ParkEmail { account, from: email, to: "parked@acme.example".to_owned() };
    vec![made(vec![provision.clone(), unlink], 1), made(vec![park, provision], 2), made(Vec::new(), 3)]
}

fn plan_of(events: &[Event]) -> Option<(&Plan, &[Event])> {
    let from = events.iter().rposition(|event| matches!(event, Event::Planned { .. }))?;
    match &events[from] {
        Event::Planned { plan, .. } => Some((plan, &events[from + 1..])),
        _ => None,
    }
}

/// All events that could be appended to a run, legal or not.
fn wanted_of_a_run(diagnosis: &Diagnosis, history: &[Event]) -> Vec<Event> {
    let mut all = vec![
        Event::Opened { asked: asked(ADA), part: None },
        Event::Admitted { rule: "r".to_owned(), who: Who::Email(MAIL.to_owned()) },
        Event::Cancelled { by: ADA.to_owned() },
        Event::Paused { step: None, halt: PauseReason::Changed, why: "w".into() },
        Event::Retried { by: ADA.to_owned() },
        Event::Denied { by: ADA.to_owned(), what: "w".to_owned(), why: "w".into() },
        Event::Ended { outcome: Outcome::Advice, message: "s".into() },
    ];
    for plan in plans() {
        for digest in [plan.digest(), Some("sha256:forged".to_owned())] {
            let (diagnosis, plan) = (Box::new(diagnosis.clone()), Box::new(plan.clone()));
            all.push(Event::Planned { diagnosis, plan, digest });
        }
    }
    let current = plan_of(history).and_then(|(plan, _)| plan.digest()).unwrap_or_default();
    for digest in [current, "sha256:another".to_owned()] {
        for by in [ADA, GRACE, "U0BOB"] {
            all.push(Event::Approved { by: by.to_owned(), digest: digest.clone() });
        }
        all.push(Event::Declined { by: GRACE.to_owned(), digest: digest.clone() });
        all.push(Event::Expired { digest });
    }
    for step in 0..3 {
        for needs in [None, Some(0), Some(1), Some(2)] {
            all.push(Event::Began { step, before: json!(1), needs });
        }
        all.push(Event::Accepted { step });
        all.push(Event::Already { step });
        all.push(Event::Confirmed { step, after: json!(1) });
        all.push(Event::NoEffect { step, why: "w".into() });
    }
    all
}

#[derive(Clone, Copy, PartialEq)]
enum Stage {
    Open,
    Begun,
    Accepted,
    Done,
    Fruitless,
}

/// The rules of a run, computed from the entries.
fn run_allows(history: &[Event], event: &Event) -> bool {
    if history.iter().any(JournalEvent::is_end) {
        return matches!(event, Event::Denied { .. });
    }
    if let Event::Opened { .. } = event {
        return history.is_empty();
    }
    let (plan, tail) = match plan_of(history) {
        Some((plan, tail)) => (Some(plan), tail),
        None => (None, history),
    };
    let last = |test: &dyn Fn(&Event) -> bool| history.iter().rposition(test);
    let paused = last(&|event| matches!(event, Event::Paused { .. }));
    let waits = paused > last(&|event| matches!(event, Event::Retried { .. } | Event::Planned { .. }));
    let steps = plan.map_or(0, |plan| plan.steps.len());
    let stage = |index: usize| {
        if index >= steps {
            return None;
        }
        let mut stage = Stage::Open;
        for event in tail {
            match event {
                Event::Began { step, .. } if *step == index => stage = Stage::Begun,
                Event::Accepted { step } if *step == index => stage = Stage::Accepted,
                Event::Already { step } | Event::Confirmed { step, .. } if *step == index => {
                    stage = Stage::Done
                }
                Event::NoEffect { step, .. } if *step == index => stage = Stage::Fruitless,
                _ => {}
            }
        }
        Some(stage)
    };
    let turn = (0..steps).find(|index| stage(*index) != Some(Stage::Done));
    let under_way = turn.and_then(stage).is_some_and(|stage| matches!(stage, Stage::Begun | Stage::Accepted));
    let on_its_way = under_way && !waits;
    let closed = tail.iter().any(|event| matches!(event, Event::Declined { .. } | Event::Expired { .. }));
    let cancelled = history.iter().any(|event| matches!(event, Event::Cancelled { .. }));
    let digest = plan.and_then(Plan::digest);
    let answers = |of: &String| plan.is_some() && Some(of) == digest.as_ref() && !(plan.is_some() && closed);
    let approved: BTreeSet<&String> = tail
        .iter()
        .filter_map(|event| match event {
            Event::Approved { by, .. } => Some(by),
            _ => None,
        })
        .collect();
    match event {
        Event::Admitted { .. } => !history.iter().any(|event| matches!(event, Event::Admitted { .. })),
        Event::Planned { plan, digest, .. } => {
            let admitted = history.iter().any(|event| matches!(event, Event::Admitted { .. }));
            let again =
                tail.iter().any(|event| matches!(event, Event::Retried { .. } | Event::NoEffect { .. }));
            *digest == plan.digest() && admitted && !waits && (!on_its_way || again)
        }
        Event::Retried { .. } => !on_its_way,
        Event::Approved { by, digest } => answers(digest) && by != ADA && !approved.contains(by),
        Event::Declined { digest, .. } | Event::Expired { digest } => answers(digest),
        Event::Began { step, needs, .. } => {
            let one_shot =
                plan.and_then(|plan| plan.steps.get(*step)).is_some_and(|one| one.op.is_one_shot());
            let enough = needs.is_some_and(|needs| approved.len() >= usize::try_from(needs).unwrap());
            let may = match stage(*step) {
                Some(Stage::Open) => !cancelled && !closed,
                Some(Stage::Begun) => !one_shot,
                _ => false,
            };
            may && enough && !waits && turn == Some(*step)
        }
        Event::Accepted { step } => stage(*step) == Some(Stage::Begun),
        Event::Confirmed { step, .. } | Event::NoEffect { step, .. } => {
            matches!(stage(*step), Some(Stage::Begun | Stage::Accepted))
        }
        Event::Already { step } => turn == Some(*step) && stage(*step) == Some(Stage::Open),
        _ => true,
    }
}

fn list(count: usize) -> RepairList {
    let one = |n: usize| ListedRepair {
        subject: format!("a{n}"),
        query: format!("p{n}@acme.example"),
        digest: format!("sha256:{n}"),
    };
    RepairList::new((0..count).map(one).collect())
}

fn read(history: &[SweepEvent]) -> Option<&RepairList> {
    history.iter().find_map(|event| match event {
        SweepEvent::SweepSurveyed { list, .. } => Some(list),
        _ => None,
    })
}

/// All events that could be appended to a sweep, legal or not.
fn wanted_of_a_sweep(history: &[SweepEvent]) -> Vec<SweepEvent> {
    let mut all = vec![
        SweepEvent::SweepOpened { asked: asked(ADA), rule: "r".to_owned(), watch: None },
        SweepEvent::SweepProgress { accounts: 1, looks: 1, looked: 1 },
        SweepEvent::SweepJoined { by: GRACE.to_owned() },
        SweepEvent::SweepPaused { by: None, why: "w".into() },
        SweepEvent::SweepResumed { by: ADA.to_owned() },
        SweepEvent::SweepRepaired { begun: 1, restored: 1, skipped: 0, failed: 0 },
        SweepEvent::SweepDenied { by: ADA.to_owned(), what: "w".to_owned(), why: "w".into() },
        SweepEvent::SweepEnded { message: "s".into(), by: None },
    ];
    for count in [0, 3, 6] {
        all.push(SweepEvent::SweepSurveyed {
            tally: Tally::default(),
            unread: Vec::new(),
            list: list(count),
            approvals: 0,
            since: None,
            preview: RepairPreview::default(),
        });
    }
    for digest in
        [read(history).and_then(RepairList::digest).unwrap_or_default(), "sha256:another".to_owned()]
    {
        for rule in ["r", ""] {
            let (by, rule) = (asked(ADA), rule.to_owned());
            all.push(SweepEvent::SweepRequested { by, digest: digest.clone(), rule });
        }
        for by in [ADA, GRACE] {
            all.push(SweepEvent::SweepApproved { by: by.to_owned(), digest: digest.clone() });
        }
    }
    all
}

/// The rules of a sweep, computed from the entries.
fn sweep_allows(history: &[SweepEvent], event: &SweepEvent) -> bool {
    if history.iter().any(JournalEvent::is_end) {
        return matches!(event, SweepEvent::SweepDenied { .. });
    }
    let list = read(history);
    let last = |test: &dyn Fn(&SweepEvent) -> bool| history.iter().rposition(test);
    let requested = last(&|event| matches!(event, SweepEvent::SweepRequested { .. })).is_some();
    let approved = last(&|event| matches!(event, SweepEvent::SweepApproved { .. })).is_some();
    let paused = last(&|event| matches!(event, SweepEvent::SweepPaused { .. }))
        > last(&|event| matches!(event, SweepEvent::SweepResumed { .. }));
    let needs = list.is_some_and(|list| list.repairs().len() > 5);
    let repairs = requested && (approved || !needs);
    let this = |digest: &String| list.and_then(RepairList::digest).as_ref() == Some(digest);
    match event {
        SweepEvent::SweepOpened { .. } => history.is_empty(),
        SweepEvent::SweepProgress { .. }
        | SweepEvent::SweepJoined { .. }
        | SweepEvent::SweepSurveyed { .. } => list.is_none(),
        SweepEvent::SweepRequested { digest, rule, .. } => !requested && this(digest) && !rule.is_empty(),
        SweepEvent::SweepApproved { by, digest } => requested && !approved && by != ADA && this(digest),
        SweepEvent::SweepRepaired { .. } | SweepEvent::SweepPaused { .. } => repairs && !paused,
        SweepEvent::SweepResumed { .. } => paused,
        SweepEvent::SweepDenied { .. } | SweepEvent::SweepEnded { .. } => true,
    }
}

async fn journal() -> Journal {
    Journal::new(Store::open("sqlite::memory:").await.unwrap())
}

fn wait(work: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_illegal_is_written_to_a_run(dice in prop::collection::vec(any::<u8>(), 0..40)) {
        wait(async {
            let (journal, diagnosis) = (journal().await, diagnose(&healthy()));
            journal.open("r".to_owned(), "k".to_owned(), asked(ADA), Timestamp::UNIX_EPOCH).await.unwrap();
            let wanted = |history: &[Event]| wanted_of_a_run(&diagnosis, history);
            walk::<Run>("r", &journal, &dice, wanted, run_allows).await;
        });
    }

    #[test]
    fn nothing_illegal_is_written_to_a_sweep(dice in prop::collection::vec(any::<u8>(), 0..40)) {
        wait(async {
            let (journal, rule) = (journal().await, "r".to_owned());
            let opened = journal.open_sweep("s".to_owned(), "k".to_owned(), asked(ADA), rule, Timestamp::UNIX_EPOCH);
            opened.await.unwrap();
            walk::<Sweep>("s", &journal, &dice, wanted_of_a_sweep, sweep_allows).await;
        });
    }
}
