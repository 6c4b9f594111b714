//! The clock of the simulators. Only this module reads it. Everything else takes the time as an argument.

use jiff::Timestamp;

/// The current instant. Only the edge of the program calls this and passes the result on.
#[allow(clippy::disallowed_methods)]
#[must_use]
pub fn now() -> Timestamp {
    Timestamp::now()
}
