//! Tests of the pure core that start from one healthy evidence. Each test changes one thing and checks what must
//! follow, or must not.

mod account_owner;
mod advice;
mod anchor;
pub mod build;
mod conditions;
mod digest;
mod entitled;
mod gaps;
mod history;
mod hopeless;
mod in_vain;
mod ladder;
mod log;
mod names;
mod one_change;
mod ownership;
mod planning;
mod plans;
mod provisioning;
mod reactivation;
mod reasons;
mod report;
mod run;
mod run_legal;
mod run_memory;
mod run_rules;
mod states;
mod upper;
