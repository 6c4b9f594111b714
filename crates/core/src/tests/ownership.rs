//! Property tests over generated worlds: three people, their records and accounts, and an identity provider with any
//! mapping. The world knows who owns what. The evidence is what a reading of that world gives, with gaps. No plan may
//! touch what belongs to the colleague, and no plan may change anything if nothing is missing.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::build::{account, at, gap, group, healthy, refused, seen, surround};
use super::conditions::rules;
use crate::evidence::{Evidence, IdpUser, LogEntry, Mapping, Read, ScimLink, ScimRecord};
use crate::subject::{RecordId, Subject, Who, normalize};
use crate::{Op, Plan, Risk, diagnose, plan};

const D1: &str = "directory-1";
const D2: &str = "directory-2";

/// The people, by their index in [`World::people`]: the one who is asked about, a living colleague, and one who left.
const JANE: usize = 0;
const VERA: usize = 1;
const GONE: usize = 2;

/// Mappings of `externalId` in different tenants. The last ones cannot be traced back, are unknown, are not unique, or
/// are absent.
const MAPPINGS: &[Option<&str>] = &[
    Some("[objectId]"),
    Some("[mailNickname]"),
    Some("[employeeId]"),
    Some("[extensionAttribute1]"),
    Some("ToLower([mailNickname])"),
    Some("Coalesce([employeeId], [mailNickname])"),
    Some("Append([mailNickname], \"-x\")"),
    Some("Join(\"-\", [mailNickname], \"x\")"),
    Some("SingleAppRoleAssignment([appRoleAssignments])"),
    Some("[department]"),
    None,
];

/// The choices, in the order in which a world consumes them. proptest shrinks them.
struct Choices<'c> {
    left: std::slice::Iter<'c, u8>,
}

impl Choices<'_> {
    fn of(&mut self, count: usize) -> usize {
        usize::from(self.left.next().copied().unwrap_or(0)) % count
    }

    /// True in one of `count` cases.
    fn once_in(&mut self, count: usize) -> bool {
        self.of(count) == count - 1
    }
}

struct Record {
    owner: usize,
    held: ScimRecord,
}

struct World {
    people: [IdpUser; 3],
    mapping: Mapping,
    records: Vec<Record>,
    /// The owner of each account. `None` means nobody.
    accounts: BTreeMap<String, Option<usize>>,
    /// The record that the identity provider writes for Jane.
    anchor: Option<RecordId>,
    e: Evidence,
}

fn user(place: usize, c: &mut Choices<'_>) -> IdpUser {
    let name = ["jane", "vera", "gone"][place];
    let guest = place == JANE && c.once_in(8);
    let other_name = c.once_in(3);
    let upn = match (guest, other_name) {
        (true, _) => format!("{name}_partner.example#EXT#@acme.example"),
        (false, true) => format!("{name}.login@acme.example"),
        (false, false) => format!("{name}@acme.example"),
    };
    let mut user = IdpUser {
        id: format!("{place}{place}{place}{place}0000-0000-4000-8000-000000000000"),
        upn: Some(upn),
        mail: Some(format!("{name}@acme.example")),
        enabled: Some(true),
        name: Some(name.to_owned()),
        created: Some(at(0)),
        ..IdpUser::default()
    };
    let mut give =
        |attribute: &str, value: &str| drop(user.attributes.insert(attribute.to_owned(), value.to_owned()));
    give("mailNickname", name);
    give("department", "sales");
    if !c.once_in(6) {
        give("employeeId", &format!("100{place}"));
    }
    if !c.once_in(6) {
        give("extensionAttribute1", &format!("E-{place}"));
    }
    user
}

