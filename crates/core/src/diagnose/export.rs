//! A refused export that no other cause explains (docs/reference/rules.md#failing-exports). It names what the target
//! answered, so that a diagnosis of missing access is not left without a reason.

use super::address::ACCESS_SOURCES;
use super::scope::is_due;
use super::{Answer, Case, fact};
use crate::evidence::{LogEntry, Source};
use crate::finding::{Cause, Fact, Finding};

/// The newest export of the person failed. Or the job looks the person up by an attribute that Atlassian cannot filter
/// by, and the person has no record. Not reported for a person who has access, and undecided where access is unread.
pub(super) fn export_failing(case: &Case<'_>) -> Answer {
    if !is_due(case) || case.has_no_job() || case.has_access() == Some(true) {
        return Answer::No;
    }
    if case.e.log.get().is_none() {
        return Answer::Unread(&[Source::ProvisioningLog]);
    }
    // A record that was not read may have the value and explain the refusal.
    let is_conflict = case.failing_export().is_some_and(LogEntry::is_conflict);
    if is_conflict && !case.every_directory_was_read() {
        return Answer::Unread(&[Source::ScimUsers]);
    }
    let failed = case.failing_export().and_then(|entry| {
        fact(&case.e.log, Source::ProvisioningLog, format!("the newest export failed: {}", answer(entry)))
    });
    let look_up = unfilterable_fact(case).filter(|_| case.looks_up_in_vain());
    let mut facts = [failed, look_up].into_iter().flatten();
    let Some(first) = facts.next() else { return Answer::No };
    // A failed export does no harm to a person who has access.
    if case.has_access().is_none() {
        return Answer::Unread(ACCESS_SOURCES);
    }
    Answer::Yes(Finding::new(Cause::ExportFailing, first).and(facts.next()))
}

/// What the target answered, for people.
pub(crate) fn answer(entry: &LogEntry) -> String {
    let mut parts = Vec::new();
    parts.extend(entry.http_status.map(|status| format!("HTTP status {status}")));
    parts.extend(entry.scim_type.as_ref().map(|kind| format!("scimType {kind}")));
    parts.extend(entry.detail.clone().or_else(|| entry.error_code.clone()));
    parts.extend(entry.retry_at.map(|at| format!("to be retried at {}", at.strftime("%Y-%m-%dT%H:%M:%SZ"))));
    if parts.is_empty() { "no reason is shown".to_owned() } else { parts.join(", ") }
}

fn unfilterable_fact(case: &Case<'_>) -> Option<Fact> {
    let attribute = case.e.mapping.get()?.unfilterable()?;
    let says = format!(
        "the job looks people up by {attribute}, and Atlassian filters by userName and externalId only"
    );
    fact(&case.e.mapping, Source::Schema, says)
}

impl<'a> Case<'a> {
    /// The newest export or comparison of the person, if it failed and its reason still applies.
    #[must_use]
    pub fn failing_export(&self) -> Option<&'a LogEntry> {
        let newest = self.e.log.get()?.iter().find(|entry| entry.is_failure() || entry.is_in_reach())?;
        let still = self.newest_failure().flatten().filter(|failure| *failure == newest)?;
        (!self.is_old_key_refusal(still)).then_some(still)
    }

    /// Whether a refusal of the key is outdated: a cycle has succeeded since.
    #[must_use]
    pub fn is_old_key_refusal(&self, entry: &LogEntry) -> bool {
        let works_again = |at| self.e.job.get().is_some_and(|job| job.has_worked_since(at));
        entry.is_key_refused() && entry.at.is_some_and(works_again)
    }

    /// Whether the job would look the person up by an attribute that Atlassian cannot filter by. It looks up only a
    /// person for whom it knows no record.
    #[must_use]
    pub fn looks_up_in_vain(&self) -> bool {
        let by_attribute = self.e.mapping.get().is_some_and(|mapping| mapping.unfilterable().is_some());
        by_attribute && self.own.is_none() && self.anchor_link().is_none() && !self.record_is_unread()
    }
}
