//! One read for each request: each returns a change of the evidence. Several readings of one field are joined. A gap
//! must stay a gap: a list that was only partly read would look complete.

use futures_core::future::BoxFuture;
use jiff::Timestamp;

use super::read_request::ReadRequest;
use super::{Live, convert};
use crate::upstream::{Atlassian, CallError, Entra, Scim};
use reinstate_core::Evidence;
use reinstate_core::evidence::{Account, DynamicGroup, Gap, IdpUser, Read};

/// The privileges that are used from the permission document. The whole document is requested
/// (docs/reference/rules.md#atlassian-permission-document).
const PRIVILEGES: &[&str] = &["email.set", "lifecycle.enablement", "lifecycle.delete"];
/// How many days of the log are read; Microsoft keeps it for 30 days.
const LOG_WINDOW_DAYS: i64 = 30;

/// A change of the evidence.
pub(super) type Change = Box<dyn FnOnce(&mut Evidence) + Send>;

pub(super) type Reason = Gap;

/// The time from which the logs are read.
pub(super) fn days_before(at: Timestamp) -> Timestamp {
    at.checked_sub(jiff::SignedDuration::from_hours(24 * LOG_WINDOW_DAYS)).unwrap_or(Timestamp::MIN)
}

pub(super) fn reason(error: &CallError) -> Reason {
    let request = match error {
        CallError::Refused { request_id, .. } => request_id.clone(),
        _ => None,
    };
    Gap { reason: error.reason(), request }
}

pub(super) fn change(apply: impl FnOnce(&mut Evidence) + Send + 'static) -> Change {
    Box::new(apply)
}

/// Joins a new reading into an existing list.
pub(super) fn join<T>(
    slot: &mut Read<Vec<T>>,
    found: Result<Vec<T>, Reason>,
    at: Timestamp,
    same: impl Fn(&T, &T) -> bool,
) {
    match (slot, found) {
        (Read::Gap(_), _) => {}
        (slot, Err(reason)) => *slot = Read::Gap(reason),
        (Read::Seen { value, .. }, Ok(found)) => {
            for item in found {
                if !value.iter().any(|known| same(known, &item)) {
                    value.push(item);
                }
            }
        }
        (slot, Ok(found)) => *slot = Read::seen(at, found),
    }
}

pub(super) fn once<T>(found: Result<T, Reason>, at: Timestamp) -> Read<T> {
    match found {
        Ok(value) => Read::seen(at, value),
        Err(reason) => Read::Gap(reason),
    }
}

impl Live {
    pub(super) fn entra(&self) -> Result<&Entra, Reason> {
        self.clients.entra.as_ref().ok_or_else(|| "no Entra credential is configured".into())
    }

    pub(super) fn org(&self) -> Result<&Atlassian, Reason> {
        self.clients.atlassian.as_ref().ok_or_else(|| "no organization key is configured".into())
    }

    pub(super) fn scim(&self, directory: &str) -> Result<&Scim, Reason> {
        let known = self.clients.scim.iter().find(|known| known.id == directory);
        known
            .and_then(|known| known.client.as_ref())
            .ok_or_else(|| format!("no SCIM key is configured for directory {directory}").into())
    }

