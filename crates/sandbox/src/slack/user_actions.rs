//! What people do in Slack: type a command, click, submit, open the App Home. Each act becomes the signed request
//! Slack would send, over real HTTP, to the bot's request URL. Nobody can do here what Slack's screen would not
//! let them do: a button that is not there cannot be clicked. Forgeries go through `send_*`.

use serde_json::{Value, json};

use super::super::lock;
use super::chat::Content;
use super::model::{Edit, Message, Source};
use super::payload::{Click, find_button};
use super::send::{Ack, ActError, FORM_CONTENT_TYPE, form};
use super::state::Slack;
use super::validate::{Surface, problems};
use super::views::view_problems;
use super::workspace::Workspace;

impl Workspace {
    /// Types `/reinstate TEXT`.
    ///
    /// # Errors
    /// When the person is not in the channel, or the bot does not answer.
    pub async fn command(&self, user: &str, channel: &str, text: &str) -> Result<Ack, ActError> {
        self.slash(user, channel, "/reinstate", text).await
    }

    /// Types any slash command. What the bot answers at once is shown to the person.
    ///
    /// # Errors
    /// As [`Self::command`].
    pub async fn slash(&self, user: &str, channel: &str, command: &str, text: &str) -> Result<Ack, ActError> {
        let (body, trigger, token) = {
            let mut slack = lock(&self.state);
            slack.in_channel(user, channel)?;
            let now = crate::clock::now();
            let trigger = slack.new_trigger(user, now);
            let (token, url) = slack.new_response_url("commands", channel, user, Source::Command, now);
            let pairs = slack.command_pairs(user, channel, (command, text), &trigger, &url);
            (form(&pairs), trigger, token)
        };
        let ack = self.deliver(body, FORM_CONTENT_TYPE, trigger, token).await?;
        self.show_answer(user, channel, &ack);
        Ok(ack)
    }

    /// Clicks a button that the message shows now.
    ///
    /// # Errors
    /// When there is no such button, the person cannot see it, or the bot does not answer.
    pub async fn click(&self, user: &str, channel: &str, ts: &str, action_id: &str) -> Result<Ack, ActError> {
        let (payload, trigger, token) = {
            let mut slack = lock(&self.state);
            slack.in_channel(user, channel)?;
            let message = slack.standing(channel, ts)?;
            let (button, block_id) = find_button(&message.blocks, action_id)
                .ok_or_else(|| no_button(action_id, &message.blocks))?;
            let source = Source::Message { ts: ts.to_owned() };
            let made = slack.minted(user, Some((channel, source)));
            let payload = slack.click_json(&made.click(user, button, block_id), &message);
            (payload, made.trigger, made.token)
        };
        self.interact(&payload, trigger, token).await
    }

    /// Clicks a button in the ephemeral message with this index.
    ///
    /// # Errors
    /// As [`Self::click`]; nobody but its reader sees an ephemeral message.
    pub async fn click_private(&self, user: &str, index: usize, action_id: &str) -> Result<Ack, ActError> {
        let (payload, trigger, token) = {
            let mut slack = lock(&self.state);
            let private = slack
                .ephemerals
                .get(index)
                .filter(|private| private.user == user && !private.deleted)
                .cloned()
                .ok_or_else(|| not_there(format!("{user} sees no private message {index}")))?;
            let (button, block_id) = find_button(&private.blocks, action_id)
                .ok_or_else(|| no_button(action_id, &private.blocks))?;
            let made = slack.minted(user, Some((&private.channel, Source::Ephemeral { index })));
            let payload = slack.private_click_json(&made.click(user, button, block_id), &private);
            (payload, made.trigger, made.token)
        };
        self.interact(&payload, trigger, token).await
    }

    /// Clicks a button of the person's App Home.
    ///
    /// # Errors
    /// As [`Self::click`].
    pub async fn click_home(&self, user: &str, action_id: &str) -> Result<Ack, ActError> {
        let (payload, trigger) = {
            let mut slack = lock(&self.state);
            let view = slack
                .home(user)
                .map(|view| view.body.clone())
                .ok_or_else(|| not_there(format!("the App Home of {user} is empty")))?;
            let blocks = view.get("blocks").and_then(Value::as_array).cloned().unwrap_or_default();
            let (button, block_id) =
                find_button(&blocks, action_id).ok_or_else(|| no_button(action_id, &blocks))?;
            let made = slack.minted(user, None);
            (slack.view_click_json(&made.click(user, button, block_id), &view), made.trigger)
        };
        self.interact(&payload, trigger, String::new()).await
    }

