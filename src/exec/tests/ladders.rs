//! The tenants that the executor's tests start with. Each is broken in one way, and one ladder repairs it.

use std::collections::BTreeSet;

use super::evidence::{A1, A2, D1, JANE, MAIL, record_id};
use super::tenant::{Cycled, RefusedAt, Tenant, ToyAccount, ToyRecord};
use reinstate_core::diagnose;
use reinstate_core::subject::Subject;

const OLD: &str = "jane.old@acme.example";

fn groups(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

impl Tenant {
    pub fn healthy() -> Self {
        let both = groups(&["jira-users", "wiki-users"]);
        let jane = ToyAccount { groups: both.clone(), used: true, ..Self::empty_account(MAIL) };
        let own = ToyRecord {
            external: JANE.to_owned(),
            email: MAIL.to_owned(),
            account: Some(A1.to_owned()),
            groups: both.clone(),
        };
        Self {
            accounts: [(A1.to_owned(), jane)].into(),
            records: [("r1".to_owned(), own)].into(),
            key_at_hand: true,
            wrote_last: true,
            refused_last: false,
            refused_at: RefusedAt::default(),
            expected: both,
            domains_unread: false,
            stopped: false,
            clings_to: None,
            due: false,
            cycled: Cycled::default(),
        }
    }

    /// The job does not run, and it has written nobody since.
    pub fn stopped() -> Self {
        let mut t = Self::healthy();
        t.records.clear();
        t.accounts.get_mut(A1).unwrap().groups.clear();
        t.wrote_last = false;
        t.stopped = true;
        t
    }

    /// The unlinked account was deactivated by hand, its deletion is scheduled, and its access is suspended.
    pub fn put_aside() -> Self {
        let mut t = Self::stopped();
        t.stopped = false;
        let jane = t.accounts.get_mut(A1).unwrap();
        (jane.active, jane.suspended) = (false, true);
        t
    }

    /// Both groups were lost, and access is suspended.
    pub fn drift() -> Self {
        let mut t = Self::healthy();
        t.records.get_mut("r1").unwrap().groups.clear();
        let jane = t.accounts.get_mut(A1).unwrap();
        jane.groups.clear();
        jane.suspended = true;
        t
    }

    /// The record is linked to an empty account. The account that she used has the address.
    pub fn unlink() -> Self {
        let mut t = Self::healthy();
        t.records.get_mut("r1").unwrap().account = Some(A2.to_owned());
        t.records.get_mut("r1").unwrap().groups.clear();
        t.accounts.get_mut(A1).unwrap().groups.clear();
        t.accounts.insert(A2.to_owned(), Self::empty_account(OLD));
        t
    }

    /// Both accounts were used, so a person must choose which one is kept.
    pub fn torn() -> Self {
        let mut t = Self::unlink();
        t.accounts.get_mut(A2).unwrap().used = true;
        t
    }

    /// An unlinked record of an import holds her user name.
    pub fn delete() -> Self {
        let mut t = Self::healthy();
        let own = t.records.remove("r1").unwrap();
        let stale =
            ToyRecord { external: "import-7".to_owned(), account: None, groups: BTreeSet::new(), ..own };
        t.records.insert("r0".to_owned(), stale);
        t.accounts.get_mut(A1).unwrap().groups.clear();
        t.wrote_last = false;
        t.refused_last = true;
        t
    }

    /// Her account has an old address and has lost its groups. An empty account has her address.
    pub fn park() -> Self {
        let mut t = Self::healthy();
        t.records.get_mut("r1").unwrap().groups.clear();
        t.accounts.get_mut(A1).unwrap().groups.clear();
        t.accounts.get_mut(A1).unwrap().email = OLD.to_owned();
        t.accounts.insert(A2.to_owned(), Self::empty_account(MAIL));
        t
    }

    /// Two old records are linked to the right account, and there is no key for their directory.
    pub fn forget() -> Self {
        let mut t = Self::delete();
        for name in ["r0", "r9"] {
            let mut old = t.records.get("r0").unwrap().clone();
            old.account = Some(A1.to_owned());
            t.records.insert(name.to_owned(), old);
        }
        t.key_at_hand = false;
        t
    }
}

/// All ladders of the matrix.
pub fn ladders() -> Vec<(&'static str, Tenant)> {
    vec![
        ("drift", Tenant::drift()),
        ("unlink", Tenant::unlink()),
        ("delete", Tenant::delete()),
        ("park", Tenant::park()),
        ("stopped", Tenant::stopped()),
        ("put aside", Tenant::put_aside()),
    ]
}

#[test]
fn the_model_shows_what_the_ladders_are_called_after() {
    let actions: Vec<Vec<&str>> = ladders()
        .iter()
        .map(|(_, tenant)| {
            let who = reinstate_core::Who::Email(MAIL.to_owned());
            let e = tenant.evidence(Subject::asked(who));
            let plan = reinstate_core::plan(&e, &diagnose(&e), &super::house::rules(), &[]);
            assert!(!plan.steps.is_empty(), "{:?} {:?}", diagnose(&e).findings, plan.advice);
            plan.steps.iter().map(|step| step.op.action()).collect()
        })
        .collect();
    let pair = ["provision-membership"; 2];
    let with = |first: &[&'static str]| [first, &pair].concat();
    assert_eq!(actions[0], with(&["restore-access"]));
    assert_eq!(actions[1], with(&["unlink-record", "provision-user"]));
    assert_eq!(actions[2], with(&["delete-record", "provision-user"]));
    assert_eq!(actions[3], with(&["park-email", "provision-user"]));
    assert_eq!(actions[4], ["start-provisioning"]);
    assert_eq!(actions[5], with(&["activate-account", "restore-access", "provision-user"]));
    assert_eq!(record_id("r0").directory, D1);
}

#[test]
fn without_a_key_nobody_knows_whose_a_record_is_and_none_is_taken_away() {
    let tenant = Tenant::forget();
    let e = tenant.evidence(Subject::asked(reinstate_core::Who::Email(MAIL.to_owned())));
    let plan = reinstate_core::plan(&e, &diagnose(&e), &super::house::rules(), &[]);
    assert!(plan.steps.iter().all(|step| step.op.rung() < 4), "{:?}", plan.steps);
}
