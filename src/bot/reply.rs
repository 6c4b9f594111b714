//! The immediate answer to Slack, before any work is done.

use serde_json::{Value, json};

use crate::slack::markup::Markup;

#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// An acknowledgement without content.
    Empty,
    /// A text for the person alone.
    Private(Markup),
    /// The challenge of `url_verification`.
    Challenge(String),
}

impl Reply {
    /// The JSON body that Slack reads. None for an empty answer.
    #[must_use]
    pub fn body(&self) -> Option<Value> {
        match self {
            Self::Empty => None,
            Self::Private(text) => Some(json!({ "response_type": "ephemeral", "text": text.cut(3000) })),
            Self::Challenge(challenge) => Some(json!({ "challenge": challenge })),
        }
    }
}
