//! Why WHO in a command leads to nobody, in words for the person who asked.

/// Why a mention has no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved {
    /// Slack knows no such person, or the text names nobody.
    #[error("That names nobody. Ask again with an e-mail address or an Atlassian account id.")]
    Nobody,
    /// Slack shows no address.
    #[error(
        "Slack shows no e-mail address for that person. Ask again with the address or an Atlassian account id."
    )]
    NoAddress,
    /// Slack did not answer.
    #[error("Slack did not answer who that is. Please try again in a minute.")]
    AskAgain,
}
