//! The real world: it gathers evidence with few round trips, and sends the request that makes an op true. It gathers
//! in rounds. In each round a pure function says what to read next, everything is read in parallel, and the results
//! are merged into the evidence. A source that fails must become a gap with its reason.

mod accounts;
mod act;
mod bulk;
mod bulk_grants;
mod changes;
mod convert;
mod fetch;
mod fetch_groups;
mod from_census;
mod group_cache;
mod jobs;
mod people;
mod read_request;
mod reported;
mod wants;
mod wants_apps;
mod wants_effect;
mod wants_identity;
mod warnings;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_core::future::BoxFuture;
use futures_util::future::join_all;

use super::Clients;
use crate::world::{ActOutcome, Page, ReadScope, SweepProgress, World};
use from_census::{Answer, FromCensus};
use group_cache::GroupCache;
use read_request::ReadRequest;
use reinstate_core::sweep::{Census, Grants, RoleList, SweepQuery};
use reinstate_core::warning::Facts;
use reinstate_core::watch::{Changed, Feed, FeedAnswer, Place};
use reinstate_core::{Evidence, Op, Subject, Who};
use wants::wants;

/// The rounds of a diagnosis that follows links from account to record to owner. It ends earlier when nothing more is
/// needed.
const MAX_ROUNDS: usize = 9;

/// The real Atlassian and Entra.
pub struct Live {
    clients: Clients,
    service_principal: String,
    groups: Arc<GroupCache>,
    /// The id of the job, as the last look at the tenant has read it.
    job_seen: Mutex<Option<String>>,
    /// The same world for sweeps, with low priority.
    behind: Option<Box<Live>>,
}

impl Live {
    /// A world that uses these clients. `service_principal` is the object id of the Atlassian enterprise application.
    #[must_use]
    pub fn new(clients: Clients, service_principal: String) -> Self {
        let clients_behind = clients.in_background();
        let groups = Arc::new(GroupCache::default());
        let behind = Self {
            clients: clients_behind,
            service_principal: service_principal.clone(),
            groups: Arc::clone(&groups),
            job_seen: Mutex::default(),
            behind: None,
        };
        Self {
            clients,
            service_principal,
            groups,
            job_seen: Mutex::default(),
            behind: Some(Box::new(behind)),
        }
    }

    /// The id of the job, if a look at the tenant has read it. It costs no call.
    fn known_job(&self) -> Option<String> {
        self.job_seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn behind(&self) -> &Self {
        self.behind.as_deref().unwrap_or(self)
    }

    fn directories(&self) -> Vec<String> {
        self.clients.scim.iter().map(|directory| directory.id.clone()).collect()
    }

    /// Reads in rounds. What is already known is not read again; if everything is known, no call is made.
    async fn read(&self, subject: Subject, look: &ReadScope, known: Option<&FromCensus<'_>>) -> Evidence {
        let mut evidence = Evidence::new(subject, crate::clock::now());
        evidence.places = self.clients.places.clone();
        evidence.places.application = Some(self.service_principal.clone());
        let directories = self.directories();
        let mut asked: BTreeSet<ReadRequest> = BTreeSet::new();
        for _ in 0..MAX_ROUNDS {
            let mut new = BTreeSet::new();
            // What only a person without access needs comes last, if that is not known earlier.
            for last in [false, true] {
                if new.is_empty() {
                    new.extend(wants(look, &evidence, &directories, last));
                    new.retain(|want| asked.insert(want.clone()));
                }
            }
            if new.is_empty() {
                break;
            }
            let mut unknown = Vec::new();
            for want in new {
                match known.map_or(Answer::Unknown, |known| known.answer(&want)) {
                    Answer::Known(change) => change(&mut evidence),
                    Answer::Leave => {}
                    Answer::Unknown => unknown.push(want),
                }
            }
            // A condition of a step is checked against the present state.
            let may_be_cached = *look == ReadScope::Everything;
            let changes = join_all(unknown.into_iter().map(|want| self.fetch(want, may_be_cached))).await;
            for change in changes {
                change(&mut evidence);
            }
        }
        evidence
    }
}

impl World for Live {
    fn gather(&self, subject: Subject, look: ReadScope) -> BoxFuture<'_, Evidence> {
        Box::pin(async move { self.read(subject, &look, None).await })
    }

    fn grants(&self) -> BoxFuture<'_, Grants> {
        Box::pin(self.behind().read_grants())
    }

    fn census<'a>(&'a self, grants: Grants, meter: &'a SweepProgress) -> BoxFuture<'a, Census> {
        Box::pin(self.behind().read_in_bulk(grants, meter))
    }

    fn accounts(&self, cursor: Option<String>) -> BoxFuture<'_, Result<Page, String>> {
        Box::pin(async move { self.behind().page_of_accounts(cursor).await })
    }

    fn role_holders<'a>(
        &'a self,
        list: &'a RoleList,
        cursor: Option<String>,
    ) -> BoxFuture<'a, Result<Page<String>, String>> {
        Box::pin(async move { self.behind().page_of_role_holders(list, cursor).await })
    }

    fn look<'a>(&'a self, asked: &'a SweepQuery, census: &'a Census) -> BoxFuture<'a, Evidence> {
        Box::pin(async move {
            let known = FromCensus::new(asked, census);
            self.behind().read(Subject::asked(asked.who.clone()), &ReadScope::Everything, Some(&known)).await
        })
    }

    fn changes<'a>(&'a self, feed: Feed, since: Option<&'a Place>) -> BoxFuture<'a, FeedAnswer> {
        Box::pin(self.behind().read_changes(feed, since))
    }

    fn reported<'a>(&'a self, changed: &'a Changed) -> BoxFuture<'a, Result<Option<Who>, String>> {
        Box::pin(self.behind().who_is(changed))
    }

    fn gather_in_background(&self, subject: Subject) -> BoxFuture<'_, Evidence> {
        Box::pin(async move { self.behind().read(subject, &ReadScope::Everything, None).await })
    }

    fn tenant(&self) -> BoxFuture<'_, Evidence> {
        Box::pin(self.behind().read_tenant())
    }

    fn warning_facts(&self, with_groups: bool) -> BoxFuture<'_, Facts> {
        Box::pin(self.behind().read_warning_facts(with_groups))
    }

    fn act<'a>(&'a self, op: &'a Op, within: Duration) -> BoxFuture<'a, ActOutcome> {
        Box::pin(async move {
            match tokio::time::timeout(within, self.send(op)).await {
                Ok(acted) => acted,
                Err(_) => ActOutcome::Unknown("no answer came in time".to_owned()),
            }
        })
    }
}
