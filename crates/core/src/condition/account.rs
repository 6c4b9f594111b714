//! Conditions on an account before it may be written. An account counts as somebody else's until the opposite is
//! proven. What cannot be read of it counts as protected (docs/reference/rules.md#protected-accounts).

use super::ConditionState;
use crate::diagnose::{Case, Owner, RecordLink};
use crate::evidence::{Account, Claim, Mapping, Read, Source};
use crate::rules::Rules;
use crate::subject::{RecordId, Who, normalize};

/// A person on the protected list is refused every write, whichever account they use.
pub(super) fn person_is_free(case: &Case<'_>, rules: &Rules) -> ConditionState {
    let Some(person) = case.person else {
        let nobody = case.e.users.get().is_some_and(Vec::is_empty);
        return if nobody { ConditionState::True } else { ConditionState::Unread(vec![Source::Users]) };
    };
    let mut names = person.addresses();
    names.push(normalize(&person.id));
    if names.iter().any(|name| rules.is_protected(name)) {
        return ConditionState::False("the person is on the protected list".to_owned());
    }
    ConditionState::True
}

/// Rung 3: access is restored only to enabled people. If no single person was found, nothing shows that the person is
/// not on the protected list. So an approver must never decide that case.
pub(super) fn enabled(case: &Case<'_>) -> ConditionState {
    match (case.person, case.e.users.get()) {
        (Some(person), _) => ConditionState::of(
            person.enabled,
            Source::Users,
            "the person is disabled at the identity provider",
        ),
        (None, Some(found)) if found.is_empty() => {
            ConditionState::False("the person is not at the identity provider".to_owned())
        }
        (None, _) => ConditionState::False(
            "who the person is could not be read, and what cannot be read is protected".to_owned(),
        ),
    }
}

/// Whether an account may be written at all. It must be managed by this organization, of type `atlassian`, no organization admin, not the account of
/// the API key, and not on the protected list. What cannot be read counts as protected
/// (docs/reference/rules.md#protected-accounts).
#[must_use]
pub fn may_write(case: &Case<'_>, id: &str, rules: &Rules) -> ConditionState {
    if rules.is_protected(&normalize(id)) {
        return ConditionState::False(format!("account {id} is on the protected list"));
    }
    if case.e.accounts.get().is_none() {
        return ConditionState::False(
            "the account could not be read, and what cannot be read is protected".to_owned(),
        );
    }
    let Some(account) = case.e.account(id) else {
        return ConditionState::False(format!(
            "account {id} is not shown, and what cannot be read is protected"
        ));
    };
    match account.email.as_deref().map(str::trim).filter(|email| !email.is_empty()) {
        Some(email) if rules.is_protected(&normalize(email)) => {
            return ConditionState::False(format!("account {id} is on the protected list"));
        }
        // A hidden address may be one on the protected list.
        None if rules.protects_addresses() => {
            return ConditionState::False(format!(
                "the address of account {id} is hidden, and may be one of the protected list"
            ));
        }
        Some(_) | None => {}
    }
    if account.kind.as_deref() != Some("atlassian") {
        return ConditionState::False(format!("account {id} is not a person's account"));
    }
    // Provisioning such an account would unlink it, and its other settings belong to others.
    if account.claim == Claim::Unmanaged {
        return ConditionState::False(format!("this organization does not manage account {id}"));
    }
    is_plain_member(case, account)
}

fn is_plain_member(case: &Case<'_>, account: &Account) -> ConditionState {
    let id = &account.id;
    let by_search = account.platform_roles.as_ref().map(|roles| roles.iter().any(|role| is_admin(role)));
    let by_roles =
        case.e.roles.get(id).and_then(Read::get).map(|roles| roles.iter().any(|held| is_admin(&held.role)));
    match (by_search, by_roles) {
        (Some(true), _) | (_, Some(true)) => {
            return ConditionState::False(format!("account {id} is an organization admin"));
        }
        (None, None) => {
            return ConditionState::False(format!(
                "the roles of account {id} could not be read, so it counts as protected"
            ));
        }
        _ => {}
    }
    match case.e.permissions.get(id).and_then(Read::get) {
        Some(permissions) if permissions.has_reason("administrative.notMyself") => {
            ConditionState::False(format!("account {id} belongs to the organization key"))
        }
        Some(_) => ConditionState::True,
        None => ConditionState::False(format!(
            "the permissions of account {id} could not be read, so it counts as protected"
        )),
    }
}

