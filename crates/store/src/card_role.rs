//! What a card is for. The text form is the key of a card in the database, so it must never change. A text that this
//! version does not know is kept as it is: it may be of another version that works on the same database.

use std::fmt;

/// What a card is for: at most one card of each role stands for a run or a sweep.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CardRole {
    /// The card that every run and every sweep has.
    Root,
    /// Asks for the approval of this plan of the run (the first is 1), where the root card cannot.
    Approval(u32),
    /// Calls the approvers to the root card of a run, which asks for the approval of this plan.
    Call(u32),
    /// Calls the approvers to the root card of a sweep.
    SweepCall,
    /// Tells the outcome in the thread of the root card.
    Outcome,
    /// Tells the outcome in the thread of the card that asked for an approval.
    OutcomeApprovers,
    /// Told the requester alone how it ended.
    PrivateEnd,
    /// Told the person who asked for help how it ended.
    Helped,
    /// Told the requester that the run or the sweep waits for a person; the number counts its pauses.
    Stopped(u32),
    /// Reminded people that the run or the sweep has waited for them for long. The number is that of the entry since
    /// which it waits; `reminders.rs` looks for it.
    Reminded(u32),
    /// A note: a later run undid this one.
    Undone,
    /// A note: a later run removed the account that this one left over.
    Removed,
    /// Told the requester that the root card moved to another channel.
    Moved,
    /// Told the requester that `slack.channel` may not show what is to be shown.
    WrongChannel,
    /// Told the requester that the root card was deleted, and posted again.
    Again,
    /// Told the requester that a card that asks could not be updated, and was posted again.
    Renewed,
    /// Told the requester that the root card cannot be posted.
    Refused,
    /// Told the requester that a card that asks for an approval cannot be posted.
    RefusedApproval,
    /// Told those who joined a sweep that it has read everything.
    Joined,
    /// The table of a sweep was uploaded, or could not be.
    Table,
    /// Says that the table of a sweep could not be uploaded.
    NoTable,
    /// Of another version.
    Other(String),
}

/// The roles that have no number.
const PLAIN: [CardRole; 17] = [
    CardRole::Root,
    CardRole::SweepCall,
    CardRole::Outcome,
    CardRole::OutcomeApprovers,
    CardRole::PrivateEnd,
    CardRole::Helped,
    CardRole::Undone,
    CardRole::Removed,
    CardRole::Moved,
    CardRole::WrongChannel,
    CardRole::Again,
    CardRole::Renewed,
    CardRole::Refused,
    CardRole::RefusedApproval,
    CardRole::Joined,
    CardRole::Table,
    CardRole::NoTable,
];

impl CardRole {
    /// The text form without its number.
    fn word(&self) -> &str {
        match self {
            Self::Root => "root",
            Self::Approval(_) => "approval",
            Self::Call(_) | Self::SweepCall => "call",
            Self::Outcome => "outcome",
            Self::OutcomeApprovers => "outcome-approvers",
            Self::PrivateEnd => "private-end",
            Self::Helped => "helped",
            Self::Stopped(_) => "stopped",
            Self::Reminded(_) => "reminded",
            Self::Undone => "undone",
            Self::Removed => "removed",
            Self::Moved => "moved",
            Self::WrongChannel => "wrong-channel",
            Self::Again => "again",
            Self::Renewed => "renewed",
            Self::Refused => "refused",
            Self::RefusedApproval => "refused-approval",
            Self::Joined => "joined",
            Self::Table => "table",
            Self::NoTable => "no-table",
            Self::Other(text) => text,
        }
    }

    fn number(&self) -> Option<u32> {
        match self {
            Self::Approval(number) | Self::Call(number) | Self::Stopped(number) | Self::Reminded(number) => {
                Some(*number)
            }
            _ => None,
        }
    }
}

/// The text form, as the database has it.
impl fmt::Display for CardRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number() {
            Some(number) if matches!(self, Self::Reminded(_)) => write!(f, "{}-{number}", self.word()),
            Some(number) => write!(f, "{}-{number:04}", self.word()),
            None => f.write_str(self.word()),
        }
    }
}

impl From<&str> for CardRole {
    fn from(text: &str) -> Self {
        if let Some(role) = PLAIN.into_iter().find(|role| role.word() == text) {
            return role;
        }
        let numbered = text.rsplit_once('-').and_then(|(word, number)| {
            let number = number.parse().ok()?;
            let all =
                [Self::Approval(number), Self::Call(number), Self::Stopped(number), Self::Reminded(number)];
            all.into_iter().find(|role| role.word() == word)
        });
        // A number that is written in another way would not come back as it was.
        numbered.filter(|role| role.to_string() == text).unwrap_or_else(|| Self::Other(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Databases hold these texts: none of them may change.
    const TEXTS: [(&str, CardRole); 24] = [
        ("root", CardRole::Root),
        ("approval-0001", CardRole::Approval(1)),
        ("approval-12345", CardRole::Approval(12345)),
        ("call-0002", CardRole::Call(2)),
        ("call", CardRole::SweepCall),
        ("outcome", CardRole::Outcome),
        ("outcome-approvers", CardRole::OutcomeApprovers),
        ("private-end", CardRole::PrivateEnd),
        ("helped", CardRole::Helped),
        ("stopped-0001", CardRole::Stopped(1)),
        ("stopped-0000", CardRole::Stopped(0)),
        ("reminded-7", CardRole::Reminded(7)),
        ("reminded-12345", CardRole::Reminded(12345)),
        ("undone", CardRole::Undone),
        ("removed", CardRole::Removed),
        ("moved", CardRole::Moved),
        ("wrong-channel", CardRole::WrongChannel),
        ("again", CardRole::Again),
        ("renewed", CardRole::Renewed),
        ("refused", CardRole::Refused),
        ("refused-approval", CardRole::RefusedApproval),
        ("joined", CardRole::Joined),
        ("table", CardRole::Table),
        ("no-table", CardRole::NoTable),
    ];

    #[test]
    fn every_role_is_read_again_from_its_text() {
        for (text, role) in TEXTS {
            assert_eq!(role.to_string(), text);
            assert_eq!(CardRole::from(text), role);
        }
    }

    #[test]
    fn a_role_of_another_version_is_kept_as_it_is() {
        let texts = [
            "",
            "Root",
            "approval",
            "approval-",
            "approval-1",
            "approval-00001",
            "approval-+001",
            "poll-0001",
            "call-0001-x",
            "reminded-0007",
        ];
        for text in texts {
            let role = CardRole::from(text);
            assert_eq!(role, CardRole::Other(text.to_owned()));
            assert_eq!(role.to_string(), text);
        }
    }
}
