//! The decision at each boundary, and as properties over any facts and any order of looks.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::tests::build::at;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

fn seen<T>(value: T) -> Read<T> {
    Read::seen(at(0), value)
}

fn key(ends: Read<Timestamp>) -> Facts {
    Facts { expiries: vec![Expiry { of: Credential::OrganizationKey, ends }], ..Facts::default() }
}

fn app(usage: Option<i64>, capacity: Option<i64>) -> Workspace {
    Workspace { id: "ari:jira".into(), name: "Jira".into(), usage, capacity, ..Workspace::default() }
}

fn apps(all: Vec<Workspace>) -> Facts {
    Facts { apps: seen(all), ..Facts::default() }
}

fn groups(members: Option<i64>, limit: Option<i64>) -> Facts {
    let group = GroupSize { id: "g".into(), name: "everybody".into(), members };
    Facts { groups: seen(vec![group]), group_limit: limit, ..Facts::default() }
}

fn job(job: Job) -> Facts {
    Facts { job: seen(job), ..Facts::default() }
}

fn active(last_cycle: Option<Timestamp>) -> Job {
    Job { id: "j".into(), schedule: Some("Active".into()), last_cycle, ..Job::default() }
}

fn told(warnings: &[Warning]) -> Vec<Told> {
    warnings.iter().map(|one| Told { subject: one.subject(), level: one.level() }).collect()
}

#[test]
fn a_date_has_four_stages() {
    let stages = [
        (30 * DAY + 1, None),
        (30 * DAY, Some(Stage::Month)),
        (7 * DAY + 1, Some(Stage::Month)),
        (7 * DAY, Some(Stage::Week)),
        (DAY + 1, Some(Stage::Week)),
        (DAY, Some(Stage::Day)),
        (1, Some(Stage::Day)),
        (0, Some(Stage::Over)),
        (-400 * DAY, Some(Stage::Over)),
    ];
    for (left, stage) in stages {
        assert_eq!(Stage::of(at(left), at(0)), stage, "{left} s before");
        let found = warnings(&key(seen(at(left))), at(0));
        let expected =
            stage.map(|stage| Warning::Expiry { of: Credential::OrganizationKey, ends: at(left), stage });
        assert_eq!(found, Vec::from_iter(expected));
    }
    assert_eq!(Stage::of(Timestamp::MAX, Timestamp::MAX), Some(Stage::Over));
    assert_eq!(Stage::of(Timestamp::MAX, at(0)), None);
}

#[test]
fn what_is_unread_warns_of_nothing_and_ends_nothing() {
    let all =
        [Warning::Seats { app: app(None, None) }, Warning::Group { group: GroupSize::default(), limit: 1 }];
    let unread = Facts {
        expiries: vec![
            Expiry { of: Credential::ClientSecret, ends: Read::Gap("403".into()) },
            Expiry { of: Credential::OrganizationKey, ends: Read::NotAsked },
        ],
        apps: Read::Gap("503".into()),
        groups: Read::NotAsked,
        group_limit: Some(1),
        job: Read::Gap("401".into()),
    };
    assert_eq!(news(&unread, &told(&all), at(0)), News::default());
    // The same where the answer leaves a number out.
    for facts in [apps(vec![app(Some(5), None)]), apps(vec![app(None, Some(5))]), groups(None, Some(5))] {
        let all = [Warning::Seats { app: app(None, None) }, Warning::Group { group: group("g"), limit: 5 }];
        assert_eq!(news(&facts, &told(&all), at(0)), News::default());
    }
    assert_eq!(news(&groups(Some(5), None), &told(&all), at(0)), News::default(), "no limit is known");
}

fn group(id: &str) -> GroupSize {
    GroupSize { id: id.into(), ..GroupSize::default() }
}

#[test]
fn seats_are_told_from_95_percent_on_and_over_below_90() {
    for (usage, capacity, near, over) in [
        (94, 100, false, false),
        (95, 100, true, false),
        (90, 100, false, false),
        (89, 100, false, true),
        (120, 100, true, false),
        (19, 20, true, false),
        (0, 0, false, false),
        (5, -1, false, false),
    ] {
        let facts = apps(vec![app(Some(usage), Some(capacity))]);
        assert_eq!(!warnings(&facts, at(0)).is_empty(), near, "{usage} of {capacity}");
        let known = told(&[Warning::Seats { app: app(None, None) }]);
        let found = news(&facts, &known, at(0));
        assert_eq!((found.tell, found.over.len()), (Vec::new(), usize::from(over)), "{usage} of {capacity}");
    }
    let known = told(&[Warning::Seats { app: app(None, None) }]);
    assert_eq!(news(&apps(Vec::new()), &known, at(0)).over, ["seats ari:jira"], "the app is gone");
    // One app says nothing about another one.
    let full = Workspace { id: "ari:wiki".into(), ..app(Some(10), Some(10)) };
    let both = apps(vec![app(Some(1), Some(10)), full.clone()]);
    assert_eq!(news(&both, &[], at(0)).tell, [Warning::Seats { app: full }]);
}

