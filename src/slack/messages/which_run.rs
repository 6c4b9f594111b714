//! What is said if RUN fits several runs.

use crate::slack::markup::Markup;

/// The title of the list of the runs and sweeps that fit.
#[must_use]
pub fn several_runs(part: &str) -> Markup {
    Markup::new()
        .literal("Several runs or sweeps have an id that begins or ends with ")
        .code(part)
        .literal(", so nothing was done. Type more of the id that you mean. The newest of them:")
}

/// The same, for a person who may not see the runs of others.
#[must_use]
pub fn several_runs_unlisted(part: &str) -> Markup {
    Markup::new()
        .literal("Several runs or sweeps have an id that begins or ends with ")
        .code(part)
        .literal(", so nothing was done. Copy the whole id from the card of the one that you mean.")
}
