//! The watch over the simulator of Slack, with scripted feeds and people: what is told, what is not, and that nothing is
//! told twice, whichever process dies where.

mod affected;
mod feeds;
mod kills;
mod script;
mod told;
mod warned;

use crate::exec::tests::evidence;
