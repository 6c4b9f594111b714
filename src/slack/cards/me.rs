//! A person's own access in plain words, and the call for help that may follow.

use jiff::Timestamp;
use url::Url;

use super::cause::cause;
use super::named;

use crate::config::Access;
use crate::slack::action::ButtonAction;
use crate::slack::blocks::{Button, Message, Style, actions, context, header, section};
use crate::slack::markup::Markup;
use crate::slack::messages::{self, PlainWords, plain};
use crate::slack::value::Value;
use reinstate_core::{Diagnosis, Verdict};

/// How many causes are shown at once.
const MAX_CAUSES: usize = 3;

#[must_use]
pub fn me(diagnosis: &Diagnosis, at: Timestamp) -> Message {
    let title = Markup::new().literal("Your Atlassian access");
    let says = match diagnosis.verdict {
        Verdict::Healthy => {
            "*Everything looks right.* If Jira or Confluence still shows nothing, sign out there and in again."
        }
        Verdict::Broken => "*Something is wrong with your access.*",
        Verdict::CannotTell => {
            "*It could not be told whether your access is right.* Not everything could be read."
        }
    };
    let mut blocks = vec![header(&title), section(&Markup::new().literal(says))];
    if diagnosis.verdict != Verdict::Healthy {
        let mut told: Vec<PlainWords> = Vec::new();
        for finding in diagnosis.findings.iter().filter(|finding| finding.blocking) {
            let plain = plain(finding.code);
            if !told.contains(&plain) {
                told.push(plain);
            }
        }
        blocks.extend(told.iter().take(MAX_CAUSES).map(|plain| {
            section(&Markup::new().literal(plain.what).literal("\n*What to do:* ").literal(plain.next))
        }));
        if told.is_empty() {
            let text = "*What to do:* Press the button below. Your admins then see what could be read.";
            blocks.push(section(&Markup::new().literal(text)));
        }
    }
    let style = if diagnosis.verdict == Verdict::Healthy { Style::Plain } else { Style::Primary };
    blocks.push(actions(
        "me",
        &[Button {
            action: ButtonAction::AskForHelp,
            words: "Ask my admins for help",
            value: Value::default().text(),
            style,
            confirm: None,
        }],
    ));
    let foot = Markup::new().literal("Read ").time(at).literal(". Nothing was changed. Only you see this.");
    blocks.push(context(&[foot]));
    Message::of(&title.literal(": ").literal(says), blocks, 2)
}

/// A call for help to the people who can repair.
pub struct HelpCall<'a> {
    /// Slack user id of the person who needs help.
    pub by: &'a str,
    /// Their address or account id.
    pub asked: &'a str,
    /// Slack user id of the person who began a repair for them, if anybody did.
    pub taken_by: Option<&'a str>,
    pub at: Timestamp,
}

#[must_use]
pub fn help_wanted(
    call: &HelpCall<'_>,
    diagnosis: &Diagnosis,
    docs: Option<&Url>,
    access: &Access,
) -> Message {
    let title = Markup::new().literal("Help wanted: ").then(&named(diagnosis, call.asked));
    let text = match call.taken_by {
        Some(taker) => Markup::new().literal("*Taken by* ").user(taker).literal(". A repair has begun for "),
        None => messages::mentions(&access.operator, &[]).literal(" Please help "),
    };
    let text = text.user(call.by).literal(".\n*Cause:* ").then(&cause(diagnosis, docs));
    let mut blocks = vec![header(&title), section(&text)];
    if call.taken_by.is_none() {
        let value =
            Value { who: call.asked.to_owned(), helps: call.by.to_owned(), ..Value::default() }.text();
        let button =
            |action, words, style| Button { action, words, value: value.clone(), style, confirm: None };
        let buttons = [
            button(ButtonAction::Repair, "Repair", Style::Primary),
            button(ButtonAction::Recheck, "Recheck", Style::Plain),
        ];
        blocks.push(actions("help", &buttons));
    }
    blocks.push(context(&[Markup::new().literal("Read ").time(call.at)]));
    Message::of(&title.literal(": ").then(&text), blocks, 2)
}
