//! The parts of a workspace: people, channels, messages, response URLs, triggers. Plain data, without any decision.

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
    /// Installed on the whole organization. Payloads then have `team: null`, and commands have no `team_id`.
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
    /// A person of another organization who shares no channel with us.
    pub is_stranger: bool,
    /// Time zone name.
    pub tz: String,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct UserGroup {
    /// `S…`
    pub id: String,
    /// The name after the `@`.
    pub handle: String,
    /// Members, in order.
    pub users: Vec<String>,
    /// Whether the group is disabled. Disabled groups are only listed on request.
    pub disabled: bool,
}

/// A channel, private channel or direct message.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Channel {
    /// `C…`, `G…` or `D…`
    pub id: String,
    /// Without `#`; empty for direct messages.
    pub name: String,
    /// User ids, including the bot's where it is a member.
    pub members: BTreeSet<String>,
    /// Only members can find it.
    pub is_private: bool,
    /// A direct message.
    pub is_im: bool,
    /// No longer in use.
    pub is_archived: bool,
    /// Shared with another organization, or between workspaces.
    pub is_shared: bool,
    /// Shared with another organization (Slack Connect).
    pub is_ext_shared: bool,
    /// What may not be posted there, even though the bot is a member.
    pub restriction: Option<Restriction>,
    /// The root messages of threads that an admin has locked.
    pub locked_threads: BTreeSet<String>,
}

/// What a channel does not accept (documented errors of `chat.postMessage`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Restriction {
    ReadOnly,
    /// Top-level messages.
    ThreadOnly,
    /// Replies in threads.
    NonThreadable,
}

/// A message before it was edited.
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
    /// The text, which is also the fallback of the blocks.
    pub text: String,
    /// The blocks, with the ids Slack adds.
    pub blocks: Vec<Value>,
    pub attachments: Vec<Value>,
    pub metadata: Option<Value>,
    /// Every earlier version, oldest first.
    pub edits: Vec<Edit>,
    /// When it was last edited.
    pub edited_ts: Option<String>,
    /// Whether anybody has deleted it.
    pub deleted: bool,
    /// Pairs of a reaction and a user.
    pub reactions: Vec<(String, String)>,
    /// Whether Slack unfurls links. A message with data must set this to false.
    pub unfurl_links: Option<bool>,
    /// Whether a test has read it.
    #[serde(skip)]
    pub read: bool,
}

/// A message that only one person sees.
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
    /// Every earlier version.
    pub edits: Vec<Edit>,
    /// Dismissed by `delete_original`.
    pub deleted: bool,
    /// Whether a test has read it.
    #[serde(skip)]
    pub read: bool,
}

/// The interaction for which a response URL was issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Source {
    /// A slash command or a shortcut: there is no original message to replace.
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
    /// The channel of the interaction.
    pub channel: String,
    pub user: String,
    /// The interaction.
    pub source: Source,
    /// Answers so far.
    pub uses: u32,
    /// When it was issued.
    pub made: Timestamp,
}

/// A trigger id. It opens one view within three seconds.
#[derive(Clone, Debug, Serialize)]
pub struct Trigger {
    pub user: String,
    /// When it was issued.
    pub made: Timestamp,
    /// Whether it was already used to open a view.
    pub used: bool,
}

/// A modal, or somebody's App Home.
#[derive(Clone, Debug, Serialize)]
pub struct View {
    /// `V…`
    pub id: String,
    /// Who sees it.
    pub user: String,
    /// What Slack stores and returns: blocks, state, hash and so on.
    pub body: Value,
    /// Whether it is on the screen.
    pub open: bool,
}

/// How this workspace differs from others.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Switches {
    /// Answers `invalid_blocks` to a `plan` block, as if clients did not support it.
    pub refuse_plan: bool,
    /// User groups answer `plan_upgrade_required`.
    pub free_plan: bool,
    /// The number of seconds after which a message can no longer be edited, as an admin may set it. Slack does not
    /// publish whether this applies to bots.
    pub edit_window: Option<i64>,
    /// Refuses every update with this code, as Slack documents for `update_failed` or `external_channel_migrating`.
    pub refuse_updates: Option<String>,
    /// The number of characters in all blocks of a message above which Slack answers `msg_blocks_too_long`. None
    /// means the lowest number that was measured.
    pub most_characters: Option<usize>,
    /// Refuses every message with blocks, whatever they contain.
    pub refuse_blocks: bool,
    /// Refuses a reply to a deleted message. Otherwise it appears at top level.
    pub deleted_root_refused: bool,
}

/// A file, from its announcement on.
#[derive(Clone, Debug, Default)]
pub struct File {
    pub id: String,
    pub name: String,
    /// The announced length.
    pub length: usize,
    /// The received bytes. None before the upload.
    pub bytes: Option<Vec<u8>>,
    /// The channel and the thread where it was shared. None before the upload is complete.
    pub shared: Option<(String, Option<String>)>,
    /// The message that shares it. Empty before.
    pub ts: String,
}
