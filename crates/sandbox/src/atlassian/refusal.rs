//! Replies that several paths of the organization share.

use super::ask::Reply;

pub(super) fn unknown() -> Reply {
    Reply::admin("ADMIN-404-1", "Not found", "No such resource").faulty("no such path or method")
}

pub(super) fn no_directory() -> Reply {
    Reply::admin("ADMIN-404-1", "Not found", "No such directory")
}

pub(super) fn no_user() -> Reply {
    Reply::admin("ADMIN-404-8", "User not found", "No such user in this organization")
}

/// The answer to a call that organizations on the original user management do not have. Administrators have reported
/// it; no document names it.
pub(super) fn not_there() -> Reply {
    Reply::admin("ADMIN-400-4", "Invalid resource", "The organization does not support this resource")
}

/// A day as the date-time that some replies need.
pub(super) fn stamp(day: &str) -> String {
    format!("{day}T12:00:00.000Z")
}
