//! Whether the earlier work of a person may be on another account, and what is advised about domains and attributes that
//! are not the organization's own.

use super::build::{
    A1, A2, D1, OTHER, account, account_of, at, gap, healthy, link, never_provisioned, person, record, seen,
    surround, value,
};
use super::conditions::{planned, rules};
use crate::diagnose::Case;
use crate::evidence::{AppUse, Claim, Evidence, IdpUser, Source};
use crate::expression::Mapped;
use crate::{Cause, Verdict, diagnose, plan};

const OLD: &str = "jane.doe@acme.example";

fn used_on(day: &str) -> Vec<AppUse> {
    vec![AppUse { app: "jira-software".to_owned(), day: day.to_owned() }]
}

fn joan(enabled: Option<bool>) -> IdpUser {
    IdpUser { id: OTHER.to_owned(), enabled, ..person() }
}

/// Jane's user is 20 days old, and an account of the same name was used until then. Its user is disabled.
fn came_back() -> Evidence {
    let mut e = healthy();
    e.asked_at = at(0);
    value(&mut e.users)[0].created = Some(at(-20 * 86_400));
    e.last_active.insert(A1.to_owned(), seen(used_on("2027-01-10")));
    e.namesakes = seen(vec![account(A2, OLD)]);
    surround(&mut e, A2, vec![link("r2", Some(A2))], true);
    value(e.records.get_mut(D1).unwrap()).push(record("r2", OTHER, OLD, Some(A2)));
    e.owners.insert(OTHER.to_owned(), seen(vec![joan(Some(false))]));
    e.bearers.insert(OLD.to_owned(), seen(vec![joan(Some(false))]));
    e.last_active.insert(A2.to_owned(), seen(used_on("2026-12-20")));
    e
}

fn found(e: &Evidence) -> bool {
    let diagnosis = diagnose(e);
    assert!(plan(e, &diagnosis, &rules(), &[]).steps.is_empty(), "never a step");
    diagnosis.found(Cause::HistoryElsewhere)
}

#[test]
fn earlier_work_on_the_account_of_a_former_user_is_named() {
    let e = came_back();
    let diagnosis = diagnose(&e);
    assert_eq!(diagnosis.verdict, Verdict::Healthy);
    assert!(!diagnosis.findings.iter().any(|finding| finding.blocking), "{:?}", diagnosis.findings);
    let plan = planned(&e, &rules());
    assert!(plan.steps.is_empty());
    assert!(plan.advice.iter().any(|line| line.contains(A2) && line.contains(OLD)), "{:?}", plan.advice);
    // The user object is gone, and the name differs, but the address has the suffix of a conflict.
    let mut e = came_back();
    let other = &mut value(&mut e.namesakes)[0];
    other.name = Some("Jane D.".to_owned());
    other.email = Some("jane+atlassian_conflict7@acme.example".to_owned());
    e.bearers.insert("jane+atlassian_conflict7@acme.example".to_owned(), seen(Vec::new()));
    e.owners.insert(OTHER.to_owned(), seen(Vec::new()));
    assert!(found(&e));
}