impl World {
    fn new(choices: &[u8]) -> Self {
        let c = &mut Choices { left: choices.iter() };
        let people = [user(JANE, c), user(VERA, c), user(GONE, c)];
        let mapping = Mapping {
            groups_on: true,
            external_id_from: MAPPINGS[c.of(MAPPINGS.len())].map(str::to_owned),
            user_name_from: Some(["[userPrincipalName]", "[mail]"][c.of(2)].to_owned()),
            email_from: Some(["[mail]", "Coalesce([mail], [userPrincipalName])"][c.of(2)].to_owned()),
            ..Mapping::default()
        };
        let mut e = healthy();
        e.subject = Subject::asked(Who::Email("jane@acme.example".to_owned()));
        e.users = seen(vec![people[JANE].clone()]);
        e.mapping = if c.once_in(12) { gap() } else { seen(mapping.clone()) };
        e.records.clear();
        e.account_links.clear();
        let mut world =
            Self { people, mapping, records: Vec::new(), accounts: BTreeMap::new(), anchor: None, e };
        world.add_accounts(c);
        for number in 0..c.of(4) {
            world.add_record(number, c);
        }
        world.add_log(c);
        world.read(c);
        world
    }

    /// Adds accounts, each with its owner's address or with an old address that nobody has.
    fn add_accounts(&mut self, c: &mut Choices<'_>) {
        let mut all = Vec::new();
        for (number, owner) in [Some(JANE), Some(VERA), None].into_iter().enumerate() {
            if c.once_in(4) {
                continue;
            }
            let id = format!("712020:account-{number}");
            // An account of Jane's may have an older address, and an account of nobody may have hers.
            let address = match owner {
                Some(JANE) if c.once_in(4) => "jane.old@acme.example".to_owned(),
                Some(place) => self.people[place].mail.clone().unwrap_or_default(),
                None if self.address_is_free("jane@acme.example", &all) && c.of(2) == 0 => {
                    "jane@acme.example".to_owned()
                }
                None => "old@acme.example".to_owned(),
            };
            let mut known = account(&id, &address);
            let groups = [vec![], vec![group("jira-users")], vec![group("jira-users"), group("wiki-users")]];
            known.groups = Some(groups[c.of(3)].clone());
            if c.once_in(8) {
                known.status = Some("inactive".to_owned());
            }
            if c.once_in(8) {
                known.claim = crate::evidence::Claim::Unmanaged;
            }
            all.push(known);
            surround(&mut self.e, &id, Vec::new(), !c.once_in(3));
            self.accounts.insert(id, owner);
        }
        self.e.accounts = seen(all);
    }

    fn address_is_free(&self, address: &str, accounts: &[crate::evidence::Account]) -> bool {
        accounts.iter().all(|known| !known.bears(address))
    }

    /// Adds a record of some person, with some person's name and address, linked to some account or to none.
    fn add_record(&mut self, number: usize, c: &mut Choices<'_>) {
        let owner = c.of(3);
        let named = if c.once_in(3) { JANE } else { owner };
        let external = match c.of(8) {
            // Written by hand, or before the mapping was changed.
            0 => Some(self.people[owner].id.clone()),
            1 => None,
            _ => self.mapping.external_id(&self.people[owner]).one().map(str::to_owned),
        };
        let name =
            self.mapping.user_name(&self.people[named]).one().unwrap_or("guest@acme.example").to_owned();
        let accounts: Vec<String> = self.accounts.keys().cloned().collect();
        let linked = (!accounts.is_empty() && !c.once_in(3)).then(|| accounts[c.of(accounts.len())].clone());
        // A person whose record is linked to nobody's account uses that account, so it becomes theirs. If the account
        // has Jane's address, the record must show its owner.
        let addresses = self.e.accounts.get().into_iter().flatten();
        let janes = addresses
            .filter(|known| known.bears("jane@acme.example"))
            .any(|known| Some(&known.id) == linked.as_ref());
        if let Some(id) = &linked
            && let Some(whose @ None) = self.accounts.get_mut(id)
            && owner != GONE
            && (!janes || external.is_some())
        {
            *whose = Some(owner);
        }
        let held = ScimRecord {
            id: RecordId {
                directory: [D1, D2][usize::from(c.once_in(4))].to_owned(),
                record: format!("r{number}"),
            },
            external_id: external,
            user_name: Some(if c.once_in(6) { name.to_uppercase() } else { name }),
            email: self.people[named].mail.clone(),
            active: Some(true),
            account: linked,
            groups: Vec::new(),
            created: Some(at(-1000)),
            modified: None,
        };
        self.records.push(Record { owner, held });
    }

