//! `check WHO [--app APP]`: one diagnosis, read-only. It needs neither the store nor Slack. If prior runs might matter and cannot
//! be read, the answer says so. It must never change anything.

use std::path::Path;

use super::args::Exit;
use crate::cli::out;
use crate::config::Config;
use crate::exec::assess::{Assessment, Gather, PlanFor, assess_evidence, gather_evidence};
use crate::exec::prior_runs::PriorRuns;
use reinstate_core::diagnose::{AppChoice, Mark, NOT_EXAMINED_SENTENCE};
use reinstate_core::{Diagnosis, Subject, Verdict, Who};

use crate::slack::messages::figures;

use super::{bundle, report, world};

/// Diagnoses one person and prints the answer. Writes an evidence bundle if a file is given.
///
/// # Errors
/// When the program itself cannot work. Upstream read failures are part of the answer.
pub async fn run(
    config: &Config,
    who: &str,
    app: Option<&str>,
    json: bool,
    bundle: Option<&Path>,
) -> anyhow::Result<Exit> {
    let who = match Who::parse(who) {
        Ok(who) => who,
        Err(error) => {
            eprintln!("\"{who}\": {error}. Write for example: reinstate check jane@acme.example");
            return Ok(Exit::Usage);
        }
    };
    let (world, prior_runs) = (world(config)?, PriorRuns::in_database(config.store.url.clone()));
    let (gather, rules) = (Gather::Person(Subject::asked(who.clone()).about(app)), config.rules());
    let (evidence, unread) = gather_evidence(world.as_ref(), &prior_runs, gather).await;
    let assessment = assess_evidence(&evidence, unread, &rules, PlanFor::Repair, &[]);
    if let Some(choice) = &assessment.diagnosis.app_choice {
        eprintln!("{}", unclear(choice));
        return Ok(Exit::Usage);
    }
    print(who.text(), &assessment, json);
    if let Some(file) = bundle {
        bundle::write(file, &evidence, &rules, assessment.prior_runs_unread.as_deref())?;
    }
    Ok(exit(&assessment))
}

/// Prints the answer.
pub(super) fn print(query: &str, assessment: &Assessment, json: bool) {
    if json {
        out::line(format_args!("{}", report::json(query, assessment)));
    } else {
        out::print(format_args!("{}", text(query, assessment)));
    }
}

/// The exit code of an answer.
pub(super) fn exit(assessment: &Assessment) -> Exit {
    match assessment.diagnosis.verdict {
        Verdict::Healthy => Exit::Healthy,
        Verdict::Broken => Exit::Blocking,
        Verdict::CannotTell => Exit::CannotTell,
    }
}

/// Why APP cannot be used, with the apps to choose from.
#[must_use]
pub fn unclear(choice: &AppChoice) -> String {
    let means = if choice.several { "means several apps" } else { "means no app of the organization" };
    let mut lines =
        vec![format!("\"{}\" {means}. Use more of the name, or the id, of one of these:", choice.asked)];
    lines.extend(choice.apps.iter().map(|app| format!("  {app}  {}", app.resource)));
    lines.join("\n").replace(|c: char| c.is_control() && c != '\n', " ")
}

/// The answer as text for a terminal.
#[must_use]
pub fn text(query: &str, assessment: &Assessment) -> String {
    let Assessment { diagnosis, plan, prior_runs_unread } = assessment;
    let mut lines = vec![format!("{query}: {}", diagnosis.verdict.word()), String::new()];
    for station in &diagnosis.trail {
        let mark = match station.mark {
            Mark::Good => "ok     ",
            Mark::Broken => "BROKEN ",
            Mark::Unread => "unread ",
        };
        lines.push(format!("  {mark} {:<18} {}", station.name, station.message));
    }
    section(&mut lines, "Apps", apps(diagnosis));
    section(
        &mut lines,
        "Found",
        diagnosis.findings.iter().flat_map(|finding| {
            let head = format!("{} ({})", finding.code.title(), finding.code.code());
            let facts =
                finding.because.iter().map(|fact| format!("  {}: {}", fact.source.name(), fact.message));
            std::iter::once(head).chain(facts.collect::<Vec<_>>())
        }),
    );
    if let Some(missing) = diagnosis.groups.missing.as_ref().filter(|missing| !missing.is_empty()) {
        section(&mut lines, "Missing groups", missing.iter().cloned());
    }
    let extra = diagnosis.groups.extra.iter().flatten().cloned();
    section(&mut lines, "Groups at Atlassian that the identity provider does not give", extra);
    section(
        &mut lines,
        "Could not be read",
        diagnosis
            .unread
            .iter()
            .map(|(source, why)| format!("{}: {why}", source.name()))
            .chain(prior_runs_unread.iter().map(|why| format!("{}: {why}", report::PRIOR_RUNS))),
    );
    section(
        &mut lines,
        "More than one is meant",
        diagnosis.candidates.iter().map(|candidate| {
            let email = candidate.email.as_deref().unwrap_or("no address");
            format!("{} {} ({email}): {}", candidate.kind.word(), candidate.id, candidate.remarks.join(", "))
        }),
    );
    section(
        &mut lines,
        "Plan",
        plan.steps.iter().enumerate().map(|(index, step)| {
            format!("{}. {} [{}; {}]", index + 1, step.op.says(), step.risk.word(), step.undo.message())
        }),
    );
    lines.extend(plan.skipped.iter().map(|skipped| format!("  {}", figures::not_proposed(skipped))));
    section(&mut lines, "What it costs", plan.cost.iter().cloned());
    section(&mut lines, "What a person can do", plan.advice.iter().cloned());
    for ticket in &plan.tickets {
        let title = format!("Ready to paste into a ticket to {}", ticket.to.name());
        section(&mut lines, &title, std::iter::once(ticket.text.clone()));
    }
    if diagnosis.verdict == Verdict::Healthy {
        lines.push(format!("\n{NOT_EXAMINED_SENTENCE}"));
    }
    if let Some(digest) = plan.digest() {
        lines.push(format!(
            "\nRepairs are asked for in Slack: /reinstate repair {query}   (plan {})",
            reinstate_core::plan::short(&digest)
        ));
    }
    lines.push(String::new());
    // Names that other people chose must not contain control characters that move the cursor.
    lines
        .iter()
        .map(|line| line.replace(|c: char| c.is_control() && c != '\n', " "))
        .collect::<Vec<_>>()
        .join("\n")
}

/// One line for each expected app.
fn apps(diagnosis: &Diagnosis) -> impl Iterator<Item = String> {
    let present = diagnosis
        .apps
        .present
        .iter()
        .flatten()
        .map(|app| format!("ok      {} as {}, through {}", app.name, app.role, app.through.join(", ")));
    let missing = diagnosis.apps.missing.iter().flatten();
    present.chain(missing.map(|app| format!("MISSING {}: {}", app.name, app.why.word())))
}

fn section(lines: &mut Vec<String>, title: &str, items: impl Iterator<Item = String>) {
    let mut items = items.peekable();
    if items.peek().is_some() {
        lines.push(String::new());
        lines.push(title.to_owned());
        lines.extend(items.map(|item| format!("  {item}")));
    }
}
