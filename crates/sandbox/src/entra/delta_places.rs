//! The data of delta queries: streams, rounds and places. It is part of the tenant's state and must never do anything.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Users,
    Groups,
}

/// What a stream has seen of one object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// Whether the object can still be restored.
    pub is_deleted: bool,
    /// A digest of each selected property.
    pub digests: Vec<u64>,
    /// The direct members, if they are selected.
    pub members: BTreeSet<String>,
}

pub(super) type Snapshot = Arc<BTreeMap<String, Arc<Seen>>>;

/// What a client follows: one kind of object with its selected properties.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub kind: Kind,
    pub select: Vec<String>,
    /// The objects of the filter. `None` without a filter.
    pub ids: Option<BTreeSet<String>>,
    /// What was seen, and when. The first one is what the stream shows.
    pub history: Vec<(Timestamp, Snapshot)>,
}

/// A round on its way.
#[derive(Clone, Debug)]
pub(super) struct Round {
    pub stream: usize,
    /// What is sent, page by page.
    pub items: Arc<Vec<Value>>,
    /// What has changed, without repetitions.
    pub changed: Arc<Vec<Value>>,
    /// What the stream showed when the round began.
    pub shown: Snapshot,
}

/// Where a token points to.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub kind: Kind,
    pub issued: Timestamp,
    pub round: Round,
    /// The first item of the next page, and whether an empty page comes before it. `None` at the end of the round.
    pub from: Option<(usize, bool)>,
}

/// Every stream and every token so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Store {
    pub streams: Vec<Stream>,
    pub places: BTreeMap<String, Place>,
}
