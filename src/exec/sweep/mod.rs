//! A sweep: it reads the census and the accounts page by page, joins them, and checks each mismatch closely. A sweep
//! only reads. A repair that follows from it is a normal run.

mod carry;
mod gate;
mod repair;
mod roles;
mod survey;

pub use survey::{CheckedAccount, Survey, survey};
