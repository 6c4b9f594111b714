//! Checks everything the bot can post with the validator of the simulated Slack. The data is the largest realistic
//! data: 500 groups, every cause at once, hostile names.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    CheckView, HelpCall, View, approval, call, details, diagnosis, help_wanted, line, me, outcome, root,
    status,
};
use crate::config::{Access, Grant};
use crate::slack::blocks::Message;
use crate::slack::markup::Markup;
use crate::slack::modal;
use reinstate_core::diagnose::{Candidate, CandidateKind, Mark, Station, diagnose};
use reinstate_core::evidence::Source;
use reinstate_core::finding::{Cause, Fact, Finding, Verdict};
use reinstate_core::names::{AccountName, LastUse};
use reinstate_core::run::{Limits, PauseReason, Request, Requester};
use reinstate_core::subject::RecordId;
use reinstate_core::{
    Diagnosis, Event, Evidence, Fold as _, Op, Outcome, Plan, Rules, Run, Step, Subject, Undo, Who,
};
use reinstate_sandbox::slack::{Surface, characters, problems, view_problems};

const HOSTILE: &str = "<!channel> *x* _y_ `z` & <@U0ADA>|> \u{202e}\r\n\"'\\";

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn limits() -> Limits {
    let hour = std::time::Duration::from_secs(3600);
    Limits { expire_after: hour, start_within: hour }
}

fn access() -> Access {
    let many = |prefix: &str| (0..60).map(|n| format!("{prefix}{n:04}")).collect::<BTreeSet<String>>();
    let grant = || Grant { users: many("U0"), usergroups: many("S0") };
    Access { protected: Vec::new(), viewer: grant(), operator: grant(), approver: grant() }
}

/// The largest diagnosis and plan, of a person with a very long name.
fn worst() -> (Diagnosis, Plan) {
    let email = format!("{}@acme.example", "j".repeat(240));
    let subject = Subject::asked(Who::Email(email.clone()));
    let mut found = diagnose(&Evidence::new(subject.clone(), at(0)));
    let groups = || Some((0..500).map(|n| format!("{HOSTILE} group {n} {}", "g".repeat(200))).collect());
    found.email = Some(email);
    found.name = Some(HOSTILE.repeat(20));
    found.account = Some("712020:".to_owned() + &"a".repeat(120));
    found.verdict = Verdict::Broken;
    found.groups.expected = groups();
    found.groups.present = groups();
    found.groups.missing = groups();
    found.trail = (0..6)
        .map(|n| Station {
            name: HOSTILE.repeat(3),
            mark: [Mark::Good, Mark::Broken, Mark::Unread][n % 3],
            message: HOSTILE.repeat(30),
        })
        .collect();
    found.findings = Cause::ALL
        .iter()
        .map(|&code| {
            let fact = || Fact { source: Source::Users, message: HOSTILE.repeat(40), seen_at: at(1) };
            Finding { code, blocking: true, because: (0..12).map(|_| fact()).collect() }
        })
        .collect();
    found.unread = (0..30).map(|_| (Source::Users, HOSTILE.repeat(20))).collect();
    found.candidates = (0..9)
        .map(|n| Candidate {
            kind: CandidateKind::AtlassianAccount,
            id: format!("{HOSTILE}{n}"),
            email: Some(HOSTILE.repeat(10)),
            name: Some(HOSTILE.repeat(10)),
            remarks: vec![HOSTILE.repeat(30); 20],
        })
        .collect();
    let steps = (0..60)
        .map(|n| {
            let record = RecordId { directory: "d".into(), record: format!("{HOSTILE}{n}") };
            let op = Op::UnlinkRecord { record, account: HOSTILE.repeat(10) };
            Step { risk: op.risk(), undo: Undo::ByProvisioning, op, before: json!({}) }
        })
        .collect();
    let words = || vec![HOSTILE.repeat(30); 40];
    let plan = Plan {
        subject,
        steps,
        cost: words(),
        advice: words(),
        tickets: Vec::new(),
        because: Vec::new(),
        worked_here: None,
        skipped: Vec::new(),
    };
    (found, plan)
}

fn run_of(more: Vec<Event>) -> Vec<(i64, Timestamp, Event)> {
    let (diagnosis, plan) = worst();
    let asked = Request {
        by: Requester::with_id("U0ADA"),
        channel: "C0ADMINS".into(),
        text: HOSTILE.into(),
        response_url: None,
        aim: reinstate_core::run::Goal::default(),
        helps: None,
    };
    let who = diagnosis.subject.who.clone();
    let digest = plan.digest();
    let mut events = vec![
        Event::Opened { asked, part: None },
        Event::Admitted { rule: HOSTILE.repeat(20), who },
        Event::Planned { diagnosis: Box::new(diagnosis), plan: Box::new(plan), digest },
    ];
    events.extend(more);
    events.into_iter().enumerate().map(|(n, event)| (n as i64 + 1, at(n as i64), event)).collect()
}

