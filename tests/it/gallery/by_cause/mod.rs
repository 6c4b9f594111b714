//! What `check` says of each cause, in words from the evidence: the facts, the advice, the costs and the tickets. The
//! evidence comes from the scenario of that cause, read by the real clients from the simulated services.

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
use reinstate_core::Cause;
use reinstate_sandbox::scenarios::{ALL, Scenario};

use super::page::Page;
use crate::asking::look;

/// The answer for the scenario of each cause.
static ANSWERS: LazyLock<BTreeMap<&'static str, String>> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut answers = tokio::task::JoinSet::new();
        for cause in Cause::ALL {
            answers.spawn(async move { (cause.code(), answer(scenario(*cause)).await) });
        }
        answers.join_all().await.into_iter().collect()
    })
});

/// The scenario of that name, else the first that finds the cause alone.
fn scenario(cause: Cause) -> &'static Scenario {
    let named = ALL.iter().find(|scenario| scenario.name == cause.code());
    let alone = || ALL.iter().find(|scenario| *scenario.finds == [cause]);
    named.or_else(alone).unwrap()
}

async fn answer(scenario: &'static Scenario) -> String {
    let (_sandbox, diagnosis, plan) = look(scenario).await;
    let assessment = Assessment { diagnosis, plan, prior_runs_unread: None };
    format!("{}\n\n{}", scenario.title, steady(&check::text(scenario.who, &assessment)))
}

/// The text without what differs from day to day: times, which stand a few hours in the past, and ids of the log.
fn steady(text: &str) -> String {
    let shapes =
        [("", "0000-00-00T00:00:00Z", "TIME"), ("change id ", UUID, "ID"), ("cycle id ", UUID, "ID")];
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

/// The answer for a cause; the page notes that it shows it.
fn answer_for(page: &mut Page, cause: Cause) -> String {
    page.covers("Cause", &cause);
    ANSWERS[cause.code()].clone()
}