#[test]
fn a_name_alone_proves_nothing() {
    type Change = (&'static str, fn(&mut Evidence));
    let changes: &[Change] = &[
        ("the user is old", |e| value(&mut e.users)[0].created = Some(at(-300 * 86_400))),
        ("when the user was created is unknown", |e| value(&mut e.users)[0].created = None),
        ("the account was used before", |e| {
            drop(e.last_active.insert(A1.to_owned(), seen(used_on("2026-11-01"))))
        }),
        ("the other user works here", |e| {
            e.bearers.insert(OLD.to_owned(), seen(vec![joan(Some(true))]));
        }),
        ("the owner of the other record works here", |e| {
            e.bearers.insert(OLD.to_owned(), seen(Vec::new()));
            e.owners.insert(OTHER.to_owned(), seen(vec![joan(Some(true))]));
        }),
        ("the other account is in use", |e| {
            e.last_active.insert(A2.to_owned(), seen(used_on("2026-09-01")));
        }),
        ("the other account was never used", |e| drop(e.last_active.insert(A2.to_owned(), seen(Vec::new())))),
        ("another name", |e| value(&mut e.namesakes)[0].name = Some("Joan".to_owned())),
        ("another organization's", |e| value(&mut e.namesakes)[0].claim = Claim::Unmanaged),
        ("a customer", |e| value(&mut e.namesakes)[0].kind = Some("customer".to_owned())),
    ];
    assert!(found(&came_back()));
    for (label, change) in changes {
        let mut e = came_back();
        change(&mut e);
        assert!(!found(&e), "{label}");
    }
    let gaps: &[Change] = &[
        ("own use", |e| drop(e.last_active.insert(A1.to_owned(), gap()))),
        ("the search", |e| e.namesakes = gap()),
        ("the other use", |e| drop(e.last_active.insert(A2.to_owned(), gap()))),
        ("the other user", |e| drop(e.bearers.insert(OLD.to_owned(), gap()))),
        ("the other links", |e| drop(e.account_links.insert(A2.to_owned(), gap()))),
        ("the owner", |e| drop(e.owners.remove(OTHER))),
    ];
    for (label, change) in gaps {
        let mut e = came_back();
        change(&mut e);
        assert!(!found(&e), "{label}");
        let undecided = diagnose(&e).undecided;
        assert!(
            undecided.iter().any(|(cause, _)| *cause == Cause::HistoryElsewhere),
            "{label}: {undecided:?}"
        );
    }
}

#[test]
fn only_a_domain_of_the_own_tenant_is_to_be_claimed() {
    let mut e = never_provisioned();
    value(&mut e.domains).clear();
    let advice = |e: &Evidence| planned(e, &rules()).advice.join(" ");
    e.tenant_domains = seen(vec!["ACME.example".to_owned()]);
    assert!(advice(&e).contains("Add domain > acme.example"), "{}", advice(&e));
    e.tenant_domains = seen(vec!["acme.onmicrosoft.example".to_owned()]);
    assert!(!advice(&e).contains("Add domain"), "{}", advice(&e));
    e.tenant_domains = gap();
    assert!(!advice(&e).contains("Add domain") && !advice(&e).contains("> acme.example"), "{}", advice(&e));
    assert!(diagnose(&e).unread.iter().any(|(source, _)| *source == Source::TenantDomains));
    // A guest's domain belongs to others, whatever the tenant has verified.
    e.tenant_domains = seen(vec!["acme.example".to_owned()]);
    value(&mut e.users)[0].kind = Some("Guest".to_owned());
    assert!(!advice(&e).contains("Add domain"), "{}", advice(&e));
}

#[test]
fn an_attribute_counts_only_if_it_was_selected() {
    let mut e = healthy();
    value(&mut e.mapping).external_id_from = Some("ToLower([extension_abc_badge])".to_owned());
    assert_eq!(
        value(&mut e.mapping).unusual_attributes().into_iter().collect::<Vec<_>>(),
        ["extension_abc_badge"]
    );
    assert_eq!(Case::new(&e).identity.external_id, Mapped::Unread);
    let give = |e: &mut Evidence, text: &str| {
        value(&mut e.users)[0].attributes.insert("Extension_abc_badge".to_owned(), text.to_owned());
    };
    give(&mut e, "B-17");
    assert_eq!(Case::new(&e).identity.external_id, Mapped::One("b-17".to_owned()));
    give(&mut e, "");
    assert_eq!(Case::new(&e).identity.external_id, Mapped::Empty);
    e.unselected.insert("x".to_owned(), "no such property".into());
    assert!(
        diagnose(&e).unread.iter().any(|(source, why)| *source == Source::Users && why == "no such property")
    );
    value(&mut e.mapping).external_id_from =
        Some("Coalesce([employeeId], [mail], [IsSoftDeleted])".to_owned());
    assert!(value(&mut e.mapping).unusual_attributes().is_empty());
}

#[test]
fn a_guest_whose_address_may_have_two_forms_keeps_both() {
    let mut e = healthy();
    value(&mut e.users)[0].upn = Some("jane_partner.example#EXT#@acme.example".to_owned());
    value(&mut e.users)[0].mail = None;
    value(&mut e.mapping).email_from = Some("[userPrincipalName]".to_owned());
    account_of(&mut e, A1).email = Some("jane@partner.example".to_owned());
    let case = Case::new(&e);
    assert_eq!(case.wanted, None);
    assert!(case.addresses().contains("jane@partner.example"));
    assert!(case.addresses().contains("jane_partner.example@acme.example"));
    assert_eq!(case.account.map(|account| account.id.as_str()), Some(A1));
    let diagnosis = diagnose(&e);
    assert!(!diagnosis.found(Cause::EmailMismatch));
    let undecided: Vec<Cause> = diagnosis.undecided.iter().map(|(cause, _)| *cause).collect();
    assert!(undecided.contains(&Cause::EmailMismatch), "which form is wanted is unread: {undecided:?}");
}
