//! Who one can act as, with the role the sandbox's configuration gives them. It must never decide anything: the bot
//! asks the simulated Slack.

/// A person of the sandbox.
pub(super) struct Person {
    /// Slack user id.
    pub id: &'static str,
    pub role: &'static str,
    pub approves: bool,
    pub repairs: bool,
}

/// The people, in the order of the story. The roles are those of `Sandbox::env`.
pub(super) const CAST: &[Person] = &[
    Person { id: "U0ADA", role: "operator: may repair", approves: false, repairs: true },
    Person { id: "U0GRACE", role: "approver: says yes or no", approves: true, repairs: false },
    Person { id: "U0VERA", role: "helpdesk: may look", approves: false, repairs: false },
    Person { id: "U0JANE", role: "employee: no role", approves: false, repairs: false },
    Person { id: "U0GUEST", role: "guest from a partner", approves: false, repairs: false },
];

/// This person, if they are of the cast.
pub(super) fn of(id: &str) -> Option<&'static Person> {
    CAST.iter().find(|person| person.id == id)
}

/// The one who may do something, so that a hint can name them.
pub(super) fn who(may: impl Fn(&Person) -> bool) -> Option<&'static Person> {
    CAST.iter().find(|person| may(person))
}

/// The first letters of a name, for the round mark beside it.
pub(super) fn initials(name: &str) -> String {
    name.split_whitespace().filter_map(|word| word.chars().next()).take(2).collect()
}

/// A colour class of the style sheet, one for each of the cast.
pub(super) fn shade(id: &str) -> String {
    format!("shade-{}", CAST.iter().position(|person| person.id == id).unwrap_or(CAST.len()))
}