    /// Sends an interaction payload as it is, correctly signed: for forgeries and unknown types.
    ///
    /// # Errors
    /// When the bot does not answer.
    pub async fn click_raw(&self, payload: &Value) -> Result<Ack, ActError> {
        self.interact(payload, String::new(), String::new()).await
    }

    /// Uses a global shortcut.
    ///
    /// # Errors
    /// When the bot does not answer.
    pub async fn shortcut(&self, user: &str, callback_id: &str) -> Result<Ack, ActError> {
        let (payload, trigger) = {
            let mut slack = lock(&self.state);
            let made = slack.minted(user, None);
            (slack.shortcut_json(user, callback_id, &made.trigger, &made.action_ts), made.trigger)
        };
        self.interact(&payload, trigger, String::new()).await
    }

    /// Uses a shortcut on a message.
    ///
    /// # Errors
    /// When the person cannot see the message, or the bot does not answer.
    pub async fn message_shortcut(
        &self,
        user: &str,
        channel: &str,
        ts: &str,
        callback_id: &str,
    ) -> Result<Ack, ActError> {
        let (payload, trigger, token) = {
            let mut slack = lock(&self.state);
            slack.in_channel(user, channel)?;
            let message = slack.standing(channel, ts)?;
            let now = crate::clock::now();
            let (trigger, action_ts) = (slack.new_trigger(user, now), slack.next_ts(now));
            let (token, url) = slack.new_response_url("app", channel, user, Source::Command, now);
            let payload =
                slack.message_shortcut_json(user, callback_id, &message, (&trigger, &url, &action_ts));
            (payload, trigger, token)
        };
        self.interact(&payload, trigger, token).await
    }

    /// Submits the modal this person has open, with these values (`block_id` → `action_id` → value). What the bot
    /// answers is done: nothing or `clear` closes it, `update` replaces it, `errors` keeps it.
    ///
    /// # Errors
    /// When no modal is open, or the bot does not answer.
    pub async fn view_submission(&self, user: &str, values: Value) -> Result<Ack, ActError> {
        let (payload, id, trigger) = {
            let mut slack = lock(&self.state);
            let (id, mut view) = slack
                .modal(user)
                .map(|view| (view.id.clone(), view.body.clone()))
                .ok_or_else(|| not_there(format!("{user} has no modal open")))?;
            if let Some(map) = view.as_object_mut() {
                map.insert("state".into(), json!({"values": values}));
            }
            let trigger = slack.minted(user, None).trigger;
            (slack.submission_json(user, &view, &trigger), id, trigger)
        };
        let ack = self.interact(&payload, trigger, String::new()).await?;
        self.after_submission(user, &id, &ack);
        Ok(ack)
    }

    /// Opens the App Home.
    ///
    /// # Errors
    /// When the bot does not answer.
    pub async fn home_opened(&self, user: &str) -> Result<Ack, ActError> {
        let body = {
            let mut slack = lock(&self.state);
            let now = crate::clock::now();
            let (channel, _) = slack.direct_message(user);
            let ts = slack.next_ts(now);
            let mut event = json!({
                "type": "app_home_opened", "user": user, "channel": channel, "tab": "home", "event_ts": ts,
            });
            if let (Some(view), Some(map)) = (slack.home(user), event.as_object_mut()) {
                map.insert("view".into(), view.body.clone());
            }
            let id = format!("Ev{}", ts.replace('.', ""));
            slack.event_json(event, &id, now).to_string()
        };
        self.deliver(body, "application/json", String::new(), String::new()).await
    }

    /// Says something in a channel, as a person; the bot hears nothing of it. Answers the time stamp.
    ///
    /// # Errors
    /// When the person is not in the channel.
    pub fn say(&self, user: &str, channel: &str, text: &str) -> Result<String, ActError> {
        let mut slack = lock(&self.state);
        slack.in_channel(user, channel)?;
        let mut message = slack.store(channel, None, said(text), crate::clock::now());
        message.user = user.to_owned();
        message.read = true;
        let ts = message.ts.clone();
        if let Some(last) = slack.messages.last_mut() {
            *last = message;
        }
        slack.change().notify_waiters();
        Ok(ts)
    }

