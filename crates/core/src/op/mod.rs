//! An op is a wanted end state of one thing, as data. The executor can observe it before, bring it about, and confirm
//! it after. An op never says how. Some actions must never be possible: deleting, renaming or un-assigning a group, a
//! forced full push, forced deletes, and removing a person from the directory. No op can express them, so no plan can
//! contain them.

mod state;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::evidence::Source;
use super::subject::RecordId;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case")]
pub enum Op {
    /// Rung 1: the person has a live record, linked to this account, and the account has this address.
    ProvisionUser {
        /// Object id at the identity provider.
        person: String,
        /// The expected account. `None` if a new one will be made.
        account: Option<String>,
        /// The address that the account shall have.
        email: String,
    },
    /// Rung 2: the account is a member of this synced group.
    ProvisionMembership {
        /// Object id at the identity provider.
        person: String,
        /// Group id at the identity provider.
        group: String,
        /// The name of the group at the identity provider.
        group_name: String,
        /// The expected account. `None` if a new one will be made.
        account: Option<String>,
    },
    /// Rung 3: the account is not suspended in this directory.
    RestoreAccess {
        account: String,
        /// The user directory. `None` in entries of version 1; the executor never sends those.
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
        /// The account that the record is linked to when the plan is made.
        account: String,
    },
    /// Rung 5: this record does not exist.
    DeleteRecord { record: RecordId },
    /// Rung 6: this account has none of these records, in any directory.
    ForgetAccountRecords {
        account: String,
        /// The records that will be removed.
        records: Vec<RecordId>,
    },
    /// Rung 7: the job runs again from where it stopped, and a cycle that began after this step has ended.
    StartProvisioning { job: String },
    /// Rung 7: the job has evaluated everything again, in a cycle that began after this step and has ended.
    RestartProvisioning {
        job: String,
        /// Which state of the job is reset first.
        scope: ResetScope,
    },
    /// Rung 8: a wrong account has a placeholder address, so that its address is free.
    ParkEmail {
        account: String,
        /// The address that the account has when the plan is made.
        from: String,
        /// The placeholder address.
        to: String,
    },
    /// Rung 9: the account is inactive.
    DeactivateAccount { account: String },
    /// Rung 10: the account is scheduled for deletion in 14 days.
    ScheduleDeletion { account: String },
    /// The inverse of `restore-access`: the account is suspended in this directory.
    SuspendAccess {
        account: String,
        /// The user directory. `None` in entries of version 1; the executor never sends those.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        directory: Option<String>,
    },
    /// The inverse of `park-email`: the account has its address again.
    ReturnEmail {
        account: String,
        /// The placeholder address that the account has when the plan is made.
        from: String,
        /// The address that the account had before.
        to: String,
    },
}

/// How much state a restart of the job resets (docs/reference/rules.md#entra-reset-scope). Forced deletes must never be
/// among the choices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResetScope {
    /// Watermark, escrows and quarantine. The portal's button resets the same.
    Usual,
    /// Also the matches of people to records. Entra then matches everybody again.
    Full,
}

impl ResetScope {
    /// The value that Microsoft Graph expects.
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

/// The risk of a step. It decides how many approvals the step needs (docs/reference/rules.md#risk-of-a-step).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Risk {
    /// Repeats what the identity provider does anyway.
    Harmless,
    /// An op of ours restores the state exactly.
    Reversible,
    /// Only provisioning can restore the state, or the step interrupts access.
    Disruptive,
    /// Changes who has an address, or disables or ends an account.
    Destructive,
}

impl Risk {
    /// The name used in JSON and on cards.
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
    /// There is nothing to undo.
    NoneNeeded,
    /// An op of ours restores the state exactly.
    Full,
    /// An op of ours restores the state, but that op is destructive itself.
    FullButDestructive,
    /// An op of ours restores the state exactly, while no SCIM record is linked to the account.
    WhileUnlinked,
    ByProvisioning,
    /// Possible until somebody else takes the address.
    UntilTaken,
    /// Possible until the date on which the deletion is due.
    UntilDue,
    /// Nothing restores the state.
    Impossible,
}

impl Undo {
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::NoneNeeded => "nothing to undo",
            Self::Full => "can be undone",
            Self::FullButDestructive => "can be undone by another destructive step",
            Self::WhileUnlinked => "can be undone while no SCIM record is linked to the account",
            Self::ByProvisioning => "provisioning brings it back",
            Self::UntilTaken => "can be undone while nobody else has the address",
            Self::UntilDue => "can be undone for 14 days",
            Self::Impossible => "cannot be undone",
        }
    }
}

