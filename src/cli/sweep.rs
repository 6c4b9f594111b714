//! `sweep`: diagnoses every managed account, read-only. It needs neither the store nor Slack. Scripts get one JSON
//! object per line or a table; people get a progress bar and a summary. It must never change anything.

use crate::cli::out;
use std::collections::HashMap;
use std::io::{BufWriter, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;
use tokio::sync::mpsc;

use super::args::Exit;
use super::{report, world};
use crate::config::Config;
use crate::exec::prior_runs::PriorRuns;
use crate::exec::sweep::{CheckedAccount, Survey, survey};
use crate::sheet::Sheet;
use crate::world::SweepProgress;
use reinstate_core::Cause;
use reinstate_core::sweep::{SweepFinding, Tally};

/// How many findings may wait to be printed.
const MAX_WAITING_FINDINGS: usize = 64;
/// How many accounts the summary for people names; `--json` and `--csv` contain all of them.
const MAX_NAMED: usize = 20;
/// How often the progress bar is drawn.
const DRAW_INTERVAL: Duration = Duration::from_millis(200);

/// The output for findings.
enum Out {
    Lines(BufWriter<std::io::Stdout>),
    Table(Box<Sheet<std::fs::File>>),
    People(Vec<SweepFinding>),
}

/// Sweeps and prints.
///
/// # Errors
/// When the program itself cannot work, or when the file cannot be written. Upstream read failures are part of the
/// answer.
pub async fn run(config: &Config, json: bool, csv: Option<PathBuf>) -> anyhow::Result<Exit> {
    let mut out = open(json, csv.as_deref())?;
    let world = world(config)?;
    let (rules, meter) = (Arc::new(config.rules()), Arc::new(SweepProgress::default()));
    let prior_runs = Arc::new(PriorRuns::in_database(config.store.url.clone()));
    let (sender, mut looked) = mpsc::channel::<CheckedAccount>(MAX_WAITING_FINDINGS);
    let began = Instant::now();
    let bar = bar(json);
    let known = HashMap::new();
    let sweeping = async {
        let survey = survey(&world, &prior_runs, &rules, &meter, &known, &sender).await;
        drop(sender);
        survey
    };
    let printing = async {
        loop {
            tokio::select! {
                next = looked.recv() => match next {
                    Some(looked) => out.put(&looked)?,
                    None => return anyhow::Ok(()),
                },
                () = tokio::time::sleep(DRAW_INTERVAL) => draw(&bar, &meter, began),
            }
        }
    };
    let (survey, printed) = tokio::join!(sweeping, printing);
    bar.finish_and_clear();
    printed?;
    out.end(&survey, csv.as_deref(), began.elapsed())?;
    Ok(exit(&survey.tally, &survey))
}

/// 2 if any account is broken, else 3 if any account cannot be diagnosed, else 0
/// (docs/reference/rules.md#exit-codes).
fn exit(tally: &Tally, survey: &Survey) -> Exit {
    let not_all = survey.unread.iter().any(|(source, _)| *source == reinstate_core::Source::Accounts);
    match (tally.broken, tally.cannot_tell) {
        (0, 0) if not_all => Exit::CannotTell,
        (0, 0) => Exit::Healthy,
        (0, _) => Exit::CannotTell,
        _ => Exit::Blocking,
    }
}

fn open(json: bool, csv: Option<&Path>) -> anyhow::Result<Out> {
    Ok(match csv {
        Some(path) => {
            let file = std::fs::File::create(path)
                .with_context(|| format!("{} cannot be written", path.display()))?;
            let mut table = Sheet::with_line_feeds(file);
            table.sweep_columns()?;
            Out::Table(Box::new(table))
        }
        None if json => Out::Lines(BufWriter::new(std::io::stdout())),
        None => Out::People(Vec::new()),
    })
}

impl Out {
    fn put(&mut self, looked: &CheckedAccount) -> anyhow::Result<()> {
        match self {
            Self::Lines(out) => {
                writeln!(out, "{}", report::json(&looked.found.query, &looked.assessment))?;
                // A program that reads the output receives each line as soon as it is written.
                out.flush()?;
            }
            Self::Table(out) => out.sweep_row(&looked.found)?,
            Self::People(found) => found.push(looked.found.clone()),
        }
        Ok(())
    }

    fn end(self, survey: &Survey, csv: Option<&Path>, took: Duration) -> anyhow::Result<()> {
        match self {
            Self::Lines(mut out) => {
                writeln!(out, "{}", summary(survey))?;
                out.flush()?;
            }
            Self::Table(mut out) => {
                out.flush()?;
                let path = csv.map(|path| path.display().to_string()).unwrap_or_default();
                eprintln!(
                    "{} of {} accounts are not healthy: {path}",
                    not_healthy(&survey.tally),
                    survey.tally.accounts
                );
                unread(survey).iter().for_each(|line| eprintln!("{line}"));
            }
            Self::People(found) => out::print(format_args!("{}", text(survey, &found, took))),
        }
        Ok(())
    }
}

fn not_healthy(tally: &Tally) -> u64 {
    tally.broken + tally.cannot_tell
}

/// The last line of `sweep --json` (docs/reference/rules.md#stable-json). It names the sources that could not be read.
#[must_use]
pub fn summary(survey: &Survey) -> serde_json::Value {
    let tally = &survey.tally;
    let sides = survey.unread.iter().map(|(source, why)| json!({"source": source, "reason": why}));
    let prior_runs =
        survey.prior_runs_unread.iter().map(|why| json!({"source": report::PRIOR_RUNS, "reason": why}));
    json!({"schema": 1, "summary": {
        "accounts": tally.accounts,
        "healthy": tally.healthy,
        "broken": tally.broken,
        "cannot_tell": tally.cannot_tell,
        "by_cause": tally.by_cause,
        "tenant_causes": tally.tenant_causes,
        "unread": tally.unread,
        "sides_unread": sides.chain(prior_runs).collect::<Vec<_>>(),
    }})
}

fn unread(survey: &Survey) -> Vec<String> {
    survey
        .unread
        .iter()
        .map(|(source, why)| format!("Could not be read: {} ({why})", source.name()))
        .chain(
            survey
                .prior_runs_unread
                .iter()
                .map(|why| format!("Could not be read: {} ({why})", report::PRIOR_RUNS)),
        )
        .collect()
}

/// The answer as text for a terminal.
#[must_use]
pub fn text(survey: &Survey, found: &[SweepFinding], took: Duration) -> String {
    let tally = &survey.tally;
    let mut lines = vec![format!(
        "{} accounts in {:.1} s: {} healthy, {} broken, {} cannot be told",
        tally.accounts,
        took.as_secs_f64(),
        tally.healthy,
        tally.broken,
        tally.cannot_tell
    )];
    let not_read = unread(survey);
    if !not_read.is_empty() {
        lines.push(String::new());
        lines.extend(not_read);
        lines.push("What needs these sides is not judged above.".to_owned());
    }
    if !tally.tenant_causes.is_empty() {
        lines.push(String::new());
        let one = |cause: &Cause| format!("Concerns everybody: {} ({})", cause.title(), cause.code());
        lines.extend(tally.tenant_causes.iter().map(one));
        if tally.has_tenant_fault() {
            lines.push("Correct this first. Until then, no repair of many accounts is offered.".to_owned());
        }
    }
    let mut causes: Vec<(&str, u64, &str)> = Cause::ALL
        .iter()
        .filter_map(|cause| Some((cause.code(), *tally.by_cause.get(cause.code())?, cause.title())))
        .collect();
    causes.sort_by_key(|(_, count, _)| std::cmp::Reverse(*count));
    if !causes.is_empty() {
        lines.push(format!("\n  {:<30} {:>8}  {}", "Cause", "Accounts", "What it means"));
        lines.extend(causes.iter().map(|(code, count, title)| format!("  {code:<30} {count:>8}  {title}")));
    }
    if !found.is_empty() {
        let may_repair = !tally.has_tenant_fault();
        let harmless = found.iter().filter(|found| may_repair && found.harmless().is_some()).count();
        let approval = found.iter().filter(|found| found.needs_approval).count();
        let advice = found.iter().filter(|found| found.digest.is_none()).count();
        lines.push(format!(
            "\n{harmless} could be repaired harmlessly, {approval} need an approval each, {advice} need a person's hand.\n"
        ));
        let mut named: Vec<&SweepFinding> = found.iter().filter(|one| tally.has_own_cause(one)).collect();
        named.sort_by(|a, b| (&a.causes, &a.query).cmp(&(&b.causes, &b.query)));
        for one in named.iter().take(MAX_NAMED) {
            let codes: Vec<&str> = one.causes.iter().map(|cause| cause.code()).collect();
            lines.push(format!("  {:<44} {}", one.query, codes.join(", ")));
        }
        if named.len() > MAX_NAMED {
            lines.push(format!(
                "  … and {} more: --json or --csv FILE lists them all",
                named.len() - MAX_NAMED
            ));
        }
        lines.push("\nOne of them:       reinstate check WHO".to_owned());
        lines.push("Repairs, in Slack: /reinstate sweep".to_owned());
    }
    lines.push(String::new());
    // Names that other people chose must not contain control characters that move the cursor.
    lines.join("\n").replace(|c: char| c.is_control() && c != '\n', " ")
}

/// A progress bar on a terminal, nothing elsewhere. It is drawn on standard error.
fn bar(json: bool) -> ProgressBar {
    if json || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} [{elapsed}]") {
        bar.set_style(style);
    }
    bar
}