/// Every state of a run that a card shows differently.
fn states() -> Vec<Vec<(i64, Timestamp, Event)>> {
    let digest = worst().1.digest().unwrap();
    let long = || HOSTILE.repeat(100);
    let denied = || Event::Denied { by: "U0VIEW".into(), what: long(), why: long() };
    let ended = |outcome| Event::Ended { outcome, message: long().into() };
    let approved = || Event::Approved { by: "U0GRACE".into(), digest: digest.clone() };
    vec![
        run_of(Vec::new()),
        run_of(vec![approved()]),
        run_of(vec![approved(), Event::Began { step: 0, before: json!({}), needs: Some(1) }]),
        run_of(vec![Event::Paused { step: Some(0), halt: PauseReason::Ambiguous, why: long().into() }]),
        run_of((0..300).map(|_| denied()).collect()),
        run_of(vec![
            Event::Declined { by: "U0GRACE".into(), digest: digest.clone() },
            ended(Outcome::Declined),
        ]),
        run_of(vec![Event::Cancelled { by: "U0ADA".into() }, ended(Outcome::Cancelled)]),
        run_of(vec![ended(Outcome::Restored)]),
    ]
}

/// The parts of blocks that people can read. Slack never draws the value of a button, which is for the bot alone.
fn read(blocks: &Value) -> Value {
    match blocks {
        Value::Object(map) if map.get("type") == Some(&json!("button")) => map
            .iter()
            .filter(|(key, _)| *key != "value")
            .map(|(key, value)| (key.clone(), read(value)))
            .collect(),
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), read(value))).collect(),
        Value::Array(items) => items.iter().map(read).collect(),
        plain => plain.clone(),
    }
}

fn good(what: &str, card: &Message) {
    assert_eq!(problems(&card.blocks, Surface::Message), Vec::<String>::new(), "{what}");
    let shown = characters(&card.blocks);
    assert!(shown <= 11_000, "{what}: {shown} characters in all blocks");
    assert!(
        (1..=3000).contains(&card.text.chars().count()),
        "{what}: {} characters",
        card.text.chars().count()
    );
    let shown = read(&Value::Array(card.blocks.clone())).to_string();
    for bad in ["<!channel>", "<@U0ADA>|"] {
        assert!(!shown.contains(bad) && !card.text.contains(bad), "{what} lets {bad} through");
    }
}

#[test]
fn slack_takes_every_card_at_its_largest() {
    let (rules, limits, access) = (Rules::default(), limits(), access());
    let docs = "https://wiki.acme.example/causes".parse().unwrap();
    for events in states() {
        let run = Run::fold(events.iter().map(|(seq, at, event)| (*seq, *at, event))).unwrap();
        for asks_here in [false, true] {
            let head = Some("f".repeat(90));
            let view = View {
                id: "0190163d-8694-739b-aea5-966c26f8ad91",
                run: &run,
                events: &events,
                rules: &rules,
                limits: &limits,
                access: &access,
                now: at(2),
                head,
                channel: "C0ADMINS",
                asks_here,
                concerned: &[],
                undone_by: Some("0190163d-8694-739b-aea5-966c26f8ad91"),
                removed_by: Some("0190163d-8694-739b-aea5-966c26f8ad91"),
                docs: Some(&docs),
            };
            let digest = run.current.as_ref().unwrap().digest.clone().unwrap();
            good("root", &root(&view));
            good("approval", &approval(&view, &digest));
            good("call", &call(&view, Some(at(0))));
            good("outcome", &outcome(&view, &Markup::new().user("U0ADA")));
            good("status", &status(&view, Some("https://acme.slack.com/archives/C0ADMINS/p1")));
            good("line", &Message::text(&line(&view)));
            let shown = modal::details(details(&view));
            assert_eq!(view_problems(&shown, Surface::Modal), Vec::<String>::new());
        }
    }
}

#[test]
fn slack_takes_every_private_answer_at_its_largest() {
    let (found, plan) = worst();
    let docs = "https://wiki.acme.example/causes".parse().unwrap();
    let who = found.subject.who.text().to_owned();
    let open_run =
        Some(("0190163d-8694-739b-aea5-966c26f8ad91".to_owned(), Some("https://x.example".to_owned())));
    let ask_instead = Some(crate::slack::messages::ask_instead(&access()));
    let view = CheckView {
        diagnosis: &found,
        plan: &plan,
        at: at(0),
        asked: &who,
        docs: Some(&docs),
        ask_instead,
        open_run,
    };
    let answer = diagnosis(&view);
    good("check", &answer);
    good("me", &me(&found, at(0)));
    for taken_by in [None, Some("U0ADA")] {
        let call = HelpCall { by: "U0JANE", asked: &who, taken_by, at: at(0) };
        good("help", &help_wanted(&call, &found, Some(&docs), &access()));
    }
    let answer = modal::answer(&answer);
    for view in [
        answer,
        modal::reading(),
        modal::person(),
        modal::reason(&Markup::new().escaped(&who), &"m".repeat(2900)),
    ] {
        assert_eq!(view_problems(&view, Surface::Modal), Vec::<String>::new());
    }
    let answer = modal::answer(&Message::text(&Markup::new().escaped(&HOSTILE.repeat(2000))));
    assert_eq!(view_problems(&answer, Surface::Modal), Vec::<String>::new());
}

