//! The root card: an overview of the run, followed by its parts. It must never show data of a run whose requester was
//! not admitted.

use super::candidates::candidates;
use super::overview::overview;
use super::state::state;
use super::{View, buttons, foot, reasons};
use crate::slack::blocks::{Message, Status, Task, actions, context, header, progress, section};
use crate::slack::markup::Markup;
use crate::slack::value::Value;
use reinstate_core::run::{Goal, Next, Outcome, Progress};

#[must_use]
pub fn root(view: &View<'_>) -> Message {
    let title = Markup::new().literal(view.title()).then(&view.name());
    let says = state(view);
    let mut blocks = vec![header(&title), section(&says)];
    if let Some(current) = &view.run.current {
        blocks.push(section(&overview(&current.diagnosis, &current.plan)));
    }
    blocks.push(progress(&Markup::new().literal("Progress"), &tasks(view), view.plain));
    if let Some(current) = &view.run.current {
        blocks.extend(reasons(current, view.docs));
        let value = Value { run: view.id.to_owned(), ..Value::default() };
        let ended = view.run.ended.is_some();
        blocks.extend(candidates(&current.diagnosis, &value).into_iter().filter(|_| ended));
    }
    let buttons = buttons::buttons(view);
    if !buttons.is_empty() {
        blocks.push(actions(&format!("run-{}", view.run.seq), &buttons));
    }
    blocks.push(context(&[foot(view)]));
    Message::of(&title.literal(": ").then(&says), blocks, 2)
}

/// The answer to `status RUN`: the card without its buttons, for one person alone.
#[must_use]
pub fn status(view: &View<'_>, link: Option<&str>) -> Message {
    let mut card = root(view);
    card.blocks.retain(|block| block.get("type").is_none_or(|kind| kind != "actions"));
    if let Some(link) = link {
        card.blocks.push(context(&[Markup::new().link(link, "The card of this run")]));
        return card.fitted(2);
    }
    card
}

fn tasks(view: &View<'_>) -> Vec<Task> {
    let task = |title: Markup, status| Task { title, status };
    let ended = view.run.ended.is_some();
    let open = |now: bool| match (ended, now) {
        (false, true) => Status::InProgress,
        _ => Status::Pending,
    };
    let next = view.next();
    let mut all = Vec::new();
    for (op, worked) in &view.run.done {
        // When no step is left, all finished steps form one list, whichever plan they belong to.
        let last = view.run.current.as_ref().is_none_or(|current| current.plan.steps.is_empty());
        let note = match (worked, last) {
            (true, true) => "",
            (true, false) => " (earlier plan)",
            (false, true) => " (without effect)",
            (false, false) => " (earlier plan, without effect)",
        };
        all.push(task(Markup::new().escaped(&op.says()).literal(note), Status::Complete));
    }
    let read = if view.run.current.is_some() && next != Next::Look {
        Status::Complete
    } else {
        open(matches!(next, Next::Look))
    };
    all.push(task(Markup::new().literal("Read everything and find the cause"), read));
    let Some(current) = &view.run.current else { return all };
    let waiting = view.run.waiting.as_ref().and_then(|waiting| waiting.step);
    for (index, (step, done)) in current.plan.steps.iter().zip(&current.progress).enumerate() {
        let status = match done {
            Progress::Done => Status::Complete,
            Progress::Fruitless => Status::Error,
            _ if waiting == Some(index) => Status::Error,
            Progress::Begun | Progress::Accepted => Status::InProgress,
            Progress::Open => open(matches!(next, Next::Step { index: at, .. } if at == index)),
        };
        let note = if *done == Progress::Fruitless { " (without effect)" } else { "" };
        all.push(task(Markup::new().escaped(&step.op.says()).literal(note), status));
    }
    if !current.plan.steps.is_empty() {
        let proven =
            matches!(view.run.ended, Some((Outcome::Restored | Outcome::Healthy | Outcome::Done, _)));
        let status = if proven { Status::Complete } else { open(next == Next::Prove) };
        let repairs = matches!(view.aim(), Goal::Repair { .. });
        let words = if repairs { "Confirm access" } else { "Read everything once more" };
        all.push(task(Markup::new().literal(words), status));
    }
    all
}
