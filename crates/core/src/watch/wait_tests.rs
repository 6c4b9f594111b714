//! How long a look waits for a cycle of the job, and which feeds report what no cycle has carried yet.

use super::*;
use crate::diagnose;
use crate::evidence::{Job, Read};
use crate::finding::{Cause, Fact, Finding, Verdict};
use crate::tests::build::{at, healthy};
use crate::{Diagnosis, Source};

const MINUTE: i64 = 60;

/// A job whose last cycle began and ended in these minutes.
fn job(began: Option<i64>, ended: Option<i64>) -> Read<Job> {
    let minute = |minute: Option<i64>| minute.map(|minute| at(minute * MINUTE));
    Read::seen(at(0), Job { cycle_began: minute(began), last_cycle: minute(ended), ..Job::default() })
}

/// The change is at minute 0.
fn named(only_at_source: bool) -> Named {
    Named { changed_at: at(0), only_at_source, looks: 0 }
}

#[test]
fn a_look_waits_only_while_a_cycle_is_known_to_be_missing() {
    let before = || job(Some(-60), Some(-50));
    let cases = [
        (true, before(), 300, true, "no cycle has begun since the change"),
        (false, before(), 300, false, "Atlassian reports the person too"),
        (true, job(Some(1), Some(30)), 44, true, "what the cycle did may not be visible"),
        (true, job(Some(1), Some(30)), 45, false, "the cycle has served the person"),
        (true, job(Some(1), None), 300, false, "it is unknown whether the cycle has ended"),
        (true, job(None, Some(30)), 300, false, "it is unknown when the cycle began"),
        (true, job(None, None), 300, false, "the job shows no cycle"),
        (true, Read::Gap("503".into()), 300, false, "the job could not be read"),
        (true, Read::NotAsked, 300, false, "the job was not read"),
    ];
    for (only_at_source, job, now, waits, why) in cases {
        assert_eq!(is_too_early(&job, &named(only_at_source), at(now * MINUTE)), waits, "{why}");
    }
}

#[test]
fn a_joiner_is_not_called_lost_before_a_cycle_that_began_after_the_change() {
    let fact = Fact { source: Source::Users, message: "a fact".into(), seen_at: at(0) };
    let finding = Finding { blocking: true, ..Finding::new(Cause::NeverProvisioned, fact) };
    let joiner = Diagnosis { verdict: Verdict::Broken, findings: vec![finding], ..diagnose(&healthy()) };
    let cases = [
        (job(None, None), "there was no cycle"),
        (job(Some(1), None), "the cycle has not ended"),
        (job(Some(0), Some(30)), "the cycle may have read the person before the change"),
    ];
    for (job, why) in cases {
        let judgement = judge(&joiner, &job, &[], &named(false), at(300 * MINUTE));
        assert_eq!(judgement, Judgement::Joining, "{why}");
    }
}

/// The store and the metrics keep these words.
#[test]
fn every_feed_has_its_word_and_only_those_of_entra_are_ahead_of_the_job() {
    let all = Feed::ALL.map(|feed| (feed.word(), feed.is_at_source()));
    assert_eq!(all, [("users", true), ("groups", true), ("provisioning-log", false), ("events", false)]);
    for feed in Feed::ALL {
        assert_eq!(serde_json::to_value(feed).unwrap(), feed.word());
    }
}

#[test]
fn only_a_loss_limits_a_sweep_to_the_people_whom_the_watch_has_looked_at() {
    let is_limited = |reason| Watched { reason, unread: Vec::new() }.is_limited();
    assert!(is_limited(WatchReason::Lost { faults: Vec::new(), actions: Vec::new() }));
    assert!(!is_limited(WatchReason::Storm { people: 73 }));
    assert!(!is_limited(WatchReason::Gap { feeds: vec![Feed::Users] }));
}

/// It may hold a token of the service.
#[test]
fn the_place_of_a_feed_is_never_written_to_a_log() {
    assert_eq!(format!("{:?}", Place("https://graph/$deltatoken=x".to_owned())), "Place(…)");
}
