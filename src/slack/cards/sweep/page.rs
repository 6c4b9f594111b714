//! The pages of accounts whose repair needs an approval of its own. They are private.

use crate::slack::action::ButtonAction;
use crate::slack::blocks::{Button, Message, Style, actions, section};
use crate::slack::markup::Markup;
use crate::slack::value::Value;
use reinstate_core::Risk;
use reinstate_core::sweep::SweepFinding;

/// The number of accounts on one page.
const PAGE_SIZE: usize = 8;

/// One page of accounts whose repair needs an approval of its own, each with its button. For one person alone.
#[must_use]
pub fn sweep_page(id: &str, found: &[SweepFinding], page: usize) -> Message {
    let pages = found.len().div_ceil(PAGE_SIZE).max(1);
    let page = page.min(pages.saturating_sub(1));
    let title = Markup::new()
        .literal("Repairs that need an approval each, page ")
        .number(page + 1)
        .literal(" of ")
        .number(pages);
    let mut blocks = vec![section(&title)];
    for (place, one) in found.iter().enumerate().skip(page * PAGE_SIZE).take(PAGE_SIZE) {
        let causes: Vec<Markup> =
            one.causes.iter().map(|cause| Markup::new().literal(cause.title())).collect();
        let risk = one.risk.map_or("", Risk::word);
        let text = Markup::new()
            .literal("*")
            .escaped(&one.query)
            .literal("*: ")
            .then(&Markup::list(&causes, "; "))
            .literal(" (")
            .literal(risk)
            .literal(")");
        blocks.push(section(&text));
        let value = Value { who: one.query.clone(), ..Value::default() }.text();
        blocks.push(actions(
            &format!("sweep-page-{place}"),
            &[Button {
                action: ButtonAction::Repair,
                words: "Repair",
                value,
                style: Style::Plain,
                confirm: None,
            }],
        ));
    }
    if page + 1 < pages {
        let value = Value { run: id.to_owned(), page: page + 1, ..Value::default() }.text();
        blocks.push(actions(
            &format!("sweep-next-{page}"),
            &[Button {
                action: ButtonAction::SweepPage,
                words: "Next page",
                value,
                style: Style::Plain,
                confirm: None,
            }],
        ));
    }
    Message::of(&title, blocks, 1)
}
