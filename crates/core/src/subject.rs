//! Who a question is about: the words a person typed, and the identities they turned out to mean. A subject
//! never grows by guessing: every id in it was read somewhere.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// The person named in a command. A Slack mention has been turned into an address before it gets here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Who {
    /// An e-mail address, as typed.
    Email(String),
    /// An Atlassian account id.
    Account(String),
}

/// Why a text names nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("that is neither an e-mail address nor an Atlassian account id")]
pub struct NotAName;

impl Who {
    /// Reads an e-mail address or an Atlassian account id (`[a-zA-Z0-9_|:-]{1,128}`, opaque otherwise).
    ///
    /// # Errors
    /// [`NotAName`] when it is neither.
    pub fn parse(text: &str) -> Result<Self, NotAName> {
        let text = text.trim();
        if let Some((local, domain)) = text.split_once('@') {
            let odd = |c: char| {
                c.is_whitespace() || c.is_control() || matches!(c, '@' | '<' | '>' | ',' | ';' | '"')
            };
            let fine = !local.is_empty()
                && domain.contains('.')
                && !domain.starts_with('.')
                && !domain.ends_with('.')
                && text.len() <= 254
                && !local.contains(odd)
                && !domain.contains(odd);
            return if fine { Ok(Self::Email(text.to_owned())) } else { Err(NotAName) };
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '|' | ':' | '-');
        // Ids are opaque, but all known ones are long or have a prefix with a colon. Any other short word is a
        // mistyped name (docs/reference/rules.md#atlassian-account-ids).
        let prefixed =
            text.split_once(':').is_some_and(|(prefix, rest)| !prefix.is_empty() && !rest.is_empty());
        if (prefixed || text.len() >= 20)
            && text.len() <= 128
            && text.chars().all(plain)
            && text.chars().any(|c| c.is_ascii_digit())
        {
            return Ok(Self::Account(text.to_owned()));
        }
        Err(NotAName)
    }

    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Email(text) | Self::Account(text) => text,
        }
    }
}

/// A record of a SCIM directory, by id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RecordId {
    pub directory: String,
    /// The SCIM user id.
    pub record: String,
}

/// Everything a run may look at or write, once the question has been understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// The words of the question.
    pub who: Who,
    /// The person at the identity provider.
    pub person: Option<String>,
    /// Every address that may be the person's, lower case.
    pub addresses: BTreeSet<String>,
    /// Accounts that the plan reads or writes.
    pub accounts: BTreeSet<String>,
    /// SCIM records that the plan reads or writes.
    pub records: BTreeSet<RecordId>,
    /// Of several accounts, the one that a person picked to be kept.
    #[serde(default)]
    pub keep: Option<String>,
}

impl Subject {
    /// A subject of which nothing is known yet but the question.
    #[must_use]
    pub fn asked(who: Who) -> Self {
        let addresses = match &who {
            Who::Email(email) => BTreeSet::from([normalize(email)]),
            Who::Account(_) => BTreeSet::new(),
        };
        let accounts = match &who {
            Who::Account(id) => BTreeSet::from([id.clone()]),
            Who::Email(_) => BTreeSet::new(),
        };
        Self { who, person: None, addresses, accounts, records: BTreeSet::new(), keep: None }
    }

    /// The identities a run claims until it ends, so that two runs never write the same thing
    /// (docs/reference/rules.md#one-run-per-person).
    #[must_use]
    pub fn claims(&self) -> Vec<String> {
        let mut all = self.ids();
        if all.is_empty() {
            all.extend(self.addresses());
        }
        all
    }

    /// Everything the run can be found by afterwards: its ids and its addresses.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.ids().into_iter().chain(self.addresses()).collect()
    }

    fn addresses(&self) -> impl Iterator<Item = String> {
        self.addresses.iter().map(|address| format!("address:{address}"))
    }

    fn ids(&self) -> Vec<String> {
        let person = self.person.iter().map(|id| format!("idp:{id}"));
        let accounts = self.accounts.iter().map(|id| format!("account:{id}"));
        let records = self.records.iter().map(|id| format!("record:{}:{}", id.directory, id.record));
        person.chain(accounts).chain(records).collect()
    }
}

/// The one name that the history of somebody is looked up by before anything is read about them.
#[must_use]
pub fn name_of(who: &Who) -> String {
    match who {
        Who::Email(email) => format!("address:{}", normalize(email)),
        Who::Account(id) => format!("account:{id}"),
    }
}

/// Addresses and names compare without case and in one Unicode form: the same letter may be written in two ways.
#[must_use]
pub fn normalize(text: &str) -> String {
    let text = text.trim();
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.nfc().collect::<String>().to_lowercase().nfc().collect()
}

/// Names of groups compare like addresses, and any white space in them counts as one blank.
#[must_use]
pub fn normalize_name(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    normalize(&words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_account_ids_are_told_apart() {
        assert_eq!(Who::parse(" Jane@acme.example "), Ok(Who::Email("Jane@acme.example".into())));
        assert!(matches!(Who::parse("712020:0f1c3c5e-8c5e-4d0e-9d35-2f2a6d1d6a11"), Ok(Who::Account(_))));
        assert!(matches!(Who::parse("5e5f6a63157ed50cd2b9eaca"), Ok(Who::Account(_))));
        assert!(matches!(Who::parse("712020:jane-1"), Ok(Who::Account(_))));
        for bad in [
            "",
            "jane",
            "jane@",
            "@acme.example",
            "a b@acme.example",
            "a@b@c.example",
            "jane@acme",
            "jane:1@",
            ":1",
            "712020:",
            "../../x",
        ] {
            assert_eq!(Who::parse(bad), Err(NotAName), "{bad}");
        }
    }

    #[test]
    fn a_subject_with_no_ids_claims_its_address() {
        let subject = Subject::asked(Who::Email("Jane@acme.example".into()));
        assert_eq!(subject.claims(), ["address:jane@acme.example"]);
    }
}
