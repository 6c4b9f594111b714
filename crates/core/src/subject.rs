//! The person that a run is about: the text that was typed, and the identities that it was resolved to. Every id in a
//! subject was read from a source; none is ever guessed.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// The person named in a command. A Slack mention is turned into an address before it becomes a `Who`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Who {
    /// An e-mail address, as typed.
    Email(String),
    /// An Atlassian account id.
    Account(String),
}

/// The error for a text that names nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("that is neither an e-mail address nor an Atlassian account id")]
pub struct NotAName;

impl Who {
    /// Parses an e-mail address or an Atlassian account id (`[a-zA-Z0-9_|:-]{1,128}`, otherwise opaque).
    ///
    /// # Errors
    /// [`NotAName`] if the text is neither.
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
        // Account ids are opaque, but all known ones are long or have a prefix with a colon. Any other short word is a
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

/// The id of a record in a SCIM directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RecordId {
    pub directory: String,
    /// The SCIM user id.
    pub record: String,
}

/// Everything that a run may read or write, once WHO is resolved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// What was typed.
    pub who: Who,
    /// The object id of the person at the identity provider.
    pub person: Option<String>,
    /// Every address that may be the person's, lower case.
    pub addresses: BTreeSet<String>,
    /// Accounts that the plan reads or writes.
    pub accounts: BTreeSet<String>,
    /// SCIM records that the plan reads or writes.
    pub records: BTreeSet<RecordId>,
    /// If there are several accounts: the one that a person chose to keep.
    #[serde(default)]
    pub keep: Option<String>,
    /// The app that the question is about, as typed. Only a check asks for one app; a run never does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
}

impl Subject {
    /// A subject of which only the typed text is known.
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
        Self { who, person: None, addresses, accounts, records: BTreeSet::new(), keep: None, app: None }
    }

    /// The same question about one app only.
    #[must_use]
    pub fn about(self, app: Option<&str>) -> Self {
        Self { app: app.map(str::to_owned), ..self }
    }

    /// The identities that a run claims until it ends, so that two runs never write the same thing
    /// (docs/reference/rules.md#one-run-per-person).
    #[must_use]
    pub fn claims(&self) -> Vec<String> {
        let mut all = self.ids();
        if all.is_empty() {
            all.extend(self.addresses());
        }
        all
    }

    /// The names under which the run can be found later: its ids and its addresses.
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

/// The name under which the history of a person is looked up before anything was read about them.
#[must_use]
pub fn name_of(who: &Who) -> String {
    match who {
        Who::Email(email) => format!("address:{}", normalize(email)),
        Who::Account(id) => format!("account:{id}"),
    }
}

/// Normalizes an address or a name for comparison: without case, and in one Unicode form, because Unicode can write the
/// same letter in two ways.
#[must_use]
pub fn normalize(text: &str) -> String {
    let text = text.trim();
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.nfc().collect::<String>().to_lowercase().nfc().collect()
}

/// The forms in which a service may have the name of a group: as it is written, with single spaces, and each of these in
/// both Unicode forms. A service that compares letters one by one finds a name in one of them only.
#[must_use]
pub fn written_forms(name: &str) -> Vec<String> {
    let single = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let texts = [name, single.as_str()].into_iter();
    let mut all: Vec<String> =
        texts.flat_map(|text| [text.to_owned(), text.nfc().collect(), text.nfd().collect()]).collect();
    all.sort();
    all.dedup();
    all
}

/// Normalizes the name of a group for comparison: like [`normalize`], and any run of white space counts as one space.
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