    /// Adds a log of any length and age, newest first.
    fn add_log(&mut self, c: &mut Choices<'_>) {
        let mut log: Vec<LogEntry> = Vec::new();
        for age in 0..i64::try_from(c.of(4)).unwrap() {
            let success = |target: Option<String>| LogEntry {
                action: "update".to_owned(),
                status: "success".to_owned(),
                target,
                ..LogEntry::default()
            };
            let mut entry = match c.of(7) {
                0 => refused("create"),
                1 => refused("update"),
                2 => {
                    LogEntry { skip_reason: Some("NotEffectivelyEntitled".to_owned()), ..LogEntry::default() }
                }
                3 => LogEntry { http_status: Some(401), status: "failure".to_owned(), ..LogEntry::default() },
                4 => success(Some("r-gone".to_owned())),
                _ if self.records.is_empty() => success(None),
                _ => success(Some(self.records[c.of(self.records.len())].held.id.record.clone())),
            };
            entry.at = Some(at(-3600 * (age + 1)));
            log.push(entry);
        }
        let newest = log.iter().filter(|entry| entry.succeeded()).find_map(|entry| entry.target.clone());
        let record = newest.and_then(|id| self.records.iter().find(|record| record.held.id.record == id));
        self.anchor = record.map(|record| record.held.id.clone());
        self.e.log = if c.once_in(8) { gap() } else { seen(log) };
    }

    /// Makes the evidence that the vendors' interfaces give for this world.
    fn read(&mut self, c: &mut Choices<'_>) {
        let second = self.records.iter().any(|record| record.held.id.directory == D2) || c.once_in(6);
        for directory in [D1, D2].into_iter().filter(|id| *id == D1 || second) {
            let all = self.records.iter().map(|record| record.held.clone());
            let here: Vec<ScimRecord> = all.filter(|held| held.id.directory == directory).collect();
            let key_is_missing = c.once_in(6);
            self.e.records.insert(directory.to_owned(), if key_is_missing { gap() } else { seen(here) });
        }
        if second
            && c.of(2) == 0
            && let Read::Seen { value, .. } = &mut self.e.mapping
        {
            value.directory = Some(D1.to_owned());
        }
        let links = |test: &dyn Fn(&ScimRecord) -> bool| {
            let found = self.records.iter().filter(|record| test(&record.held));
            found
                .map(|record| ScimLink { id: record.held.id.clone(), account: record.held.account.clone() })
                .collect()
        };
        let mail = self.people[JANE].mail.clone();
        let by_address: Vec<ScimLink> = links(&|held| held.email == mail);
        let of_accounts: Vec<(String, Vec<ScimLink>)> = self
            .accounts
            .keys()
            .map(|id| (id.clone(), links(&|held| held.account.as_ref() == Some(id))))
            .collect();
        self.e.links = seen(by_address);
        for (id, links) in of_accounts {
            self.e.account_links.insert(id, seen(links));
        }
        self.read_people(c);
    }

    /// Who has each `externalId` and each address, as far as a reading can show it.
    fn read_people(&mut self, c: &mut Choices<'_>) {
        let living = [JANE, VERA].map(|place| self.people[place].clone());
        let expression = self.mapping.external_id_expression();
        let traced = |value: &str| expression.as_ref().is_some_and(|known| known.traced(value).is_some());
        for record in &self.records {
            let Some(external) = record.held.external_id.clone() else { continue };
            let owners: Vec<IdpUser> = living
                .iter()
                .filter(|user| user.id == external || self.mapping.external_id(user).may_be(&external))
                .cloned()
                .collect();
            let unread =
                self.e.mapping.get().is_none() || (owners.is_empty() && !traced(&external)) || c.once_in(8);
            if !unread {
                self.e.owners.insert(external, seen(owners));
            }
        }
        for address in ["jane@acme.example", "jane.old@acme.example", "vera@acme.example", "old@acme.example"]
        {
            let found = living
                .iter()
                .filter(|user| user.addresses().contains(&normalize(address)))
                .cloned()
                .collect();
            if !c.once_in(10) {
                self.e.bearers.insert(address.to_owned(), seen(found));
            }
        }
    }

