//! Reinstate finds why a managed Atlassian account has no access and plans the least destructive repair. It gets an
//! approval where one is needed, carries out the repair safely under crashes and races, and proves that access is
//! back.
//!
//! Eight terms are enough to read the code; [`reinstate_core`] introduces them.

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
