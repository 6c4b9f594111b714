//! The generated tenant with its truth. It holds data and no rules of how a tenant is built.

use super::blueprint::Blueprint;
use super::faults::Fault;
use super::truth::Truth;
use crate::tenant::{Tenant, hours_ago};

/// The second SCIM directory.
pub(super) const SECOND: &str = "6c2f0000-0000-4000-8000-000000000002";
/// Another address of the person.
pub(super) const ALIAS: &str = "jane.alias@acme.example";

/// A group that is assigned to the application, in each of the places where it exists.
#[derive(Clone, Debug)]
pub struct GroupLink {
    /// At the identity provider.
    pub idp: String,
    /// The SCIM group.
    pub scim: String,
    /// The group of the organization.
    pub org: String,
    /// Its name at Atlassian.
    pub name: String,
}

/// A generated tenant while it is built, and afterwards.
pub struct World {
    pub tenant: Tenant,
    pub blueprint: Blueprint,
    pub truth: Truth,
    /// The groups in which everybody is who is assigned through groups.
    pub groups: Vec<GroupLink>,
    /// How WHO names the person of interest.
    pub who: String,
    /// The faults that were injected.
    pub injected: Vec<&'static Fault>,
}

/// The last cycle ended an hour ago without an error.
pub(super) fn cycle_ended(world: &mut World) {
    if let Some(job) = world.tenant.entra.atlassian_job() {
        job.last_execution = Some(crate::entra::Run {
            id: "cycle".to_owned(),
            began: hours_ago(2),
            ended: hours_ago(1),
            state: "Succeeded".to_owned(),
            imported: 4,
            exported: 0,
            escrowed: 0,
            error: None,
        });
    }
}
