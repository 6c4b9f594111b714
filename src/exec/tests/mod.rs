//! Attempts to break the executor over a model of the world. Nothing here waits for a clock: a crash is a future
//! that is dropped at a point the model was told to block at, and its lease is then cut short in the database.

mod crash;
#[allow(dead_code, reason = "the fixtures of the core's tests; not every one is used here")]
#[path = "../../../crates/core/src/tests/build.rs"]
mod evidence;
mod house;
mod journal;
mod judged;
mod ladders;
mod late;
mod model;
mod outcomes;
mod tenant;
mod upper;
mod world_changes;
