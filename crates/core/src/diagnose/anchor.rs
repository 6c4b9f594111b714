//! Causes at the anchor: the record that the identity provider believes to be the person's, by its newest success
//! (docs/reference/rules.md#the-anchor). The anchor may be gone, or it may be another record than the person's. Then
//! provision on demand must never be sent without proof of which record it will write.

use super::link::links_fact;
use super::scope::is_due;
use super::{Answer, Case, Owner, fact};
use crate::evidence::{Read, Source};
use crate::finding::{Cause, Fact, Finding};

/// The record of the newest success does not exist any more, or the identity provider itself says that it does not find
/// it. The person has no other record.
pub(super) fn stale_anchor(case: &Case<'_>) -> Answer {
    if !is_due(case) || case.own.is_some() || case.has_no_job() {
        return Answer::No;
    }
    if case.e.log.get().is_none() {
        return Answer::Unread(&[Source::ProvisioningLog]);
    }
    let says = "the identity provider did not find the record that it wrote before (InvalidAnchor)";
    let refused = || fact(&case.e.log, Source::ProvisioningLog, says).filter(|_| case.anchor_was_not_found());
    let gone = case.anchor().map(|anchor| (anchor, case.anchor_is_gone()));
    let first = match gone {
        Some((_, None)) => return Answer::Unread(&[Source::ScimUsers]),
        Some((anchor, Some(true))) => {
            let says = format!("the identity provider wrote record {anchor} last");
            fact(&case.e.log, Source::ProvisioningLog, says)
        }
        Some((_, Some(false))) | None => refused(),
    };
    // A record that may be the person's was read, but its owner is unread.
    if first.is_some() && case.record_is_unread() {
        return Answer::Unread(&[Source::Users, Source::Schema]);
    }
    let absent = gone.filter(|(_, gone)| *gone == Some(true)).and_then(|(anchor, _)| gone_fact(case, anchor));
    let none = || links_fact(case, "no SCIM record of the person exists");
    first.map_or(Answer::No, |first| {
        let finding = Finding::new(Cause::StaleAnchor, first).and(absent.or_else(none));
        let known = finding.because.iter().any(|fact| fact.message == says);
        Answer::Yes(finding.and(refused().filter(|_| !known)))
    })
}

/// The directory answered that the record does not exist.
fn gone_fact(case: &Case<'_>, record: &str) -> Option<Fact> {
    let by_id = case.e.records_by_id.iter();
    let mut answers = by_id.filter(|(id, read)| id.record == record && read.get() == Some(&None));
    let (_, read) = answers.next()?;
    fact(read, Source::ScimUsers, format!("record {record} does not exist any more"))
}

/// The anchor belongs to another living person, or another record of the same directory has the value that the job
/// writes for this person.
pub(super) fn wrong_anchor(case: &Case<'_>) -> Answer {
    if case.person.is_none() || case.has_no_job() {
        return Answer::No;
    }
    // A person with a record is not likely to have a wrong anchor. Each step has the condition that the anchor was read.
    let in_question = case.own.is_none() && is_due(case);
    if case.e.log.get().is_none() {
        return if in_question { Answer::Unread(&[Source::ProvisioningLog]) } else { Answer::No };
    }
    let Some(link) = case.anchor_link() else {
        let unread = in_question && case.anchor().is_some() && case.anchor_is_gone().is_none();
        return if unread { Answer::Unread(&[Source::ScimUsers]) } else { Answer::No };
    };
    let is_own = case.own.as_ref().is_some_and(|own| own.id == link.id);
    let mut beside = case.record_links.iter().filter(|other| other.id.directory == link.id.directory);
    let right = beside.find(|other| other.id != link.id && case.has_the_external_id(other));
    let says = match (case.owner(link), right.filter(|_| !case.has_the_external_id(link))) {
        (Owner::Other(other), _) => {
            let name = other.name.as_deref().unwrap_or(&other.id);
            format!("record {} belongs to another living person ({name})", link.id.record)
        }
        (_, Some(right)) => {
            format!("record {} has the externalId that the job writes for the person", right.id.record)
        }
        (Owner::Unread, None) if !is_own => return Answer::Unread(&[Source::Users, Source::Schema]),
        (_, None) => return Answer::No,
    };
    let first = format!("the identity provider wrote record {} for the person last", link.id.record);
    let by_id = case.e.records_by_id.iter().find(|(id, _)| *id == link.id).map(|(_, read)| read);
    let second = match by_id {
        Some(read @ Read::Seen { .. }) => fact(read, Source::ScimUsers, says),
        _ => case.e.records.get(&link.id.directory).and_then(|read| fact(read, Source::ScimUsers, says)),
    };
    match fact(&case.e.log, Source::ProvisioningLog, first) {
        Some(first) => Answer::Yes(Finding::new(Cause::WrongAnchor, first).and(second)),
        None => Answer::No,
    }
}
