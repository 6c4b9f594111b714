//! One report of a feed: what changed, when, and by whom. Feeds repeat themselves, arrive late and out of order. So a
//! report must never be used as evidence. It only names what has to be read again.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A feed of one of the services. Each has a place of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Feed {
    /// Changes of users in Entra ID (`users/delta`).
    Users,
    /// Changes of members of groups in Entra ID (`groups/delta`).
    Groups,
    /// The provisioning log of the job (`auditLogs/provisioning`).
    ProvisioningLog,
    /// The audit log of the Atlassian organization (`events-stream`).
    Events,
}

impl Feed {
    pub const ALL: [Self; 4] = [Self::Users, Self::Groups, Self::ProvisioningLog, Self::Events];

    /// As it is written down: in the store, in metrics and in logs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Groups => "groups",
            Self::ProvisioningLog => "provisioning-log",
            Self::Events => "events",
        }
    }

    /// Whether the feed reports what somebody wants at the identity provider, before the job has carried it on.
    #[must_use]
    pub fn is_at_source(self) -> bool {
        matches!(self, Self::Users | Self::Groups)
    }
}

/// What a report is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "kebab-case")]
pub enum Changed {
    /// A user of the identity provider, by object id.
    User(String),
    /// An Atlassian account, by account id.
    Account(String),
    /// A SCIM record, by its id.
    Record(String),
    /// A group of the identity provider as a whole, by object id.
    Group(String),
    /// The whole organization, with the action that says so, in lower case.
    Organization(String),
}

impl Changed {
    /// As it is written down in the store: `kind:id`.
    #[must_use]
    pub fn text(&self) -> String {
        let (kind, id) = match self {
            Self::User(id) => ("user", id),
            Self::Account(id) => ("account", id),
            Self::Record(id) => ("record", id),
            Self::Group(id) => ("group", id),
            Self::Organization(action) => ("organization", action),
        };
        format!("{kind}:{id}")
    }

    /// `None` if it is not the text of a change.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, id) = text.split_once(':')?;
        let id = id.to_owned();
        Some(match kind {
            "user" => Self::User(id),
            "account" => Self::Account(id),
            "record" => Self::Record(id),
            "group" => Self::Group(id),
            "organization" => Self::Organization(id),
            _ => return None,
        })
    }
}

/// One report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    pub feed: Feed,
    pub changed: Changed,
    /// When it happened, by the clock of the service. `None` if the feed does not say.
    pub at: Option<Timestamp>,
    /// Who did it, if the feed names a person.
    pub by: Option<String>,
    /// The id of the entry in the feed, to recognize a repetition. `None` if the feed has no ids.
    pub entry: Option<String>,
}

/// Where the next round of a feed begins. Its content is the service's; it must never be written to a log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place(pub String);

impl std::fmt::Debug for Place {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Place(…)")
    }
}

/// What one round of a feed reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    pub signals: Vec<Signal>,
    /// Where the next round begins.
    pub next: Place,
    /// Whether the feed has more than was read in this round.
    pub has_more: bool,
}

/// The answer of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FeedAnswer {
    Read(Round),
    /// The service no longer knows the place. Everything has to be read once.
    Expired,
    /// The feed could not be read, with the reason.
    Unread(String),
}