fn is_admin(role: &str) -> bool {
    let role = role.to_lowercase();
    role.ends_with("org-admin") || role.ends_with("site-admin")
}

/// Whether Atlassian's permission document allows the action.
pub(super) fn allowed(case: &Case<'_>, account: &str, privilege: &str) -> ConditionState {
    let known = case.e.permissions.get(account).and_then(Read::get).and_then(|p| p.allows(privilege));
    ConditionState::of(
        known,
        Source::Permissions,
        "Atlassian does not allow it while provisioning holds the account",
    )
}

/// A record must not belong to another living person. A record whose owner is unknown must not be touched either.
pub(super) fn not_anothers(case: &Case<'_>, record: &RecordId) -> ConditionState {
    // A record that does not exist belongs to nobody.
    if case.e.record(record) == Some(None) {
        return ConditionState::True;
    }
    match case.record_links.iter().find(|record_link| record_link.id == *record) {
        Some(record_link) if is_leftover(case, record_link) => ConditionState::True,
        Some(record_link) => link_is_not_anothers(case, record_link),
        None => ConditionState::Unread(vec![Source::ScimUsers]),
    }
}

/// Whether a record is a leftover. It is in a directory without a key that the job does not write to. It has the
/// person's address and is linked to the account with that address. Nothing more can be read of it, and the address
/// belongs to the person alone.
fn is_leftover(case: &Case<'_>, record_link: &RecordLink<'_>) -> bool {
    let elsewhere = case.target_directory().is_some_and(|target| target != record_link.id.directory);
    let bears = |id: &str| {
        case.wanted
            .as_deref()
            .is_some_and(|wanted| case.e.account(id).is_some_and(|known| known.bears(wanted)))
    };
    record_link.record.is_none()
        && record_link.by_address
        && elsewhere
        && record_link.account.as_deref().is_some_and(bears)
}

/// The same check for a record that was found.
pub(super) fn link_is_not_anothers<'a>(case: &Case<'a>, record_link: &RecordLink<'a>) -> ConditionState {
    match case.owner(record_link) {
        Owner::Person | Owner::Nobody => ConditionState::True,
        Owner::Other(other) => ConditionState::False(format!(
            "the SCIM record belongs to another living person ({})",
            other.name.as_deref().unwrap_or(&other.id)
        )),
        Owner::Unread if record_link.record.is_none() => ConditionState::Unread(vec![Source::ScimUsers]),
        Owner::Unread => ConditionState::Unread(vec![Source::Users]),
    }
}

/// An account belongs to another living person if their record is linked to it, and may belong to them if it has their
/// address. An account with none of the person's addresses can be theirs only through its records. So the owner of each
/// of those records has to be read.
pub(super) fn account_is_not_anothers(case: &Case<'_>, id: &str) -> ConditionState {
    if case.person.is_none() && case.e.users.get().is_none() {
        return ConditionState::Unread(vec![Source::Users]);
    }
    let linked: Vec<&RecordLink<'_>> =
        case.record_links.iter().filter(|record_link| record_link.account.as_deref() == Some(id)).collect();
    let owners: Vec<Owner<'_>> = linked.iter().map(|record_link| case.owner(record_link)).collect();
    if let Some(Owner::Other(other)) = owners.iter().find(|owner| matches!(owner, Owner::Other(_))) {
        let name = other.name.as_deref().unwrap_or(&other.id);
        return ConditionState::False(format!(
            "the record of another living person ({name}) is linked to account {id}"
        ));
    }
    // The person's own record without an `externalId` points to nobody else. The same holds for a record with the value
    // that the job writes for the person, if no such value can be traced back to a user.
    let expression = case.e.mapping.get().and_then(Mapping::external_id_expression);
    let is_untraced = |record_link: &RecordLink<'_>| {
        let external = record_link.record.and_then(|record| record.external_id.as_deref());
        let traced = |external| expression.as_ref().is_some_and(|known| known.traced(external).is_some());
        case.has_the_external_id(record_link) && external.is_some_and(|external| !traced(external))
    };
    let is_own = |record_link: &RecordLink<'_>| {
        let unnamed = record_link.record.is_some_and(|record| record.external_id.is_none());
        (unnamed || is_untraced(record_link)) && case.own.as_ref().is_some_and(|own| own.id == record_link.id)
    };
    let of_somebody = linked.iter().zip(&owners).find(|(record_link, owner)| {
        **owner == Owner::Unread && record_link.record.is_some() && !is_own(record_link)
    });
    if let Some((record_link, _)) = of_somebody {
        let record = &record_link.id.record;
        return ConditionState::False(format!(
            "the record {record} is linked to account {id}, and whose it is could not be read"
        ));
    }
    let Some(address) = case.e.account(id).and_then(|account| account.email.as_deref()) else {
        return ConditionState::Unread(vec![Source::Accounts]);
    };
    let own = case.person.is_some_and(|person| person.addresses().contains(&normalize(address)));
    // This address was looked up already when the person was found.
    let looked_up = case.e.bearers.contains_key(&normalize(address));
    if is_a_login(case, address) && !looked_up {
        return ConditionState::True;
    }
    // An account that the question or the run names needs no record as proof.
    let named = case.e.subject.accounts.contains(id);
    if !own && ((owners.is_empty() && !named) || owners.contains(&Owner::Unread)) {
        return ConditionState::False(format!("nothing that could be read ties account {id} to the person"));
    }
    match no_colleague_has(case, address) {
        ConditionState::Unread(_) => ConditionState::False(format!(
            "whose address {address} is could not be read, so account {id} counts as another person's"
        )),
        held => held,
    }
}

