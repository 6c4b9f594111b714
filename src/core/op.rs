//! An op is a wanted end state of one thing, as data. It can be looked at before, done, and confirmed after;
//! it never says how. Deleting, renaming or un-assigning a group, a forced full push and removing a person from
//! the directory cannot be expressed here, so no plan can hold them.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::diagnose::Case;
use super::evidence::{Read, Source};
use super::subject::{RecordId, fold};

/// A wanted end state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case")]
pub enum Op {
    /// Rung 1: the person has a live record, linked to this account, which bears this address.
    ProvisionUser {
        /// IdP object id.
        person: String,
        /// The account expected; `None` when a new one will be made.
        account: Option<String>,
        /// The address the account shall bear.
        email: String,
    },
    /// Rung 2: the account is a member of this synced group.
    ProvisionMembership {
        /// IdP object id.
        person: String,
        /// IdP group id.
        group: String,
        /// The group's name at the IdP.
        group_name: String,
        /// The account expected; `None` when a new one will be made.
        account: Option<String>,
    },
    /// Rung 3: the account's membership is active.
    RestoreAccess {
        /// Account id.
        account: String,
    },
    /// Rung 3: the account is active.
    ActivateAccount {
        /// Account id.
        account: String,
    },
    /// Rung 3: the account is not scheduled for deletion.
    CancelDeletion {
        /// Account id.
        account: String,
    },
    /// Rung 4: this record is not linked to this account.
    UnlinkRecord {
        /// The record.
        record: RecordId,
        /// The account it is linked to today.
        account: String,
    },
    /// Rung 5: this record does not exist.
    DeleteRecord {
        /// The record.
        record: RecordId,
    },
    /// Rung 6: none of these records of this account exists, in any directory.
    ForgetAccountRecords {
        /// Account id.
        account: String,
        /// The records that will go.
        records: Vec<RecordId>,
    },
    /// Rung 8: a wrong account bears a placeholder, so that its address is free.
    ParkEmail {
        /// Account id.
        account: String,
        /// The address it bears today.
        from: String,
        /// The placeholder.
        to: String,
    },
}

/// What a step needs (product.md 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Risk {
    /// Repeats what the identity provider would do anyway.
    Harmless,
    /// Our inverse restores the state exactly.
    Reversible,
    /// Provisioning restores it, or access is interrupted.
    Disruptive,
    /// Changes who bears an address, or disables or ends an account.
    Destructive,
}

impl Risk {
    /// The word used in JSON and on cards.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Harmless => "harmless",
            Self::Reversible => "reversible",
            Self::Disruptive => "disruptive",
            Self::Destructive => "destructive",
        }
    }
}

/// How a step can be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Undo {
    /// Nothing to undo.
    NoneNeeded,
    /// Our inverse restores it exactly.
    Full,
    /// Provisioning restores it.
    ByProvisioning,
    /// Until somebody else takes the address.
    UntilTaken,
}

impl Undo {
    /// In words.
    #[must_use]
    pub fn says(self) -> &'static str {
        match self {
            Self::NoneNeeded => "nothing to undo",
            Self::Full => "can be undone exactly",
            Self::ByProvisioning => "comes back by provisioning again",
            Self::UntilTaken => "can be undone while the address is free",
        }
    }
}

/// How the world stands towards an op.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// It is so already.
    Done(Value),
    /// It is not so yet, and this is what is there instead.
    Open(Value),
    /// It cannot be known without these sources.
    Unread(Vec<Source>),
    /// It is neither so nor can it be made so from here.
    Blocked(String),
}

