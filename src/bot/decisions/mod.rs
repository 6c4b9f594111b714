//! People's decisions about a run or a sweep: approve, decline, cancel, retry. Three things decide: the *stored* plan,
//! the roles read now, and a run that still waits. A click that does not match is refused; only that person sees the
//! refusal, and nothing changes.

pub(super) mod approve;
pub(super) mod cancel;
pub(super) mod card;
pub(super) mod decline;
pub(super) mod retry;
pub(super) mod self_approval;
pub(super) mod still_waiting;
pub(super) mod sweep;
pub(super) mod verdict;
