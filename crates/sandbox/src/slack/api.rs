//! The entry point of the Web API. It checks token, method, content type, arguments, scope and rate limit, in the
//! order in which Slack checks them. The methods themselves are in `chat`, `people` and `views`; no call may bypass
//! these checks.

use axum::http::{Method as Verb, header, request::Parts};
use jiff::Timestamp;
use serde_json::Value;

use super::call::{Answer, Args, Refusal};
use super::limits::Tier;
use super::state::Slack;
use super::{chat, files, people, socket, views};

/// How a method takes its arguments, from its reference page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    /// GET with a query, or POST with a form: methods that only read.
    Query,
    /// POST with a form, never JSON.
    Form,
    /// POST with a form or JSON: most methods that write.
    Json,
}

struct Method {
    name: &'static str,
    takes: Takes,
    scope: &'static str,
    tier: Tier,
    args: &'static [&'static str],
    run: fn(&mut Slack, &Args, Timestamp) -> Answer,
}

const fn read(
    name: &'static str,
    scope: &'static str,
    tier: Tier,
    args: &'static [&'static str],
    run: fn(&mut Slack, &Args, Timestamp) -> Answer,
) -> Method {
    Method { name, takes: Takes::Query, scope, tier, args, run }
}

const fn form(
    name: &'static str,
    scope: &'static str,
    tier: Tier,
    args: &'static [&'static str],
    run: fn(&mut Slack, &Args, Timestamp) -> Answer,
) -> Method {
    Method { name, takes: Takes::Form, scope, tier, args, run }
}

const fn write(
    name: &'static str,
    scope: &'static str,
    tier: Tier,
    args: &'static [&'static str],
    run: fn(&mut Slack, &Args, Timestamp) -> Answer,
) -> Method {
    Method { name, takes: Takes::Json, scope, tier, args, run }
}

const POST_ARGUMENTS: &[&str] = &[
    "channel",
    "user",
    "text",
    "markdown_text",
    "blocks",
    "attachments",
    "thread_ts",
    "reply_broadcast",
    "unfurl_links",
    "unfurl_media",
    "metadata",
    "mrkdwn",
    "parse",
    "link_names",
    "username",
    "icon_emoji",
    "icon_url",
    "as_user",
    "ts",
    "client_msg_id",
];

const METHODS: &[Method] = &[
    write("auth.test", "", Tier::Free, &[], people::auth_test),
    read("users.info", "users:read", Tier::T4, &["user", "include_locale"], people::users_info),
    read("users.lookupByEmail", "users:read.email", Tier::T3, &["email"], people::users_lookup),
    read(
        "usergroups.list",
        "usergroups:read",
        Tier::T2,
        &["include_count", "include_disabled", "include_users", "team_id"],
        people::usergroups_list,
    ),
    read(
        "usergroups.users.list",
        "usergroups:read",
        Tier::T2,
        &["usergroup", "include_disabled", "team_id"],
        people::usergroups_users_list,
    ),
    read(
        "conversations.info",
        "",
        Tier::T3,
        &["channel", "include_locale", "include_num_members"],
        people::conversations_info,
    ),
    read(
        "conversations.members",
        "",
        Tier::T4,
        &["channel", "cursor", "limit"],
        people::conversations_members,
    ),
    write(
        "conversations.open",
        "im:write",
        Tier::T3,
        &["channel", "users", "return_im", "prevent_creation"],
        people::conversations_open,
    ),
    write("chat.postMessage", "chat:write", Tier::Posting, POST_ARGUMENTS, chat::post_message),
    write("chat.update", "chat:write", Tier::T3, POST_ARGUMENTS, chat::update),
    write("chat.delete", "chat:write", Tier::T3, &["channel", "ts", "as_user"], chat::delete),
    write("chat.postEphemeral", "chat:write", Tier::T4, POST_ARGUMENTS, chat::post_ephemeral),
    read("chat.getPermalink", "", Tier::Free, &["channel", "message_ts"], chat::permalink),
    form(
        "files.getUploadURLExternal",
        "files:write",
        Tier::T4,
        &["filename", "length", "alt_txt", "snippet_type"],
        files::upload_url,
    ),
    write(
        "files.completeUploadExternal",
        "files:write",
        Tier::T4,
        &["files", "channel_id", "thread_ts", "initial_comment", "channels", "blocks"],
        files::complete,
    ),
    write("reactions.add", "reactions:write", Tier::T3, &["channel", "name", "timestamp"], chat::react),
    write("views.open", "", Tier::T4, &["trigger_id", "interactivity_pointer", "view"], views::open),
    write("views.update", "", Tier::T4, &["view_id", "external_id", "hash", "view"], views::update),
    write("views.publish", "", Tier::T4, &["user_id", "hash", "view"], views::publish),
    write("apps.connections.open", "", Tier::T3, &[], socket::open),
];

