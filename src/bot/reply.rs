//! What Slack is answered at once, before any work is done.

use serde_json::{Value, json};

use crate::slack::markup::Markup;

/// What Slack is answered at once.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// "Taken."
    Empty,
    /// Words for the person alone.
    Private(Markup),
    /// The challenge of `url_verification`.
    Challenge(String),
}

impl Reply {
    /// As Slack reads it; nothing for an empty answer.
    #[must_use]
    pub fn body(&self) -> Option<Value> {
        match self {
            Self::Empty => None,
            Self::Private(text) => Some(json!({ "response_type": "ephemeral", "text": text.cut(3000) })),
            Self::Challenge(challenge) => Some(json!({ "challenge": challenge })),
        }
    }
}
