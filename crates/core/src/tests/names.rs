//! Names that are written down: what the journal, the metrics and JSON hold must be the same word as the program uses.

use serde_json::{Value, json};

use super::build::{A1, JANE, MAIL, at, healthy, record_id};
use super::run::{made, planned};
use crate::access::{Denied, Role};
use crate::fold::Kind;
use crate::plan::short;
use crate::run::PauseReason;
use crate::subject::{Subject, Who, name_of};
use crate::{Event, Op, Outcome, Run, Verdict, diagnose};
use crate::{Fold as _, run::begun};

/// The word that JSON has for a value.
fn word(value: impl serde::Serialize) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
}

#[test]
fn a_name_is_the_word_that_json_has() {
    let outcomes = [
        Outcome::Healthy,
        Outcome::Restored,
        Outcome::Done,
        Outcome::Advice,
        Outcome::CannotTell,
        Outcome::Refused,
        Outcome::Busy,
        Outcome::Declined,
        Outcome::Expired,
        Outcome::Cancelled,
        Outcome::Skipped,
    ];
    for outcome in outcomes {
        assert_eq!(outcome.word(), word(outcome));
    }
    for verdict in [Verdict::Healthy, Verdict::Broken, Verdict::CannotTell] {
        assert_eq!(verdict.word(), word(verdict));
    }
    for op in super::upper::kinds() {
        assert_eq!(serde_json::to_value(&op).unwrap()["action"], op.action());
        assert_eq!(op.risk().word(), word(op.risk()));
    }
}

fn events() -> Vec<(Event, Value)> {
    let plan = made(&[2], 1);
    let digest = plan.digest().unwrap();
    let (by, why) = ("U-DAN".to_owned(), "w".to_owned());
    let who = Who::Email(MAIL.to_owned());
    let planned = planned(&diagnose(&healthy()), plan);
    let facts = json!({
        "digest": digest, "verdict": "healthy", "causes": [], "blocking": [], "steps": ["unlink-record"],
        "risks": ["disruptive"],
    });
    let about = json!({"digest": digest});
    let step = json!({"step": 0});
    vec![
        (super::run::asked("U-DAN"), json!({"goal": "repair"})),
        (Event::Admitted { rule: "r".to_owned(), who }, json!({})),
        (planned, facts),
        (Event::Approved { by: by.clone(), digest: digest.clone() }, about.clone()),
        (Event::Declined { by: by.clone(), digest: digest.clone() }, about.clone()),
        (Event::Expired { digest }, about),
        (Event::Cancelled { by: by.clone() }, json!({})),
        (Event::Snapshot { step: 0, was: json!(MAIL) }, step.clone()),
        (Event::Began { step: 0, before: json!(MAIL), needs: Some(1) }, json!({"step": 0, "needs": 1})),
        (Event::Accepted { step: 0 }, step.clone()),
        (Event::Already { step: 0 }, step.clone()),
        (Event::Confirmed { step: 0, after: json!(MAIL) }, step.clone()),
        (Event::NoEffect { step: 0, why: "w".into() }, step),
        (
            Event::Paused { step: Some(0), halt: PauseReason::Changed, why: "w".into() },
            json!({"step": 0, "halt": PauseReason::Changed}),
        ),
        (Event::Retried { by: by.clone() }, json!({})),
        (Event::Denied { by, what: why.clone(), why }, json!({})),
        (Event::Ended { outcome: Outcome::Done, message: "m".into() }, json!({"outcome": "done"})),
    ]
}

#[test]
fn an_entry_has_the_kind_that_json_has_and_keeps_no_personal_value_forever() {
    use crate::fold::JournalEvent;
    for (event, facts) in events() {
        assert_eq!(serde_json::to_value(&event).unwrap()["kind"], event.kind());
        assert_eq!(JournalEvent::kind(&event), event.kind());
        assert_eq!(JournalEvent::facts(&event), facts, "{}", event.kind());
        let ended = matches!(event, Event::Ended { .. });
        assert_eq!(event.is_end(), ended, "{}", event.kind());
        assert_eq!(event.outcome(), ended.then_some(Outcome::Done));
        let kept = JournalEvent::facts(&event).to_string();
        assert!(!kept.contains(MAIL) && !kept.contains("U-DAN"), "{kept}");
    }
}

