//! Reads everything for a sweep: all lists in parallel, with each page converted to compact rows as it arrives. A
//! list that fails becomes a gap with its reason. It must never keep a whole answer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_core::future::BoxFuture;
use futures_util::future::join_all;
use jiff::Timestamp;

use super::fetch::{Reason, days_before, reason};
use super::{Live, convert};
use crate::upstream::entra::directory::User;
use crate::upstream::entra::log::{LogEntry, LogRead};
use crate::upstream::scim::ScimGroup;
use crate::upstream::{CallError, Scim};
use crate::world::{Page, SweepProgress};
use reinstate_core::evidence::{
    Account, Assignment, Domain, DynamicGroup, Job, Mapping, Pending, Read, StoppedBy,
};
use reinstate_core::sweep::{Census, Grants, Keys, ListedAccount, Logs, Members, People, Records};

/// How many records are requested per page. A service may return fewer; that is then its page size.
const RECORDS: usize = 500;
/// A page of this size or smaller is not split further.
const FEWEST: usize = 10;

/// How many entries of the job's log are counted at most (`Entra::job_log`).
const COUNTED: usize = 6000;
/// The actions of the job that remove access, as the log names them, normalized.
pub(super) const REMOVALS: &[&str] = &["stageddelete", "disable", "delete"];

type Said = (Option<bool>, Option<String>);

/// What was read about the job.
#[derive(Default)]
struct Rules {
    settings: Read<Said>,
    log: Read<Logs>,
    pending: Read<Pending>,
    stopped_by: Read<Option<StoppedBy>>,
}

impl Live {
    /// Reads everything except the accounts and what was already read about groups.
    pub(super) async fn read_in_bulk(&self, grants: Grants, meter: &SweepProgress) -> Census {
        let at = crate::clock::now();
        // The mapping names the attributes that are needed of all users.
        let found = self.job_or_applications(at).await;
        let mapping = self.whole_mapping(at, found.0.get()).await;
        let attributes = mapping.get().map(Mapping::attributes).unwrap_or_default();
        let (rules, assigned, users, deleted, directories, domains, several) = tokio::join!(
            self.whole_job(at, found.0.get(), meter),
            self.all_members(at, &grants.assignments, meter),
            self.whole_directory(at, &attributes, meter),
            self.whole_bin(at),
            self.whole_scim(at, meter),
            self.all_domains(at),
            self.several_directories(at),
        );
        let (job, applications) = found;
        let (records, scim_groups) = directories;
        let mut census = Census {
            job,
            applications,
            mapping,
            settings: rules.settings,
            log: rules.log,
            pending: rules.pending,
            stopped_by: rules.stopped_by,
            grants,
            members: assigned.0,
            dynamic_groups: assigned.1,
            users,
            deleted,
            records,
            scim_groups,
            domains,
            several,
            ..Census::default()
        };
        census.settle(at);
        census
    }

    pub(super) async fn page_of_accounts(&self, cursor: Option<String>) -> Result<Page, String> {
        let org = self.org().map_err(|why| why.reason)?;
        let page = org.every_account(cursor.as_deref()).await.map_err(|e| e.reason())?;
        let next = page.next.clone();
        let read = || Ok(page.read().map_err(|e| e.reason())?.into_iter().filter_map(listed).collect());
        Ok(Page { next, read: Box::new(read) })
    }

    /// The accounts that are in more than one user directory. The search reports an account as suspended only if it
    /// is suspended in all of them, so these accounts need a check of their own.
    async fn several_directories(&self, at: Timestamp) -> Read<Keys> {
        let read = async {
            let org = self.org()?;
            let directories = org.every_directory().await.map_err(|e| reason(&e))?;
            let ids: Option<Vec<String>> = directories.into_iter().map(|known| known.directory_id).collect();
            let ids = ids.ok_or("a user directory came without its id")?;
            if ids.len() < 2 {
                return Ok(Keys::default());
            }
            let lists = ids.iter().map(|id| async move {
                let mut keys = Keys::default();
                let read = org.every_account_in(id, |account| keys.add(account)).await;
                read.map(|()| keys).map_err(|e| reason(&e))
            });
            let lists: Result<Vec<Keys>, Reason> = join_all(lists).await.into_iter().collect();
            Ok(Keys::in_several(lists?))
        };
        side(at, read.await)
    }

    pub(super) async fn whole_mapping(&self, at: Timestamp, job: Option<&Job>) -> Read<Mapping> {
        let Some(job) = job else { return Read::NotAsked };
        let read =
            async { self.entra()?.mapping(&self.service_principal, &job.id).await.map_err(|e| reason(&e)) };
        side(at, read.await.map(convert::mapping))
    }

