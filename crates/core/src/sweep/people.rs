//! The users of the identity provider as compact rows, indexed by id and by every kind of address that a lookup uses.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::texts::{Text, Texts};
use super::{Index, key};
use crate::evidence::{IdpUser, Mapping};
use crate::subject::normalize;

#[derive(Clone, Debug)]
struct Row {
    id: Text,
    upn: Text,
    mail: Text,
    name: Text,
    kind: Text,
    /// Start and count of the aliases. The third number is how many of them, at the end, are addresses of `otherMails`.
    aliases: (u32, u16, u16),
    /// Start and count of the other attributes.
    attributes: (u32, u8),
    enabled: Option<bool>,
    on_premises: Option<bool>,
    created: Option<Timestamp>,
}

/// Users by id and address.
#[derive(Clone, Debug, Default)]
pub struct People {
    texts: Texts,
    rows: Vec<Row>,
    aliases: Vec<Text>,
    /// Each with the index of its name in [`IdpUser::MAPPED_ATTRIBUTES`].
    attributes: Vec<(u8, Text)>,
    by_id: Index<u128>,
    by_address: Index<u128>,
    by_external: Index<u128>,
}

impl People {
    /// Adds a user. `others` are the addresses in `otherMails`, which only [`Self::by_other`] searches.
    pub fn add(&mut self, user: &IdpUser, others: &[String]) {
        let Ok(row) = u32::try_from(self.rows.len()) else { return };
        let folded = |text: &Option<String>| text.as_deref().map(normalize);
        let own = [folded(&user.upn), folded(&user.mail)];
        let is_other = |alias: &String| others.iter().any(|other| normalize(other) == normalize(alias));
        let plain = |alias: &&String| !own.contains(&Some(normalize(alias)));
        let (other, proxy): (Vec<&String>, Vec<&String>) =
            user.aliases.iter().filter(plain).partition(|alias| is_other(alias));
        let start = u32::try_from(self.aliases.len()).unwrap_or(u32::MAX);
        for alias in proxy.iter().chain(&other) {
            let text = self.texts.put(alias);
            self.aliases.push(text);
            self.by_address.add(key(&normalize(alias)), row);
        }
        for address in own.into_iter().flatten() {
            self.by_address.add(key(&address), row);
        }
        self.by_id.add(key(&user.id), row);
        let attributes = self.put_attributes(user);
        let upn = self.texts.maybe(user.upn.as_deref());
        let mail = if user.mail == user.upn { upn } else { self.texts.maybe(user.mail.as_deref()) };
        self.rows.push(Row {
            id: self.texts.put(&user.id),
            upn,
            mail,
            name: self.texts.maybe(user.name.as_deref()),
            kind: self.texts.shared(user.kind.as_deref()),
            aliases: (
                start,
                u16::try_from(proxy.len() + other.len()).unwrap_or(u16::MAX),
                u16::try_from(other.len()).unwrap_or(u16::MAX),
            ),
            attributes,
            enabled: user.enabled,
            on_premises: user.on_premises,
            created: user.created,
        });
    }

    fn put_attributes(&mut self, user: &IdpUser) -> (u32, u8) {
        let start = u32::try_from(self.attributes.len()).unwrap_or(u32::MAX);
        let mut count = 0;
        for (place, name) in (0_u8..).zip(IdpUser::MAPPED_ATTRIBUTES) {
            if let Some(value) = user.attributes.get(*name) {
                let text = self.texts.put(value);
                self.attributes.push((place, text));
                count += 1;
            }
        }
        (start, count)
    }

    /// Indexes people by the `externalId` that the job writes for them. An `externalId` that is the object id needs no
    /// index.
    pub fn index_external_ids(&mut self, mapping: &Mapping) {
        if mapping.external_id_expression().is_none_or(|expression| expression.is_object_id()) {
            return;
        }
        for row in 0..self.rows.len() {
            let (Some(user), Ok(number)) = (self.user(row), u32::try_from(row)) else { continue };
            for value in mapping.external_id(&user).all() {
                self.by_external.add(key(&normalize(value)), number);
            }
        }
        self.by_external.seal();
    }

