//! The rules of a sweep's journal and of its results, one by one.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::evidence::Read;
use crate::finding::Verdict;
use crate::fold::{Fold as _, JournalEvent};
use crate::rules::{Approvers, Rules};
use crate::run::{Goal, Limits, Request, Requester};
use crate::tests::build::{drifted, healthy, value};
use crate::{Cause, Risk, diagnose, plan};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

const LIMITS: Limits =
    Limits { expire_after: Duration::from_secs(3600), start_within: Duration::from_secs(900) };

fn by(id: &str) -> Request {
    Request {
        by: Requester::with_id(id),
        channel: "C1".to_owned(),
        text: "sweep".to_owned(),
        response_url: None,
        aim: Goal::default(),
        helps: None,
    }
}

fn repairs(count: usize) -> RepairList {
    let one = |n: usize| ListedRepair {
        subject: format!("a{n}"),
        query: format!("p{n}@acme.example"),
        digest: format!("sha256:{n}"),
    };
    RepairList::new((0..count).map(one).collect())
}

fn opened(who: &str) -> SweepEvent {
    SweepEvent::SweepOpened { asked: by(who), rule: "users".to_owned(), watch: None }
}

fn progress() -> SweepEvent {
    SweepEvent::SweepProgress { accounts: 3, looks: 2, looked: 1 }
}

fn surveyed(count: usize) -> SweepEvent {
    let tally = Tally::default();
    SweepEvent::SweepSurveyed {
        tally,
        unread: Vec::new(),
        list: repairs(count),
        approvals: 0,
        since: None,
        preview: RepairPreview::default(),
    }
}

fn requested(who: &str, count: usize) -> SweepEvent {
    let digest = repairs(count).digest().unwrap();
    SweepEvent::SweepRequested { by: by(who), digest, rule: "users".to_owned() }
}

fn approved(who: &str, count: usize) -> SweepEvent {
    SweepEvent::SweepApproved { by: who.to_owned(), digest: repairs(count).digest().unwrap() }
}

fn paused() -> SweepEvent {
    SweepEvent::SweepPaused { by: Some("U0ADA".to_owned()), why: "w".into() }
}

fn resumed() -> SweepEvent {
    SweepEvent::SweepResumed { by: "U0ADA".to_owned() }
}

fn repaired(failed: u64) -> SweepEvent {
    SweepEvent::SweepRepaired { begun: 4, restored: 1, skipped: 2, failed }
}

fn ended() -> SweepEvent {
    SweepEvent::SweepEnded { message: "m".into(), by: Some("U0ADA".to_owned()) }
}

/// The entries, one second apart.
fn fold(events: &[SweepEvent]) -> Result<Sweep, crate::Illegal> {
    Sweep::fold((1_i64..).zip(events).map(|(seq, event)| (seq, at(seq), event)))
}

/// Why the last entry may not follow the others. Empty if it may.
fn refusal(events: &[SweepEvent]) -> &'static str {
    let (_, before) = events.split_last().unwrap();
    fold(before).unwrap();
    fold(events).map_or_else(|illegal| illegal.why, |_| "")
}

