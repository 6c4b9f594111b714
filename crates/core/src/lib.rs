//! The pure core of Reinstate: what is known, what it means, what should be done, and who may decide. It does no I/O,
//! reads no clock and never waits; time is an argument.
//!
//! The model has eight terms:
//!
//! | term | meaning |
//! |---|---|
//! | [`Evidence`] | typed facts, each with its source and time, plus gaps: what could not be read |
//! | [`Finding`] | a cause code that cites its facts |
//! | [`Op`] | a wanted end state of one thing, as data |
//! | [`Plan`] | ordered ops with reason, risk and expected *before*; it has a digest |
//! | [`Approval`] | one person's approval of one digest |
//! | [`Run`] | one plan that is carried out for one account: the fold of its journal entries |
//! | Journal | the entries ([`Event`]), kept by `store` |
//! | World | the only interface to the upstream services, kept by `exec` |

// The tests of the executor share the fixtures in `tests/build.rs`, which name this crate from outside.
#[cfg(test)]
extern crate self as reinstate_core;

pub mod access;
mod advice;
pub mod bundle;
pub mod condition;
pub mod diagnose;
pub mod digest;
pub mod evidence;
pub mod expression;
pub mod finding;
pub mod fold;
pub mod names;
pub mod op;
pub mod plan;
pub mod planner;
pub mod report;
pub mod rules;
pub mod run;
pub mod short_id;
pub mod subject;
pub mod sweep;
#[cfg(test)]
pub(crate) mod tests;
pub mod ticket;
pub mod warning;
pub mod watch;

pub use access::{Action, Actor, Denied, Permit, Role, may};
pub use diagnose::{Diagnosis, diagnose};
pub use evidence::{Evidence, Read, Source};
pub use finding::{Cause, Finding, Verdict};
pub use fold::{Fold, Illegal, JournalEvent, Kind};
pub use names::Names;
pub use op::{Op, Risk, State, Undo};
pub use plan::{Plan, Step, WorkedHere};
pub use planner::{plan, retire_plan, undo_plan};
pub use rules::Rules;
pub use run::{Approval, Event, Goal, Next, Outcome, Run};
pub use short_id::short_id;
pub use subject::{Subject, Who};
pub use ticket::{Ticket, Vendor};
