//! An evidence bundle: the evidence of one diagnosis in a file that can be sent to somebody else. Personal values are
//! replaced by pseudonyms that keep every relation a rule looks at, so that the bundle gives the same diagnosis. A
//! bundle must never contain a personal value or a secret (docs/reference/rules.md#bundles).

mod atlassian;
mod codes;
mod entra;
mod file;
mod mapping;
mod pseudonyms;
mod text;
mod token;
mod vocabulary;
mod walk;

pub use codes::Codes;
pub use file::{Bundle, BundleError, MAX_BUNDLE_BYTES};
pub use pseudonyms::Key;

use crate::evidence::Evidence;
use text::Pseudonymizer;
use walk::Pseudonymize as _;

/// The evidence with pseudonyms in place of personal values, and other texts treated in the same way.
#[must_use]
pub fn pseudonymized(evidence: &Evidence, more: &[&str], key: Key) -> (Evidence, Vec<String>) {
    let mut by = Pseudonymizer::new(key);
    drop(evidence.pseudonymized(&mut by));
    mapping::collect_values(evidence, &mut by);
    more.iter().for_each(|text| drop(by.reason(text)));
    by.start_replacing();
    let mut replaced = evidence.pseudonymized(&mut by);
    mapping::keep_values(evidence, &mut replaced, &mut by);
    (replaced, more.iter().map(|text| by.reason(text)).collect())
}

#[cfg(test)]
mod shape_tests;
#[cfg(test)]
mod tests;
