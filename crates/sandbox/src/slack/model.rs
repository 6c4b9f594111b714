//! The things a workspace is made of: people, channels, messages, what was handed out. Plain data; nothing here
//! decides anything.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

#[derive(Clone, Debug, Serialize)]
pub struct Team {
    /// `T…`
    pub id: String,
    /// The first label of its address.
    pub domain: String,
    pub name: String,
}

/// An Enterprise Grid organization.
#[derive(Clone, Debug, Serialize)]
pub struct Enterprise {
    /// `E…`
    pub id: String,
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
    pub real_name: String,
    /// The address; empty for bots.
    pub email: String,
    /// The workspace the person belongs to.
    pub team_id: String,
    pub deleted: bool,
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
    /// What may not be posted there, although the bot is a member.
    pub restriction: Option<Restriction>,
    /// Roots of threads that an admin has locked.
    pub locked_threads: BTreeSet<String>,
}

/// What a channel does not take (documented errors of `chat.postMessage`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Restriction {
    ReadOnly,
    /// Top-level messages.
    ThreadOnly,
    /// Answers in threads.
    NonThreadable,
}

/// What a message was before it was edited.
#[derive(Clone, Debug, Serialize)]
pub struct Edit {
    pub text: String,
    pub blocks: Vec<Value>,
}

/// A message that everyone in the channel sees.
#[derive(Clone, Debug, Serialize)]
pub struct Message {
    pub channel: String,
    /// Its id within the channel.
    pub ts: String,
    /// The root of its thread, if it is a reply.
    pub thread_ts: Option<String>,
    pub user: String,
    /// The text, also the fallback of the blocks.
    pub text: String,
    /// The blocks, with the ids Slack adds.
    pub blocks: Vec<Value>,
    pub attachments: Vec<Value>,
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
    pub channel: String,
    pub user: String,
    /// Its time stamp.
    pub ts: String,
    pub thread_ts: Option<String>,
    pub text: String,
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
    Message { ts: String },
    /// A click in the ephemeral message with this index.
    Ephemeral {
        /// Index into `Slack::ephemerals`.
        index: usize,
    },
}

/// A response URL: five answers within 30 minutes.
#[derive(Clone, Debug, Serialize)]
pub struct ResponseUrl {
    /// Where the interaction took place.
    pub channel: String,
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
    /// Seconds after which a message can no longer be edited, as an admin may set it. Whether it binds bots is not
    /// published.
    pub edit_window: Option<i64>,
    /// Refuse every update with this code, as Slack documents of `update_failed` or `external_channel_migrating`.
    pub refuse_updates: Option<String>,
    /// Characters of all blocks of a message above which it is `msg_blocks_too_long`; none for the lowest that was
    /// measured.
    pub most_characters: Option<usize>,
    /// Refuse every message with blocks, whatever is in them.
    pub refuse_blocks: bool,
}

/// A file, from its announcement on.
#[derive(Clone, Debug, Default)]
pub struct File {
    pub id: String,
    pub name: String,
    /// The length that was announced.
    pub length: usize,
    /// What was sent; none before.
    pub bytes: Option<Vec<u8>>,
    /// Where it was shared: channel and thread; none before it is complete.
    pub shared: Option<(String, Option<String>)>,
    /// The message that shares it; empty before.
    pub ts: String,
}
