//! The walk over the evidence: every type names what each of its fields is. Each type is taken apart field by field and
//! without `..`, so that the compiler asks about every new field. A field must never be passed on without a decision.

use std::collections::BTreeMap;

use super::text::Pseudonymizer;
use crate::evidence::{Evidence, Gap, Installation, JobStart, Read};
use crate::subject::{RecordId, Subject, Who};

/// A value whose personal parts can be replaced.
pub(super) trait Pseudonymize {
    #[must_use]
    fn pseudonymized(&self, by: &mut Pseudonymizer) -> Self;
}

impl<T: Pseudonymize> Pseudonymize for Option<T> {
    fn pseudonymized(&self, by: &mut Pseudonymizer) -> Self {
        self.as_ref().map(|value| value.pseudonymized(by))
    }
}

impl<T: Pseudonymize> Pseudonymize for Vec<T> {
    fn pseudonymized(&self, by: &mut Pseudonymizer) -> Self {
        self.iter().map(|value| value.pseudonymized(by)).collect()
    }
}

impl<T: Pseudonymize> Pseudonymize for Read<T> {
    fn pseudonymized(&self, by: &mut Pseudonymizer) -> Self {
        match self {
            Self::NotAsked => Self::NotAsked,
            Self::Gap(gap) => Self::Gap(gap.pseudonymized(by)),
            Self::Seen { at, value } => Self::Seen { at: *at, value: value.pseudonymized(by) },
        }
    }
}

impl Pseudonymize for Gap {
    fn pseudonymized(&self, by: &mut Pseudonymizer) -> Self {
        let Self { reason, request } = self;
        Self { reason: by.reason(reason), request: name(request, by) }
    }
}

impl Pseudonymize for RecordId {
    fn pseudonymized(&self, by: &mut Pseudonymizer) -> Self {
        let Self { directory, record } = self;
        Self { directory: by.name(directory), record: by.name(record) }
    }
}

impl Pseudonymize for Who {
    fn pseudonymized(&self, by: &mut Pseudonymizer) -> Self {
        match self {
            Self::Email(email) => Self::Email(by.person(email)),
            Self::Account(id) => Self::Account(by.account_id(id)),
        }
    }
}

impl Pseudonymize for Subject {
    fn pseudonymized(&self, by: &mut Pseudonymizer) -> Self {
        let Self { who, person, addresses, accounts, records, keep, app } = self;
        Self {
            who: who.pseudonymized(by),
            person: name(person, by),
            addresses: addresses.iter().map(|address| by.person(address)).collect(),
            accounts: accounts.iter().map(|id| by.account_id(id)).collect(),
            records: records.iter().map(|id| id.pseudonymized(by)).collect(),
            keep: keep.as_deref().map(|id| by.account_id(id)),
            app: app.as_deref().map(|app| by.sentence(app)),
        }
    }
}

impl Pseudonymize for Installation {
    fn pseudonymized(&self, by: &mut Pseudonymizer) -> Self {
        let Self { organization, tenant, application, job_directory, sync_all, group_members } = self;
        Self {
            organization: name(organization, by),
            tenant: name(tenant, by),
            application: name(application, by),
            job_directory: name(job_directory, by),
            group_members: *group_members,
            sync_all: *sync_all,
        }
    }
}

