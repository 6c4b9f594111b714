//! A sweep: the census, the accounts page by page, the join, and a close look at whatever does not match. It only
//! reads; a repair that comes of it is a run like any other.

mod carry;
mod gate;
mod repair;
mod survey;

pub use survey::{Looked, Survey, survey};