    async fn whole_job(&self, at: Timestamp, job: Option<&Job>, meter: &SweepProgress) -> Rules {
        let Some(job) = job else { return Rules::default() };
        let stopped = !job.is_quarantined() && job.standstill().is_some();
        let settings = async {
            let read =
                async { self.entra()?.settings(&self.service_principal).await.map_err(|e| reason(&e)) };
            let said = read.await.map(|settings| {
                (settings.sync_all, settings.base_address.as_deref().and_then(convert::directory_of))
            });
            side(at, said)
        };
        let stopper = async {
            if !stopped {
                return Read::NotAsked;
            }
            let read = async { self.entra()?.job_changes(days_before(at)).await.map_err(|e| reason(&e)) };
            let found = read.await;
            side(
                at,
                found.and_then(|log| convert::stopper(log, &self.service_principal).map_err(Reason::from)),
            )
        };
        let (settings, (log, pending), stopped_by) =
            tokio::join!(settings, self.whole_log(at, &job.id, meter), stopper);
        Rules { settings, log, pending, stopped_by }
    }

    /// The log entries by person, and what the job may still do according to the log.
    async fn whole_log(
        &self,
        at: Timestamp,
        job: &str,
        meter: &SweepProgress,
    ) -> (Read<Logs>, Read<Pending>) {
        let since = days_before(at);
        let (mut logs, mut removals, mut count) = (Logs::default(), Vec::new(), 0_usize);
        let each = |entry: LogEntry| {
            SweepProgress::add(&meter.rows, 1);
            count += 1;
            if entry.action.as_deref().is_some_and(|action| REMOVALS.contains(&action)) {
                let (action, source_id) = (entry.action.clone(), entry.source_id.clone());
                removals.push(LogEntry { action, source_id, status: entry.status, ..LogEntry::default() });
            }
            if let Some(person) = entry.source_id.clone() {
                logs.add(&person, convert::log_entry(entry));
            }
        };
        let read =
            async { self.entra()?.every_log_entry(job, since, each).await.map_err(|e| reason(&e)) }.await;
        logs.seal();
        // A diagnosis of one person reads the same number of entries, so that both give the same result.
        let removals = LogRead { entries: removals, complete: count <= COUNTED };
        let pending = read.clone().and_then(|()| convert::pending(removals).map_err(Reason::from));
        (side(at, read.map(|()| logs)), side(at, pending))
    }

    /// The direct members of the assigned groups, and the dynamic groups of the tenant.
    async fn all_members(
        &self,
        at: Timestamp,
        assignments: &Read<Vec<Assignment>>,
        meter: &SweepProgress,
    ) -> (Read<Members>, Read<Vec<DynamicGroup>>) {
        let assignments = match assignments {
            Read::Seen { value, .. } => value,
            Read::Gap(why) => return (Read::Gap(why.clone()), Read::NotAsked),
            Read::NotAsked => return (Read::NotAsked, Read::NotAsked),
        };
        let has_groups = assignments.iter().any(|assignment| assignment.is_group);
        let dynamic_groups =
            async { if has_groups { side(at, self.dynamic_groups().await) } else { Read::NotAsked } };
        let members = Mutex::new(Members::default());
        let groups: Vec<BoxFuture<'_, Result<(), Reason>>> = assignments
            .iter()
            .enumerate()
            .filter(|(_, assignment)| assignment.is_group)
            .filter_map(|(number, assignment)| Some((u32::try_from(number).ok()?, &assignment.principal)))
            .map(|(number, group)| {
                let members = &members;
                let read = async move {
                    let each = |member: crate::upstream::entra::directory::Member| {
                        if let Some(id) = member.id.as_deref().filter(|_| member.is_user()) {
                            SweepProgress::add(&meter.rows, 1);
                            lock(members).add(id, number);
                        }
                    };
                    match self.entra()?.every_member(group, each).await {
                        Ok(()) => Ok(()),
                        // A group that was deleted after the assignments were read has no members.
                        Err(error) if error.is_not_found() => Ok(()),
                        Err(error) => Err(reason(&error)),
                    }
                };
                let read: BoxFuture<'_, Result<(), Reason>> = Box::pin(read);
                read
            })
            .collect();
        let (read, dynamic_groups) = tokio::join!(join_all(groups), dynamic_groups);
        let read: Result<Vec<()>, Reason> = read.into_iter().collect();
        let mut members = members.into_inner().unwrap_or_else(PoisonError::into_inner);
        members.seal();
        (side(at, read.map(|_| members)), dynamic_groups)
    }

    async fn whole_directory(
        &self,
        at: Timestamp,
        attributes: &BTreeSet<String>,
        meter: &SweepProgress,
    ) -> Read<People> {
        let mut people = People::default();
        let each = |user: User| {
            SweepProgress::add(&meter.rows, 1);
            add(&mut people, user);
        };
        let read = async { self.entra()?.every_user(attributes, each).await.map_err(|e| reason(&e)) }.await;
        people.seal();
        side(at, read.map(|()| people))
    }

    /// The users that were deleted within the last 30 days.
    async fn whole_bin(&self, at: Timestamp) -> Read<People> {
        let mut people = People::default();
        let read = async {
            let each = |user| add(&mut people, user);
            self.entra()?.every_deleted_user(each).await.map_err(|e| reason(&e))
        }
        .await;
        people.seal();
        side(at, read.map(|()| people))
    }

