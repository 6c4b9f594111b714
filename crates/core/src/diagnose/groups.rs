//! Causes at the groups. They apply only if every earlier station of the trail is good
//! (docs/reference/rules.md#a-symptom-is-not-reported-beside-its-cause).

use super::clash::local;
use super::{Answer, Case, RecordLink, fact};
use crate::evidence::{IdpGroup, Source};
use crate::finding::{Cause, Finding};
use crate::subject::normalize_name;

/// The missing groups, split: first those that the SCIM record already has, then the others.
fn split<'a>(case: &Case<'a>, own: &RecordLink<'_>) -> Option<(Vec<&'a IdpGroup>, Vec<&'a IdpGroup>)> {
    let record = own.record?;
    let has = |group: &&IdpGroup| {
        record.groups.iter().any(|known| normalize_name(&known.name) == normalize_name(&group.name))
    };
    Some(case.missing()?.into_iter().partition(has))
}

fn names(groups: &[&IdpGroup]) -> String {
    groups.iter().map(|group| group.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// All other stations are good, and the SCIM group lacks the member (docs/reference/rules.md#record-and-link).
pub(super) fn membership_drift(case: &Case<'_>) -> Answer {
    let Some(own) = case.good_record() else { return Answer::No };
    match (case.missing(), case.older_names_are_unread()) {
        (None, Some(sources)) => return Answer::Unread(sources),
        (Some(missing), _) if !missing.is_empty() => {}
        _ => return Answer::No,
    }
    // Something that was not read may be the true cause. So the job, its mapping and the names of the groups must be
    // read.
    match (case.e.job.get(), case.e.mapping.get(), case.e.groups.gap()) {
        (None, ..) => return Answer::Unread(&[Source::Jobs]),
        (_, None, _) => return Answer::Unread(&[Source::Schema]),
        (_, Some(mapping), _) if !mapping.groups_on => return Answer::No,
        (_, _, Some(_)) => return Answer::Unread(&[Source::Groups]),
        // The group may be shown under an older name.
        _ if case.e.scim_groups.gap().is_some() => return Answer::Unread(&[Source::ScimGroups]),
        _ => {}
    }
    let Some((_, mut lacking)) = split(case, own) else { return Answer::Unread(&[Source::ScimUsers]) };
    lacking.retain(|group| {
        local(case, group).is_none() && !case.is_young(group) && case.is_too_large(group) != Some(true)
    });
    if lacking.is_empty() {
        return Answer::No;
    }
    let says = format!(
        "the record is not a member of {}, and the person is at the identity provider",
        names(&lacking)
    );
    scim_fact(case, says).map_or(Answer::No, |first| {
        Answer::Yes(Finding::new(Cause::MembershipDrift, first).and(fact(
            &case.e.accounts,
            Source::Accounts,
            format!("the account does not show {}", names(&lacking)),
        )))
    })
}

/// How many members of a group the synchronization takes, if the configuration does not say it
/// (docs/reference/rules.md#atlassian-group-size).
const MEMBER_LIMIT: i64 = 35_000;

impl Case<'_> {
    /// Whether a missing group is as large as the synchronization allows, although the person's membership was sent.
    /// `None` if the size of the group was not read.
    pub(crate) fn is_too_large(&self, group: &IdpGroup) -> Option<bool> {
        if !self.e.sent_memberships.contains(&group.id) {
            return Some(false);
        }
        let limit = self.e.places.group_members.unwrap_or(MEMBER_LIMIT);
        let name = normalize_name(&group.name);
        let named = self.e.groups.get()?.iter().filter(|known| normalize_name(&known.name) == name);
        let sizes: Vec<Option<i64>> = named.map(|known| known.members).collect();
        if sizes.iter().flatten().any(|count| *count >= limit) {
            return Some(true);
        }
        if sizes.contains(&None) { None } else { Some(false) }
    }

    /// The missing groups that are as large as the synchronization allows, whether or not the membership was sent.
    #[must_use]
    pub fn full_groups(&self) -> Vec<String> {
        let limit = self.e.places.group_members.unwrap_or(MEMBER_LIMIT);
        let missing = self.missing().unwrap_or_default();
        let names: Vec<String> = missing.iter().map(|group| normalize_name(&group.name)).collect();
        let groups = self.e.groups.get().into_iter().flatten();
        let full = groups.filter(|known| known.members.is_some_and(|count| count >= limit));
        full.filter(|known| names.contains(&normalize_name(&known.name)))
            .map(|known| known.name.clone())
            .collect()
    }
}

/// The group has as many members as the synchronization takes, and the person is missing although the membership was
/// sent. Before it was sent, this is `membership-drift`.
pub(super) fn group_too_large(case: &Case<'_>) -> Answer {
    if case.good_record().is_none() {
        return Answer::No;
    }
    let missing = case.missing().unwrap_or_default();
    let sizes: Vec<Option<bool>> = missing.iter().map(|group| case.is_too_large(group)).collect();
    if !sizes.contains(&Some(true)) {
        return if sizes.contains(&None) { Answer::Unread(&[Source::Groups]) } else { Answer::No };
    }
    let full = case.full_groups().join(", ");
    let says =
        format!("{full} has as many members as the synchronization takes, and the membership was sent");
    fact(&case.e.groups, Source::Groups, says)
        .map_or(Answer::No, |first| Answer::Yes(Finding::new(Cause::GroupTooLarge, first)))
}

/// The SCIM group has the member, but the user directory does not show it yet.
pub(super) fn propagation_lag(case: &Case<'_>) -> Answer {
    let Some(own) = case.good_record() else { return Answer::No };
    if case.missing().is_none_or(|missing| missing.is_empty()) {
        return Answer::No;
    }
    if case.e.groups.gap().is_some() {
        return Answer::Unread(&[Source::Groups]);
    }
    let Some((mut having, _)) = split(case, own) else { return Answer::Unread(&[Source::ScimUsers]) };
    // A group whose name is in use never arrives, so waiting does not help.
    having.retain(|group| local(case, group).is_none());
    if having.is_empty() {
        return Answer::No;
    }
    let says = format!("the record is a member of {}, which the account does not show", names(&having));
    scim_fact(case, says).map_or(Answer::No, |fact| Answer::Yes(Finding::new(Cause::PropagationLag, fact)))
}

fn scim_fact(case: &Case<'_>, says: String) -> Option<crate::finding::Fact> {
    let read = case.e.records.values().find(|read| read.get().is_some())?;
    fact(read, Source::ScimUsers, says)
}
