//! All integration tests: one crate, one link step, one module a behaviour.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod asking;
mod audit;
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
mod place;
mod postgres;
mod posts;
mod process;
mod random_kills;
mod refusal;
mod replicas;
mod secrets;
mod skip;
mod story;
mod surface;
mod sweep;
mod transports;
mod trouble;
mod unread;
mod upper;
mod views;
