//! The reading part of a sweep. It lists the accounts while the other sources are still being read, and checks
//! accounts while the list continues. The sweep therefore takes as long as the longest list. It must never hold more
//! than [`MAX_PAGES_AHEAD`] pages or [`MAX_QUEUED_LOOKS`] queued checks, however large the organization is.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use reinstate_core::sweep::{
    Census, Join, JoinOutcome, ListedAccount, REPEATED_PAGE, SweepFinding, SweepQuery, Tally,
    groups_not_shown,
};
use reinstate_core::{Rules, Source, Verdict, Who};

use super::roles::{RolePage, Roles, role_holders};
use crate::exec::assess::{Assessment, Gather, PlanFor, assess};
use crate::exec::prior_runs::PriorRuns;
use crate::world::{Page, SweepProgress, World};

/// Pages of accounts that wait for the other sources.
const MAX_PAGES_AHEAD: usize = 256;
/// Checks that run at the same time. Each sends several requests; the rate limiters of the clients bound them.
const MAX_CONCURRENT_LOOKS: usize = 16;
/// Checks that wait to start.
const MAX_QUEUED_LOOKS: usize = 256;
/// How long to wait before a failed page is requested again.
const RETRY_PAUSE: Duration = Duration::from_secs(2);

/// One account that is not healthy, with all that was found.
#[derive(Clone, Debug)]
pub struct CheckedAccount {
    pub found: SweepFinding,
    pub assessment: Assessment,
}

/// The result of a sweep.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    pub tally: Tally,
    /// Sources that could not be read, with the reason.
    pub unread: Vec<(Source, String)>,
    /// Why prior runs could not be read, where they might matter for an account.
    pub prior_runs_unread: Option<String>,
}

/// Sweeps the organization. It sends each account that is not healthy to `out` as soon as it is found, in no order.
/// The sweep ends if the receiver is dropped. Accounts in `known`, from an interrupted sweep, are counted and not
/// checked again.
pub async fn survey(
    world: &Arc<dyn World>,
    prior_runs: &Arc<PriorRuns>,
    rules: &Arc<Rules>,
    meter: &Arc<SweepProgress>,
    known: &HashMap<String, SweepFinding>,
    out: &mpsc::Sender<CheckedAccount>,
) -> Survey {
    let (page, mut pages) = mpsc::channel(MAX_PAGES_AHEAD);
    let (holder, mut holders) = mpsc::channel(MAX_PAGES_AHEAD);
    let mut listing = JoinSet::new();
    let accounts = Arc::clone(world);
    let counted = Arc::clone(meter);
    listing.spawn(async move {
        let count = |accounts: &Vec<ListedAccount>| SweepProgress::add(&counted.accounts, accounts.len());
        list(|cursor| accounts.accounts(cursor), count, page).await;
    });
    // What the groups grant decides which lists of role holders are read. They are read while the rest is read.
    let grants = world.grants().await;
    let lists = grants.lists();
    for (number, of) in (0_u16..).zip(lists.iter().flatten().cloned()) {
        listing.spawn(role_holders(Arc::clone(world), of, number, holder.clone()));
    }
    drop(holder);
    let mut census = world.census(grants, meter).await;
    census.role_lists = lists;
    let census = Arc::new(census);
    let mut looks = CloseChecks {
        world,
        prior_runs,
        rules,
        meter,
        census: Arc::clone(&census),
        known,
        out,
        places: Arc::new(Semaphore::new(MAX_CONCURRENT_LOOKS)),
        running: JoinSet::new(),
        tally: Tally::of_tenant(census.tenant_causes.clone()),
        prior_runs_unread: None,
    };
    let mut join = Join::default();
    let mut unread = census.gaps();
    let mut roles = Roles::new(&census);
    let mut without_groups = 0_usize;
    let mut ended = false;
    while !(ended && roles.ended) {
        // The order matters: an account whose role is already known must not wait.
        let told: Vec<ListedAccount> = tokio::select! {
            biased;
            page = holders.recv(), if !roles.ended => match page {
                Some(RolePage::Holders(list, ids)) => roles.hold(list, &ids),
                Some(RolePage::End(list, failure)) => {
                    let failure = failure.map(|why| (Source::Roles, why));
                    unread.extend(failure.clone().filter(|gap| !unread.contains(gap)));
                    roles.end_of(list, failure.is_some())
                }
                None => roles.end(),
            },
            page = pages.recv(), if !ended && !roles.is_full() => match page {
                Some(Ok(accounts)) => {
                    without_groups += accounts.iter().filter(|listed| listed.account.groups.is_none()).count();
                    accounts.into_iter().filter_map(|listed| roles.tell(listed)).collect()
                }
                Some(Err(why)) => {
                    unread.push((Source::Accounts, why));
                    join.cut_short = true;
                    Vec::new()
                }
                None => {
                    ended = true;
                    Vec::new()
                }
            },
        };
        for listed in told {
            match join.judge(&census, listed) {
                JoinOutcome::Skip => {}
                JoinOutcome::Good => looks.tally.healthy(),
                JoinOutcome::Beside => looks.tally.beside(),
                JoinOutcome::Look(asked) => looks.begin(*asked).await,
            }
        }
    }
    if without_groups > 0 {
        unread.push((Source::Groups, groups_not_shown(without_groups)));
    }
    for asked in join.without_account(&census) {
        looks.begin(asked).await;
    }
    looks.end().await;
    Survey { tally: looks.tally, unread, prior_runs_unread: looks.prior_runs_unread }
}

