//! A toy tenant that obeys the rules which the ladder relies on. It models the true state upstream, what the bot can
//! see of it, and what each call changes.

use std::collections::{BTreeMap, BTreeSet};

use super::evidence::{
    D1, JANE, MAIL, account, group, healthy, link, person, record, seen, surround, suspend,
};
use reinstate_core::evidence::{Evidence, LogEntry, Read};
use reinstate_core::subject::{RecordId, Subject};
use reinstate_core::{Op, diagnose};

#[derive(Clone, Debug, PartialEq)]
pub struct ToyAccount {
    pub email: String,
    pub groups: BTreeSet<String>,
    pub suspended: bool,
    pub active: bool,
    pub dying: bool,
    pub used: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ToyRecord {
    pub external: String,
    pub email: String,
    pub account: Option<String>,
    pub groups: BTreeSet<String>,
}

/// The true state upstream.
#[derive(Clone, Debug, PartialEq)]
pub struct Tenant {
    pub accounts: BTreeMap<String, ToyAccount>,
    pub records: BTreeMap<String, ToyRecord>,
    pub key_at_hand: bool,
    pub wrote_last: bool,
    pub refused_last: bool,
    /// When the refusal happened. It is not compared. A refusal from before the run has no time.
    pub refused_at: RefusedAt,
    pub expected: BTreeSet<String>,
    /// The domains cannot be read, so on-demand steps need an approver.
    pub domains_unread: bool,
    /// The service stopped the job.
    pub stopped: bool,
    /// A record that is provisioned again is linked to the account it was unlinked from.
    pub clings_to: Option<String>,
    /// A cycle was requested and has not run yet.
    pub due: bool,
    /// Whether a cycle has ended. Its time is not compared.
    pub cycled: Cycled,
}

/// The time of the newest cycle. It does not count when two tenants are compared.
#[derive(Clone, Debug, Default)]
pub struct Cycled(pub Option<jiff::Timestamp>);

impl PartialEq for Cycled {
    fn eq(&self, other: &Self) -> bool {
        self.0.is_some() == other.0.is_some()
    }
}

/// The time of a refusal. It never counts when two tenants are compared.
#[derive(Clone, Debug, Default)]
pub struct RefusedAt(pub Option<jiff::Timestamp>);

impl PartialEq for RefusedAt {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Tenant {
    pub fn empty_account(email: &str) -> ToyAccount {
        ToyAccount {
            email: email.to_owned(),
            groups: BTreeSet::new(),
            suspended: false,
            active: true,
            dying: false,
            used: false,
        }
    }

    /// What the bot can see of it.
    pub fn evidence(&self, subject: Subject) -> Evidence {
        let mut e = healthy();
        e.subject = subject;
        if self.domains_unread {
            e.domains = Read::Gap("503".into());
        }
        let accounts = self.accounts.iter().map(|(id, toy)| {
            let mut known = account(id, &toy.email);
            known.groups = Some(toy.groups.iter().map(|name| group(name)).collect());
            known.membership = Some(if toy.suspended { "suspended" } else { "active" }.to_owned());
            known.status = Some(if toy.active { "active" } else { "inactive" }.to_owned());
            known.for_deletion = toy.dying;
            known
        });
        e.accounts = seen(accounts.collect());
        let job = super::evidence::value(&mut e.job);
        job.schedule = Some(if self.stopped { "Disabled" } else { "Active" }.to_owned());
        (job.cycle_began, job.last_cycle) = (self.cycled.0, self.cycled.0);
        e.account_links.clear();
        for (id, toy) in &self.accounts {
            let mine = self.records.iter().filter(|(_, record)| record.account.as_ref() == Some(id));
            let links = mine.map(|(name, _)| link(name, Some(id))).collect();
            surround(&mut e, id, links, toy.used);
            if toy.groups.is_empty() {
                e.roles.insert(id.clone(), seen(Vec::new()));
            }
            if toy.suspended {
                suspend(&mut e, id);
            }
            e.bearers.insert(toy.email.clone(), seen(Vec::new()));
            if self.holds(id) {
                let permissions = super::evidence::value(e.permissions.get_mut(id).unwrap());
                permissions
                    .0
                    .values_mut()
                    .for_each(|reason| *reason = Some("externalDirectory.scim".to_owned()));
            }
        }
        e.bearers.insert(MAIL.to_owned(), seen(vec![person()]));
        let by_address = self.records.iter().filter(|(_, record)| record.email == MAIL);
        e.links = seen(by_address.map(|(name, record)| link(name, record.account.as_deref())).collect());
        let records = self.records.iter().map(|(name, toy)| {
            let mut known = record(name, &toy.external, &toy.email, toy.account.as_deref());
            known.groups = toy.groups.iter().map(|name| group(name)).collect();
            known
        });
        let records: Vec<_> = records.collect();
        for toy in records.iter().filter(|toy| toy.external_id.as_deref() != Some(JANE)) {
            e.owners.insert(toy.external_id.clone().unwrap(), seen(Vec::new()));
        }
        let gone: Vec<RecordId> =
            e.subject.records.iter().filter(|id| !self.records.contains_key(&id.record)).cloned().collect();
        if self.key_at_hand {
            e.records.insert(D1.to_owned(), seen(records));
            e.records_by_id = gone.into_iter().map(|id| (id, seen(None))).collect();
        } else {
            e.records.insert(D1.to_owned(), Read::Gap("no key".into()));
        }
        let mut log = Vec::new();
        if self.refused_last {
            log.push(LogEntry {
                action: "create".to_owned(),
                status: "failure".to_owned(),
                http_status: Some(409),
                scim_type: Some("uniqueness".to_owned()),
                at: Some(self.refused_at.0.unwrap_or(jiff::Timestamp::UNIX_EPOCH)),
                ..LogEntry::default()
            });
        }
        if self.wrote_last {
            log.insert(
                0,
                LogEntry { action: "update".to_owned(), status: "success".to_owned(), ..LogEntry::default() },
            );
        }
        e.log = seen(log);
        e
    }

