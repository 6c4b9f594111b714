//! Reasons in entries: what is written is read again, and entries of version 1 keep their text.

use serde_json::json;

use crate::run::{EndMessage, EndReason, PauseDetail, PauseMessage, PauseReason};
use crate::sweep::SweepEvent;
use crate::{Event, Outcome, Source};

fn end_reasons() -> Vec<EndReason> {
    let run = "r".to_owned();
    vec![
        EndReason::CommandOverdue,
        EndReason::RepairOverdue,
        EndReason::SweepOverdue,
        EndReason::PersonBusy { run: run.clone() },
        EndReason::TenantBusy { run },
        EndReason::EarlierRunUnreadable,
        EndReason::NoAccountLeftOver,
        EndReason::TooManyPlans,
        EndReason::NotApproved,
        EndReason::ApprovalOver,
        EndReason::Declined { why: String::new() },
        EndReason::Declined { why: "w".to_owned() },
        EndReason::Stopped,
        EndReason::StoppedForUndo,
        EndReason::AccountChanged,
        EndReason::ListedPlanInsufficient,
        EndReason::Undone,
        EndReason::NothingToUndo,
        EndReason::Retired,
        EndReason::NotRetired,
        EndReason::Restored { groups: 2 },
        EndReason::NothingToDo,
        EndReason::CannotTell,
        EndReason::Advice,
        EndReason::NothingToRepair,
        EndReason::NotRequested,
        EndReason::ListNotApproved,
        EndReason::ListDeclined,
        EndReason::ListExpired,
        EndReason::RequesterNotOperator,
        EndReason::Repaired { begun: 4, restored: 1, skipped: 2, failed: 1 },
        EndReason::ReadingStopped,
        EndReason::OfferStopped,
        EndReason::RepairsStopped,
    ]
}

fn pause_details() -> Vec<PauseDetail> {
    vec![
        PauseDetail::Unexpected { expected: json!({ "a": [1, null] }), found: json!(false) },
        PauseDetail::Unread { sources: vec![Source::Groups, Source::Users] },
        PauseDetail::MaybeSent,
        PauseDetail::TooLateToSend,
        PauseDetail::NotShown,
        PauseDetail::NotProvisioned,
        PauseDetail::NotShownWithin { hours: 26 },
        PauseDetail::RateLimited,
        PauseDetail::CapReached { used: 20, limit: 20 },
        PauseDetail::RepairsFailed { failed: 2, ended: 7 },
        PauseDetail::PausedByPerson,
    ]
}

/// An entry as it is written, after it was read again.
fn written<E: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(
    event: &E,
) -> serde_json::Value {
    let text = serde_json::to_string(event).unwrap();
    assert_eq!(serde_json::from_str::<E>(&text).unwrap(), *event, "{text}");
    serde_json::from_str(&text).unwrap()
}

#[test]
fn every_reason_is_read_as_it_was_written_and_no_text_is_written_beside_it() {
    for reason in end_reasons() {
        let message = EndMessage::from(reason);
        let run = written(&Event::Ended { outcome: Outcome::Advice, message: message.clone() });
        let sweep = written(&SweepEvent::SweepEnded { message, by: Some("U".to_owned()) });
        for entry in [run, sweep] {
            assert!(entry["reason"]["kind"].is_string() && entry.get("says").is_none(), "{entry}");
        }
    }
    for detail in pause_details() {
        let why = PauseMessage::from(detail);
        let halt = PauseReason::Unconfirmed;
        let run = written(&Event::Paused { step: Some(1), halt, why: why.clone() });
        let step = written(&Event::NoEffect { step: 1, why: why.clone() });
        let sweep = written(&SweepEvent::SweepPaused { by: None, why });
        for entry in [run, step, sweep] {
            assert!(entry["reason"]["kind"].is_string() && entry.get("why").is_none(), "{entry}");
        }
    }
}

#[test]
fn the_tags_of_reasons_are_those_of_the_journal() {
    let message = EndReason::PersonBusy { run: "r1".to_owned() }.into();
    let entry = written(&Event::Ended { outcome: Outcome::Busy, message });
    let expected =
        json!({ "kind": "ended", "outcome": "busy", "reason": { "kind": "person-busy", "run": "r1" } });
    assert_eq!(entry, expected);
    let why = PauseDetail::CapReached { used: 3, limit: 4 }.into();
    let entry = written(&Event::Paused { step: Some(0), halt: PauseReason::Cap, why });
    let reason = json!({ "kind": "cap-reached", "used": 3, "limit": 4 });
    assert_eq!(entry, json!({ "kind": "paused", "step": 0, "halt": "cap", "reason": reason }));
}

#[test]
fn entries_of_version_1_keep_their_text() {
    let read = |text: &str| serde_json::from_str::<Event>(text).unwrap();
    let ended = read(r#"{"kind":"ended","outcome":"advice","says":"The advice says where and how."}"#);
    let message = "The advice says where and how.".into();
    assert_eq!(ended, Event::Ended { outcome: Outcome::Advice, message });
    let paused = read(r#"{"kind":"paused","step":null,"halt":"changed","why":"it was so"}"#);
    assert_eq!(paused, Event::Paused { step: None, halt: PauseReason::Changed, why: "it was so".into() });
    let fruitless = read(r#"{"kind":"no-effect","step":2,"why":"it was so"}"#);
    assert_eq!(fruitless, Event::NoEffect { step: 2, why: "it was so".into() });
    let read = |text: &str| serde_json::from_str::<SweepEvent>(text).unwrap();
    let ended = read(r#"{"kind":"sweep-ended","says":"It is over."}"#);
    assert_eq!(ended, SweepEvent::SweepEnded { message: "It is over.".into(), by: None });
    let paused = read(r#"{"kind":"sweep-paused","by":null,"why":"2 of 5"}"#);
    assert_eq!(paused, SweepEvent::SweepPaused { by: None, why: "2 of 5".into() });
    // What is written of them is what stood there.
    assert_eq!(written(&paused), json!({ "kind": "sweep-paused", "by": null, "why": "2 of 5" }));
    assert!(serde_json::from_str::<Event>(r#"{"kind":"ended","outcome":"advice"}"#).is_err());
}