/// Answers one call.
pub(super) fn answer(slack: &mut Slack, name: &str, parts: &Parts, body: &[u8], now: Timestamp) -> Answer {
    let Some(method) = METHODS.iter().find(|method| method.name == name) else {
        return Err(Refusal::fault("unknown_method", "there is no such method").with("req_method", name));
    };
    let args = arguments(method, parts, body)?;
    authorize(slack, method, parts)?;
    // Slack ignores unknown arguments. A client that relies on one is wrong without noticing.
    if let Some(key) = args.0.keys().find(|key| !method.args.contains(&key.as_str())) {
        return Err(Refusal::fault("invalid_arguments", format!("it has no argument `{key}`")));
    }
    slack.need_scope(method.scope)?;
    if let Err(seconds) = slack.limits.take(method.tier, method.name, args.str("channel"), now) {
        return Err(Refusal { retry_after: Some(seconds), ..Refusal::from("ratelimited") });
    }
    let mut value = (method.run)(slack, &args, now)?;
    if let Some(map) = value.as_object_mut() {
        map.insert("ok".into(), true.into());
    }
    Ok(value)
}

/// Opening a socket needs the app token; every other method needs the bot token.
fn authorize(slack: &Slack, method: &Method, parts: &Parts) -> Result<(), Refusal> {
    let token = parts
        .headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .ok_or("not_authed")?;
    let (wanted, other) = if method.name == "apps.connections.open" {
        (&slack.sockets.app_token, &slack.bot_token)
    } else {
        (&slack.bot_token, &slack.sockets.app_token)
    };
    match token {
        token if token == wanted => Ok(()),
        token if token == other => Err("not_allowed_token_type".into()),
        _ => Err("invalid_auth".into()),
    }
}

fn arguments(method: &Method, parts: &Parts, body: &[u8]) -> Result<Args, Refusal> {
    let query = parts.uri.query().unwrap_or_default();
    if parts.method == Verb::GET && (method.takes == Takes::Query || method.name == "auth.test") {
        return Ok(pairs(query.as_bytes()));
    }
    if parts.method != Verb::POST {
        return Err(Refusal::fault("method_not_supported", format!("called by {}", parts.method)));
    }
    if !query.is_empty() {
        return Err(Refusal::fault("invalid_arguments", "a POST with a query"));
    }
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    match kind.and_then(|kind| kind.split(';').next()).map(str::trim) {
        Some("application/x-www-form-urlencoded") => Ok(pairs(body)),
        Some("application/json") if method.takes == Takes::Json => match serde_json::from_slice(body) {
            Ok(Value::Object(map)) => Ok(Args(map)),
            Ok(_) => Err(Refusal::fault("json_not_object", "the body is no JSON object")),
            Err(error) => Err(Refusal::fault("invalid_json", error.to_string())),
        },
        Some("application/json") => Err(Refusal::fault("invalid_arguments", "this method takes no JSON")),
        None if body.is_empty() && method.args.is_empty() => Ok(Args::default()),
        None => Err(Refusal::fault("missing_post_type", "no content type")),
        Some(other) => Err(Refusal::fault("invalid_post_type", format!("content type {other}"))),
    }
}

fn pairs(bytes: &[u8]) -> Args {
    Args(
        url::form_urlencoded::parse(bytes)
            .map(|(key, value)| (key.into_owned(), Value::String(value.into_owned())))
            .collect(),
    )
}

impl Slack {
    /// Refuses if the token lacks this scope. An empty name means that no scope is needed.
    pub(super) fn need_scope(&self, scope: &str) -> Result<(), Refusal> {
        if scope.is_empty() || self.scopes.contains(scope) {
            return Ok(());
        }
        let provided = self.scopes.iter().map(String::as_str).collect::<Vec<_>>().join(",");
        Err(Refusal::from("missing_scope").with("needed", scope).with("provided", provided))
    }
}
