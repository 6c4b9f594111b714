//! A table of what follows from one change of the evidence. It holds every difference that one change makes to the
//! diagnosis and the plan, so a rule cannot change unseen. Other tests say why; this one says that nothing else changed.
//!
//! If a rule changes on purpose, run the test with `REINSTATE_WRITE_TABLE=1` and review the difference of `table.txt`.

mod changes;
mod worlds;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::conditions::rules;
use crate::diagnose::{App, Candidate, Mark, MissingApp, Station};
use crate::evidence::Evidence;
use crate::plan::Step;
use crate::{Diagnosis, diagnose, plan};

const TABLE: &str = include_str!("table.txt");

/// The result of one evidence: what it says, by name, and the causes.
#[derive(PartialEq)]
struct Outcome {
    values: BTreeMap<&'static str, String>,
    causes: BTreeSet<String>,
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join("+") }
}

fn outcome(e: &Evidence) -> Outcome {
    let diagnosis = diagnose(e);
    let plan = plan(e, &diagnosis, &rules(), &[]);
    let id = |id: &Option<String>| {
        id.as_deref().map_or("none", |id| id.rsplit([':', '-']).next().unwrap_or(id)).to_owned()
    };
    let known = |names: Option<Vec<String>>| names.map_or("unread".to_owned(), |names| list(&names));
    let granted = |apps: &Option<Vec<App>>| {
        let one = |app: &App| format!("{}/{}/{}", app.name.resource, app.role, app.through.join("/"));
        known(apps.as_ref().map(|apps| apps.iter().map(one).collect()))
    };
    let missing = |app: &MissingApp| format!("{}/{}", app.name.resource, app.why.word());
    let mark = |station: &Station| match station.mark {
        Mark::Good => 'g',
        Mark::Broken => 'b',
        Mark::Unread => 'u',
    };
    let step = |step: &Step| {
        format!(
            "{}({})/{}/{}",
            step.op.action(),
            id(&Some(step.op.target().to_owned())),
            step.risk.word(),
            step.before
        )
    };
    let candidate = |one: &Candidate| format!("{}({})", id(&Some(one.id.clone())), one.remarks.join(", "));
    let values = [
        ("account", id(&diagnosis.account)),
        ("advice", plan.advice.len().to_string()),
        ("apps", granted(&diagnosis.apps.expected)),
        ("candidates", list(&diagnosis.candidates.iter().map(candidate).collect::<Vec<_>>())),
        (
            "claims",
            list(&plan.subject.claims().iter().map(|claim| id(&Some(claim.clone()))).collect::<Vec<_>>()),
        ),
        ("costs", plan.cost.len().to_string()),
        ("extra", known(diagnosis.groups.extra.clone())),
        ("groups", known(diagnosis.groups.expected.clone())),
        ("lost", known(diagnosis.groups.missing.clone())),
        ("open", granted(&diagnosis.apps.present)),
        ("person", id(&diagnosis.person)),
        ("record", id(&diagnosis.record)),
        ("shown", known(diagnosis.groups.present.clone())),
        ("shut", known(diagnosis.apps.missing.as_ref().map(|apps| apps.iter().map(missing).collect()))),
        ("steps", list(&plan.steps.iter().map(step).collect::<Vec<_>>())),
        ("tickets", plan.tickets.len().to_string()),
        ("trail", diagnosis.trail.iter().map(mark).collect()),
        ("verdict", diagnosis.verdict.word().to_owned()),
    ];
    Outcome { values: values.into(), causes: causes(&diagnosis) }
}

/// The causes. One that blocks has a `!`, with the number of its facts. One that is undecided has a `?`, with what it
/// needs.
fn causes(diagnosis: &Diagnosis) -> BTreeSet<String> {
    let found = diagnosis.findings.iter().map(|finding| {
        let block = if finding.blocking { "!" } else { "" };
        format!("{}{block}{}", finding.code.code(), finding.because.len())
    });
    let undecided = diagnosis.undecided.iter().map(|(cause, sources)| {
        let sources: Vec<&str> = sources.iter().map(|source| source.name()).collect();
        format!("{}?{}", cause.code(), sources.join("+"))
    });
    found.chain(undecided).collect()
}

/// What another outcome has that this one has not. Values that are the same are left out.
fn difference(before: &Outcome, after: &Outcome) -> String {
    let values = after.values.iter().filter(|(name, value)| before.values.get(*name) != Some(*value));
    let values = values.map(|(name, value)| format!("{name}={value}"));
    let gone = before.causes.difference(&after.causes).map(|cause| format!("-{cause}"));
    let new = after.causes.difference(&before.causes).map(|cause| format!("+{cause}"));
    values.chain(gone).chain(new).collect::<Vec<_>>().join(" ")
}

/// The plans that follow each other if no step changes anything.
fn next_plans(e: &Evidence) -> String {
    let diagnosis = diagnose(e);
    let mut tried: Vec<Step> = Vec::new();
    let mut out = String::new();
    for round in 1..=4 {
        let next = plan(e, &diagnosis, &rules(), &tried);
        let actions: Vec<&str> = next.steps.iter().map(|step| step.op.action()).collect();
        let why = next.advice.last().filter(|_| actions.is_empty()).map_or("", String::as_str);
        writeln!(out, "plan {round}: {}{why}", actions.join(" ")).unwrap();
        if next.steps.is_empty() {
            break;
        }
        tried.extend(next.steps);
    }
    out
}

fn table() -> String {
    let mut out = String::new();
    for (world, made) in worlds::WORLDS {
        let mut base = made();
        // The groups that the account does not show were found by their names.
        base.groups = base.shown_groups.clone();
        let before = outcome(&base);
        let nothing = Outcome { values: BTreeMap::new(), causes: BTreeSet::new() };
        write!(out, "# {world}\n{}\n{}", difference(&nothing, &before), next_plans(&base)).unwrap();
        // Changes with the same consequences share a line.
        let mut lines: Vec<(String, Vec<&str>)> = Vec::new();
        for (change, apply) in changes::CHANGES {
            let mut e = base.clone();
            apply(&mut e);
            let what = difference(&before, &outcome(&e));
            match lines.iter_mut().find(|(known, _)| *known == what) {
                Some((_, changes)) => changes.push(change),
                None => lines.push((what, vec![change])),
            }
        }
        for (what, changes) in lines.iter().filter(|(what, _)| !what.is_empty()) {
            writeln!(out, "{}: {what}", changes.join(", ")).unwrap();
        }
        out.push('\n');
    }
    out
}

#[test]
fn one_change_has_the_consequences_that_the_table_holds_and_no_others() {
    let now = table();
    if std::env::var_os("REINSTATE_WRITE_TABLE").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/tests/one_change/table.txt");
        std::fs::write(path, &now).unwrap();
        return;
    }
    let mut world = "";
    for (line, (expected, found)) in TABLE.lines().zip(now.lines()).enumerate() {
        if let Some(name) = expected.strip_prefix("# ") {
            world = name;
        }
        assert_eq!(found, expected, "line {} of table.txt, {world}", line + 1);
    }
    assert_eq!(TABLE.lines().count(), now.lines().count());
}
