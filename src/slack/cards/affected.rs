//! What a person hears who lost access: what does not work, and that nothing is asked of them. The text must never name
//! another person, an id or a group.

use jiff::Timestamp;

use crate::slack::action::ButtonAction;
use crate::slack::blocks::{Button, Message, Style, actions, context, header, section};
use crate::slack::markup::Markup;
use crate::slack::messages::plain;
use crate::slack::value::Value;
use reinstate_core::Cause;

#[must_use]
pub fn lost_access(causes: &[Cause], at: Timestamp) -> Message {
    let title = Markup::new().literal("Your Atlassian access");
    let says = "*You may not be able to open Jira or Confluence right now.*";
    let what = causes.first().map(|cause| plain(*cause).what);
    let mut blocks = vec![header(&title), section(&Markup::new().literal(says))];
    blocks.extend(what.map(|what| section(&Markup::new().literal(what))));
    let next = "Your admins have been told. You need not do anything.";
    blocks.push(section(&Markup::new().literal(next)));
    let buttons = [
        button(ButtonAction::Me, "Check my access now"),
        button(ButtonAction::StopTelling, "Do not tell me again"),
    ];
    blocks.push(actions("lost", &buttons));
    blocks.push(context(&[Markup::new().literal("Found ").time(at).literal(". Only you see this.")]));
    Message::of(&title.literal(": ").literal(says).literal(" ").literal(next), blocks, 2)
}

/// The answer to a person who has chosen whether to be told.
#[must_use]
pub fn telling_is_set(quiet: bool) -> Message {
    let (says, other) = if quiet {
        (
            "You will not be told again when you lose access. Your admins still are.",
            button(ButtonAction::TellAgain, "Tell me again"),
        )
    } else {
        ("You will be told when you lose access.", button(ButtonAction::StopTelling, "Do not tell me again"))
    };
    let text = Markup::new().literal(says);
    Message::of(&text, vec![section(&text), actions("telling", &[other])], 1)
}

fn button(action: ButtonAction, words: &'static str) -> Button {
    Button { action, words, value: Value::default().text(), style: Style::Plain, confirm: None }
}
