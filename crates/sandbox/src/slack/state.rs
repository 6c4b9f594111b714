//! The workspace as plain structs: people, channels, what was posted, what was handed out. It holds state and
//! mints ids; it must never decide whether a call is allowed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tokio::sync::Notify;

use super::limits::Limits;
use super::links::Sockets;
use super::model::File;
use super::model::{
    Channel, Enterprise, Ephemeral, Message, ResponseUrl, Source, Switches, Team, Trigger, User, UserGroup,
    View,
};
use super::sign::hex;

#[derive(Clone, Debug)]
pub struct Slack {
    /// The workspace itself.
    pub team: Team,
    /// Set on Enterprise Grid.
    pub enterprise: Option<Enterprise>,
    pub app_id: String,
    /// Our app's bot.
    pub bot_id: String,
    /// Our bot's user.
    pub bot_user: String,
    /// `xoxb-…`
    pub bot_token: String,
    /// What the token may do.
    pub scopes: BTreeSet<String>,
    /// Signs what people do.
    pub signing_secret: String,
    /// The deprecated token in payloads.
    pub verification_token: String,
    /// By id.
    pub users: BTreeMap<String, User>,
    /// By id.
    pub groups: BTreeMap<String, UserGroup>,
    /// By id.
    pub channels: BTreeMap<String, Channel>,
    /// In order of posting.
    pub messages: Vec<Message>,
    /// In order of posting.
    pub ephemerals: Vec<Ephemeral>,
    /// By token.
    pub response_urls: BTreeMap<String, ResponseUrl>,
    /// By trigger id.
    pub triggers: BTreeMap<String, Trigger>,
    /// By id.
    pub views: BTreeMap<String, View>,
    /// What this workspace does unlike others.
    pub switches: Switches,
    pub limits: Limits,
    /// Files, from their announcement on.
    pub files: Vec<File>,
    /// Where the response URLs are served, without a slash at the end.
    pub base: String,
    pub sockets: Sockets,
    changed: Arc<Notify>,
    minted: u64,
    last_ts: i64,
}

impl Slack {
    /// A workspace with our bot in it, holding every scope the bot needs, and nobody else.
    #[must_use]
    pub fn new(bot_token: &str, signing_secret: &str) -> Self {
        let scopes = "commands chat:write users:read users:read.email usergroups:read channels:read \
                      groups:read im:read im:write reactions:write files:write";
        let mut slack = Self {
            team: Team { id: "T0ACME".into(), domain: "acme".into(), name: "Acme".into() },
            enterprise: None,
            app_id: "A0REINSTATE".into(),
            bot_id: "B0REINSTATE".into(),
            bot_user: "U0REINSTATE".into(),
            bot_token: bot_token.to_owned(),
            scopes: scopes.split_whitespace().map(str::to_owned).collect(),
            signing_secret: signing_secret.to_owned(),
            verification_token: "legacy-verification-token".into(),
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
            channels: BTreeMap::new(),
            messages: Vec::new(),
            ephemerals: Vec::new(),
            response_urls: BTreeMap::new(),
            triggers: BTreeMap::new(),
            views: BTreeMap::new(),
            switches: Switches::default(),
            limits: Limits::default(),
            files: Vec::new(),
            base: String::new(),
            sockets: Sockets::new("xapp-sandbox"),
            changed: Arc::new(Notify::new()),
            minted: 0,
            last_ts: 0,
        };
        let bot = slack.bot_user.clone();
        slack.add_user(&bot, "reinstate", "Reinstate", "").is_bot = true;
        slack
    }

    /// Adds a full member of the workspace; change what is special about them on the answer.
    pub fn add_user(&mut self, id: &str, name: &str, real_name: &str, email: &str) -> &mut User {
        let user = User {
            id: id.to_owned(),
            name: name.to_owned(),
            real_name: real_name.to_owned(),
            email: email.to_owned(),
            team_id: self.team.id.clone(),
            tz: "Europe/Berlin".to_owned(),
            ..User::default()
        };
        let slot = self.users.entry(id.to_owned()).or_default();
        *slot = user;
        slot
    }

    /// Adds a public channel with these members; change what is special about it on the answer.
    pub fn add_channel(&mut self, id: &str, name: &str, members: &[&str]) -> &mut Channel {
        let channel = Channel {
            id: id.to_owned(),
            name: name.to_owned(),
            members: members.iter().map(|&member| member.to_owned()).collect(),
            ..Channel::default()
        };
        let slot = self.channels.entry(id.to_owned()).or_default();
        *slot = channel;
        slot
    }

