//! The root card of a run, on one screen: who, the state, the cause, the steps once, the impact, the buttons, and one
//! line of small print. Everything else is in the details. It must never show data of a run whose requester was not
//! admitted, and no full id.

use serde_json::Value as Json;

use super::candidates::candidates;
use super::state::state;
use super::steps::steps;
use super::{View, buttons, cause, foot};
use crate::slack::blocks::{Message, actions, context, header, section};
use crate::slack::markup::Markup;
use crate::slack::value::Value;
use reinstate_core::{Diagnosis, Outcome, Plan};

/// The maximum number of characters of the impact.
const MAX_LINE_CHARACTERS: usize = 290;
/// The maximum number of characters of each piece of advice that a card shows. The others are counted.
const MAX_ADVICE_CHARACTERS: [usize; 2] = [280, 190];

#[must_use]
pub fn root(view: &View<'_>) -> Message {
    let title = view.headline();
    let says = state(view);
    let mut blocks = vec![header(&title), section(&says)];
    blocks.extend(body(view));
    if let Some(current) = view.run.current.as_ref().filter(|_| view.run.ended.is_some()) {
        let value = Value { run: view.id.to_owned(), ..Value::default() };
        blocks.extend(candidates(&current.diagnosis, &value));
    }
    let buttons = buttons::buttons(view);
    if !buttons.is_empty() {
        blocks.push(actions(&format!("run-{}", view.run.seq), &buttons));
    }
    blocks.push(context(&[foot(view)]));
    Message::of(&title.literal(": ").then(&says), blocks, 2)
}

/// The cause, the steps, and the impact or the advice.
pub(super) fn body(view: &View<'_>) -> Vec<Json> {
    let causes = cause::of_run(view);
    let lines = [causes, Markup::lines(&steps(view), 2900), impact(view), advice(view)];
    let lines: Vec<Markup> = lines.into_iter().filter(|line| !line.is_empty()).collect();
    if lines.is_empty() { Vec::new() } else { vec![section(&Markup::lines(&lines, 2900))] }
}

/// What the plan costs, in a sentence or two, while it can still be stopped.
fn impact(view: &View<'_>) -> Markup {
    let can_be_stopped = view.run.ended.is_none() && view.run.waiting.is_none();
    let Some(current) = view.run.current.as_ref().filter(|_| can_be_stopped) else {
        return Markup::new();
    };
    let Some(first) = current.plan.cost.first() else { return Markup::new() };
    let text = Markup::new().escaped(&current.diagnosis.names.in_dated_words(first));
    let text = Markup::new().literal("*Impact:* ").then(&Markup::lines(&[text], MAX_LINE_CHARACTERS));
    let more = current.plan.cost.len() - 1;
    if more == 0 { text } else { text.literal(" (").number(more).literal(" more in *Details*)") }
}

/// What a person must do, if the run ended without a repair.
fn advice(view: &View<'_>) -> Markup {
    let Some(current) = &view.run.current else { return Markup::new() };
    let unrepaired = matches!(&view.run.ended, Some((outcome, _)) if !matches!(outcome, Outcome::Restored | Outcome::Done));
    if current.plan.advice.is_empty() || !(unrepaired || current.plan.steps.is_empty()) {
        return Markup::new();
    }
    let lines = advice_lines(&current.plan, &current.diagnosis);
    Markup::new().literal("*What to do:*\n").then(&Markup::lines(&lines, 2900))
}

/// The first lines of advice, and where the rest is.
pub(super) fn advice_lines(plan: &Plan, diagnosis: &Diagnosis) -> Vec<Markup> {
    let line = |(advice, most): (&String, usize)| {
        let text = Markup::new().literal("• ").escaped(&diagnosis.names.in_words(advice));
        Markup::lines(&[text], most)
    };
    // The accounts to choose from need the room of the second piece.
    let most = if diagnosis.candidates.is_empty() { MAX_ADVICE_CHARACTERS.len() } else { 1 };
    let mut lines: Vec<Markup> = plan.advice.iter().zip(MAX_ADVICE_CHARACTERS).take(most).map(line).collect();
    let more = plan.advice.len().saturating_sub(most);
    let ticket = if plan.tickets.is_empty() { "" } else { " and a text for a support ticket" };
    match more {
        0 if plan.tickets.is_empty() => {}
        0 => lines.push(Markup::new().literal("A text for a support ticket is in *Details*.")),
        _ => lines.push(
            Markup::new()
                .literal("… ")
                .number(more)
                .literal(" more")
                .literal(ticket)
                .literal(" in *Details*"),
        ),
    }
    lines
}

/// The answer to `status RUN`: the card without its buttons, for one person alone.
#[must_use]
pub fn status(view: &View<'_>, link: Option<&str>) -> Message {
    let mut card = root(view);
    card.blocks.retain(|block| block.get("type").is_none_or(|kind| kind != "actions"));
    let whole = Markup::new().literal("Run ").code(view.id);
    let whole = match link {
        Some(link) => whole.literal(" · ").link(link, "its card"),
        None => whole,
    };
    card.blocks.push(context(&[whole]));
    card.fitted(2)
}
