//! The report: the private answer in Slack, and the same in a terminal. The figures come from a month of made-up runs.

use jiff::Timestamp;
use reinstate::cli::run_report;
use reinstate::slack::cards;
use reinstate_core::report::{Remains, Report, RunRecord, Tally};
use reinstate_core::{
    Cause, Diagnosis, Event, Fold as _, Goal, JournalEvent as _, Outcome, Plan, Run, Source,
};
use serde_json::json;

use super::jane::{asked, at, finding, memberships, not_assigned, parking, restored, undo_plan, who};
use super::page::{Page, card, shows};

const DAY: i64 = 86_400;
const DAYS: i64 = 30;

/// The entries of one run, at the times that a test gives it.
struct History {
    events: Vec<Event>,
    times: Vec<Timestamp>,
    now: i64,
}

impl History {
    /// A run that is opened on this day of the month before the gallery's day.
    fn opened(day: i64, aim: Goal) -> Self {
        let mut all = Self { events: Vec::new(), times: Vec::new(), now: (day - DAYS) * DAY + 3600 };
        all.add(0, Event::Opened { asked: asked("U0ADA", aim), part: None });
        all.add(1, Event::Admitted { rule: "access.operator.users".to_owned(), who: who() });
        all
    }

    fn add(&mut self, after: i64, event: Event) {
        self.now += after;
        self.times.push(at(self.now));
        self.events.push(event);
    }

    /// A plan for a person, with these findings before those of the case.
    fn plans(&mut self, person: u32, (mut found, plan): (Diagnosis, Plan), more: &[Cause]) -> String {
        found.person = Some(format!("person-{person}"));
        found.findings.extend(more.iter().map(|cause| finding(*cause, &[(Source::Jobs, "it was read")])));
        let digest = plan.digest();
        let shown = digest.clone().unwrap_or_default();
        self.add(3, Event::Planned { diagnosis: Box::new(found), plan: Box::new(plan), digest });
        shown
    }

    fn carries_out(&mut self, steps: usize, needs: u32, took: i64) {
        for step in 0..steps {
            self.add(1, Event::Began { step, before: json!({}), needs: Some(needs) });
            self.add(took, Event::Confirmed { step, after: json!({}) });
        }
    }

    fn ends(mut self, after: i64, outcome: Outcome) -> Self {
        self.add(after, Event::Ended { outcome, message: "it is over".into() });
        // What the report counts is a history that the program could have written.
        let entries = self.events.iter().zip(&self.times).enumerate();
        Run::fold(entries.map(|(index, (event, at))| (index as i64 + 1, *at, event))).unwrap();
        self
    }

    /// As the report reads it, whole or after retention.
    fn record(&self, is_erased: bool) -> RunRecord {
        let mut record = RunRecord::default();
        for (event, at) in self.events.iter().zip(&self.times) {
            let facts = Remains::Facts { kind: event.kind(), facts: event.facts() };
            record.add(*at, if is_erased { facts } else { Remains::Event(event) }).unwrap();
        }
        record
    }
}

fn drifted(day: i64, person: u32, took: i64) -> History {
    let mut run = History::opened(day, Goal::default());
    run.plans(person, memberships(), &[]);
    run.carries_out(2, 0, took);
    run.plans(person, restored(), &[]);
    run.ends(1, Outcome::Restored)
}

fn moved(day: i64, person: u32, waited: i64, outcome: Outcome) -> History {
    let mut run = History::opened(day, Goal::default());
    let digest = run.plans(person, parking(), &[Cause::MatchingOnEmail]);
    match outcome {
        Outcome::Declined => run.add(waited, Event::Declined { by: "U0GRACE".to_owned(), digest }),
        Outcome::Expired => run.add(3600, Event::Expired { digest }),
        _ => {
            run.add(waited, Event::Approved { by: "U0GRACE".to_owned(), digest });
            run.carries_out(3, 1, 12);
            let after = if outcome == Outcome::Restored { restored() } else { not_assigned() };
            run.plans(person, after, &[]);
        }
    }
    run.ends(1, outcome)
}

fn advised(day: i64, person: u32, cause: Cause) -> History {
    let (mut found, plan) = not_assigned();
    found.findings = vec![finding(cause, &[(Source::Assignments, "it was read")])];
    let mut run = History::opened(day, Goal::default());
    run.plans(person, (found, plan), &[]);
    run.ends(1, Outcome::Advice)
}

fn undone(day: i64) -> History {
    let mut run = History::opened(day, Goal::Undo { run: super::jane::EARLIER.to_owned() });
    let digest = run.plans(1, undo_plan(), &[]);
    run.add(90, Event::Approved { by: "U0GRACE".to_owned(), digest });
    run.carries_out(1, 1, 4);
    run.plans(1, restored(), &[]);
    run.ends(1, Outcome::Done)
}

