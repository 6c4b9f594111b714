//! What Slack sends, read tolerantly from the verified raw body. Only the fields we need are looked at; the rest
//! may be null, of another type or missing, as Enterprise Grid and new features make it. What is not known is
//! [`Inbound::Unknown`]. It must never be given a body whose signature was not checked.

use serde_json::Value;

use super::people::Caller;

/// A request of Slack's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inbound {
    /// Slack looks at our certificate.
    SslCheck,
    /// Slack asks whether this address is ours: its challenge.
    Challenge(String),
    /// A slash command.
    Slash(Box<Slash>),
    /// A click on a button.
    Click(Box<Click>),
    /// An event.
    Event {
        /// Its id, by which a repeat is known.
        id: Option<String>,
        /// The inner type.
        kind: String,
    },
    /// Something else that is signed: its type.
    Unknown(String),
}

/// A slash command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slash {
    /// Who.
    pub by: Caller,
    /// Where.
    pub channel: String,
    /// The command, with its slash.
    pub command: String,
    /// What follows it.
    pub text: String,
    /// Where private answers may go.
    pub response_url: Option<String>,
    /// By which a repeat is known.
    pub trigger: Option<String>,
}

/// A click.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Click {
    /// Who.
    pub by: Caller,
    /// Which button.
    pub action: String,
    /// What it carries.
    pub value: String,
    /// Where, if it was in a message.
    pub channel: Option<String>,
    /// The message, by its time stamp.
    pub ts: Option<String>,
    /// Where private answers may go.
    pub response_url: Option<String>,
    /// By which a repeat is known.
    pub trigger: Option<String>,
}

/// Reads a verified body.
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
    match (form.get("command"), form.get("user_id")) {
        (Some(command), Some(id)) => Inbound::Slash(Box::new(Slash {
            by: Caller { id, team: form.get("team_id"), enterprise: form.get("enterprise_id") },
            channel: form.get("channel_id").unwrap_or_default(),
            command,
            text: form.get("text").unwrap_or_default(),
            response_url: form.get("response_url"),
            trigger: form.get("trigger_id"),
        })),
        _ => Inbound::Unknown("unreadable".to_owned()),
    }
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
        Some("event_callback") => Inbound::Event {
            id: text(value, "/event_id"),
            kind: text(value, "/event/type").unwrap_or_else(|| "unknown".to_owned()),
        },
        Some(kind) => Inbound::Unknown(kind.to_owned()),
        None => Inbound::Unknown("none".to_owned()),
    }
}

fn interaction(value: &Value) -> Inbound {
    let kind = text(value, "/type").unwrap_or_else(|| "none".to_owned());
    let (Some(id), Some(action), "block_actions") =
        (text(value, "/user/id"), value.pointer("/actions/0"), kind.as_str())
    else {
        return Inbound::Unknown(kind);
    };
    let team = text(value, "/user/team_id").or_else(|| text(value, "/team/id"));
    let enterprise = text(value, "/enterprise/id").or_else(|| text(value, "/team/enterprise_id"));
    Inbound::Click(Box::new(Click {
        by: Caller { id, team, enterprise },
        action: text(action, "/action_id").unwrap_or_default(),
        value: text(action, "/value").unwrap_or_default(),
        channel: text(value, "/channel/id").or_else(|| text(value, "/container/channel_id")),
        ts: text(value, "/container/message_ts").or_else(|| text(value, "/message/ts")),
        response_url: text(value, "/response_url"),
        trigger: text(value, "/trigger_id"),
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn interactive(value: &Value) -> Inbound {
        let body: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("payload", &value.to_string())
            .finish();
        read(&body, "application/x-www-form-urlencoded")
    }

    fn click() -> Value {
        json!({
            "type": "block_actions", "user": {"id": "W1", "team_id": "T1"}, "team": null,
            "enterprise": {"id": "E1", "name": "Org"}, "is_enterprise_install": true,
            "container": {"type": "message", "message_ts": "1.2", "channel_id": "C1"},
            "channel": {"id": "C1"}, "trigger_id": "7.8", "response_url": "https://hooks.slack.com/actions/1",
            "message": {"ts": "1.2", "metadata": {"event_payload": {"n": 5}}, "blocks": [{"type": "new_thing"}]},
            "actions": [{"action_id": "reinstate.approve", "value": "{}", "type": "button"}],
        })
    }

    #[test]
    fn grids_nulls_and_new_things_do_not_break_a_click() {
        let Inbound::Click(got) = interactive(&click()) else { panic!("no click") };
        assert_eq!(
            got.by,
            Caller { id: "W1".into(), team: Some("T1".into()), enterprise: Some("E1".into()) }
        );
        assert_eq!((got.channel.as_deref(), got.ts.as_deref()), (Some("C1"), Some("1.2")));
        let mut odd = click();
        odd["container"] = json!({"type": "hologram", "message_ts": "1.2", "channel_id": "C1"});
        odd["channel"] = Value::Null;
        odd["actions"][0]["value"] = json!(5);
        let Inbound::Click(got) = interactive(&odd) else { panic!("no click") };
        assert_eq!((got.channel.as_deref(), got.value.as_str()), (Some("C1"), ""));
    }

    #[test]
    fn a_command_needs_no_team() {
        let body = "command=%2Freinstate&user_id=W1&channel_id=C1&text=check+%3C%40U2%7Cbo%3E&enterprise_id=E1\
                    &trigger_id=1.2&is_enterprise_install=true";
        let Inbound::Slash(got) = read(body, "application/x-www-form-urlencoded") else {
            panic!("no command")
        };
        assert_eq!(got.by, Caller { id: "W1".into(), team: None, enterprise: Some("E1".into()) });
        assert_eq!(got.text, "check <@U2|bo>");
        assert_eq!(got.response_url, None);
    }

    #[test]
    fn what_is_not_known_is_unknown_and_never_an_error() {
        assert_eq!(read("ssl_check=1&token=x", "application/x-www-form-urlencoded"), Inbound::SslCheck);
        let challenge = json!({"type": "url_verification", "challenge": "c"}).to_string();
        assert_eq!(read(&challenge, "application/json"), Inbound::Challenge("c".into()));
        let event =
            json!({"type": "event_callback", "event_id": "Ev1", "event": {"type": "novel"}}).to_string();
        assert_eq!(
            read(&event, "application/json"),
            Inbound::Event { id: Some("Ev1".into()), kind: "novel".into() }
        );
        for kind in ["interactive_message", "dialog_suggestion", "workflow_step_edit", "view_closed"] {
            let mut value = click();
            value["type"] = json!(kind);
            assert_eq!(interactive(&value), Inbound::Unknown(kind.into()));
        }
        for body in ["", "{", "payload=%7B", "payload=5", "payload=%5B%5D", "x=1", "[]"] {
            assert!(matches!(read(body, ""), Inbound::Unknown(_)), "{body}");
        }
    }
}
