//! The only way to reach the upstream services: gather, observe, act. Gathering and observing only read. Only
//! `exec::step` may act, and only after the journal holds the intent.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_core::future::BoxFuture;

use reinstate_core::sweep::{Census, Grants, ListedAccount, RoleList, SweepQuery};
use reinstate_core::warning::Facts;
use reinstate_core::watch::{Changed, Feed, FeedAnswer, Place};
use reinstate_core::{Evidence, Op, Subject, Who};

/// How much to read.
#[derive(Clone, Debug, PartialEq)]
pub enum ReadScope {
    /// Every station of the trail, for a diagnosis.
    Everything,
    /// What the conditions and the state of one op need.
    For(Op),
    /// Only whether one op has taken effect, with as few requests as possible.
    Effect(Op),
}

/// The answer to an act. Only a new read shows whether the wanted state is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActOutcome {
    /// The upstream service accepted it.
    Accepted,
    /// The upstream service answered that it changed nothing, with its reason.
    NoEffect(String),
    /// The upstream service refused it: certainly nothing was done.
    Refused(String),
    /// The upstream service limits our requests: certainly nothing was done. Try again after this long.
    Later(Option<Duration>),
    /// It may or may not have been done.
    Unknown(String),
}

/// One page of all accounts. Its cursor is known before its content is parsed, so the next page can be requested
/// meanwhile. The list of accounts is the longest sequence of requests in a sweep.
pub struct Page<T = ListedAccount> {
    /// The cursor of the next page; `None` on the last page.
    pub next: Option<String>,
    /// Parses the content of the page. The error is a sentence.
    pub read: Box<dyn FnOnce() -> Result<Vec<T>, String> + Send>,
}

impl<T> Page<T> {
    /// The last page, without accounts.
    #[must_use]
    pub fn empty() -> Self {
        Self { next: None, read: Box::new(|| Ok(Vec::new())) }
    }
}

/// How far a sweep has read. The counts are for display only; no decision depends on them.
#[derive(Debug, Default)]
pub struct SweepProgress {
    /// Users, memberships and records read so far.
    pub rows: AtomicU64,
    pub accounts: AtomicU64,
    /// The expected number of managed accounts, once known: the records that are linked to an account.
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
    /// Reads what is requested. A source that fails becomes a gap; the call as a whole never fails.
    fn gather(&self, subject: Subject, look: ReadScope) -> BoxFuture<'_, Evidence>;

    /// Sends the request that makes an op true, once, within the given time.
    fn act<'a>(&'a self, op: &'a Op, within: Duration) -> BoxFuture<'a, ActOutcome>;

    /// Reads for a sweep what the assigned groups grant. A source that fails becomes a gap. The default implementation
    /// reads nothing, so it is unknown which apps anybody should be able to open.
    fn grants(&self) -> BoxFuture<'_, Grants> {
        Box::pin(async { Grants::default() })
    }

    /// Reads everything in bulk for a sweep, except the accounts and what [`Self::grants`] has read. A source that fails
    /// becomes a gap.
    fn census<'a>(&'a self, grants: Grants, meter: &'a SweepProgress) -> BoxFuture<'a, Census>;

    /// One page of all accounts. Pass no cursor for the first page.
    ///
    /// # Errors
    /// A sentence that says why there is no page.
    fn accounts(&self, cursor: Option<String>) -> BoxFuture<'_, Result<Page, String>>;

    /// One page of the ids of all accounts that are on a list of role holders. Pass no cursor for the first page. The
    /// default implementation reads no roles in bulk, so no account is known to hold one.
    ///
    /// # Errors
    /// A sentence that says why there is no page.
    fn role_holders<'a>(
        &'a self,
        _list: &'a RoleList,
        _cursor: Option<String>,
    ) -> BoxFuture<'a, Result<Page<String>, String>> {
        Box::pin(async { Err("the roles are not read".to_owned()) })
    }

    /// Reads everything about one account of a sweep, as a diagnosis does, except what the census already holds.
    fn look<'a>(&'a self, asked: &'a SweepQuery, census: &'a Census) -> BoxFuture<'a, Evidence>;

    /// How a person is asked about whom a feed has reported. `None` if nobody has this id, or nobody any more. The
    /// default implementation knows accounts only.
    ///
    /// # Errors
    /// A sentence that says why it is not known.
    fn reported<'a>(&'a self, changed: &'a Changed) -> BoxFuture<'a, Result<Option<Who>, String>> {
        Box::pin(async move {
            match changed {
                Changed::Account(id) => Ok(Some(Who::Account(id.clone()))),
                _ => Err("the ids of feeds are not read".to_owned()),
            }
        })
    }

    /// Reads everything about one person, as [`Self::gather`] does, and lets all other requests pass first.
    fn gather_in_background(&self, subject: Subject) -> BoxFuture<'_, Evidence> {
        self.gather(subject, ReadScope::Everything)
    }

    /// Reads what concerns everybody, and nothing about anybody: the job, its mapping, and the domains. The default
    /// implementation reads nothing.
    fn tenant(&self) -> BoxFuture<'_, Evidence> {
        let nobody = Subject::asked(Who::Account(String::new()));
        Box::pin(async move { Evidence::new(nobody, jiff::Timestamp::UNIX_EPOCH) })
    }

    /// Reads what runs out. The sizes of the groups are read only `with_groups`: a large organization has many pages of
    /// them. The default implementation reads nothing.
    fn warning_facts(&self, _with_groups: bool) -> BoxFuture<'_, Facts> {
        Box::pin(async { Facts::default() })
    }

    /// Reads what a feed reports since a place. Without a place, the round is empty and its place is that of now. The
    /// default implementation reads no feed.
    fn changes<'a>(&'a self, _feed: Feed, _since: Option<&'a Place>) -> BoxFuture<'a, FeedAnswer> {
        Box::pin(async { FeedAnswer::Unread("the feeds are not read".to_owned()) })
    }
}
