//! An op is a wanted end state of one thing, as data. It can be looked at before, done, and confirmed after;
//! it never says how. Deleting, renaming or un-assigning a group, a forced full push, forced deletes and removing a
//! person from the directory cannot be expressed here, so no plan can hold them.

mod state;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::evidence::Source;
use super::subject::RecordId;

/// A wanted end state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case")]
pub enum Op {
    /// Rung 1: the person has a live record, linked to this account, which has this address.
    ProvisionUser {
        /// IdP object id.
        person: String,
        /// The account expected; `None` when a new one will be made.
        account: Option<String>,
        /// The address the account shall have.
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
    /// Rung 3: the account is not suspended in this directory.
    RestoreAccess {
        account: String,
        /// The user directory. Entries of version 1 name none; those are never sent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        directory: Option<String>,
    },
    /// Rung 3: the account is active.
    ActivateAccount { account: String },
    /// Rung 3: the account is not scheduled for deletion.
    CancelDeletion { account: String },
    /// Rung 4: this record is not linked to this account.
    UnlinkRecord {
        record: RecordId,
        /// The account it is linked to today.
        account: String,
    },
    /// Rung 5: this record does not exist.
    DeleteRecord { record: RecordId },
    /// Rung 6: none of these records of this account exists, in any directory.
    ForgetAccountRecords {
        account: String,
        /// The records that will go.
        records: Vec<RecordId>,
    },
    /// Rung 7: the job runs again where it left off, and a cycle that began afterwards has ended.
    StartProvisioning { job: String },
    /// Rung 7: the job has looked at everything again, in a cycle that began afterwards and has ended.
    RestartProvisioning {
        job: String,
        /// What it forgets first.
        scope: ResetScope,
    },
    /// Rung 8: a wrong account has a placeholder, so that its address is free.
    ParkEmail {
        account: String,
        /// The address it has today.
        from: String,
        /// The placeholder.
        to: String,
    },
    /// Rung 9: the account is inactive.
    DeactivateAccount { account: String },
    /// Rung 10: the account is scheduled for deletion, due in 14 days.
    ScheduleDeletion { account: String },
    /// The inverse of `restore-access`: the account is suspended in this directory.
    SuspendAccess {
        account: String,
        /// The user directory. Entries of version 1 name none; those are never sent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        directory: Option<String>,
    },
    /// The inverse of `park-email`: the account has its address again.
    ReturnEmail {
        account: String,
        /// The placeholder it has today.
        from: String,
        /// The address it bore.
        to: String,
    },
}

/// How much a restarted job forgets (docs/reference/rules.md#entra-reset-scope). Forced deletes are not among them, and
/// must never be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResetScope {
    /// Watermark, escrows and quarantine: what the portal's button does.
    Usual,
    /// Also which record belongs to whom, which is matched again.
    Full,
}

impl ResetScope {
    /// As Microsoft Graph writes it.
    #[must_use]
    pub fn flags(self) -> &'static str {
        match self {
            Self::Usual => "Watermark, Escrows, QuarantineState",
            Self::Full => "Full",
        }
    }
}

/// How long a cycle over the whole tenant may take (docs/reference/rules.md#length-of-a-tenant-wide-cycle).
const MAX_CYCLE: Duration = Duration::from_secs(24 * 3600);

/// What a step needs (docs/reference/rules.md#risk-of-a-step).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Risk {
    /// Repeats what the identity provider would do anyway.
    Harmless,
    /// Our inverse restores the state exactly.
    Reversible,
    /// Provisioning restores it, or access is interrupted.
    Disruptive,
    /// Changes who has an address, or disables or ends an account.
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
    /// Our inverse restores it, and is destructive itself.
    FullButDestructive,
    /// Our inverse restores it exactly, until provisioning takes hold of the account.
    WhileUnlinked,
    ByProvisioning,
    /// Until somebody else takes the address.
    UntilTaken,
    /// Until the day the deletion is due.
    UntilDue,
    /// Nothing restores it.
    Impossible,
}

