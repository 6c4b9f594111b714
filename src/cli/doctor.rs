//! `doctor [--json]`: checks everything that the bot needs. It must exit with 0 only if `serve` would work.

use crate::cli::out;
use std::path::Path;

use serde_json::{Value, json};

use super::args::Exit;
use crate::config::{Config, Env, Problems, Purpose};
use crate::doctor::{Report, State, full};

/// Runs all checks and prints the report.
///
/// # Errors
/// None at present; every problem is part of the report.
pub async fn run(file: Option<&Path>, env: &Env, json: bool) -> anyhow::Result<Exit> {
    let config = match Config::load(file, env, Purpose::Diagnose) {
        Ok(config) => config,
        Err(problems) => {
            if json {
                out::line(format_args!("{}", refused(&problems)));
            }
            eprintln!("{problems}");
            return Ok(Exit::Config);
        }
    };
    let report = full(&config).await;
    if json {
        out::line(format_args!("{}", answer(&report)));
    } else {
        out::print(format_args!("{}", text(&report)));
    }
    Ok(match report.state() {
        State::Good => Exit::Healthy,
        State::Bad => Exit::Blocking,
        State::Unknown => Exit::CannotTell,
    })
}

fn answer(report: &Report) -> Value {
    json!({ "schema": 1, "state": report.state(), "checks": report.checks })
}

/// A configuration that cannot be read, in the same form as a report, so that scripts parse only one form.
fn refused(problems: &Problems) -> Value {
    let checks: Vec<Value> = problems
        .list
        .iter()
        .map(|problem| {
            json!({
                "name": format!("configuration {}", problem.key), "state": "bad", "saw": problem.reason,
                "fix": problem.fix, "by_hand": false,
            })
        })
        .collect();
    json!({ "schema": 1, "state": "bad", "checks": checks })
}

/// The report as text for a terminal. Names that other people chose must not move the cursor.
#[must_use]
pub fn text(report: &Report) -> String {
    let mut lines = Vec::new();
    for check in &report.checks {
        let mark = match (check.state, check.by_hand) {
            (State::Good, _) => "good    ",
            (State::Bad, _) => "BAD     ",
            (State::Unknown, false) => "unknown ",
            (State::Unknown, true) => "by hand ",
        };
        lines.push(format!("{mark} {}: {}", check.name, check.observed));
        if let Some(fix) = &check.fix {
            lines.push(format!("           {fix}."));
        }
    }
    lines.push(String::new());
    lines.push(match report.state() {
        State::Good => "Ready to serve.".to_owned(),
        State::Bad => "Not ready: mend what is BAD, then run doctor again.".to_owned(),
        State::Unknown => "Cannot tell: something needed did not answer. Run doctor again.".to_owned(),
    });
    let clean = |line: String| line.replace(char::is_control, " ");
    lines.into_iter().map(clean).collect::<Vec<_>>().join("\n") + "\n"
}
