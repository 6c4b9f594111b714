//! All integration tests: one crate, one link step, one module a behaviour.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod asking;
mod bot;
mod browser;
mod causes;
mod check;
mod clicks;
mod crash;
mod deploy;
mod diagnose;
mod doctor;
mod page;
mod refusal;
mod skip;
mod sweep;
mod unread;
mod upper;
