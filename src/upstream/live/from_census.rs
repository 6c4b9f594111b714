//! Answers read requests from what a sweep has already read in bulk, with the same changes of the evidence as a read
//! for one person. It must never answer what it does not know. A source that could not be read stays a gap.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::fetch::{Change, Reason, change, join, once};
use super::people::UNTRACED;
use super::read_request::ReadRequest;
use reinstate_core::evidence::{AppRole, Mapping, OrgGroup, Read, ScimRecord};
use reinstate_core::subject::{normalize, normalize_name};
use reinstate_core::sweep::{Census, ListedAccount, LookDepth, People, Records, SweepQuery};

/// What the census knows about a read request.
pub(super) enum Answer {
    Known(Change),
    /// Not known, and it must not be read.
    Leave,
    /// Not known: read it.
    Unknown,
}

/// The census, for one account.
pub(super) struct FromCensus<'a> {
    asked: &'a SweepQuery,
    census: &'a Census,
}

impl<'a> FromCensus<'a> {
    pub(super) fn new(asked: &'a SweepQuery, census: &'a Census) -> Self {
        Self { asked, census }
    }

    /// Answers a read request from the census.
    pub(super) fn answer(&self, want: &ReadRequest) -> Answer {
        match self.known(want) {
            Some(change) => Answer::Known(change),
            // The audit log allows ten calls a minute. Each account is read again before its repair.
            None if matches!(want, ReadRequest::DeactivatedBy(_)) => Answer::Leave,
            None if self.asked.need == LookDepth::Local => Answer::Leave,
            None => Answer::Unknown,
        }
    }

