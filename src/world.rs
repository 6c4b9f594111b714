//! The one way to touch anything upstream: gather, observe, act. Gathering and observing only read; acting is
//! called from `exec::step` alone, after the journal says that it will be.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_core::future::BoxFuture;

use reinstate_core::sweep::{Census, ListedAccount, SweepQuery};
use reinstate_core::{Evidence, Op, Subject};

/// How much is to be read.
#[derive(Clone, Debug, PartialEq)]
pub enum ReadScope {
    /// Every station of the trail: a diagnosis.
    Everything,
    /// What the conditions and the state of one op need.
    For(Op),
    /// Only whether one op has taken effect, as cheaply as it can be known.
    Effect(Op),
}

/// What came of an act. Only looking again tells whether the wanted state is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActOutcome {
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

/// One page of all accounts. Where the next one begins is known before this one is read, so that the next can be
/// asked for meanwhile: the list of accounts is the longest chain of a sweep.
pub struct Page<T = ListedAccount> {
    /// What to ask for the next one with; none for the last.
    pub next: Option<String>,
    /// Reads what is on it; an answer that cannot be understood is an error in words.
    pub read: Box<dyn FnOnce() -> Result<Vec<T>, String> + Send>,
}

impl<T> Page<T> {
    /// A page without anybody, and the last.
    #[must_use]
    pub fn empty() -> Self {
        Self { next: None, read: Box::new(|| Ok(Vec::new())) }
    }
}

/// How far a sweep has read: counts for people, which decide nothing.
#[derive(Debug, Default)]
pub struct SweepProgress {
    /// Users, memberships and records read.
    pub rows: AtomicU64,
    pub accounts: AtomicU64,
    /// Managed accounts there should be, once known: records linked to one.
    pub expected: AtomicU64,
    pub looks: AtomicU64,
    pub looked: AtomicU64,
}

impl SweepProgress {
    pub fn add(counter: &AtomicU64, count: usize) {
        counter.fetch_add(u64::try_from(count).unwrap_or(0), Ordering::Relaxed);
    }

    #[must_use]
    pub fn get(counter: &AtomicU64) -> u64 {
        counter.load(Ordering::Relaxed)
    }
}

/// The upstream services.
pub trait World: Send + Sync + 'static {
    /// Reads what is asked for. A source that fails becomes a gap; this never fails as a whole.
    fn gather(&self, subject: Subject, look: ReadScope) -> BoxFuture<'_, Evidence>;

    /// Sends what makes an op true, once, within the time given.
    fn act<'a>(&'a self, op: &'a Op, within: Duration) -> BoxFuture<'a, ActOutcome>;

    /// Reads every side in bulk but the accounts, for a sweep. A side that fails becomes a gap.
    fn census<'a>(&'a self, meter: &'a SweepProgress) -> BoxFuture<'a, Census>;

    /// One page of all accounts; the first without a cursor.
    ///
    /// # Errors
    /// Why there is none, in words.
    fn accounts(&self, cursor: Option<String>) -> BoxFuture<'_, Result<Page, String>>;

    /// One page of the ids of all accounts that hold a role which opens an app; the first without a cursor. A world
    /// that does not read roles in bulk has none, and then nobody is known to have one.
    ///
    /// # Errors
    /// Why there is none, in words.
    fn app_role_holders(&self, _cursor: Option<String>) -> BoxFuture<'_, Result<Page<String>, String>> {
        Box::pin(async { Err("the roles are not read".to_owned()) })
    }

    /// Everything about one account of a sweep, as for a diagnosis; what the census knows is not read again.
    fn look<'a>(&'a self, asked: &'a SweepQuery, census: &'a Census) -> BoxFuture<'a, Evidence>;
}
