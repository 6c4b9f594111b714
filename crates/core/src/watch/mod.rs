//! Watching: what the feeds of the services report between two sweeps, whom that concerns, and what is told about it.
//! A feed only says where to look. This module must never name a cause: [`mod@crate::diagnose`] does, from evidence that
//! was read after the report.

mod incident;
mod reason;
mod signal;
mod tenant;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod wait_tests;

pub use incident::{IncidentChange, Judgement, LookAgain, Named, decide, is_too_early, judge, written};
pub use reason::{TenantFault, WatchReason, Watched};
pub use signal::{Changed, Feed, FeedAnswer, Place, Round, Signal};
pub use tenant::{is_over, tenant_faults};
