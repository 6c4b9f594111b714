//! The compact rows give back what was put in, and a look-up finds what it is meant to find and nothing else.

use super::texts::{Text, Texts};
use super::*;
use crate::evidence::{Application, IdpGroup, IdpUser, Mapping, Read, ScimRecord, Source};
use crate::subject::RecordId;

const JANE: &str = "000000e1-0000-4000-8000-00000000000a";
const JOAN: &str = "000000e1-0000-4000-8000-00000000000b";

fn at(second: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn jane() -> IdpUser {
    IdpUser {
        id: JANE.to_owned(),
        upn: Some("Jane@acme.example".to_owned()),
        mail: Some("jane.mail@acme.example".to_owned()),
        aliases: texts(&["proxy@acme.example", "shared@acme.example", "other@acme.example"]),
        enabled: Some(false),
        name: Some("Jane".to_owned()),
        kind: Some("Guest".to_owned()),
        created: Some(at(1)),
        on_premises: Some(true),
        attributes: [("employeeId", "1"), ("mailNickname", "jane")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
    }
}

/// Has the nickname and the shared address too, and one address for name and mail.
fn joan() -> IdpUser {
    IdpUser {
        id: JOAN.to_owned(),
        upn: Some("joan@acme.example".to_owned()),
        mail: Some("joan@acme.example".to_owned()),
        aliases: texts(&["shared@acme.example"]),
        kind: Some("Guest".to_owned()),
        attributes: [("mailNickname".to_owned(), "jane".to_owned())].into(),
        ..IdpUser::default()
    }
}

/// Both, Joan first, so that the order of the rows is not that of the ids.
fn people() -> People {
    let mut people = People::default();
    people.add(&joan(), &[]);
    people.add(&jane(), &texts(&["Other@acme.example"]));
    people.seal();
    people
}

fn ids(users: &[IdpUser]) -> Vec<&str> {
    users.iter().map(|user| user.id.as_str()).collect()
}

#[test]
fn a_user_comes_back_as_they_were_added() {
    let people = people();
    assert_eq!((people.by_id(JANE), people.by_id(JOAN)), (Some(jane()), Some(joan())));
    assert_eq!(people.by_id("000000e1-0000-4000-8000-00000000000c"), None);
    assert_eq!((people.len(), people.is_empty(), People::default().is_empty()), (2, false, true));
    assert_eq!((people.enabled(0), people.enabled(1)), (None, Some(false)));
    // An address that is the name or the mail is not kept a second time.
    let mut doubled = jane();
    doubled.aliases.insert(0, "JANE@acme.example".to_owned());
    let mut people = People::default();
    people.add(&doubled, &texts(&["other@acme.example"]));
    people.seal();
    assert_eq!(people.by_id(JANE), Some(jane()));
}

#[test]
fn an_attribute_that_is_not_kept_takes_none_from_the_next_user() {
    let mut unusual = jane();
    unusual.attributes.insert("employeeHireDate".to_owned(), "2020-01-01".to_owned());
    let mut people = People::default();
    people.add(&unusual, &[]);
    people.add(&IdpUser { attributes: [("employeeId".to_owned(), "2".to_owned())].into(), ..joan() }, &[]);
    people.seal();
    assert_eq!(people.by_id(JANE).unwrap().attributes, jane().attributes);
}

#[test]
fn an_address_finds_its_users_in_the_order_of_their_ids() {
    let people = people();
    for address in ["jane@ACME.example", "jane.mail@acme.example", "proxy@acme.example"] {
        assert_eq!(ids(&people.by_address(address)), [JANE], "{address}");
        assert_eq!(ids(&people.by_other(address)), [""; 0], "{address}");
    }
    assert_eq!(ids(&people.by_address("shared@acme.example")), [JANE, JOAN]);
    assert_eq!(people.rows_by_address("shared@acme.example"), [1, 0]);
    assert_eq!(ids(&people.by_address("joan@acme.example")), [JOAN]);
    assert_eq!(ids(&people.by_other("other@acme.example")), [JANE]);
    assert_eq!(ids(&people.by_address("other@acme.example")), [""; 0]);
    assert_eq!(ids(&people.by_address("nobody@acme.example")), [""; 0]);
    // A deleted user is found by their mail.
    assert_eq!(ids(&people.deleted_with("jane.mail@acme.example")), [JANE]);
    assert_eq!(ids(&people.deleted_with("proxy@acme.example")), [""; 0]);
}

#[test]
fn a_user_on_two_pages_counts_once() {
    let mut people = People::default();
    for user in [jane(), joan(), jane()] {
        people.add(&user, &[]);
    }
    people.seal();
    assert_eq!(ids(&people.by_address("jane@acme.example")), [JANE]);
    assert_eq!((people.row_of(JANE), people.row_of(JOAN)), (Some(0), Some(1)));
}

#[test]
fn an_external_id_finds_everybody_for_whom_the_job_writes_it() {
    let by =
        |expression: &str| Mapping { external_id_from: Some(expression.to_owned()), ..Mapping::default() };
    let found = |expression: &str, id: &str| {
        let mut people = people();
        people.index_external_ids(&by(expression));
        let found = people.by_external(&by(expression), id);
        ids(&found).join(" ")
    };
    assert_eq!(found("[mailNickname]", "JANE"), format!("{JOAN} {JANE}"), "in the order of the rows");
    assert_eq!(found("[employeeId]", "1"), JANE);
    assert_eq!(found("[employeeId]", "jane"), "");
    assert_eq!(found("[employeeId]", JANE), JANE, "a record from before the mapping");
    assert_eq!(found("[objectId]", JANE), JANE);
    assert_eq!(found("[objectId]", "jane"), "");
    // A user on two pages is one user.
    let mut people = People::default();
    for user in [jane(), jane()] {
        people.add(&user, &[]);
    }
    people.seal();
    people.index_external_ids(&by("[mailNickname]"));
    assert_eq!(people.rows_by_external(&by("[mailNickname]"), "jane"), [0]);
}

fn group(name: &str) -> IdpGroup {
    IdpGroup { id: format!("g-{name}"), name: name.to_owned(), security: None }
}

fn record(id: &str, name: &str, external: &str, account: &str) -> ScimRecord {
    ScimRecord {
        id: RecordId { directory: "d1".to_owned(), record: id.to_owned() },
        external_id: Some(external.to_owned()),
        user_name: Some(name.to_owned()),
        email: Some(format!("mail.{name}")),
        active: Some(true),
        account: Some(account.to_owned()),
        groups: vec![group("a"), group("b")],
        created: Some(at(1)),
        modified: Some(at(2)),
    }
}

#[test]
fn a_record_comes_back_and_is_found_by_each_of_its_values() {
    let one = record("r1", "Jane@acme.example", JANE, "712020:a1");
    let mut two = record("r2", "joan@acme.example", "import-1042", "712020:a2");
    (two.groups, two.email) = (vec![group("b"), group("c")], two.user_name.clone());
    let bare = ScimRecord {
        id: RecordId { directory: "d1".to_owned(), record: "r3".to_owned() },
        external_id: None,
        user_name: None,
        email: None,
        active: None,
        account: None,
        groups: Vec::new(),
        created: None,
        modified: None,
    };
    let mut records = Records::new("d1");
    // The third one comes twice, on two pages.
    for record in [&two, &one, &bare, &one] {
        records.add(record);
    }
    records.seal();
    assert_eq!((records.len(), records.is_empty(), Records::new("d1").is_empty()), (4, false, true));
    for known in [&one, &two, &bare] {
        assert_eq!(records.by_id(&known.id.record).as_ref(), Some(known));
    }
    assert_eq!(records.by_id("r9"), None);
    assert_eq!(records.by_name("JANE@acme.example"), std::slice::from_ref(&one));
    assert_eq!(records.by_external(JANE), std::slice::from_ref(&one));
    assert_eq!(records.by_account("712020:a1"), [one]);
    assert_eq!(records.by_external("import-1042"), std::slice::from_ref(&two));
    assert_eq!(records.by_account("712020:a2"), [two]);
    assert!(records.by_name("nobody").is_empty() && records.by_external("712020:a1").is_empty());
}

#[test]
fn a_text_comes_back_whole_whichever_piece_it_is_in() {
    let mut store = Texts::default();
    let big = "x".repeat(1 << 20);
    let small = store.put("small");
    let large = store.put(&big);
    let after = store.put("after");
    assert_eq!(store.get(small), Some("small"));
    assert_eq!(store.get(large).map(str::len), Some(big.len()));
    assert_eq!(store.get(after), Some("after"));
    assert_eq!((store.put(""), store.maybe(None)), (Text::default(), Text::default()));
    assert_eq!(store.get(Text::default()), None);
    let shared = store.shared(Some("Guest"));
    assert_eq!(store.shared(Some("Guest")), shared);
    assert_ne!(store.shared(Some("Member")), shared);
    assert_eq!(store.get(shared), Some("Guest"));
}

#[test]
fn an_account_in_two_lists_is_in_several() {
    let keys = |names: &[&str]| {
        let mut keys = Keys::default();
        names.iter().for_each(|name| keys.add(name));
        keys
    };
    let several = Keys::in_several(vec![keys(&["a", "b"]), keys(&["b", "c"]), keys(&["c", "d"])]);
    assert_eq!(several, keys(&["b", "c"]));
    assert!(several.has("b") && !several.has("a"));
    // 32 hexadecimal digits are their own key. One more makes another id.
    let guid = JANE.replace('-', "");
    assert_ne!(super::key(&guid), super::key(&format!("{guid}0")));
    assert_ne!(super::key(&guid), super::key(&format!("0{guid}")));
}

#[test]
fn every_bulk_source_that_could_not_be_read_is_named_once() {
    type Place = (Source, fn(&mut Census));
    let places: [Place; 17] = [
        (Source::Users, |census| census.users = Read::Gap("503".into())),
        (Source::DeletedUsers, |census| census.deleted = Read::Gap("503".into())),
        (Source::Assignments, |census| census.grants.assignments = Read::Gap("503".into())),
        (Source::DynamicGroups, |census| census.dynamic_groups = Read::Gap("503".into())),
        (Source::Memberships, |census| census.members = Read::Gap("503".into())),
        (Source::Groups, |census| census.grants.groups = Read::Gap("503".into())),
        (Source::GroupRoles, |census| {
            for group in ["a", "b"] {
                census.grants.group_roles.insert(group.to_owned(), Read::Gap("503".into()));
            }
        }),
        (Source::Workspaces, |census| census.grants.workspaces = Read::Gap("503".into())),
        (Source::Jobs, |census| census.job = Read::Gap("503".into())),
        (Source::Schema, |census| census.mapping = Read::Gap("503".into())),
        (Source::ProvisioningLog, |census| census.log = Read::Gap("503".into())),
        (Source::AuditLog, |census| census.stopped_by = Read::Gap("503".into())),
        (Source::ScimUsers, |census| drop(census.records.insert("d1".to_owned(), Read::Gap("503".into())))),
        (Source::ScimGroups, |census| {
            drop(census.scim_groups.insert("d1".to_owned(), Read::Gap("503".into())));
        }),
        (Source::Domains, |census| census.domains = Read::Gap("503".into())),
        (Source::Directories, |census| census.several = Read::Gap("503".into())),
        (Source::Accounts, |census| census.accounts_gap = Some("503".to_owned())),
    ];
    for (source, spoil) in places {
        let mut census = Census::default();
        spoil(&mut census);
        assert_eq!(census.gaps(), [(source, "503".to_owned())]);
    }
    let mut census = Census { job: Read::Gap("403".into()), ..Census::default() };
    census.records.insert("d1".to_owned(), Read::Gap("403".into()));
    census.records.insert("d2".to_owned(), Read::Gap("404".into()));
    let reason = |source, reason: &str| (source, reason.to_owned());
    let expected =
        [reason(Source::Jobs, "403"), reason(Source::ScimUsers, "403"), reason(Source::ScimUsers, "404")];
    assert_eq!(census.gaps(), expected);
}

#[test]
fn the_applications_tell_where_the_job_is() {
    let with = |jobs: &[bool]| {
        let all = jobs.iter().map(|has_job| Application { has_job: *has_job, ..Application::default() });
        Census { applications: Read::seen(at(0), all.collect()), ..Census::default() }
    };
    assert!(with(&[false]).has_no_job() && !with(&[false]).is_wrong_application());
    assert!(!with(&[false, true]).has_no_job() && with(&[false, true]).is_wrong_application());
    assert!(!Census::default().has_no_job() && !Census::default().is_wrong_application());
    let mut census = with(&[false]);
    census.job = Read::seen(at(0), crate::evidence::Job::default());
    assert!(!census.has_no_job());
}
