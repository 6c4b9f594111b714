//! Slack: what people say comes in verified and parsed, and what is true goes out as cards. A message is a view;
//! nothing is ever read back from one. It must never decide what a person may do: that is [`crate::core::may`].

pub mod api;
pub mod blocks;
pub mod cards;
pub mod command;
mod commands;
pub mod dispatch;
pub(crate) mod home;
pub mod inbound;
mod interaction;
pub mod markup;
mod modal;
pub(crate) mod own;
pub mod payload;
pub mod people;
pub mod poster;
mod private;
pub mod response;
mod shortcuts;
pub mod slots;
pub mod socket;
#[cfg(test)]
mod tests;
pub mod words;