impl Pseudonymize for Evidence {
    fn pseudonymized(&self, by: &mut Pseudonymizer) -> Self {
        let Self {
            subject,
            asked_at,
            places,
            users,
            deleted_users,
            memberships,
            nested,
            dynamic_groups,
            assignments,
            job,
            stopped_by,
            pending,
            applications,
            mapping,
            log,
            accounts,
            namesakes,
            links,
            account_links,
            records,
            records_by_id,
            permissions,
            deactivated_by,
            roles,
            user_directories,
            last_active,
            domains,
            tenant_domains,
            groups,
            shown_groups,
            similar_groups,
            granting_groups,
            group_roles,
            workspaces,
            scim_groups,
            bearers,
            owners,
            unselected,
            cleared,
            sent_memberships,
            starts,
            hopeless,
        } = self;
        Self {
            subject: subject.pseudonymized(by),
            asked_at: *asked_at,
            places: places.pseudonymized(by),
            users: users.pseudonymized(by),
            deleted_users: deleted_users.pseudonymized(by),
            memberships: memberships.pseudonymized(by),
            nested: nested.pseudonymized(by),
            dynamic_groups: dynamic_groups.pseudonymized(by),
            assignments: assignments.pseudonymized(by),
            job: job.pseudonymized(by),
            stopped_by: stopped_by.pseudonymized(by),
            pending: pending.pseudonymized(by),
            applications: applications.pseudonymized(by),
            mapping: mapping.pseudonymized(by),
            log: log.pseudonymized(by),
            accounts: accounts.pseudonymized(by),
            namesakes: namesakes.pseudonymized(by),
            links: links.pseudonymized(by),
            account_links: keyed(account_links, by, Pseudonymizer::account_id),
            records: keyed(records, by, Pseudonymizer::name),
            records_by_id: records_by_id
                .iter()
                .map(|(id, read)| (id.pseudonymized(by), read.pseudonymized(by)))
                .collect(),
            permissions: keyed(permissions, by, Pseudonymizer::account_id),
            deactivated_by: deactivated_by
                .iter()
                .map(|(account, read)| (by.account_id(account), actor(read, by)))
                .collect(),
            roles: keyed(roles, by, Pseudonymizer::account_id),
            user_directories: keyed(user_directories, by, Pseudonymizer::account_id),
            last_active: keyed(last_active, by, Pseudonymizer::account_id),
            domains: domains.pseudonymized(by),
            tenant_domains: match tenant_domains {
                Read::NotAsked => Read::NotAsked,
                Read::Gap(gap) => Read::Gap(gap.pseudonymized(by)),
                Read::Seen { at, value } => {
                    Read::seen(*at, value.iter().map(|domain| by.person(domain)).collect())
                }
            },
            groups: groups.pseudonymized(by),
            shown_groups: shown_groups.pseudonymized(by),
            similar_groups: similar_groups.pseudonymized(by),
            granting_groups: granting_groups.pseudonymized(by),
            group_roles: keyed(group_roles, by, Pseudonymizer::name),
            workspaces: workspaces.pseudonymized(by),
            scim_groups: scim_groups.pseudonymized(by),
            bearers: keyed(bearers, by, Pseudonymizer::person),
            owners: keyed(owners, by, Pseudonymizer::person),
            unselected: keyed(unselected, by, Pseudonymizer::attribute),
            cleared: *cleared,
            sent_memberships: sent_memberships.iter().map(|id| by.name(id)).collect(),
            starts: starts.pseudonymized(by),
            hopeless: hopeless.clone(),
        }
    }
}

/// Who did something, if somebody is named.
fn actor(read: &Read<Option<String>>, by: &mut Pseudonymizer) -> Read<Option<String>> {
    match read {
        Read::NotAsked => Read::NotAsked,
        Read::Gap(gap) => Read::Gap(gap.pseudonymized(by)),
        Read::Seen { at, value } => Read::seen(*at, person(value, by)),
    }
}

/// The state holds codes of the job's state and nothing else.
impl Pseudonymize for JobStart {
    fn pseudonymized(&self, by: &mut Pseudonymizer) -> Self {
        let Self { at, before } = self;
        let mut before = before.clone();
        for value in before.as_object_mut().into_iter().flat_map(|state| state.values_mut()) {
            if let serde_json::Value::String(text) = value {
                *text = by.code(text);
            }
        }
        Self { at: *at, before }
    }
}

/// SCIM group ids with IdP group ids.
impl Pseudonymize for BTreeMap<String, String> {
    fn pseudonymized(&self, by: &mut Pseudonymizer) -> Self {
        self.iter().map(|(scim, idp)| (by.name(scim), by.name(idp))).collect()
    }
}

/// A map from names or ids.
fn keyed<T: Pseudonymize>(
    all: &BTreeMap<String, T>,
    by: &mut Pseudonymizer,
    key: fn(&mut Pseudonymizer, &str) -> String,
) -> BTreeMap<String, T> {
    all.iter().map(|(name, value)| (key(by, name), value.pseudonymized(by))).collect()
}

/// An optional id or name.
pub(super) fn name(text: &Option<String>, by: &mut Pseudonymizer) -> Option<String> {
    text.as_deref().map(|text| by.name(text))
}

/// An optional name, address or attribute of a person.
pub(super) fn person(text: &Option<String>, by: &mut Pseudonymizer) -> Option<String> {
    text.as_deref().map(|text| by.person(text))
}

/// An optional code or state.
pub(super) fn code(text: &Option<String>, by: &mut Pseudonymizer) -> Option<String> {
    text.as_deref().map(|text| by.code(text))
}
