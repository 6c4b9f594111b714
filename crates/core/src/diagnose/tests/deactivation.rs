//! Who deactivated an account, accounts that the organization does not manage, and addresses that were never confirmed.

use super::*;
use crate::evidence::AppUse;

/// Jane, whose account is inactive while everything else is in order.
fn inactive() -> Evidence {
    let mut e = healthy();
    put(&mut e.accounts, |all| all[0].status = Some("inactive".into()));
    e
}

fn unmanaged(mut e: Evidence) -> Evidence {
    put(&mut e.accounts, |all| all[0].claim = Claim::Unmanaged);
    e.permissions.clear();
    e
}

fn records(e: &mut Evidence, change: impl Fn(&mut ScimRecord)) {
    put(e.records.get_mut("d1").unwrap(), |all| all.iter_mut().for_each(change));
}

fn unlinked(mut e: Evidence) -> Evidence {
    records(&mut e, |record| record.account = None);
    e.links = seen(Vec::new());
    e.account_links.insert("a1".into(), seen(Vec::new()));
    e
}

#[test]
fn the_active_of_the_linked_record_shows_who_deactivated_the_account() {
    let active = |active: Option<bool>| {
        let mut e = inactive();
        records(&mut e, |record| record.active = active);
        e
    };
    assert_eq!(codes(&active(Some(true))), ["deactivated-while-linked"]);
    assert_eq!(codes(&active(Some(false))), ["deactivated-by-idp"]);
    assert_eq!(codes(&active(None)), ["deactivated-by-idp"], "the record does not show it");
    // The key of the directory is missing; only the link is known.
    let mut e = inactive();
    e.records.insert("d1".into(), Read::Gap("no key".into()));
    assert_eq!(codes(&e), ["deactivated-by-idp"]);
    // Two sources disagree about the link, so the record shows nothing about this account.
    let mut e = inactive();
    put(&mut e.links, |links| links[0].account = Some("a2".into()));
    assert!(!diagnose(&e).found(Cause::DeactivatedWhileLinked));
    assert!(codes(&unlinked(inactive())).contains(&"deactivated-locally"));
    let mut marked = inactive();
    put(&mut marked.accounts, |all| all[0].for_deletion = true);
    assert_eq!(codes(&marked), ["pending-deletion"]);
}

#[test]
fn an_account_deactivated_while_linked_needs_a_person_who_is_enabled_and_assigned() {
    let mut e = inactive();
    put(&mut e.users, |users| users[0].enabled = Some(false));
    assert_eq!(codes(&e), ["idp-user-disabled"]);
    put(&mut e.users, |users| users[0].enabled = None);
    assert!(undecided(&diagnose(&e), Cause::DeactivatedWhileLinked));
    for change in [
        |e: &mut Evidence| e.assignments = Read::Gap("403".into()),
        |e: &mut Evidence| e.memberships = Read::Gap("403".into()),
        |e: &mut Evidence| e.users = Read::Gap("403".into()),
    ] {
        let mut e = inactive();
        change(&mut e);
        let diagnosis = diagnose(&e);
        assert!(undecided(&diagnosis, Cause::DeactivatedWhileLinked), "{:?}", diagnosis.undecided);
        assert!(!diagnosis.found(Cause::DeactivatedWhileLinked) && !diagnosis.found(Cause::DeactivatedByIdp));
    }
    let mut e = inactive();
    e.memberships = seen(Vec::new());
    e.nested = seen(Vec::new());
    e.dynamic_groups = seen(Vec::new());
    assert_eq!(codes(&e), ["not-assigned"]);
    // Together with a lost group, the account comes first.
    let mut e = inactive();
    put(&mut e.accounts, |all| all[0].groups = Some(Vec::new()));
    records(&mut e, |record| record.groups.clear());
    assert_eq!(codes(&e), ["deactivated-while-linked"]);
}

#[test]
fn an_inactive_account_that_is_not_managed_is_another_organizations() {
    for e in [unmanaged(inactive()), unmanaged(unlinked(inactive()))] {
        let found = codes(&e);
        assert_eq!(found, ["deactivated-elsewhere", "account-unclaimed"], "the domain is verified");
    }
    let mut e = unmanaged(unlinked(inactive()));
    e.domains = seen(Vec::new());
    assert_eq!(codes(&e), ["deactivated-elsewhere"], "nobody is told to claim the domain of another company");
    put(&mut e.accounts, |all| all[0].claim = Claim::Unknown);
    let diagnosis = diagnose(&e);
    assert!(undecided(&diagnosis, Cause::DeactivatedElsewhere), "{:?}", diagnosis.findings);
    assert!(!diagnosis.found(Cause::DeactivatedLocally) && !diagnosis.found(Cause::DomainNotClaimed));
    assert_eq!(codes(&inactive()), ["deactivated-while-linked"], "our own account is not elsewhere");
}

