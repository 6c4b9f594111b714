//! The records of one SCIM directory as compact rows. Groups repeat in many records, so each is stored once.

use std::collections::HashMap;

use jiff::Timestamp;

use super::texts::{Text, Texts};
use super::{Index, key};
use crate::evidence::{IdpGroup, ScimRecord};
use crate::subject::{RecordId, normalize};

#[derive(Clone, Debug, Default)]
pub struct Groups {
    all: Vec<IdpGroup>,
    known: HashMap<IdpGroupKey, u32>,
    lists: Vec<u32>,
}

type IdpGroupKey = (String, String);

impl Groups {
    fn put(&mut self, groups: &[IdpGroup]) -> (u32, u32) {
        let start = u32::try_from(self.lists.len()).unwrap_or(u32::MAX);
        for group in groups {
            let name = (group.id.clone(), group.name.clone());
            let next = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
            let number = *self.known.entry(name).or_insert(next);
            if number == next {
                self.all.push(group.clone());
            }
            self.lists.push(number);
        }
        (start, u32::try_from(groups.len()).unwrap_or(u32::MAX))
    }

    fn get(&self, (start, count): (u32, u32)) -> impl Iterator<Item = &IdpGroup> {
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        let end = start.saturating_add(usize::try_from(count).unwrap_or(0));
        let numbers = self.lists.get(start..end).unwrap_or_default().iter();
        numbers.filter_map(|number| self.all.get(usize::try_from(*number).ok()?))
    }
}

#[derive(Clone, Debug)]
struct Row {
    id: Text,
    external: Text,
    user_name: Text,
    email: Text,
    account: Text,
    groups: (u32, u32),
    active: Option<bool>,
    created: Option<Timestamp>,
    modified: Option<Timestamp>,
}

/// The records of one directory, indexed by id, user name, external id and account.
#[derive(Clone, Debug, Default)]
pub struct Records {
    directory: String,
    texts: Texts,
    groups: Groups,
    rows: Vec<Row>,
    by_id: Index<u128>,
    by_name: Index<u128>,
    by_email: Index<u128>,
    by_external: Index<u128>,
    by_account: Index<u128>,
}

impl Records {
    /// An empty index of this directory.
    #[must_use]
    pub fn new(directory: &str) -> Self {
        Self { directory: directory.to_owned(), ..Self::default() }
    }

    /// Adds a record. If a record comes twice, the first one counts.
    pub fn add(&mut self, record: &ScimRecord) {
        let Ok(row) = u32::try_from(self.rows.len()) else { return };
        self.by_id.add(key(&record.id.record), row);
        if let Some(name) = &record.user_name {
            self.by_name.add(key(&normalize(name)), row);
        }
        if let Some(email) = record.email.as_ref().filter(|email| Some(*email) != record.user_name.as_ref()) {
            self.by_email.add(key(&normalize(email)), row);
        }
        if let Some(external) = &record.external_id {
            self.by_external.add(key(external), row);
        }
        if let Some(account) = &record.account {
            self.by_account.add(key(account), row);
        }
        let user_name = self.texts.maybe(record.user_name.as_deref());
        let email = if record.email == record.user_name {
            user_name
        } else {
            self.texts.maybe(record.email.as_deref())
        };
        self.rows.push(Row {
            id: self.texts.put(&record.id.record),
            external: self.texts.maybe(record.external_id.as_deref()),
            user_name,
            email,
            account: self.texts.maybe(record.account.as_deref()),
            groups: self.groups.put(&record.groups),
            active: record.active,
            created: record.created,
            modified: record.modified,
        });
    }

    /// Sorts the indexes. Call it after the last `add` and before the first lookup.
    pub fn seal(&mut self) {
        let indexes = [
            &mut self.by_id,
            &mut self.by_name,
            &mut self.by_email,
            &mut self.by_external,
            &mut self.by_account,
        ];
        for index in indexes {
            index.seal();
        }
        self.groups.known = HashMap::new();
        self.rows.shrink_to_fit();
    }

    /// The number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn record(&self, row: usize) -> Option<ScimRecord> {
        let found = self.rows.get(row)?;
        Some(ScimRecord {
            id: RecordId { directory: self.directory.clone(), record: self.texts.owned(found.id)? },
            external_id: self.texts.owned(found.external),
            user_name: self.texts.owned(found.user_name),
            email: self.texts.owned(found.email),
            active: found.active,
            account: self.texts.owned(found.account),
            groups: self.groups.get(found.groups).cloned().collect(),
            created: found.created,
            modified: found.modified,
        })
    }

    fn found(&self, index: &Index<u128>, by: u128, is: impl Fn(&ScimRecord) -> bool) -> Vec<ScimRecord> {
        let mut all: Vec<ScimRecord> = Vec::new();
        for record in index.rows(by).filter_map(|row| self.record(row)).filter(|record| is(record)) {
            if !all.iter().any(|known| known.id == record.id) {
                all.push(record);
            }
        }
        all
    }

    #[must_use]
    pub fn by_id(&self, id: &str) -> Option<ScimRecord> {
        self.found(&self.by_id, key(id), |record| record.id.record == id).into_iter().next()
    }

    /// Records with this user name, without regard to case.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Vec<ScimRecord> {
        let wanted = normalize(name);
        self.found(&self.by_name, key(&wanted), |r| {
            r.user_name.as_deref().is_some_and(|n| normalize(n) == wanted)
        })
    }

    /// Whether a record has this address as user name or as work address.
    #[must_use]
    pub fn has_address(&self, address: &str) -> bool {
        let wanted = normalize(address);
        let is = |known: &Option<String>| known.as_deref().is_some_and(|known| normalize(known) == wanted);
        !self.by_name(address).is_empty()
            || !self.found(&self.by_email, key(&wanted), |record| is(&record.email)).is_empty()
    }

    #[must_use]
    pub fn by_external(&self, id: &str) -> Vec<ScimRecord> {
        self.found(&self.by_external, key(id), |record| record.external_id.as_deref() == Some(id))
    }

    /// Records that are linked to this account.
    #[must_use]
    pub fn by_account(&self, account: &str) -> Vec<ScimRecord> {
        self.found(&self.by_account, key(account), |record| record.account.as_deref() == Some(account))
    }
}
