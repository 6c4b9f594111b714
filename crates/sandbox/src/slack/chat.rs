//! `chat.*` and `reactions.add`: what may be posted where, who may edit it, and who sees it. This module must never
//! accept a post that Slack would refuse, even if a test would be simpler.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::call::{Answer, Args, Refusal, invalid_blocks};
use super::model::{Channel, Edit, Ephemeral, Message, Restriction};
use super::state::Slack;
use super::validate::{MAX_CHARACTERS, Surface, characters, problems};

/// The content of a post, as it was sent. `None` means that the field was absent.
pub(super) struct Content {
    pub text: Option<String>,
    pub blocks: Option<Vec<Value>>,
    pub attachments: Option<Vec<Value>>,
    pub metadata: Option<Value>,
    pub unfurl_links: Option<bool>,
}

impl Slack {
    /// Reads and checks the text, the blocks and the other fields of a post. A text longer than `most` is refused.
    pub(super) fn content(&mut self, args: &Args, most: usize) -> Result<Content, Refusal> {
        let text = args.str("text").or(args.str("markdown_text")).map(str::to_owned);
        let list = |key: &str, error: &str| match args.value(key) {
            None => Ok(None),
            Some(Value::Array(items)) => Ok(Some(items)),
            Some(_) => Err(Refusal::fault(error, format!("`{key}` is no array"))),
        };
        let blocks = list("blocks", "invalid_blocks_format")?;
        let attachments = list("attachments", "invalid_attachments")?;
        if args.str("markdown_text").is_some() && (args.str("text").is_some() || blocks.is_some()) {
            return Err(Refusal::fault("markdown_text_conflict", "markdown_text beside text or blocks"));
        }
        if args.str("markdown_text").is_some_and(|text| text.chars().count() > 12_000)
            || text.as_ref().is_some_and(|text| text.chars().count() > most)
        {
            return Err(Refusal::fault("msg_too_long", format!("text over {most} characters")));
        }
        if attachments.as_ref().is_some_and(|items| items.len() > 100) {
            return Err(Refusal::fault("too_many_attachments", "more than 100 attachments"));
        }
        if let Some(blocks) = &blocks {
            let found = problems(blocks, Surface::Message);
            if !found.is_empty() {
                return Err(invalid_blocks(&found));
            }
            let most = self.switches.most_characters.unwrap_or(MAX_CHARACTERS);
            let long = characters(blocks);
            if long > most {
                let why = format!("blocks of {long} characters");
                let refusal = Refusal::fault("msg_blocks_too_long", why);
                // Below the limit that others have measured, this workspace is unusual, and the client is not at
                // fault.
                return Err(Refusal { fault: refusal.fault.filter(|_| long > MAX_CHARACTERS), ..refusal });
            }
            if self.switches.refuse_blocks && !blocks.is_empty() {
                let mut refusal = invalid_blocks(&["[ERROR] refused by a switch".to_owned()]);
                refusal.fault = None;
                return Err(refusal);
            }
            let is_plan = |block: &Value| block.get("type").is_some_and(|kind| kind == "plan");
            if self.switches.refuse_plan && blocks.iter().any(is_plan) {
                let mut refusal = invalid_blocks(&["[ERROR] unsupported type: plan".to_owned()]);
                refusal.fault = None;
                return Err(refusal);
            }
        }
        let metadata = args.value("metadata");
        if let Some(metadata) = &metadata {
            let named = metadata.get("event_type").is_some_and(Value::is_string);
            if !named || !metadata.get("event_payload").is_some_and(Value::is_object) {
                let why = "metadata needs event_type and event_payload";
                return Err(Refusal::fault("invalid_metadata_format", why));
            }
        }
        let some = |items: &Option<Vec<Value>>| items.as_ref().is_some_and(|items| !items.is_empty());
        if text.is_none() && !some(&blocks) && !some(&attachments) {
            return Err(Refusal::fault("no_text", "neither text nor blocks nor attachments"));
        }
        let blocks = blocks.map(|blocks| self.dress(blocks));
        Ok(Content { text, blocks, attachments, metadata, unfurl_links: args.flag("unfurl_links") })
    }

    /// The channel, if the bot can find it.
    pub(super) fn visible(&self, id: &str) -> Result<&Channel, Refusal> {
        let channel = self.channels.get(id).ok_or("channel_not_found")?;
        if (channel.is_private || channel.is_im) && !channel.members.contains(&self.bot_user) {
            return Err("channel_not_found".into());
        }
        Ok(channel)
    }

