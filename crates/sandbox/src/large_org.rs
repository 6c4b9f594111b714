//! A generated company of any size. Everybody is provisioned and in several groups. Some people are broken, across
//! all causes that affect one person alone. The result must stay reproducible: only the seed decides who is broken
//! and how, never the clock or other random numbers.

use std::collections::BTreeMap;

use super::atlassian::{Member, Membership};
use super::entra::Member as Direct;
use super::tenant::{DIRECTORY, Tenant, hours_ago};
use reinstate_core::Cause;

/// The shape of a company.
#[derive(Clone, Copy, Debug)]
pub struct Crowd {
    pub people: usize,
    /// The number of synced groups, at least 4. The first three grant the apps, and each holds a third of the people.
    pub groups: usize,
    /// One person in `broken_in` is broken; 0 for nobody.
    pub broken_in: usize,
    /// Decides everything else.
    pub seed: u64,
}

/// How a person is broken, and what a diagnosis must find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Break {
    Drift,
    Unlinked,
    Suspended,
    PendingDeletion,
    DeactivatedByIdp,
    DeactivatedLocally,
    Disabled,
    Deleted,
    Missing,
    NotAssigned,
    Nested,
    Mismatch,
    OtherAccount,
    StaleRecord,
    StaleAnchor,
    NeverProvisioned,
    NoAccount,
    NoRole,
    SeatsFull,
}

const BREAKS: &[(Break, &[Cause])] = &[
    (Break::Drift, &[Cause::MembershipDrift]),
    (Break::Unlinked, &[Cause::RecordUnlinked]),
    (Break::Suspended, &[Cause::Suspended]),
    (Break::PendingDeletion, &[Cause::PendingDeletion]),
    (Break::DeactivatedByIdp, &[Cause::DeactivatedByIdp]),
    (Break::DeactivatedLocally, &[Cause::DeactivatedLocally]),
    (Break::Disabled, &[Cause::IdpUserDisabled]),
    (Break::Deleted, &[Cause::IdpUserDeleted, Cause::OrphanedRecord]),
    (Break::Missing, &[Cause::IdpUserMissing, Cause::OrphanedRecord]),
    (Break::NotAssigned, &[Cause::NotAssigned]),
    (Break::Nested, &[Cause::NestedOnly]),
    (Break::Mismatch, &[Cause::EmailMismatch]),
    (Break::OtherAccount, &[Cause::LinkedToOtherAccount]),
    (Break::StaleRecord, &[Cause::StaleRecordConflict]),
    (Break::StaleAnchor, &[Cause::StaleAnchor]),
    (Break::NeverProvisioned, &[Cause::NeverProvisioned]),
    (Break::NoAccount, &[Cause::NeverProvisioned]),
    (Break::NoRole, &[Cause::GroupWithoutRole]),
    (Break::SeatsFull, &[Cause::SeatsFull]),
];

/// A generated company, and what a sweep of it must find.
pub struct Company {
    pub tenant: Tenant,
    /// The number of people with each cause.
    pub by_cause: BTreeMap<String, u64>,
    pub broken: u64,
    /// The number of accounts, including the three people of every tenant.
    pub accounts: u64,
}

/// A number below `count`, computed from the seed and two numbers (splitmix64).
fn place(seed: u64, a: usize, b: usize, count: usize) -> usize {
    let word = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    let mut z =
        seed ^ word(a).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ word(b).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    usize::try_from(z % word(count.max(1))).unwrap_or(0)
}

/// The groups of the company by number: IdP id and SCIM id.
struct Rooms(Vec<(String, String)>);

impl Crowd {
    #[must_use]
    pub fn company(&self) -> Company {
        let mut tenant = Tenant::new();
        // The measured organization answers quickly. Where groups always carry their members, a sweep reads smaller pages.
        tenant.atlassian.switches.groups_exclude_members = true;
        let rooms = self.rooms(&mut tenant);
        let nested = tenant.entra.add_group("contractors");
        if let Some((first, _)) = rooms.0.first() {
            tenant.entra.nest(first, &nested);
        }
        let mut company = Company { tenant, by_cause: BTreeMap::new(), broken: 0, accounts: 3 };
        for number in 0..self.people {
            let broken = self.broken_in > 0 && number % self.broken_in == self.broken_in / 2;
            let how = broken.then(|| BREAKS.get((number / self.broken_in.max(1)) % BREAKS.len())).flatten();
            self.person(&mut company, &rooms, &nested, number, how.map(|(how, _)| *how));
            if let Some((_, causes)) = how {
                company.broken += 1;
                for cause in *causes {
                    *company.by_cause.entry(cause.code().to_owned()).or_default() += 1;
                }
            }
        }
        // No app that a suspended person would get back has a free seat.
        if company.by_cause.contains_key(Cause::SeatsFull.code()) {
            let suspended = company.by_cause.get(Cause::Suspended.code()).copied().unwrap_or_default();
            *company.by_cause.entry(Cause::SeatsFull.code().to_owned()).or_default() += suspended;
        }
        company.tenant.atlassian.freeze();
        company.tenant.entra.freeze();
        company
    }

    fn rooms(&self, tenant: &mut Tenant) -> Rooms {
        let mut rooms = Vec::new();
        for number in 0..self.groups {
            let name = format!("team-{number:03}");
            let jira = tenant.jira.clone();
            let grants = [(jira.as_str(), "atlassian/user")];
            tenant.atlassian.add_group(&name, true, if number < 3 { &grants } else { &[] });
            let group = tenant.entra.add_group(&name);
            tenant.entra.assign_group(&group);
            let scim = tenant.atlassian.scim_groups.values_mut().find(|known| known.name == name);
            if let Some(scim) = scim {
                scim.external_id = Some(group.clone());
                rooms.push((group, scim.id.clone()));
            }
        }
        Rooms(rooms)
    }