#[test]
fn every_mark_is_also_a_word() {
    let (found, _) = worst();
    let shown = Value::Array(super::trail::trail(&found)).to_string();
    for (mark, word) in [(":white_check_mark:", "good"), (":x:", "broken"), (":grey_question:", "unread")] {
        assert_eq!(shown.matches(mark).count(), shown.matches(&format!("{mark} {word}")).count());
        assert!(shown.contains(mark), "{shown}");
    }
}

/// A run that waits for an approval of these steps, for an account called Jane Doe.
fn asks_for(ops: Vec<Op>) -> Vec<(i64, Timestamp, Event)> {
    let mut events = run_of(Vec::new());
    let Some((_, _, Event::Planned { diagnosis, plan, digest })) = events.last_mut() else { panic!() };
    diagnosis.email = Some("jane@acme.example".into());
    diagnosis.account = Some("712020:0000-0bf0".into());
    let account = AccountName {
        name: Some("Jane <Doe>".into()),
        added: Some("2026-03-02".into()),
        last_use: LastUse::Never,
    };
    diagnosis.names.accounts = [("712020:1111-f172".to_owned(), account)].into();
    let step = |op: Op| Step { risk: op.risk(), undo: op.undo(), op, before: json!({}) };
    plan.steps = ops.into_iter().map(step).collect();
    *digest = plan.digest();
    events
}

/// The text of the dialog before these steps are approved. None if one click must not approve them.
fn dialog_of(ops: Vec<Op>) -> Option<String> {
    let (rules, limits, access) = (Rules::default(), limits(), access());
    let events = asks_for(ops);
    let run = Run::fold(events.iter().map(|(seq, at, event)| (*seq, *at, event))).unwrap();
    let view = View {
        id: "r",
        run: &run,
        events: &events,
        rules: &rules,
        limits: &limits,
        access: &access,
        now: at(2),
        head: None,
        channel: "C0ADMINS",
        asks_here: true,
        concerned: &[],
        undone_by: None,
        removed_by: None,
        docs: None,
    };
    let asked = super::dialog(&view).map(|confirm| confirm.text.as_str().to_owned());
    let drawn = Value::Array(root(&view).blocks).to_string();
    assert_eq!(drawn.contains("Approve this plan?"), asked.is_some(), "{drawn}");
    let plan = reinstate_core::plan::short(run.current.as_ref().unwrap().digest.as_ref().unwrap()).to_owned();
    asked.map(|text| text.replace(&plan, "PLAN"))
}

#[test]
fn the_dialog_names_every_destructive_step_first_and_then_the_account_and_the_plan() {
    let account = || "712020:1111-f172".to_owned();
    let record = |n: usize| RecordId { directory: "d".into(), record: format!("0190163d-{n:04}") };
    let unlink = |n| Op::UnlinkRecord { record: record(n), account: account() };
    let park = Op::ParkEmail {
        account: account(),
        from: "jane@acme.example".into(),
        to: "parked-1@acme.example".into(),
    };
    let delete = Op::ScheduleDeletion { account: "712020:2222-a0a0".into() };
    insta::assert_snapshot!(dialog_of(vec![unlink(1), park.clone(), delete.clone()]).unwrap(), @"
    • Move jane@acme.example off account Jane &lt;Doe&gt; (…f172, added 2026-03-02, never used)
    • Delete account …a0a0, due in 14 days
    • Unlink SCIM record …0001 from account Jane &lt;Doe&gt; (…f172, added 2026-03-02, never used)
    For jane@acme.example (account …0bf0). Plan `PLAN`.
    ");
    let many = (0..9).map(unlink).chain([park]).collect();
    insta::assert_snapshot!(dialog_of(many).unwrap(), @"
    • Move jane@acme.example off account Jane &lt;Doe&gt; (…f172, added 2026-03-02, never used)
    • disruptive steps: 9, see the card
    For jane@acme.example (account …0bf0). Plan `PLAN`.
    ");
    insta::assert_snapshot!(dialog_of((0..9).map(unlink).collect()).unwrap(), @"
    No destructive step.
    • disruptive steps: 9, see the card
    For jane@acme.example (account …0bf0). Plan `PLAN`.
    ");
    assert_eq!(dialog_of(vec![delete; 9]), None, "nine destructive steps do not fit");
}
