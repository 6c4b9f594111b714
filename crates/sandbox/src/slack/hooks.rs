//! Response URLs: five answers within thirty minutes, without a token or membership. Later answers must be refused,
//! because real Slack also refuses them, and a client that posts its progress there would lose it.

use axum::http::{Method, header, request::Parts};
use jiff::Timestamp;
use serde_json::Value;

use super::call::{Args, Refusal};
use super::model::{Edit, Source};
use super::state::Slack;

const MAX_USES: u32 = 5;
const LIFETIME_SECONDS: i64 = 30 * 60;

const KNOWN_FIELDS: &[&str] = &[
    "text",
    "blocks",
    "attachments",
    "response_type",
    "replace_original",
    "delete_original",
    "thread_ts",
    "unfurl_links",
    "unfurl_media",
    "metadata",
    "mrkdwn",
];

/// Answers one post to a response URL. The error carries its HTTP status.
pub(super) fn answer(
    slack: &mut Slack,
    token: &str,
    parts: &Parts,
    body: &[u8],
    now: Timestamp,
) -> Result<(), (u16, Refusal)> {
    if parts.method != Method::POST {
        return Err((405, Refusal::fault("invalid_payload", format!("called by {}", parts.method))));
    }
    let url = slack.response_urls.get_mut(token).ok_or_else(|| (404, Refusal::from("invalid_url")))?;
    if now.as_second().saturating_sub(url.made.as_second()) > LIFETIME_SECONDS {
        return Err((404, "expired_url".into()));
    }
    if url.uses >= MAX_USES {
        return Err((404, "used_url".into()));
    }
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !kind.is_some_and(|kind| kind.trim_start().starts_with("application/json")) {
        return Err((400, Refusal::fault("invalid_payload", "the content type is not JSON")));
    }
    let Ok(Value::Object(map)) = serde_json::from_slice(body) else {
        return Err((400, Refusal::fault("invalid_payload", "the body is no JSON object")));
    };
    if let Some(key) = map.keys().find(|key| !KNOWN_FIELDS.contains(&key.as_str())) {
        return Err((400, Refusal::fault("invalid_payload", format!("a response has no field `{key}`"))));
    }
    url.uses = url.uses.saturating_add(1);
    respond(slack, token, &Args(map), now).map_err(|refusal| (400, refusal))
}

fn respond(slack: &mut Slack, token: &str, args: &Args, now: Timestamp) -> Result<(), Refusal> {
    let url = slack.response_urls.get(token).cloned().ok_or("invalid_url")?;
    let public = match args.str("response_type") {
        None | Some("ephemeral") => false,
        Some("in_channel") => true,
        Some(other) => return Err(Refusal::fault("invalid_payload", format!("response_type {other}"))),
    };
    if args.flag("delete_original").unwrap_or(false) {
        return remove(slack, &url.source);
    }
    if args.flag("replace_original").unwrap_or(false) && url.source != Source::Command {
        return replace(slack, &url.source, public, args, now);
    }
    let thread_ts = args.str("thread_ts").map_or(Ok(None), |ts| slack.root(&url.channel, ts))?;
    let content = slack.content(args, 40_000)?;
    if public {
        slack.store(&url.channel, thread_ts, content, now);
    } else {
        slack.store_private(&url.channel, &url.user, thread_ts, content, "response_url", now);
    }
    Ok(())
}

fn remove(slack: &mut Slack, source: &Source) -> Result<(), Refusal> {
    match source {
        Source::Command => {
            Err(Refusal::fault("invalid_payload", "delete_original where there is no original"))
        }
        Source::Message { ts } => {
            if let Some(message) = slack.messages.iter_mut().find(|message| message.ts == *ts) {
                message.deleted = true;
            }
            Ok(())
        }
        Source::Ephemeral { index } => {
            if let Some(private) = slack.ephemerals.get_mut(*index) {
                private.deleted = true;
            }
            Ok(())
        }
    }
}

/// Unlike `chat.update`, a replacement replaces everything: blocks that are not sent are removed.
fn replace(
    slack: &mut Slack,
    source: &Source,
    public: bool,
    args: &Args,
    now: Timestamp,
) -> Result<(), Refusal> {
    let mut content = slack.content(args, 4_000)?;
    content.blocks = Some(content.blocks.unwrap_or_default());
    match source {
        Source::Command => Ok(()),
        Source::Message { ts } => {
            let index = slack.messages.iter().position(|message| message.ts == *ts && !message.deleted);
            slack.edit(index.ok_or("message_not_found")?, content, now).map(drop)
        }
        Source::Ephemeral { .. } if public => {
            Err(Refusal::fault("invalid_payload", "an ephemeral message cannot become in_channel"))
        }
        Source::Ephemeral { index } => {
            let private = slack
                .ephemerals
                .get_mut(*index)
                .filter(|private| !private.deleted)
                .ok_or("message_not_found")?;
            private.edits.push(Edit { text: private.text.clone(), blocks: private.blocks.clone() });
            private.text = content.text.unwrap_or_default();
            private.blocks = content.blocks.unwrap_or_default();
            Ok(())
        }
    }
}
