//! The card of a sweep: its progress, its findings, and what can be done about them. Before the repairs begin, it names
//! the first people on the list, so that a person sees what they ask for or approve. It must never show a whole id
//! outside its last line.

mod buttons;
mod found;
mod lost;
mod page;
mod people;
mod state;
mod warned;
mod watch;

pub use page::sweep_page;

use jiff::Timestamp;
use serde_json::Value;

use crate::config::Access;
use crate::slack::blocks::{Message, actions, context, header, section};
use crate::slack::markup::Markup;
use reinstate_core::run::Limits;
use reinstate_core::sweep::{Sweep, SweepNext};
use reinstate_store::Recovered;

/// The input from which the card of a sweep is drawn.
pub struct SweepView<'a> {
    pub id: &'a str,
    pub sweep: &'a Sweep,
    /// The time limits of approvals.
    pub limits: &'a Limits,
    pub access: &'a Access,
    pub now: Timestamp,
    /// The head of the journal, after the sweep has ended.
    pub head: Option<String>,
    /// What of a message of the watch is over.
    pub recovered: Recovered,
    /// Who changed something about how many people of a message of the watch, the most first.
    pub changed_by: Vec<(String, u64)>,
}

impl SweepView<'_> {
    pub(super) fn next(&self) -> SweepNext {
        self.sweep.next(self.now, self.limits)
    }
}

/// A count that the journal keeps.
pub(super) fn count(number: u64) -> Markup {
    Markup::new().number(usize::try_from(number).unwrap_or(usize::MAX))
}

#[must_use]
pub fn sweep_root(view: &SweepView<'_>) -> Message {
    if let Some(warnings) = view.sweep.warnings() {
        return warned::card(view, warnings);
    }
    if view.sweep.is_limited() {
        return lost::card(view);
    }
    let title = Markup::new().literal("Sweep of the organization");
    let says = state::state(view);
    let mut blocks = vec![header(&title), section(&says)];
    if let Some(watch) = &view.sweep.watch {
        blocks.push(section(&watch::opened(watch)));
    }
    if let Some(surveyed) = &view.sweep.surveyed {
        blocks.push(section(&found::found(surveyed)));
        if !surveyed.unread.is_empty() {
            blocks.push(section(&found::unread(surveyed)));
        }
        let offered = matches!(view.next(), SweepNext::AwaitRequest(_) | SweepNext::AwaitApproval(_));
        blocks.push(section(&people::repairs(surveyed, offered, view.sweep.ended.is_some())));
    }
    finished(view, &title.literal(": ").then(&says), blocks)
}

/// The message of these blocks, with the buttons and the last line.
pub(super) fn finished(view: &SweepView<'_>, text: &Markup, mut blocks: Vec<Value>) -> Message {
    let buttons = buttons::buttons(view);
    if !buttons.is_empty() {
        blocks.push(actions(&format!("sweep-{}", view.sweep.seq), &buttons));
    }
    let mut foot = Markup::new().literal("Sweep ").code(view.id);
    if let Some(asked) = &view.sweep.asked {
        foot = match asked.by.id.as_str() {
            "" if view.sweep.watch.is_some() => foot.literal(" by the watch"),
            "" => foot.literal(" by schedule"),
            by => foot.literal(" asked by ").user(by),
        };
    }
    if let Some(head) = &view.head {
        foot = foot.literal(" · journal ").code(head);
    }
    blocks.push(context(&[foot]));
    Message::of(text, blocks, 2)
}

/// The answer to `status SWEEP`: the card without its buttons, for one person alone, and what can be done.
#[must_use]
pub fn sweep_status(view: &SweepView<'_>, link: Option<&str>) -> Message {
    let mut card = sweep_root(view);
    card.blocks.retain(|block| block.get("type").is_none_or(|kind| kind != "actions"));
    if view.sweep.ended.is_none() {
        let stop = Markup::new()
            .literal("To stop this sweep, type `/reinstate cancel ")
            .escaped(view.id)
            .literal("`.");
        card.blocks.push(context(&[stop]));
    }
    if let Some(link) = link {
        card.blocks.push(context(&[Markup::new().link(link, "The card of this sweep")]));
    }
    card.fitted(2)
}