#[test]
fn each_entry_of_a_sweep_has_its_place() {
    let ada = || opened("U0ADA");
    let asked = || vec![ada(), surveyed(6), requested("U0ADA", 6)];
    let ready = || [asked(), vec![approved("U0GRACE", 6)]].concat();
    let then = |before: Vec<SweepEvent>, more: &[SweepEvent]| refusal(&[&before[..], more].concat());
    assert_eq!(refusal(&[progress()]), "a sweep begins with its opening, once");
    assert_eq!(then(vec![ada()], &[ada()]), "a sweep begins with its opening, once");
    assert_eq!(then(vec![ada()], &[progress()]), "");
    assert_eq!(then(vec![ada(), surveyed(6)], &[progress()]), "everything was read before");
    assert_eq!(then(vec![ada(), surveyed(6)], &[surveyed(6)]), "everything was read before");
    assert_eq!(then(vec![ada(), surveyed(6)], &[approved("U0GRACE", 6)]), "nobody asked for the repairs");
    assert_eq!(then(vec![ada(), surveyed(6)], &[requested("U0ADA", 5)]), "it is about another list");
    assert_eq!(then(asked(), &[requested("U0ADA", 6)]), "the repairs were asked for before");
    assert_eq!(then(asked(), &[approved("U0GRACE", 5)]), "it is about another list");
    assert_eq!(then(asked(), &[approved("U0ADA", 6)]), "nobody approves their own request");
    assert_eq!(then(asked(), &[repaired(0)]), "nothing was approved");
    assert_eq!(then(ready(), &[approved("U0HOPPER", 6)]), "the list was approved before");
    assert_eq!(then(ready(), &[repaired(0)]), "");
    assert_eq!(then(ready(), &[resumed()]), "the repairs do not stand still");
    assert_eq!(then(ready(), &[paused(), paused()]), "the repairs stand still");
    assert_eq!(then(ready(), &[paused(), repaired(0)]), "the repairs stand still");
    assert_eq!(then(ready(), &[paused(), resumed(), repaired(0)]), "");
    assert_eq!(then(ready(), &[ended(), repaired(0)]), "the sweep has ended");
    let denied =
        SweepEvent::SweepDenied { by: "U0EVE".to_owned(), what: "w".to_owned(), why: "w".to_owned() };
    assert_eq!(then(ready(), &[ended(), denied]), "");
    let mut sweep = fold(&[ada()]).unwrap();
    assert_eq!(sweep.apply(3, at(3), &progress()).unwrap_err().why, "its number does not follow");
    assert_eq!((Sweep::default().seq(), sweep.seq()), (0, 1));
}

#[test]
fn a_new_request_says_by_which_rule_it_is_allowed() {
    let sweep = fold(&[opened("U0ADA"), surveyed(6)]).unwrap();
    sweep.may_append(&requested("U0ADA", 6)).unwrap();
    let digest = repairs(6).digest().unwrap();
    let without = SweepEvent::SweepRequested { by: by("U0ADA"), digest, rule: String::new() };
    assert!(sweep.may_append(&without).unwrap_err().why.contains("by which rule"));
    fold(&[opened("U0ADA"), surveyed(6), without]).unwrap();
}

#[test]
fn a_sweep_remembers_its_counts_its_pauses_and_its_end() {
    let mut events =
        vec![opened("U0ADA"), progress(), surveyed(6), requested("U0BOB", 6), approved("U0GRACE", 6)];
    events.extend([repaired(3), paused()]);
    let sweep = fold(&events).unwrap();
    assert_eq!((sweep.opened_at, sweep.progress), (Some(at(1)), Some((at(2), [3, 2, 1]))));
    let counts = RepairCounts { begun: 4, restored: 1, skipped: 2, failed: 3 };
    assert_eq!(sweep.repaired, Some((at(6), counts)));
    assert_eq!((sweep.pauses, sweep.paused_by.as_deref(), sweep.forgiven), (1, Some("U0ADA"), 0));
    events.extend([resumed()]);
    let sweep = fold(&events).unwrap();
    assert_eq!((sweep.pauses, sweep.paused_by.as_deref(), sweep.forgiven), (1, None, 3));
    events.extend([paused(), ended()]);
    let sweep = fold(&events).unwrap();
    assert_eq!((sweep.pauses, sweep.ended_by.as_deref()), (2, Some("U0ADA")));
    assert!(sweep.ended.is_some());
    assert_eq!(sweep.next(at(99), &LIMITS), SweepNext::Nothing);
    assert_eq!(Sweep::default().next(at(99), &LIMITS), SweepNext::Nothing);
}

