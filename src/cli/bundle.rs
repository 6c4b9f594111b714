//! Evidence bundles: `check WHO --bundle FILE` writes one, and `replay FILE` diagnoses one. Neither may send anything to
//! anybody, and a bundle must never contain a value of the configuration.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;

use anyhow::Context as _;
use reinstate_core::bundle::{Bundle, BundleError, Codes, Key, MAX_BUNDLE_BYTES};
use reinstate_core::{Evidence, Rules};
use ring::rand::SecureRandom as _;

use super::args::Exit;
use super::{check, report};
use crate::exec::assess::{Assessment, PlanFor, assess_evidence};

/// The version of this program, as a bundle keeps it.
const PROGRAM: &str = env!("CARGO_PKG_VERSION");

/// Writes the evidence of one diagnosis to a file, and says on standard error what to know before sending it.
///
/// # Errors
/// When there is no randomness for the pseudonyms, or the file cannot be written.
pub(super) fn write(
    file: &Path,
    evidence: &Evidence,
    rules: &Rules,
    prior_runs_unread: Option<&str>,
) -> anyhow::Result<()> {
    let mut bundle = Bundle::new(evidence, rules, prior_runs_unread, PROGRAM, random_key()?);
    let assessment = assess(&bundle);
    bundle.diagnosis = report::json(bundle.evidence.subject.who.text(), &assessment);
    let text = bundle.text().context("the evidence could not be written as JSON")?;
    let mut made = File::create(file).with_context(|| format!("{} cannot be written", file.display()))?;
    made.write_all(text.as_bytes()).with_context(|| format!("{} cannot be written", file.display()))?;
    eprintln!(
        "The evidence is in {}. Names, addresses and ids in it are pseudonyms. Read the file before you send it.",
        file.display()
    );
    for note in notes(&bundle) {
        eprintln!("{note}");
    }
    Ok(())
}

fn random_key() -> anyhow::Result<Key> {
    let mut key = Key::default();
    let filled = ring::rand::SystemRandom::new().fill(&mut key);
    filled.map_err(|_| anyhow::anyhow!("the system gave no random numbers for the pseudonyms"))?;
    Ok(key)
}

/// Diagnoses a bundle and prints the answer, as `check` does.
///
/// # Errors
/// None; a file that cannot be read is an answer on standard error.
pub(super) fn replay(file: &Path, json: bool) -> anyhow::Result<Exit> {
    let bundle = match read(file) {
        Ok(bundle) => bundle,
        Err(why) => {
            eprintln!("{why}");
            return Ok(Exit::Error);
        }
    };
    let assessment = assess(&bundle);
    check::print(bundle.evidence.subject.who.text(), &assessment, json);
    for note in notes(&bundle) {
        eprintln!("{note}");
    }
    Ok(check::exit(&assessment))
}

/// Reads a bundle from a file.
///
/// # Errors
/// One sentence that names the file.
pub(super) fn read(file: &Path) -> Result<Bundle, String> {
    let limit = u64::try_from(MAX_BUNDLE_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    let read = File::open(file).and_then(|file| file.take(limit).read_to_end(&mut bytes));
    if let Err(error) = read {
        return Err(format!("{} cannot be read: {error}.", file.display()));
    }
    Bundle::parse(&bytes).map_err(|error: BundleError| format!("{}: {error}.", file.display()))
}

/// The diagnosis of a bundle, with the default configuration.
fn assess(bundle: &Bundle) -> Assessment {
    let unread = bundle.prior_runs_unread.clone();
    assess_evidence(&bundle.evidence, unread, &Rules::default(), PlanFor::Repair, &[])
}

/// What to know about a bundle: that the configuration matters, or that its diagnosis is another than before.
fn notes(bundle: &Bundle) -> Vec<String> {
    let mut notes = Vec::new();
    if !bundle.configuration.is_empty() {
        notes.push(format!(
            "The plan of a bundle uses the default configuration. In check, these keys change it: {}.",
            bundle.configuration.join(", ")
        ));
    }
    let now = Codes::of(&bundle.evidence, &Rules::default());
    if let Some(before) = &bundle.changed {
        notes.push(format!(
            "The pseudonyms change the diagnosis, which is a fault of this program. Before: {before}. Now: {}.",
            now.causes()
        ));
    }
    let then = report::causes(&bundle.diagnosis);
    if let Some(then) = then.filter(|then| *then != now.causes()) {
        notes.push(format!("Reinstate {} found in this bundle: {then}.", bundle.program));
    }
    // A bundle comes from somebody else, so its texts must not move the cursor.
    notes.into_iter().map(|note| note.replace(char::is_control, " ")).collect()
}