    /// A command's 200 may carry a message: text, or JSON with text and blocks.
    fn show_answer(&self, user: &str, channel: &str, ack: &Ack) {
        if ack.status != 200 || ack.body.trim().is_empty() {
            return;
        }
        let value = serde_json::from_str::<Value>(&ack.body).unwrap_or_else(|_| json!({"text": ack.body}));
        let blocks = value.get("blocks").and_then(Value::as_array).cloned().unwrap_or_default();
        let text = value.get("text").and_then(Value::as_str).unwrap_or_default();
        let found = problems(&blocks, Surface::Message);
        if !found.is_empty() || (text.is_empty() && blocks.is_empty()) {
            self.wire
                .fault(format!("slack acknowledgement: nothing that can be shown; {}", found.join("; ")));
            return;
        }
        let changed = {
            let mut slack = lock(&self.state);
            let content = Content { blocks: Some(slack.dress(blocks)), ..said(text) };
            let now = crate::clock::now();
            if value.get("response_type").is_some_and(|kind| kind == "in_channel") {
                slack.store(channel, None, content, now);
            } else {
                slack.store_private(channel, user, None, content, "ack", now);
            }
            slack.change()
        };
        changed.notify_waiters();
    }

    fn after_submission(&self, user: &str, id: &str, ack: &Ack) {
        if ack.status != 200 {
            return;
        }
        let answer = ack.json();
        let action = answer.get("response_action").and_then(Value::as_str);
        let view = answer.get("view").cloned().unwrap_or_default();
        let changed = {
            let mut slack = lock(&self.state);
            match action {
                None | Some("clear") => {
                    if let Some(view) = slack.views.get_mut(id) {
                        view.open = false;
                    }
                }
                Some("update" | "push") => {
                    let found = view_problems(&view, Surface::Modal);
                    if found.is_empty() {
                        slack.show(id, user, view, crate::clock::now());
                    } else {
                        self.wire.fault(format!("slack view_submission: {}", found.join("; ")));
                    }
                }
                Some("errors") if answer.get("errors").is_some_and(Value::is_object) => {}
                Some(other) => self.wire.fault(format!("slack view_submission: response_action {other}")),
            }
            slack.change()
        };
        changed.notify_waiters();
    }
}

pub(super) struct Minted {
    pub(super) trigger: String,
    token: String,
    url: String,
    action_ts: String,
}

impl Minted {
    pub(super) fn click<'a>(&'a self, user: &'a str, button: &'a Value, block_id: &'a str) -> Click<'a> {
        let (trigger_id, response_url) = (self.trigger.as_str(), self.url.as_str());
        Click { user, button, block_id, trigger_id, response_url, action_ts: &self.action_ts }
    }
}

impl Slack {
    pub(super) fn minted(&mut self, user: &str, place: Option<(&str, Source)>) -> Minted {
        let now = crate::clock::now();
        let trigger = self.new_trigger(user, now);
        let action_ts = self.next_ts(now);
        let (token, url) = match place {
            Some((channel, source)) => self.new_response_url("actions", channel, user, source, now),
            None => (String::new(), String::new()),
        };
        Minted { trigger, token, url, action_ts }
    }

    fn in_channel(&self, user: &str, channel: &str) -> Result<(), ActError> {
        let known =
            self.channels.get(channel).ok_or_else(|| not_there(format!("there is no channel {channel}")))?;
        if !self.users.contains_key(user) || !known.members.contains(user) {
            return Err(not_there(format!("{user} is not in {channel}")));
        }
        Ok(())
    }

    fn standing(&self, channel: &str, ts: &str) -> Result<Message, ActError> {
        self.messages
            .iter()
            .find(|message| message.channel == channel && message.ts == ts && !message.deleted)
            .cloned()
            .ok_or_else(|| not_there(format!("there is no message {ts} in {channel}")))
    }

    /// Deletes a message as a person would, an admin or its author: the bot hears nothing of it.
    pub fn delete_by_person(&mut self, channel: &str, ts: &str) {
        for message in &mut self.messages {
            if message.channel == channel && message.ts == ts {
                message.edits.push(Edit { text: message.text.clone(), blocks: message.blocks.clone() });
                message.deleted = true;
            }
        }
    }
}

fn said(text: &str) -> Content {
    let text = Some(text.to_owned());
    Content { text, blocks: None, attachments: None, metadata: None, unfurl_links: None }
}

pub(super) fn not_there(what: String) -> ActError {
    ActError::NotThere(what)
}

pub(super) fn no_button(action_id: &str, blocks: &[Value]) -> ActError {
    let ids: Vec<&str> = blocks
        .iter()
        .filter_map(|block| block.get("elements").and_then(Value::as_array))
        .flatten()
        .filter_map(|element| element.get("action_id").and_then(Value::as_str))
        .collect();
    not_there(format!("there is no button {action_id}; there are {ids:?}"))
}
