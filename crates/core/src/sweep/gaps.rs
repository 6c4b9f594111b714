//! Why a side of a sweep was read only in part, for people, where no upstream service says it. Pure.

/// The list of accounts named a page that was read before, so it would never end.
pub const REPEATED_PAGE: &str = "the list of accounts comes back to a page that was read";

/// The search listed accounts without their groups.
#[must_use]
pub fn groups_not_shown(accounts: usize) -> String {
    format!("the search did not show the groups of {accounts} accounts")
}
