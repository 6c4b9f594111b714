//! The workspace as plain structs: people, channels, what was posted, what was handed out. It holds state and
//! mints ids; it must never decide whether a call is allowed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tokio::sync::Notify;

use super::limits::Limits;
use super::sign::hex;

/// A workspace.
#[derive(Clone, Debug, Serialize)]
pub struct Team {
    /// `T…`
    pub id: String,
    /// The first label of its address.
    pub domain: String,
    /// Its name.
    pub name: String,
}

/// An Enterprise Grid organization.
#[derive(Clone, Debug, Serialize)]
pub struct Enterprise {
    /// `E…`
    pub id: String,
    /// Its name.
    pub name: String,
    /// Installed on the whole organization: payloads then carry `team: null`, and commands no `team_id`.
    pub org_install: bool,
}

/// A person or a bot.
#[derive(Clone, Debug, Default, Serialize)]
pub struct User {
    /// `U…` or `W…`
    pub id: String,
    /// The handle.
    pub name: String,
    /// The full name.
    pub real_name: String,
    /// The address; empty for bots.
    pub email: String,
    /// The workspace the person belongs to.
    pub team_id: String,
    /// Deactivated.
    pub deleted: bool,
    /// A bot.
    pub is_bot: bool,
    /// A multi-channel guest.
    pub is_restricted: bool,
    /// A single-channel guest.
    pub is_ultra_restricted: bool,
    /// Of another organization, and sharing no channel with us.
    pub is_stranger: bool,
    /// Time zone name.
    pub tz: String,
}

/// A user group.
#[derive(Clone, Debug, Default, Serialize)]
pub struct UserGroup {
    /// `S…`
    pub id: String,
    /// What follows the `@`.
    pub handle: String,
    /// Members, in order.
    pub users: Vec<String>,
    /// Disabled groups are not found unless asked for.
    pub disabled: bool,
}

/// A channel, private channel or direct message.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Channel {
    /// `C…`, `G…` or `D…`
    pub id: String,
    /// Without `#`; empty for direct messages.
    pub name: String,
    /// User ids, the bot's among them where it is a member.
    pub members: BTreeSet<String>,
    /// Not to be found by those who are not members.
    pub is_private: bool,
    /// A direct message.
    pub is_im: bool,
    /// No longer in use.
    pub is_archived: bool,
    /// Shared with another organization, or between workspaces.
    pub is_shared: bool,
    /// Shared with another organization (Slack Connect).
    pub is_ext_shared: bool,
}

/// What a message was before it was edited.
#[derive(Clone, Debug, Serialize)]
pub struct Edit {
    /// The text then.
    pub text: String,
    /// The blocks then.
    pub blocks: Vec<Value>,
}

/// A message that everyone in the channel sees.
#[derive(Clone, Debug, Serialize)]
pub struct Message {
    /// Where.
    pub channel: String,
    /// Its id within the channel.
    pub ts: String,
    /// The root of its thread, if it is a reply.
    pub thread_ts: Option<String>,
    /// Who.
    pub user: String,
    /// The text, also the fallback of the blocks.
    pub text: String,
    /// The blocks, with the ids Slack adds.
    pub blocks: Vec<Value>,
    /// Legacy attachments.
    pub attachments: Vec<Value>,
    /// Message metadata.
    pub metadata: Option<Value>,
    /// Every earlier form, oldest first.
    pub edits: Vec<Edit>,
    /// When it was last edited.
    pub edited_ts: Option<String>,
    /// Deleted, by whomever.
    pub deleted: bool,
    /// Reaction and user.
    pub reactions: Vec<(String, String)>,
    /// Whether links are unfurled; a message with data must say no.
    pub unfurl_links: Option<bool>,
    /// Whether a test has read it.
    #[serde(skip)]
    pub read: bool,
}

/// A message that one person alone sees.
#[derive(Clone, Debug, Serialize)]
pub struct Ephemeral {
    /// Where.
    pub channel: String,
    /// For whom.
    pub user: String,
    /// Its time stamp.
    pub ts: String,
    /// In which thread.
    pub thread_ts: Option<String>,
    /// The text.
    pub text: String,
    /// The blocks.
    pub blocks: Vec<Value>,
    /// `postEphemeral`, `response_url` or `ack`.
    pub via: &'static str,
    /// Replaced how often.
    pub edits: Vec<Edit>,
    /// Dismissed by `delete_original`.
    pub deleted: bool,
    /// Whether a test has read it.
    #[serde(skip)]
    pub read: bool,
}

/// What a response URL was handed out for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Source {
    /// A slash command or a shortcut: there is no original to replace.
    Command,
    /// A click in this message.
    Message {
        /// The message.
        ts: String,
    },
    /// A click in the ephemeral message with this index.
    Ephemeral {
        /// Index into [`Slack::ephemerals`].
        index: usize,
    },
}

/// A response URL: five answers within 30 minutes.
#[derive(Clone, Debug, Serialize)]
pub struct ResponseUrl {
    /// Where the interaction took place.
    pub channel: String,
    /// Who acted.
    pub user: String,
    /// On what.
    pub source: Source,
    /// Answers so far.
    pub uses: u32,
    /// When it was handed out.
    pub made: Timestamp,
}

/// A trigger id: opens one view within three seconds.
#[derive(Clone, Debug, Serialize)]
pub struct Trigger {
    /// Who acted.
    pub user: String,
    /// When it was handed out.
    pub made: Timestamp,
    /// Already exchanged for a view.
    pub used: bool,
}

/// A modal, or somebody's App Home.
#[derive(Clone, Debug, Serialize)]
pub struct View {
    /// `V…`
    pub id: String,
    /// Who sees it.
    pub user: String,
    /// What Slack stores and sends back: blocks, state, hash and so on.
    pub body: Value,
    /// Whether it is on the screen.
    pub open: bool,
}

/// What this workspace does unlike others.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Switches {
    /// Answer `invalid_blocks` to a `plan` block, as a client that lacks it would need.
    pub refuse_plan: bool,
    /// User groups answer `plan_upgrade_required`.
    pub free_plan: bool,
}

/// The workspace.
#[derive(Clone, Debug)]
pub struct Slack {
    /// The workspace itself.
    pub team: Team,
    /// Set on Enterprise Grid.
    pub enterprise: Option<Enterprise>,
    /// Our app.
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
    /// Rate limits.
    pub limits: Limits,
    /// Where the response URLs are served, without a slash at the end.
    pub base: String,
    changed: Arc<Notify>,
    minted: u64,
    last_ts: i64,
}

impl Slack {
    /// A workspace with our bot in it, holding every scope the bot needs, and nobody else.
    #[must_use]
    pub fn new(bot_token: &str, signing_secret: &str) -> Self {
        let scopes = "commands chat:write users:read users:read.email usergroups:read channels:read \
                      groups:read im:read im:write reactions:write";
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
            base: String::new(),
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

    /// Adds a user group.
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