fn draw(bar: &ProgressBar, meter: &SweepProgress, began: Instant) {
    let (accounts, looks, looked) = (
        SweepProgress::get(&meter.accounts),
        SweepProgress::get(&meter.looks),
        SweepProgress::get(&meter.looked),
    );
    let rows = SweepProgress::get(&meter.rows);
    let seconds = began.elapsed().as_secs().max(1);
    bar.set_message(format!(
        "{accounts} accounts listed ({} a second), {rows} people, memberships and records read; {looked} of {looks} read one by one",
        accounts / seconds
    ));
    bar.tick();
}

#[cfg(test)]
mod tests {
    use super::*;
    use reinstate_core::Source;

    fn survey(broken: u64, cannot_tell: u64, unread: Vec<(Source, String)>) -> Survey {
        Survey {
            tally: Tally { accounts: 9, broken, cannot_tell, ..Tally::default() },
            unread,
            prior_runs_unread: None,
        }
    }

    #[test]
    fn a_cause_of_the_whole_tenant_is_named_once_and_offers_no_repairs() {
        let found = |query: &str, causes: Vec<Cause>| SweepFinding {
            query: query.to_owned(),
            name: None,
            account: Some(query.to_owned()),
            person: None,
            verdict: reinstate_core::Verdict::Broken,
            causes,
            missing: None,
            missing_apps: None,
            unread: false,
            digest: Some("sha256:1".to_owned()),
            steps: vec!["provision-user".to_owned()],
            groups: Vec::new(),
            risk: Some(reinstate_core::Risk::Harmless),
            needs_approval: false,
        };
        let all = [
            found("common@acme.example", vec![Cause::ProvisioningStopped]),
            found("own@acme.example", vec![Cause::ProvisioningStopped, Cause::Suspended]),
        ];
        let mut survey = survey(0, 0, Vec::new());
        survey.tally.tenant_causes = vec![Cause::ProvisioningStopped];
        all.iter().for_each(|one| survey.tally.found(one));
        let text = text(&survey, &all, Duration::from_secs(1));
        assert_eq!(text.matches("provisioning-stopped").count(), 2, "{text}");
        assert!(
            text.contains("Concerns everybody: Provisioning is stopped (provisioning-stopped)"),
            "{text}"
        );
        assert!(text.contains("own@acme.example") && !text.contains("common@acme.example"), "{text}");
        assert!(text.contains("0 could be repaired harmlessly"), "{text}");
        assert_eq!(summary(&survey)["summary"]["tenant_causes"], json!(["provisioning-stopped"]));
        assert_eq!(summary(&survey)["summary"]["by_cause"], json!({"suspended": 1}));
    }

    #[test]
    fn the_exit_code_says_the_worst() {
        let ends = |survey: Survey| exit(&survey.tally, &survey).code();
        assert_eq!(ends(survey(1, 1, Vec::new())), 2);
        assert_eq!(ends(survey(0, 1, Vec::new())), 3);
        assert_eq!(ends(survey(0, 0, Vec::new())), 0);
        assert_eq!(ends(survey(0, 0, vec![(Source::ProvisioningLog, "403".into())])), 0);
        let cut = vec![(Source::Accounts, "503".to_owned())];
        assert_eq!(ends(survey(0, 0, cut)), 3, "accounts that were not listed are not healthy");
    }
}