#[test]
fn a_sweep_is_stopped_by_the_person_who_asked_last() {
    let requester =
        |events: &[SweepEvent]| fold(events).unwrap().requester().map(|asked| asked.by.id.clone());
    assert_eq!(requester(&[opened("U0ADA")]).as_deref(), Some("U0ADA"));
    assert_eq!(requester(&[opened("")]), None, "a scheduled sweep");
    let asked = [opened(""), surveyed(6), requested("U0BOB", 6)];
    assert_eq!(requester(&asked).as_deref(), Some("U0BOB"));
}

#[test]
fn the_times_of_a_sweep_are_exact() {
    const DAY: i64 = 24 * 3600;
    let next = |events: &[SweepEvent], second| fold(events).unwrap().next(at(second), &LIMITS);
    let mut events = vec![opened("U0ADA"), surveyed(6)];
    assert!(matches!(next(&events, 2 + DAY - 1), SweepNext::AwaitRequest(_)));
    assert!(matches!(next(&events, 2 + DAY), SweepNext::End(_)));
    events.push(requested("U0ADA", 6));
    assert!(matches!(next(&events, 3 + 3599), SweepNext::AwaitApproval(_)));
    assert!(matches!(next(&events, 3 + 3600), SweepNext::End(_)));
    let waits = fold(&events).unwrap();
    let digest = repairs(6).digest().unwrap();
    assert!(waits.awaits(&digest, at(9), &LIMITS) && !waits.awaits("sha256:other", at(9), &LIMITS));
    assert!(!waits.awaits(&digest, at(3 + 3600), &LIMITS));
    events.push(approved("U0GRACE", 6));
    assert_eq!(next(&events, 4 + DAY - 1), SweepNext::Repair);
    assert!(matches!(next(&events, 4 + DAY), SweepNext::End(_)));
    // A command is carried out within 15 minutes. A scheduled sweep is no command, and one that has begun goes on.
    let overdue = |events: &[SweepEvent], second| fold(events).unwrap().is_overdue(at(second));
    assert!(!overdue(&[opened("U0ADA")], 901) && overdue(&[opened("U0ADA")], 902));
    assert!(!overdue(&[opened("")], DAY));
    for event in [progress(), surveyed(6), ended()] {
        assert!(!overdue(&[opened("U0ADA"), event], DAY));
    }
    assert!(!Sweep::default().is_overdue(at(DAY)));
}

#[test]
fn an_entry_of_a_sweep_has_the_kind_that_json_has_and_names_nobody_forever() {
    let digest = repairs(6).digest().unwrap();
    let denied =
        SweepEvent::SweepDenied { by: "U0EVE".to_owned(), what: "w".to_owned(), why: "w".to_owned() };
    let list = json!({"tally": Tally::default(), "digest": digest, "repairs": 6});
    let counts = json!({"begun": 4, "restored": 1, "skipped": 2, "failed": 3});
    let all = [
        (opened("U0ADA"), json!({})),
        (progress(), json!({})),
        (surveyed(6), list),
        (requested("U0ADA", 6), json!({"digest": digest})),
        (approved("U0GRACE", 6), json!({"digest": digest})),
        (paused(), json!({})),
        (resumed(), json!({})),
        (repaired(3), counts),
        (denied, json!({})),
        (ended(), json!({})),
    ];
    for (event, facts) in all {
        assert_eq!(serde_json::to_value(&event).unwrap()["kind"], event.kind());
        assert_eq!((JournalEvent::kind(&event), event.facts()), (event.kind(), facts));
        assert_eq!(event.is_end(), event.kind() == "sweep-ended");
        assert_eq!(event.outcome(), None);
    }
}

