//! Reinstate finds out why a managed Atlassian account has no access, plans the least destructive repair, gets an
//! approval where one is needed, carries the repair out so that no crash or race can do harm, and proves that access
//! is back.
//!
//! Eight words carry the whole; they are introduced in [`reinstate_core`].

pub mod bot;
pub mod cli;
pub mod clock;
pub mod config;
pub mod doctor;
pub mod exec;
pub mod listener;
pub mod server;
pub mod sheet;
pub mod slack;
pub mod telemetry;
pub mod upstream;
pub mod world;
