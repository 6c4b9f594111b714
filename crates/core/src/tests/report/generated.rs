//! Many generated histories. An oracle computes the figures from the stories, with other means than the report: sorted
//! lists and searches, no folds. A report must not depend on the order of the runs, must say the same after retention
//! as before as far as nobody's name is needed, and must name nobody.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::super::build::at;
use super::story::{Answer, Came, PlanStory, Story, person_id};
use crate::finding::Verdict;
use crate::report::{Report, Tally, Unit};
use crate::{Cause, Goal, Outcome};

const CAUSES: [Cause; 6] = [
    Cause::NestedOnly,
    Cause::RecordUnlinked,
    Cause::EmailHeldByManagedAccount,
    Cause::MembershipDrift,
    Cause::SeatsFull,
    Cause::MatchingOnEmail,
];
const END: i64 = 40 * 86_400;

fn came() -> impl Strategy<Value = Came> {
    prop_oneof![
        1 => Just(Came::Nowhere), 1 => Just(Came::Began), 5 => Just(Came::Done), 1 => Just(Came::NoEffect),
        1 => Just(Came::WasThere)
    ]
}

fn plan() -> impl Strategy<Value = PlanStory> {
    let verdict =
        prop_oneof![4 => Just(Verdict::Broken), 1 => Just(Verdict::Healthy), 1 => Just(Verdict::CannotTell)];
    let findings = prop::collection::vec((0..CAUSES.len(), prop::bool::weighted(0.7)), 0..4);
    let steps = prop::collection::vec((prop_oneof![0_u8..5, 128_u8..133], came(), 0_u16..600), 0..4);
    let answer = prop_oneof![
        5 => (0_u8..4, 0_u8..90).prop_map(|(count, pause)| Answer::Approved(count, pause)),
        1 => Just(Answer::Declined), 1 => Just(Answer::Expired)
    ];
    (0_u16..900, verdict, findings, steps, 0_u32..3, answer).prop_map(
        |(after, verdict, findings, steps, needs, answer)| {
            let findings = findings.into_iter().map(|(cause, blocks)| (CAUSES[cause], blocks)).collect();
            PlanStory { after, verdict, findings, steps, needs, answer }
        },
    )
}

fn story() -> impl Strategy<Value = Story> {
    let outcome = prop_oneof![
        6 => Just(Outcome::Restored), 1 => Just(Outcome::Advice), 1 => Just(Outcome::Declined),
        1 => Just(Outcome::Cancelled), 1 => Just(Outcome::Healthy)
    ];
    let end = prop::option::weighted(0.9, (outcome, 0_u16..900));
    let goal = prop_oneof![
        8 => Just(Goal::default()),
        1 => Just(Goal::Undo { run: "r".to_owned() }),
        1 => Just(Goal::Retire { run: "r".to_owned() })
    ];
    (0..END, 0_u8..5, goal, prop::collection::vec(plan(), 0..4), end)
        .prop_map(|(opened, person, goal, plans, end)| Story { opened, person, goal, plans, end })
}

/// The figures of some stories, read from the stories.
struct Oracle<'a>(&'a [Story]);

fn is_begun(step: &(u8, Came, u16)) -> bool {
    matches!(step.1, Came::Began | Came::Done | Came::NoEffect)
}

fn action(kind: u8) -> &'static str {
    ["provision-user", "restore-access", "unlink-record", "forget-account-records", "park-email"]
        [usize::from(kind % 5)]
}

/// The seconds at which each plan was made, each of its steps began, and the run ended.
fn clock(story: &Story) -> (Vec<(i64, Vec<i64>)>, i64) {
    let mut now = story.opened;
    let mut plans = Vec::new();
    for plan in &story.plans {
        now += i64::from(plan.after);
        let made = now;
        if let Answer::Approved(count, pause) = plan.answer {
            now += i64::from(count) * i64::from(pause);
        }
        let mut begun = Vec::new();
        for step in &plan.steps {
            begun.push(now);
            now += if is_begun(step) { i64::from(step.2) } else { 0 };
        }
        plans.push((made, begun));
    }
    (plans, now + story.end.map_or(0, |(_, after)| i64::from(after)))
}

