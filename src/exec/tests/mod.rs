//! Attempts to break the executor with a model of the world. No test waits for a clock. A crash is a future that is
//! dropped at a point where the model blocks; the test then shortens the lease in the database.

mod crash;
#[allow(dead_code, reason = "the fixtures of the core's tests; not every one is used here")]
#[path = "../../../crates/core/src/tests/build.rs"]
pub(crate) mod evidence;
mod hopeless;
mod house;
mod journal;
mod judged;
mod ladders;
mod late;
mod model;
mod outcomes;
mod tenant;
mod upper;
mod worked_here;
mod world_changes;
