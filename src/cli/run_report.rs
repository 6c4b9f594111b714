//! `report`: what repairs achieved, in figures, from the journal alone. It only reads. The output must never name a
//! person. Scripts depend on the keys of the JSON and on the columns of the table, so none may be renamed.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value, json};

use super::args::{Exit, Since};
use crate::cli::out;
use crate::config::Config;
use crate::exec::Journal;
use crate::sheet::Sheet;
use crate::slack::messages::figures;
use crate::slack::messages::picture::Picture;
use reinstate_core::Risk;
use reinstate_core::report::{Report, Spread};
use reinstate_store::Store;

/// How many causes and how many periods the picture for people has.
const MAX_CAUSES: usize = 20;
const MAX_PERIODS: usize = 26;
const RISKS: [Risk; 4] = [Risk::Harmless, Risk::Reversible, Risk::Disruptive, Risk::Destructive];
const COLUMNS: [&str; 5] = ["figure", "cause", "step or risk", "period", "value"];

/// Reads the journal and prints the report.
///
/// # Errors
/// When the store fails, or when the file cannot be written.
pub async fn run(config: &Config, since: Since, json: bool, csv: Option<PathBuf>) -> anyhow::Result<Exit> {
    let journal = Journal::new(Store::open_to_read(config.store.url.expose_secret()).await?);
    let now = journal.now().await?;
    let since = match since {
        Since::Time(at) => at,
        Since::Days(days) => {
            now.checked_sub(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(Timestamp::MIN)
        }
    };
    if since > now {
        eprintln!(
            "The time after --since lies in the future. Write for example: reinstate report --since 30d"
        );
        return Ok(Exit::Usage);
    }
    let report = journal.report(since, now).await?;
    match csv {
        Some(path) => table(&report, &path)?,
        None if json => out::line(format_args!("{}", json_of(&report))),
        None => out::print(format_args!("{}", text(&report))),
    }
    Ok(Exit::Healthy)
}

/// The report as text for a terminal.
#[must_use]
pub fn text(report: &Report) -> String {
    let day = |at: Timestamp| at.to_zoned(TimeZone::UTC).date();
    let mut lines = vec![
        format!("What works here, {} to {}", day(report.since), day(report.until)),
        String::new(),
        figures::people(report),
        format!("Repairs: {}", figures::repairs(report)),
        format!("Approvals: {}", figures::approvals(&report.approvals)),
        format!("Steps: {}", figures::steps(report)),
    ];
    let picture = Picture::of(report, MAX_CAUSES, MAX_PERIODS);
    if let Some((first, last)) = picture.periods.filter(|_| !picture.rows.is_empty()) {
        let unit = figures::unit(report.unit);
        lines.push(String::new());
        lines.push(format!("Causes by {unit}, from the {unit} of {first} to that of {last}"));
        lines.extend(picture.rows.iter().map(|row| format!("  {row}")));
    }
    if picture.more > 0 {
        lines.push(format!("  … and {} more; --json has all of them", picture.more));
    }
    section(&mut lines, "What worked, by cause and step", report.remedies.iter().map(figures::remedy));
    section(&mut lines, "One change ends each of these", figures::recurring(report).into_iter());
    section(&mut lines, "Could not be read", figures::unread(report).into_iter());
    lines.push(String::new());
    lines.join("\n")
}

fn section(lines: &mut Vec<String>, title: &str, items: impl Iterator<Item = String>) {
    let items: Vec<String> = items.map(|item| format!("  {item}")).collect();
    if !items.is_empty() {
        lines.extend([String::new(), title.to_owned()]);
        lines.extend(items);
    }
}

/// The report as one object. Its keys are always present; a median of nothing is null.
#[must_use]
pub fn json_of(report: &Report) -> Value {
    let second = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let unread = report.unread;
    json!({
        "schema": 1,
        "since": second(report.since),
        "until": second(report.until),
        "period": figures::unit(report.unit),
        "people_helped": report.people.helped,
        "repairs": report.repairs,
        "repairs_without_person": report.people.repairs_without_person,
        "other_runs": report.other_runs,
        "outcomes": report.outcomes,
        "time_to_access": spread(&report.time_to_access),
        "causes": report.causes.iter().map(|one| json!({
            "code": one.cause,
            "repairs": one.repairs,
            "by_period": one.by_period.iter().map(|(day, number)| (day.to_string(), json!(number)))
                .collect::<Map<_, _>>(),
        })).collect::<Vec<_>>(),
        "without_cause": report.without_cause,
        "approvals": {
            "given": report.approvals.approved(),
            "declined": report.approvals.declined,
            "expired": report.approvals.expired,
            "wait": spread(&report.approvals.wait),
        },
        "steps": RISKS.iter().map(|risk| {
            (risk.word().to_owned(), json!(report.steps.get(risk).copied().unwrap_or_default()))
        }).collect::<Map<_, _>>(),
        "remedies": report.remedies.iter().map(|one| json!({
            "cause": one.cause,
            "step": one.action,
            "tried": one.tried,
            "worked": one.worked.count(),
            "time": spread(&one.worked),
        })).collect::<Vec<_>>(),
        "recurring": report.recurring.iter().map(|one| json!({
            "code": one.cause,
            "people": one.people,
            "change": figures::lasting_change(one.cause),
        })).collect::<Vec<_>>(),
        "unread": {
            "runs": unread.runs,
            "erased": unread.erased,
            "goals": unread.goals,
            "causes": unread.causes,
            "risks": unread.risks,
        },
    })
}

fn spread(spread: &Spread) -> Value {
    json!({
        "count": spread.count(),
        "median_seconds": spread.median(),
        "p90_seconds": spread.ninetieth(),
    })
}

/// Writes one row for each figure.
fn table(report: &Report, path: &Path) -> anyhow::Result<()> {
    let file =
        std::fs::File::create(path).with_context(|| format!("{} cannot be written", path.display()))?;
    let mut sheet = Sheet::with_line_feeds(file);
    sheet.row(COLUMNS)?;
    rows(report).into_iter().try_for_each(|row| sheet.row(row))?;
    sheet.flush()?;
    eprintln!("The report is in {}", path.display());
    Ok(())
}

/// One row for each figure, in the order of [`COLUMNS`].
fn rows(report: &Report) -> Vec<[String; COLUMNS.len()]> {
    let mut rows = Vec::new();
    let mut add = |figure: &str, cause: &str, step: &str, period: &str, value: Option<u64>| {
        let value = value.map(|value| value.to_string()).unwrap_or_default();
        rows.push([figure.to_owned(), cause.to_owned(), step.to_owned(), period.to_owned(), value]);
    };
    let time = &report.time_to_access;
    add("people helped", "", "", "", Some(report.people.helped));
    add("repairs", "", "", "", Some(report.repairs));
    add("repairs restored", "", "", "", Some(time.count()));
    add("repairs of erased people", "", "", "", Some(report.people.repairs_without_person));
    add("seconds to access, median", "", "", "", time.median());
    add("seconds to access, 90th percentile", "", "", "", time.ninetieth());
    add("approvals given", "", "", "", Some(report.approvals.approved()));
    add("seconds to approval, median", "", "", "", report.approvals.wait.median());
    add("approvals declined", "", "", "", Some(report.approvals.declined));
    add("approvals not given in time", "", "", "", Some(report.approvals.expired));
    for risk in RISKS {
        add("steps", "", risk.word(), "", Some(report.steps.get(&risk).copied().unwrap_or_default()));
    }
    for one in &report.causes {
        for (day, number) in &one.by_period {
            add("repairs by cause", one.cause.code(), "", &day.to_string(), Some(*number));
        }
    }
    add("repairs without a proven cause", "", "", "", Some(report.without_cause));
    for one in &report.remedies {
        let (cause, step) = (one.cause.code(), one.action.as_str());
        add("tried", cause, step, "", Some(one.tried));
        add("worked", cause, step, "", Some(one.worked.count()));
        add("seconds from step to access, median", cause, step, "", one.worked.median());
    }
    for one in &report.recurring {
        add("people with a cause that one change ends", one.cause.code(), "", "", Some(one.people));
    }
    add("runs that could not be read", "", "", "", Some(report.unread.runs));
    add("runs with erased personal data", "", "", "", Some(report.unread.erased));
    rows
}
