//! The file of a bundle. A newer program must be able to read it, and an older program must refuse what it does not
//! know: evidence that is left out changes the diagnosis.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Codes, Key, pseudonymized};
use crate::evidence::Evidence;
use crate::rules::Rules;

/// The version of the format that this program writes.
const VERSION: u64 = 1;
/// A larger file is refused. The evidence of one person is far smaller.
pub const MAX_BUNDLE_BYTES: usize = 64 * 1024 * 1024;

/// The evidence of one diagnosis, with pseudonyms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bundle {
    /// The version of the format.
    pub bundle: u64,
    /// The version of the program that wrote it.
    pub program: String,
    pub evidence: Evidence,
    /// Why the journal of earlier runs could not be read, where it might matter.
    #[serde(default)]
    pub prior_runs_unread: Option<String>,
    /// The configuration keys because of which the plan of `check` differs from the plan of the bundle. The values are
    /// not in the bundle.
    #[serde(default)]
    pub configuration: Vec<String>,
    /// What `check` found, if the pseudonyms change it. That is a fault of this program.
    #[serde(default)]
    pub changed: Option<String>,
    /// The diagnosis of this evidence, as `check --json` prints it.
    #[serde(default)]
    pub diagnosis: Value,
}

/// Why a file is no bundle that this program can read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    #[error("the file is larger than {} MB, so it is not an evidence bundle", MAX_BUNDLE_BYTES / 1024 / 1024)]
    TooLarge,
    #[error("the file is not JSON, or it is damaged ({0})")]
    NotJson(String),
    #[error("the file is JSON, but not an evidence bundle: it has no \"bundle\" with a version number")]
    NoBundle,
    #[error(
        "the bundle has version {0}, and this program reads versions up to {VERSION}; use a newer program"
    )]
    NewerVersion(u64),
    #[error("the bundle has \"{0}\", which this program does not know; it was written by a newer program")]
    UnknownField(String),
    #[error("the bundle is damaged ({0})")]
    Damaged(String),
}

impl Bundle {
    /// Makes a bundle. `rules` are those of the configuration; only the names of the keys that matter are kept.
    #[must_use]
    pub fn new(
        evidence: &Evidence,
        rules: &Rules,
        prior_runs_unread: Option<&str>,
        program: &str,
        key: Key,
    ) -> Self {
        let (replaced, more) = pseudonymized(evidence, prior_runs_unread.as_slice(), key);
        let plain = Rules::default();
        let (before, after) = (Codes::of(evidence, &plain), Codes::of(&replaced, &plain));
        Self {
            bundle: VERSION,
            program: program.to_owned(),
            evidence: replaced,
            prior_runs_unread: more.into_iter().next(),
            configuration: deciding_keys(evidence, rules),
            changed: (before != after).then(|| before.causes()),
            diagnosis: Value::Null,
        }
    }

    /// Reads a bundle of this or an older version.
    ///
    /// # Errors
    /// [`BundleError`], in one sentence.
    pub fn parse(bytes: &[u8]) -> Result<Self, BundleError> {
        if bytes.len() > MAX_BUNDLE_BYTES {
            return Err(BundleError::TooLarge);
        }
        let value: Value =
            serde_json::from_slice(bytes).map_err(|error| BundleError::NotJson(short(&error)))?;
        let version = value.get("bundle").and_then(Value::as_u64).ok_or(BundleError::NoBundle)?;
        if version > VERSION {
            return Err(BundleError::NewerVersion(version));
        }
        let bundle: Self =
            serde_json::from_value(value.clone()).map_err(|error| BundleError::Damaged(short(&error)))?;
        // A field that is not written again was not understood.
        let known = serde_json::to_value(&bundle).map_err(|error| BundleError::Damaged(short(&error)))?;
        match unknown_field(&value, &known, &mut Vec::new()) {
            Some(field) => Err(BundleError::UnknownField(printable(&field))),
            None => Ok(bundle),
        }
    }

    /// The text of the file.
    ///
    /// # Errors
    /// When the evidence cannot be written as JSON.
    pub fn text(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}

/// The message of an error without the values that it quotes.
fn short(error: &serde_json::Error) -> String {
    format!("{:?} error at line {} column {}", error.classify(), error.line(), error.column()).to_lowercase()
}

/// The start of a text from a file, without characters that move the cursor.
fn printable(text: &str) -> String {
    const MAX_CHARS: usize = 100;
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_CHARS).collect()
}

/// The first field that has no counterpart.
fn unknown_field(value: &Value, known: &Value, path: &mut Vec<String>) -> Option<String> {
    match (value, known) {
        (Value::Object(fields), Value::Object(counterparts)) => fields.iter().find_map(|(name, value)| {
            path.push(name.clone());
            let found = match counterparts.get(name) {
                Some(counterpart) => unknown_field(value, counterpart, path),
                None => Some(path.join(".")),
            };
            path.pop();
            found
        }),
        (Value::Array(items), Value::Array(counterparts)) => items
            .iter()
            .zip(counterparts)
            .find_map(|(item, counterpart)| unknown_field(item, counterpart, path)),
        _ => None,
    }
}

/// The configuration keys that change the plan.
fn deciding_keys(evidence: &Evidence, rules: &Rules) -> Vec<String> {
    type Set = fn(&mut Rules, &Rules);
    let keys: [(&str, Set); 5] = [
        ("access.protected", |to, from| to.protected.clone_from(&from.protected)),
        ("atlassian.parking_domain", |to, from| to.parking_domain.clone_from(&from.parking_domain)),
        ("approvals.reversible", |to, from| to.reversible = from.reversible),
        ("approvals.disruptive", |to, from| to.disruptive = from.disruptive),
        ("approvals.destructive", |to, from| to.destructive = from.destructive),
    ];
    let usual = Rules::default();
    let codes = |rules: &Rules| Codes::of(evidence, rules);
    let matters = |set: Set| {
        let (mut alone, mut without) = (usual.clone(), rules.clone());
        set(&mut alone, rules);
        set(&mut without, &usual);
        alone != usual && (codes(&alone) != codes(&usual) || codes(&without) != codes(rules))
    };
    keys.into_iter().filter(|(_, set)| matters(*set)).map(|(key, _)| key.to_owned()).collect()
}
