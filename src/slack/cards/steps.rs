//! The steps of a run in one list: what will happen, its risk, and how far it is. Each mark also has a word. A step that
//! was refused or had no effect must never look like one that is done.

use super::View;
use super::apps::label;
use crate::slack::markup::Markup;
use crate::slack::messages::figures;
use reinstate_core::run::{Next, Outcome, Progress};
use reinstate_core::{Diagnosis, Names, Op, Plan, Risk, Step};

/// How many lines a card shows. The other steps are counted.
const MAX_LINES: usize = 8;
/// With more lines than this, no line may take two lines on the screen because of what is only good to know.
const MAX_LINES_WITH_ROOM: usize = 3;
/// How many columns a line on the screen has.
const MAX_COLUMNS: usize = 100;
/// How many groups one line names.
const MAX_GROUPS: usize = 4;
/// The maximum number of characters of a person's name in a step.
const MAX_NAME: usize = 30;

/// Memberships that follow one another and are equally far are one line.
struct Line<'a> {
    steps: Vec<&'a Step>,
    mark: Mark,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Open,
    /// It is being carried out.
    Now,
    Done,
    NoEffect,
    /// A person has to look at it.
    NeedsPerson,
}

impl Mark {
    fn words(self) -> &'static str {
        match self {
            Self::Open => "",
            Self::Now => ":hourglass_flowing_sand: now: ",
            Self::Done => ":white_check_mark: done: ",
            Self::NoEffect => ":x: no effect: ",
            Self::NeedsPerson => ":warning: not done: ",
        }
    }
}

/// The list of a run that has not ended; the result of one that has.
pub(super) fn steps(view: &View<'_>) -> Vec<Markup> {
    if view.run.ended.is_some() {
        return result(view);
    }
    let mut lines = Vec::new();
    let (worked, failed) = (count(view, true), count(view, false));
    if worked + failed > 0 {
        let text = Markup::new().literal("Earlier in this run: ").number(worked).literal(steps_word(worked));
        let text = text.literal(" done");
        lines.push(if failed == 0 {
            text
        } else {
            text.literal(", ").number(failed).literal(" without effect")
        });
    }
    let Some(current) = &view.run.current else { return lines };
    let waiting = view.run.waiting.as_ref().and_then(|waiting| waiting.step);
    let next = view.next();
    let marks = current.progress.iter().enumerate().map(|(index, progress)| match progress {
        Progress::Done => Mark::Done,
        Progress::Fruitless => Mark::NoEffect,
        _ if waiting == Some(index) => Mark::NeedsPerson,
        Progress::Begun | Progress::Accepted => Mark::Now,
        Progress::Open if matches!(next, Next::Step { index: at, .. } if at == index) => Mark::Now,
        Progress::Open => Mark::Open,
    });
    lines.extend(list(&merged(current.plan.steps.iter().zip(marks)), &current.diagnosis, &current.plan));
    lines
}

/// The list of a plan that has not begun.
pub(super) fn planned_lines(plan: &Plan, diagnosis: &Diagnosis) -> Vec<Markup> {
    list(&merged(plan.steps.iter().map(|step| (step, Mark::Open))), diagnosis, plan)
}

/// What has worked here is about the first step, and helps to decide whether it may begin. So does what was left out.
fn list(all: &[Line<'_>], diagnosis: &Diagnosis, plan: &Plan) -> Vec<Markup> {
    let shown = all.iter().take(MAX_LINES).enumerate();
    let mut lines: Vec<Markup> = shown.map(|(index, line)| shown_line(index + 1, line, diagnosis)).collect();
    let first = all.first().filter(|line| line.mark == Mark::Open);
    if let (Some(_), Some(worked), Some(text)) = (first, &plan.worked_here, lines.first_mut()) {
        let with = text.clone().literal(" · ").escaped(&figures::worked_here(worked));
        // A card with many steps has no room for one more line. Details have it then.
        if all.len() <= MAX_LINES_WITH_ROOM || columns(&with) <= MAX_COLUMNS {
            *text = with;
        }
    }
    // The card has room for one of them. Details have all.
    if first.is_some() && all.len() <= MAX_LINES_WITH_ROOM {
        lines.extend(
            plan.skipped.last().map(|skipped| Markup::new().escaped(&figures::not_proposed(skipped))),
        );
    }
    if all.len() > MAX_LINES {
        let left = all.len() - MAX_LINES;
        lines.push(Markup::new().literal("… and ").number(left).literal(" more steps in *Details*"));
    }
    lines
}

/// The columns that a text takes on the screen: a mark takes two, and the signs for bold letters none.
fn columns(text: &Markup) -> usize {
    text.as_str().replace(":warning:", "  ").chars().filter(|c| *c != '*').count()
}

fn count(view: &View<'_>, worked: bool) -> usize {
    view.run.done.iter().filter(|(_, effect)| *effect == worked).count()
}

fn steps_word(count: usize) -> &'static str {
    if count == 1 { " step" } else { " steps" }
}

fn merged<'a>(steps: impl Iterator<Item = (&'a Step, Mark)>) -> Vec<Line<'a>> {
    let mut lines: Vec<Line<'a>> = Vec::new();
    for (step, mark) in steps {
        match lines.last_mut() {
            Some(last)
                if last.mark == mark
                    && last
                        .steps
                        .last()
                        .is_some_and(|last| last.risk == step.risk && is_membership(&last.op))
                    && is_membership(&step.op) =>
            {
                last.steps.push(step);
            }
            _ => lines.push(Line { steps: vec![step], mark }),
        }
    }
    lines
}

