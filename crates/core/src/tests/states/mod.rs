//! The state of the world compared with each op: Done, Open, Unread, Blocked. Also: which of two accounts is kept.

mod job;
mod suspension;

use super::build::{
    A1, A2, D1, JANE, MAIL, U1, account, account_of, address_elsewhere, drifted, gap, group, healthy, link,
    linked_elsewhere, never_provisioned, record, record_id, record_of, restore, seen, stale_record, suspend,
    value,
};
use super::conditions::{planned, rules};
use crate::diagnose::Case;
use crate::evidence::{Evidence, Read};
use crate::planner::parking_address;
use crate::{Cause, Op, State, Verdict, diagnose};

fn word(op: &Op, e: &Evidence) -> &'static str {
    match op.state(&Case::new(e)) {
        State::Done(_) => "done",
        State::Open(_) => "open",
        State::Underway(_) => "underway",
        State::Unread(_) => "unread",
        State::Blocked(_) => "blocked",
    }
}

fn with(mut e: Evidence, change: impl FnOnce(&mut Evidence)) -> Evidence {
    change(&mut e);
    e
}

fn table(op: &Op, rows: Vec<(&str, &str, Evidence)>) {
    for (expected, label, e) in rows {
        assert_eq!(word(op, &e), expected, "{}: {label}", op.action());
    }
}

#[test]
fn provisioning_a_person() {
    let op =
        Op::ProvisionUser { person: JANE.to_owned(), account: Some(A1.to_owned()), email: MAIL.to_owned() };
    table(
        &op,
        vec![
            ("done", "healthy", healthy()),
            ("open", "no record", never_provisioned()),
            ("open", "another account", linked_elsewhere()),
            ("open", "another address", address_elsewhere()),
            ("open", "an inactive record", with(healthy(), |e| record_of(e, "r1").active = Some(false))),
            (
                "open",
                "an inactive account",
                with(healthy(), |e| account_of(e, A1).status = Some("inactive".into())),
            ),
            ("open", "a dying account", with(healthy(), |e| account_of(e, A1).for_deletion = true)),
            ("unread", "no accounts", with(healthy(), |e| e.accounts = gap())),
            (
                "unread",
                "no link anywhere",
                with(healthy(), |e| {
                    e.links = gap();
                    e.records.insert(D1.to_owned(), gap());
                }),
            ),
            ("done", "the directory alone", with(healthy(), |e| e.links = gap())),
            (
                "done",
                "the index alone",
                with(healthy(), |e| {
                    e.records.insert(D1.to_owned(), gap());
                }),
            ),
        ],
    );
    let any = Op::ProvisionUser { person: JANE.to_owned(), account: None, email: MAIL.to_owned() };
    table(&any, vec![("done", "any account", healthy()), ("open", "none", never_provisioned())]);
}

#[test]
fn provisioning_a_membership() {
    let op = |account: Option<&str>| Op::ProvisionMembership {
        person: JANE.to_owned(),
        group: group("wiki-users").id,
        group_name: "Wiki-Users".to_owned(),
        account: account.map(str::to_owned),
    };
    table(
        &op(Some(A1)),
        vec![
            ("done", "without case", healthy()),
            ("open", "lost", drifted()),
            ("open", "no such account", with(healthy(), |e| value(&mut e.accounts).clear())),
            ("unread", "groups not shown", with(healthy(), |e| account_of(e, A1).groups = None)),
            ("unread", "accounts", with(healthy(), |e| e.accounts = gap())),
        ],
    );
    table(&op(None), vec![("done", "the person's account", healthy()), ("open", "lost", drifted())]);
    let renamed = with(healthy(), |e| {
        account_of(e, A1).groups.as_mut().unwrap()[1].name = "wiki-old".to_owned();
        record_of(e, "r1").groups[1].name = "wiki-old".to_owned();
        value(&mut e.scim_groups).insert(group("wiki-users").id, group("wiki-users").id);
    });
    table(&op(Some(A1)), vec![("done", "under its old name", renamed)]);
}

#[test]
fn an_account_that_can_be_used() {
    let restore = restore(A1);
    let activate = Op::ActivateAccount { account: A1.to_owned() };
    let cancel = Op::CancelDeletion { account: A1.to_owned() };
    for op in [&restore, &activate, &cancel] {
        table(
            op,
            vec![
                ("done", "healthy", healthy()),
                ("unread", "accounts", with(healthy(), |e| e.accounts = gap())),
                ("blocked", "not shown", with(healthy(), |e| value(&mut e.accounts).clear())),
            ],
        );
    }
    table(
        &restore,
        vec![
            (
                "open",
                "suspended",
                with(healthy(), |e| account_of(e, A1).membership = Some("SUSPENDED".into())),
            ),
            ("done", "membership not shown", with(healthy(), |e| account_of(e, A1).membership = None)),
        ],
    );
    table(
        &activate,
        vec![
            ("open", "inactive", with(healthy(), |e| account_of(e, A1).status = Some("inactive".into()))),
            ("open", "closed", with(healthy(), |e| account_of(e, A1).status = Some("closed".into()))),
        ],
    );
    table(&cancel, vec![("open", "marked", with(healthy(), |e| account_of(e, A1).for_deletion = true))]);
}

