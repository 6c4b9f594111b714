//! All integration tests: one crate, one link step, one module a behaviour.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod asking;
mod bot;
mod browser;
mod caps;
mod causes;
mod check;
mod clicks;
mod commands;
mod crash;
mod deploy;
mod diagnose;
mod doctor;
mod faults;
mod hostile;
mod inputs;
mod odd;
mod page;
mod posts;
mod refusal;
mod secrets;
mod skip;
mod surface;
mod sweep;
mod transports;
mod unread;
mod upper;
mod views;
