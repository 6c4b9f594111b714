//! Why the watch opened a sweep. The message of the watch is the card of a sweep: so its list of repairs, its buttons,
//! its approvals and its journal are those of every sweep. It must hold no personal data: what is written here stays in
//! the entry that opens the sweep.

use serde::{Deserialize, Serialize};

use super::Feed;
use crate::finding::Cause;
use crate::warning::Warning;

/// What the watch adds to the entry that opens a sweep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watched {
    #[serde(flatten)]
    pub reason: WatchReason,
    /// The feeds that could not be read, with the reason, if no earlier message said so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<(Feed, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum WatchReason {
    /// The sweep is about the people who lost access, and about what concerns everybody. It reads nobody else.
    Lost {
        /// The faults that concern everybody, each with its evidence.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        faults: Vec<TenantFault>,
        /// What the feeds reported about the organization as a whole.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        actions: Vec<String>,
    },
    /// Something runs out. The sweep is about nobody, and only its card tells it. It needs no watch.
    Warned { warnings: Vec<Warning> },
    /// Too many people changed at once, so everybody is read.
    Storm { people: u64 },
    /// The places of these feeds are new, so it is unknown what happened before. Everybody is read.
    Gap { feeds: Vec<Feed> },
}

/// A fault that concerns everybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantFault {
    pub cause: Cause,
    /// The fact that proves it, for people.
    #[serde(rename = "says")]
    pub evidence: String,
}

impl Watched {
    /// Whether the sweep reads nobody, because it is only about what was found before.
    #[must_use]
    pub fn is_limited(&self) -> bool {
        matches!(self.reason, WatchReason::Lost { .. } | WatchReason::Warned { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Journals hold these texts: none of them may change its meaning.
    #[test]
    fn what_is_written_is_read_again() {
        let fault =
            TenantFault { cause: Cause::ProvisioningStopped, evidence: "the job's state is Paused".into() };
        let all = [
            (
                Watched {
                    reason: WatchReason::Lost { faults: vec![fault], actions: vec!["domain_removed".into()] },
                    unread: vec![(Feed::Events, "403".into())],
                },
                r#"{"why":"lost","faults":[{"cause":"provisioning-stopped","says":"the job's state is Paused"}],"actions":["domain_removed"],"unread":[["events","403"]]}"#,
            ),
            (
                Watched {
                    reason: WatchReason::Warned {
                        warnings: vec![Warning::NoCycle {
                            job: "j".into(),
                            since: jiff::Timestamp::UNIX_EPOCH,
                        }],
                    },
                    unread: Vec::new(),
                },
                r#"{"why":"warned","warnings":[{"kind":"no-cycle","job":"j","since":"1970-01-01T00:00:00Z"}]}"#,
            ),
            (
                Watched { reason: WatchReason::Storm { people: 73 }, unread: Vec::new() },
                r#"{"why":"storm","people":73}"#,
            ),
            (
                Watched { reason: WatchReason::Gap { feeds: vec![Feed::Users] }, unread: Vec::new() },
                r#"{"why":"gap","feeds":["users"]}"#,
            ),
        ];
        for (watched, text) in all {
            assert_eq!(serde_json::to_string(&watched).unwrap(), text);
            assert_eq!(serde_json::from_str::<Watched>(text).unwrap(), watched);
        }
    }
}
