//! Advice: the earlier work of a person who was created again may be on another account
//! (docs/reference/rules.md#history-elsewhere). A name proves nothing, so this must never lead to a step by itself.

use jiff::civil::Date;

use super::{Answer, Case, Owner, fact};
use crate::evidence::{Account, AppUse, Claim, Read, Source};
use crate::finding::{Cause, Finding};
use crate::subject::{normalize, normalize_name};

/// For how long after the creation of a user object the question is asked. Each such check costs two more calls.
const MAX_AGE_DAYS: i32 = 180;
/// How far the end of the earlier activity may be from the creation of the user object.
const MAX_GAP_DAYS: i32 = 60;
/// The suffixes that Atlassian and its manual give to the local part of an address that is in use twice.
const SUFFIXES: &[&str] = &["atlassian_conflict", "duplicated"];

/// The person's account has no use older than their user object. Another managed account with the same name was used
/// until about that day, and its user object is disabled or gone.
pub(super) fn history_elsewhere(case: &Case<'_>) -> Answer {
    let (true, Some(account), Some(created)) =
        (case.may_have_history_elsewhere(), case.account, case.created_day())
    else {
        return Answer::No;
    };
    match case.has_older_use() {
        Some(false) => {}
        Some(true) => return Answer::No,
        None => return Answer::Unread(&[Source::LastActive]),
    }
    let Some(namesakes) = case.e.namesakes.get() else { return Answer::Unread(&[Source::Accounts]) };
    let mut finding: Option<Finding> = None;
    for other in namesakes.iter().filter(|other| case.is_namesake(other)) {
        match case.is_former(other) {
            Some(true) => {}
            Some(false) => continue,
            None => return Answer::Unread(&[Source::LastActive, Source::Users, Source::ScimLinks]),
        }
        let Some(read) = case.e.last_active.get(&other.id) else { continue };
        let says = format!(
            "account {} of {} ({}) was last used on {}, and its user is disabled or gone",
            other.id,
            other.name.as_deref().unwrap_or("nobody that is shown"),
            other.email.as_deref().unwrap_or("no address that is shown"),
            last_day(read.get()).map_or_else(|| "an unknown day".to_owned(), |day| day.to_string()),
        );
        let more = fact(read, Source::LastActive, says);
        finding = match (finding, more) {
            (Some(known), more) => Some(known.and(more)),
            (None, Some(first)) => Some(Finding::new(Cause::HistoryElsewhere, first)),
            (None, None) => None,
        };
    }
    finding.map_or(Answer::No, |finding| {
        let says = format!("the user was created on {created}, and account {} has no older use", account.id);
        Answer::Yes(finding.and(fact(&case.e.users, Source::Users, says)))
    })
}

fn day(used: &AppUse) -> Option<Date> {
    used.day.parse().ok()
}

fn last_day(uses: Option<&Vec<AppUse>>) -> Option<Date> {
    uses?.iter().filter_map(day).max()
}

/// Days from one date to another, without sign.
fn days_between(one: Date, other: Date) -> i32 {
    (one - other).get_days().abs()
}

/// The part of an address before the `@`, and before a `+`, with what follows it.
fn local_part(address: &str) -> Option<(String, Option<String>)> {
    let address = normalize(address);
    let (local, _) = address.rsplit_once('@')?;
    Some(match local.split_once('+') {
        Some((bare, suffix)) => (bare.to_owned(), Some(suffix.to_owned())),
        None => (local.to_owned(), None),
    })
}

impl Case<'_> {
    /// Whether earlier work may be on another account: the user object is young, and the person has one managed account.
    #[must_use]
    pub fn may_have_history_elsewhere(&self) -> bool {
        let today = self.e.asked_at.to_zoned(jiff::tz::TimeZone::UTC).date();
        let young = self.created_day().is_some_and(|created| days_between(today, created) <= MAX_AGE_DAYS);
        let single = self.other.is_none() && self.candidates.is_empty();
        young && single && self.account.is_some_and(|account| self.is_managed(account))
    }

    fn created_day(&self) -> Option<Date> {
        Some(self.person?.created?.to_zoned(jiff::tz::TimeZone::UTC).date())
    }

    /// Whether the account was last used before the user object was created. `None` if unread.
    #[must_use]
    pub fn has_older_use(&self) -> Option<bool> {
        let uses = self.e.last_active.get(&self.account?.id)?.get()?;
        let created = self.created_day()?;
        // A day in an unknown form shows nothing.
        let days: Option<Vec<Date>> = uses.iter().map(day).collect();
        Some(days?.into_iter().any(|day| day < created))
    }

    /// Whether another managed account has the person's name, or their local part with a suffix of a conflict.
    #[must_use]
    pub fn is_namesake(&self, other: &Account) -> bool {
        let own = self.account.map(|account| account.id.as_str());
        if Some(other.id.as_str()) == own || other.claim != Claim::Managed || other.kind_is_not_a_person() {
            return false;
        }
        let name = self.person.and_then(|person| person.name.as_deref()).map(normalize_name);
        let same_name = name.filter(|name| !name.is_empty()) == other.name.as_deref().map(normalize_name);
        let parts =
            self.wanted.as_deref().and_then(local_part).zip(other.email.as_deref().and_then(local_part));
        let conflict = parts.is_some_and(|((own, _), (bare, suffix))| {
            own == bare && suffix.is_some_and(|suffix| SUFFIXES.iter().any(|known| suffix.starts_with(known)))
        });
        (same_name && other.name.is_some()) || conflict
    }

    /// Whether the use of another account ended about when the person's user object was created.
    #[must_use]
    pub fn use_ended_then(&self, other: &Account) -> Option<bool> {
        let uses = self.e.last_active.get(&other.id)?.get()?;
        let created = self.created_day()?;
        Some(last_day(Some(uses)).is_some_and(|last| days_between(last, created) <= MAX_GAP_DAYS))
    }

    /// The accounts that may hold the person's earlier work.
    #[must_use]
    pub fn former_accounts(&self) -> Vec<&Account> {
        let all = self.e.namesakes.get().into_iter().flatten();
        all.filter(|other| self.is_namesake(other) && self.is_former(other) == Some(true)).collect()
    }

    /// Whether another account was used until the person's user object was created, and its own user is disabled or
    /// gone. `None` if unread.
    fn is_former(&self, other: &Account) -> Option<bool> {
        if !self.use_ended_then(other)? {
            return Some(false);
        }
        let address = normalize(other.email.as_deref()?);
        let by_address = self.e.bearers.get(&address).and_then(Read::get)?;
        if by_address.iter().any(|user| user.enabled != Some(false)) {
            return Some(false);
        }
        self.e.account_links.get(&other.id).and_then(Read::get)?;
        let mut linked = self.record_links.iter().filter(|link| link.account.as_ref() == Some(&other.id));
        linked.try_fold(true, |former, link| match self.owner(link) {
            Owner::Nobody => Some(former),
            Owner::Other(user) => Some(former && user.enabled == Some(false)),
            Owner::Person => Some(false),
            Owner::Unread => None,
        })
    }
}