fn nearest_rank(mut all: Vec<u64>, percent: usize) -> Option<u64> {
    all.sort_unstable();
    let rank = (all.len() * percent).div_ceil(100);
    all.get(rank.checked_sub(1)?).copied()
}

impl Oracle<'_> {
    fn repairs(&self) -> impl Iterator<Item = &Story> {
        self.0.iter().filter(|story| matches!(story.goal, Goal::Repair { .. }))
    }

    fn restored(&self) -> impl Iterator<Item = &Story> {
        self.repairs().filter(|story| story.end.is_some_and(|(outcome, _)| outcome == Outcome::Restored))
    }

    fn helped(&self) -> usize {
        // A person is known once a plan was made.
        let known = self.restored().filter(|story| !story.plans.is_empty());
        known.map(|story| story.person).collect::<BTreeSet<u8>>().len()
    }

    fn times(&self) -> Vec<u64> {
        self.restored().map(|story| u64::try_from(clock(story).1 - story.opened).unwrap()).collect()
    }

    fn waits(&self) -> Vec<u64> {
        let plans = self.0.iter().flat_map(|story| &story.plans);
        let carried_out = plans.filter(|plan| plan.steps.iter().any(is_begun) && plan.needs > 0);
        carried_out
            .filter_map(|plan| match plan.answer {
                Answer::Approved(count, pause) if u32::from(count) >= plan.needs => {
                    Some(u64::from(plan.needs) * u64::from(pause))
                }
                _ => None,
            })
            .collect()
    }

    fn answered(&self, with: Answer) -> usize {
        self.0.iter().flat_map(|story| &story.plans).filter(|plan| plan.answer == with).count()
    }

    /// For each cause and day: the repairs whose first broken plan has it as the first that blocks.
    fn causes(&self) -> BTreeMap<(Cause, String), u64> {
        let mut all = BTreeMap::new();
        for story in self.repairs() {
            let Some(plan) = story.plans.iter().find(|plan| plan.verdict == Verdict::Broken) else {
                continue;
            };
            if let Some((cause, _)) = plan.findings.iter().find(|(_, blocks)| *blocks) {
                let day = Unit::Week.start(at(story.opened)).to_string();
                *all.entry((*cause, day)).or_insert(0) += 1;
            }
        }
        all
    }

    fn steps(&self) -> usize {
        let steps = self.0.iter().flat_map(|story| &story.plans).flat_map(|plan| &plan.steps);
        steps.filter(|step| is_begun(step)).count()
    }

    /// For each remedy: in how many runs it was tried, and the seconds in those in which it worked.
    fn remedies(&self) -> BTreeMap<(Cause, &'static str), (u64, Vec<u64>)> {
        let mut all: BTreeMap<(Cause, &str), (u64, Vec<u64>)> = BTreeMap::new();
        for story in self.repairs().filter(|story| story.end.is_some()) {
            let (plans, end) = clock(story);
            let mut of_run: BTreeMap<(Cause, &str), Vec<Option<u64>>> = BTreeMap::new();
            for (number, plan) in story.plans.iter().enumerate() {
                let Some((cause, _)) = plan.findings.iter().find(|(_, blocks)| *blocks) else { continue };
                let later = &story.plans[number + 1..];
                let superseded = later.iter().any(|plan| plan.steps.iter().any(is_begun));
                let is_over = |step: &(u8, Came, u16)| matches!(step.1, Came::Done | Came::WasThere);
                let failed =
                    plan.steps.iter().any(|step| step.1 == Came::NoEffect) || plan.steps.iter().all(is_over);
                let restored = story.end.is_some_and(|(outcome, _)| outcome == Outcome::Restored);
                let actions: BTreeSet<&str> =
                    plan.steps.iter().filter(|step| is_begun(step)).map(|step| action(step.0)).collect();
                for name in actions {
                    let same = || {
                        let steps = plan.steps.iter().enumerate();
                        steps.filter(move |(_, step)| is_begun(step) && action(step.0) == name)
                    };
                    let worked =
                        restored && !(superseded && failed) && same().all(|(_, step)| step.1 == Came::Done);
                    let first = same().map(|(index, _)| plans[number].1[index]).min().unwrap();
                    let took = worked.then(|| u64::try_from(end - first).unwrap());
                    of_run.entry((*cause, name)).or_default().push(took);
                }
            }
            for (remedy, tries) in of_run {
                let (tried, times) = all.entry(remedy).or_default();
                *tried += 1;
                times.extend(tries.into_iter().flatten().next_back());
            }
        }
        all
    }

    /// For each kind of plan: in how many runs it worked, and in how many it failed.
    fn plans(&self) -> BTreeMap<(Cause, Vec<String>), (u64, u64)> {
        let mut all: BTreeMap<(Cause, Vec<String>), (u64, u64)> = BTreeMap::new();
        for story in self.repairs().filter(|story| story.end.is_some()) {
            let restored = story.end.is_some_and(|(outcome, _)| outcome == Outcome::Restored);
            let has_begun = |plan: &PlanStory| plan.steps.iter().any(is_begun);
            let (mut worked, mut failed) = (BTreeSet::new(), BTreeSet::new());
            for (number, plan) in story.plans.iter().enumerate().filter(|(_, plan)| has_begun(plan)) {
                let Some((cause, _)) = plan.findings.iter().find(|(_, blocks)| *blocks) else { continue };
                let later = &story.plans[number + 1..];
                let is_over = |step: &(u8, Came, u16)| matches!(step.1, Came::Done | Came::WasThere);
                let in_vain =
                    plan.steps.iter().any(|step| step.1 == Came::NoEffect) || plan.steps.iter().all(is_over);
                let named: Vec<&str> = plan.steps.iter().map(|step| action(step.0)).collect();
                let without: Vec<&str> =
                    named.iter().copied().filter(|name| *name != "provision-membership").collect();
                let mut kind: Vec<String> = Vec::new();
                for name in if without.is_empty() { named } else { without } {
                    if !kind.contains(&name.to_owned()) {
                        kind.push(name.to_owned());
                    }
                }
                if restored && !later.iter().any(has_begun) {
                    worked.insert((*cause, kind));
                } else if in_vain && later.first().is_some_and(|next| next.verdict == Verdict::Broken) {
                    failed.insert((*cause, kind));
                }
            }
            for kind in failed.difference(&worked) {
                all.entry(kind.clone()).or_default().1 += 1;
            }
            worked.into_iter().for_each(|kind| all.entry(kind).or_default().0 += 1);
        }
        all
    }

    /// For each cause that one change ends: how many people had it.
    fn recurring(&self) -> BTreeMap<Cause, usize> {
        let mut all: BTreeMap<Cause, BTreeSet<u8>> = BTreeMap::new();
        for story in self.repairs() {
            let Some(plan) = story.plans.iter().find(|plan| plan.verdict == Verdict::Broken) else {
                continue;
            };
            let blocks = |cause| plan.findings.contains(&(cause, true));
            for cause in [Cause::NestedOnly, Cause::SeatsFull] {
                if blocks(cause) {
                    all.entry(cause).or_default().insert(story.person);
                }
            }
            let has_advice = plan.findings.iter().any(|(cause, _)| *cause == Cause::MatchingOnEmail);
            if has_advice && blocks(Cause::EmailHeldByManagedAccount) {
                all.entry(Cause::MatchingOnEmail).or_default().insert(story.person);
            }
        }
        all.into_iter()
            .map(|(cause, people)| (cause, people.len()))
            .filter(|(_, people)| *people > 1)
            .collect()
    }
}