/// The state of the world compared with the end state that an op wants.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// The wanted state is there.
    Done(Value),
    /// The wanted state is not there yet. The value is what is there instead.
    Open(Value),
    /// The step was accepted, but the wanted state is not there yet. Only steps that take long have this state.
    Underway(Value),
    /// These sources are unread, so the state is unknown.
    Unread(Vec<Source>),
    /// The wanted state is not there, and this step cannot bring it about. The text says why.
    Blocked(String),
}

impl Op {
    /// The stable name of the action, as in the JSON tag.
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

    /// The id of the one thing that the op is about.
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

    /// What the op does, in words for a person.
    #[must_use]
    pub fn says(&self) -> String {
        match self {
            Self::ProvisionUser { .. } => "Provision the person on demand".to_owned(),
            Self::ProvisionMembership { group_name, .. } => {
                format!("Provision the person in {group_name}")
            }
            Self::RestoreAccess { account, directory } => {
                format!("Lift the suspension of account {account}{}", in_directory(directory.as_deref()))
            }
            Self::ActivateAccount { account } => format!("Activate account {account}"),
            Self::CancelDeletion { account } => format!("Cancel the deletion of account {account}"),
            Self::UnlinkRecord { record, account } => {
                format!("Unlink SCIM record {} from account {account}", record.record)
            }
            Self::DeleteRecord { record } => format!("Delete SCIM record {}", record.record),
            Self::ForgetAccountRecords { account, records } => {
                format!("Delete all {} SCIM records of account {account}", records.len())
            }
            Self::StartProvisioning { .. } => {
                "Start provisioning for the whole tenant, from where it stopped".to_owned()
            }
            Self::RestartProvisioning { scope: ResetScope::Usual, .. } => {
                "Restart provisioning for the whole tenant".to_owned()
            }
            Self::RestartProvisioning { scope: ResetScope::Full, .. } => {
                "Restart provisioning for the whole tenant and match every record again".to_owned()
            }
            Self::ParkEmail { account, from, .. } => format!("Move {from} off account {account}"),
            Self::DeactivateAccount { account } => format!("Deactivate account {account}"),
            Self::ScheduleDeletion { account } => {
                format!("Delete account {account}, due in 14 days")
            }
            Self::SuspendAccess { account, directory } => {
                format!("Suspend account {account} again{}", in_directory(directory.as_deref()))
            }
            Self::ReturnEmail { account, to, .. } => {
                format!("Move {to} back to account {account}")
            }
        }
    }

    /// The rung on the ladder (docs/reference/ladder.md). An inverse has the rung of the op that it undoes.
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

    /// The risk if every condition was read and is true.
    #[must_use]
    pub fn risk(&self) -> Risk {
        match self.rung() {
            1 | 2 => Risk::Harmless,
            // A suspension interrupts access.
            3 if matches!(self, Self::SuspendAccess { .. }) => Risk::Disruptive,
            3 => Risk::Reversible,
            4..=7 => Risk::Disruptive,
            _ => Risk::Destructive,
        }
    }

    /// How the op can be undone.
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

    /// Whether the program must never send the op a second time by itself.
    #[must_use]
    pub fn is_one_shot(&self) -> bool {
        self.rung() >= 6
    }

    /// Whether the op counts against the daily cap. Rungs 4 to 10 do, and so does every other op that needs a second
    /// person by default.
    #[must_use]
    pub fn is_capped(&self) -> bool {
        self.risk() >= Risk::Disruptive
    }

    /// Whether the op affects everybody in the tenant. No other run may write at the same time.
    #[must_use]
    pub fn is_tenant_wide(&self) -> bool {
        self.rung() == 7
    }

    /// How long the effect may take after the op was accepted. `None` if the configuration's `confirm_within` applies.
    #[must_use]
    pub fn takes(&self) -> Option<Duration> {
        self.is_tenant_wide().then_some(MAX_CYCLE)
    }

    /// The account that the op writes to, directly or through provisioning.
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

    /// The address that the op takes from an account.
    #[must_use]
    pub fn frees(&self) -> Option<&str> {
        match self {
            Self::ParkEmail { from, .. } | Self::ReturnEmail { from, .. } => Some(from),
            _ => None,
        }
    }

    /// The records that the op deletes or unlinks.
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
