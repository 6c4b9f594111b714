//! The reading half of a sweep. The accounts are listed while the other sides are still being read, and looks are
//! taken while the list goes on, so that the time is that of the longest list. It must never hold more pages than
//! [`AHEAD`] or more looks than [`QUEUED`], however large the organization.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use crate::core::sweep::{Asked, Census, Found, Join, Judged, Listed, Tally};
use crate::core::{Diagnosis, Plan, Rules, Source, Verdict, Who, diagnose, plan};

use super::super::{Meter, Page, World};

/// Pages of accounts that wait for the other sides.
const AHEAD: usize = 256;
/// Looks taken at once. Each asks several things at a time; the pace of the clients bounds the calls.
const AT_ONCE: usize = 16;
/// Looks that wait for their turn.
const QUEUED: usize = 256;
/// How long a page is waited for before it is asked for again.
const AGAIN: Duration = Duration::from_secs(2);

/// One account that is not in order, with all that was found.
#[derive(Clone, Debug)]
pub struct Looked {
    /// In short.
    pub found: Found,
    /// The diagnosis.
    pub diagnosis: Diagnosis,
    /// The plan.
    pub plan: Plan,
}

/// What a sweep came to.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// The counts.
    pub tally: Tally,
    /// Sides that could not be read, with the reason.
    pub unread: Vec<(Source, String)>,
}

/// Sweeps the organization. Every account that is not healthy is sent to `out` as it is found, in no order; if nobody
/// takes it any more the sweep ends. What is `known` from an interrupted sweep is counted and not looked at again.
pub async fn survey(
    world: &Arc<dyn World>,
    rules: &Arc<Rules>,
    meter: &Arc<Meter>,
    known: &HashMap<String, Found>,
    out: &mpsc::Sender<Looked>,
) -> Survey {
    let (page, mut pages) = mpsc::channel(AHEAD);
    let mut listing = JoinSet::new();
    listing.spawn(list(Arc::clone(world), Arc::clone(meter), page));
    let census = Arc::new(world.census(meter).await);
    let mut looks = Looks {
        world,
        rules,
        meter,
        census: Arc::clone(&census),
        known,
        out,
        places: Arc::new(Semaphore::new(AT_ONCE)),
        running: JoinSet::new(),
        tally: Tally::default(),
    };
    let mut join = Join::default();
    let mut unread = census.gaps();
    while let Some(page) = pages.recv().await {
        match page {
            Ok(accounts) => {
                for listed in accounts {
                    match join.judge(&census, listed) {
                        Judged::Skip => {}
                        Judged::Good => looks.tally.healthy(),
                        Judged::Beside => looks.tally.beside(),
                        Judged::Look(asked) => looks.begin(*asked).await,
                    }
                }
            }
            Err(why) => {
                unread.push((Source::Accounts, why));
                join.cut_short = true;
            }
        }
    }
    for asked in join.without_account(&census) {
        looks.begin(asked).await;
    }
    looks.end().await;
    Survey { tally: looks.tally, unread }
}

/// Lists all accounts; while a page is read the next one is on its way. A place in the list that is lost is looked for
/// once more from the start; whoever comes twice then is counted once.
async fn list(world: Arc<dyn World>, meter: Arc<Meter>, out: mpsc::Sender<Result<Vec<Listed>, String>>) {
    let (mut seen, mut again) = (HashSet::new(), true);
    let mut came = world.accounts(None).await;
    loop {
        let (read, following) = match came {
            Ok(Page { next, read }) => {
                let known = next.as_ref().is_some_and(|next| !seen.insert(next.clone()));
                // A list that runs in a circle would do so again.
                again &= !known;
                let ask = async {
                    match next {
                        Some(_) if known => {
                            Some(Err("the list of accounts comes back to a page that was read".to_owned()))
                        }
                        Some(next) => Some(world.accounts(Some(next)).await),
                        None => None,
                    }
                };
                // In this order: the question is sent before the reading begins.
                let (following, read) = tokio::join!(biased; ask, async { read() });
                (read, following)
            }
            Err(why) => (Err(why), None),
        };
        match read {
            Ok(accounts) => {
                Meter::add(&meter.accounts, accounts.len());
                if out.send(Ok(accounts)).await.is_err() {
                    return;
                }
                let Some(following) = following else { return };
                came = following;
            }
            Err(_) if again => {
                again = false;
                seen.clear();
                tokio::time::sleep(AGAIN).await;
                came = world.accounts(None).await;
            }
            Err(why) => {
                out.send(Err(why)).await.ok();
                return;
            }
        }
    }
}

/// Close looks on their way.
struct Looks<'a> {
    world: &'a Arc<dyn World>,
    rules: &'a Arc<Rules>,
    meter: &'a Arc<Meter>,
    census: Arc<Census>,
    known: &'a HashMap<String, Found>,
    out: &'a mpsc::Sender<Looked>,
    places: Arc<Semaphore>,
    running: JoinSet<Looked>,
    tally: Tally,
}

impl Looks<'_> {
    async fn begin(&mut self, asked: Asked) {
        Meter::add(&self.meter.looks, 1);
        if let Some(found) = self.known.get(asked.who.text()) {
            Meter::add(&self.meter.looked, 1);
            self.tally.found(found);
            return;
        }
        while self.running.len() >= QUEUED {
            self.take().await;
        }
        while let Some(Ok(looked)) = self.running.try_join_next() {
            self.count(looked).await;
        }
        let (world, census) = (Arc::clone(self.world), Arc::clone(&self.census));
        let (rules, places) = (Arc::clone(self.rules), Arc::clone(&self.places));
        self.running.spawn(async move {
            let place = places.acquire().await;
            let evidence = world.look(&asked, &census).await;
            drop(place);
            let diagnosis = diagnose(&evidence);
            let plan = plan(&evidence, &diagnosis, &rules, &[]);
            let (Who::Email(query) | Who::Account(query)) = &asked.who;
            Looked { found: Found::of(query, &diagnosis, &plan, &rules), diagnosis, plan }
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

    async fn count(&mut self, looked: Looked) {
        Meter::add(&self.meter.looked, 1);
        self.tally.found(&looked.found);
        // Nobody to tell means that the sweep was stopped: the caller drops it.
        if looked.found.verdict != Verdict::Healthy {
            self.out.send(looked).await.ok();
        }
    }
}

#[cfg(test)]
#[path = "survey_tests.rs"]
mod tests;