/// Whether nobody else can have an address: the person was found by it, or the identity provider keeps it unique. Other
/// addresses (`otherMails`) may belong to a colleague.
fn is_a_login(case: &Case<'_>, address: &str) -> bool {
    let asked = matches!(&case.e.subject.who, Who::Email(email) if normalize(email) == normalize(address));
    let person = case.person.into_iter();
    let logins = person
        .flat_map(|person| person.upn.iter().chain(&person.mail))
        .any(|own| normalize(own) == normalize(address));
    (asked && case.person.is_some()) || logins
}

/// Rungs 8 to 10 and their inverses. `address` is the one that the account has, or will have again.
pub(super) fn is_nobodys(case: &Case<'_>, id: &str, address: &str, rules: &Rules) -> ConditionState {
    may_write(case, id, rules).and(|| links_are_dead(case, id)).and(|| no_colleague_has(case, address))
}

/// No record of another live user object may be linked to the account.
fn links_are_dead(case: &Case<'_>, id: &str) -> ConditionState {
    let Some(links) = case.e.account_links.get(id).and_then(Read::get) else {
        return ConditionState::Unread(vec![Source::ScimLinks]);
    };
    links.iter().fold(ConditionState::True, |held, link| {
        held.and(|| {
            match case
                .record_links
                .iter()
                .find(|record_link| record_link.id == link.id)
                .and_then(|record_link| record_link.record)
            {
                None => ConditionState::Unread(vec![Source::ScimUsers]),
                Some(record) if record.external_id.is_none() => {
                    ConditionState::Unread(vec![Source::ScimUsers])
                }
                Some(_) => not_anothers(case, &link.id),
            }
        })
    })
}

/// No live user other than the subject may have the address as UPN, mail or proxy address.
fn no_colleague_has(case: &Case<'_>, address: &str) -> ConditionState {
    match case.colleague_with(address) {
        None => ConditionState::Unread(vec![Source::Users]),
        Some(None) => ConditionState::True,
        Some(Some(user)) => ConditionState::False(format!(
            "a living colleague has the address at the identity provider ({})",
            user.name.as_deref().unwrap_or(&user.id)
        )),
    }
}

/// Rungs 9 and 10: the account belongs to nobody, and the person's access through another account is proven. The
/// person's own account is ended only to undo its reactivation; then there is no other access to prove.
pub(super) fn may_end(case: &Case<'_>, id: &str, privilege: &str, rules: &Rules) -> ConditionState {
    let Some(address) = case.e.account(id).and_then(|account| account.email.as_deref()) else {
        return ConditionState::Unread(vec![Source::Accounts]);
    };
    let proven = || {
        if case.account.is_some_and(|account| account.id == id) {
            return ConditionState::True;
        }
        ConditionState::of(
            case.has_access(),
            Source::Accounts,
            "the person's access on another account is not proven",
        )
    };
    is_nobodys(case, id, address, rules).and(|| allowed(case, id, privilege)).and(proven)
}
