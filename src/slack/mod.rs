//! Slack: parses what people send, and draws what the bot shows. A message is a view; nothing is ever read back from
//! one. This module must never decide what a person may do: [`reinstate_core::may`] does that.

pub mod action;
pub mod api;
pub mod blocks;
pub mod cards;
pub mod channel;
pub mod command;
mod hosts;
pub mod manifest;
pub mod markup;
pub mod messages;
pub mod modal;
pub mod payload;
pub mod people;
pub mod response;
pub mod run_ref;
pub mod single_flight;
mod upload;
pub mod value;
