//! A card of a run fits one screen: at most 12 lines of 100 columns for a plan of up to five steps, in every state, and
//! it shows no full id. Tried with the diagnosis and the plan of every scenario and of a fixed sample of generated
//! tenants.

use reinstate::slack::blocks::Message;
use reinstate::slack::cards;
use reinstate_core::evidence::HopelessPlan;
use reinstate_core::run::{EndReason, PauseDetail, PauseReason};
use reinstate_core::{Cause, Diagnosis, Event, Outcome, Plan, WorkedHere};
use reinstate_sandbox::generator::Recipe;
use reinstate_sandbox::scenarios::ALL;
use reinstate_sandbox::tenant::Tenant;

use crate::asking::{ask, look, start};
use crate::gallery::jane::Story;
use crate::gallery::report;
use crate::generated::lab::Lab;

const COLUMNS: usize = 100;
const MAX_LINES: usize = 12;
/// A report is read by itself, so it may fill the height of a window.
const MAX_REPORT_LINES: usize = 23;
/// How many generated tenants are tried.
const TENANTS: u64 = 200;

/// A text as a client shows it: marks take two columns, links and mentions show their words.
fn shown(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c == '<'
            && let Some((inside, after)) = rest[1..].split_once('>')
        {
            out.push_str(inside.rsplit('|').next().unwrap_or(inside));
            rest = after;
        } else if c == ':'
            && let Some(code) = emoji(rest)
        {
            out.push_str("[]");
            rest = &rest[code..];
        } else {
            if !matches!(c, '*' | '`') {
                out.push(c);
            }
            rest = &rest[c.len_utf8()..];
        }
    }
    out.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
}

/// The length of an emoji code at the beginning of a text.
fn emoji(text: &str) -> Option<usize> {
    let end = text[1..].find(':')? + 2;
    let code = &text[1..end - 1];
    (!code.is_empty() && code.chars().all(|c| c.is_ascii_lowercase() || c == '_')).then_some(end)
}

/// The lines of a text after word wrap.
fn wrapped(text: &str) -> usize {
    text.split('\n')
        .map(|line| {
            let (mut lines, mut used) = (1, 0);
            for word in line.split(' ') {
                let width = word.chars().count();
                if used > 0 && used + 1 + width > COLUMNS {
                    (lines, used) = (lines + 1, width);
                } else {
                    used += width + usize::from(used > 0);
                }
                lines += used.saturating_sub(1) / COLUMNS;
                used = if used > COLUMNS { used % COLUMNS } else { used };
            }
            lines
        })
        .sum()
}

/// The texts of a message, block by block. A row of buttons is one line.
fn texts(message: &Message) -> Vec<String> {
    let texts = message.blocks.iter().map(|block| match block["type"].as_str().unwrap() {
        "header" | "section" => block["text"]["text"].as_str().unwrap().to_owned(),
        "context" => {
            let parts = block["elements"].as_array().unwrap().iter();
            parts.map(|part| part["text"].as_str().unwrap()).collect::<Vec<_>>().join(" ")
        }
        "actions" => {
            let buttons = block["elements"].as_array().unwrap().iter();
            buttons.map(|button| button["text"]["text"].as_str().unwrap()).collect::<Vec<_>>().join(" ")
        }
        other => panic!("{other}"),
    });
    texts.map(|text| shown(&text)).collect()
}

fn has_uuid(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.windows(36).any(|part| {
        part.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
    })
}