    pub(super) async fn all_domains(&self, at: Timestamp) -> Read<Vec<Domain>> {
        let read = async { self.org()?.domains().await.map_err(|e| reason(&e)) }.await;
        side(at, read.map(|all| all.into_iter().map(convert::domain).collect()))
    }

    async fn whole_scim(
        &self,
        at: Timestamp,
        meter: &SweepProgress,
    ) -> (BTreeMap<String, Read<Records>>, BTreeMap<String, Read<BTreeMap<String, String>>>) {
        let (mut records, mut groups) = (BTreeMap::new(), BTreeMap::new());
        for directory in self.directories() {
            let (people, external) = match self.scim(&directory) {
                Ok(scim) => tokio::join!(every_record(scim, &directory, meter), every_group(scim)),
                Err(why) => (Err(why.clone()), Err(why)),
            };
            records.insert(directory.clone(), side(at, people));
            groups.insert(directory, side(at, external));
        }
        (records, groups)
    }
}

/// Other lists tell which roles the account holds.
fn listed(account: crate::upstream::atlassian::users::Account) -> Option<ListedAccount> {
    let account: Account = convert::account(account)?;
    Some(ListedAccount { account, roles: None })
}

/// A poisoned lock still holds the rows that were added.
fn lock<T>(rows: &Mutex<T>) -> MutexGuard<'_, T> {
    rows.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn side<T>(at: Timestamp, read: Result<T, Reason>) -> Read<T> {
    match read {
        Ok(value) => Read::seen(at, value),
        Err(why) => Read::Gap(why),
    }
}

fn add(people: &mut People, user: User) {
    let others = user.other_mails.clone();
    if let Some(user) = convert::user(user) {
        people.add(&user, &others);
    }
}

/// The first page tells the number of records and the page size. The other pages do not depend on each other, so they
/// are read in parallel.
async fn every_record(scim: &Scim, directory: &str, meter: &SweepProgress) -> Result<Records, Reason> {
    let records = Mutex::new(Records::new(directory));
    let take = |found: Vec<crate::upstream::scim::ScimUser>| {
        SweepProgress::add(&meter.rows, found.len());
        let mut records = lock(&records);
        found
            .into_iter()
            .filter_map(|user| convert::record(directory, user))
            .for_each(|one| records.add(&one));
    };
    let (first, total) = record_page(scim, 1, RECORDS).await.map_err(|e| reason(&e))?;
    let size = first.len();
    take(first);
    if size == 0 && total > 0 {
        return Err(format!("the directory has {total} records and shows none").into());
    }
    let starts = (1..=total).step_by(size.max(1)).skip(1);
    let pages: Vec<BoxFuture<'_, Result<(), Reason>>> = starts
        .map(|start| {
            let take = &take;
            let read = async move {
                let (mut at, end) = (start, (start + size).min(total + 1));
                // A service may return fewer records than requested; the rest is requested again.
                while at < end {
                    let (found, now) = record_page(scim, at, end - at).await.map_err(|e| reason(&e))?;
                    let count = found.len();
                    take(found);
                    if count == 0 {
                        // The list became shorter meanwhile: its new end is the end.
                        return if now < at { Ok(()) } else { Err("a page of records was empty".into()) };
                    }
                    at += count;
                }
                Ok(())
            };
            let read: BoxFuture<'_, Result<(), Reason>> = Box::pin(read);
            read
        })
        .collect();
    join_all(pages).await.into_iter().collect::<Result<Vec<()>, Reason>>()?;
    let mut records = records.into_inner().unwrap_or_else(PoisonError::into_inner);
    records.seal();
    Ok(records)
}

/// People in hundreds of groups make large pages. A page that exceeds the size limit of an answer is split.
async fn record_page(
    scim: &Scim,
    start: usize,
    count: usize,
) -> Result<(Vec<crate::upstream::scim::ScimUser>, usize), CallError> {
    let mut count = count;
    loop {
        match scim.users_page(start, count).await {
            Err(CallError::Garbled { .. }) if count > FEWEST => count /= 5,
            read => return read,
        }
    }
}

/// The document does not say that a list of groups can leave out the members. With them, a page may exceed the size
/// limit of an answer, and is split.
async fn group_page(
    scim: &Scim,
    start: usize,
    count: &mut usize,
) -> Result<(Vec<ScimGroup>, usize), CallError> {
    loop {
        match scim.groups_page(start, *count).await {
            Err(CallError::Garbled { .. }) if *count > 1 => *count = (*count / 5).max(1),
            read => return read,
        }
    }
}

/// The group ids of the identity provider, by SCIM group id.
async fn every_group(scim: &Scim) -> Result<BTreeMap<String, String>, Reason> {
    let mut known = BTreeMap::new();
    let (mut start, mut count) = (1, RECORDS);
    loop {
        let (groups, total) = group_page(scim, start, &mut count).await.map_err(|e| reason(&e))?;
        start += groups.len();
        let empty = groups.is_empty();
        known.extend(groups.into_iter().filter_map(|group| Some((group.id?, group.external_id?))));
        if empty || start > total {
            return Ok(known);
        }
    }
}
