//! Advice about the anchor and about exports that fail. Removing one object connection is a beta call that Microsoft does
//! not support in production, so this program only names it and never sends it
//! (docs/reference/rules.md#object-connections).

use super::{application, name, provisioning};
use crate::diagnose::Case;
use crate::finding::Cause;

pub(super) fn advise(cause: Cause, case: &Case<'_>) -> Option<String> {
    let name = name(case);
    Some(match cause {
        Cause::StaleAnchor => {
            let groups = super::listed(
                case.expected().into_iter().flatten().map(|group| group.name.as_str()),
                "the assigned ones",
            );
            format!(
                "The identity provider looks for a record that was deleted. Provision on demand usually makes it look for the person again: {} > Provision on demand, for {name}. If it answers InvalidAnchor, there are three ways. {} Or, in {} > Users and groups, look up the groups; in Groups, take {name} out of theirs ({groups}; the person, never the group), wait for one cycle (about 40 minutes), and put them back. Or restart provisioning with everything matched again (resetScope Full), which concerns the whole tenant.",
                provisioning(case),
                connection(case),
                application(case)
            )
        }
        Cause::WrongAnchor => {
            let anchor = case.anchor().unwrap_or("not known");
            format!(
                "The identity provider takes record {anchor} for the record of {name}. Do not provision {name} on demand before this is corrected: it would write the address and the name of {name} into that record. There are two ways. {} Or restart provisioning with everything matched again (resetScope Full), which concerns the whole tenant.",
                connection(case)
            )
        }
        Cause::ExportFailing => {
            let failed = case.failing_export().map(|entry| {
                format!(
                    "Atlassian refuses what the identity provider writes for {name}: {}. Correct the value that the answer names, at the identity provider or in {} > Mappings. Then provision {name} on demand. If the answer names nothing that you can correct, send the ticket below to Atlassian.",
                    crate::diagnose::export_answer(entry),
                    provisioning(case)
                )
            });
            let look_up = || {
                let attribute = case.e.mapping.get()?.unfilterable()?;
                Some(format!(
                    "The job looks {name} up by {attribute}, and Atlassian filters records by userName and externalId only. In {} > Mappings > Provision Microsoft Entra ID Users, remove {attribute} from the matching attributes and match on userName or externalId. An initial cycle follows.",
                    provisioning(case)
                ))
            };
            failed.or_else(look_up)?
        }
        _ => return None,
    })
}

/// How an admin removes the object connection of one person, in words.
pub(crate) fn connection(case: &Case<'_>) -> String {
    let application = case.e.places.application.as_deref().unwrap_or("SERVICE-PRINCIPAL");
    let job = case.e.job.get().map_or("JOB", |job| job.id.as_str());
    let person = case.person.map_or("OBJECT-ID", |person| person.id.as_str());
    format!(
        "Remove the object connection of this one person by hand: pause the job, send DELETE https://graph.microsoft.com/beta/servicePrincipals/{application}/synchronization/jobs/{job}/objectConnections('{person}'), provision the person on demand, and start the job. This is a beta call, which Microsoft does not support in production."
    )
}
