//! What people call the accounts and directories of a diagnosis. People do not compare ids, so a card shows a name and
//! the end of the id. Two things must never get the same label: the shown end of an id is as long as needed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::diagnose::Case;
use crate::evidence::{Account, Read};

/// How many characters of an id are shown, if they tell all known ids apart.
const TAIL: usize = 4;
/// The maximum number of characters of a name in a label.
const MAX_NAME: usize = 30;

/// When an account was last used in any app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LastUse {
    /// It could not be read, or was not asked.
    Unread,
    Never,
    /// The day, as Atlassian returns it.
    On(String),
}

/// What tells one account from another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountName {
    pub name: Option<String>,
    /// The day on which it came into the organization. `None` if unknown.
    pub added: Option<String>,
    pub last_use: LastUse,
}

/// Names by id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub accounts: BTreeMap<String, AccountName>,
    /// User directories.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub directories: BTreeMap<String, String>,
}

impl Names {
    /// The names of everything that was read.
    pub(crate) fn of(case: &Case<'_>) -> Self {
        let mut names = Self::default();
        let read = case.e.accounts.get().into_iter().chain(case.e.namesakes.get()).flatten();
        for account in read {
            names.accounts.entry(account.id.clone()).or_insert_with(|| account_name(case, account));
        }
        for directory in case.e.user_directories.values().filter_map(Read::get).flatten() {
            if let Some(name) = &directory.name {
                names.directories.insert(directory.id.clone(), name.clone());
            }
        }
        names
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty() && self.directories.is_empty()
    }

    /// A text of this program for people: every id in it is replaced by a name, or by its end.
    #[must_use]
    pub fn in_words(&self, text: &str) -> String {
        replaced(text, |id| self.label(id))
    }

    /// Like [`Self::in_words`], with the day on which each account was added.
    #[must_use]
    pub fn in_dated_words(&self, text: &str) -> String {
        replaced(text, |id| self.described(id, false))
    }

    /// An account or a directory by its name and the end of its id; anything else by the end of its id.
    #[must_use]
    pub fn label(&self, id: &str) -> String {
        let name = self.accounts.get(id).map(|account| account.name.as_deref());
        match (name, self.directories.get(id)) {
            (Some(Some(name)), _) => format!("{} ({})", shortened(name), self.tail(id)),
            (None, Some(name)) => shortened(name),
            _ => self.tail(id),
        }
    }

    /// An account with what tells it from another one of the same name: `Jane Doe (…0005, added 2026-03-02, never
    /// used)`.
    #[must_use]
    pub fn in_full(&self, id: &str) -> String {
        self.described(id, true)
    }

    /// The same without the last use.
    #[must_use]
    pub fn dated(&self, id: &str) -> String {
        self.described(id, false)
    }

    fn described(&self, id: &str, with_use: bool) -> String {
        let Some(account) = self.accounts.get(id) else { return self.label(id) };
        let mut parts = vec![self.tail(id)];
        parts.extend(account.added.as_ref().map(|day| format!("added {day}")));
        match &account.last_use {
            _ if !with_use => {}
            LastUse::Unread => {}
            LastUse::Never => parts.push("never used".to_owned()),
            LastUse::On(day) => parts.push(format!("last used {day}")),
        }
        let parts = parts.join(", ");
        match account.name.as_deref() {
            Some(name) => format!("{} ({parts})", shortened(name)),
            None => format!("without a name ({parts})"),
        }
    }

    /// The end of an id, long enough to tell it from every other known account.
    fn tail(&self, id: &str) -> String {
        let all: Vec<char> = id.chars().collect();
        let end = |of: &str, count: usize| -> String {
            let skip = of.chars().count().saturating_sub(count);
            of.chars().skip(skip).collect()
        };
        let is_unique = |count: &usize| {
            self.accounts
                .keys()
                .filter(|other| *other != id)
                .all(|other| end(other, *count) != end(id, *count))
        };
        // Only accounts are told apart by their ids. A record is always named together with its account.
        let count = match self.accounts.contains_key(id) {
            true => (TAIL..all.len()).find(is_unique).unwrap_or(TAIL),
            false => TAIL,
        };
        format!("…{}", end(id, count))
    }
}

fn replaced(text: &str, label: impl Fn(&str) -> String) -> String {
    let mut out = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let other = rest.find(is_id_char).unwrap_or(rest.len());
        let (between, from_id) = rest.split_at(other);
        out.push_str(between);
        let end = from_id.find(|c| !is_id_char(c)).unwrap_or(from_id.len());
        let (run, after) = from_id.split_at(end);
        let id = run.trim_end_matches([':', '-', '_']);
        // The part of an address before the @ is never an id of ours.
        if is_id(id) && !after.starts_with('@') {
            out.push_str(&label(id));
            out.push_str(run.get(id.len()..).unwrap_or_default());
        } else {
            out.push_str(run);
        }
        rest = after;
    }
    out
}

