//! The watch over the simulator of Slack, with scripted feeds and people: what is told, what is not, and that nothing is
//! told twice, whichever process dies where.

#[allow(dead_code, reason = "the fixtures of the core's tests; not every one is used here")]
#[path = "../../../../crates/core/src/tests/build.rs"]
mod evidence;
mod feeds;
mod kills;
mod script;
mod told;
