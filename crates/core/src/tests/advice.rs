//! What advice depends on: it names the groups, apps and people that the evidence shows, and never one that cannot help.

use super::build::{
    A1, A2, D1, JANE, MAIL, OTHER, account, account_of, drifted, grant, healthy, link, never_provisioned,
    person, record, record_of, seen, surround, value,
};
use super::conditions::{planned, rules};
use crate::diagnose::Case;
use crate::evidence::{AppUse, DynamicGroup, Evidence, GroupRole, OrgGroup, Read};
use crate::{Cause, Verdict, diagnose};

fn advice(e: &Evidence) -> String {
    planned(e, &rules()).advice.join(" | ")
}

fn org_group(name: &str) -> OrgGroup {
    OrgGroup { id: format!("o-{name}"), name: name.to_owned(), resources: Some(1), ..OrgGroup::default() }
}

/// Not a member of an assigned group, and the log shows nothing that contradicts it.
fn outside() -> Evidence {
    let mut e = never_provisioned();
    e.memberships = seen(Vec::new());
    e.nested = seen(Vec::new());
    e.dynamic_groups = seen(Vec::new());
    e
}

#[test]
fn nobody_is_advised_to_add_a_person_to_a_dynamic_group() {
    let dynamic = |name: &str, paused: bool| DynamicGroup {
        id: format!("g-{name}"),
        name: name.to_owned(),
        rule: Some("user.department -eq \"Sales\"".to_owned()),
        paused: Some(paused),
    };
    assert!(
        advice(&outside()).contains("a direct member of a group that is assigned (jira-users, wiki-users)")
    );
    let mut e = outside();
    e.dynamic_groups = seen(vec![dynamic("wiki-users", false)]);
    let text = advice(&e);
    assert!(text.contains("that is assigned (jira-users), change the attribute"), "{text}");
    assert!(text.contains("a dynamic group names (wiki-users)"), "{text}");
    value(&mut e.dynamic_groups).push(dynamic("jira-users", false));
    let text = advice(&e);
    assert!(!text.contains("make them a direct member"), "{text}");
    assert!(text.contains("names (jira-users, wiki-users)"), "{text}");
    // A dynamic group that is not assigned is not named.
    e.dynamic_groups = seen(vec![dynamic("elsewhere", false)]);
    assert!(!advice(&e).contains("dynamic"), "{}", advice(&e));
    value(&mut e.assignments).clear();
    assert!(advice(&e).contains("assign a group first"), "{}", advice(&e));
}

/// Her groups grant nothing, and she can open nothing.
fn without_app() -> Evidence {
    let mut e = healthy();
    e.group_roles.values_mut().for_each(|roles| *roles = seen(Vec::new()));
    e.roles.values_mut().for_each(|roles| value(roles).clear());
    assert!(diagnose(&e).found(Cause::GroupWithoutRole));
    e
}

#[test]
fn a_group_of_a_similar_name_is_named_if_it_has_roles() {
    let similar = |groups: Vec<OrgGroup>| {
        let mut e = without_app();
        e.similar_groups = seen(groups);
        let text = advice(&e);
        let (_, named) = text.split_once("has roles in apps: ").unwrap_or_default();
        named.split_once(". Give").map(|(names, _)| names.to_owned()).unwrap_or_default()
    };
    assert_eq!(similar(vec![org_group("jira-users-acme"), org_group("jira")]), "jira, jira-users-acme");
    assert_eq!(similar(vec![org_group("WIKI-users 2"), org_group("WIKI-users 2")]), "WIKI-users 2");
    assert_eq!(similar(vec![org_group("jira-users")]), "", "the group itself");
    assert_eq!(similar(vec![org_group("confluence-users")]), "", "another name");
    let mut powerless = org_group("jira-users-acme");
    powerless.resources = Some(0);
    assert_eq!(similar(vec![powerless]), "", "it grants nothing either");
    // Where the person can open something, such groups may be right as they are.
    let mut e = without_app();
    e.roles.insert(A1.to_owned(), seen(vec![super::build::role("user")]));
    assert!(advice(&e).contains("right for groups that are used only for permissions"), "{}", advice(&e));
    e.similar_groups = seen(vec![org_group("jira-users-acme")]);
    assert!(advice(&e).contains("Give the same roles"), "{}", advice(&e));
}