    pub fn add_group(&mut self, id: &str, handle: &str, users: &[&str]) -> &mut UserGroup {
        let group = UserGroup {
            id: id.to_owned(),
            handle: handle.to_owned(),
            users: users.iter().map(|&user| user.to_owned()).collect(),
            disabled: false,
        };
        let slot = self.groups.entry(id.to_owned()).or_default();
        *slot = group;
        slot
    }

    /// The direct message between the bot and this person, opened if need be; and whether it was open.
    pub fn direct_message(&mut self, user: &str) -> (String, bool) {
        let both: BTreeSet<String> = [self.bot_user.clone(), user.to_owned()].into();
        if let Some(open) = self.channels.values().find(|c| c.is_im && c.members == both) {
            return (open.id.clone(), true);
        }
        let id = self.mint("D0");
        let channel = Channel { id: id.clone(), members: both, is_im: true, ..Channel::default() };
        self.channels.insert(id.clone(), channel);
        (id, false)
    }

    /// A new id with this prefix.
    pub(super) fn mint(&mut self, prefix: &str) -> String {
        self.minted = self.minted.saturating_add(1);
        format!("{prefix}{:06}", self.minted)
    }

    /// A new time stamp; no two are equal, and later ones are greater.
    pub(super) fn next_ts(&mut self, now: Timestamp) -> String {
        self.last_ts = now.as_microsecond().max(self.last_ts.saturating_add(1));
        format!("{}.{:06}", self.last_ts.div_euclid(1_000_000), self.last_ts.rem_euclid(1_000_000))
    }

    /// A new trigger id. It holds the time, because a bot remembers trigger ids longer than this process lives.
    pub(super) fn new_trigger(&mut self, user: &str, now: Timestamp) -> String {
        let ts = self.next_ts(now);
        let id = format!("{ts}.{}", self.secret_word(&ts, 32));
        self.triggers.insert(id.clone(), Trigger { user: user.to_owned(), made: now, used: false });
        id
    }

    /// A new response URL: its token and its address.
    pub(super) fn new_response_url(
        &mut self,
        path: &str,
        channel: &str,
        user: &str,
        source: Source,
        now: Timestamp,
    ) -> (String, String) {
        let ts = self.next_ts(now);
        let token = self.secret_word(&ts, 24);
        let url = format!("{}/{path}/{token}", self.base);
        let (channel, user) = (channel.to_owned(), user.to_owned());
        self.response_urls.insert(token.clone(), ResponseUrl { channel, user, source, uses: 0, made: now });
        (token, url)
    }

    fn secret_word(&self, seed: &str, length: usize) -> String {
        let digest = Sha256::digest(format!("{}{seed}", self.signing_secret).as_bytes());
        hex(&digest).chars().take(length).collect()
    }

    /// What to notify after the lock is gone.
    pub(super) fn change(&self) -> Arc<Notify> {
        Arc::clone(&self.changed)
    }

    /// Adds what Slack adds to stored blocks: ids, `emoji`, `verbatim`. Expects valid blocks.
    pub(super) fn dress(&mut self, blocks: Vec<Value>) -> Vec<Value> {
        blocks.into_iter().map(|block| self.dress_block(block)).collect()
    }

    fn dress_block(&mut self, mut block: Value) -> Value {
        if let Some(map) = block.as_object_mut() {
            if !map.contains_key("block_id") {
                map.insert("block_id".into(), self.mint("b").into());
            }
            for value in map.values_mut() {
                self.dress_inside(value);
            }
        }
        block
    }

    fn dress_inside(&mut self, value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.dress_inside(item)),
            Value::Object(map) => {
                match map.get("type").and_then(Value::as_str) {
                    Some("plain_text") => set_default(map, "emoji", true.into()),
                    Some("mrkdwn") => set_default(map, "verbatim", false.into()),
                    Some("button" | "overflow") => {
                        let id = self.mint("a");
                        set_default(map, "action_id", id.into());
                    }
                    _ => {}
                }
                map.values_mut().for_each(|inner| self.dress_inside(inner));
            }
            _ => {}
        }
    }
}

fn set_default(map: &mut Map<String, Value>, key: &str, value: Value) {
    if !map.contains_key(key) {
        map.insert(key.to_owned(), value);
    }
}
