//! Attempts to break the pure core: one small evidence that is healthy, and everything that can be changed in it.
//! A test here changes one thing and says what must, or must not, follow.

pub mod build;
mod conditions;
mod digest;
mod ownership;
mod plans;
mod provisioning;
mod reasons;
mod run;
mod states;
mod upper;
