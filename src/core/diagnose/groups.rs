//! Causes at the groups and their app roles. They hold only where every station before them is good: a symptom
//! is not reported beside the cause that explains it (product.md 9).

use super::{Answer, Case, Tie, fact};
use crate::core::evidence::{IdpGroup, Source};
use crate::core::finding::{Cause, Finding};
use crate::core::subject::fold;

/// The person's record, if it is linked to the person's account and everything up to the groups is good.
fn good_record<'c, 'a>(case: &'c Case<'a>) -> Option<&'c Tie<'a>> {
    let person = case.person?;
    let account = case.account?;
    let own = case.own.as_ref()?;
    let assigned = case.is_assigned() == Some(true) || super::assignment_is_contradicted(case);
    let member = account.membership.as_deref().is_none_or(|m| !m.eq_ignore_ascii_case("suspended"));
    let linked = own.account.as_deref() == Some(account.id.as_str());
    let good = person.enabled == Some(true)
        && assigned
        && linked
        && account.is_active()
        && member
        && case.other.is_none();
    good.then_some(own)
}

/// Missing groups, split by whether the SCIM record already has them.
fn split<'a>(case: &Case<'a>, own: &Tie<'_>) -> Option<(Vec<&'a IdpGroup>, Vec<&'a IdpGroup>)> {
    let record = own.record?;
    let has = |group: &&IdpGroup| record.groups.iter().any(|known| fold(&known.name) == fold(&group.name));
    Some(case.missing()?.into_iter().partition(has))
}

fn names(groups: &[&IdpGroup]) -> String {
    groups.iter().map(|group| group.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// "All other stations are good, the SCIM group lacks the member."
pub(super) fn membership_drift(case: &Case<'_>) -> Answer {
    let Some(own) = good_record(case) else { return Answer::No };
    if case.missing().is_none_or(|missing| missing.is_empty()) || !job_is_good(case) {
        return Answer::No;
    }
    let Some((_, lacking)) = split(case, own) else { return Answer::Unread(&[Source::ScimUsers]) };
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

/// SCIM has the membership, the directory does not show it yet.
pub(super) fn propagation_lag(case: &Case<'_>) -> Answer {
    let Some(own) = good_record(case) else { return Answer::No };
    if case.missing().is_none_or(|missing| missing.is_empty()) {
        return Answer::No;
    }
    let Some((having, _)) = split(case, own) else { return Answer::Unread(&[Source::ScimUsers]) };
    if having.is_empty() {
        return Answer::No;
    }
    let says = format!("the record is a member of {}, which the account does not show", names(&having));
    scim_fact(case, says).map_or(Answer::No, |fact| Answer::Yes(Finding::new(Cause::PropagationLag, fact)))
}

fn job_is_good(case: &Case<'_>) -> bool {
    // An unread job is not a broken one; the drift itself was read.
    case.e.mapping.get().is_none_or(|mapping| mapping.groups_on)
}

fn scim_fact(case: &Case<'_>, says: String) -> Option<crate::core::finding::Fact> {
    let read = case.e.records.values().find(|read| read.get().is_some())?;
    fact(read, Source::ScimUsers, says)
}

/// Everything is there and gives no app.
pub(super) fn group_without_role(case: &Case<'_>) -> Answer {
    if good_record(case).is_none() || case.missing().is_none_or(|missing| !missing.is_empty()) {
        return Answer::No;
    }
    let Some(account) = case.account else { return Answer::No };
    match case.has_role(account) {
        None => Answer::Unread(&[Source::Roles]),
        Some(true) => Answer::No,
        Some(false) => case
            .e
            .roles
            .get(&account.id)
            .and_then(|read| fact(read, Source::Roles, "the account has no app role"))
            .map_or(Answer::No, |fact| Answer::Yes(Finding::new(Cause::GroupWithoutRole, fact))),
    }
}
