//! Generated tenants with an oracle: the program's answers and repairs are judged by the simulated state, in tenants
//! that nobody wrote by hand.

mod invariants;
mod kept;
pub mod lab;
mod runner;
mod whole_bot;
