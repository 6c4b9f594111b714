//! Modals, which only one person sees. Pure. A modal must never show anything that the person was not allowed to see
//! when it was opened.

use serde_json::{Value, json};

use super::action::{ButtonAction, ModalCallback};
use super::blocks::{Message, section};
use super::markup::Markup;

/// Blocks that a modal may hold.
const MAX_BLOCKS: usize = 100;

fn modal(title: &'static str, mut blocks: Vec<Value>) -> Value {
    let over = blocks.len().saturating_sub(MAX_BLOCKS);
    if over > 0 {
        blocks.truncate(MAX_BLOCKS - 1);
        blocks.push(section(&Markup::new().literal("… and ").number(over + 1).literal(" more parts")));
    }
    json!({
        "type": "modal",
        "title": {"type": "plain_text", "text": title},
        "close": {"type": "plain_text", "text": "Close"},
        "blocks": blocks,
    })
}

/// Shown while the bot reads.
#[must_use]
pub fn reading() -> Value {
    modal("Reinstate", vec![section(&Markup::new().literal("Reading everything. The answer appears here."))])
}

#[must_use]
pub fn answer(card: &Message) -> Value {
    let text = || json!({"type": "section", "text": {"type": "mrkdwn", "text": card.text, "verbatim": true}});
    modal("Reinstate", if card.blocks.is_empty() { vec![text()] } else { card.blocks.clone() })
}

#[must_use]
pub fn details(blocks: Vec<Value>) -> Value {
    modal("Details", blocks)
}

/// Picks a person. Slack sends the choice immediately.
#[must_use]
pub fn person() -> Value {
    let says = "Whose Atlassian access shall be checked? Nothing is changed, and only you see the answer.";
    let picker = json!({
        "type": "users_select",
        "action_id": ButtonAction::CheckPicked.id(),
        "placeholder": {"type": "plain_text", "text": "Pick a person"},
    });
    let pick = json!({"type": "actions", "block_id": "person", "elements": [picker]});
    let else_ = "Not in Slack? Type `/reinstate check` and an e-mail address instead.";
    modal(
        "Check Atlassian access",
        vec![section(&Markup::new().literal(says)), pick, section(&Markup::new().literal(else_))],
    )
}

/// Shows everything that is approved, if Slack's dialog has no room for it. Slack returns `meta` with the answer.
#[must_use]
pub fn approval(blocks: Vec<Value>, meta: &str) -> Value {
    let mut view = modal("Approve this plan?", blocks);
    if let Some(map) = view.as_object_mut() {
        map.insert("callback_id".into(), ModalCallback::Approve.id().into());
        map.insert("private_metadata".into(), meta.into());
        map.insert("submit".into(), json!({"type": "plain_text", "text": "Approve"}));
        map.insert("close".into(), json!({"type": "plain_text", "text": "Back"}));
    }
    view
}

/// Asks for the reason of a decline. Slack returns `meta` with the answer.
#[must_use]
pub fn reason(whose: &Markup, meta: &str) -> Value {
    let says = Markup::new()
        .literal("Nothing of the plan for ")
        .then(whose)
        .literal(" will be done, and the run ends. The requester is told why.");
    let input = json!({
        "type": "input",
        "block_id": "reason",
        "optional": true,
        "label": {"type": "plain_text", "text": "Why?"},
        "element": {"type": "plain_text_input", "action_id": "why", "multiline": true, "max_length": 500},
    });
    let mut view = modal("Decline this plan?", vec![section(&says), input]);
    if let Some(map) = view.as_object_mut() {
        map.insert("callback_id".into(), ModalCallback::Decline.id().into());
        map.insert("private_metadata".into(), meta.into());
        map.insert("submit".into(), json!({"type": "plain_text", "text": "Decline"}));
        map.insert("close".into(), json!({"type": "plain_text", "text": "Back"}));
    }
    view
}
