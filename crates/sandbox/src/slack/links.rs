//! The state of Socket Mode: open connections ("links"), and envelopes that wait for an acknowledgement.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

/// The sockets of an app.
#[derive(Clone, Debug, Default)]
pub struct Sockets {
    /// Whether Socket Mode is on. People's actions then reach the bot over a link, never over HTTP.
    pub on: bool,
    /// The address that accepts links, `ws://…`.
    pub base: String,
    /// Whether envelopes of commands and clicks accept an answer in the acknowledgement. None leaves the field out.
    pub accepts_answers: Option<bool>,
    /// `xapp-…`
    pub app_token: String,
    /// The number of links opened since the start.
    pub opened: usize,
    /// The number of answered pings.
    pub pongs: usize,
    pub(super) tickets: BTreeSet<String>,
    pub(super) links: BTreeMap<usize, mpsc::UnboundedSender<Out>>,
    pub(super) pending: BTreeMap<String, Pending>,
    /// The number of acknowledged envelopes, by link.
    pub(super) taken: BTreeMap<usize, usize>,
    pub(super) turn: usize,
}

impl Sockets {
    /// Socket Mode, switched off, with the token that opens links once it is on.
    #[must_use]
    pub fn new(app_token: &str) -> Self {
        Self { app_token: app_token.to_owned(), accepts_answers: Some(true), ..Self::default() }
    }
}

/// What is sent over a link.
#[derive(Debug)]
pub(super) enum Out {
    Text(String),
    /// Closes the connection without a close frame, like a broken network.
    Cut,
}

/// An envelope that was sent and is not acknowledged yet.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) link: usize,
    pub(super) answers: bool,
    pub(super) done: oneshot::Sender<Option<Value>>,
}

pub(super) type Pending = std::sync::Arc<std::sync::Mutex<Option<Waiting>>>;