    /// The world in a few lines, for the message of a failed test.
    fn describe(&self) -> String {
        use std::fmt::Write as _;
        let mut text = format!("\nmapping {:?}", self.e.mapping.get());
        for record in &self.records {
            let held = &record.held;
            write!(
                text,
                "\nrecord {} in {} of {}: externalId {:?}, userName {:?}, email {:?}, account {:?}",
                held.id.record,
                held.id.directory,
                ["jane", "vera", "gone"][record.owner],
                held.external_id,
                held.user_name,
                held.email,
                held.account
            )
            .unwrap();
        }
        for known in self.e.accounts.get().into_iter().flatten() {
            let (owner, groups) = (self.accounts.get(&known.id), known.groups.as_ref().map(Vec::len));
            write!(text, "\naccount {} of {owner:?}: {:?}, {groups:?} groups", known.id, known.email)
                .unwrap();
        }
        for entry in self.e.log.get().into_iter().flatten() {
            let said = (&entry.action, &entry.status, entry.http_status, &entry.skip_reason, &entry.target);
            write!(text, "\nlog {said:?}").unwrap();
        }
        let unread: Vec<_> =
            self.e.records.iter().filter(|(_, read)| read.get().is_none()).map(|(id, _)| id).collect();
        write!(text, "\nanchor {:?}, unread {unread:?}, owners {:?}", self.anchor, self.e.owners.keys())
            .unwrap();
        text
    }

    fn owner_of(&self, id: &RecordId) -> Option<usize> {
        self.records.iter().find(|record| record.held.id == *id).map(|record| record.owner)
    }

    /// The colleague, if writing Jane changes their record or account. The written record is the one of the anchor,
    /// else one that matches by id or name.
    fn written(&self) -> Option<usize> {
        let hit = |record: &Record| {
            let account =
                record.held.account.as_ref().and_then(|id| self.accounts.get(id)).copied().flatten();
            record.owner == VERA || account == Some(VERA)
        };
        if let Some(anchor) = &self.anchor {
            let record = self.records.iter().find(|record| record.held.id == *anchor);
            return record.filter(|record| hit(record)).map(|_| VERA);
        }
        let (name, external) =
            (self.mapping.user_name(&self.people[JANE]), self.mapping.external_id(&self.people[JANE]));
        let in_target = self.records.iter().filter(|record| record.held.id.directory == D1);
        let mut matched = in_target.filter(|record| {
            let by_name = record.held.user_name.as_deref().is_some_and(|held| name.may_be(held));
            by_name || record.held.external_id.as_deref().is_some_and(|held| external.may_be(held))
        });
        matched.find(|record| hit(record)).map(|_| VERA)
    }