fn report<'a>(stories: impl Iterator<Item = &'a Story>, is_erased: bool) -> Report {
    let mut tally = Tally::new(at(0), at(END));
    stories.for_each(|story| tally.add(&story.record(is_erased)));
    tally.report()
}

fn size(number: u64) -> usize {
    usize::try_from(number).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn the_figures_are_those_of_the_oracle(stories in prop::collection::vec(story(), 0..12)) {
        let (found, oracle) = (report(stories.iter(), false), Oracle(&stories));
        prop_assert_eq!(size(found.repairs), oracle.repairs().count());
        prop_assert_eq!(size(found.repairs + found.other_runs), stories.len());
        prop_assert_eq!(size(found.people.helped), oracle.helped());
        let time = &found.time_to_access;
        prop_assert_eq!(size(time.count()), oracle.times().len());
        prop_assert_eq!(time.median(), nearest_rank(oracle.times(), 50));
        prop_assert_eq!(time.ninetieth(), nearest_rank(oracle.times(), 90));
        let approvals = &found.approvals;
        prop_assert_eq!(size(approvals.approved()), oracle.waits().len());
        prop_assert_eq!(approvals.wait.median(), nearest_rank(oracle.waits(), 50));
        prop_assert_eq!(size(approvals.declined), oracle.answered(Answer::Declined));
        prop_assert_eq!(size(approvals.expired), oracle.answered(Answer::Expired));
        prop_assert_eq!(size(found.steps.values().sum()), oracle.steps());
        let causes: BTreeMap<(Cause, String), u64> = found.causes.iter()
            .flat_map(|one| one.by_period.iter().map(|(day, number)| ((one.cause, day.to_string()), *number)))
            .collect();
        prop_assert_eq!(causes, oracle.causes());
        prop_assert!(found.causes.is_sorted_by_key(|one| std::cmp::Reverse(one.repairs)));
        let mut remedies = oracle.remedies();
        for one in &found.remedies {
            let key = (one.cause, one.action.as_str());
            let (tried, times) = remedies.remove(&key).expect("it was tried");
            prop_assert_eq!((one.tried, size(one.worked.count())), (tried, times.len()), "{:?}", key);
            prop_assert_eq!(one.worked.median(), nearest_rank(times, 50));
        }
        prop_assert!(remedies.is_empty(), "not in the report: {:?}", remedies);
        let recurring: BTreeMap<Cause, usize> =
            found.recurring.iter().map(|one| (one.cause, size(one.people))).collect();
        prop_assert_eq!(recurring, oracle.recurring());
    }

    #[test]
    fn a_plan_is_hopeless_if_it_failed_five_times_and_never_worked(stories in prop::collection::vec(story(), 0..30)) {
        let mut tally = Tally::new(at(0), at(END));
        // Each story happens several times, so that some plans fail often.
        (0..3).for_each(|_| stories.iter().for_each(|story| tally.add(&story.record(false))));
        let found: BTreeMap<(Cause, Vec<String>), u64> =
            tally.hopeless().into_iter().map(|one| ((one.cause, one.actions), one.failed)).collect();
        let wanted = Oracle(&stories).plans().into_iter();
        let wanted: BTreeMap<(Cause, Vec<String>), u64> = wanted
            .filter(|(_, (worked, failed))| *worked == 0 && failed * 3 >= 5)
            .map(|(kind, (_, failed))| (kind, failed * 3))
            .collect();
        prop_assert_eq!(found, wanted);
    }

    #[test]
    fn the_order_of_the_runs_is_no_figure(stories in prop::collection::vec(story(), 0..8)) {
        prop_assert_eq!(report(stories.iter(), false), report(stories.iter().rev(), false));
    }

    #[test]
    fn retention_takes_only_who_it_was(stories in prop::collection::vec(story(), 0..8)) {
        let (before, mut after) = (report(stories.iter(), false), report(stories.iter(), true));
        prop_assert_eq!(size(after.unread.erased), stories.len());
        let known = before.people.repairs_without_person;
        prop_assert_eq!(after.people.repairs_without_person, before.time_to_access.count());
        prop_assert!(after.recurring.is_empty() && after.people.helped == 0);
        after.unread.erased = 0;
        after.people = before.people;
        prop_assert!(known <= before.time_to_access.count());
        after.recurring.clone_from(&before.recurring);
        prop_assert_eq!(after, before);
    }

    #[test]
    fn a_report_names_nobody(stories in prop::collection::vec(story(), 0..8)) {
        let text = format!("{:?}", report(stories.iter(), false));
        for story in &stories {
            prop_assert!(!text.contains(&person_id(story.person)), "{}", text);
        }
        for name in ["@", "U0", "Jane", "712020", "sha256"] {
            prop_assert!(!text.contains(name), "{}: {}", name, text);
        }
    }
}