/// Lists all pages, and requests the next page while one is parsed. If a page cannot be read, the list starts
/// again once. An account that then comes twice is counted once.
pub(super) async fn list<T, F>(
    ask: impl Fn(Option<String>) -> F,
    count: impl Fn(&Vec<T>),
    out: mpsc::Sender<Result<Vec<T>, String>>,
) where
    F: Future<Output = Result<Page<T>, String>>,
{
    let (mut seen, mut again) = (HashSet::new(), true);
    let mut came = ask(None).await;
    loop {
        let (read, following) = match came {
            Ok(Page { next, read }) => {
                let known = next.as_ref().is_some_and(|next| !seen.insert(next.clone()));
                // A list whose pages form a circle would do so again, so there is no second attempt.
                again &= !known;
                let ask = async {
                    match next {
                        Some(_) if known => Some(Err(REPEATED_PAGE.to_owned())),
                        Some(next) => Some(ask(Some(next)).await),
                        None => None,
                    }
                };
                // The order matters: the request is sent before the parsing begins.
                let (following, read) = tokio::join!(biased; ask, async { read() });
                (read, following)
            }
            Err(why) => (Err(why), None),
        };
        match read {
            Ok(accounts) => {
                count(&accounts);
                if out.send(Ok(accounts)).await.is_err() {
                    return;
                }
                let Some(following) = following else { return };
                came = following;
            }
            Err(_) if again => {
                again = false;
                seen.clear();
                tokio::time::sleep(RETRY_PAUSE).await;
                came = ask(None).await;
            }
            Err(why) => {
                out.send(Err(why)).await.ok();
                return;
            }
        }
    }
}

/// Closer checks that are in progress.
struct CloseChecks<'a> {
    world: &'a Arc<dyn World>,
    prior_runs: &'a Arc<PriorRuns>,
    rules: &'a Arc<Rules>,
    meter: &'a Arc<SweepProgress>,
    census: Arc<Census>,
    known: &'a HashMap<String, SweepFinding>,
    out: &'a mpsc::Sender<CheckedAccount>,
    places: Arc<Semaphore>,
    running: JoinSet<CheckedAccount>,
    tally: Tally,
    prior_runs_unread: Option<String>,
}

impl CloseChecks<'_> {
    async fn begin(&mut self, asked: SweepQuery) {
        SweepProgress::add(&self.meter.looks, 1);
        if let Some(found) = self.known.get(asked.who.text()) {
            SweepProgress::add(&self.meter.looked, 1);
            self.tally.found(found);
            return;
        }
        while self.running.len() >= MAX_QUEUED_LOOKS {
            self.take().await;
        }
        while let Some(Ok(looked)) = self.running.try_join_next() {
            self.count(looked).await;
        }
        let (world, census) = (Arc::clone(self.world), Arc::clone(&self.census));
        let (rules, prior_runs) = (Arc::clone(self.rules), Arc::clone(self.prior_runs));
        let places = Arc::clone(&self.places);
        self.running.spawn(async move {
            let place = places.acquire().await;
            let gather = Gather::Listed(&asked, &census);
            let assessment = assess(world.as_ref(), &prior_runs, &rules, gather, PlanFor::Repair, &[]).await;
            drop(place);
            let (Who::Email(query) | Who::Account(query)) = &asked.who;
            let found = SweepFinding::of(query, &assessment.diagnosis, &assessment.plan, &rules);
            CheckedAccount { found, assessment }
        });
    }

    async fn end(&mut self) {
        while !self.running.is_empty() {
            self.take().await;
        }
    }

    async fn take(&mut self) {
        if let Some(Ok(looked)) = self.running.join_next().await {
            self.count(looked).await;
        }
    }

    async fn count(&mut self, looked: CheckedAccount) {
        SweepProgress::add(&self.meter.looked, 1);
        self.tally.found(&looked.found);
        if let Some(why) = &looked.assessment.prior_runs_unread {
            self.prior_runs_unread.get_or_insert_with(|| why.clone());
        }
        // A dropped receiver means that the sweep was stopped; the caller drops this future.
        if looked.found.verdict != Verdict::Healthy {
            self.out.send(looked).await.ok();
        }
    }
}

#[cfg(test)]
#[path = "survey_tests.rs"]
mod tests;