#[test]
fn the_groups_that_grant_the_asked_app_are_assigned_ones() {
    let mut e = healthy();
    e.subject.app = Some("confluence".to_owned());
    let mut wiki = super::build::jira(0);
    (wiki.id, wiki.name, wiki.key) =
        ("wiki".to_owned(), "Confluence".to_owned(), Some("confluence".to_owned()));
    value(&mut e.workspaces).push(wiki);
    assert!(advice(&e).contains("Find out which assigned Entra group grants confluence"), "{}", advice(&e));
    e.granting_groups = seen(vec![org_group("elsewhere")]);
    assert!(advice(&e).contains("No group that is assigned"), "{}", advice(&e));
    e.granting_groups = seen(vec![org_group("Wiki-Users"), org_group("jira-users"), org_group("elsewhere")]);
    assert!(advice(&e).contains("assigned and grant it: Wiki-Users, jira-users."), "{}", advice(&e));
}

#[test]
fn an_app_that_is_missing_for_no_known_reason_is_named_and_another_one_beside_the_question_too() {
    let mut e = healthy();
    let wiki =
        GroupRole { resource: "wiki".to_owned(), owner: Some("confluence".to_owned()), ..grant("user") };
    e.group_roles.insert("g-wiki-users".to_owned(), seen(vec![wiki]));
    assert!(advice(&e).contains("The groups grant confluence"), "{}", advice(&e));
    e.subject.app = Some("jira".to_owned());
    let text = advice(&e);
    assert!(text.contains("Also missing, and not asked for: confluence"), "{text}");
    assert!(!text.contains("The groups grant"), "{text}");
    assert!(!advice(&healthy()).contains("missing"));
}

#[test]
fn a_record_without_its_person_is_named_only_where_it_was_theirs() {
    let gone = |change: fn(&mut Evidence)| {
        let mut e = drifted();
        e.users = seen(Vec::new());
        e.deleted_users = seen(Vec::new());
        e.owners.insert(JANE.to_owned(), seen(Vec::new()));
        change(&mut e);
        let diagnosis = diagnose(&e);
        let open = diagnosis.undecided.iter().any(|(cause, _)| *cause == Cause::OrphanedRecord);
        (diagnosis.found(Cause::OrphanedRecord), open)
    };
    let other_names = |e: &mut Evidence| {
        let known = record_of(e, "r1");
        (known.user_name, known.email) =
            (Some("x@acme.example".to_owned()), Some("x@acme.example".to_owned()));
    };
    assert_eq!(gone(|_| {}), (true, false));
    assert_eq!(gone(other_names), (true, false), "by its account");
    assert_eq!(gone(|e| e.accounts = seen(Vec::new())), (true, false), "by its name");
    let by_one_name: [fn(&mut Evidence); 2] = [
        |e| record_of(e, "r1").email = Some("x@acme.example".to_owned()),
        |e| record_of(e, "r1").user_name = Some("x@acme.example".to_owned()),
    ];
    for change in by_one_name {
        let mut e = drifted();
        change(&mut e);
        e.users = seen(Vec::new());
        e.accounts = seen(Vec::new());
        e.links = seen(Vec::new());
        e.owners.insert(JANE.to_owned(), seen(Vec::new()));
        assert!(diagnose(&e).found(Cause::OrphanedRecord), "one name is enough");
    }
    let import = |e: &mut Evidence| {
        record_of(e, "r1").external_id = Some("import-1042".to_owned());
        e.owners.insert("import-1042".to_owned(), seen(Vec::new()));
    };
    assert_eq!(gone(import), (true, false), "an import number with her name");
    let no_id = |e: &mut Evidence| record_of(e, "r1").external_id = None;
    assert_eq!(gone(no_id), (true, false), "no id, with her name");
    assert_eq!(gone(|e| drop(e.owners.remove(JANE))), (false, true), "whose it is is unread");
    assert_eq!(gone(|e| drop(e.records.insert(D1.to_owned(), Read::Gap("503".into())))), (false, true));
    let strange = |e: &mut Evidence| {
        e.records.insert(D1.to_owned(), seen(vec![record("r5", OTHER, "x@acme.example", Some(A2))]));
        e.links = seen(Vec::new());
        e.account_links.insert(A1.to_owned(), seen(Vec::new()));
        e.owners.insert(OTHER.to_owned(), seen(Vec::new()));
    };
    assert_eq!(gone(strange), (false, false), "neither her name nor her account");
    let alive = |e: &mut Evidence| drop(e.owners.insert(JANE.to_owned(), seen(vec![person()])));
    assert_eq!(gone(alive), (false, false), "somebody has the id");
}

