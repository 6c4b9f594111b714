//! File uploads, in Slack's three steps: ask for a URL, send the bytes to it, complete the upload. A file without
//! bytes, or with another length than announced, must never appear in a channel.

use axum::http::{Method, request::Parts};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::call::{Answer, Args, Refusal};
use super::model::File;
use super::state::Slack;

/// `files.getUploadURLExternal`
pub(super) fn upload_url(slack: &mut Slack, args: &Args, _: Timestamp) -> Answer {
    let name = args.need("filename")?.to_owned();
    let length = args.number("length").filter(|length| *length > 0);
    let length = length
        .ok_or_else(|| Refusal::fault("invalid_arguments", "`length` is missing or no positive number"))?;
    let id = format!("F0{:06}", slack.files.len() + 1);
    let url = format!("{}/upload/v1/{id}", slack.base);
    slack.files.push(File { id: id.clone(), name, length, ..File::default() });
    Ok(json!({"upload_url": url, "file_id": id}))
}

/// Receives the bytes at the upload URL. This request carries no token.
pub(super) fn receive(
    slack: &mut Slack,
    id: &str,
    parts: &Parts,
    body: &[u8],
) -> Result<String, (u16, String)> {
    if parts.method != Method::POST {
        return Err((405, format!("called by {}", parts.method)));
    }
    if parts.headers.contains_key(axum::http::header::AUTHORIZATION) {
        return Err((400, "a token was sent to the upload URL".to_owned()));
    }
    let file = slack.files.iter_mut().find(|file| file.id == id && file.bytes.is_none());
    let file = file.ok_or_else(|| (404, "no such upload".to_owned()))?;
    if body.len() != file.length {
        return Err((400, format!("{} bytes were announced and {} came", file.length, body.len())));
    }
    file.bytes = Some(body.to_vec());
    Ok(format!("OK - {}", body.len()))
}

/// `files.completeUploadExternal`
pub(super) fn complete(slack: &mut Slack, args: &Args, now: Timestamp) -> Answer {
    let Some(Value::Array(files)) = args.value("files") else {
        return Err(Refusal::fault("invalid_arguments", "`files` is missing or no list"));
    };
    let ids: Vec<String> =
        files.iter().filter_map(|file| file.get("id")?.as_str().map(str::to_owned)).collect();
    if ids.is_empty() || ids.len() != files.len() {
        return Err(Refusal::fault("invalid_arguments", "a file without an id"));
    }
    let channel = args.str("channel_id").map(str::to_owned);
    let thread = args.str("thread_ts").map(str::to_owned);
    if let Some(channel) = &channel {
        let bot = slack.bot_user.clone();
        let known = slack.channels.get(channel).ok_or("channel_not_found")?;
        if !known.members.contains(&bot) {
            return Err("not_in_channel".into());
        }
        let in_it = |ts: &String| slack.messages.iter().any(|one| one.channel == *channel && one.ts == *ts);
        if thread.as_ref().is_some_and(|ts| !in_it(ts)) {
            return Err(Refusal::fault("invalid_arguments", "the thread is not in the channel"));
        }
    }
    let mut shown = Vec::new();
    for id in ids {
        let ts = slack.next_ts(now);
        let file = slack.files.iter_mut().find(|file| file.id == id).ok_or("file_not_found")?;
        if file.bytes.is_none() {
            return Err(Refusal::fault("file_not_found", "the file was completed before it was sent"));
        }
        file.ts = ts;
        file.shared = channel.clone().map(|channel| (channel, thread.clone()));
        shown.push(json!({"id": file.id, "title": file.name}));
    }
    Ok(json!({"files": shown}))
}
