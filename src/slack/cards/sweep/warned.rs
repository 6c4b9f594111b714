//! The message about what runs out. It is the card of a sweep that reads nobody, so it has no buttons and never changes.

use super::SweepView;
use crate::slack::blocks::{Message, context, header, section};
use crate::slack::markup::Markup;
use crate::slack::messages;
use reinstate_core::warning::Warning;

/// The maximum number of warnings in one message.
const MAX_WARNINGS: usize = 12;

pub(super) fn card(view: &SweepView<'_>, warnings: &[Warning]) -> Message {
    let title = match warnings.len() {
        1 => Markup::new().literal("Warning"),
        several => Markup::new().number(several).literal(" warnings"),
    };
    let all: Vec<Markup> = warnings.iter().take(MAX_WARNINGS).map(messages::warning).collect();
    let mut blocks = vec![header(&title)];
    blocks.extend(all.iter().map(section));
    let more = warnings.len().saturating_sub(all.len());
    if more > 0 {
        let text =
            Markup::new().literal("… and ").number(more).literal(" more. `reinstate doctor` lists all.");
        blocks.push(section(&text));
    }
    let text = title.literal(": ").then(&Markup::list(&all, " "));
    blocks.push(context(&[Markup::new().literal("Warning ").code(view.id)]));
    Message::of(&text, blocks, 1)
}
