//! The value of a button. Slack returns it unchanged. The bot trusts nothing in it; it only says where to look.

use serde::{Deserialize, Serialize};

/// The value of a button: opaque to Slack, and looked up by the bot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Value {
    #[serde(rename = "r", default, skip_serializing_if = "String::is_empty")]
    pub run: String,
    /// The digest of the plan that was shown.
    #[serde(rename = "d", default, skip_serializing_if = "String::is_empty")]
    pub digest: String,
    /// The person a private answer was about.
    #[serde(rename = "w", default, skip_serializing_if = "String::is_empty")]
    pub who: String,
    /// The app that a private answer was about, as typed.
    #[serde(rename = "a", default, skip_serializing_if = "String::is_empty")]
    pub app: String,
    /// The account that was chosen to be kept.
    #[serde(rename = "k", default, skip_serializing_if = "String::is_empty")]
    pub keep: String,
    /// Slack user id of the person who asked for this help.
    #[serde(rename = "h", default, skip_serializing_if = "String::is_empty")]
    pub helps: String,
    /// The page of a list.
    #[serde(rename = "p", default, skip_serializing_if = "is_first")]
    pub page: usize,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_first(page: &usize) -> bool {
    *page == 0
}

impl Value {
    /// The text that the button carries.
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}