    /// The rows of all people for whom the job writes this `externalId`, or who have it as object id.
    pub(super) fn rows_by_external(&self, mapping: &Mapping, external: &str) -> Vec<usize> {
        let mapped =
            |row: &usize| self.user(*row).is_some_and(|user| mapping.external_id(&user).may_be(external));
        let found = self.by_external.rows(key(&normalize(external))).filter(mapped);
        let mut rows: Vec<usize> = found.filter_map(|row| self.row_of(self.id(row)?)).collect();
        rows.extend(self.row_of(external));
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    /// The users for whom the job writes this `externalId`, or who have it as object id.
    #[must_use]
    pub fn by_external(&self, mapping: &Mapping, external: &str) -> Vec<IdpUser> {
        self.rows_by_external(mapping, external).into_iter().filter_map(|row| self.user(row)).collect()
    }

    /// Sorts the indexes. Call it after the last `add` and before the first lookup. A user who came twice, on two
    /// pages, counts once.
    pub fn seal(&mut self) {
        self.by_id.seal();
        self.by_address.seal();
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

    /// The row of an id. If a user came twice, it is always the same row.
    pub(super) fn row_of(&self, id: &str) -> Option<usize> {
        self.by_id.rows(key(id)).find(|row| self.id(*row) == Some(id))
    }

    pub(super) fn id(&self, row: usize) -> Option<&str> {
        self.texts.get(self.rows.get(row)?.id)
    }

    pub(super) fn user(&self, row: usize) -> Option<IdpUser> {
        let found = self.rows.get(row)?;
        Some(IdpUser {
            id: self.texts.owned(found.id)?,
            upn: self.texts.owned(found.upn),
            mail: self.texts.owned(found.mail),
            aliases: self.aliases(found).filter_map(|(alias, _)| self.texts.owned(alias)).collect(),
            enabled: found.enabled,
            name: self.texts.owned(found.name),
            kind: self.texts.owned(found.kind),
            created: found.created,
            on_premises: found.on_premises,
            attributes: self.attributes_of(found),
        })
    }

    fn attributes_of(&self, row: &Row) -> BTreeMap<String, String> {
        let start = usize::try_from(row.attributes.0).unwrap_or(usize::MAX);
        let end = start.saturating_add(usize::from(row.attributes.1));
        let all = self.attributes.get(start..end).unwrap_or_default().iter();
        all.filter_map(|(place, text)| {
            let name = IdpUser::MAPPED_ATTRIBUTES.get(usize::from(*place))?;
            Some(((*name).to_owned(), self.texts.owned(*text)?))
        })
        .collect()
    }

    pub(super) fn enabled(&self, row: usize) -> Option<bool> {
        self.rows.get(row)?.enabled
    }

    fn aliases<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = (Text, bool)> + 'a {
        let (start, count, others) = row.aliases;
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        let all = self.aliases.get(start..start.saturating_add(usize::from(count))).unwrap_or_default();
        let proxies = usize::from(count.saturating_sub(others));
        all.iter().enumerate().map(move |(at, alias)| (*alias, at >= proxies))
    }

    #[must_use]
    pub fn by_id(&self, id: &str) -> Option<IdpUser> {
        self.row_of(id).and_then(|row| self.user(row))
    }

    /// The rows with this address as UPN, mail or proxy address, in the order of their ids.
    pub(super) fn rows_by_address(&self, address: &str) -> Vec<usize> {
        self.bearing(address, false)
    }

    /// The users with this address as UPN, mail or proxy address, in the order of their ids.
    #[must_use]
    pub fn by_address(&self, address: &str) -> Vec<IdpUser> {
        self.bearing(address, false).into_iter().filter_map(|row| self.user(row)).collect()
    }

    /// The users with this address in `otherMails`.
    #[must_use]
    pub fn by_other(&self, address: &str) -> Vec<IdpUser> {
        self.bearing(address, true).into_iter().filter_map(|row| self.user(row)).collect()
    }

    fn bearing(&self, address: &str, other: bool) -> Vec<usize> {
        let wanted = normalize(address);
        let is = |text: Text| self.texts.get(text).is_some_and(|text| normalize(text) == wanted);
        let mut rows: Vec<usize> = self
            .by_address
            .rows(key(&wanted))
            .filter(|row| {
                let Some(found) = self.rows.get(*row) else { return false };
                let named = !other && (is(found.upn) || is(found.mail));
                named || self.aliases(found).any(|(alias, is_other)| is_other == other && is(alias))
            })
            .filter(|row| self.id(*row).and_then(|id| self.row_of(id)) == Some(*row))
            .collect();
        rows.sort_by(|a, b| self.id(*a).cmp(&self.id(*b)));
        rows
    }

    /// Deleted users who had this address as mail or as user principal name.
    #[must_use]
    pub fn deleted_with(&self, address: &str) -> Vec<IdpUser> {
        let users = (0..self.rows.len()).filter_map(|row| self.user(row));
        users.filter(|user| user.was_deleted_as(address)).collect()
    }
}