impl Op {
    /// The stable name of the action.
    #[must_use]
    pub fn action(&self) -> &'static str {
        match self {
            Self::ProvisionUser { .. } => "provision-user",
            Self::ProvisionMembership { .. } => "provision-membership",
            Self::RestoreAccess { .. } => "restore-access",
            Self::ActivateAccount { .. } => "activate-account",
            Self::CancelDeletion { .. } => "cancel-deletion",
            Self::UnlinkRecord { .. } => "unlink-record",
            Self::DeleteRecord { .. } => "delete-record",
            Self::ForgetAccountRecords { .. } => "forget-account-records",
            Self::ParkEmail { .. } => "park-email",
        }
    }

    /// The one thing it is about.
    #[must_use]
    pub fn target(&self) -> &str {
        match self {
            Self::ProvisionUser { person, .. } => person,
            Self::ProvisionMembership { group_name, .. } => group_name,
            Self::UnlinkRecord { record, .. } | Self::DeleteRecord { record } => &record.record,
            Self::RestoreAccess { account }
            | Self::ActivateAccount { account }
            | Self::CancelDeletion { account }
            | Self::ForgetAccountRecords { account, .. }
            | Self::ParkEmail { account, .. } => account,
        }
    }

    /// What it does, for a person.
    #[must_use]
    pub fn says(&self) -> String {
        match self {
            Self::ProvisionUser { .. } => {
                "Have the identity provider write the person's record again".to_owned()
            }
            Self::ProvisionMembership { group_name, .. } => {
                format!("Have the identity provider write the membership in {group_name} again")
            }
            Self::RestoreAccess { account } => format!("Lift the suspension of account {account}"),
            Self::ActivateAccount { account } => format!("Activate account {account}"),
            Self::CancelDeletion { account } => format!("Cancel the deletion of account {account}"),
            Self::UnlinkRecord { record, account } => {
                format!("Unlink provisioning record {} from account {account}", record.record)
            }
            Self::DeleteRecord { record } => format!("Delete provisioning record {}", record.record),
            Self::ForgetAccountRecords { account, records } => {
                format!("Delete all {} provisioning records of account {account}", records.len())
            }
            Self::ParkEmail { account, from, to } => format!("Move account {account} from {from} to {to}"),
        }
    }

    /// The rung of the ladder (product.md 6).
    #[must_use]
    pub fn rung(&self) -> u8 {
        match self {
            Self::ProvisionUser { .. } => 1,
            Self::ProvisionMembership { .. } => 2,
            Self::RestoreAccess { .. } | Self::ActivateAccount { .. } | Self::CancelDeletion { .. } => 3,
            Self::UnlinkRecord { .. } => 4,
            Self::DeleteRecord { .. } => 5,
            Self::ForgetAccountRecords { .. } => 6,
            Self::ParkEmail { .. } => 8,
        }
    }

    /// The risk when every condition is read and true.
    #[must_use]
    pub fn risk(&self) -> Risk {
        match self.rung() {
            1 | 2 => Risk::Harmless,
            3 => Risk::Reversible,
            4..=7 => Risk::Disruptive,
            _ => Risk::Destructive,
        }
    }

    /// How it can be undone.
    #[must_use]
    pub fn undo(&self) -> Undo {
        match self.rung() {
            1 | 2 => Undo::NoneNeeded,
            3 => Undo::Full,
            8 => Undo::UntilTaken,
            _ => Undo::ByProvisioning,
        }
    }

    /// Never sent a second time by the machine.
    #[must_use]
    pub fn is_one_shot(&self) -> bool {
        self.rung() >= 6
    }

    /// Whether it counts against the daily cap (rungs 4 to 10).
    #[must_use]
    pub fn is_capped(&self) -> bool {
        self.rung() >= 4
    }

    /// The account it writes to, directly or through provisioning.
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        match self {
            Self::ProvisionUser { account, .. } | Self::ProvisionMembership { account, .. } => {
                account.as_deref()
            }
            Self::RestoreAccess { account }
            | Self::ActivateAccount { account }
            | Self::CancelDeletion { account }
            | Self::UnlinkRecord { account, .. }
            | Self::ForgetAccountRecords { account, .. }
            | Self::ParkEmail { account, .. } => Some(account),
            Self::DeleteRecord { .. } => None,
        }
    }

    /// How the world stands towards it, by the evidence.
    #[must_use]
    pub fn state(&self, case: &Case<'_>) -> State {
        match self {
            Self::ProvisionUser { account, email, .. } => provision_user(case, account.as_deref(), email),
            Self::ProvisionMembership { group, group_name, account, .. } => {
                membership(case, group, group_name, account.as_deref())
            }
            Self::RestoreAccess { account } => on_account(case, account, |known| {
                (
                    known.membership.as_deref().is_some_and(|m| m.eq_ignore_ascii_case("active")),
                    json!(known.membership),
                )
            }),
            Self::ActivateAccount { account } => {
                on_account(case, account, |known| (known.is_active(), json!({ "status": known.status })))
            }
            Self::CancelDeletion { account } => on_account(case, account, |known| {
                (!known.for_deletion, json!({ "for_deletion": known.for_deletion }))
            }),
            Self::UnlinkRecord { record, account } => unlinked(case, record, account),
            Self::DeleteRecord { record } => deleted(case, record),
            Self::ForgetAccountRecords { account, records } => forgotten(case, account, records),
            Self::ParkEmail { account, from, to } => parked(case, account, from, to),
        }
    }
}

fn on_account(case: &Case<'_>, id: &str, look: impl Fn(&super::evidence::Account) -> (bool, Value)) -> State {
    if case.e.accounts.get().is_none() {
        return State::Unread(vec![Source::Accounts]);
    }
    match case.e.account(id).map(look) {
        None => State::Blocked(format!("account {id} is not shown any more")),
        Some((true, value)) => State::Done(value),
        Some((false, value)) => State::Open(value),
    }
}

