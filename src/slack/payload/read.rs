//! Parses what Slack sends, leniently. Enterprise Grid and new features make fields null, missing, or of another type.
//! The parser must never refuse a request because of a field that is not needed.

use serde_json::Value;

use super::{Click, Inbound, Occurrence, Shortcut, Slash, Submit};
use reinstate_core::run::Requester;

/// Parses a verified body.
#[must_use]
pub fn read(body: &str, content_type: &str) -> Inbound {
    let json = content_type.trim_start().to_ascii_lowercase().starts_with("application/json");
    if json || body.trim_start().starts_with('{') {
        return match serde_json::from_str::<Value>(body) {
            Ok(value) => event(&value),
            Err(_) => Inbound::Unknown("unreadable".to_owned()),
        };
    }
    let form = Form(url::form_urlencoded::parse(body.as_bytes()).into_owned().collect());
    if form.get("ssl_check").is_some_and(|value| value == "1") {
        return Inbound::SslCheck;
    }
    if let Some(payload) = form.get("payload") {
        return match serde_json::from_str::<Value>(&payload) {
            Ok(value) => interaction(&value),
            Err(_) => Inbound::Unknown("unreadable".to_owned()),
        };
    }
    slash(|key| form.get(key))
}

/// Parses the payload of a socket envelope of this type. From here on, it is handled like a request over HTTP.
#[must_use]
pub fn envelope(kind: &str, payload: &Value) -> Inbound {
    match kind {
        "slash_commands" => slash(|key| text(payload, &format!("/{key}"))),
        "interactive" => interaction(payload),
        "events_api" => event(payload),
        other => Inbound::Unknown(other.to_owned()),
    }
}

fn slash(get: impl Fn(&str) -> Option<String>) -> Inbound {
    let (Some(command), Some(id)) = (get("command"), get("user_id")) else {
        return Inbound::Unknown("unreadable".to_owned());
    };
    Inbound::Slash(Box::new(Slash {
        by: Requester { id, team: get("team_id"), enterprise: get("enterprise_id") },
        channel: get("channel_id").unwrap_or_default(),
        command,
        text: get("text").unwrap_or_default(),
        response_url: get("response_url"),
        trigger: get("trigger_id"),
    }))
}

struct Form(Vec<(String, String)>);

impl Form {
    fn get(&self, key: &str) -> Option<String> {
        self.0.iter().find(|(name, value)| name == key && !value.is_empty()).map(|(_, value)| value.clone())
    }
}

fn text(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn event(value: &Value) -> Inbound {
    match text(value, "/type").as_deref() {
        Some("url_verification") => Inbound::Challenge(text(value, "/challenge").unwrap_or_default()),
        Some("event_callback") => Inbound::Event(Box::new(Occurrence {
            id: text(value, "/event_id"),
            kind: text(value, "/event/type").unwrap_or_else(|| "unknown".to_owned()),
            by: text(value, "/event/user").map(|id| Requester {
                id,
                team: text(value, "/team_id"),
                enterprise: text(value, "/enterprise_id"),
            }),
            tab: text(value, "/event/tab"),
        })),
        Some(kind) => Inbound::Unknown(kind.to_owned()),
        None => Inbound::Unknown("none".to_owned()),
    }
}

fn interaction(value: &Value) -> Inbound {
    let kind = text(value, "/type").unwrap_or_else(|| "none".to_owned());
    let Some(id) = text(value, "/user/id") else { return Inbound::Unknown(kind) };
    let team = text(value, "/user/team_id").or_else(|| text(value, "/team/id"));
    let enterprise = text(value, "/enterprise/id").or_else(|| text(value, "/team/enterprise_id"));
    let by = Requester { id, team, enterprise };
    let channel = text(value, "/channel/id").or_else(|| text(value, "/container/channel_id"));
    let response_url = text(value, "/response_url");
    let trigger = text(value, "/trigger_id");
    match (kind.as_str(), value.pointer("/actions/0")) {
        ("block_actions", Some(action)) => Inbound::Click(Box::new(Click {
            by,
            action: text(action, "/action_id").unwrap_or_default(),
            value: text(action, "/value").unwrap_or_default(),
            picked: text(action, "/selected_user"),
            channel,
            ts: text(value, "/container/message_ts").or_else(|| text(value, "/message/ts")),
            author: text(value, "/message/user"),
            view: text(value, "/view/id").filter(|_| text(value, "/view/type").as_deref() == Some("modal")),
            response_url,
            trigger,
        })),
        ("shortcut" | "message_action", _) => Inbound::Shortcut(Box::new(Shortcut {
            by,
            callback: text(value, "/callback_id").unwrap_or_default(),
            author: text(value, "/message/user").filter(|_| text(value, "/message/bot_id").is_none()),
            channel,
            response_url,
            trigger,
        })),
        ("view_submission", _) => Inbound::Submit(Box::new(Submit {
            by,
            callback: text(value, "/view/callback_id").unwrap_or_default(),
            meta: text(value, "/view/private_metadata").unwrap_or_default(),
            values: value.pointer("/view/state/values").cloned().unwrap_or_default(),
            trigger,
        })),
        _ => Inbound::Unknown(kind),
    }
}
