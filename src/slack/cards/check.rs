//! The private answer to `check`: verdict, apps, trail, findings, plan, and buttons.

use jiff::Timestamp;
use url::Url;

use super::apps::apps;
use super::candidates::candidates;
use super::findings::{PRIVATE, found};
use super::overview::overview;
use super::plan::planned;
use super::trail::trail;
use crate::slack::action::ButtonAction;
use crate::slack::blocks::{Button, Message, Style, actions, context, header, section};
use crate::slack::markup::Markup;
use crate::slack::value::Value;
use reinstate_core::diagnose::NOT_EXAMINED_SENTENCE;
use reinstate_core::{Diagnosis, Plan, Verdict};

#[must_use]
pub fn diagnosis(
    diagnosis: &Diagnosis,
    plan: &Plan,
    at: Timestamp,
    asked: &str,
    docs: Option<&Url>,
) -> Message {
    let name = diagnosis.email.clone().unwrap_or_else(|| asked.to_owned());
    let title = Markup::new().literal("Access of ").escaped(&name);
    let verdict = match diagnosis.verdict {
        Verdict::Healthy => "Healthy: access is as it should be.",
        Verdict::Broken => "Broken: access is missing.",
        Verdict::CannotTell => "Cannot tell: not enough could be read.",
    };
    let says = Markup::new().literal("*").literal(verdict).literal("* Read ").time(at).literal(".");
    let mut blocks = vec![header(&title), section(&says)];
    blocks.extend(apps(diagnosis));
    blocks.push(section(&overview(diagnosis, plan)));
    blocks.extend(trail(diagnosis));
    blocks.extend(found(diagnosis, PRIVATE, docs));
    if diagnosis.verdict == Verdict::Healthy {
        blocks.push(context(&[Markup::new().literal(NOT_EXAMINED_SENTENCE)]));
    }
    let app = diagnosis.subject.app.clone().unwrap_or_default();
    let value = Value { who: asked.to_owned(), app, ..Value::default() };
    blocks.extend(candidates(diagnosis, &value));
    blocks.extend(planned(plan));
    let value = value.text();
    let button = |action, words, style| Button { action, words, value: value.clone(), style, confirm: None };
    let mut buttons = Vec::new();
    if !plan.steps.is_empty() {
        buttons.push(button(ButtonAction::Repair, "Repair", Style::Primary));
    }
    buttons.push(button(ButtonAction::Recheck, "Recheck", Style::Plain));
    blocks.push(actions("check", &buttons));
    Message::of(&title.literal(": ").literal(verdict), blocks, 1)
}
