//! The state of Socket Mode: links that are open, and envelopes that wait for an acknowledgement.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

/// The sockets of an app.
#[derive(Clone, Debug, Default)]
pub struct Sockets {
    /// Socket Mode is switched on: what people do comes over a link, never over HTTP.
    pub on: bool,
    /// Where links are taken, `ws://…`.
    pub base: String,
    /// `xapp-…`
    pub app_token: String,
    /// Links opened since the start.
    pub opened: usize,
    /// Pings that were answered.
    pub pongs: usize,
    pub(super) tickets: BTreeSet<String>,
    pub(super) links: BTreeMap<usize, mpsc::UnboundedSender<Out>>,
    pub(super) pending: BTreeMap<String, Pending>,
    /// Envelopes acknowledged, by the link they went over.
    pub(super) taken: BTreeMap<usize, usize>,
    pub(super) turn: usize,
}

impl Sockets {
    /// Socket Mode, switched off, with the token that opens links once it is on.
    #[must_use]
    pub fn new(app_token: &str) -> Self {
        Self { app_token: app_token.to_owned(), ..Self::default() }
    }
}

/// What is sent over a link.
#[derive(Debug)]
pub(super) enum Out {
    Text(String),
    /// Close without a word, as a network does.
    Cut,
}

/// An envelope that was sent and not acknowledged.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) link: usize,
    pub(super) answers: bool,
    pub(super) done: oneshot::Sender<Option<Value>>,
}

pub(super) type Pending = std::sync::Arc<std::sync::Mutex<Option<Waiting>>>;
