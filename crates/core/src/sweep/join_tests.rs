//! What the join decides for one account. Jane's account is good; each line changes one thing and says how closely the
//! account is read then.

use super::tests::{GROUP, JANE, at, census, jane, mapping, record, user};
use super::*;
use crate::evidence::{Application, Claim, Domain, IdpUser, LogEntry, Mapping, Read, ScimRecord};

pub(super) const JOAN: &str = "000000e1-0000-4000-8000-00000000000b";

pub(super) type Change = fn(&mut Census, &mut ListedAccount);

pub(super) fn judged(change: impl Fn(&mut Census, &mut ListedAccount)) -> JoinOutcome {
    let (mut census, mut listed) = (census(&[(GROUP, "jira-users")]), jane(&["jira-users"]));
    change(&mut census, &mut listed);
    Join::default().judge(&census, listed)
}

pub(super) fn depth(change: impl Fn(&mut Census, &mut ListedAccount)) -> LookDepth {
    match judged(change) {
        JoinOutcome::Good => LookDepth::Nothing,
        JoinOutcome::Look(query) => query.need,
        other => panic!("{other:?}"),
    }
}

pub(super) fn expect(expected: LookDepth, changes: &[(&str, Change)]) {
    for (name, change) in changes {
        assert_eq!(depth(change), expected, "{name}");
    }
}

pub(super) fn people(users: &[IdpUser]) -> Read<People> {
    let mut people = People::default();
    users.iter().for_each(|user| people.add(user, &[]));
    people.seal();
    Read::seen(at(0), people)
}

fn records(all: &[ScimRecord]) -> Read<Records> {
    let mut records = Records::new("d1");
    all.iter().for_each(|record| records.add(record));
    records.seal();
    Read::seen(at(0), records)
}

pub(super) fn put(census: &mut Census, all: &[ScimRecord]) {
    census.records.insert("d1".to_owned(), records(all));
}

pub(super) fn gap<T>() -> Read<T> {
    Read::Gap("503".into())
}

fn without_job(census: &mut Census) {
    (census.job, census.mapping) = (Read::NotAsked, Read::NotAsked);
    census.applications = Read::seen(at(0), vec![Application::default()]);
}

/// The log names this record as the newest that the job has written for Jane.
fn anchor(census: &mut Census, target: &str) {
    let mut log = Logs::default();
    let (status, target) = ("success".to_owned(), Some(target.to_owned()));
    log.add(JANE, LogEntry { status, target, ..LogEntry::default() });
    census.log = Read::seen(at(0), log);
}

/// The second record belongs to nobody known.
fn other_record() -> ScimRecord {
    ScimRecord {
        external_id: Some("x".to_owned()),
        user_name: Some("x@acme.example".to_owned()),
        email: None,
        account: None,
        ..record("r5")
    }
}

#[test]
fn only_what_is_open_and_managed_and_of_a_person_is_judged() {
    let changes: [(&str, Change); 3] = [
        ("unmanaged", |_, listed| listed.account.claim = Claim::Unmanaged),
        ("an app", |_, listed| listed.account.kind = Some("app".to_owned())),
        ("closed", |_, listed| listed.account.status = Some("closed".to_owned())),
    ];
    for (name, change) in changes {
        assert_eq!(judged(change), JoinOutcome::Skip, "{name}");
    }
}

/// Reading an account again does not read what is missing for everybody.
#[test]
fn what_is_unread_for_everybody_sends_nobody_to_a_close_look() {
    let changes: [(&str, Change); 12] = [
        ("users", |census, _| census.users = gap()),
        ("assignments", |census, _| census.grants.assignments = gap()),
        ("members", |census, _| census.members = gap()),
        ("another application has the job", |census, _| {
            census.applications =
                Read::seen(at(0), vec![Application { has_job: true, ..Application::default() }]);
        }),
        ("directories", |census, _| census.several = gap()),
        ("the lists of roles are unknown", |census, _| census.role_lists = None),
        ("a list of roles", |_, listed| listed.roles = None),
        ("groups of the organization", |census, _| census.grants.groups = gap()),
        ("roles of the group", |census, _| {
            drop(census.grants.group_roles.insert("jira-users".to_owned(), gap()))
        }),
        ("groups of the account", |_, listed| listed.account.groups = None),
        ("mapping", |census, _| census.mapping = gap()),
        ("the job has a fault", |census, _| census.trouble = true),
    ];
    expect(LookDepth::Local, &changes);
    // If the account shows a fault itself, it is read closely.
    for (name, change) in &changes[4..10] {
        let suspended = |census: &mut Census, listed: &mut ListedAccount| {
            change(census, listed);
            listed.account.membership = Some("suspended".to_owned());
        };
        assert_eq!(depth(suspended), LookDepth::Close, "{name}");
    }
    let in_doubt: Change = |census, listed| {
        census.mapping = gap();
        listed.roles = Some(HeldRoles { lists: vec![0, 1] });
    };
    assert_eq!(depth(in_doubt), LookDepth::Close, "only a reading of its own shows the roles");
}