fn month() -> Vec<History> {
    let mut all: Vec<History> = [(1, 20), (2, 31), (9, 18), (10, 44), (11, 25), (17, 38), (25, 900)]
        .into_iter()
        .zip(10..)
        .map(|((day, took), person)| drifted(day, person, took))
        .collect();
    all.extend([
        moved(3, 20, 240, Outcome::Restored),
        moved(4, 21, 540, Outcome::Restored),
        moved(12, 22, 130, Outcome::Restored),
        moved(18, 23, 300, Outcome::Advice),
        moved(19, 24, 60, Outcome::Declined),
        moved(26, 24, 0, Outcome::Expired),
        advised(5, 30, Cause::NestedOnly),
        advised(13, 31, Cause::NestedOnly),
        advised(20, 30, Cause::NestedOnly),
        advised(21, 32, Cause::SeatsFull),
        advised(22, 33, Cause::SeatsFull),
        advised(27, 34, Cause::SeatsFull),
        advised(28, 35, Cause::EmailHeldOutside),
        undone(14),
    ]);
    all
}

fn tally() -> Tally {
    Tally::new(at(-DAYS * DAY), at(0))
}

/// A month in which everything happened that a report can tell, after retention has erased a part.
pub fn full() -> Report {
    let mut tally = tally();
    month().iter().for_each(|run| tally.add(&run.record(false)));
    tally.add(&drifted(1, 40, 22).record(true));
    let mut old = RunRecord::default();
    for (kind, facts) in [("opened", json!({})), ("ended", json!({"outcome": "declined"}))] {
        old.add(at(-DAY), Remains::Facts { kind, facts }).unwrap();
    }
    tally.add(&old);
    tally.add_unreadable();
    tally.report()
}

