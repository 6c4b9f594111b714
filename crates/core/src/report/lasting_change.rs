//! Which causes one change ends for everybody: of the job, or of the one group, app or domain that they are about. The
//! page of such a cause (docs/causes) names the change. A cause must not be listed here if its page names
//! only what to do for one person or asks to find out something first, or if its advice names another change for some
//! people.

use crate::finding::Cause;

/// The causes that one change at the identity provider or at Atlassian ends.
const ENDED_BY_ONE_CHANGE: &[Cause] = &[
    Cause::ScimKeyRejected,
    Cause::GroupSyncOff,
    Cause::NestedOnly,
    Cause::OutOfScope,
    Cause::AttributeMissing,
    Cause::DynamicGroupPending,
    Cause::GroupNameConflict,
    Cause::DefaultGroupClash,
    Cause::GroupWithoutRole,
    Cause::SeatsFull,
    Cause::GroupTooLarge,
    Cause::MatchingOnEmail,
];

/// What a job that matches people by e-mail leads to: a rename makes a second record and a second account.
const MADE_BY_MATCHING_ON_EMAIL: &[Cause] =
    &[Cause::LinkedToOtherAccount, Cause::StaleRecordConflict, Cause::EmailHeldByManagedAccount];

/// Whether one change ends this cause for everybody who has it.
#[must_use]
pub fn ends_with_one_change(cause: Cause) -> bool {
    ENDED_BY_ONE_CHANGE.contains(&cause)
}

/// The causes of one person that one change ends. A cause that is only advice counts where it can have led to one that
/// blocks access: every person of such a tenant has the advice, and most of them have lost nothing by it.
pub(super) fn of_person(found: &[Cause], blocking: &[Cause]) -> Vec<Cause> {
    let is_reason = |cause: &&Cause| match cause {
        Cause::MatchingOnEmail => blocking.iter().any(|other| MADE_BY_MATCHING_ON_EMAIL.contains(other)),
        cause => blocking.contains(cause),
    };
    found.iter().filter(is_reason).copied().filter(|cause| ends_with_one_change(*cause)).collect()
}