/// What is wrong with the cards of a run with this plan, in each of its states.
fn faults(name: &str, diagnosis: &Diagnosis, plan: &Plan) -> Vec<String> {
    // The half line about earlier runs at its longest: no more than 500 runs are counted.
    let worked_here = Some(WorkedHere { tried: 500, worked: 499, seconds: Some(7_000) });
    let actions = ["unlink-record", "delete-record", "provision-user"].map(str::to_owned).to_vec();
    let skipped = vec![HopelessPlan { cause: Cause::LinkedToOtherAccount, actions, failed: 500 }; 2];
    let plan =
        &if plan.steps.is_empty() { plan.clone() } else { Plan { worked_here, skipped, ..plan.clone() } };
    let planned = || Story::repair().planned((diagnosis.clone(), plan.clone()));
    let states = if plan.steps.is_empty() {
        vec![("advice", planned().ended(Outcome::Advice, EndReason::Advice))]
    } else {
        let approved = || if plan.digest().is_some() { planned().approved() } else { planned() };
        let pause = |why| Event::Paused { step: Some(0), halt: PauseReason::Refused, why };
        vec![
            ("planned", planned()),
            ("working", approved().began(0, 1)),
            ("refused", approved().began(0, 1).and(pause(PauseDetail::RateLimited.into()))),
            (
                "restored",
                approved()
                    .began(0, 1)
                    .confirmed(0)
                    .ended(Outcome::Restored, EndReason::Restored { groups: 2 }),
            ),
            ("expired", planned().ended(Outcome::Expired, EndReason::NotApproved)),
        ]
    };
    let mut all = Vec::new();
    let most = if plan.steps.len() > 5 { MAX_LINES + 3 } else { MAX_LINES };
    for (state, story) in states {
        let card = story.draws(cards::root);
        let texts = texts(&card);
        let lines: usize = texts.iter().map(|text| wrapped(text)).sum();
        // A choice between two accounts needs a button for each of them.
        let choice = 2 * diagnosis.candidates.len() * usize::from(state == "advice");
        if lines > most + choice {
            all.push(format!("{name}, {state}: {lines} lines\n{}", texts.join("\n")));
        }
        if texts.iter().any(|text| has_uuid(text)) {
            all.push(format!("{name}, {state}: a full id\n{}", texts.join("\n")));
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn the_card_of_every_scenario_fits_one_screen_and_shows_no_full_id() {
    let mut all = Vec::new();
    for scenario in ALL {
        let (_, diagnosis, plan) = look(scenario).await;
        all.extend(faults(scenario.name, &diagnosis, &plan));
    }
    assert!(all.is_empty(), "{} cards\n{}", all.len(), all.join("\n\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_card_of_generated_tenants_fits_one_screen_and_shows_no_full_id() {
    let (mut all, mut plans) = (Vec::new(), 0);
    for seed in 0..TENANTS {
        let lab = Lab::new(&Recipe::drawn(seed));
        if let Some(answer) = lab.check(&lab.who, &[]).await {
            plans += usize::from(!answer.plan.steps.is_empty());
            all.extend(faults(&format!("tenant {seed}"), &answer.diagnosis, &answer.plan));
        }
    }
    assert!(plans > 25, "{plans} plans");
    assert!(all.is_empty(), "{} cards\n{}", all.len(), all.join("\n\n"));
}

/// Names that a directory may hold: very long, from right to left with an emoji of several parts, none, and the same
/// for everybody.
const NAMES: [&str; 4] = [LONG_NAME, "\u{202e}أحمد بن عبد الله 🧑\u{200d}🚒", "", "Jane Doe"];
const LONG_NAME: &str = concat!(
    "Wolfeschlegelsteinhausenbergerdorff Wolfeschlegelsteinhausenbergerdorff ",
    "Ж Ж Ж Ж Ж Ж Ж Ж Ж Ж Ж Ж Ж Ж Ж Ж Ж Ж Ж Ж Ж Ж Ж Ж Ж Ж Ж Ж Ж Ж Ж Ж Ж Ж Ж Ж Ж Ж Ж Ж ",
    "Wolfeschlegelsteinhausenbergerdorff the elder of Hamburg"
);

/// Gives everybody this name, and all accounts one date.
fn rename(tenant: &mut Tenant, name: &str) {
    for user in tenant.entra.users.values_mut() {
        name.clone_into(&mut user.display_name);
    }
    for account in tenant.atlassian.accounts.values_mut() {
        name.clone_into(&mut account.name);
        "2026-02-02".clone_into(&mut account.added_to_org);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_card_fits_one_screen_whatever_people_are_called() {
    assert!(LONG_NAME.chars().count() >= 200);
    let (mut all, mut plans) = (Vec::new(), 0);
    // Each scenario with two of the names.
    for (at, scenario) in ALL.iter().enumerate() {
        for name in [NAMES[at % 4], NAMES[(at + 2) % 4]] {
            let mut tenant = scenario.tenant();
            rename(&mut tenant, name);
            let (diagnosis, plan) = ask(&start(tenant).await, scenario.who).await;
            plans += usize::from(!plan.steps.is_empty());
            all.extend(faults(&format!("{} called {name:?}", scenario.name), &diagnosis, &plan));
        }
    }
    assert!(plans > 60, "{plans} plans");
    assert!(all.is_empty(), "{} cards\n{}", all.len(), all.join("\n\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_missing_groups_and_forty_apps_fit_one_screen() {
    let mut tenant = Tenant::new();
    tenant.sends_known_members();
    let jane = tenant.employee("jane@acme.example", "Jane Doe");
    for number in 0..60 {
        let name = format!("grp-of-the-department-with-the-very-long-name-{number:02}");
        let app = format!("Site number {number:02} of the department with the very long name");
        let app = tenant.atlassian.add_workspace("jira-software", &app);
        let roles = [(app.as_str(), "atlassian/user")];
        tenant.atlassian.add_group(&name, true, if number < 40 { &roles } else { &[] });
        let group = tenant.entra.add_group(&name);
        tenant.entra.add_member(&group, &jane.idp);
        tenant.entra.assign_group(&group);
    }
    let (diagnosis, plan) = ask(&start(tenant).await, "jane@acme.example").await;
    assert!(diagnosis.findings.iter().any(|found| found.code == Cause::MembershipDrift), "{diagnosis:?}");
    assert!(plan.steps.len() >= 60, "{} steps", plan.steps.len());
    let found = faults("sixty groups", &diagnosis, &plan);
    assert!(found.is_empty(), "{}", found.join("\n\n"));
}

#[test]
fn a_report_with_everything_in_it_fits_one_screen() {
    let texts = texts(&cards::report(&report::full()));
    let lines: usize = texts.iter().map(|text| wrapped(text)).sum();
    assert!(lines <= MAX_REPORT_LINES, "{lines} lines\n{}", texts.join("\n"));
}

#[test]
fn lines_are_counted_as_a_client_wraps_them() {
    assert_eq!(wrapped("a"), 1);
    assert_eq!(wrapped(&"a ".repeat(50)), 1);
    assert_eq!(wrapped(&"ab ".repeat(40)), 2);
    assert_eq!(wrapped(&"x".repeat(250)), 3);
    assert_eq!(shown(":white_check_mark: *done* <https://x.example|page> a:b &lt;"), "[] done page a:b <");
    assert!(has_uuid("x 5578ea37-0000-4000-8000-000000000004.") && !has_uuid("5578ea37"));
}