    fn known(&self, want: &ReadRequest) -> Option<Change> {
        let c = self.census;
        Some(match want {
            ReadRequest::Users(address) => people(&c.users, |people| people.by_address(address))?.users(),
            ReadRequest::UserById(id) => {
                people(&c.users, |people| people.by_id(id).into_iter().collect())?.users()
            }
            ReadRequest::Strays(address) => {
                let others = people(&c.users, |people| people.by_other(address))?;
                let (at, deleted) = found(&c.deleted, |people| people.deleted_with(address))?;
                let others = others.users();
                change(move |e| {
                    others(e);
                    join(&mut e.deleted_users, deleted, at, |a, b| a.id == b.id);
                })
            }
            ReadRequest::Bearers(address) => {
                let (at, users) = found(&c.users, |people| people.by_address(address))?;
                let address = address.clone();
                change(move |e| {
                    e.bearers.insert(address, once(users, at));
                })
            }
            ReadRequest::Owner(external, from) => {
                let mapping = Mapping { external_id_from: from.clone(), ..Mapping::default() };
                // The bulk reading does not hold such attributes of everybody.
                if !mapping.unusual_attributes().is_empty() {
                    return None;
                }
                let expression = mapping.external_id_expression();
                let traced = expression.is_some_and(|expression| expression.traced(external).is_some());
                // A reading for one person finds an owner by the object id or by what the value can be traced to. The
                // answer must be the same here.
                let find = |people: &People| match traced {
                    true => people.by_external(&mapping, external),
                    false => people.by_id(external).into_iter().collect(),
                };
                let (at, users) = found(&c.users, find)?;
                let users = users.and_then(|users| match users.is_empty() && !traced {
                    true => Err(Reason::from(UNTRACED)),
                    false => Ok(users),
                });
                let external = external.clone();
                change(move |e| {
                    e.owners.insert(external, once(users, at));
                })
            }
            ReadRequest::Assignments => {
                let read = c.grants.assignments.clone();
                change(move |e| e.assignments = read)
            }
            ReadRequest::DynamicGroups if !matches!(c.dynamic_groups, Read::NotAsked) => {
                let read = c.dynamic_groups.clone();
                change(move |e| e.dynamic_groups = read)
            }
            ReadRequest::Jobs => {
                let (job, applications) = (c.job.clone(), c.applications.clone());
                change(move |e| {
                    e.job = job;
                    e.applications = applications;
                })
            }
            ReadRequest::Mapping(_) => {
                let read = c.mapping.clone();
                change(move |e| e.mapping = read)
            }
            ReadRequest::Settings => {
                let settings = c.settings.get().cloned();
                change(move |e| {
                    if let (Some((sync_all, directory)), Read::Seen { value, .. }) =
                        (settings, &mut e.mapping)
                    {
                        value.sync_all = sync_all;
                        value.directory = directory;
                    }
                })
            }
            ReadRequest::Domains => {
                let read = c.domains.clone();
                change(move |e| e.domains = read)
            }
            ReadRequest::Log(_, person) => {
                let (at, entries) = found(&c.log, |log| log.of(person).to_vec())?;
                change(move |e| e.log = once(entries, at))
            }
            ReadRequest::Pending(_) if !matches!(c.pending, Read::NotAsked) => {
                let read = c.pending.clone();
                change(move |e| e.pending = read)
            }
            ReadRequest::Stopper if !matches!(c.stopped_by, Read::NotAsked) => {
                let read = c.stopped_by.clone();
                change(move |e| e.stopped_by = read)
            }
            // Only the assigned groups are known; a closer check reads the others too.
            ReadRequest::Memberships(person) if self.asked.need == LookDepth::Local => {
                let read = match (&c.members, c.groups_of(person)) {
                    (Read::Seen { at, .. }, Some(groups)) => Read::seen(*at, groups),
                    (read, _) => Read::Gap(read.gap().unwrap_or("the assignments could not be read").into()),
                };
                change(move |e| e.memberships = read)
            }
            ReadRequest::RecordsByName(directory, name) => {
                self.records(directory, |records| records.by_name(name))?
            }
            ReadRequest::RecordsByExternal(directory, id) => {
                self.records(directory, |records| records.by_external(id))?
            }
            ReadRequest::RecordById(id) => {
                let (at, record) = found(c.records.get(&id.directory)?, |records| records.by_id(&id.record))?;
                let id = id.clone();
                change(move |e| e.records_by_id.push((id, once(record, at))))
            }
            ReadRequest::ScimGroup(directory, id) => self.scim_group(directory, id)?,
            ReadRequest::AccountsByEmail(emails) => self.account(|listed| {
                let email = listed.account.email.as_deref().map(normalize);
                emails.iter().all(|asked| Some(normalize(asked)) == email)
            })?,
            ReadRequest::AccountsById(ids) => {
                self.account(|listed| ids.iter().all(|id| *id == listed.account.id))?
            }
            ReadRequest::Workspaces => {
                let read = c.grants.workspaces.clone();
                change(move |e| e.workspaces = read)
            }
            ReadRequest::OrgGroups(names) => {
                let names: Vec<String> = names.iter().map(|name| normalize_name(name)).collect();
                let (at, groups) = self.groups(|group| names.contains(&normalize_name(&group.name)))?;
                change(move |e| join(&mut e.groups, groups, at, |a, b| a.id == b.id))
            }
            ReadRequest::ShownGroups(ids) => {
                let (at, groups) = self.groups(|group| ids.contains(&group.id))?;
                change(move |e| join(&mut e.shown_groups, groups, at, |a, b| a.id == b.id))
            }
            ReadRequest::GroupRoles(id) => {
                let (id, read) = (id.clone(), c.grants.group_roles.get(id)?.clone());
                change(move |e| {
                    e.group_roles.insert(id, read);
                })
            }
            ReadRequest::Roles(account) if self.asked.need == LookDepth::Local => self.roles(account)?,
            _ => return None,
        })
    }

    fn records(&self, directory: &str, find: impl Fn(&Records) -> Vec<ScimRecord>) -> Option<Change> {
        let (at, records) = found(self.census.records.get(directory)?, find)?;
        let directory = directory.to_owned();
        Some(change(move |e| join(e.records.entry(directory).or_default(), records, at, |a, b| a.id == b.id)))
    }

