//! A table of symptoms and the causes that explain them
//! (docs/reference/rules.md#a-symptom-is-not-reported-beside-its-cause). This module only removes findings. It must
//! never add a cause, because a cause needs facts of its own.

use super::Undecided;
use crate::finding::{Cause, Finding};

use Cause as C;

/// Causes that stop the whole job.
const JOB_CAUSES: &[Cause] =
    &[C::ScimKeyRejected, C::ProvisioningQuarantined, C::ProvisioningStopped, C::PullSync];
/// Causes that keep one person out of the job.
const PERSON_CAUSES: &[Cause] = &[C::OutOfScope, C::AttributeMissing, C::AssignmentBroken];
/// Causes that prevent the record from being written.
const RECORD_CAUSES: &[Cause] = &[
    C::StaleRecordConflict,
    C::EmailHeldByManagedAccount,
    C::EmailHeldOutside,
    C::TwoDirectories,
    C::IdentityRecreated,
    C::StaleAnchor,
    C::WrongAnchor,
    C::DomainNotClaimed,
    C::PendingDeletion,
    C::DeactivatedElsewhere,
    C::AccountUnclaimed,
];
/// Causes because of which the identity provider does not provision the person at all.
const NOT_PROVISIONED: &[Cause] = &[
    C::IdpUserDisabled,
    C::IdpUserDeleted,
    C::NotAssigned,
    C::NestedOnly,
    C::DynamicGroupPending,
    C::PullSync,
];

/// Each symptom with the causes that explain it. A symptom is not reported together with one of them.
const SYMPTOMS: &[(Cause, &[&[Cause]])] = &[
    (C::SyncPending, &[JOB_CAUSES, PERSON_CAUSES, RECORD_CAUSES]),
    (
        C::NeverProvisioned,
        &[
            JOB_CAUSES,
            PERSON_CAUSES,
            RECORD_CAUSES,
            &[C::SyncPending, C::DeactivatedLocally, C::ExportFailing],
        ],
    ),
    (C::AttributeMissing, &[JOB_CAUSES]),
    (
        C::RecordUnlinked,
        &[
            PERSON_CAUSES,
            &[
                C::EmailHeldOutside,
                C::TwoDirectories,
                C::DomainNotClaimed,
                C::IdentityRecreated,
                C::DeactivatedElsewhere,
                C::AccountUnclaimed,
            ],
        ],
    ),
    (C::StaleRecordConflict, &[&[C::IdentityRecreated]]),
    (C::EmailHeldByManagedAccount, &[&[C::PendingDeletion, C::IdentityRecreated, C::DomainNotClaimed]]),
    (
        C::ExportFailing,
        &[
            JOB_CAUSES,
            PERSON_CAUSES,
            RECORD_CAUSES,
            &[C::LinkedToOtherAccount, C::EmailMismatch, C::OrphanedRecord],
        ],
    ),
    (
        C::EmailHeldOutside,
        &[&[C::DomainNotClaimed, C::PendingDeletion, C::DeactivatedElsewhere, C::AccountUnclaimed]],
    ),
    (C::EmailMismatch, &[&[C::TwoDirectories, C::DomainNotClaimed, C::WrongAnchor, C::AccountUnclaimed]]),
    (C::StaleAnchor, &[&[C::IdentityRecreated]]),
    (C::DomainNotClaimed, &[JOB_CAUSES, PERSON_CAUSES, &[C::DeactivatedElsewhere]]),
    (C::DeactivatedByIdp, &[PERSON_CAUSES, NOT_PROVISIONED, &[C::DeactivatedElsewhere, C::ActiveMapping]]),
    (
        C::DeactivatedLocally,
        &[&[C::IdpUserMissing, C::IdpUserDeleted, C::IdpUserDisabled, C::DeactivatedElsewhere]],
    ),
    (C::DeactivatedWhileLinked, &[PERSON_CAUSES, NOT_PROVISIONED, &[C::DeactivatedElsewhere]]),
    (C::DeactivatedElsewhere, &[&[C::IdpUserMissing, C::IdpUserDeleted, C::IdpUserDisabled]]),
    (C::NotInDirectory, &[JOB_CAUSES, PERSON_CAUSES, RECORD_CAUSES]),
    (
        C::MembershipDrift,
        &[
            JOB_CAUSES,
            PERSON_CAUSES,
            RECORD_CAUSES,
            &[C::GroupSyncOff, C::EmailMismatch, C::RecordUnlinked, C::LinkedToOtherAccount],
        ],
    ),
    (C::PropagationLag, &[&[C::PullSync, C::EmailHeldOutside, C::TwoDirectories, C::AccountUnclaimed]]),
    (C::GroupWithoutRole, &[&[C::NotInDirectory, C::TwoDirectories]]),
    (C::SeatsFull, &[&[C::NotInDirectory, C::TwoDirectories]]),
    (C::RoleTooWeak, &[&[C::NotInDirectory, C::TwoDirectories]]),
    (C::NotAssigned, &[&[C::DynamicGroupPending]]),
    (C::MatchingOnEmail, &[&[C::PullSync]]),
];