#[test]
fn the_first_entry_shows_what_a_journal_is_about() {
    assert_eq!((Kind::of("opened"), Kind::of("sweep-opened")), (Some(Kind::Run), Some(Kind::Sweep)));
    assert_eq!((Kind::of("planned"), Kind::of("")), (None, None));
    assert_eq!(format!("{}, {}", Kind::Run, Kind::Sweep), "a run, a sweep");
    let mut run = Run::default();
    let illegal = run.apply(1, at(0), &Event::Accepted { step: 0 }).unwrap_err();
    assert_eq!(
        illegal.to_string(),
        "entry 1 (accepted) cannot stand there: a run begins with its opening, once"
    );
}

#[test]
fn what_a_run_began_is_listed_once_in_order_and_under_the_plan_of_its_time() {
    let plan = |kinds: &[u8]| planned(&diagnose(&healthy()), made(kinds, 1));
    let began = |step| Event::Began { step, before: json!(1), needs: Some(0) };
    let events =
        [plan(&[0, 1]), began(1), began(1), Event::Already { step: 0 }, plan(&[2, 1]), began(0), began(1)];
    let ops = begun(&events);
    assert_eq!(ops.iter().map(Op::action).collect::<Vec<_>>(), ["restore-access", "unlink-record"]);
}

#[test]
fn a_refusal_about_the_plan_is_not_one_about_the_role() {
    let about_the_plan = [
        Denied::OwnRequest,
        Denied::OwnAccount,
        Denied::OwnUnreadable,
        Denied::OwnNobody,
        Denied::SamePerson,
        Denied::SameUnreadable,
        Denied::AlreadyAsAnother,
        Denied::Already,
    ];
    let about_the_person = [
        Denied::Stranger,
        Denied::Guest,
        Denied::Deactivated,
        Denied::Bot,
        Denied::AskAgain,
        Denied::Missing(Role::Approver),
    ];
    assert!(about_the_plan.into_iter().all(Denied::is_about_the_plan));
    assert!(!about_the_person.into_iter().any(Denied::is_about_the_plan));
    assert_eq!(Denied::Missing(Role::Approver).missing_role(), Some(Role::Approver));
    assert_eq!(Denied::AskAgain.missing_role(), None);
}

#[test]
fn a_person_is_found_again_by_every_name_and_claimed_by_every_id() {
    let email = Who::Email(" Jane@ACME.example".to_owned());
    assert_eq!(name_of(&email), format!("address:{MAIL}"));
    assert_eq!(name_of(&Who::Account(A1.to_owned())), format!("account:{A1}"));
    let mut subject = Subject::asked(email);
    subject.person = Some(JANE.to_owned());
    subject.accounts.insert(A1.to_owned());
    subject.records.insert(record_id("r1"));
    let ids = [format!("idp:{JANE}"), format!("account:{A1}"), "record:directory-1:r1".to_owned()];
    assert_eq!(subject.claims(), ids);
    assert_eq!(subject.names(), [&ids[..], &[format!("address:{MAIL}")]].concat());
    assert_eq!(Subject::asked(Who::Account(A1.to_owned())).claims(), [format!("account:{A1}")]);
}

#[test]
fn the_limits_of_what_names_a_person_are_exact() {
    let address = |length: usize| format!("{}@acme.example", "j".repeat(length - 13));
    assert!(matches!(Who::parse(&address(254)), Ok(Who::Email(_))));
    Who::parse(&address(255)).unwrap_err();
    let old = |length| "5".repeat(length);
    assert!(matches!(Who::parse(&old(20)), Ok(Who::Account(_))));
    Who::parse(&old(19)).unwrap_err();
    assert!(matches!(Who::parse(&old(128)), Ok(Who::Account(_))));
    Who::parse(&old(129)).unwrap_err();
}

#[test]
fn people_compare_the_first_eight_characters_of_a_digest() {
    assert_eq!(short("sha256:0123456789abcdef"), "01234567");
    assert_eq!(short("0123456789abcdef"), "01234567");
    assert_eq!(short("0123"), "0123");
    assert!(!made(&[0, 4], 1).is_tenant_wide());
}