    fn scim_group(&self, directory: &str, id: &str) -> Option<Change> {
        let (at, external) = found(self.census.scim_groups.get(directory)?, |known| known.get(id).cloned())?;
        let id = id.to_owned();
        Some(change(move |e| match (external, &mut e.scim_groups) {
            (_, Read::Gap(_)) => {}
            (Err(reason), slot) => *slot = Read::Gap(reason),
            (Ok(external), slot) => {
                if !matches!(slot, Read::Seen { .. }) {
                    *slot = Read::seen(at, BTreeMap::new());
                }
                if let (Read::Seen { value, .. }, Some(external)) = (slot, external) {
                    value.insert(id, external);
                }
            }
        }))
    }

    /// The account as the search listed it, if the request is about this account.
    fn account(&self, is_it: impl Fn(&ListedAccount) -> bool) -> Option<Change> {
        match &self.asked.listed {
            // An empty list of groups proves nothing (docs/reference/rules.md#atlassian-groups-of-an-account).
            Some(listed)
                if self.asked.need != LookDepth::Local
                    && listed.account.groups.as_ref().is_some_and(Vec::is_empty) =>
            {
                None
            }
            Some(listed) if is_it(listed) => {
                let account = listed.account.clone();
                let at = self.census.users.at().unwrap_or_else(crate::clock::now);
                Some(super::fetch::accounts_seen(vec![account], at))
            }
            _ => None,
        }
    }

    fn groups(
        &self,
        is_it: impl Fn(&OrgGroup) -> bool,
    ) -> Option<(Timestamp, Result<Vec<OrgGroup>, Reason>)> {
        found(&self.census.grants.groups, |groups| {
            groups.iter().filter(|group| is_it(group)).cloned().collect()
        })
    }

    /// The roles of the account, if the lists show them without doubt. For an account in several directories, the
    /// lists do not say in which.
    fn roles(&self, account: &str) -> Option<Change> {
        let listed = self.asked.listed.as_ref().filter(|listed| listed.account.id == account)?;
        let lists = self.census.role_lists.as_deref()?;
        let held = listed.roles.as_ref().filter(|_| self.census.is_in_several(account) == Some(false))?;
        // With at most one directory, the membership tells the state of the account there.
        let role = |(resource, role): (String, &'static str)| AppRole {
            resource,
            role: role.to_owned(),
            app: true,
            status: listed.account.membership.clone(),
            ..AppRole::default()
        };
        let roles: Vec<AppRole> = held.roles(lists)?.into_iter().map(role).collect();
        let (account, at) = (account.to_owned(), self.census.users.at().unwrap_or_else(crate::clock::now));
        Some(change(move |e| {
            e.roles.insert(account, Read::seen(at, roles));
        }))
    }
}

/// Finds a value in a source, with its time. A gap keeps its reason, and a source that was not read gives `None`.
fn found<T, F>(side: &Read<T>, find: impl FnOnce(&T) -> F) -> Option<(Timestamp, Result<F, Reason>)> {
    match side {
        Read::Seen { at, value } => Some((*at, Ok(find(value)))),
        Read::Gap(reason) => Some((Timestamp::MIN, Err(reason.clone()))),
        Read::NotAsked => None,
    }
}

struct Users(Timestamp, Result<Vec<reinstate_core::evidence::IdpUser>, Reason>);

fn people(
    side: &Read<People>,
    find: impl FnOnce(&People) -> Vec<reinstate_core::evidence::IdpUser>,
) -> Option<Users> {
    found(side, find).map(|(at, found)| Users(at, found))
}

impl Users {
    fn users(self) -> Change {
        change(move |e| join(&mut e.users, self.1, self.0, |a, b| a.id == b.id))
    }
}
