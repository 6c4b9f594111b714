//! What can go wrong in a generated tenant. A fault changes an ordinary tenant as the world would: it knows the
//! mapping, the kind of assignment and the directories, and does nothing where it makes no sense. It must also change
//! the truth where people or things change owners.

mod account;
mod groups;
mod job;
mod record;
mod source;

use reinstate_core::Cause;

use super::world::World;

/// One fault.
pub struct Fault {
    pub name: &'static str,
    /// The codes of which a diagnosis must name at least one. Empty if no code describes it: then the only rule is that
    /// nobody without access is called healthy.
    pub codes: &'static [Cause],
    /// Changes the tenant. Returns whether the fault makes sense there; if not, nothing was changed.
    pub inject: fn(&mut World) -> bool,
}

/// The faults by the station of the trail.
pub const FAULTS: [&[Fault]; 5] =
    [job::FAULTS, source::FAULTS, record::FAULTS, account::FAULTS, groups::FAULTS];

/// Every fault.
pub fn all() -> impl Iterator<Item = &'static Fault> {
    FAULTS.into_iter().flatten()
}

#[must_use]
pub fn find(name: &str) -> Option<&'static Fault> {
    all().find(|fault| fault.name == name)
}

impl World {
    /// Takes the person's record out of one group, or of all, at Atlassian only. Returns whether it was in one.
    fn lose_groups(&mut self, how_many: usize) -> bool {
        let record = self.record_of_person();
        let mut lost = 0_usize;
        for group in self.groups.clone() {
            let is_in = self
                .tenant
                .atlassian
                .scim_groups
                .get(&group.scim)
                .is_some_and(|known| known.members.contains_key(&record));
            if is_in && lost < how_many {
                self.tenant.atlassian.leave(&record, &group.name);
                lost = lost.saturating_add(1);
            }
        }
        lost > 0
    }

    /// The person's record is gone at Atlassian. The truth and the truth's records follow.
    fn drop_record(&mut self) -> String {
        let record = self.record_of_person();
        self.forget(&record);
        if let Some(person) = self.truth.humans.first_mut() {
            person.records.remove(&record);
        }
        record
    }

    /// The identity provider never wrote the person.
    fn forget_history(&mut self) {
        let idp = self.idp_of_person();
        self.tenant.entra.log.retain(|entry| entry.source.id != idp);
        if let Some(job) = self.tenant.entra.atlassian_job() {
            job.cache.remove(&idp);
            job.cache.values_mut().for_each(|export| export.members.retain(|id| *id != idp));
        }
    }
}