#[test]
fn records_out_of_the_way() {
    let unlink = Op::UnlinkRecord { record: record_id("r1"), account: A1.to_owned() };
    let no_links = |e: &mut Evidence| {
        e.account_links.insert(A1.to_owned(), seen(Vec::new()));
    };
    table(
        &unlink,
        vec![
            ("open", "linked", healthy()),
            ("open", "the index lags", with(healthy(), no_links)),
            ("open", "the directory lags", with(healthy(), |e| record_of(e, "r1").account = None)),
            (
                "blocked",
                "linked to yet another",
                with(healthy(), |e| {
                    no_links(e);
                    record_of(e, "r1").account = Some(A2.to_owned());
                }),
            ),
            (
                "done",
                "neither shows it",
                with(healthy(), |e| {
                    no_links(e);
                    record_of(e, "r1").account = None;
                }),
            ),
            (
                "done",
                "gone",
                with(healthy(), |e| {
                    no_links(e);
                    value(e.records.get_mut(D1).unwrap()).clear();
                }),
            ),
            (
                "unread",
                "links",
                with(healthy(), |e| {
                    e.account_links.insert(A1.to_owned(), gap());
                }),
            ),
            ("unread", "not asked", with(healthy(), |e| e.account_links.clear())),
        ],
    );
    let delete = Op::DeleteRecord { record: record_id("r0") };
    let by_id =
        |read: Read<Option<_>>| with(stale_record(), |e| e.records_by_id = vec![(record_id("r0"), read)]);
    table(
        &delete,
        vec![
            ("open", "there", stale_record()),
            ("done", "404", by_id(seen(None))),
            ("open", "the search knows it, the look-up fails", by_id(gap())),
            (
                "unread",
                "not found by a search is not gone",
                with(stale_record(), |e| {
                    value(e.records.get_mut(D1).unwrap()).clear();
                }),
            ),
            (
                "unread",
                "no key",
                with(stale_record(), |e| {
                    e.records.insert(D1.to_owned(), gap());
                }),
            ),
        ],
    );
    let forget =
        Op::ForgetAccountRecords { account: A1.to_owned(), records: vec![record_id("r0"), record_id("r1")] };
    table(
        &forget,
        vec![
            ("open", "one left", healthy()),
            ("open", "the directory still has it", with(healthy(), no_links)),
            (
                "done",
                "none",
                with(healthy(), |e| {
                    no_links(e);
                    value(e.records.get_mut(D1).unwrap()).clear();
                }),
            ),
            (
                "blocked",
                "a new one",
                with(healthy(), |e| {
                    value(e.account_links.get_mut(A1).unwrap()).push(link("r7", Some(A1)));
                }),
            ),
            (
                "unread",
                "links",
                with(healthy(), |e| {
                    e.account_links.insert(A1.to_owned(), gap());
                }),
            ),
        ],
    );
}

#[test]
fn a_parked_address() {
    let to = parking_address(A2, "acme.example");
    let op = Op::ParkEmail { account: A2.to_owned(), from: MAIL.to_owned(), to: to.clone() };
    table(
        &op,
        vec![
            ("open", "bears it", address_elsewhere()),
            (
                "open",
                "in another case",
                with(address_elsewhere(), |e| {
                    account_of(e, A2).email = Some(MAIL.to_uppercase());
                }),
            ),
            (
                "done",
                "parked",
                with(address_elsewhere(), |e| account_of(e, A2).email = Some(to.to_uppercase())),
            ),
            (
                "blocked",
                "bears a third",
                with(address_elsewhere(), |e| account_of(e, A2).email = Some("x@y.z".into())),
            ),
            (
                "blocked",
                "placeholder in use",
                with(address_elsewhere(), |e| {
                    value(&mut e.accounts).push(account("712020:account-3", &to));
                }),
            ),
            ("blocked", "not shown", healthy()),
            ("unread", "accounts", with(address_elsewhere(), |e| e.accounts = gap())),
        ],
    );
}

#[test]
fn the_parking_address_is_the_same_for_the_same_account_and_another_for_another() {
    let one = parking_address(A1, "ACME.example");
    assert_eq!(one, parking_address(A1, "acme.example"));
    assert_ne!(one, parking_address(A2, "acme.example"));
    assert!(one.ends_with("@acme.example") && one.starts_with("parked-"), "{one}");
    let steps = planned(&address_elsewhere(), &rules()).steps;
    assert!(matches!(&steps[0].op, Op::ParkEmail { to, .. } if *to == parking_address(A2, "acme.example")));
}

