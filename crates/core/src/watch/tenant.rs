//! Faults that concern everybody: found from the job, its mapping and the domains alone, and told once each. It must
//! never call a fault over because its source could not be read.

use jiff::Timestamp;

use super::TenantFault;
use crate::diagnose::diagnose;
use crate::evidence::Evidence;
use crate::finding::Cause;

/// The causes of a person that are faults of the whole tenant.
const OF_EVERYBODY: &[Cause] = &[
    Cause::ScimKeyRejected,
    Cause::ProvisioningQuarantined,
    Cause::ProvisioningStopped,
    Cause::GroupSyncOff,
    Cause::PullSync,
];

const NO_DOMAIN: &str = "the organization has no verified domain";

/// The faults that concern everybody in this evidence, which may be about one person or about nobody.
#[must_use]
pub fn tenant_faults(evidence: &Evidence) -> Vec<TenantFault> {
    let diagnosis = diagnose(evidence);
    let found = diagnosis.findings.iter().filter(|one| one.code.blocks() && OF_EVERYBODY.contains(&one.code));
    let mut all: Vec<TenantFault> = found
        .map(|one| TenantFault {
            cause: one.code,
            evidence: one.because.first().map(|fact| fact.message.clone()).unwrap_or_default(),
        })
        .collect();
    // Without any verified domain, no account can be managed.
    if evidence.domains.get().is_some_and(|domains| !domains.iter().any(|domain| domain.verified)) {
        all.push(TenantFault { cause: Cause::DomainNotClaimed, evidence: NO_DOMAIN.to_owned() });
    }
    all
}

/// Whether a fault that was told at `since` is certainly over, by evidence about nobody.
#[must_use]
pub fn is_over(cause: Cause, evidence: &Evidence, since: Timestamp) -> bool {
    if tenant_faults(evidence).iter().any(|fault| fault.cause == cause) {
        return false;
    }
    let job = evidence.job.get();
    match cause {
        // The key of a person's log may be refused while the job still looks good. A cycle that succeeds shows that
        // the key works again.
        Cause::ScimKeyRejected => job.is_some_and(|job| job.has_worked_since(since)),
        Cause::ProvisioningQuarantined | Cause::ProvisioningStopped => job.is_some(),
        Cause::GroupSyncOff => evidence.mapping.get().is_some(),
        Cause::PullSync => job.is_some(),
        Cause::DomainNotClaimed => evidence.domains.get().is_some(),
        // No other cause is ever told as a fault of the whole tenant.
        _ => true,
    }
}
