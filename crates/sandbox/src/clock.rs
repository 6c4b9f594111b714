//! The one place of the simulators that reads the clock. Everything else takes the time as an argument.

use jiff::Timestamp;

/// The current instant, to be passed inwards from an edge of the program.
#[allow(clippy::disallowed_methods)]
#[must_use]
pub fn now() -> Timestamp {
    Timestamp::now()
}