    /// Checks that no step touches what belongs to Vera.
    fn judge(&self, plan: &Plan) -> Result<(), TestCaseError> {
        for step in &plan.steps {
            for id in step.op.records().iter().filter(|id| !self.is_known_by_address_alone(id, &step.op)) {
                prop_assert_ne!(
                    self.owner_of(id),
                    Some(VERA),
                    "{} on a colleague's record",
                    step.op.action()
                );
            }
            let unread = self.e.records.values().any(|read| read.get().is_none());
            // While a directory is unread, the owner of the account's record is unknown. An account with Jane's address
            // then counts as hers.
            let by_address =
                |id: &str| self.e.account(id).is_some_and(|known| known.bears("jane@acme.example"));
            if let Some(id) = step.op.account().filter(|id| !(unread && by_address(id))) {
                prop_assert_ne!(
                    self.accounts.get(id),
                    Some(&Some(VERA)),
                    "{} on a colleague's account",
                    step.op.action()
                );
            }
            match &step.op {
                Op::ProvisionUser { .. } | Op::ProvisionMembership { .. } if step.risk == Risk::Harmless => {
                    prop_assert_ne!(self.written(), Some(VERA), "provisioning writes a colleague's record");
                    prop_assert!(self.e.log.get().is_some() && self.e.mapping.get().is_some());
                    prop_assert!(
                        self.e.records.values().all(|read| read.get().is_some()),
                        "a directory is unread"
                    );
                    prop_assert!(!self.would_be_disabled(), "the person is not entitled");
                }
                Op::ProvisionUser { .. } | Op::ProvisionMembership { .. } => {
                    prop_assert!(!self.would_be_disabled(), "the person is not entitled");
                }
                op if matches!(op.rung(), 4..=6 | 8) => {
                    prop_assert!(self.was_refused() || self.is_split(), "{} without a proof", op.action());
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// A record in a directory without a key that has Jane's address and is linked to the account with that address.
    /// Nothing more can be read, so an approver decides about unlinking it.
    fn is_known_by_address_alone(&self, id: &RecordId, op: &Op) -> bool {
        let record = self.records.iter().find(|record| record.held.id == *id);
        let unread = self.e.records.get(&id.directory).is_some_and(|read| read.get().is_none());
        let by_address =
            record.is_some_and(|record| record.held.email.as_deref() == Some("jane@acme.example"));
        unread && by_address && matches!(op, Op::UnlinkRecord { .. })
    }

    fn since_success(&self) -> impl Iterator<Item = &LogEntry> {
        let log = self.e.log.get().into_iter().flatten();
        log.take_while(|entry| !(entry.succeeded() && entry.action == "update"))
    }

    fn would_be_disabled(&self) -> bool {
        let mut verdicts =
            self.since_success().filter(|entry| entry.skip_reason.is_some() || !entry.action.is_empty());
        verdicts.next().is_some_and(|entry| entry.skip_reason.is_some())
    }

    fn was_refused(&self) -> bool {
        self.since_success().any(|entry| entry.http_status == Some(409))
    }

    /// A record is linked to an account other than the one with Jane's address, or is in a directory that the job does
    /// not write to.
    fn is_split(&self) -> bool {
        let bearer =
            self.e.accounts.get().into_iter().flatten().find(|known| known.bears("jane@acme.example"));
        self.records.iter().any(|record| {
            let wrong = match (&record.held.account, bearer) {
                (Some(linked), Some(bearer)) => *linked != bearer.id,
                _ => false,
            };
            wrong || record.held.id.directory == D2
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: ProptestConfig::default().cases.max(20_000),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_plan_touches_what_is_or_may_be_a_colleagues(choices in prop::collection::vec(any::<u8>(), 90)) {
        let world = World::new(&choices);
        let diagnosis = diagnose(&world.e);
        let first = plan(&world.e, &diagnosis, &rules(), &[]);
        let told = |error: TestCaseError| TestCaseError::fail(format!("{error}{}\nplan {:?}", world.describe(), first.steps));
        world.judge(&first).map_err(told)?;
        // The next plan, after everything of the first plan was tried and changed nothing.
        let next = plan(&world.e, &diagnosis, &rules(), &first.steps);
        for step in &next.steps {
            for id in step.op.records().iter().filter(|id| !world.is_known_by_address_alone(id, &step.op)) {
                prop_assert_ne!(world.owner_of(id), Some(VERA), "{} on a colleague's record", step.op.action());
            }
        }
        let complete = diagnosis.account.as_ref().and_then(|id| world.e.account(id)).is_some_and(|known| {
            let roles = world.e.roles.get(&known.id).and_then(Read::get);
            known.groups.as_ref().is_some_and(|groups| groups.len() == 2)
                && known.is_active()
                && roles.is_some_and(|roles| !roles.is_empty())
        });
        if complete {
            prop_assert!(first.steps.is_empty() && next.steps.is_empty(), "nothing is missing");
        }
    }
}
