//! What is known of a channel, and whether cards may be posted there. The bot and `doctor` both ask this module. What is
//! unknown counts as shared, because a card shows personal data.

use serde_json::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelInfo {
    /// Whether our bot is in it.
    pub member: bool,
    pub archived: bool,
    /// Whether it is shared with another company. Unknown counts as shared.
    pub shared: bool,
    /// A direct message of two or more people.
    pub direct: bool,
}

/// Why no card may be posted in a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelProblem {
    Direct,
    Archived,
    NotMember,
    Shared,
}

impl ChannelInfo {
    /// Reads the answer of `conversations.info`.
    #[must_use]
    pub fn read(channel: &Value) -> Self {
        let flag = |key: &str| channel.get(key).and_then(Value::as_bool);
        // A channel that is shared only by workspaces of our own organization is not shared with another company.
        let shared = match (flag("is_ext_shared"), flag("is_shared"), flag("is_org_shared")) {
            (Some(false), Some(false), _) | (Some(false), Some(true), Some(true)) => {
                flag("is_pending_ext_shared").unwrap_or(false)
            }
            _ => true,
        };
        Self {
            member: flag("is_member").unwrap_or(false),
            archived: flag("is_archived").unwrap_or(false),
            shared,
            direct: flag("is_im").unwrap_or(false) || flag("is_mpim").unwrap_or(false),
        }
    }

    /// A channel that Slack does not let us read.
    #[must_use]
    pub fn unknown(id: &str) -> Self {
        Self { member: false, archived: false, shared: true, direct: id.starts_with('D') }
    }

    /// Whether cards may be posted there.
    ///
    /// # Errors
    /// The first reason against it, in the order in which a person would fix them.
    pub fn judge(self) -> Result<(), ChannelProblem> {
        match self {
            Self { direct: true, .. } => Err(ChannelProblem::Direct),
            Self { archived: true, .. } => Err(ChannelProblem::Archived),
            Self { member: false, .. } => Err(ChannelProblem::NotMember),
            Self { shared: true, .. } => Err(ChannelProblem::Shared),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_unknown_of_a_channel_counts_as_shared() {
        let whole = json!({"is_member": true, "is_shared": false, "is_ext_shared": false});
        assert_eq!(ChannelInfo::read(&whole).judge(), Ok(()));
        let shared = |channel: Value| ChannelInfo::read(&channel).shared;
        assert!(shared(json!({"is_member": true})));
        assert!(shared(json!({"is_shared": true, "is_ext_shared": true})));
        assert!(shared(json!({"is_shared": false, "is_ext_shared": false, "is_pending_ext_shared": true})));
        assert!(!shared(json!({"is_shared": true, "is_ext_shared": false, "is_org_shared": true})));
        assert_eq!(ChannelInfo::unknown("C1").judge(), Err(ChannelProblem::NotMember));
        assert_eq!(ChannelInfo::unknown("D1").judge(), Err(ChannelProblem::Direct));
    }
}
