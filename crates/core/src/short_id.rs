//! The short form of the id of a run or a sweep. Ids begin with the time, so those of the same minute begin alike. What
//! tells them apart is their end.

/// How many characters of an id people see. They also suffice where RUN is typed, unless two ids end alike.
pub const SHORT_ID_CHARACTERS: usize = 6;
/// How few characters of an id people may type.
pub const MIN_RUN_CHARACTERS: usize = 4;

/// The last characters of an id, as lists and cards show it.
///
/// ```
/// assert_eq!(reinstate_core::short_id("01a22b0e-0438-7587-8f82-176a680e8a9b"), "0e8a9b");
/// ```
#[must_use]
pub fn short_id(id: &str) -> &str {
    id.len().checked_sub(SHORT_ID_CHARACTERS).and_then(|from| id.get(from..)).unwrap_or(id)
}