#[test]
fn a_group_is_told_from_95_percent_of_the_limit_on_and_over_below_90() {
    for (members, near, over) in [
        (33_249, false, false),
        (33_250, true, false),
        (40_000, true, false),
        (31_500, false, false),
        (31_499, false, true),
    ] {
        let facts = groups(Some(members), Some(35_000));
        assert_eq!(!warnings(&facts, at(0)).is_empty(), near, "{members}");
        let known = told(&[Warning::Group { group: group("g"), limit: 35_000 }]);
        assert_eq!(news(&facts, &known, at(0)).over.len(), usize::from(over), "{members}");
    }
    let known = told(&[Warning::Group { group: group("other"), limit: 35_000 }]);
    assert_eq!(
        news(&groups(Some(1), Some(35_000)), &known, at(0)).over,
        ["group other"],
        "it is small, or gone"
    );
    assert!(may_matter(&group("g"), 35_000), "its size is unread");
}

#[test]
fn an_active_job_without_a_finished_cycle_for_three_hours_is_told_once() {
    let late = active(Some(at(0)));
    let since = |since| vec![Warning::NoCycle { job: "j".into(), since: at(since) }];
    assert_eq!(warnings(&job(late.clone()), at(3 * HOUR - 1)), []);
    assert_eq!(warnings(&job(late.clone()), at(3 * HOUR)), since(0));
    let known = told(&since(0));
    assert_eq!(news(&job(late.clone()), &known, at(9 * HOUR)).tell, []);
    // A cycle ends, and then no other one: that is told again.
    let again = Job { last_success: Some(at(10 * HOUR)), ..late.clone() };
    assert_eq!(news(&job(again.clone()), &known, at(12 * HOUR)), News::default());
    assert_eq!(news(&job(again), &known, at(13 * HOUR)).tell, since(10 * HOUR));
    let quiet = [
        active(None),
        Job { schedule: Some("Paused".into()), ..late.clone() },
        Job { quarantine: Some("TooManyDeletes".into()), ..late.clone() },
        Job { code: Some("Quarantine".into()), ..late.clone() },
        Job { schedule: None, ..late.clone() },
        Job { schedule: Some("Sometimes".into()), ..late },
    ];
    for one in quiet {
        assert_eq!(warnings(&job(one.clone()), at(9 * HOUR)), [], "{one:?}");
    }
}

#[test]
fn a_stage_that_was_passed_is_not_told_later_and_a_new_date_is() {
    let facts = key(seen(at(5 * DAY)));
    let first = news(&facts, &[], at(0)).tell;
    assert!(matches!(first.as_slice(), [Warning::Expiry { stage: Stage::Week, .. }]), "{first:?}");
    let known = told(&first);
    assert_eq!(news(&facts, &known, at(0)).tell, []);
    assert_eq!(news(&facts, &known, at(-20 * DAY)).tell, [], "the clock was set back");
    assert_eq!(news(&facts, &known, at(4 * DAY)).tell.len(), 1);
    assert_eq!(news(&key(seen(at(6 * DAY))), &known, at(0)).tell.len(), 1, "a new key");
    let scim = |directory: &str| Warning::Expiry {
        of: Credential::ScimKey(directory.into()),
        ends: at(0),
        stage: Stage::Day,
    };
    assert_ne!(scim("d1").subject(), scim("d2").subject());
}