impl Undo {
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::NoneNeeded => "nothing to undo",
            Self::Full => "can be undone exactly",
            Self::FullButDestructive => "can be undone, by a step that is destructive itself",
            Self::WhileUnlinked => "can be undone exactly while no provisioning record holds the account",
            Self::ByProvisioning => "comes back by provisioning again",
            Self::UntilTaken => "can be undone while the address is free",
            Self::UntilDue => "can be undone for 14 days",
            Self::Impossible => "cannot be undone",
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
    /// It has begun and was taken; what is wanted is not there yet. Only what takes long is ever underway.
    Underway(Value),
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
            Self::StartProvisioning { .. } => "start-provisioning",
            Self::RestartProvisioning { .. } => "restart-provisioning",
            Self::ParkEmail { .. } => "park-email",
            Self::DeactivateAccount { .. } => "deactivate-account",
            Self::ScheduleDeletion { .. } => "schedule-deletion",
            Self::SuspendAccess { .. } => "suspend-access",
            Self::ReturnEmail { .. } => "return-email",
        }
    }

    /// The one thing it is about.
    #[must_use]
    pub fn target(&self) -> &str {
        match self {
            Self::ProvisionUser { person, .. } => person,
            Self::ProvisionMembership { group_name, .. } => group_name,
            Self::UnlinkRecord { record, .. } | Self::DeleteRecord { record } => &record.record,
            Self::StartProvisioning { job } | Self::RestartProvisioning { job, .. } => job,
            Self::RestoreAccess { account, .. }
            | Self::ActivateAccount { account }
            | Self::CancelDeletion { account }
            | Self::ForgetAccountRecords { account, .. }
            | Self::ParkEmail { account, .. }
            | Self::DeactivateAccount { account }
            | Self::ScheduleDeletion { account }
            | Self::SuspendAccess { account, .. }
            | Self::ReturnEmail { account, .. } => account,
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
            Self::RestoreAccess { account, directory } => {
                format!("Lift the suspension of account {account}{}", in_directory(directory.as_deref()))
            }
            Self::ActivateAccount { account } => format!("Activate account {account}"),
            Self::CancelDeletion { account } => format!("Cancel the deletion of account {account}"),
            Self::UnlinkRecord { record, account } => {
                format!("Unlink provisioning record {} from account {account}", record.record)
            }
            Self::DeleteRecord { record } => format!("Delete provisioning record {}", record.record),
            Self::ForgetAccountRecords { account, records } => {
                format!("Delete all {} provisioning records of account {account}", records.len())
            }
            Self::StartProvisioning { .. } => {
                "Start the provisioning job of the whole tenant where it left off".to_owned()
            }
            Self::RestartProvisioning { scope: ResetScope::Usual, .. } => {
                "Restart the provisioning job of the whole tenant over everybody".to_owned()
            }
            Self::RestartProvisioning { scope: ResetScope::Full, .. } => {
                "Restart the provisioning job of the whole tenant, with every record matched anew".to_owned()
            }
            Self::ParkEmail { account, from, to } => format!("Move account {account} from {from} to {to}"),
            Self::DeactivateAccount { account } => format!("Deactivate account {account}"),
            Self::ScheduleDeletion { account } => {
                format!("Schedule account {account} for deletion, due in 14 days")
            }
            Self::SuspendAccess { account, directory } => {
                format!("Suspend account {account} again{}", in_directory(directory.as_deref()))
            }
            Self::ReturnEmail { account, from, to } => {
                format!("Move account {account} back from {from} to {to}")
            }
        }
    }

    /// The rung of the ladder (docs/reference/ladder.md). An inverse has the rung of what it undoes.
    #[must_use]
    pub fn rung(&self) -> u8 {
        match self {
            Self::ProvisionUser { .. } => 1,
            Self::ProvisionMembership { .. } => 2,
            Self::RestoreAccess { .. }
            | Self::ActivateAccount { .. }
            | Self::CancelDeletion { .. }
            | Self::SuspendAccess { .. } => 3,
            Self::UnlinkRecord { .. } => 4,
            Self::DeleteRecord { .. } => 5,
            Self::ForgetAccountRecords { .. } => 6,
            Self::StartProvisioning { .. } | Self::RestartProvisioning { .. } => 7,
            Self::ParkEmail { .. } | Self::ReturnEmail { .. } => 8,
            Self::DeactivateAccount { .. } => 9,
            Self::ScheduleDeletion { .. } => 10,
        }
    }

    /// The risk when every condition is read and true.
    #[must_use]
    pub fn risk(&self) -> Risk {
        match self.rung() {
            1 | 2 => Risk::Harmless,
            // Suspending interrupts access.
            3 if matches!(self, Self::SuspendAccess { .. }) => Risk::Disruptive,
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
            3 if matches!(self, Self::CancelDeletion { .. }) => Undo::FullButDestructive,
            3 => Undo::Full,
            4..=6 => Undo::ByProvisioning,
            7 => Undo::Impossible,
            8 => Undo::UntilTaken,
            9 => Undo::WhileUnlinked,
            _ => Undo::UntilDue,
        }
    }

    /// Never sent a second time by the machine.
    #[must_use]
    pub fn is_one_shot(&self) -> bool {
        self.rung() >= 6
    }

    /// Whether it counts against the daily cap: rungs 4 to 10, and whatever else needs a second person by default.
    #[must_use]
    pub fn is_capped(&self) -> bool {
        self.risk() >= Risk::Disruptive
    }

    /// Whether it touches everybody of the tenant, so that no other run may write meanwhile.
    #[must_use]
    pub fn is_tenant_wide(&self) -> bool {
        self.rung() == 7
    }

    /// How long its effect may take after it was accepted, where that is longer than the configuration's
    /// `confirm_within` for a step on one thing.
    #[must_use]
    pub fn takes(&self) -> Option<Duration> {
        self.is_tenant_wide().then_some(MAX_CYCLE)
    }

    /// The account it writes to, directly or through provisioning.
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        match self {
            Self::ProvisionUser { account, .. } | Self::ProvisionMembership { account, .. } => {
                account.as_deref()
            }
            Self::RestoreAccess { account, .. }
            | Self::ActivateAccount { account }
            | Self::CancelDeletion { account }
            | Self::UnlinkRecord { account, .. }
            | Self::ForgetAccountRecords { account, .. }
            | Self::ParkEmail { account, .. }
            | Self::DeactivateAccount { account }
            | Self::ScheduleDeletion { account }
            | Self::SuspendAccess { account, .. }
            | Self::ReturnEmail { account, .. } => Some(account),
            Self::DeleteRecord { .. } | Self::StartProvisioning { .. } | Self::RestartProvisioning { .. } => {
                None
            }
        }
    }

    /// The address that it takes off an account.
    #[must_use]
    pub fn frees(&self) -> Option<&str> {
        match self {
            Self::ParkEmail { from, .. } | Self::ReturnEmail { from, .. } => Some(from),
            _ => None,
        }
    }

    /// The records it takes away or loosens.
    #[must_use]
    pub fn records(&self) -> &[RecordId] {
        match self {
            Self::UnlinkRecord { record, .. } | Self::DeleteRecord { record } => std::slice::from_ref(record),
            Self::ForgetAccountRecords { records, .. } => records,
            _ => &[],
        }
    }
}

fn in_directory(directory: Option<&str>) -> String {
    directory.map(|id| format!(" in directory {id}")).unwrap_or_default()
}
