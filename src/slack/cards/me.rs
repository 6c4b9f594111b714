//! One's own access in plain words, and the call for help that may follow.

use jiff::Timestamp;

use crate::config::Access;
use crate::slack::blocks::{Button, Card, Style, actions, context, header, section};
use crate::slack::markup::Markup;
use crate::slack::value::Value;
use crate::slack::words::{self, Plain, plain};
use reinstate_core::{Diagnosis, Verdict};

/// How many things are told at once.
const MOST: usize = 3;

/// The answer to `me`.
#[must_use]
pub fn me(diagnosis: &Diagnosis, at: Timestamp) -> Card {
    let title = Markup::new().ours("Your Atlassian access");
    let says = match diagnosis.verdict {
        Verdict::Healthy => {
            "*Everything looks right.* If Jira or Confluence still shows nothing, sign out there and in again."
        }
        Verdict::Broken => "*Something is wrong with your access.*",
        Verdict::CannotTell => {
            "*It could not be told whether your access is right.* Not everything could be read."
        }
    };
    let mut blocks = vec![header(&title), section(&Markup::new().ours(says))];
    if diagnosis.verdict != Verdict::Healthy {
        let mut told: Vec<Plain> = Vec::new();
        for finding in diagnosis.findings.iter().filter(|finding| finding.blocking) {
            let plain = plain(finding.code);
            if !told.contains(&plain) {
                told.push(plain);
            }
        }
        blocks.extend(
            told.iter().take(MOST).map(|plain| {
                section(&Markup::new().ours(plain.what).ours("\n*What to do:* ").ours(plain.next))
            }),
        );
        if told.is_empty() {
            let text = "*What to do:* Press the button below. Your admins then see what could be read.";
            blocks.push(section(&Markup::new().ours(text)));
        }
    }
    let style = if diagnosis.verdict == Verdict::Healthy { Style::Plain } else { Style::Primary };
    blocks.push(actions(
        "me",
        &[Button {
            action: "reinstate.ask_for_help",
            words: "Ask my admins for help",
            value: Value::default().text(),
            style,
            confirm: None,
        }],
    ));
    let foot = Markup::new().ours("Read ").time(at).ours(". Nothing was changed. Only you see this.");
    blocks.push(context(&[foot]));
    Card::of(&title.ours(": ").ours(says), blocks, 2)
}

/// The call for help, for those who can repair.
#[must_use]
pub fn help_wanted(by: &str, asked: &str, diagnosis: &Diagnosis, at: Timestamp, access: &Access) -> Card {
    let title = Markup::new().ours("Somebody asks for help with their Atlassian access");
    let says = words::mentions(&access.operator, &[])
        .ours(" ")
        .user(by)
        .ours(" (")
        .data(asked)
        .ours(") asks for help. ")
        .ours("Repair starts a run; Recheck shows you the whole trail first.");
    let found = super::glance::broken(diagnosis);
    let value = Value { who: asked.to_owned(), ..Value::default() }.text();
    let button = |action, words, style| Button { action, words, value: value.clone(), style, confirm: None };
    let blocks = vec![
        header(&title),
        section(&says),
        section(&found),
        actions(
            "help",
            &[
                button("reinstate.repair", "Repair", Style::Primary),
                button("reinstate.recheck", "Recheck", Style::Plain),
            ],
        ),
        context(&[Markup::new().ours("Read ").time(at)]),
    ];
    Card::of(&says, blocks, 2)
}