    /// The channel, if the bot may post there.
    fn postable(&self, id: &str) -> Result<&Channel, Refusal> {
        let channel = self.visible(id)?;
        if channel.is_archived {
            return Err("is_archived".into());
        }
        if !channel.members.contains(&self.bot_user) && !self.scopes.contains("chat:write.public") {
            return Err("not_in_channel".into());
        }
        Ok(channel)
    }

    /// Checks that no restriction of the channel forbids this post.
    fn unrestricted(&self, id: &str, thread: Option<&str>) -> Result<(), Refusal> {
        let channel = self.visible(id)?;
        let refused = match (channel.restriction, thread) {
            (Some(Restriction::ReadOnly), _) => "read_only_channel",
            (Some(Restriction::ThreadOnly), None) => "thread_only_channel",
            (Some(Restriction::NonThreadable), Some(_)) => "non_threadable_channel",
            (_, Some(root)) if channel.locked_threads.contains(root) => "thread_locked",
            _ => return Ok(()),
        };
        Err(format!("restricted_action_{refused}").as_str().into())
    }

    /// The root of a thread, from any message in it. None if a reply to a deleted message appears at top level.
    pub(super) fn root(&self, channel: &str, ts: &str) -> Result<Option<String>, Refusal> {
        let message =
            self.messages.iter().find(|message| message.channel == channel && message.ts == ts).ok_or_else(
                || Refusal::fault("invalid_thread_ts", format!("no message {ts} in {channel}")),
            )?;
        if message.deleted && !self.switches.deleted_root_refused {
            // Observed by others: such a reply is accepted and appears at top level.
            return Ok(None);
        }
        if message.deleted {
            return Err("cannot_reply_to_message".into());
        }
        Ok(Some(message.thread_ts.clone().unwrap_or_else(|| message.ts.clone())))
    }

    /// Stores a message of the bot.
    pub(super) fn store(
        &mut self,
        channel: &str,
        thread_ts: Option<String>,
        content: Content,
        now: Timestamp,
    ) -> Message {
        let message = Message {
            channel: channel.to_owned(),
            ts: self.next_ts(now),
            thread_ts,
            user: self.bot_user.clone(),
            text: content.text.unwrap_or_default(),
            blocks: content.blocks.unwrap_or_default(),
            attachments: content.attachments.unwrap_or_default(),
            metadata: content.metadata,
            edits: Vec::new(),
            edited_ts: None,
            deleted: false,
            reactions: Vec::new(),
            unfurl_links: content.unfurl_links,
            read: false,
        };
        self.messages.push(message.clone());
        message
    }

    /// Stores a message for one person.
    pub(super) fn store_private(
        &mut self,
        channel: &str,
        user: &str,
        thread_ts: Option<String>,
        content: Content,
        via: &'static str,
        now: Timestamp,
    ) -> String {
        let ts = self.next_ts(now);
        self.ephemerals.push(Ephemeral {
            channel: channel.to_owned(),
            user: user.to_owned(),
            ts: ts.clone(),
            thread_ts,
            text: content.text.unwrap_or_default(),
            blocks: content.blocks.unwrap_or_default(),
            via,
            edits: Vec::new(),
            deleted: false,
            read: false,
        });
        ts
    }

    /// Edits a message of the bot. Blocks that are not sent stay (`chat.update`, argument `blocks`).
    pub(super) fn edit(
        &mut self,
        index: usize,
        content: Content,
        now: Timestamp,
    ) -> Result<Message, Refusal> {
        let edited = self.next_ts(now);
        let message = self.messages.get_mut(index).ok_or("message_not_found")?;
        message.edits.push(Edit { text: message.text.clone(), blocks: message.blocks.clone() });
        message.text = content.text.unwrap_or_default();
        message.blocks = content.blocks.unwrap_or_else(|| message.blocks.clone());
        message.attachments = content.attachments.unwrap_or_else(|| message.attachments.clone());
        message.metadata = content.metadata.or_else(|| message.metadata.clone());
        message.edited_ts = Some(edited);
        Ok(message.clone())
    }

    /// The index of a message of the bot that is not deleted. `foreign` is the error for a message of somebody else.
    fn own(&self, channel: &str, ts: &str, foreign: &str) -> Result<usize, Refusal> {
        self.visible(channel)?;
        let (index, message) = self
            .messages
            .iter()
            .enumerate()
            .find(|(_, message)| message.channel == channel && message.ts == ts && !message.deleted)
            .ok_or("message_not_found")?;
        if message.user == self.bot_user { Ok(index) } else { Err(foreign.into()) }
    }

