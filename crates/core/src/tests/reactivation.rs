//! The repairs of an account that was deactivated while its record is active, and what is never done to an account
//! that the organization does not manage.

use super::build::{A1, account_of, healthy, value};
use super::conditions::{planned, rules};
use crate::evidence::{Claim, Evidence, Read, Source};
use crate::plan::Step;
use crate::{Cause, Plan, Risk, diagnose, plan};

/// The account is inactive. Atlassian refuses to activate it while its record is linked.
fn deactivated() -> Evidence {
    let mut e = healthy();
    let account = account_of(&mut e, A1);
    account.status = Some("inactive".to_owned());
    account.groups = Some(Vec::new());
    let permissions = value(e.permissions.get_mut(A1).unwrap());
    let held = Some("externalDirectory.scim".to_owned());
    permissions.0.insert("lifecycle.enablement".to_owned(), held);
    assert!(diagnose(&e).found(Cause::DeactivatedWhileLinked));
    e
}

fn actions(plan: &Plan) -> Vec<&str> {
    plan.steps.iter().map(|step| step.op.action()).collect()
}

fn after(e: &Evidence, tried: &[Step]) -> Plan {
    plan(e, &diagnose(e), &rules(), tried)
}

#[test]
fn the_person_is_provisioned_first_and_the_record_is_unlinked_only_if_that_changed_nothing() {
    let e = deactivated();
    let first = after(&e, &[]);
    assert_eq!(actions(&first), ["provision-user", "provision-membership", "provision-membership"]);
    assert!(first.steps.iter().all(|step| step.risk == Risk::Harmless));
    assert!(first.advice.iter().any(|text| text.contains("on purpose")), "{:?}", first.advice);
    let second = after(&e, &first.steps);
    let wanted = [
        "unlink-record",
        "activate-account",
        "provision-user",
        "provision-membership",
        "provision-membership",
    ];
    assert_eq!(actions(&second), wanted, "{:?}", second.advice);
    assert_eq!(second.risk(), Some(Risk::Disruptive));
    let tried: Vec<Step> = first.steps.into_iter().chain(second.steps).collect();
    let third = after(&e, &tried);
    assert!(third.steps.is_empty() && !third.advice.is_empty());
}

#[test]
fn activating_needs_the_link_to_be_the_only_obstacle() {
    let first = after(&deactivated(), &[]).steps;
    let mut e = deactivated();
    let permissions = value(e.permissions.get_mut(A1).unwrap());
    permissions.0.insert("lifecycle.enablement".to_owned(), Some("blocked.exportControl".to_owned()));
    let refused = after(&e, &first);
    assert!(refused.steps.is_empty(), "{:?}", actions(&refused));
    // Another record is linked to the account, and no step unlinks it.
    let mut e = deactivated();
    let mut second = super::build::record("r2", super::build::JANE, "jane.old@acme.example", Some(A1));
    second.user_name = Some("jane.old@acme.example".to_owned());
    value(e.records.get_mut(super::build::D1).unwrap()).push(second);
    let refused = after(&e, &first);
    assert!(!actions(&refused).contains(&"activate-account"), "{:?}", actions(&refused));
}

#[test]
fn an_account_that_is_not_managed_is_never_touched() {
    for for_deletion in [false, true] {
        let mut e = deactivated();
        let account = account_of(&mut e, A1);
        account.claim = Claim::Unmanaged;
        account.for_deletion = for_deletion;
        let plan = planned(&e, &rules());
        assert!(plan.steps.is_empty(), "{:?}", actions(&plan));
        let says = "This organization does not manage account";
        assert!(plan.advice.iter().any(|text| text.starts_with(says)), "{:?}", plan.advice);
    }
}

#[test]
fn without_the_log_an_approver_decides_about_the_first_attempt() {
    let mut e = deactivated();
    e.log = Read::Gap("403".into());
    let plan = planned(&e, &rules());
    assert_eq!(actions(&plan).first(), Some(&"provision-user"));
    assert_eq!(plan.risk(), Some(Risk::Disruptive));
    assert!(diagnose(&e).unread.iter().any(|(source, _)| *source == Source::ProvisioningLog));
}

#[test]
fn if_a_person_deactivated_the_account_an_approver_decides_every_step() {
    let named = |name: Read<Option<String>>| {
        let mut e = deactivated();
        e.deactivated_by.insert(A1.to_owned(), name);
        let first = after(&e, &[]);
        let second = after(&e, &first.steps);
        (diagnose(&e), first, second)
    };
    let (diagnosis, first, second) = named(super::build::seen(Some("Olga".to_owned())));
    for plan in [&first, &second] {
        assert!(plan.steps.iter().all(|step| step.risk >= Risk::Disruptive), "{:?}", plan.steps);
    }
    assert!(first.advice.iter().any(|text| text.starts_with("Ask Olga")), "{:?}", first.advice);
    let fact = diagnosis.findings[0].because.iter().find(|fact| fact.source == Source::OrgAuditLog);
    assert!(fact.is_some_and(|fact| fact.message == "Olga deactivated the account"));
    // The audit log is optional: without it, or if it names nobody, the first attempt stays harmless.
    for unnamed in [super::build::seen(None), Read::Gap("403".into()), Read::NotAsked] {
        let (diagnosis, first, _) = named(unnamed);
        assert!(diagnosis.found(Cause::DeactivatedWhileLinked));
        assert_eq!(first.risk(), Some(Risk::Harmless));
    }
}