#[test]
fn an_account_is_good_only_with_an_address_that_is_the_persons_alone() {
    expect(
        LookDepth::Nothing,
        &[
            ("confirmed", |_, listed| listed.account.email_verified = Some(true)),
            ("a verified domain", |census, _| {
                let domain = |name: &str, verified| Domain { name: name.to_owned(), verified };
                let all = vec![domain("corp.example", false), domain("acme.example", true)];
                census.domains = Read::seen(at(0), all);
            }),
            ("domains unread", |census, _| census.domains = gap()),
            ("a colleague with other addresses", |census, _| {
                census.users = people(&[user(JANE, "jane@acme.example"), user(JOAN, "joan@acme.example")]);
            }),
        ],
    );
    expect(
        LookDepth::Close,
        &[
            ("the domain is not verified", |census, _| {
                let domain = Domain { name: "acme.example".to_owned(), verified: false };
                census.domains = Read::seen(at(0), vec![domain]);
            }),
            ("another domain is verified", |census, _| {
                let domain = Domain { name: "corp.example".to_owned(), verified: true };
                census.domains = Read::seen(at(0), vec![domain]);
            }),
            ("a colleague has the same alias", |census, _| {
                let with =
                    |id, upn| IdpUser { aliases: vec!["team@acme.example".to_owned()], ..user(id, upn) };
                census.users = people(&[with(JANE, "jane@acme.example"), with(JOAN, "joan@acme.example")]);
            }),
            ("the person is disabled", |census, _| {
                census.users = people(&[IdpUser { enabled: Some(false), ..user(JANE, "jane@acme.example") }]);
            }),
            ("it is unread whether the person is enabled", |census, _| {
                census.users = people(&[IdpUser { enabled: None, ..user(JANE, "jane@acme.example") }]);
            }),
            ("the person has no user object", |census, _| census.users = people(&[])),
        ],
    );
}

#[test]
fn an_account_is_good_only_with_the_persons_one_record() {
    expect(
        LookDepth::Nothing,
        &[
            ("no directory is configured", |census, _| census.records.clear()),
            ("another directory is unread", |census, _| drop(census.records.insert("d2".to_owned(), gap()))),
            ("the record may be in the directory that is unread", |census, _| {
                put(census, &[]);
                census.records.insert("d2".to_owned(), gap());
                anchor(census, "r9");
            }),
            ("a job that writes no externalId", |census, _| {
                census.mapping = Read::seen(at(0), Mapping { external_id_from: None, ..mapping("") });
                put(census, &[ScimRecord { external_id: None, ..record("r1") }]);
            }),
            ("a record of nobody", |census, _| put(census, &[record("r1"), other_record()])),
        ],
    );
    expect(
        LookDepth::Close,
        &[
            ("no record", |census, _| put(census, &[])),
            ("an inactive record", |census, _| {
                put(census, &[ScimRecord { active: Some(false), ..record("r1") }])
            }),
            ("an old name", |census, _| {
                put(census, &[ScimRecord { user_name: Some("old@acme.example".to_owned()), ..record("r1") }]);
            }),
            ("a record that is linked elsewhere", |census, _| {
                put(census, &[ScimRecord { account: Some("712020:other".to_owned()), ..record("r1") }]);
            }),
            ("another externalId", |census, _| {
                put(census, &[ScimRecord { external_id: Some("import-1042".to_owned()), ..record("r1") }]);
            }),
            ("it is unknown which externalId the job writes", |census, _| {
                census.mapping = Read::seen(at(0), mapping("Unheard([objectId])"));
            }),
            ("an externalId that the job does not write", |census, _| {
                census.mapping = Read::seen(at(0), Mapping { external_id_from: None, ..mapping("") });
            }),
            ("two records", |census, _| put(census, &[record("r1"), record("r2")])),
            ("a second record with the name", |census, _| {
                put(census, &[record("r1"), ScimRecord { external_id: None, account: None, ..record("r2") }]);
            }),
            ("the anchor is a record that was read", |census, _| {
                put(census, &[other_record()]);
                census.records.insert("d2".to_owned(), gap());
                anchor(census, "r5");
            }),
            ("two people with one externalId", |census, _| {
                let with = |id, upn| IdpUser {
                    attributes: [("employeeId".to_owned(), "1".to_owned())].into(),
                    ..user(id, upn)
                };
                census.users = people(&[with(JANE, "jane@acme.example"), with(JOAN, "joan@acme.example")]);
                census.mapping = Read::seen(at(0), mapping("[employeeId]"));
                census.settle(at(0));
                put(census, &[ScimRecord { external_id: Some("1".to_owned()), ..record("r1") }]);
            }),
        ],
    );
}

#[test]
fn if_atlassian_pulls_people_no_record_and_no_assignment_is_asked_for() {
    expect(
        LookDepth::Nothing,
        &[
            ("as it is", |census, _| without_job(census)),
            ("a record of an older job", |census, _| {
                without_job(census);
                put(census, &[ScimRecord { external_id: Some("import-1042".to_owned()), ..record("r1") }]);
            }),
        ],
    );
    expect(
        LookDepth::Close,
        &[
            ("a colleague's record is linked to the account", |census, _| {
                without_job(census);
                census.users = people(&[user(JANE, "jane@acme.example"), user(JOAN, "joan@acme.example")]);
                let joans = ScimRecord { external_id: Some(JOAN.to_owned()), ..record("r2") };
                put(census, &[record("r1"), joans]);
            }),
            ("the account has none of her addresses", |census, listed| {
                without_job(census);
                listed.account.email = Some("other@acme.example".to_owned());
            }),
        ],
    );
}
