//! Whose an account is, by which words it is checked, and who has none. And what the census concludes about everybody.

use super::join_tests::{Change, JOAN, depth, gap, people, put};
use super::tests::{GROUP, JANE, at, census, jane, mapping, record, user};
use super::*;
use crate::evidence::{Application, Assignment, IdpUser, Job, Mapping, Read, ScimRecord};
use crate::finding::Cause;

/// By which words a suspended account is checked, and how closely. Jane and Joan are users, Joan first.
fn query(change: impl Fn(&mut Census, &mut ListedAccount)) -> (String, LookDepth) {
    let (mut census, mut listed) = (census(&[(GROUP, "jira-users")]), jane(&["jira-users"]));
    census.users = people(&[user(JOAN, "joan@acme.example"), user(JANE, "jane@acme.example")]);
    listed.account.membership = Some("suspended".to_owned());
    change(&mut census, &mut listed);
    match Join::default().judge(&census, listed) {
        JoinOutcome::Look(query) => (query.who.text().to_owned(), query.need),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_account_is_checked_by_words_that_lead_to_its_person() {
    let who = |change: fn(&mut Census, &mut ListedAccount)| query(change).0;
    assert_eq!(who(|_, _| {}), "Jane@acme.example", "its own address");
    assert_eq!(
        who(|_, listed| listed.account.email = Some("old@acme.example".to_owned())),
        "jane@acme.example",
        "the record leads to her, and the address of the account does not"
    );
    assert_eq!(who(|_, listed| listed.account.email = None), "jane@acme.example", "a hidden address");
    assert_eq!(
        who(|census, listed| {
            put(census, &[]);
            listed.account.email = Some("joan@acme.example".to_owned());
        }),
        "joan@acme.example",
        "without a record, the address says whose it is"
    );
    assert_eq!(
        who(|census, listed| {
            census.users = people(&[]);
            listed.account.email = Some("left@acme.example".to_owned());
        }),
        "left@acme.example",
        "nobody known has it"
    );
    let unknown = who(|census, listed| {
        put(census, &[]);
        listed.account.email = None;
    });
    assert_eq!(unknown, "712020:jane", "nothing but its id is known");
}

#[test]
fn an_external_id_leads_to_its_person_only_if_it_is_one_persons() {
    let who = |joans: &str| {
        query(|census, listed| {
            let with = |id, upn, number: &str| IdpUser {
                attributes: [("employeeId".to_owned(), number.to_owned())].into(),
                ..user(id, upn)
            };
            census.users =
                people(&[with(JOAN, "joan@acme.example", joans), with(JANE, "jane@acme.example", "7")]);
            census.mapping = Read::seen(at(0), mapping("[employeeId]"));
            put(census, &[ScimRecord { external_id: Some("7".to_owned()), ..record("r1") }]);
            listed.account.email = None;
            census.settle(at(0));
        })
        .0
    };
    assert_eq!(who("8"), "jane@acme.example");
    assert_eq!(who("7"), "712020:jane", "it is Joan's too");
}

#[test]
fn only_who_should_have_an_account_and_has_none_is_looked_for() {
    let missing = |change: fn(&mut Census)| {
        let mut census = census(&[(GROUP, "jira-users")]);
        change(&mut census);
        Join::default().without_account(&census).map(|query| query.who.text().to_owned()).collect::<Vec<_>>()
    };
    let nobody: [&str; 0] = [];
    assert_eq!(missing(|_| {}), ["jane@acme.example"]);
    assert_eq!(
        missing(|census| census.users =
            people(&[user(JANE, "jane@acme.example"), user(JANE, "jane@acme.example")])),
        ["jane@acme.example"],
        "a user on two pages"
    );
    assert_eq!(
        missing(|census| census.users = people(&[user(JOAN, "joan@acme.example")])),
        nobody,
        "not assigned"
    );
    let disabled = |census: &mut Census| {
        census.users = people(&[IdpUser { enabled: Some(false), ..user(JANE, "jane@acme.example") }]);
    };
    assert_eq!(missing(disabled), nobody, "disabled");
    assert_eq!(missing(|census| census.members = gap()), nobody, "who is assigned is unread");
    assert_eq!(missing(|census| census.grants.assignments = gap()), nobody, "who is assigned is unread");
    let direct = |census: &mut Census| {
        let assignment = Assignment {
            principal: JANE.to_owned(),
            is_group: false,
            name: "Jane".to_owned(),
            created: None,
            default_access: None,
        };
        census.members = Read::seen(at(0), Members::default());
        census.grants.assignments = Read::seen(at(0), vec![assignment]);
    };
    assert_eq!(missing(direct), ["jane@acme.example"], "assigned without a group");
}

#[test]
fn a_close_look_is_spared_only_for_who_left_entirely() {
    let left = |change: fn(&mut Census, &mut ListedAccount)| {
        depth(move |census, listed| {
            census.users = people(&[]);
            put(census, &[]);
            listed.account.status = Some("inactive".to_owned());
            change(census, listed);
        })
    };
    let disabled = |census: &mut Census| {
        census.users = people(&[IdpUser { enabled: Some(false), ..user(JANE, "jane@acme.example") }]);
    };
    assert_eq!(left(|_, _| {}), LookDepth::Local);
    assert_eq!(left(|_, listed| listed.account.status = Some("active".to_owned())), LookDepth::Close);
    assert_eq!(left(|_, listed| listed.account.for_deletion = true), LookDepth::Close);
    assert_eq!(left(|_, listed| listed.account.email = None), LookDepth::Close, "the address is hidden");
    let shared = left(|census, _| {
        let with = |id, upn| IdpUser { aliases: vec!["jane@acme.example".to_owned()], ..user(id, upn) };
        census.users = people(&[with(JANE, "a@acme.example"), with(JOAN, "b@acme.example")]);
    });
    assert_eq!(shared, LookDepth::Close, "two people have the address");
    let changes: [(Change, LookDepth); 3] = [
        (|_, _| {}, LookDepth::Local),
        (|_, listed| listed.account.for_deletion = true, LookDepth::Close),
        (|_, listed| listed.account.status = Some("active".to_owned()), LookDepth::Close),
    ];
    for (change, expected) in changes {
        let found = depth(|census, listed| {
            disabled(census);
            put(census, &[]);
            listed.account.status = Some("inactive".to_owned());
            change(census, listed);
        });
        assert_eq!(found, expected);
    }
}

#[test]
fn a_fault_of_the_job_is_trouble_and_advice_is_none() {
    let settled = |change: fn(&mut Census)| {
        let mut census = census(&[(GROUP, "jira-users")]);
        let job = Job { id: "j".to_owned(), code: Some("Active".to_owned()), ..Job::default() };
        census.job = Read::seen(at(0), job);
        change(&mut census);
        census.settle(at(0));
        (census.trouble, census.tenant_causes)
    };
    assert_eq!(settled(|_| {}), (false, Vec::new()));
    let paused = settled(|census| {
        let job = Job { id: "j".to_owned(), code: Some("Paused".to_owned()), ..Job::default() };
        census.job = Read::seen(at(0), job);
    });
    assert_eq!(paused, (true, vec![Cause::ProvisioningStopped]));
    let advice = settled(|census| {
        let matching = vec!["emails[type eq \"work\"].value".to_owned()];
        census.mapping = Read::seen(at(0), Mapping { matching, ..mapping("[objectId]") });
    });
    assert_eq!(advice, (false, vec![Cause::MatchingOnEmail]));
    let pulled = settled(|census| {
        census.job = Read::NotAsked;
        census.applications = Read::seen(at(0), vec![Application::default()]);
    });
    assert_eq!(pulled.1, [Cause::PullSync]);
}