    fn thread_asked(&self, args: &Args, channel: &str) -> Result<Option<String>, Refusal> {
        args.str("thread_ts").map_or(Ok(None), |ts| self.root(channel, ts))
    }
}

pub(super) fn post_message(slack: &mut Slack, args: &Args, now: Timestamp) -> Answer {
    let mut channel = args.need("channel")?.to_owned();
    if slack.users.contains_key(&channel) {
        channel = slack.direct_message(&channel).0;
    }
    slack.postable(&channel)?;
    let thread_ts = slack.thread_asked(args, &channel)?;
    slack.unrestricted(&channel, thread_ts.as_deref())?;
    let content = slack.content(args, 40_000)?;
    let message = slack.store(&channel, thread_ts, content, now);
    Ok(json!({"channel": channel, "ts": message.ts, "message": slack.message_json(&message)}))
}

pub(super) fn update(slack: &mut Slack, args: &Args, now: Timestamp) -> Answer {
    let (channel, ts) = (args.need("channel")?, args.need("ts")?);
    // A message in an archived channel cannot be edited. A post there has another error, `is_archived`.
    if slack.visible(channel)?.is_archived {
        return Err("is_inactive".into());
    }
    let index = slack.own(channel, ts, "cant_update_message")?;
    if let Some(code) = &slack.switches.refuse_updates {
        return Err(code.as_str().into());
    }
    let age =
        ts.split('.').next().and_then(|second| second.parse::<i64>().ok()).map(|at| now.as_second() - at);
    if slack.switches.edit_window.zip(age).is_some_and(|(window, age)| age > window) {
        return Err("edit_window_closed".into());
    }
    let content = slack.content(args, 4_000)?;
    let message = slack.edit(index, content, now)?;
    Ok(json!({
        "channel": channel, "ts": ts, "text": message.text, "message": slack.message_json(&message),
    }))
}

pub(super) fn delete(slack: &mut Slack, args: &Args, _: Timestamp) -> Answer {
    let (channel, ts) = (args.need("channel")?, args.need("ts")?);
    let index = slack.own(channel, ts, "cant_delete_message")?;
    if let Some(message) = slack.messages.get_mut(index) {
        message.deleted = true;
    }
    Ok(json!({"channel": channel, "ts": ts}))
}

pub(super) fn post_ephemeral(slack: &mut Slack, args: &Args, now: Timestamp) -> Answer {
    let (id, user) = (args.need("channel")?, args.need("user")?);
    let channel = slack.postable(id)?;
    let active = slack.users.get(user).is_some_and(|person| !person.deleted);
    if !active || !channel.members.contains(user) {
        return Err("user_not_in_channel".into());
    }
    let thread_ts = slack.thread_asked(args, id)?;
    let content = slack.content(args, 40_000)?;
    let ts = slack.store_private(id, user, thread_ts, content, "postEphemeral", now);
    Ok(json!({"message_ts": ts}))
}

pub(super) fn permalink(slack: &mut Slack, args: &Args, _: Timestamp) -> Answer {
    let (channel, ts) = (args.need("channel")?, args.need("message_ts")?);
    slack.visible(channel)?;
    let message = slack
        .messages
        .iter()
        .find(|message| message.channel == channel && message.ts == ts && !message.deleted)
        .ok_or("message_not_found")?;
    let mut link = format!(
        "https://{}.slack.com/archives/{channel}/p{}",
        slack.team.domain,
        message.ts.replace('.', "")
    );
    if let Some(root) = &message.thread_ts {
        link.push_str(&format!("?thread_ts={root}&cid={channel}"));
    }
    Ok(json!({"channel": channel, "permalink": link}))
}

pub(super) fn react(slack: &mut Slack, args: &Args, _: Timestamp) -> Answer {
    let (channel, ts, name) = (args.need("channel")?, args.need("timestamp")?, args.need("name")?);
    slack.visible(channel)?;
    if name.contains([':', ' ']) {
        return Err(Refusal::fault("invalid_name", format!("reaction `{name}`")));
    }
    let reaction = (name.to_owned(), slack.bot_user.clone());
    let message = slack
        .messages
        .iter_mut()
        .find(|message| message.channel == channel && message.ts == ts && !message.deleted)
        .ok_or("message_not_found")?;
    if message.reactions.contains(&reaction) {
        return Err("already_reacted".into());
    }
    message.reactions.push(reaction);
    Ok(json!({}))
}
