//! Payloads in the odd shapes that Slack really sends.

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
    assert_eq!(got.by, Requester { id: "W1".into(), team: Some("T1".into()), enterprise: Some("E1".into()) });
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
    let Inbound::Slash(got) = read(body, "application/x-www-form-urlencoded") else { panic!("no command") };
    assert_eq!(got.by, Requester { id: "W1".into(), team: None, enterprise: Some("E1".into()) });
    assert_eq!(got.text, "check <@U2|bo>");
    assert_eq!(got.response_url, None);
}

#[test]
fn what_is_not_known_is_unknown_and_never_an_error() {
    assert_eq!(read("ssl_check=1&token=x", "application/x-www-form-urlencoded"), Inbound::SslCheck);
    let challenge = json!({"type": "url_verification", "challenge": "c"}).to_string();
    assert_eq!(read(&challenge, "application/json"), Inbound::Challenge("c".into()));
    let event = json!({"type": "event_callback", "event_id": "Ev1", "event": {"type": "novel"}}).to_string();
    assert_eq!(
        read(&event, "application/json"),
        Inbound::Event(Box::new(Occurrence {
            id: Some("Ev1".into()),
            kind: "novel".into(),
            by: None,
            tab: None,
        }))
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
