//! Why WHO in a command does not resolve to a person, in words for the caller.

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
    #[error("Slack did not answer who that is. Please try again in a minute.")]
    AskAgain,
}
