//! "A symptom is not reported beside the cause that explains it" (product.md 9), as a table. It only takes away: a
//! cause that is not proven is never made up from another.

use crate::core::finding::{Cause, Finding};

use Cause as C;

/// What stops the whole job.
const JOB: &[Cause] = &[C::ScimKeyRejected, C::ProvisioningQuarantined, C::ProvisioningStopped, C::PullSync];
/// What keeps one person out of it.
const PERSON: &[Cause] = &[C::OutOfScope, C::AttributeMissing];
/// What stands in the way of the record.
const RECORD: &[Cause] = &[
    C::StaleRecordConflict,
    C::EmailHeldByManagedAccount,
    C::EmailHeldOutside,
    C::TwoDirectories,
    C::IdentityRecreated,
    C::StaleAnchor,
    C::DomainNotClaimed,
    C::PendingDeletion,
];

/// Each symptom with the causes beside which it is not reported.
const SYMPTOMS: &[(Cause, &[&[Cause]])] = &[
    (C::SyncPending, &[JOB, PERSON, RECORD]),
    (C::NeverProvisioned, &[JOB, PERSON, RECORD, &[C::SyncPending, C::DeactivatedLocally]]),
    (C::AttributeMissing, &[JOB]),
    (
        C::RecordUnlinked,
        &[PERSON, &[C::EmailHeldOutside, C::TwoDirectories, C::DomainNotClaimed, C::IdentityRecreated]],
    ),
    (C::StaleRecordConflict, &[&[C::IdentityRecreated]]),
    (C::EmailHeldByManagedAccount, &[&[C::PendingDeletion, C::IdentityRecreated, C::DomainNotClaimed]]),
    (C::EmailHeldOutside, &[&[C::DomainNotClaimed, C::PendingDeletion]]),
    (C::EmailMismatch, &[&[C::TwoDirectories, C::DomainNotClaimed]]),
    (C::StaleAnchor, &[&[C::IdentityRecreated]]),
    (C::DomainNotClaimed, &[JOB, PERSON]),
    (
        C::DeactivatedByIdp,
        &[PERSON, &[C::IdpUserDisabled, C::IdpUserDeleted, C::NotAssigned, C::NestedOnly, C::PullSync]],
    ),
    (C::DeactivatedLocally, &[&[C::IdpUserMissing, C::IdpUserDeleted, C::IdpUserDisabled]]),
    (C::NotInDirectory, &[JOB, PERSON, RECORD]),
    (
        C::MembershipDrift,
        &[
            JOB,
            PERSON,
            RECORD,
            &[C::GroupSyncOff, C::EmailMismatch, C::RecordUnlinked, C::LinkedToOtherAccount],
        ],
    ),
    (C::PropagationLag, &[&[C::PullSync, C::EmailHeldOutside, C::TwoDirectories]]),
    (C::GroupWithoutRole, &[&[C::NotInDirectory, C::TwoDirectories]]),
    (C::SeatsFull, &[&[C::NotInDirectory, C::TwoDirectories]]),
    (C::MatchingOnEmail, &[&[C::PullSync]]),
];

/// Takes away the symptoms that another finding explains.
pub(super) fn explained(findings: Vec<Finding>) -> Vec<Finding> {
    let found: Vec<Cause> = findings.iter().map(|finding| finding.code).collect();
    let is_explained = |cause: Cause| {
        let lists =
            SYMPTOMS.iter().filter(|(symptom, _)| *symptom == cause).flat_map(|(_, lists)| lists.iter());
        lists.flat_map(|list| list.iter()).any(|explains| found.contains(explains))
    };
    findings.into_iter().filter(|finding| !is_explained(finding.code)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::evidence::Source;
    use crate::core::finding::Fact;

    fn finding(code: Cause) -> Finding {
        let seen_at = jiff::Timestamp::UNIX_EPOCH;
        Finding::new(code, Fact { source: Source::Users, says: "x".to_owned(), seen_at })
    }

    fn left(codes: &[Cause]) -> Vec<Cause> {
        explained(codes.iter().copied().map(finding).collect()).iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn a_symptom_falls_and_its_cause_stays() {
        assert_eq!(left(&[C::ProvisioningStopped, C::NeverProvisioned]), [C::ProvisioningStopped]);
        assert_eq!(left(&[C::IdpUserDisabled, C::DeactivatedByIdp]), [C::IdpUserDisabled]);
        assert_eq!(left(&[C::EmailHeldByManagedAccount, C::PendingDeletion]), [C::PendingDeletion]);
        assert_eq!(left(&[C::IdentityRecreated, C::StaleRecordConflict]), [C::IdentityRecreated]);
        assert_eq!(left(&[C::EmailMismatch, C::MembershipDrift]), [C::EmailMismatch]);
    }

    #[test]
    fn two_causes_of_their_own_stay_both() {
        let two = [C::Suspended, C::MembershipDrift];
        assert_eq!(left(&two), two);
        let two = [C::StaleRecordConflict, C::EmailHeldByManagedAccount];
        assert_eq!(left(&two), two);
    }

    #[test]
    fn no_two_causes_explain_each_other_away() {
        for first in Cause::ALL {
            for second in Cause::ALL {
                assert!(!left(&[*first, *second]).is_empty(), "{} and {}", first.code(), second.code());
            }
        }
    }
}
