//! Slack: what people say comes in parsed, and what is true goes out as cards. A message is a view; nothing is ever read
//! back from one. It must never decide what a person may do: that is [`reinstate_core::may`].

pub mod action;
pub mod api;
pub mod blocks;
pub mod cards;
pub mod command;
pub mod manifest;
pub mod markup;
pub mod messages;
pub mod modal;
pub mod payload;
pub mod people;
pub mod response;
pub mod single_flight;
pub mod value;
