//! Tools for the tests of every crate: a private PostgreSQL, free ports, and skips that are announced. It must never be a
//! dependency of the program.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

pub mod port;
pub mod postgres;
pub mod skip;