/// Stores hold these texts: none of them may change its meaning.
#[test]
fn what_is_written_is_read_again() {
    let ends = at(0);
    let expiry = |of| Warning::Expiry { of, ends, stage: Stage::Week };
    let group = GroupSize { id: "g".into(), name: "n".into(), members: Some(9) };
    let all = [
        (
            expiry(Credential::OrganizationKey),
            format!(r#"{{"kind":"expiry","of":"organization-key","ends":"{ends}","stage":"week"}}"#),
        ),
        (
            expiry(Credential::ScimKey("d".into())),
            format!(r#"{{"kind":"expiry","of":{{"scim-key":"d"}},"ends":"{ends}","stage":"week"}}"#),
        ),
        (
            Warning::Group { group, limit: 10 },
            r#"{"kind":"group","group":{"id":"g","name":"n","members":9},"limit":10}"#.into(),
        ),
        (
            Warning::NoCycle { job: "j".into(), since: ends },
            format!(r#"{{"kind":"no-cycle","job":"j","since":"{ends}"}}"#),
        ),
    ];
    for (warning, text) in all {
        assert_eq!(serde_json::to_string(&warning).unwrap(), text);
        assert_eq!(serde_json::from_str::<Warning>(&text).unwrap(), warning);
        assert!(Warning::KINDS.contains(&warning.kind()));
    }
    let facts = Facts { job: seen(active(None)), apps: seen(vec![app(Some(1), None)]), ..key(seen(ends)) };
    let text = serde_json::to_string(&facts).unwrap();
    assert_eq!(serde_json::from_str::<Facts>(&text).unwrap(), facts);
}

fn read<T: std::fmt::Debug + Clone + 'static>(
    value: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<Read<T>> {
    prop_oneof![
        1 => Just(Read::NotAsked),
        1 => Just(Read::Gap("503".into())),
        4 => value.prop_map(seen),
    ]
    .boxed()
}

fn day() -> impl Strategy<Value = Timestamp> + Clone {
    (-40_i64..40).prop_map(|days| at(days * DAY))
}

fn facts() -> impl Strategy<Value = Facts> {
    let of = prop_oneof![
        Just(Credential::OrganizationKey),
        Just(Credential::ScimKey("d1".into())),
        Just(Credential::ScimKey("d2".into())),
        Just(Credential::ClientSecret),
    ];
    let expiry = (of, read(day())).prop_map(|(of, ends)| Expiry { of, ends });
    let number = || proptest::option::of(prop_oneof![Just(80_i64), 88..98_i64, Just(100)]);
    let app = (0..2_u8, number(), proptest::option::of(Just(100_i64)))
        .prop_map(|(id, usage, capacity)| Workspace { id: format!("a{id}"), ..app(usage, capacity) });
    let group =
        (0..2_u8, number()).prop_map(|(id, members)| GroupSize { members, ..group(&format!("g{id}")) });
    let job = (proptest::option::of(day()), proptest::option::of(Just("Active".to_owned())))
        .prop_map(|(last_cycle, schedule)| Job { schedule, ..active(last_cycle) });
    let list = |one| proptest::collection::vec(one, 0..3);
    (
        list(expiry.boxed()),
        read(proptest::collection::vec(app, 0..3)),
        read(proptest::collection::vec(group, 0..3)),
        read(job),
    )
        .prop_map(|(expiries, apps, groups, job)| Facts {
            expiries,
            apps,
            groups,
            group_limit: Some(100),
            job,
        })
}

/// The same facts with everything unread.
fn unread(facts: &Facts) -> Facts {
    let expiries =
        facts.expiries.iter().map(|one| Expiry { of: one.of.clone(), ends: Read::Gap("503".into()) });
    let (apps, groups) = (Read::Gap("503".into()), Read::Gap("503".into()));
    Facts { expiries: expiries.collect(), apps, groups, group_limit: facts.group_limit, job: Read::NotAsked }
}

proptest! {
    /// Whatever is read in any order of looks, and however the clock jumps: a stage is told once, never goes backwards,
    /// and what is unread is no warning and no end of one.
    #[test]
    fn each_stage_is_told_once_and_none_goes_backwards(
        looks in proptest::collection::vec((facts(), -50_i64..50), 1..12)
    ) {
        let mut known: BTreeMap<String, i64> = BTreeMap::new();
        for (facts, day) in looks {
            let now = at(day * DAY);
            let told: Vec<Told> =
                known.iter().map(|(subject, level)| Told { subject: subject.clone(), level: *level }).collect();
            prop_assert_eq!(news(&unread(&facts), &told, now), News::default());
            let found = news(&facts, &told, now);
            for subject in &found.over {
                prop_assert!(subject.starts_with(SEATS) || subject.starts_with(GROUP), "{}", subject);
                known.remove(subject);
            }
            for warning in &found.tell {
                let before = known.get(&warning.subject()).copied().unwrap_or(0);
                prop_assert!(warning.level() > before, "{:?} after {}", warning, before);
            }
            for warning in found.tell {
                let level = known.entry(warning.subject()).or_default();
                *level = warning.level().max(*level);
            }
            // The same look once more tells nothing.
            let told: Vec<Told> =
                known.iter().map(|(subject, level)| Told { subject: subject.clone(), level: *level }).collect();
            prop_assert_eq!(news(&facts, &told, now).tell, Vec::new());
        }
    }

    #[test]
    fn a_later_look_is_never_less_urgent(ends in day(), first in -50_i64..50, later in 0_i64..50) {
        let then = at(first * DAY).checked_add(SignedDuration::from_hours(24 * later)).unwrap();
        prop_assert!(Stage::of(ends, then) >= Stage::of(ends, at(first * DAY)));
    }
}
