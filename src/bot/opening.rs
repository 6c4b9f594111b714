//! Builds the request for a run that a click opens, and the idempotency key for repeats of that click.

use crate::slack::command::Target;
use crate::slack::payload::Click;
use crate::slack::value::Value;
use reinstate_core::run::{Goal, Request};

/// The idempotency key of a click that opens a run: Slack's trigger id, or else what was clicked.
pub(super) fn opening_key(click: &Click, value: &Value) -> String {
    click.trigger.clone().unwrap_or_else(|| {
        let ts = click.ts.as_deref().unwrap_or_default();
        format!("click {} {} {ts} {}", click.action, click.by.id, value.text())
    })
}

/// The request for the repair that a click asks for.
pub(super) fn asked(click: Click, target: &Target) -> Request {
    Request {
        by: click.by,
        channel: click.channel.unwrap_or_default(),
        text: target.text(),
        response_url: click.response_url,
        aim: Goal::default(),
        helps: None,
    }
}