#[test]
fn of_two_accounts_without_a_record_the_picked_one_is_kept() {
    let two = |keep: Option<&str>| {
        let mut e = never_provisioned();
        value(&mut e.users)[0].aliases = vec!["jane.old@acme.example".to_owned()];
        value(&mut e.accounts).push(account(A2, "jane.old@acme.example"));
        surround(&mut e, A2, Vec::new(), false);
        e.subject.keep = keep.map(str::to_owned);
        let case = Case::new(&e);
        let ids = (case.account.map(|a| a.id.clone()), case.other.map(|a| a.id.clone()));
        (ids.0.unwrap_or_default(), ids.1.unwrap_or_default(), case.candidates.len())
    };
    let (a1, a2) = (A1.to_owned(), A2.to_owned());
    assert_eq!(two(None), (String::new(), String::new(), 2));
    assert_eq!(two(Some(A1)), (a1.clone(), String::new(), 0));
    assert_eq!(two(Some(A2)), (a2, a1, 0), "the other one has the address");
    assert_eq!(two(Some("712020:nobody")), (String::new(), String::new(), 2));
}

#[test]
fn an_account_that_the_search_does_not_call_managed_is_so_by_its_permissions() {
    let mut e = healthy();
    account_of(&mut e, A1).claim = crate::evidence::Claim::Unknown;
    let managed = |e: &Evidence| Case::new(e).is_managed(e.account(A1).unwrap());
    assert!(managed(&e));
    e.permissions.insert(A1.to_owned(), Read::Gap("404".into()));
    assert!(!managed(&e));
    e.permissions.remove(A1);
    assert!(!managed(&e));
}

#[test]
fn the_days_of_an_earlier_account_are_exact() {
    const DAY: i64 = 86_400;
    let found = |age: i64, gap: i64| {
        let mut e = healthy();
        e.asked_at = super::build::at(0);
        let created = super::build::at(-age * DAY);
        value(&mut e.users)[0].created = Some(created);
        e.last_active.insert(A1.to_owned(), seen(Vec::new()));
        e.namesakes = seen(vec![account(A2, "jane.doe@acme.example")]);
        surround(&mut e, A2, vec![link("r2", Some(A2))], true);
        e.bearers.insert("jane.doe@acme.example".to_owned(), seen(Vec::new()));
        let last = super::build::at((-age - gap) * DAY).strftime("%Y-%m-%d").to_string();
        e.last_active
            .insert(A2.to_owned(), seen(vec![AppUse { app: "jira-software".to_owned(), day: last }]));
        e.account_links.insert(A2.to_owned(), seen(Vec::new()));
        let diagnosis = diagnose(&e);
        assert_eq!(diagnosis.verdict, Verdict::Healthy);
        diagnosis.found(Cause::HistoryElsewhere)
    };
    assert!(found(180, 60) && found(0, 0));
    assert!(!found(181, 60) && !found(180, 61));
}

#[test]
fn a_candidate_is_described_by_what_was_read() {
    let mut e = super::build::linked_elsewhere();
    surround(&mut e, A2, vec![link("r1", Some(A2))], true);
    account_of(&mut e, A2).groups = Some(vec![super::build::group("wiki-users")]);
    let says = |e: &Evidence, id: &str| {
        let diagnosis = diagnose(e);
        let one = diagnosis.candidates.iter().find(|one| one.id == id).unwrap();
        one.remarks.join("; ")
    };
    let used = "last active in jira-software on 2026-10-02";
    assert_eq!(says(&e, A1), format!("{used}; in no group; roles user; 0 SCIM records"));
    assert_eq!(says(&e, A2), format!("{used}; in wiki-users; roles user; 1 SCIM record"));
    e.last_active.insert(A2.to_owned(), Read::Gap("503".into()));
    e.roles.insert(A2.to_owned(), Read::Gap("503".into()));
    account_of(&mut e, A2).groups = None;
    let unread = "last use not read; groups not read; roles not read; 1 SCIM record";
    assert_eq!(says(&e, A2), unread);
    assert_eq!(diagnose(&e).email.as_deref(), Some(MAIL));
}