/// Done when a live record of the person is linked to the account, and the account bears the wanted address.
fn provision_user(case: &Case<'_>, account: Option<&str>, email: &str) -> State {
    let directories_read =
        !case.e.records.is_empty() && case.e.records.values().all(|read| read.get().is_some());
    if case.e.links.get().is_none() && !directories_read {
        return State::Unread(vec![Source::ScimLinks]);
    }
    if case.e.accounts.get().is_none() {
        return State::Unread(vec![Source::Accounts]);
    }
    let linked = case.own.as_ref().and_then(|tie| tie.account.clone());
    let before = json!({ "linked_to": linked });
    let Some(linked) = linked else { return State::Open(before) };
    let live = case.own.as_ref().and_then(|tie| tie.record).and_then(|record| record.active) != Some(false);
    let known = case.e.account(&linked);
    let bears = known.is_some_and(|known| known.bears(email));
    let usable = known.is_some_and(super::evidence::Account::is_active);
    let right = account.is_none_or(|wanted| wanted == linked);
    if right && live && bears && usable { State::Done(before) } else { State::Open(before) }
}

fn membership(case: &Case<'_>, group: &str, name: &str, account: Option<&str>) -> State {
    if case.e.accounts.get().is_none() {
        return State::Unread(vec![Source::Accounts]);
    }
    let known = match account {
        Some(id) => case.e.account(id),
        None => case.account,
    };
    let Some(known) = known else { return State::Open(json!({ "member": false })) };
    let Some(groups) = &known.groups else { return State::Unread(vec![Source::Groups]) };
    let by_name = groups.iter().any(|shown| fold(&shown.name) == fold(name));
    let renamed = super::evidence::IdpGroup { id: group.to_owned(), name: name.to_owned() };
    let by_id = case.account.is_some_and(|own| own.id == known.id) && case.shows(&renamed) == Some(true);
    if by_name || by_id {
        State::Done(json!({ "member": true }))
    } else {
        State::Open(json!({ "member": false }))
    }
}

fn unlinked(case: &Case<'_>, record: &RecordId, account: &str) -> State {
    let links = case.e.account_links.get(account);
    let Some(links) = links.and_then(Read::get) else { return State::Unread(vec![Source::ScimLinks]) };
    if links.iter().any(|link| link.id == *record && link.account.as_deref().is_none_or(|id| id == account)) {
        return State::Open(json!({ "linked_to": account }));
    }
    // The directory itself may know better than the index behind the link call.
    match case.e.record(record) {
        Some(Some(known)) if known.account.as_deref() == Some(account) => {
            State::Open(json!({ "linked_to": account }))
        }
        Some(Some(known)) if known.account.is_some() => {
            State::Blocked("the record is linked to yet another account".to_owned())
        }
        _ => State::Done(json!({ "linked_to": null })),
    }
}

fn deleted(case: &Case<'_>, record: &RecordId) -> State {
    match case.e.record(record) {
        None => State::Unread(vec![Source::ScimUsers]),
        Some(None) => State::Done(json!({ "exists": false })),
        Some(Some(_)) => State::Open(json!({ "exists": true })),
    }
}

fn forgotten(case: &Case<'_>, account: &str, records: &[RecordId]) -> State {
    let links = case.e.account_links.get(account);
    let Some(links) = links.and_then(Read::get) else { return State::Unread(vec![Source::ScimLinks]) };
    if let Some(new) = links.iter().find(|link| !records.contains(&link.id)) {
        return State::Blocked(format!("record {} has appeared since the plan was made", new.id.record));
    }
    let mut left: Vec<&RecordId> = links.iter().map(|link| &link.id).collect();
    left.extend(
        records
            .iter()
            .filter(|id| matches!(case.e.record(id), Some(Some(_))) && !left.contains(id))
            .collect::<Vec<_>>(),
    );
    left.sort();
    let before = json!({ "records": left.iter().map(|id| id.record.as_str()).collect::<Vec<_>>() });
    if left.is_empty() { State::Done(before) } else { State::Open(before) }
}

fn parked(case: &Case<'_>, account: &str, from: &str, to: &str) -> State {
    if case.e.accounts.get().is_none() {
        return State::Unread(vec![Source::Accounts]);
    }
    let Some(known) = case.e.account(account) else {
        return State::Blocked(format!("account {account} is not shown any more"));
    };
    if known.bears(to) {
        return State::Done(json!({ "email": to }));
    }
    let taken =
        case.e.accounts.get().into_iter().flatten().any(|other| other.id != account && other.bears(to));
    if taken {
        return State::Blocked(format!("the placeholder {to} is in use"));
    }
    if known.bears(from) {
        State::Open(json!({ "email": fold(from) }))
    } else {
        State::Blocked("the account bears neither the address nor the placeholder".to_owned())
    }
}
