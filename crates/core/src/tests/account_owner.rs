//! Whose an account and a record are, condition by condition: what proves it, what leaves it unread, and what makes it
//! another person's.

use super::build::{
    A1, A2, D1, JANE, MAIL, OTHER, account, account_of, drifted, gap, healthy, link, never_provisioned,
    person, record, record_id, record_of, refused, seen, value,
};
use super::conditions::rules;
use crate::condition::{ConditionState, conditions, conditions_after};
use crate::diagnose::Case;
use crate::evidence::{Evidence, IdpUser, ScimLink, Source};
use crate::{Op, Risk, diagnose, plan};

const D2: &str = "directory-2";

fn held(op: &Op, e: &Evidence) -> ConditionState {
    conditions(op, &Case::new(e), &rules())
}

fn after(op: &Op, e: &Evidence, earlier: &[&Op]) -> ConditionState {
    conditions_after(op, &Case::new(e), &rules(), earlier)
}

fn why(state: ConditionState) -> String {
    match state {
        ConditionState::False(why) => why,
        other => format!("{other:?}"),
    }
}

fn activate(id: &str) -> Op {
    Op::ActivateAccount { account: id.to_owned() }
}

fn colleague() -> IdpUser {
    IdpUser { id: OTHER.to_owned(), name: Some("Joan".to_owned()), ..person() }
}

fn provision() -> Op {
    Op::ProvisionUser { person: JANE.to_owned(), account: Some(A1.to_owned()), email: MAIL.to_owned() }
}

/// Her account is also linked to a record in an old directory, whose key nobody has.
fn with_leftover() -> (Op, Evidence) {
    let mut e = drifted();
    let old = ScimLink {
        id: crate::subject::RecordId { directory: D2.to_owned(), record: "r2".to_owned() },
        account: None,
    };
    let old = ScimLink { account: Some(A1.to_owned()), ..old };
    value(&mut e.links).push(old.clone());
    value(e.account_links.get_mut(A1).unwrap()).push(old.clone());
    e.places.job_directory = Some(D1.to_owned());
    (Op::UnlinkRecord { record: old.id, account: A1.to_owned() }, e)
}