    /// Reads one request. What is known about groups may be some minutes old, if `may_be_cached`.
    pub(super) fn fetch(&self, want: ReadRequest, may_be_cached: bool) -> BoxFuture<'_, Change> {
        Box::pin(async move {
            tracing::debug!(source = want.source().name(), "reading");
            match want {
                ReadRequest::Users(_)
                | ReadRequest::UserById(_)
                | ReadRequest::Attribute(..)
                | ReadRequest::Strays(_)
                | ReadRequest::Memberships(_)
                | ReadRequest::Nested(_)
                | ReadRequest::DynamicGroups
                | ReadRequest::Assignments
                | ReadRequest::TenantDomains
                | ReadRequest::Bearers(_)
                | ReadRequest::Owner(..) => self.directory(want).await,
                ReadRequest::Jobs
                | ReadRequest::Mapping(_)
                | ReadRequest::Settings
                | ReadRequest::Log(..) => self.provisioning(want).await,
                ReadRequest::Stopper | ReadRequest::Pending(_) => self.standstill(want).await,
                ReadRequest::RecordsByName(..)
                | ReadRequest::RecordsByExternal(..)
                | ReadRequest::RecordById(_)
                | ReadRequest::ScimGroup(..) => self.records(want).await,
                ReadRequest::OrgGroups(_)
                | ReadRequest::ShownGroups(_)
                | ReadRequest::SimilarGroups(_)
                | ReadRequest::GrantingGroups(_)
                | ReadRequest::GroupRoles(_)
                | ReadRequest::Workspaces => self.groups_and_apps(want, may_be_cached).await,
                _ => self.organization(want).await,
            }
        })
    }

    async fn directory(&self, want: ReadRequest) -> Change {
        let at = crate::clock::now();
        match want {
            ReadRequest::Users(address) => {
                let found = self.users(&address).await;
                change(move |e| join(&mut e.users, found, at, |a, b| a.id == b.id))
            }
            ReadRequest::UserById(id) => {
                let found = self.user(&id).await.map(|found| found.into_iter().collect());
                change(move |e| join(&mut e.users, found, at, |a: &IdpUser, b| a.id == b.id))
            }
            ReadRequest::Attribute(person, name) => {
                let found = self.attribute(&person, &name).await;
                change(move |e| match (found, &mut e.users) {
                    (Ok(value), Read::Seen { value: users, .. }) => {
                        for user in users.iter_mut().filter(|user| user.id == person) {
                            user.attributes.insert(name.clone(), value.clone());
                        }
                    }
                    (Ok(_), _) => {}
                    (Err(reason), _) => drop(e.unselected.insert(name, reason)),
                })
            }
            ReadRequest::Strays(address) => {
                let (others, deleted) = self.strays(&address).await;
                change(move |e| {
                    join(&mut e.users, others, at, |a, b| a.id == b.id);
                    join(&mut e.deleted_users, deleted, at, |a, b| a.id == b.id);
                })
            }
            ReadRequest::Memberships(person) => {
                let found = async { self.entra()?.member_of(&person).await.map_err(|e| reason(&e)) }.await;
                let found = found.map(|all| all.into_iter().filter_map(convert::group).collect());
                change(move |e| e.memberships = once(found, at))
            }
            ReadRequest::Nested(person) => {
                let found =
                    async { self.entra()?.transitive_member_of(&person).await.map_err(|e| reason(&e)) }.await;
                let found = found.map(|all| all.into_iter().filter_map(convert::group).collect());
                change(move |e| e.nested = once(found, at))
            }
            ReadRequest::DynamicGroups => {
                let found = self.dynamic_groups().await;
                change(move |e| e.dynamic_groups = once(found, at))
            }
            ReadRequest::Bearers(address) => {
                let found = self.users(&address).await;
                change(move |e| {
                    e.bearers.insert(address, once(found, at));
                })
            }
            ReadRequest::TenantDomains => {
                let found = async { self.entra()?.verified_domains().await.map_err(|e| reason(&e)) }.await;
                change(move |e| e.tenant_domains = once(found, at))
            }
            ReadRequest::Owner(external, from) => {
                let found = self.owner(&external, from).await;
                change(move |e| {
                    e.owners.insert(external, once(found, at));
                })
            }
            _ => {
                let found = async {
                    self.entra()?.assigned_to(&self.service_principal).await.map_err(|e| reason(&e))
                }
                .await;
                let found = found.map(|all| all.into_iter().filter_map(convert::assignment).collect());
                change(move |e| e.assignments = once(found, at))
            }
        }
    }

    pub(super) async fn dynamic_groups(&self) -> Result<Vec<DynamicGroup>, Reason> {
        let found = self.entra()?.dynamic_groups().await.map_err(|e| reason(&e))?;
        Ok(found.into_iter().filter_map(convert::dynamic_group).collect())
    }

    async fn provisioning(&self, want: ReadRequest) -> Change {
        let at = crate::clock::now();
        match want {
            ReadRequest::Mapping(job) => {
                let found = async {
                    self.entra()?.mapping(&self.service_principal, &job).await.map_err(|e| reason(&e))
                }
                .await;
                let found = found.map(convert::mapping);
                change(move |e| e.mapping = once(found, at))
            }
            ReadRequest::Settings => {
                let found =
                    async { self.entra()?.settings(&self.service_principal).await.map_err(|e| reason(&e)) }
                        .await;
                change(move |e| {
                    // An optional reading: not every tenant allows it, and nothing depends on it.
                    if let (Ok(settings), Read::Seen { value, .. }) = (found, &mut e.mapping) {
                        value.sync_all = settings.sync_all;
                        value.directory = settings.base_address.as_deref().and_then(convert::directory_of);
                    }
                })
            }
            ReadRequest::Log(job, person) => {
                let found = async {
                    self.entra()?
                        .provisioning_log(&job, &person, days_before(at))
                        .await
                        .map_err(|e| reason(&e))
                }
                .await;
                let found = found.and_then(|log| match (log.complete, log.entries.is_empty()) {
                    // Only the newest entries are read. If none of them concerns the person, that proves nothing.
                    (false, true) => Err("the log is longer than what is read of it".into()),
                    _ => Ok(log.entries.into_iter().map(convert::log_entry).collect()),
                });
                change(move |e| e.log = once(found, at))
            }
            _ => {
                let (job, applications) = self.job_or_applications(at).await;
                change(move |e| {
                    e.job = job;
                    e.applications = applications;
                })
            }
        }
    }

    /// Why the job does not run, and what is pending in its log.
    async fn standstill(&self, want: ReadRequest) -> Change {
        let at = crate::clock::now();
        let since = days_before(at);
        if let ReadRequest::Pending(job) = want {
            let found = async { self.entra()?.job_log(&job, since).await.map_err(|e| reason(&e)) }.await;
            let found = found.and_then(|log| convert::pending(log).map_err(Reason::from));
            return change(move |e| e.pending = once(found, at));
        }
        let found = async { self.entra()?.job_changes(since).await.map_err(|e| reason(&e)) }.await;
        let found =
            found.and_then(|log| convert::stopper(log, &self.service_principal).map_err(Reason::from));
        change(move |e| e.stopped_by = once(found, at))
    }

    async fn records(&self, want: ReadRequest) -> Change {
        let at = crate::clock::now();
        let people = |directory: &str, found: Vec<_>| {
            found.into_iter().filter_map(|user| convert::record(directory, user)).collect::<Vec<_>>()
        };
        match want {
            ReadRequest::RecordsByName(directory, name) => {
                let found =
                    async { self.scim(&directory)?.users_by_name(&name).await.map_err(|e| reason(&e)) }.await;
                let found = found.map(|found| people(&directory, found));
                change(move |e| join(e.records.entry(directory).or_default(), found, at, |a, b| a.id == b.id))
            }
            ReadRequest::RecordsByExternal(directory, id) => {
                let found =
                    async { self.scim(&directory)?.users_by_external_id(&id).await.map_err(|e| reason(&e)) };
                let found = found.await.map(|found| people(&directory, found));
                change(move |e| join(e.records.entry(directory).or_default(), found, at, |a, b| a.id == b.id))
            }
            ReadRequest::ScimGroup(directory, id) => {
                let found = async { self.scim(&directory)?.group(&id).await.map_err(|e| reason(&e)) }.await;
                change(move |e| match (found, &mut e.scim_groups) {
                    (_, Read::Gap(_)) => {}
                    (Err(reason), slot) => *slot = Read::Gap(reason),
                    (Ok(group), slot) => {
                        let external = group.and_then(|group| group.external_id);
                        if !matches!(slot, Read::Seen { .. }) {
                            *slot = Read::seen(at, std::collections::BTreeMap::new());
                        }
                        if let (Read::Seen { value, .. }, Some(external)) = (slot, external) {
                            value.insert(id, external);
                        }
                    }
                })
            }
            ReadRequest::RecordById(id) => {
                let found =
                    async { self.scim(&id.directory)?.user(&id.record).await.map_err(|e| reason(&e)) }.await;
                let found = found.map(|found| found.and_then(|user| convert::record(&id.directory, user)));
                change(move |e| e.records_by_id.push((id, once(found, at))))
            }
            _ => change(|_| {}),
        }
    }

    async fn organization(&self, want: ReadRequest) -> Change {
        let at = crate::clock::now();
        match want {
            ReadRequest::AccountsByEmail(emails) => {
                let found =
                    async { self.org()?.accounts_by_email(&emails).await.map_err(|e| reason(&e)) }.await;
                self.accounts(found, at).await
            }
            ReadRequest::AccountsById(ids) => {
                let found = async { self.org()?.accounts_by_id(&ids).await.map_err(|e| reason(&e)) }.await;
                self.accounts(found, at).await
            }
            ReadRequest::Namesakes(term) => {
                let found = async { self.org()?.accounts_like(&term).await.map_err(|e| reason(&e)) }.await;
                let found = found.map(|all| all.into_iter().filter_map(convert::account).collect());
                change(move |e| join(&mut e.namesakes, found, at, |a: &Account, b| a.id == b.id))
            }
            ReadRequest::LinksByEmail(email) => {
                let found =
                    async { self.org()?.scim_links_for_email(&email).await.map_err(|e| reason(&e)) }.await;
                let found = found.map(|all| all.into_iter().filter_map(convert::link).collect());
                change(move |e| join(&mut e.links, found, at, |a, b| a == b))
            }
            ReadRequest::LinksOf(account) => {
                let found = async { self.org()?.scim_links(&account).await.map_err(|e| reason(&e)) }.await;
                let found = found.map(|all| {
                    let links = all.into_iter().filter_map(convert::link);
                    // The call is about this account, so an answer that omits it still means this account.
                    let mine = links.map(|mut link| {
                        link.account.get_or_insert_with(|| account.clone());
                        link
                    });
                    mine.collect()
                });
                change(move |e| {
                    e.account_links.insert(account, once(found, at));
                })
            }
            ReadRequest::Permissions(account) => {
                let found =
                    async { self.org()?.privileges(&account, &[]).await.map_err(|e| reason(&e)) }.await;
                let found = found.map(|privileges| convert::permissions(&privileges, PRIVILEGES));
                change(move |e| {
                    e.permissions.insert(account, once(found, at));
                })
            }
            ReadRequest::Roles(account) => {
                let found =
                    async { self.org()?.role_assignments(&account).await.map_err(|e| reason(&e)) }.await;
                let found = found.and_then(|all| convert::roles(all).map_err(Reason::from));
                change(move |e| {
                    e.roles.insert(account, once(found, at));
                })
            }
            ReadRequest::UserDirectories(account) => {
                let found =
                    async { self.org()?.directories_of(&account).await.map_err(|e| reason(&e)) }.await;
                let found = found.map(|all| all.into_iter().filter_map(convert::user_directory).collect());
                change(move |e| {
                    e.user_directories.insert(account, once(found, at));
                })
            }
            ReadRequest::DeactivatedBy(account) => {
                let since = days_before(at);
                let found =
                    async { self.org()?.deactivated_by(&account, since).await.map_err(|e| reason(&e)) }.await;
                change(move |e| {
                    e.deactivated_by.insert(account, once(found, at));
                })
            }
            ReadRequest::LastActive(account) => {
                let found = self.last_active(&account).await.map(convert::uses);
                change(move |e| {
                    e.last_active.insert(account, once(found, at));
                })
            }
            _ => {
                let found = async { self.org()?.domains().await.map_err(|e| reason(&e)) }.await;
                let found = found.map(|all| all.into_iter().map(convert::domain).collect());
                change(move |e| e.domains = once(found, at))
            }
        }
    }
}

/// Adds accounts that were found in another way.
pub(super) fn accounts_seen(found: Vec<Account>, at: Timestamp) -> Change {
    change(move |e| join(&mut e.accounts, Ok(found), at, |a: &Account, b| a.id == b.id))
}