#[test]
fn an_unclaimed_account_blocks_only_without_access_and_explains_what_it_lost() {
    let well = unmanaged(healthy());
    let diagnosis = diagnose(&well);
    assert_eq!((diagnosis.verdict, codes(&well)), (Verdict::Healthy, vec!["account-unclaimed"]));
    assert!(!diagnosis.findings[0].blocking);
    let mut drifted = unmanaged(healthy());
    put(&mut drifted.accounts, |all| all[0].groups = Some(Vec::new()));
    records(&mut drifted, |record| record.groups.clear());
    let diagnosis = diagnose(&drifted);
    assert_eq!(codes(&drifted), ["account-unclaimed"]);
    assert!(diagnosis.findings[0].blocking);
    let mut unread = drifted.clone();
    unread.domains = Read::Gap("403".into());
    let diagnosis = diagnose(&unread);
    assert!(undecided(&diagnosis, Cause::AccountUnclaimed) && !diagnosis.found(Cause::MembershipDrift));
    let mut unread = drifted;
    put(&mut unread.accounts, |all| all[0].claim = Claim::Unknown);
    let diagnosis = diagnose(&unread);
    assert!(undecided(&diagnosis, Cause::AccountUnclaimed) && !diagnosis.found(Cause::MembershipDrift));
    let mut elsewhere = unmanaged(healthy());
    elsewhere.domains = seen(Vec::new());
    assert_eq!(codes(&elsewhere), Vec::<&str>::new(), "a guest whose company manages the account");
}

#[test]
fn an_unconfirmed_address_blocks_only_without_access_or_use() {
    let unconfirmed = || {
        let mut e = healthy();
        put(&mut e.accounts, |all| all[0].email_verified = Some(false));
        e
    };
    let blocking = |e: &Evidence| {
        let found = diagnose(e).findings.into_iter().find(|found| found.code == Cause::EmailUnverified);
        found.map(|finding| finding.blocking)
    };
    let used = AppUse { app: "jira".into(), day: "2026-10-02".into() };
    let mut e = unconfirmed();
    let diagnosis = diagnose(&e);
    assert!(undecided(&diagnosis, Cause::EmailUnverified), "the last use is unread");
    assert_eq!(diagnosis.verdict, Verdict::CannotTell);
    e.last_active.insert("a1".into(), seen(vec![used]));
    assert_eq!(blocking(&e), Some(false));
    e.last_active.insert("a1".into(), seen(Vec::new()));
    assert_eq!(blocking(&e), Some(true));
    let mut e = unconfirmed();
    put(&mut e.accounts, |all| all[0].groups = Some(Vec::new()));
    assert_eq!(blocking(&e), Some(true), "access is missing");
    assert_eq!(blocking(&healthy()), None);
    put(&mut e.accounts, |all| all[0].email_verified = None);
    assert!(undecided(&diagnose(&e), Cause::EmailUnverified));
}

#[test]
fn somebody_whom_the_job_writes_all_the_same_counts_as_assigned() {
    let found = |assignments: Read<Vec<Assignment>>, log: Vec<LogEntry>| {
        let mut e = inactive();
        (e.assignments, e.log) = (assignments, seen(log));
        let diagnosis = diagnose(&e);
        let cause = Cause::DeactivatedWhileLinked;
        (diagnosis.found(cause), undecided(&diagnosis, cause))
    };
    let written = || LogEntry {
        action: "update".into(),
        status: "success".into(),
        at: Some(at(50)),
        ..LogEntry::default()
    };
    assert_eq!(found(seen(Vec::new()), vec![written()]), (true, false));
    assert_eq!(found(seen(Vec::new()), Vec::new()), (false, false), "not assigned");
    for log in [Vec::new(), vec![written()]] {
        assert_eq!(found(Read::Gap("403".into()), log), (false, true), "a missing assignment may explain it");
    }
}