#[test]
fn a_placeholder_in_use_is_never_planned() {
    let e = with(address_elsewhere(), |e| {
        // A scheduled deletion has to be cancelled first, so parking the address is not the first step.
        account_of(e, A2).for_deletion = true;
        value(&mut e.accounts).push(account("712020:account-3", &parking_address(A2, "acme.example")));
    });
    assert!(planned(&e, &rules()).steps.is_empty());
}

/// Sets the use of an account: none, some, or unknown.
fn use_of(e: &mut Evidence, id: &str, used: Option<bool>) {
    match used {
        None => {
            e.last_active.insert(id.to_owned(), gap());
            e.roles.insert(id.to_owned(), seen(Vec::new()));
        }
        Some(used) => {
            let links = e.account_links.get(id).and_then(Read::get).cloned().unwrap_or_default();
            super::build::surround(e, id, links, used);
        }
    }
    account_of(e, id).groups = Some(Vec::new());
}

#[test]
fn which_of_two_accounts_is_kept() {
    // Here the record is linked to A2, and A1 has the address.
    for (linked, bearer, kept) in [
        (Some(false), Some(true), Some(A1)),
        (Some(true), Some(false), Some(A2)),
        (Some(false), Some(false), Some(A2)),
        (Some(true), Some(true), None),
        (None, Some(false), None),
        (None, Some(true), None),
        (Some(false), None, None),
        (Some(true), None, None),
        (None, None, None),
    ] {
        let mut e = linked_elsewhere();
        use_of(&mut e, A2, linked);
        use_of(&mut e, A1, bearer);
        let label = format!("linked {linked:?}, bearer {bearer:?}");
        let diagnosis = diagnose(&e);
        if let Some(kept) = kept {
            assert_eq!(diagnosis.account.as_deref(), Some(kept), "{label}");
            assert!(diagnosis.candidates.is_empty(), "{label}");
        } else {
            assert_eq!(diagnosis.candidates.len(), 2, "{label}");
            // The record shows that one of them is the person's, so the cause is known. Only the choice is open.
            assert_eq!(diagnosis.verdict, Verdict::Broken, "{label}");
            assert!(diagnosis.found(Cause::LinkedToOtherAccount), "{label}");
            assert!(planned(&e, &rules()).steps.is_empty(), "{label}");
        }
    }
}

#[test]
fn an_account_is_used_by_its_activity_its_groups_or_its_roles() {
    let mut e = linked_elsewhere();
    use_of(&mut e, A1, Some(false));
    let used = |e: &Evidence| Case::new(e).is_used(e.account(A1).unwrap());
    assert_eq!(used(&e), Some(false));
    for change in [
        |e: &mut Evidence| use_of(e, A1, Some(true)),
        |e: &mut Evidence| account_of(e, A1).groups = Some(vec![group("x")]),
    ] {
        let mut e = e.clone();
        change(&mut e);
        assert_eq!(used(&e), Some(true));
        // One fact that shows use is enough, whatever else is unread.
        let mut less = e.clone();
        less.last_active.insert(A1.to_owned(), gap());
        assert_eq!(used(&less), Some(true));
    }
    account_of(&mut e, A1).groups = None;
    assert_eq!(used(&e), None);
}

#[test]
fn two_people_or_two_accounts_are_candidates_and_no_steps() {
    let two_people = with(drifted(), |e| {
        let mut twin = super::build::person();
        twin.id = super::build::OTHER.to_owned();
        value(&mut e.users).push(twin);
    });
    let two_accounts = with(never_provisioned(), |e| {
        value(&mut e.users)[0].aliases = vec!["jane.old@acme.example".to_owned()];
        value(&mut e.accounts).push(account(A2, "jane.old@acme.example"));
    });
    for e in [two_people, two_accounts] {
        let diagnosis = diagnose(&e);
        assert_eq!(diagnosis.verdict, Verdict::CannotTell);
        assert_eq!(diagnosis.candidates.len(), 2);
        assert!(planned(&e, &rules()).steps.is_empty());
    }
    // A live record that is linked to one of the accounts decides it.
    let tied = with(drifted(), |e| {
        value(&mut e.users)[0].aliases = vec!["jane.old@acme.example".to_owned()];
        value(&mut e.accounts).push(account(A2, "jane.old@acme.example"));
    });
    assert!(diagnose(&tied).candidates.is_empty());
}

#[test]
fn a_record_by_another_id_is_another_record() {
    let mut e = healthy();
    value(e.records.get_mut(D1).unwrap()).push(record("r8", "someone", "s@acme.example", None));
    assert_eq!(diagnose(&e).record.as_deref(), Some("r1"));
}
