//! What runs out: keys and secrets, the seats of an app, the room of a group, and the patience with a job that finishes
//! no cycle. It is pure; the time is an argument. It must never warn of something that could not be read, and never
//! report something unread as good. It contains no text for people.

mod decide;
#[cfg(test)]
mod tests;

pub use decide::{News, has_recent_cycle, is_near, last_cycle, may_matter, news, warnings};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::evidence::{Job, Read, Workspace};

/// What one look has read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    pub expiries: Vec<Expiry>,
    pub apps: Read<Vec<Workspace>>,
    /// The groups that may matter ([`may_matter`]), and the largest one. Any other group is known to be small.
    pub groups: Read<Vec<GroupSize>>,
    /// How many members of a group the synchronization takes.
    pub group_limit: Option<i64>,
    pub job: Read<Job>,
}

/// A credential and the end of its validity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expiry {
    pub of: Credential,
    /// `NotAsked`: no interface tells it, and the configuration does not state it.
    pub ends: Read<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Credential {
    /// The API key of the Atlassian organization.
    OrganizationKey,
    /// The key of a SCIM directory, by the id of the directory.
    ScimKey(String),
    /// The client secret of our application at Entra ID.
    ClientSecret,
    /// The certificate of our application at Entra ID.
    Certificate,
}

impl Credential {
    /// Every word of [`Self::word`].
    pub const WORDS: [&str; 4] = ["organization-key", "scim-key", "client-secret", "certificate"];

    /// As it is written down: in the store, in metrics and in logs.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::OrganizationKey => "organization-key",
            Self::ScimKey(_) => "scim-key",
            Self::ClientSecret => "client-secret",
            Self::Certificate => "certificate",
        }
    }
}

/// How many members a group has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupSize {
    pub id: String,
    pub name: String,
    /// `None` if the answer does not say it.
    pub members: Option<i64>,
}

/// How near the end of a credential is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// At most 30 days.
    Month,
    /// At most 7 days.
    Week,
    /// At most one day.
    Day,
    /// It has ended.
    Over,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Warning {
    Expiry {
        of: Credential,
        ends: Timestamp,
        stage: Stage,
    },
    /// The seats of an app are nearly all taken.
    Seats {
        app: Workspace,
    },
    /// A group is nearly as large as the synchronization takes.
    Group {
        group: GroupSize,
        limit: i64,
    },
    /// The job is active and has finished no cycle since.
    NoCycle {
        job: String,
        since: Timestamp,
    },
}

/// A warning that was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub subject: String,
    pub level: i64,
}

const SEATS: &str = "seats ";
const GROUP: &str = "group ";

impl Warning {
    /// What it is about, as the store writes it. Another date, or another standstill of the job, is another subject.
    #[must_use]
    pub fn subject(&self) -> String {
        match self {
            Self::Expiry { of: Credential::ScimKey(directory), ends, .. } => {
                format!("scim-key {directory} {ends}")
            }
            Self::Expiry { of, ends, .. } => format!("{} {ends}", of.word()),
            Self::Seats { app } => format!("{SEATS}{}", app.id),
            Self::Group { group, .. } => format!("{GROUP}{}", group.id),
            Self::NoCycle { job, since } => format!("job {job} {since}"),
        }
    }

    /// How urgent it is, compared with other warnings of the same subject.
    #[must_use]
    pub fn level(&self) -> i64 {
        match self {
            Self::Expiry { stage: Stage::Month, .. } => 1,
            Self::Expiry { stage: Stage::Week, .. } => 2,
            Self::Expiry { stage: Stage::Day, .. } => 3,
            Self::Expiry { stage: Stage::Over, .. } => 4,
            Self::Seats { .. } | Self::Group { .. } | Self::NoCycle { .. } => 1,
        }
    }

    /// The kind of the warning, for metrics.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Expiry { .. } => "expiry",
            Self::Seats { .. } => "seats",
            Self::Group { .. } => "group",
            Self::NoCycle { .. } => "no-cycle",
        }
    }

    pub const KINDS: [&str; 4] = ["expiry", "seats", "group", "no-cycle"];
}