    fn own(&self) -> Option<String> {
        self.records.iter().find(|(_, record)| record.external == JANE).map(|(name, _)| name.clone())
    }

    fn refuse(&mut self) {
        (self.wrote_last, self.refused_last) = (false, true);
        self.refused_at = RefusedAt(Some(crate::clock::now()));
    }

    fn provision_user(&mut self) -> Result<(), String> {
        let own = self.own();
        if self.records.iter().any(|(name, record)| record.email == MAIL && Some(name) != own.as_ref()) {
            self.refuse();
            return Err("409 another record holds the name".to_owned());
        }
        let linked = own.as_ref().and_then(|name| self.records.get(name)?.account.clone());
        let bearer =
            self.accounts.iter().find(|(_, account)| account.email == MAIL).map(|(id, _)| id.clone());
        let target = match (linked.or_else(|| self.clings_to.clone().filter(|_| own.is_some())), bearer) {
            (Some(clung), _) if self.clings_to.as_ref() == Some(&clung) => clung,
            (Some(linked), Some(bearer)) if linked != bearer => {
                self.refuse();
                return Err("409 another account bears the address".to_owned());
            }
            (Some(id), _) | (None, Some(id)) => id,
            (None, None) => {
                self.accounts.insert("712020:made".to_owned(), Self::empty_account(MAIL));
                "712020:made".to_owned()
            }
        };
        if self.clings_to.as_ref() != Some(&target) {
            self.accounts.get_mut(&target).unwrap().email = MAIL.to_owned();
        }
        let name = own.unwrap_or_else(|| "r-new".to_owned());
        let known = self.records.entry(name).or_insert_with(|| ToyRecord {
            external: JANE.to_owned(),
            email: MAIL.to_owned(),
            account: None,
            groups: BTreeSet::new(),
        });
        known.account = Some(target);
        (self.wrote_last, self.refused_last) = (true, false);
        Ok(())
    }

    /// What a call does. The error is the message of the upstream service when it changes nothing.
    pub fn apply(&mut self, op: &Op) -> Result<(), String> {
        match op {
            Op::ProvisionUser { .. } => self.provision_user()?,
            Op::ProvisionMembership { group_name, .. } => {
                let own = self.own().ok_or("the person is not in the target")?;
                let record = self.records.get_mut(&own).unwrap();
                record.groups.insert(group_name.clone());
                let linked = record.account.clone().ok_or("not linked")?;
                self.accounts.get_mut(&linked).unwrap().groups.insert(group_name.clone());
            }
            Op::RestoreAccess { account, .. } => self.accounts.get_mut(account).unwrap().suspended = false,
            Op::SuspendAccess { account, .. } => self.accounts.get_mut(account).unwrap().suspended = true,
            Op::ActivateAccount { account } => self.lifecycle(account)?.active = true,
            Op::DeactivateAccount { account } => self.lifecycle(account)?.active = false,
            Op::ScheduleDeletion { account } => {
                let known = self.lifecycle(account)?;
                (known.active, known.dying) = (false, true);
            }
            Op::CancelDeletion { account } => {
                let known = self.lifecycle(account)?;
                (known.active, known.dying) = (true, false);
            }
            Op::StartProvisioning { .. } | Op::RestartProvisioning { .. } => {
                (self.stopped, self.due) = (false, true);
            }
            Op::UnlinkRecord { record, account } => {
                if let Some(known) = self.records.get_mut(&record.record) {
                    known.account = None;
                    known.groups.clear();
                }
                self.accounts.get_mut(account).unwrap().groups.clear();
            }
            Op::DeleteRecord { record } => {
                let gone = self.records.remove(&record.record).ok_or("404")?;
                assert_eq!(gone.account, None, "deleting a linked record deactivates the account");
            }
            Op::ForgetAccountRecords { account, .. } => {
                self.records.retain(|_, record| record.account.as_ref() != Some(account));
                self.accounts.get_mut(account).unwrap().groups.clear();
            }
            Op::ParkEmail { account, to, .. } | Op::ReturnEmail { account, to, .. } => {
                self.accounts.get_mut(account).unwrap().email.clone_from(to);
            }
        }
        Ok(())
    }

    fn holds(&self, account: &str) -> bool {
        self.records.values().any(|record| record.account.as_deref() == Some(account))
    }

    /// An account that no record is linked to.
    fn lifecycle(&mut self, account: &str) -> Result<&mut ToyAccount, String> {
        if self.holds(account) {
            return Err("403 externalDirectory.scim".to_owned());
        }
        Ok(self.accounts.get_mut(account).unwrap())
    }

    /// Runs a requested cycle, which writes the same as provisioning on demand.
    pub fn tick(&mut self) {
        if !std::mem::take(&mut self.due) {
            return;
        }
        if self.provision_user().is_ok() {
            let own = self.own().unwrap();
            let account = self.records[&own].account.clone().unwrap();
            self.records.get_mut(&own).unwrap().groups.clone_from(&self.expected);
            self.accounts.get_mut(&account).unwrap().groups.clone_from(&self.expected);
        }
        self.cycled = Cycled(Some(crate::clock::now()));
    }

    pub fn is_healthy(&self, subject: Subject) -> bool {
        diagnose(&self.evidence(subject)).verdict == reinstate_core::Verdict::Healthy
    }
}
