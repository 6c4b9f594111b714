//! Runs as the oracle and the report both see them: the oracle reads the story, and the report reads the entries that
//! are made of it.

use jiff::Timestamp;
use serde_json::json;

use super::super::build::{at, healthy};
use super::super::run::{asked, made, planned};
use crate::finding::{Cause, Fact, Finding, Verdict};
use crate::report::{Remains, RunRecord};
use crate::subject::Who;
use crate::{Diagnosis, Event, Goal, JournalEvent as _, Outcome, Plan, Source, diagnose};

/// How far a step came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    Nowhere,
    Began,
    Done,
    NoEffect,
    WasThere,
}

/// How a plan was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// So many people approved it, each so many seconds after the one before.
    Approved(u8, u8),
    Declined,
    Expired,
}

#[derive(Clone, Debug)]
pub struct PlanStory {
    /// Seconds since what was before.
    pub after: u16,
    pub verdict: Verdict,
    /// The findings, each with whether it blocks.
    pub findings: Vec<(Cause, bool)>,
    /// The kind of each step, how far it came, and the seconds that this took.
    pub steps: Vec<(u8, Came, u16)>,
    /// How many approvals a step needs.
    pub needs: u32,
    pub answer: Answer,
}

#[derive(Clone, Debug)]
pub struct Story {
    pub opened: i64,
    /// The person's number.
    pub person: u8,
    pub goal: Goal,
    pub plans: Vec<PlanStory>,
    /// The outcome, and the seconds after the last entry.
    pub end: Option<(Outcome, u16)>,
}

pub fn repair(opened: i64, person: u8, plans: Vec<PlanStory>, end: Option<(Outcome, u16)>) -> Story {
    Story { opened, person, goal: Goal::default(), plans, end }
}

/// A plan that nobody has to approve, against one cause.
pub fn plan(cause: Cause, steps: &[(u8, Came, u16)]) -> PlanStory {
    PlanStory {
        after: 2,
        verdict: Verdict::Broken,
        findings: vec![(cause, true)],
        steps: steps.to_vec(),
        needs: 0,
        answer: Answer::Approved(0, 0),
    }
}

/// The last reading of a run that restored access.
pub fn proof() -> PlanStory {
    PlanStory { verdict: Verdict::Healthy, findings: Vec::new(), ..plan(Cause::Suspended, &[]) }
}

pub fn person_id(person: u8) -> String {
    format!("person-{person}-of-acme")
}

fn diagnosis(person: u8, of: &PlanStory) -> Diagnosis {
    let mut found = diagnose(&healthy());
    found.person = Some(person_id(person));
    found.account = Some(format!("712020:of-{}", person_id(person)));
    found.name = Some("Jane Doe".to_owned());
    found.verdict = of.verdict;
    let fact =
        Fact { source: Source::Users, message: format!("about {}", person_id(person)), seen_at: at(0) };
    found.findings = of
        .findings
        .iter()
        .map(|(cause, blocking)| Finding { blocking: *blocking, ..Finding::new(*cause, fact.clone()) })
        .collect();
    found
}

impl Story {
    /// The entries of the run.
    pub fn entries(&self) -> Vec<(Timestamp, Event)> {
        let mut now = self.opened;
        let mut all = Vec::new();
        let Event::Opened { mut asked, part } = asked("U0ADA") else { panic!("it is an opening") };
        asked.aim = self.goal.clone();
        all.push((at(now), Event::Opened { asked, part }));
        let who = Who::Email(format!("{}@acme.example", person_id(self.person)));
        all.push((at(now), Event::Admitted { rule: "r".to_owned(), who }));
        for (salt, of) in (0_u8..).zip(&self.plans) {
            now += i64::from(of.after);
            let kinds: Vec<u8> = of.steps.iter().map(|(kind, _, _)| *kind).collect();
            let made = made(&kinds, salt);
            let plan = Plan { because: Vec::new(), ..made };
            let digest = plan.digest().unwrap_or_default();
            all.push((at(now), planned(&diagnosis(self.person, of), plan)));
            match of.answer {
                Answer::Approved(count, pause) => {
                    for by in 0..count {
                        now += i64::from(pause);
                        let by = format!("U0APPROVER{by}");
                        all.push((at(now), Event::Approved { by, digest: digest.clone() }));
                    }
                }
                Answer::Declined => {
                    all.push((at(now + 5), Event::Declined { by: "U0GRACE".to_owned(), digest }))
                }
                Answer::Expired => all.push((at(now + 5), Event::Expired { digest })),
            }
            for (step, (_, came, took)) in of.steps.iter().enumerate() {
                let began = Event::Began { step, before: json!(1), needs: Some(of.needs) };
                let settled = match came {
                    Came::Nowhere => continue,
                    Came::WasThere => {
                        all.push((at(now), Event::Already { step }));
                        continue;
                    }
                    Came::Began => None,
                    Came::Done => Some(Event::Confirmed { step, after: json!(2) }),
                    Came::NoEffect => Some(Event::NoEffect { step, why: "w".into() }),
                };
                all.push((at(now), began));
                now += i64::from(*took);
                all.extend(settled.map(|event| (at(now), event)));
            }
        }
        if let Some((outcome, after)) = self.end {
            all.push((at(now + i64::from(after)), Event::Ended { outcome, message: "s".into() }));
        }
        all
    }

    /// The record of the run, before or after retention erased its personal part.
    pub fn record(&self, is_erased: bool) -> RunRecord {
        let mut record = RunRecord::default();
        for (at, event) in self.entries() {
            let remains = if is_erased {
                Remains::Facts { kind: event.kind(), facts: event.facts() }
            } else {
                Remains::Event(&event)
            };
            record.add(at, remains).unwrap();
        }
        record
    }
}