pub fn page() -> Page {
    let mut page = Page::new(
        "The report",
        "What the repairs of the last 30 days achieved. It names nobody. Only the person who asked sees it.",
    );
    let mut whole = tally();
    month().iter().for_each(|run| whole.add(&run.record(false)));
    shows!(page, "Report", "`report`", card(&cards::report(&whole.report())), @"
    # What works here: 2026-10-31 to 2026-11-30
    10 people have access back after 10 repairs, half within 86 s of the command, 9 of 10 within 9 min.
    *Repairs:* 20: 10 restored, 8 left to a person, 1 declined, 1 not approved in time; 1 undo or retirement
    *Approvals:* 5 given, half within 4 min of the plan, 1 declined, 1 not given in time
    *Steps:* 22 harmless, 5 destructive
    *Causes by week* (4 of 5), from the week of 2026-10-26 to that of 2026-11-30:
    ```membership-drift               ▂▂█▂▂·  1 1 3 1 1 0 = 7
    email-held-by-managed-account  ·▅▂▅▂·  0 2 1 2 1 0 = 6
    nested-only                    ·▂▂▂··  0 1 1 1 0 0 = 3
    seats-full                     ···▅▂·  0 0 0 2 1 0 = 3```
    *What worked, by cause and step* (3 of 4):
    • membership-drift: provision memberships: worked 7 of 7 times, 67 s
    • email-held-by-managed-account: move the address off an account: worked 3 of 4 times, 42 s
    • email-held-by-managed-account: provision memberships: worked 3 of 4 times, 16 s
    *One change ends each of these* (2 of 3):
    • 5 people: Provisioning matches people by e-mail address: match on externalId, filled from objectId, with precedence 1
    • 3 people: The app has no free seat: add or free seats in each full app
    (`reinstate report` in a terminal shows every line. Read 2026-11-30 09:00 UTC)
    ");
    shows!(page, "Report: nothing happened", "`report`", card(&cards::report(&tally().report())), @"
    # What works here: 2026-10-31 to 2026-11-30
    No repair gave anybody their access back.
    *Repairs:* 0
    *Approvals:* 0 given, 0 declined, 0 not given in time
    *Steps:* 0
    (`reinstate report` in a terminal shows every line. Read 2026-11-30 09:00 UTC)
    ");
    let small =
        card(&cards::report(&full())).lines().filter(|line| line.starts_with('(')).collect::<String>();
    shows!(page, "Report: not everything could be read", "`report`, after retention erased personal data, and with a journal that is damaged. The last line says it.", small, @"(`reinstate report` in a terminal shows every line. Read 2026-11-30 09:00 UTC · 1 run could not be read and is not counted. · Retention erased the personal data of 2 runs. Not known: whom 1 repair helped, the purpose of 1 run.)");
    shows!(page, "Terminal: report", "`reinstate report`, exit code 0.", run_report::text(&full()), @"
    What works here, 2026-10-31 to 2026-11-30

    At least 10 people have access back after 11 repairs, half within 86 s of the command, 9 of 10 within 9 min.
    Repairs: 21: 11 restored, 8 left to a person, 1 declined, 1 not approved in time; 1 undo or retirement
    Approvals: 5 given, half within 4 min of the plan, 1 declined, 1 not given in time
    Steps: 24 harmless, 5 destructive

    Causes by week, from the week of 2026-10-26 to that of 2026-11-30
      membership-drift               ▅▂█▂▂·  2 1 3 1 1 0 = 8
      email-held-by-managed-account  ·▅▂▅▂·  0 2 1 2 1 0 = 6
      nested-only                    ·▂▂▂··  0 1 1 1 0 0 = 3
      seats-full                     ···▅▂·  0 0 0 2 1 0 = 3
      email-held-outside             ····▂·  0 0 0 0 1 0 = 1

    What worked, by cause and step
      membership-drift: provision memberships: worked 8 of 8 times, 55 s
      email-held-by-managed-account: move the address off an account: worked 3 of 4 times, 42 s
      email-held-by-managed-account: provision memberships: worked 3 of 4 times, 16 s
      email-held-by-managed-account: provision on demand: worked 3 of 4 times, 29 s

    One change ends each of these
      5 people: Provisioning matches people by e-mail address: match on externalId, filled from objectId, with precedence 1
      3 people: The app has no free seat: add or free seats in each full app
      2 people: The person is in the assigned group only through another group: assign each inner group itself to the Atlassian application

    Could not be read
      1 run could not be read and is not counted.
      Retention erased the personal data of 2 runs. Not known: whom 1 repair helped, the purpose of 1 run.
    ");
    shows!(page, "Terminal: report --json", "The same as one object.", serde_json::to_string_pretty(&run_report::json_of(&full())).unwrap(), @r#"
    {
      "approvals": {
        "declined": 1,
        "expired": 1,
        "given": 5,
        "wait": {
          "count": 5,
          "median_seconds": 240,
          "p90_seconds": 540
        }
      },
      "causes": [
        {
          "by_period": {
            "2026-10-26": 2,
            "2026-11-02": 1,
            "2026-11-09": 3,
            "2026-11-16": 1,
            "2026-11-23": 1
          },
          "code": "membership-drift",
          "repairs": 8
        },
        {
          "by_period": {
            "2026-11-02": 2,
            "2026-11-09": 1,
            "2026-11-16": 2,
            "2026-11-23": 1
          },
          "code": "email-held-by-managed-account",
          "repairs": 6
        },
        {
          "by_period": {
            "2026-11-02": 1,
            "2026-11-09": 1,
            "2026-11-16": 1
          },
          "code": "nested-only",
          "repairs": 3
        },
        {
          "by_period": {
            "2026-11-16": 2,
            "2026-11-23": 1
          },
          "code": "seats-full",
          "repairs": 3
        },
        {
          "by_period": {
            "2026-11-23": 1
          },
          "code": "email-held-outside",
          "repairs": 1
        }
      ],
      "other_runs": 1,
      "outcomes": {
        "advice": 8,
        "declined": 1,
        "expired": 1,
        "restored": 11
      },
      "people_helped": 10,
      "period": "week",
      "recurring": [
        {
          "change": "match on externalId, filled from objectId, with precedence 1",
          "code": "matching-on-email",
          "people": 5
        },
        {
          "change": "add or free seats in each full app",
          "code": "seats-full",
          "people": 3
        },
        {
          "change": "assign each inner group itself to the Atlassian application",
          "code": "nested-only",
          "people": 2
        }
      ],
      "remedies": [
        {
          "cause": "membership-drift",
          "step": "provision-membership",
          "time": {
            "count": 8,
            "median_seconds": 55,
            "p90_seconds": 1805
          },
          "tried": 8,
          "worked": 8
        },
        {
          "cause": "email-held-by-managed-account",
          "step": "park-email",
          "time": {
            "count": 3,
            "median_seconds": 42,
            "p90_seconds": 42
          },
          "tried": 4,
          "worked": 3
        },
        {
          "cause": "email-held-by-managed-account",
          "step": "provision-membership",
          "time": {
            "count": 3,
            "median_seconds": 16,
            "p90_seconds": 16
          },
          "tried": 4,
          "worked": 3
        },
        {
          "cause": "email-held-by-managed-account",
          "step": "provision-user",
          "time": {
            "count": 3,
            "median_seconds": 29,
            "p90_seconds": 29
          },
          "tried": 4,
          "worked": 3
        }
      ],
      "repairs": 21,
      "repairs_without_person": 1,
      "schema": 1,
      "since": "2026-10-31T09:00:00Z",
      "steps": {
        "destructive": 5,
        "disruptive": 0,
        "harmless": 24,
        "reversible": 0
      },
      "time_to_access": {
        "count": 11,
        "median_seconds": 86,
        "p90_seconds": 587
      },
      "unread": {
        "causes": 0,
        "erased": 2,
        "goals": 1,
        "risks": 0,
        "runs": 1
      },
      "until": "2026-11-30T09:00:00Z",
      "without_cause": 0
    }
    "#);
    page
}
