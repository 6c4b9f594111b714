//! How tests, the transcript and the page look at a workspace. Reading changes nothing, but for `take_unread`,
//! which remembers what was looked at, so that a test can fail over a post that nobody read.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use super::super::lock;
use super::Shared;
use super::model::{Ephemeral, Message};
use super::state::Slack;

/// Something that was posted and has not been read yet.
#[derive(Clone, Debug, Serialize)]
pub enum Unread {
    /// For everyone in the channel.
    Message(Message),
    Private(Ephemeral),
}

impl Unread {
    #[must_use]
    pub fn channel(&self) -> &str {
        match self {
            Self::Message(message) => &message.channel,
            Self::Private(private) => &private.channel,
        }
    }

    /// Its text, also the fallback of its blocks.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Message(message) => &message.text,
            Self::Private(private) => &private.text,
        }
    }

    #[must_use]
    pub fn blocks(&self) -> &[Value] {
        match self {
            Self::Message(message) => &message.blocks,
            Self::Private(private) => &private.blocks,
        }
    }

    #[must_use]
    pub fn ts(&self) -> &str {
        match self {
            Self::Message(message) => &message.ts,
            Self::Private(private) => &private.ts,
        }
    }
}

impl Slack {
    /// What stands in a channel, replies included, oldest first.
    #[must_use]
    pub fn messages_in(&self, channel: &str) -> Vec<&Message> {
        self.messages.iter().filter(|message| message.channel == channel && !message.deleted).collect()
    }

    /// The message with this time stamp, deleted or not.
    #[must_use]
    pub fn message(&self, ts: &str) -> Option<&Message> {
        self.messages.iter().find(|message| message.ts == ts)
    }

    /// A root and its replies.
    #[must_use]
    pub fn thread(&self, ts: &str) -> Vec<&Message> {
        self.messages
            .iter()
            .filter(|message| {
                !message.deleted && (message.ts == ts || message.thread_ts.as_deref() == Some(ts))
            })
            .collect()
    }

    pub(super) fn replies<'a>(&'a self, channel: &'a str, ts: &'a str) -> impl Iterator<Item = &'a Message> {
        self.messages.iter().filter(move |message| {
            !message.deleted && message.channel == channel && message.thread_ts.as_deref() == Some(ts)
        })
    }

    /// What this person alone sees, with the index that [`super::Workspace::click_private`] takes.
    #[must_use]
    pub fn ephemerals_for(&self, user: &str) -> Vec<(usize, &Ephemeral)> {
        self.ephemerals
            .iter()
            .enumerate()
            .filter(|(_, private)| private.user == user && !private.deleted)
            .collect()
    }

    /// What has not been read, in order of posting.
    #[must_use]
    pub fn unread(&self) -> Vec<Unread> {
        let messages = self.messages.iter().filter(|message| !message.read && !message.deleted);
        let privates = self.ephemerals.iter().filter(|private| !private.read && !private.deleted);
        let mut all: Vec<Unread> =
            messages.cloned().map(Unread::Message).chain(privates.cloned().map(Unread::Private)).collect();
        all.sort_by(|a, b| a.ts().cmp(b.ts()));
        all
    }

    /// What has not been read, which is read now.
    pub fn take_unread(&mut self) -> Vec<Unread> {
        let all = self.unread();
        self.messages.iter_mut().for_each(|message| message.read = true);
        self.ephemerals.iter_mut().for_each(|private| private.read = true);
        all
    }

    /// Counts the post with this time stamp as read.
    pub fn mark_read(&mut self, ts: &str) {
        self.messages.iter_mut().filter(|m| m.ts == ts).for_each(|m| m.read = true);
        self.ephemerals.iter_mut().filter(|p| p.ts == ts).for_each(|p| p.read = true);
    }

    /// The workspace as JSON, without its secrets.
    #[must_use]
    pub fn snapshot(&self) -> Value {
        json!({
            "team": self.team, "enterprise": self.enterprise, "bot_user": self.bot_user,
            "scopes": self.scopes, "switches": self.switches,
            "users": self.users, "groups": self.groups, "channels": self.channels,
            "messages": self.messages, "ephemerals": self.ephemerals,
            "response_urls": self.response_urls.values().collect::<Vec<_>>(),
            "views": self.views.values().collect::<Vec<_>>(),
        })
    }
}

/// Waits until the workspace shows something, without polling: every change wakes it.
///
/// # Errors
/// After `timeout`, with everything that was posted, for the test to show.
pub async fn wait_until<T>(
    state: &Shared,
    mut find: impl FnMut(&Slack) -> Option<T>,
    timeout: Duration,
) -> Result<T, String> {
    let changed = lock(state).change();
    let found = tokio::time::timeout(timeout, async {
        loop {
            // Made before the look: from here on no change is missed, though nobody waits yet.
            let woken = changed.notified();
            if let Some(found) = find(&lock(state)) {
                return found;
            }
            woken.await;
        }
    });
    found.await.map_err(|_| {
        let transcript = lock(state).transcript().join("\n");
        format!("not seen within {timeout:?}; what stands in Slack:\n{transcript}")
    })
}
