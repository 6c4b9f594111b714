//! Advice about the provisioning job. The job concerns everybody, so only the admin of the identity provider may act.

use super::{directory, provisioning};
use crate::diagnose::Case;
use crate::finding::Cause;

/// Microsoft's default mapping of `active` (docs/reference/rules.md#mapping-of-the-status).
const DEFAULT_ACTIVE: &str = r#"Switch([IsSoftDeleted], , "False", "True", "True", "False")"#;

pub(super) fn advise(cause: Cause, case: &Case<'_>) -> Option<String> {
    let place = provisioning(case);
    let job = case.e.job.get();
    Some(match cause {
        Cause::ScimKeyRejected => {
            let address = case
                .target_directory()
                .map(|id| format!("https://api.atlassian.com/scim/directory/{id}"))
                .unwrap_or_else(|| "the directory base URL shown beside the key".to_owned());
            format!(
                "In {}: make a new SCIM key. In {place} > Admin credentials: Tenant URL {address}, Secret token the new key; choose Test connection, Save, and Start provisioning.",
                directory(case)
            )
        }
        Cause::ProvisioningQuarantined => {
            let reason = job.and_then(|job| job.quarantine.as_deref()).unwrap_or("no reason that was read");
            let code = job.and_then(|job| job.error_code.as_deref());
            let code = code.map(|code| format!(" ({code})")).unwrap_or_default();
            format!(
                "In {place}: the quarantine says {reason}{code}. Mend that, then choose Restart provisioning. If it counts deletions, look at them before anybody allows them."
            )
        }
        Cause::ProvisioningStopped => {
            let state = job.and_then(|job| job.schedule.as_deref().or(job.code.as_deref()));
            format!(
                "In {place}: its state is {}. Ask who stopped it and why, then choose Start provisioning.",
                state.unwrap_or("not known")
            )
        }
        Cause::GroupSyncOff => format!(
            "In {place} > Mappings > Provision Microsoft Entra ID Groups: set Enabled to Yes, with Create and Update among its actions, and the attribute members mapped to members."
        ),
        Cause::PullSync => format!(
            "Reinstate works with SCIM provisioning. Here Atlassian pulls by itself: in {}, choose Sync now (it runs every 4 hours) and read its sync history for the person.",
            directory(case)
        ),
        Cause::MatchingOnEmail => format!(
            "The job matches on e-mail, so a rename will make a duplicate. In {place} > Mappings > Provision Microsoft Entra ID Users: map objectId to externalId with matching precedence 1. An initial cycle follows."
        ),
        Cause::ActiveMapping => {
            let from = case.e.mapping.get().and_then(|mapping| mapping.active_from.clone());
            if from.as_deref() == Some(DEFAULT_ACTIVE) {
                return Some(format!(
                    "The job wrote the person's record and left it inactive, although the attribute active has Microsoft's default mapping. In {place} > Provision on demand, provision the person and compare the value of active with the record. Then ask Atlassian's support about the record."
                ));
            }
            format!(
                "In {place} > Mappings > Provision Microsoft Entra ID Users: the attribute active is written from {}. Set it to {DEFAULT_ACTIVE}, which is Microsoft's default, and save. An initial cycle follows.",
                from.unwrap_or_else(|| "nothing that was read".to_owned())
            )
        }
        _ => return None,
    })
}
