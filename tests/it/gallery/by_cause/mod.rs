//! What `check` shows for each cause: the facts, the advice, the costs and the tickets. The evidence comes from the
//! scenario of that cause. The real clients read it from the simulated services.

pub mod accounts;
pub mod groups;
pub mod identities;
pub mod job;
pub mod people;
pub mod records;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use reinstate::cli::check;
use reinstate::exec::assess::Assessment;
use reinstate::world::ReadScope;
use reinstate_core::{Cause, Subject, Who, diagnose, plan};
use reinstate_sandbox::scenarios::{ALL, Scenario, find};

use super::page::Page;
use crate::asking::{config, look, start};

/// The answer for the scenario of each cause.
static ANSWERS: LazyLock<BTreeMap<&'static str, String>> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut answers = tokio::task::JoinSet::new();
        for cause in Cause::ALL {
            answers.spawn(async move { (cause.code(), answer_of(*cause).await) });
        }
        answers.join_all().await.into_iter().collect()
    })
});

/// The scenario with the name of the cause, or else the first one that has only this cause.
fn scenario(cause: Cause) -> &'static Scenario {
    let named = ALL.iter().find(|scenario| scenario.name == cause.code());
    let alone = || ALL.iter().find(|scenario| *scenario.finds == [cause]);
    named.or_else(alone).unwrap()
}

/// Two causes need more than a scenario: a question about one app, and a membership that an earlier run has sent.
async fn answer_of(cause: Cause) -> String {
    let (scenario, title, app) = match cause {
        Cause::AppNotGranted => {
            ("healthy", "Jane asks for an app that none of her groups grants.", Some("lab"))
        }
        Cause::GroupTooLarge => {
            ("membership-drift", "A run has sent the memberships, and the groups are full.", None)
        }
        other => return answer(scenario(other)).await,
    };
    let mut tenant = find(scenario).unwrap().tenant();
    let wiki = tenant.atlassian.add_workspace("confluence", "Laboratory Wiki");
    for space in tenant.atlassian.workspaces.iter_mut().filter(|space| space.id == wiki) {
        space.host_url = "https://lab.atlassian.net".to_owned();
    }
    tenant.atlassian.add_group("lab-people", true, &[(&wiki, "atlassian/user")]);
    let group = tenant.entra.add_group("lab-people");
    tenant.entra.assign_group(&group);
    let sandbox = start(tenant).await;
    let who = "jane@acme.example";
    let subject = Subject::asked(Who::parse(who).unwrap()).about(app);
    let mut evidence =
        reinstate::cli::world(&config(&sandbox)).unwrap().gather(subject, ReadScope::Everything).await;
    if cause == Cause::GroupTooLarge {
        evidence.places.group_members = Some(1);
        evidence
            .sent_memberships
            .extend(evidence.memberships.get().unwrap().iter().map(|group| group.id.clone()));
    }
    let diagnosis = diagnose(&evidence);
    assert!(diagnosis.found(cause), "{diagnosis:?}");
    let plan = plan(&evidence, &diagnosis, &config(&sandbox).rules(), &[]);
    let assessment = Assessment { diagnosis, plan, prior_runs_unread: None };
    format!("{title}\n\n{}", steady(&check::text(who, &assessment)))
}

async fn answer(scenario: &'static Scenario) -> String {
    let (_sandbox, diagnosis, plan) = look(scenario).await;
    let assessment = Assessment { diagnosis, plan, prior_runs_unread: None };
    format!("{}\n\n{}", scenario.title, steady(&check::text(scenario.who, &assessment)))
}

/// The text without the parts that differ from day to day: times, days and log ids. A scenario counts its days from
/// now, so no day may stay.
fn steady(text: &str) -> String {
    let shapes = [
        ("", "0000-00-00T00:00:00Z", "TIME"),
        ("change id ", UUID, "ID"),
        ("cycle id ", UUID, "ID"),
        (" ", "0000-00-00 ", "DAY "),
        (" ", "0000-00-00,", "DAY,"),
        (" ", "0000-00-00.", "DAY."),
        (" ", "0000-00-00;", "DAY;"),
        (" ", "0000-00-00\n", "DAY\n"),
    ];
    let mut out = String::new();
    for c in text.chars() {
        out.push(c);
        for (before, shape, instead) in shapes {
            let whole = out.len().checked_sub(before.len() + shape.len()).and_then(|from| out.get(from..));
            let Some(found) = whole.and_then(|whole| whole.strip_prefix(before)) else { continue };
            let fits = |(c, s): (char, char)| if s == '0' { c.is_ascii_hexdigit() } else { c == s };
            if found.chars().zip(shape.chars()).all(fits) {
                out.truncate(out.len() - shape.len());
                out.push_str(instead);
            }
        }
    }
    out
}

const UUID: &str = "00000000-0000-0000-0000-000000000000";

/// The answer for a cause. The page records that it covers the cause.
fn answer_for(page: &mut Page, cause: Cause) -> String {
    page.covers("Cause", &cause);
    ANSWERS[cause.code()].clone()
}