    /// The groups of a person: one that grants the apps, and one to three teams.
    fn rooms_of(&self, number: usize) -> Vec<usize> {
        let teams = self.groups.saturating_sub(3);
        let mut mine = vec![number % 3];
        for turn in 0..=place(self.seed, number, 7, 3) {
            let team = 3 + place(self.seed, number, 11 + turn, teams);
            if !mine.contains(&team) {
                mine.push(team);
            }
        }
        mine
    }

    fn person(&self, company: &mut Company, rooms: &Rooms, nested: &str, number: usize, how: Option<Break>) {
        let tenant = &mut company.tenant;
        let upn = format!("person.{number:07}@acme.example");
        let name = format!("Person {number:07}");
        let mut mine = self.rooms_of(number);
        if how == Some(Break::NoRole) {
            mine.retain(|room| *room >= 3);
        }
        let idp = match how {
            // An object id that nobody has.
            Some(Break::Missing) => format!("000000ee-0000-4000-8000-{number:012x}"),
            _ => tenant.entra.add_user(&upn, &name),
        };
        let direct = !matches!(how, Some(Break::Missing | Break::NotAssigned | Break::Nested));
        for (group, _) in mine.iter().filter(|_| direct).filter_map(|room| rooms.0.get(*room)) {
            if let Some(group) = tenant.entra.groups.get_mut(group) {
                // Nobody is added twice, so the code does not search the group.
                group.members.push(Direct { id: idp.clone(), since: jiff::Timestamp::UNIX_EPOCH });
            }
        }
        if how == Some(Break::NoAccount) {
            company.accounts += 1;
            return;
        }
        let bears = match how {
            Some(Break::Mismatch | Break::OtherAccount) => format!("old.{number:07}@acme.example"),
            _ => upn.clone(),
        };
        let account = tenant.account(&bears, &name, 5);
        company.accounts += 1;
        let record = match how {
            Some(
                Break::PendingDeletion
                | Break::DeactivatedLocally
                | Break::StaleAnchor
                | Break::NeverProvisioned,
            ) => None,
            Some(Break::StaleRecord) => {
                tenant.atlassian.scim_record(DIRECTORY, &upn, "import-1042", None);
                tenant.refused(&idp, "Create", &upn);
                None
            }
            Some(Break::Unlinked) => Some(tenant.atlassian.scim_record(DIRECTORY, &upn, &idp, None)),
            _ => Some(tenant.atlassian.scim_record(DIRECTORY, &upn, &idp, Some(&account))),
        };
        let member = Member { since: jiff::Timestamp::UNIX_EPOCH, dropped: false };
        let lost = match how {
            Some(Break::Drift) => 1,
            // A person with an old address and all groups can still work.
            Some(Break::Mismatch) => mine.len(),
            // A person who still has access is not broken by a missing assignment.
            Some(Break::NotAssigned) => mine.len(),
            _ => 0,
        };
        for (_, scim) in mine.iter().skip(lost).filter_map(|room| rooms.0.get(*room)) {
            if let (Some(group), Some(record)) = (tenant.atlassian.scim_groups.get_mut(scim), &record) {
                group.members.insert(record.clone(), member);
            }
        }
        let entra = &mut tenant.entra;
        match how {
            Some(Break::Disabled) => {
                if let Some(user) = entra.users.get_mut(&idp) {
                    user.account_enabled = false;
                }
            }
            Some(Break::Deleted) => entra.delete_user(&idp, hours_ago(48)),
            Some(Break::Nested) => entra.add_member(nested, &idp),
            Some(Break::StaleAnchor) => {
                let reason = "The object that was matched before was not found in the target system.";
                entra.log_failure(&idp, "Update", "InvalidAnchor", reason, hours_ago(2));
            }
            Some(Break::Suspended) => {
                if let Some(known) = tenant.atlassian.accounts.get_mut(&account) {
                    known.membership = Membership::Suspended;
                }
            }
            Some(Break::PendingDeletion) => tenant.atlassian.schedule_deletion(&account),
            Some(Break::DeactivatedByIdp) => {
                tenant.atlassian.set_active(&account, false);
                if let Some(record) = record.and_then(|id| tenant.atlassian.scim_users.get_mut(&id)) {
                    record.active = false;
                }
            }
            Some(Break::DeactivatedLocally) => tenant.atlassian.set_active(&account, false),
            Some(Break::OtherAccount) => {
                let other = tenant.account(&upn, &name, 0);
                company.accounts += 1;
                if let Some(known) = tenant.atlassian.accounts.get_mut(&other) {
                    known.membership = Membership::None;
                }
            }
            Some(Break::SeatsFull) => {
                for space in &mut tenant.atlassian.workspaces {
                    space.usage = space.capacity;
                    space.unseated.insert(account.clone());
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_company_and_another_seed_another() {
        let crowd = Crowd { people: 200, groups: 12, broken_in: 10, seed: 7 };
        let members = |crowd: Crowd| {
            let company = crowd.company();
            let groups = company.tenant.entra.groups;
            groups.values().map(|group| group.members.len()).collect::<Vec<_>>()
        };
        assert_eq!(members(crowd), members(crowd));
        assert_ne!(members(crowd), members(Crowd { seed: 8, ..crowd }));
        let company = crowd.company();
        assert_eq!((company.broken, company.by_cause.len()), (20, 19));
    }
}