fn account_name(case: &Case<'_>, account: &Account) -> AccountName {
    let last_use = match case.e.last_active.get(&account.id).and_then(Read::get) {
        None => LastUse::Unread,
        Some(uses) => {
            uses.iter().map(|used| &used.day).max().map_or(LastUse::Never, |day| LastUse::On(day.clone()))
        }
    };
    AccountName { name: account.name.clone(), added: account.added.clone(), last_use }
}

/// A name that leaves room for the rest of a sentence. Names of 200 characters occur.
pub(crate) fn shortened(name: &str) -> String {
    if name.chars().count() <= MAX_NAME {
        return name.to_owned();
    }
    let start: String = name.chars().take(MAX_NAME).collect();
    format!("{}…", start.trim_end())
}

fn is_id_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '_')
}

/// Whether a word is an object id: a UUID, also behind the prefix of an account id, or 24 hexadecimal digits.
fn is_id(word: &str) -> bool {
    let id = word.rsplit(':').next().unwrap_or_default();
    let prefix = word.strip_suffix(id).unwrap_or_default();
    let parts: Vec<usize> = id.split('-').map(str::len).collect();
    let hex = id.chars().all(|c| c == '-' || c.is_ascii_hexdigit());
    let is_old_account = parts == [24] && id.contains(|c: char| c.is_ascii_digit());
    hex && (parts == [8, 4, 4, 4, 12] || is_old_account)
        && prefix.chars().all(|c| c == ':' || c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const JANE: &str = "712020:93c3f6a0-0000-4000-8000-000000000004";
    const OTHER: &str = "712020:93c3f6a0-0000-4000-8000-000000000005";

    fn names() -> Names {
        let account = |name: Option<&str>, last_use| AccountName {
            name: name.map(str::to_owned),
            added: Some("2026-03-02".to_owned()),
            last_use,
        };
        Names {
            accounts: [
                (JANE.to_owned(), account(Some("Jane Doe"), LastUse::On("2026-11-30".to_owned()))),
                (OTHER.to_owned(), account(Some("Jane Doe"), LastUse::Never)),
                ("5e5f6a63157ed50cd2b9eaca".to_owned(), account(None, LastUse::Unread)),
            ]
            .into(),
            directories: [("6c2f0000-0000-4000-8000-000000000001".to_owned(), "Staff".to_owned())].into(),
        }
    }

    #[test]
    fn ids_become_names_and_everything_else_stays() {
        let text = format!(
            "Account {JANE} bears a@b.example, {OTHER}: and record 5578ea37-0000-4000-8000-000000000009; directory \
             6c2f0000-0000-4000-8000-000000000001, 5e5f6a63157ed50cd2b9eaca. parked-5232704f3027377f@acme.example"
        );
        assert_eq!(
            names().in_words(&text),
            "Account Jane Doe (…0004) bears a@b.example, Jane Doe (…0005): and record …0009; directory Staff, …eaca. \
             parked-5232704f3027377f@acme.example"
        );
        for same in ["", "jira-users", "2026-11-30", "facade", "…", "93c3f6a0", "é:–x"] {
            assert_eq!(names().in_words(same), same);
        }
    }

    #[test]
    fn an_account_is_shown_with_its_age_and_use() {
        assert_eq!(names().in_full(JANE), "Jane Doe (…0004, added 2026-03-02, last used 2026-11-30)");
        assert_eq!(names().in_full(OTHER), "Jane Doe (…0005, added 2026-03-02, never used)");
        assert_eq!(names().in_full("5e5f6a63157ed50cd2b9eaca"), "without a name (…eaca, added 2026-03-02)");
        assert_eq!(names().in_full("unknown-id"), "…n-id");
    }

    #[test]
    fn two_ids_with_the_same_end_are_told_apart() {
        let mut names = names();
        let twin = names.accounts.get(JANE).unwrap().clone();
        names.accounts.insert("712020:93c3f6a0-0000-4000-8000-000000010004".to_owned(), twin);
        assert_eq!(names.label(JANE), "Jane Doe (…00004)");
    }

    #[test]
    fn a_long_name_is_shortened() {
        let mut names = names();
        names.accounts.get_mut(JANE).unwrap().name = Some("x".repeat(200));
        assert_eq!(names.label(JANE), format!("{}… (…0004)", "x".repeat(30)));
    }
}
