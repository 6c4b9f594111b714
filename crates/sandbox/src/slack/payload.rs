//! The payloads Slack sends, in the shapes that its own SDKs use in their tests: whole messages, both spellings of
//! a person's name, `enterprise: null`, and on an organization-wide install `team: null`. No field may be left out
//! because our bot does not read it.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::model::{Channel, Ephemeral, Message};
use super::state::Slack;

impl Slack {
    /// A message as the Web API and the payloads show it.
    pub(super) fn message_json(&self, message: &Message) -> Value {
        let mut body = Map::new();
        body.insert("type".into(), "message".into());
        body.insert("user".into(), message.user.clone().into());
        body.insert("ts".into(), message.ts.clone().into());
        body.insert("team".into(), self.team.id.clone().into());
        body.insert("text".into(), message.text.clone().into());
        if message.user == self.bot_user {
            body.insert("bot_id".into(), self.bot_id.clone().into());
            body.insert("app_id".into(), self.app_id.clone().into());
        }
        if !message.blocks.is_empty() {
            body.insert("blocks".into(), message.blocks.clone().into());
        }
        if !message.attachments.is_empty() {
            body.insert("attachments".into(), message.attachments.clone().into());
        }
        if let Some(metadata) = &message.metadata {
            body.insert("metadata".into(), metadata.clone());
        }
        if let Some(root) = &message.thread_ts {
            let parent = self.messages.iter().find(|other| other.ts == *root);
            body.insert("thread_ts".into(), root.clone().into());
            body.insert("parent_user_id".into(), json!(parent.map(|parent| &parent.user)));
        } else {
            let replies: Vec<&Message> = self.replies(&message.channel, &message.ts).collect();
            if let Some(last) = replies.last() {
                body.insert("thread_ts".into(), message.ts.clone().into());
                body.insert("reply_count".into(), replies.len().into());
                body.insert("latest_reply".into(), last.ts.clone().into());
            }
        }
        if let Some(ts) = &message.edited_ts {
            body.insert("edited".into(), json!({"user": message.user, "ts": ts}));
        }
        Value::Object(body)
    }

    /// What every interaction has in common.
    fn interaction(&self, kind: &str, user: &str) -> Map<String, Value> {
        let person = self.users.get(user);
        let name = person.map(|person| person.name.clone()).unwrap_or_default();
        let home = person.map_or_else(|| self.team.id.clone(), |person| person.team_id.clone());
        let org = self.enterprise.as_ref().is_some_and(|enterprise| enterprise.org_install);
        let mut body = Map::new();
        body.insert("type".into(), kind.into());
        body.insert("user".into(), json!({"id": user, "username": name, "name": name, "team_id": home}));
        body.insert("api_app_id".into(), self.app_id.clone().into());
        body.insert("token".into(), self.verification_token.clone().into());
        let team = if org {
            Value::Null
        } else {
            let mut team = json!({"id": self.team.id, "domain": self.team.domain});
            if let (Some(enterprise), Some(map)) = (&self.enterprise, team.as_object_mut()) {
                map.insert("enterprise_id".into(), enterprise.id.clone().into());
                map.insert("enterprise_name".into(), enterprise.name.clone().into());
            }
            team
        };
        body.insert("team".into(), team);
        let enterprise =
            self.enterprise.as_ref().map(|enterprise| json!({"id": enterprise.id, "name": enterprise.name}));
        body.insert("enterprise".into(), json!(enterprise));
        body.insert("is_enterprise_install".into(), org.into());
        body
    }

    /// A click in a message.
    pub(super) fn click_json(&self, click: &Click<'_>, message: &Message) -> Value {
        let mut container = json!({
            "type": "message", "message_ts": message.ts, "channel_id": message.channel, "is_ephemeral": false,
        });
        if let (Some(root), Some(map)) = (&message.thread_ts, container.as_object_mut()) {
            map.insert("thread_ts".into(), root.clone().into());
        }
        let mut body = self.block_actions(click, container);
        body.insert("channel".into(), self.channel_ref(&message.channel));
        body.insert("message".into(), self.message_json(message));
        Value::Object(body)
    }

    /// A click in an ephemeral message: Slack sends no `message` then.
    pub(super) fn private_click_json(&self, click: &Click<'_>, private: &Ephemeral) -> Value {
        let mut container = json!({
            "type": "message", "message_ts": private.ts, "channel_id": private.channel, "is_ephemeral": true,
        });
        if let (Some(root), Some(map)) = (&private.thread_ts, container.as_object_mut()) {
            map.insert("thread_ts".into(), root.clone().into());
        }
        let mut body = self.block_actions(click, container);
        body.insert("channel".into(), self.channel_ref(&private.channel));
        Value::Object(body)
    }

    /// A click in a modal or App Home: there is no channel and no response URL.
    pub(super) fn view_click_json(&self, click: &Click<'_>, view: &Value) -> Value {
        let id = view.get("id").cloned().unwrap_or_default();
        let mut body = self.block_actions(click, json!({"type": "view", "view_id": id}));
        body.remove("response_url");
        body.remove("state");
        body.insert("view".into(), view.clone());
        Value::Object(body)
    }

    fn block_actions(&self, click: &Click<'_>, container: Value) -> Map<String, Value> {
        let mut body = self.interaction("block_actions", click.user);
        body.insert("container".into(), container);
        body.insert("trigger_id".into(), click.trigger_id.into());
        body.insert("response_url".into(), click.response_url.into());
        body.insert("state".into(), json!({"values": {}}));
        let mut action = Map::new();
        action.insert("block_id".into(), click.block_id.into());
        for key in ["type", "action_id", "text", "value", "style", "url"] {
            if let Some(value) = click.button.get(key) {
                action.insert(key.to_owned(), value.clone());
            }
        }
        action.insert("action_ts".into(), click.action_ts.into());
        body.insert("actions".into(), json!([action]));
        body
    }