#[test]
fn a_leftover_is_unlinked_only_if_everything_that_shows_it_is_read() {
    let (unlink, e) = with_leftover();
    assert_eq!(held(&unlink, &e), ConditionState::True);
    assert_eq!(plan(&e, &diagnose(&e), &rules(), &[]).steps[0].op, unlink);
    type Change = (&'static str, fn(&mut Evidence));
    let changes: [Change; 4] = [
        ("the job writes to that directory", |e| e.places.job_directory = Some(D2.to_owned())),
        ("it was not found by the address", |e| drop(value(&mut e.links).pop())),
        ("the account has another address", |e| {
            account_of(e, A1).email = Some("jane.old@acme.example".to_owned());
            value(&mut e.users)[0].aliases.push("jane.old@acme.example".to_owned());
            e.bearers.insert("jane.old@acme.example".to_owned(), seen(vec![person()]));
        }),
        ("the record was read, without an owner", |e| {
            let mut read = record("r2", OTHER, MAIL, Some(A1));
            (read.id.directory, read.external_id) = (D2.to_owned(), None);
            e.records.insert(D2.to_owned(), seen(vec![read]));
        }),
    ];
    for (label, change) in changes {
        let (unlink, mut e) = with_leftover();
        change(&mut e);
        assert_ne!(held(&unlink, &e), ConditionState::True, "{label}");
    }
    // A record that was not read needs its directory; one that was read needs its owner.
    let (unlink, mut e) = with_leftover();
    value(&mut e.links).pop();
    assert_eq!(held(&unlink, &e), ConditionState::Unread(vec![Source::ScimUsers]));
    let (unlink, mut e) = with_leftover();
    e.places.job_directory = Some(D2.to_owned());
    let mut read = record("r2", OTHER, MAIL, Some(A1));
    read.id.directory = D2.to_owned();
    e.records.insert(D2.to_owned(), seen(vec![read]));
    e.owners.remove(OTHER);
    assert!(!matches!(held(&unlink, &e), ConditionState::True | ConditionState::Unread(_)));
}

#[test]
fn without_a_person_nothing_shows_that_they_are_not_protected() {
    let suspend = Op::SuspendAccess { account: A1.to_owned(), directory: None };
    let nobody = |e: &mut Evidence| value(&mut e.users).clear();
    type Row = (&'static str, fn(&mut Evidence), &'static str);
    let cases: [Row; 3] = [
        ("nobody", nobody, "the person is not at the identity provider"),
        ("unread", |e| e.users = gap(), "who the person is could not be read"),
        ("two people", |e| value(&mut e.users).push(colleague()), "who the person is could not be read"),
    ];
    for (label, change, text) in cases {
        let mut e = healthy();
        change(&mut e);
        assert!(why(held(&activate(A1), &e)).contains(text), "{label}: {}", why(held(&activate(A1), &e)));
    }
    // A suspension needs no enabled person. But who must not be protected has to be known.
    let mut e = healthy();
    value(e_records(&mut e)).clear();
    e.links = seen(Vec::new());
    e.account_links.insert(A1.to_owned(), seen(Vec::new()));
    e.subject.accounts.insert(A1.to_owned());
    e.bearers.insert(MAIL.to_owned(), seen(Vec::new()));
    nobody(&mut e);
    assert_eq!(held(&suspend, &e), ConditionState::True, "there is nobody to protect");
    value(&mut e.users).extend([person(), colleague()]);
    assert_ne!(held(&suspend, &e), ConditionState::True);
    e.users = gap();
    assert_ne!(held(&suspend, &e), ConditionState::True);
}

#[test]
fn an_account_is_another_persons_by_any_record_that_may_be_theirs() {
    let lift = Op::CancelDeletion { account: A1.to_owned() };
    let with = |change: fn(&mut Evidence)| {
        let mut e = healthy();
        change(&mut e);
        held(&lift, &e)
    };
    fn add(e: &mut Evidence, external: Option<&str>) {
        let mut more = record("r5", OTHER, "joan@acme.example", Some(A1));
        more.external_id = external.map(str::to_owned);
        value(e.records.get_mut(D1).unwrap()).push(more);
    }
    assert_eq!(with(|_| {}), ConditionState::True);
    // Her own record without an id points to nobody else. Another record without an id may be anybody's.
    assert_eq!(with(|e| record_of(e, "r1").external_id = None), ConditionState::True);
    assert!(why(with(|e| add(e, None))).contains("record r5 is linked to account"));
    assert!(why(with(|e| add(e, Some(OTHER)))).contains("whose it is could not be read"));
    let living = with(|e| {
        add(e, Some(OTHER));
        e.owners.insert(OTHER.to_owned(), seen(vec![colleague()]));
    });
    assert!(why(living).contains("the record of another living person (Joan)"));
    let gone = with(|e| {
        add(e, Some(OTHER));
        e.owners.insert(OTHER.to_owned(), seen(Vec::new()));
    });
    assert_eq!(gone, ConditionState::True, "a record of nobody takes no account away");
    // A link alone, without the record, proves nothing about an account with her address.
    let linked = with(|e| value(e.account_links.get_mut(A1).unwrap()).push(link("r6", Some(A1))));
    assert_eq!(linked, ConditionState::True);
}

#[test]
fn an_account_without_her_address_is_hers_only_by_a_record_or_by_its_id() {
    let lift = Op::CancelDeletion { account: A2.to_owned() };
    let strange = || {
        let mut e = healthy();
        value(&mut e.accounts).push(account(A2, "someone@acme.example"));
        super::build::surround(&mut e, A2, Vec::new(), false);
        e.bearers.insert("someone@acme.example".to_owned(), seen(Vec::new()));
        e
    };
    assert!(why(held(&lift, &strange())).contains("nothing that could be read ties account"));
    let mut named = strange();
    named.subject.accounts.insert(A2.to_owned());
    assert_eq!(held(&lift, &named), ConditionState::True, "the question names it");
    named.bearers.insert("someone@acme.example".to_owned(), seen(vec![colleague()]));
    assert!(why(held(&lift, &named)).contains("a living colleague has the address"));
    named.bearers.insert("someone@acme.example".to_owned(), gap());
    assert!(why(held(&lift, &named)).contains("whose address someone@acme.example is could not be read"));
    let mut recorded = strange();
    value(e_records(&mut recorded)).push(record("r5", OTHER, "someone@acme.example", Some(A2)));
    recorded.owners.insert(OTHER.to_owned(), seen(Vec::new()));
    assert_eq!(held(&lift, &recorded), ConditionState::True, "a record of nobody ties it to the question");
    // A link without its record shows no owner.
    let mut unread = strange();
    unread.account_links.insert(A2.to_owned(), seen(vec![link("r6", Some(A2))]));
    assert!(why(held(&lift, &unread)).contains("nothing that could be read ties account"));
}

fn e_records(e: &mut Evidence) -> &mut crate::evidence::Read<Vec<crate::evidence::ScimRecord>> {
    e.records.get_mut(D1).unwrap()
}

#[test]
fn an_address_that_the_identity_provider_keeps_unique_needs_no_look_up() {
    let lift = Op::CancelDeletion { account: A1.to_owned() };
    assert_eq!(held(&lift, &healthy()), ConditionState::True, "her user principal name");
    let alias = |asked: &str| {
        let mut e = healthy();
        value(&mut e.users)[0].aliases.push("jane.alias@acme.example".to_owned());
        account_of(&mut e, A1).email = Some("jane.alias@acme.example".to_owned());
        e.subject = crate::Subject::asked(crate::Who::Email(asked.to_owned()));
        e
    };
    assert!(why(held(&lift, &alias(MAIL))).contains("whose address jane.alias@acme.example is"));
    assert_eq!(held(&lift, &alias("jane.alias@acme.example")), ConditionState::True, "she was found by it");
}

#[test]
fn an_earlier_step_clears_a_conflict_and_takes_a_record_out_of_the_way() {
    let mut e = never_provisioned();
    e.log = seen(vec![refused("create")]);
    let park =
        Op::ParkEmail { account: A2.to_owned(), from: MAIL.to_owned(), to: "p@acme.example".to_owned() };
    let lift = Op::CancelDeletion { account: A1.to_owned() };
    let delete = Op::DeleteRecord { record: record_id("r0") };
    let refusal =
        "Atlassian refused the last attempt, and another one would be refused as well: HTTP status 409";
    assert!(why(after(&provision(), &e, &[])).starts_with(refusal), "{}", why(after(&provision(), &e, &[])));
    assert!(why(after(&provision(), &e, &[&lift])).starts_with(refusal), "it takes nothing away");
    assert_eq!(after(&provision(), &e, &[&park]), ConditionState::True);
    assert_eq!(after(&provision(), &e, &[&delete]), ConditionState::True);
    // A conflict is known by its type too, without a status.
    value(&mut e.log)[0].http_status = None;
    assert!(matches!(after(&provision(), &e, &[]), ConditionState::False(_)));
    // A colleague's record with her name is written by a new match, unless it is deleted before. Unlinking is not enough.
    let mut e = never_provisioned();
    value(e_records(&mut e)).push(record("r0", OTHER, MAIL, None));
    e.owners.insert(OTHER.to_owned(), seen(vec![colleague()]));
    let unlink = Op::UnlinkRecord { record: record_id("r0"), account: A1.to_owned() };
    assert!(matches!(after(&provision(), &e, &[]), ConditionState::False(_)));
    assert!(matches!(after(&provision(), &e, &[&unlink]), ConditionState::False(_)));
    assert_eq!(after(&provision(), &e, &[&delete]), ConditionState::True);
}

#[test]
fn an_assignment_of_somebody_else_entitles_nobody() {
    // Whether her own group entitles her is unread. Nobody else's assignment may decide it.
    let beside = |principal: &str, is_group: bool| {
        let mut e = never_provisioned();
        value(&mut e.assignments).truncate(1);
        let mut more = value(&mut e.assignments)[0].clone();
        value(&mut e.assignments)[0].default_access = None;
        (more.principal, more.is_group) = (principal.to_owned(), is_group);
        value(&mut e.assignments).push(more);
        held(&provision(), &e)
    };
    assert_eq!(beside(JANE, false), ConditionState::True, "her own assignment");
    let unread = ConditionState::Unread(vec![Source::Assignments]);
    assert_eq!(beside(OTHER, false), unread, "a colleague's");
    assert_eq!(beside(JANE, true), unread, "a group that happens to have the id");
    assert_eq!(beside("g-elsewhere", true), unread, "a group that she is not in");
    // A group without security entitles nobody, whatever other groups do.
    let mut e = never_provisioned();
    value(&mut e.assignments).truncate(1);
    value(&mut e.memberships)[0].security = Some(false);
    assert!(why(held(&provision(), &e)).contains("none of the person's assigned groups is a security group"));
}

#[test]
fn the_source_that_is_missing_is_the_one_that_is_named() {
    let mut e = super::build::stale_record();
    e.owners.remove(OTHER);
    let delete = Op::DeleteRecord { record: record_id("r0") };
    assert_eq!(held(&delete, &e), ConditionState::Unread(vec![Source::Users]));
    // A person whom the job withdrew may be out of scope for another reason than the filter.
    let mut e = drifted();
    value(&mut e.mapping).scoped = true;
    let withdrawn = |action: &str| crate::evidence::LogEntry {
        action: action.to_owned(),
        status: "success".to_owned(),
        ..crate::evidence::LogEntry::default()
    };
    value(&mut e.log).insert(0, withdrawn("disable"));
    assert_eq!(held(&provision(), &e), ConditionState::Unread(vec![Source::ProvisioningLog]));
    value(&mut e.log)[0].filtered_out = true;
    value(&mut e.log)[0].action = "other".to_owned();
    assert!(why(held(&provision(), &e)).contains("the scoping filter leaves the person out"));
}

#[test]
fn a_new_account_that_the_record_made_is_the_expected_one() {
    let open = Op::ProvisionUser { person: JANE.to_owned(), account: None, email: MAIL.to_owned() };
    assert_eq!(held(&open, &healthy()), ConditionState::True);
    let mut e = healthy();
    account_of(&mut e, A1).email = Some("jane.old@acme.example".to_owned());
    assert_ne!(held(&open, &e), ConditionState::True, "the account has another address");
}

#[test]
fn an_own_record_whose_owner_can_be_looked_up_has_to_be() {
    let lift = Op::CancelDeletion { account: A1.to_owned() };
    let mut e = healthy();
    value(&mut e.mapping).external_id_from = Some("[mailNickname]".to_owned());
    value(&mut e.users)[0].attributes.insert("mailNickname".to_owned(), "jane".to_owned());
    record_of(&mut e, "r1").external_id = Some("jane".to_owned());
    e.owners.insert("jane".to_owned(), seen(vec![person()]));
    assert_eq!(held(&lift, &e), ConditionState::True);
    e.owners.insert("jane".to_owned(), gap());
    assert!(why(held(&lift, &e)).contains("whose it is could not be read"), "{}", why(held(&lift, &e)));
}

#[test]
fn an_anchor_that_an_earlier_step_deletes_is_no_anchor() {
    let mut e = drifted();
    value(e_records(&mut e)).push(record("r0", OTHER, "jane.old@acme.example", None));
    e.owners.insert(OTHER.to_owned(), seen(Vec::new()));
    value(&mut e.log)[0].target = Some("r0".to_owned());
    let delete = Op::DeleteRecord { record: record_id("r0") };
    assert!(why(after(&provision(), &e, &[])).contains("anchored on another record"));
    assert_eq!(after(&provision(), &e, &[&delete]), ConditionState::True);
}

#[test]
fn every_unread_source_is_named_once() {
    let mut e = never_provisioned();
    e.log = gap();
    e.domains = gap();
    let ConditionState::Unread(sources) = held(&provision(), &e) else { panic!("not unread") };
    assert_eq!(sources, [Source::ProvisioningLog, Source::Domains]);
    let diagnosis = diagnose(&e);
    assert_eq!(plan(&e, &diagnosis, &rules(), &[]).risk(), Some(Risk::Disruptive));
}
