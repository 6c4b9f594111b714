//! The one way to touch anything upstream: gather, observe, act. Gathering and observing only read; acting is
//! called from `exec::step` alone, after the journal says that it will be.

use std::time::Duration;

use futures_core::future::BoxFuture;

use crate::core::{Evidence, Op, Subject};

/// How much is to be read.
#[derive(Clone, Debug, PartialEq)]
pub enum Look {
    /// Every station of the trail: a diagnosis.
    Everything,
    /// What the conditions and the state of one op need.
    For(Op),
    /// Only whether one op has taken effect, as cheaply as it can be known.
    Effect(Op),
}

/// What came of an act. Only looking again tells whether the wanted state is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acted {
    /// The upstream took it.
    Accepted,
    /// The upstream answered that it changed nothing, with its reason.
    NoEffect(String),
    /// The upstream refused it: certainly nothing was done.
    Refused(String),
    /// The upstream is limiting us: certainly nothing was done; try after this long.
    Later(Option<Duration>),
    /// It may or may not have been done.
    Unknown(String),
}

/// The upstream services.
pub trait World: Send + Sync + 'static {
    /// Reads what is asked for. A source that fails becomes a gap; this never fails as a whole.
    fn gather(&self, subject: Subject, look: Look) -> BoxFuture<'_, Evidence>;

    /// Sends what makes an op true, once, within the time given.
    fn act<'a>(&'a self, op: &'a Op, within: Duration) -> BoxFuture<'a, Acted>;
}