fn is_membership(op: &Op) -> bool {
    matches!(op, Op::ProvisionMembership { .. })
}

fn shown_line(number: usize, line: &Line<'_>, diagnosis: &Diagnosis) -> Markup {
    let ops: Vec<&Op> = line.steps.iter().map(|step| &step.op).collect();
    let text = Markup::new()
        .number(number)
        .literal(". ")
        .literal(line.mark.words())
        .then(&ops_text(&ops, diagnosis));
    // The risk helps to decide, so it is shown while the step can still be approved.
    let Some(step) = line.steps.first().filter(|_| line.mark == Mark::Open) else { return text };
    match step.risk {
        Risk::Destructive => text.literal(" · :warning: *destructive*"),
        Risk::Disruptive => text.literal(" · :warning: *disruptive*"),
        Risk::Reversible => text.literal(" · reversible"),
        Risk::Harmless => text.literal(" · harmless"),
    }
}

/// What one step does, or several memberships.
pub(super) fn ops_text(ops: &[&Op], diagnosis: &Diagnosis) -> Markup {
    let Some(first) = ops.first() else { return Markup::new() };
    let who = || Markup::new().escaped(&person(diagnosis));
    match first {
        Op::ProvisionUser { .. } => Markup::new().literal("Provision ").then(&who()).literal(" on demand"),
        Op::ProvisionMembership { .. } => {
            let groups: Vec<Markup> = ops.iter().map(|op| Markup::new().escaped(op.target())).collect();
            let named = Markup::list(groups.get(..groups.len().min(MAX_GROUPS)).unwrap_or_default(), ", ");
            let text = Markup::new().literal("Provision ").then(&who()).literal(" in ").then(&named);
            match groups.len().saturating_sub(MAX_GROUPS) {
                0 => text,
                more => text.literal(" and ").number(more).literal(" more groups"),
            }
        }
        op => Markup::new().escaped(&in_names(op, &diagnosis.names, |id| diagnosis.names.label(id))),
    }
}

/// What an op does, with a label in place of each id.
pub(super) fn in_names(op: &Op, names: &Names, label: impl Fn(&str) -> String) -> String {
    let records = op.records().iter().map(|record| record.record.as_str());
    let ids = op.account().into_iter().chain(records).filter(|id| !id.is_empty());
    names.in_words(&ids.fold(op.says(), |says, id| says.replace(id, &label(id))))
}

/// The person by name, else by address.
pub(super) fn person(diagnosis: &Diagnosis) -> String {
    let name = diagnosis.name.as_deref().or(diagnosis.email.as_deref()).unwrap_or("the person");
    if name.chars().count() <= MAX_NAME {
        return name.to_owned();
    }
    let start: String = name.chars().take(MAX_NAME).collect();
    format!("{}…", start.trim_end())
}

/// What a run has done, after its end.
fn result(view: &View<'_>) -> Vec<Markup> {
    let Some(current) = &view.run.current else { return Vec::new() };
    let done = view.run.steps_done();
    let worked = done.iter().filter(|(_, worked)| *worked).count();
    let open = open_apps(&current.diagnosis);
    let proven = matches!(&view.run.ended, Some((Outcome::Restored | Outcome::Healthy | Outcome::Done, _)));
    let mut lines = Vec::new();
    if proven {
        let mut text = Markup::new();
        if worked > 0 {
            text = text
                .literal(":white_check_mark: ")
                .number(worked)
                .literal(steps_word(worked))
                .literal(" done");
        }
        if worked < done.len() {
            text = text.literal(", ").number(done.len() - worked).literal(" without effect");
        }
        if let Some(open) = open {
            text = if text.is_empty() {
                Markup::new().literal("Can open: ")
            } else {
                text.literal(" · can open: ")
            };
            text = text.then(&open);
        }
        lines.extend(Some(text).filter(|text| !text.is_empty()));
        return lines;
    }
    if done.is_empty() {
        let advice = matches!(&view.run.ended, Some((Outcome::Advice, _)));
        return if advice { Vec::new() } else { vec![Markup::new().literal("Nothing was changed.")] };
    }
    for (op, worked) in done.iter().take(MAX_LINES) {
        let mark = if *worked { Mark::Done } else { Mark::NoEffect };
        lines.push(Markup::new().literal(mark.words()).then(&ops_text(&[op], &current.diagnosis)));
    }
    if done.len() > MAX_LINES {
        lines.push(
            Markup::new().literal("… and ").number(done.len() - MAX_LINES).literal(" more in *Details*"),
        );
    }
    lines
}

/// The apps that the person can open. Of many, the first ones.
fn open_apps(diagnosis: &Diagnosis) -> Option<Markup> {
    let present = diagnosis.apps.present.as_ref().filter(|present| !present.is_empty())?;
    let names: Vec<Markup> = present.iter().take(MAX_GROUPS).map(|app| label(&app.name, diagnosis)).collect();
    let text = Markup::list(&names, ", ");
    Some(match present.len().saturating_sub(MAX_GROUPS) {
        0 => text,
        more => text.literal(" and ").number(more).literal(" more"),
    })
}
