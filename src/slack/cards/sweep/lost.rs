//! The message of the watch: who lost access and why, what concerns everybody, and what can be repaired without an
//! approval. It is the card of a sweep that is only about these people. It must never name more people than fit, and
//! counts the others.

use super::{SweepView, count, finished, people, state, watch};
use crate::slack::blocks::{Message, header, section};
use crate::slack::markup::Markup;
use reinstate_core::Cause;
use reinstate_core::sweep::{SurveyResult, SweepFinding, SweepNext};
use reinstate_core::watch::WatchReason;

/// The maximum number of causes in the message.
const MAX_CAUSES: usize = 5;
/// The maximum number of people who are named because they changed something.
const MAX_ACTORS: usize = 3;

pub(super) fn card(view: &SweepView<'_>) -> Message {
    let Some(surveyed) = &view.sweep.surveyed else {
        let title = Markup::new().literal("The watch has found something");
        return finished(view, &title, vec![header(&title)]);
    };
    let title = title(surveyed.tally.broken);
    let mut blocks = vec![header(&title)];
    let mut text = title;
    for part in [recovered(view, surveyed), progress(view), everybody(view)].into_iter().flatten() {
        text = text.literal(". ").then(&part);
        blocks.push(section(&part));
    }
    if surveyed.tally.broken > 0 {
        blocks.push(section(&found(surveyed)));
        blocks.extend(changed_by(view, surveyed).map(|lines| section(&lines)));
        blocks.push(section(&repairs(view, surveyed)));
    }
    let unread = view.sweep.watch.as_ref().map(watch::unread).unwrap_or_default();
    if !unread.is_empty() {
        blocks.push(section(&Markup::lines(&unread, 2900)));
    }
    finished(view, &text, blocks)
}

fn title(people: u64) -> Markup {
    match people {
        0 => Markup::new().literal("The watch found what concerns everybody"),
        1 => Markup::new().literal("1 person lost access"),
        _ => count(people).literal(" people lost access"),
    }
}

/// How many people have access again.
fn recovered(view: &SweepView<'_>, surveyed: &SurveyResult) -> Option<Markup> {
    let over = view.recovered;
    let people = surveyed.tally.broken;
    let mut lines = Vec::new();
    if over.faults > 0 {
        lines.push(Markup::new().literal("*What concerned everybody is over.*"));
    }
    if over.people > 0 {
        let text = Markup::new().literal("*").then(&count(over.people)).literal(" of ").then(&count(people));
        let have = if over.people == 1 { " has access again.*" } else { " have access again.*" };
        lines.push(text.literal(have));
    }
    (!lines.is_empty()).then(|| Markup::lines(&lines, 2900))
}

/// For whom it waits, or what it does. Without repairs there is nothing to wait for.
fn progress(view: &SweepView<'_>) -> Option<Markup> {
    let has_repairs = view.sweep.digest().is_some();
    match view.next() {
        SweepNext::AwaitRequest(until) => Some(
            Markup::new().literal("Nothing was changed. The button works until ").time(until).literal("."),
        ),
        _ if has_repairs => Some(state::state(view)),
        _ => None,
    }
}

/// What concerns everybody, each in one sentence with its evidence.
fn everybody(view: &SweepView<'_>) -> Option<Markup> {
    let Some(WatchReason::Lost { faults, actions }) = view.sweep.watch.as_ref().map(|watch| &watch.reason)
    else {
        return None;
    };
    let fault = |fault: &reinstate_core::watch::TenantFault| {
        let text = Markup::new().literal("*Concerns everybody:* ").literal(fault.cause.title());
        text.literal(" (").code(fault.cause.code()).literal("): ").escaped(&fault.evidence).literal(".")
    };
    let action = |action: &String| {
        Markup::new()
            .literal("*Concerns everybody:* the audit log of Atlassian has ")
            .code(action)
            .literal(".")
    };
    let lines: Vec<Markup> = faults.iter().map(fault).chain(actions.iter().map(action)).collect();
    (!lines.is_empty()).then(|| Markup::lines(&lines, 2900))
}

/// Who changed something about these people. It may have been meant.
fn changed_by(view: &SweepView<'_>, surveyed: &SurveyResult) -> Option<Markup> {
    let line = |(name, people): &(String, u64)| {
        let text = Markup::new().literal("*").escaped(name).literal("* changed something about ");
        let text = match (*people, surveyed.tally.broken) {
            (_, 1) => text.literal("this person"),
            (some, all) => text.then(&count(some)).literal(" of these ").then(&count(all)).literal(" people"),
        };
        text.literal(" shortly before. Ask whether it was meant.")
    };
    let lines: Vec<Markup> = view.changed_by.iter().take(MAX_ACTORS).map(line).collect();
    (!lines.is_empty()).then(|| Markup::lines(&lines, 2900))
}

/// The causes with their counts, then the people.
fn found(surveyed: &SurveyResult) -> Markup {
    let by_cause = &surveyed.tally.by_cause;
    let mut causes: Vec<(Cause, u64)> =
        Cause::ALL.iter().filter_map(|cause| Some((*cause, *by_cause.get(cause.code())?))).collect();
    causes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let more = causes.len().saturating_sub(MAX_CAUSES);
    // One person's causes stand behind their name.
    let shown = if surveyed.tally.broken == 1 { 0 } else { MAX_CAUSES };
    let mut lines: Vec<Markup> = causes
        .iter()
        .take(shown)
        .map(|(cause, number)| {
            let line = count(*number).literal(" × ").literal(cause.title());
            line.literal(" (").code(cause.code()).literal(")")
        })
        .collect();
    if more > 0 && shown > 0 {
        lines.push(Markup::new().literal("… and ").number(more).literal(" more causes"));
    }
    let first = &surveyed.preview.first;
    lines.extend(first.iter().map(|one| Markup::new().literal("• ").then(&person(one))));
    let people = usize::try_from(surveyed.tally.broken).unwrap_or(usize::MAX);
    let more = people.saturating_sub(first.len());
    if more > 0 {
        lines.push(Markup::new().literal("… and ").number(more).literal(" more"));
    }
    Markup::lines(&lines, 2900)
}

fn person(one: &SweepFinding) -> Markup {
    let causes: Vec<Markup> = one.causes.iter().map(|cause| Markup::new().literal(cause.title())).collect();
    let why = match causes.is_empty() {
        true => Markup::new().literal("access is missing"),
        false => Markup::list(&causes, "; "),
    };
    people::who(one).literal(": ").then(&why)
}

/// What can be done.
fn repairs(view: &SweepView<'_>, surveyed: &SurveyResult) -> Markup {
    if surveyed.tally.has_tenant_fault() {
        return Markup::new()
            .literal("Correct first what concerns everybody. Until then, no repairs are offered.");
    }
    let harmless = surveyed.list.repairs().len();
    let text = match (harmless, view.sweep.ended.is_some()) {
        (0, _) => Markup::new().literal("Nothing can be repaired without an approval."),
        (_, true) => Markup::new().number(harmless).literal(" could be repaired without an approval."),
        (_, false) => Markup::new()
            .number(harmless)
            .literal(" can be repaired without an approval: what provisioning would do anyway."),
    };
    let rest = usize::try_from(surveyed.tally.broken).unwrap_or(usize::MAX).saturating_sub(harmless);
    match rest {
        0 => text,
        _ if harmless == 0 => text.literal(" Type `/reinstate repair WHO` to ask for it."),
        _ => text.literal(" For the others, type `/reinstate repair WHO`."),
    }
}
