//! What Slack sends, as we understand it. Only the fields we need are kept; what is not known is
//! [`Inbound::Unknown`]. It must never be made from a request that was neither signed nor came over our socket.

mod read;
#[cfg(test)]
mod tests;

pub use read::{envelope, read};

use serde_json::Value;

use reinstate_core::run::Requester;

/// A request of Slack's.
#[derive(Clone, Debug, PartialEq)]
pub enum Inbound {
    /// Slack looks at our certificate.
    SslCheck,
    /// Slack asks whether this address is ours: its challenge.
    Challenge(String),
    Slash(Box<Slash>),
    /// A click on a button, or a choice in a picker.
    Click(Box<Click>),
    Shortcut(Box<Shortcut>),
    /// A modal that was submitted.
    Submit(Box<Submit>),
    Event(Box<Occurrence>),
    /// Something else that is signed: its type.
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
    /// Where private answers may go.
    pub response_url: Option<String>,
    /// By which a repeat is known.
    pub trigger: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Click {
    pub by: Requester,
    pub action: String,
    pub value: String,
    /// The person who was picked, where it is a picker of people.
    pub picked: Option<String>,
    /// Where, if it was in a message.
    pub channel: Option<String>,
    /// The message, by its time stamp.
    pub ts: Option<String>,
    /// The modal, if it was in one.
    pub view: Option<String>,
    /// Where private answers may go.
    pub response_url: Option<String>,
    /// By which a repeat is known; opens one modal within three seconds.
    pub trigger: Option<String>,
}

/// A shortcut, from anywhere or on a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortcut {
    pub by: Requester,
    pub callback: String,
    /// The person who wrote the message, if it was on the message of a person.
    pub author: Option<String>,
    /// The message's channel.
    pub channel: Option<String>,
    /// Where private answers may go.
    pub response_url: Option<String>,
    /// Opens one modal within three seconds.
    pub trigger: Option<String>,
}

/// A modal that was submitted.
#[derive(Clone, Debug, PartialEq)]
pub struct Submit {
    pub by: Requester,
    pub callback: String,
    /// What we put into it when we opened it.
    pub meta: String,
    /// What was filled in: block, action, value.
    pub values: Value,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// Its id, by which a repeat is known.
    pub id: Option<String>,
    /// The inner type.
    pub kind: String,
    /// Whom it is about, if it names one person.
    pub by: Option<Requester>,
    /// The tab of the App Home.
    pub tab: Option<String>,
}