    fn channel_ref(&self, id: &str) -> Value {
        json!({"id": id, "name": self.channels.get(id).map_or_else(String::new, channel_name)})
    }

    /// A slash command, as the pairs of its form.
    pub(super) fn command_pairs(
        &self,
        user: &str,
        channel: &str,
        command: (&str, &str),
        trigger_id: &str,
        response_url: &str,
    ) -> Vec<(String, String)> {
        let person = self.users.get(user);
        let mut pairs = vec![("token", self.verification_token.clone())];
        let org = self.enterprise.as_ref().is_some_and(|enterprise| enterprise.org_install);
        if !org {
            pairs.push(("team_id", self.team.id.clone()));
        }
        pairs.push(("team_domain", self.team.domain.clone()));
        if let Some(enterprise) = &self.enterprise {
            pairs.push(("enterprise_id", enterprise.id.clone()));
            pairs.push(("enterprise_name", enterprise.name.clone()));
        }
        pairs.extend([
            ("channel_id", channel.to_owned()),
            ("channel_name", self.channels.get(channel).map_or_else(String::new, channel_name)),
            ("user_id", user.to_owned()),
            ("user_name", person.map(|person| person.name.clone()).unwrap_or_default()),
            ("command", command.0.to_owned()),
            ("text", command.1.to_owned()),
            ("api_app_id", self.app_id.clone()),
            ("is_enterprise_install", org.to_string()),
            ("response_url", response_url.to_owned()),
            ("trigger_id", trigger_id.to_owned()),
        ]);
        pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }

    pub(super) fn shortcut_json(&self, user: &str, callback: &str, trigger: &str, ts: &str) -> Value {
        let mut body = self.interaction("shortcut", user);
        body.remove("api_app_id");
        body.insert("callback_id".into(), callback.into());
        body.insert("trigger_id".into(), trigger.into());
        body.insert("action_ts".into(), ts.into());
        Value::Object(body)
    }

    pub(super) fn message_shortcut_json(
        &self,
        user: &str,
        callback: &str,
        message: &Message,
        (trigger, response_url, ts): (&str, &str, &str),
    ) -> Value {
        let mut body = self.interaction("message_action", user);
        body.remove("api_app_id");
        body.insert("callback_id".into(), callback.into());
        body.insert("trigger_id".into(), trigger.into());
        body.insert("action_ts".into(), ts.into());
        body.insert("message_ts".into(), message.ts.clone().into());
        body.insert("channel".into(), self.channel_ref(&message.channel));
        body.insert("message".into(), self.message_json(message));
        body.insert("response_url".into(), response_url.into());
        Value::Object(body)
    }

    /// A submitted modal.
    pub(super) fn submission_json(&self, user: &str, view: &Value, trigger: &str) -> Value {
        let mut body = self.interaction("view_submission", user);
        body.insert("trigger_id".into(), trigger.into());
        body.insert("view".into(), view.clone());
        body.insert("response_urls".into(), json!([]));
        Value::Object(body)
    }

    /// An event in its envelope.
    pub(super) fn event_json(&self, event: Value, id: &str, now: Timestamp) -> Value {
        let enterprise = self.enterprise.as_ref();
        let org = enterprise.is_some_and(|enterprise| enterprise.org_install);
        json!({
            "token": self.verification_token, "team_id": self.team.id,
            "enterprise_id": enterprise.map(|enterprise| &enterprise.id), "api_app_id": self.app_id,
            "event": event, "type": "event_callback", "event_id": id, "event_time": now.as_second(),
            "authorizations": [{
                "enterprise_id": enterprise.map(|enterprise| &enterprise.id),
                "team_id": if org { Value::Null } else { self.team.id.clone().into() },
                "user_id": self.bot_user, "is_bot": true, "is_enterprise_install": org,
            }],
            "is_ext_shared_channel": false,
        })
    }
}

/// What a click is made of.
pub(super) struct Click<'a> {
    pub user: &'a str,
    pub button: &'a Value,
    pub block_id: &'a str,
    pub trigger_id: &'a str,
    pub response_url: &'a str,
    pub action_ts: &'a str,
}

/// Slack hides the names of conversations that are not public.
fn channel_name(channel: &Channel) -> String {
    match channel {
        Channel { is_im: true, .. } => "directmessage".to_owned(),
        Channel { is_private: true, .. } => "privategroup".to_owned(),
        _ => channel.name.clone(),
    }
}

/// The button with this action id, and the id of its block.
pub(super) fn find_button<'a>(blocks: &'a [Value], action_id: &str) -> Option<(&'a Value, &'a str)> {
    find_element(blocks, "button", action_id)
}

/// The element of this type with this action id, and the id of its block.
pub(super) fn find_element<'a>(
    blocks: &'a [Value],
    wanted: &str,
    action_id: &str,
) -> Option<(&'a Value, &'a str)> {
    blocks.iter().find_map(|block| {
        let elements = block.get("elements").and_then(Value::as_array).into_iter().flatten();
        let found = elements.chain(block.get("accessory")).find(|element| {
            element.get("type").is_some_and(|kind| kind == wanted)
                && element.get("action_id").is_some_and(|id| id == action_id)
        })?;
        Some((found, block.get("block_id").and_then(Value::as_str).unwrap_or_default()))
    })
}
