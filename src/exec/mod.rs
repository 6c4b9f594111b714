//! Carrying runs on: claim, fold, `next()`, do it, write it down. The loop is the recovery: a run that was
//! killed anywhere is taken up by whoever claims it next, from what the journal says.

pub mod ledger;
pub mod world;

pub use ledger::{Decision, Ledger, LedgerError};
pub use world::{Acted, Look, World};
