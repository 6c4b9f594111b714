//! What the fold of a sweep keeps for its cards, and what its results name.

use super::tests::{at, by, fold, repairs, surveyed};
use super::*;
use crate::Rules;
use crate::fold::JournalEvent as _;
use crate::tests::build::drifted;
use crate::watch::{Feed, WatchReason, Watched};
use crate::{diagnose, plan};

fn opened(reason: Option<WatchReason>) -> SweepEvent {
    let watch = reason.map(|reason| Watched { reason, unread: Vec::new() });
    SweepEvent::SweepOpened { asked: by("U0ADA"), rule: "users".to_owned(), watch }
}

#[test]
fn only_a_sweep_about_losses_is_limited_and_joined_by_nobody() {
    let sweep = |reason| fold(&[opened(reason)]).unwrap();
    let lost = WatchReason::Lost { faults: Vec::new(), actions: Vec::new() };
    for (reason, is_limited) in [
        (None, false),
        (Some(WatchReason::Gap { feeds: vec![Feed::Users] }), false),
        (Some(WatchReason::Storm { people: 73 }), false),
        (Some(lost), true),
    ] {
        let sweep = sweep(reason);
        assert_eq!((sweep.is_limited(), sweep.is_reading(at(2))), (is_limited, !is_limited), "{sweep:?}");
    }
}

#[test]
fn a_card_knows_when_the_repairs_were_asked_for_paused_and_ended() {
    let digest = repairs(3).digest().unwrap();
    let requested = SweepEvent::SweepRequested { by: by("U0ADA"), digest, rule: "users".to_owned() };
    let paused = SweepEvent::SweepPaused { by: Some("U0ADA".to_owned()), why: "w".into() };
    let resumed = SweepEvent::SweepResumed { by: "U0ADA".to_owned() };
    let ended = SweepEvent::SweepEnded { message: "m".into(), by: None };
    // The entries are one second apart.
    let all = [opened(None), surveyed(3), requested, paused, resumed, ended];
    let after = |count: usize| fold(&all[..count]).unwrap();
    assert_eq!((after(2).requested_entry, after(3).requested_entry), (None, Some(3)));
    let pauses = [3, 4, 5].map(|count| after(count).paused_at);
    assert_eq!(pauses, [None, Some(at(4)), None]);
    assert_eq!((after(5).ended_at, after(6).ended_at), (None, Some(at(6))));
    assert!(all.iter().all(|event| event.outcome().is_none()), "only runs have outcomes");
}

#[test]
fn a_finding_names_the_groups_in_which_its_plan_provisions_the_person() {
    let diagnosis = diagnose(&drifted());
    let rules = Rules::default();
    let plan = plan(&drifted(), &diagnosis, &rules, &[]);
    let found = SweepFinding::of("jane@acme.example", &diagnosis, &plan, &rules);
    assert_eq!(
        (found.steps, found.groups),
        (vec!["provision-membership".to_owned()], vec!["wiki-users".to_owned()])
    );
}
