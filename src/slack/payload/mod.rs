//! What Slack sends, in typed form. Only the needed fields are kept. Anything unknown becomes [`Inbound::Unknown`]. An
//! [`Inbound`] must never be made from a request that was neither signed nor received over our socket.

mod read;
#[cfg(test)]
mod tests;

pub use read::{envelope, read};

use serde_json::Value;

use reinstate_core::run::Requester;

/// A request from Slack.
#[derive(Clone, Debug, PartialEq)]
pub enum Inbound {
    /// Slack checks our certificate.
    SslCheck,
    /// Slack checks that this address is ours, and sends a challenge.
    Challenge(String),
    Slash(Box<Slash>),
    /// A click on a button, or a choice in a picker.
    Click(Box<Click>),
    Shortcut(Box<Shortcut>),
    /// A modal that was submitted.
    Submit(Box<Submit>),
    Event(Box<Occurrence>),
    /// Another signed request, with its type.
    Unknown(String),
}

impl Inbound {
    /// Its kind, for metrics.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::SslCheck => "ssl_check",
            Self::Challenge(_) => "url_verification",
            Self::Slash(_) => "command",
            Self::Click(_) => "click",
            Self::Shortcut(_) => "shortcut",
            Self::Submit(_) => "submission",
            Self::Event(_) => "event",
            Self::Unknown(_) => "unknown",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slash {
    pub by: Requester,
    pub channel: String,
    /// The command, with its slash.
    pub command: String,
    pub text: String,
    /// Where private answers may be sent.
    pub response_url: Option<String>,
    /// The idempotency key of the request.
    pub trigger: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Click {
    pub by: Requester,
    pub action: String,
    pub value: String,
    /// The chosen person, if the element is a picker of people.
    pub picked: Option<String>,
    /// The channel, if the click was in a message.
    pub channel: Option<String>,
    /// The time stamp of the message.
    pub ts: Option<String>,
    /// Who posted the message. None for a private one, of which Slack sends nothing.
    pub author: Option<String>,
    /// The modal, if the click was in one.
    pub view: Option<String>,
    /// Where private answers may be sent.
    pub response_url: Option<String>,
    /// The idempotency key of the click. It opens one modal within three seconds.
    pub trigger: Option<String>,
}

/// A shortcut, global or on a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortcut {
    pub by: Requester,
    pub callback: String,
    /// The author of the message, if a person wrote it.
    pub author: Option<String>,
    /// The message's channel.
    pub channel: Option<String>,
    /// Where private answers may be sent.
    pub response_url: Option<String>,
    /// The idempotency key of the request. It opens one modal within three seconds.
    pub trigger: Option<String>,
}

/// A modal that was submitted.
#[derive(Clone, Debug, PartialEq)]
pub struct Submit {
    pub by: Requester,
    pub callback: String,
    /// The metadata that we stored in the modal when we opened it.
    pub meta: String,
    /// The submitted values: block, action, value.
    pub values: Value,
    /// The idempotency key of the request.
    pub trigger: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// The id of the modal, which identifies a repeat.
    pub id: Option<String>,
    /// The inner type.
    pub kind: String,
    /// The person it is about, if it names exactly one.
    pub by: Option<Requester>,
    /// The tab of the App Home.
    pub tab: Option<String>,
}