#[test]
fn a_finding_is_the_summary_of_its_diagnosis() {
    let of = |e: &crate::Evidence, rules: &Rules| {
        let diagnosis = diagnose(e);
        let plan = plan(e, &diagnosis, rules, &[]);
        SweepFinding::of("jane@acme.example", &diagnosis, &plan, rules)
    };
    let found = of(&drifted(), &Rules::default());
    assert_eq!((found.verdict, found.missing, found.unread), (Verdict::Broken, Some(1), false));
    assert_eq!((&found.causes[..], found.risk), (&[Cause::MembershipDrift][..], Some(Risk::Harmless)));
    assert!(!found.needs_approval);
    let listed = found.harmless().unwrap();
    assert_eq!((listed.subject.as_str(), Some(listed.digest)), (crate::tests::build::A1, found.digest));
    // With a gap, an approver decides, so it is not on the list.
    let mut unread = drifted();
    unread.log = Read::Gap("503".into());
    let found = of(&unread, &Rules::default());
    assert!(found.unread && found.needs_approval && found.harmless().is_none());
    let nobody_approves = Rules { disruptive: Approvers::Count(0), ..Rules::default() };
    assert!(!of(&unread, &nobody_approves).needs_approval);
    // A group that grants nothing is advice, and a sweep does not count it.
    let mut grants_nothing = healthy();
    grants_nothing.group_roles.values_mut().for_each(|roles| *roles = Read::seen(at(0), Vec::new()));
    assert!(diagnose(&grants_nothing).found(Cause::GroupWithoutRole));
    assert!(of(&grants_nothing, &Rules::default()).causes.is_empty());
    let mut blocked = grants_nothing;
    blocked.roles.values_mut().for_each(|roles| value(roles).clear());
    assert_eq!(of(&blocked, &Rules::default()).causes, [Cause::GroupWithoutRole]);
    let mut nameless = of(&drifted(), &Rules::default());
    nameless.account = None;
    assert_eq!(Some(nameless.subject()), nameless.person.as_deref());
    nameless.person = None;
    assert_eq!(nameless.subject(), "jane@acme.example");
}

#[test]
fn every_account_is_counted_once() {
    let finding = |verdict: Verdict, unread: bool| {
        let diagnosis = diagnose(&drifted());
        let plan = plan(&drifted(), &diagnosis, &Rules::default(), &[]);
        let found = SweepFinding::of("q", &diagnosis, &plan, &Rules::default());
        SweepFinding { verdict, unread, ..found }
    };
    let mut tally = Tally::default();
    tally.healthy();
    tally.beside();
    for verdict in [Verdict::Healthy, Verdict::Broken, Verdict::CannotTell, Verdict::CannotTell] {
        tally.found(&finding(verdict, verdict == Verdict::CannotTell));
    }
    let counts = (tally.accounts, tally.healthy, tally.broken, tally.cannot_tell, tally.unread);
    assert_eq!(counts, (6, 2, 1, 2, 2));
}

#[test]
fn an_account_that_is_listed_twice_is_repaired_once() {
    let [one, two] = ["sha256:1", "sha256:2"].map(|digest| ListedRepair {
        subject: "a1".to_owned(),
        query: "jane@acme.example".to_owned(),
        digest: digest.to_owned(),
    });
    assert_eq!(RepairList::new(vec![one, two]).repairs().len(), 1);
}

#[test]
fn a_sweep_is_joined_while_it_reads_and_not_later() {
    let joined = |who: &str| SweepEvent::SweepJoined { by: who.to_owned() };
    let read = fold(&[opened("U0ADA"), joined("U0VERA"), progress(), joined("U0VERA")]).unwrap();
    assert_eq!(read.joined.iter().collect::<Vec<_>>(), ["U0VERA"]);
    assert!(read.is_reading(at(9)));
    assert!(fold(&[opened("U0ADA"), surveyed(1), joined("U0VERA")]).is_err());
    assert!(!fold(&[opened("U0ADA"), surveyed(1)]).unwrap().is_reading(at(9)));
    assert!(!fold(&[opened("U0ADA"), ended()]).unwrap().is_reading(at(9)));
    // A command that nobody has carried out for 15 minutes ends without a result, so nobody may wait for it.
    assert!(!fold(&[opened("U0ADA")]).unwrap().is_reading(at(1000)));
}
