//! The bot: handles a request from Slack up to the entry in the journal, and keeps the cards up to date. It must never
//! carry out a step: [`crate::exec`] does that.

pub mod app;
mod click_queue;
mod clicks;
mod commands;
pub mod configured;
mod decisions;
pub mod dispatch;
pub mod gauges;
pub mod home;
pub mod housekeeping;
mod identities;
pub mod inbound;
mod look_limit;
mod opening;
mod other_database;
pub mod poster;
mod private;
mod refused_cards;
mod refused_requests;
mod repeats;
pub mod reply;
pub mod schedule;
mod shortcuts;
pub mod socket;
#[cfg(test)]
mod tests;
pub mod warnings;
pub mod watch;
mod watchers;