/// The causes that explain a symptom.
fn explaining(symptom: Cause) -> impl Iterator<Item = Cause> {
    let lists = SYMPTOMS.iter().filter(move |(known, _)| *known == symptom);
    lists.flat_map(|(_, lists)| lists.iter()).flat_map(|list| list.iter()).copied()
}

/// Removes the symptoms that another finding explains. A symptom that an undecided cause may explain becomes undecided.
pub(super) fn explained(findings: Vec<Finding>, undecided: &mut Vec<Undecided>) -> Vec<Finding> {
    // A finding that is only advice, because other evidence contradicts it, explains nothing.
    let found: Vec<Cause> = findings.iter().filter(|f| f.blocking).map(|finding| finding.code).collect();
    let open: Vec<Undecided> = undecided.clone();
    // A symptom that would not be reported anyway is not undecided either.
    undecided.retain(|(symptom, _)| !explaining(*symptom).any(|cause| found.contains(&cause)));
    let mut kept = Vec::new();
    for finding in findings {
        if explaining(finding.code).any(|cause| found.contains(&cause)) {
            continue;
        }
        let mut needs: Vec<_> = explaining(finding.code)
            .filter_map(|cause| open.iter().find(|(known, _)| *known == cause))
            .flat_map(|(_, sources)| sources.iter().copied())
            .collect();
        if needs.is_empty() {
            kept.push(finding);
        } else {
            needs.sort_unstable();
            needs.dedup();
            undecided.push((finding.code, needs));
        }
    }
    undecided.sort_by_key(|(cause, _)| *cause);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Source;
    use crate::finding::Fact;

    fn finding(code: Cause) -> Finding {
        let seen_at = jiff::Timestamp::UNIX_EPOCH;
        Finding::new(code, Fact { source: Source::Users, message: "x".to_owned(), seen_at })
    }

    fn left(codes: &[Cause]) -> Vec<Cause> {
        left_beside(codes, &mut Vec::new())
    }

    fn left_beside(codes: &[Cause], undecided: &mut Vec<Undecided>) -> Vec<Cause> {
        let findings = codes.iter().copied().map(finding).collect();
        explained(findings, undecided).iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn where_its_cause_cannot_be_told_the_symptom_cannot_either() {
        let mut undecided = vec![(C::StaleAnchor, vec![Source::ProvisioningLog])];
        assert_eq!(left_beside(&[C::NeverProvisioned, C::Suspended], &mut undecided), [C::Suspended]);
        assert_eq!(
            undecided,
            [
                (C::NeverProvisioned, vec![Source::ProvisioningLog]),
                (C::StaleAnchor, vec![Source::ProvisioningLog])
            ]
        );
        let mut elsewhere = vec![(C::SeatsFull, vec![Source::Workspaces])];
        assert_eq!(left_beside(&[C::NeverProvisioned], &mut elsewhere), [C::NeverProvisioned]);
    }

    #[test]
    fn a_symptom_that_a_found_cause_explains_is_not_undecided() {
        let mut undecided =
            vec![(C::SyncPending, vec![Source::Jobs]), (C::SeatsFull, vec![Source::Workspaces])];
        assert_eq!(left_beside(&[C::ProvisioningStopped], &mut undecided), [C::ProvisioningStopped]);
        assert_eq!(undecided, [(C::SeatsFull, vec![Source::Workspaces])]);
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
