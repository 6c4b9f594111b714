//! What people decide about a run or a sweep: approve, decline, cancel, retry. A decision is made on the *stored* plan, on
//! roles that are asked for now, and on a run that still waits; whatever does not fit is refused to that person alone and
//! changes nothing.

pub(super) mod approve;
pub(super) mod cancel;
pub(super) mod card;
pub(super) mod decline;
pub(super) mod retry;
pub(super) mod self_approval;
pub(super) mod still_waiting;
pub(super) mod sweep;
pub(super) mod verdict;
