//! Tools for the tests of every crate: a private PostgreSQL, free ports, and announced skips. The program must never
//! depend on this crate.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

pub mod port;
pub mod postgres;
pub mod skip;
