//! The private answer to `check` on one screen: the verdict, the apps, the cause, what to do next, and the trail in one
//! line. The details modal has everything else. A button that this person may not use must never be drawn.

use jiff::Timestamp;
use url::Url;

use super::apps::label;
use super::candidates::candidates;
use super::cause::cause;
use super::named;
use super::root::advice_lines;
use super::steps::planned_lines;
use super::trail::short_trail;
use crate::slack::action::ButtonAction;
use crate::slack::blocks::{Button, Message, Style, actions, context, header, section};
use crate::slack::markup::Markup;
use crate::slack::value::Value;
use reinstate_core::diagnose::NOT_EXAMINED_SENTENCE;
use reinstate_core::short_id;
use reinstate_core::{Diagnosis, Plan, Verdict};

/// How many apps are named in a line.
const MAX_APPS: usize = 5;

/// The input from which the answer is drawn.
pub struct CheckView<'a> {
    pub diagnosis: &'a Diagnosis,
    pub plan: &'a Plan,
    /// When everything was read.
    pub at: Timestamp,
    /// WHO as it was resolved.
    pub asked: &'a str,
    pub docs: Option<&'a Url>,
    /// The people who may repair, if the reader may not.
    pub ask_instead: Option<Markup>,
    /// The open run on this person, with a link to its card.
    pub open_run: Option<(String, Option<String>)>,
}

#[must_use]
pub fn diagnosis(view: &CheckView<'_>) -> Message {
    let title = headline(view.diagnosis, view.asked);
    let mut lines = vec![Markup::new().literal("Read ").time(view.at)];
    if view.diagnosis.verdict != Verdict::Healthy {
        lines.push(Markup::new().literal("*Cause:* ").then(&cause(view.diagnosis, view.docs)));
    }
    lines.extend(apps_line(view.diagnosis));
    lines.extend(open_run_line(view));
    lines.extend(next_lines(view));
    let mut blocks = vec![header(&title), section(&Markup::lines(&lines, 2900))];
    let app = view.diagnosis.subject.app.clone().unwrap_or_default();
    let value = Value { who: view.asked.to_owned(), app, ..Value::default() };
    blocks.extend(candidates(view.diagnosis, &value));
    let mut small = short_trail(view.diagnosis);
    if view.diagnosis.verdict == Verdict::Healthy {
        small = small.literal("\n").literal(NOT_EXAMINED_SENTENCE);
    }
    if !small.is_empty() {
        blocks.push(context(&[small]));
    }
    let value = value.text();
    let button = |action, words, style| Button { action, words, value: value.clone(), style, confirm: None };
    let mut buttons = Vec::new();
    if !view.plan.steps.is_empty() && view.ask_instead.is_none() && view.open_run.is_none() {
        buttons.push(button(ButtonAction::Repair, "Repair", Style::Primary));
    }
    buttons.push(button(ButtonAction::Details, "Details", Style::Plain));
    buttons.push(button(ButtonAction::Recheck, "Recheck", Style::Plain));
    blocks.push(actions("check", &buttons));
    Message::of(&title, blocks, 1)
}

/// Who, and whether they can work.
fn headline(diagnosis: &Diagnosis, asked: &str) -> Markup {
    let who = named(diagnosis, asked);
    let missing: Vec<Markup> =
        diagnosis.apps.missing.iter().flatten().map(|app| label(&app.name, diagnosis)).collect();
    match diagnosis.verdict {
        Verdict::Healthy => who.literal(": access is complete"),
        Verdict::CannotTell => Markup::new().literal("Could not check ").then(&who),
        Verdict::Broken if missing.is_empty() => {
            match diagnosis.groups.missing.as_ref().map_or(0, Vec::len) {
                0 => who.literal(": access is not in order"),
                1 => who.literal(": 1 group is missing"),
                more => who.literal(": ").number(more).literal(" groups are missing"),
            }
        }
        Verdict::Broken => {
            let named = Markup::list(missing.get(..missing.len().min(2)).unwrap_or_default(), ", ");
            let text = who.literal(" cannot open ").then(&named);
            match missing.len().saturating_sub(2) {
                0 => text,
                more => text.literal(" and ").number(more).literal(" more"),
            }
        }
    }
}

/// The expected apps in one line, those that are missing first.
fn apps_line(diagnosis: &Diagnosis) -> Option<Markup> {
    let missing = diagnosis.apps.missing.iter().flatten().map(|app| {
        let text = Markup::new().literal(":x: ").then(&label(&app.name, diagnosis)).literal(": ");
        text.literal(match app.why.0 {
            Some(cause) => cause.title(),
            None => "missing, cause not known",
        })
    });
    let present = diagnosis.apps.present.iter().flatten().map(|app| {
        Markup::new().literal(":white_check_mark: ").then(&label(&app.name, diagnosis)).literal(" open")
    });
    let all: Vec<Markup> = missing.chain(present).collect();
    if all.is_empty() {
        return None;
    }
    let shown = Markup::list(all.get(..all.len().min(MAX_APPS)).unwrap_or_default(), " · ");
    Some(match all.len().saturating_sub(MAX_APPS) {
        0 => shown,
        more => shown.literal(" · and ").number(more).literal(" more"),
    })
}

fn open_run_line(view: &CheckView<'_>) -> Option<Markup> {
    let (run, link) = view.open_run.as_ref()?;
    let text = Markup::new().literal("*A run on this person is open:* ").code(short_id(run));
    Some(match link {
        Some(link) => text.literal(", ").link(link, "its card"),
        None => text,
    })
}

/// What to do next: the steps of a repair, or what only a person can do.
fn next_lines(view: &CheckView<'_>) -> Vec<Markup> {
    if view.plan.steps.is_empty() {
        if view.plan.advice.is_empty() {
            return Vec::new();
        }
        let title = match view.diagnosis.verdict {
            Verdict::Healthy => "*Advice:*",
            _ => "*What to do* (there is nothing that Reinstate can repair):",
        };
        let mut lines = vec![Markup::new().literal(title)];
        lines.extend(advice_lines(view.plan, view.diagnosis));
        return lines;
    }
    let title = Markup::new().literal("*A repair would do this:*");
    let mut lines = vec![match &view.ask_instead {
        Some(people) => title.literal(" ").then(people),
        None => title,
    }];
    lines.extend(planned_lines(view.plan, view.diagnosis));
    lines
}
