//! The entries of the journal that belong to no run and to no sweep. The names of their kinds are part of the chain and
//! must never change.

/// What such an entry says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteKind {
    /// The bot started with another configuration than the last time.
    Configured,
    /// Somebody was refused something that belongs to no open run.
    Denied,
    /// Somebody asked the admins for help.
    HelpAsked,
    /// How many requests were refused before it was known who sent them.
    RequestsRefused,
    /// A run whose journal cannot be read was ended by hand.
    RunReleased,
}

impl NoteKind {
    /// As the store keeps it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Configured => "configured",
            Self::Denied => "denied",
            Self::HelpAsked => "help-asked",
            Self::RequestsRefused => "requests-refused",
            Self::RunReleased => "run-released",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::NoteKind;

    #[test]
    fn the_names_in_the_chain_do_not_change() {
        let kinds = [
            (NoteKind::Configured, "configured"),
            (NoteKind::Denied, "denied"),
            (NoteKind::HelpAsked, "help-asked"),
            (NoteKind::RequestsRefused, "requests-refused"),
            (NoteKind::RunReleased, "run-released"),
        ];
        assert!(kinds.iter().all(|(kind, word)| kind.word() == *word));
    }
}
