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
use reinstate_core::Cause;
use reinstate_sandbox::scenarios::{ALL, Scenario};

use super::page::Page;
use crate::asking::look;
use crate::causes::WITHOUT_SCENARIO;

/// The answer for the scenario of each cause.
static ANSWERS: LazyLock<BTreeMap<&'static str, String>> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut answers = tokio::task::JoinSet::new();
        for cause in Cause::ALL.iter().filter(|cause| !WITHOUT_SCENARIO.contains(cause)) {
            answers.spawn(async move { (cause.code(), answer(scenario(*cause)).await) });
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

async fn answer(scenario: &'static Scenario) -> String {
    let (_sandbox, diagnosis, plan) = look(scenario).await;
    let assessment = Assessment { diagnosis, plan, prior_runs_unread: None };
    format!("{}\n\n{}", scenario.title, steady(&check::text(scenario.who, &assessment)))
}

/// The text without the parts that differ from day to day: times a few hours ago, and log ids.
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

/// The answer for a cause. The page records that it covers the cause.
fn answer_for(page: &mut Page, cause: Cause) -> String {
    page.covers("Cause", &cause);
    ANSWERS[cause.code()].clone()
}
