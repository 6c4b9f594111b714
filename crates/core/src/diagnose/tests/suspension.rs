//! Suspension in one of several directories, and the result if a status is not shown.

use super::*;

fn suspended_in_the_second() -> Evidence {
    let mut e = healthy();
    e.roles.insert("a1".into(), seen(vec![role("u1", "active"), role("u2", "suspended")]));
    e
}

#[test]
fn a_suspension_in_one_of_two_directories_counts_unless_the_groups_are_known_to_be_elsewhere() {
    let mut e = suspended_in_the_second();
    let diagnosis = diagnose(&e);
    assert_eq!((diagnosis.verdict, codes(&e)), (Verdict::Broken, vec!["suspended"]));
    let says = &diagnosis.findings[0].because[0].message;
    assert!(says.contains("directory u2"), "{says}");
    assert!(diagnosis.findings[0].blocking);
    // The expected group is known to belong to the other directory.
    e.shown_groups = Read::NotAsked;
    let group = |directory: Option<&str>| OrgGroup {
        id: "o".into(),
        name: "JIRA".into(),
        synced: Some(true),
        directory: directory.map(str::to_owned),
        ..OrgGroup::default()
    };
    e.groups = seen(vec![group(Some("u1"))]);
    assert_eq!(diagnose(&e).verdict, Verdict::Healthy);
    for groups in [seen(vec![group(Some("u2"))]), seen(vec![group(None)]), seen(Vec::new())] {
        e.groups = groups;
        assert_eq!(codes(&e), ["suspended"]);
    }
    // A source that failed proves neither a suspension nor health.
    e.groups = Read::Gap("503".into());
    let diagnosis = diagnose(&e);
    assert_eq!(diagnosis.verdict, Verdict::CannotTell);
    assert!(undecided(&diagnosis, Cause::Suspended) && diagnosis.findings.is_empty());
}

#[test]
fn a_role_is_access_only_where_the_account_is_known_to_be_active() {
    let with = |rows: Vec<AppRole>| {
        let mut e = healthy();
        e.roles.insert("a1".into(), seen(rows));
        e
    };
    let unknown = || AppRole { status: None, ..role("u1", "") };
    for rows in [vec![role("u1", "limbo")], vec![unknown()]] {
        let e = with(rows.clone());
        let diagnosis = diagnose(&e);
        assert_eq!(diagnosis.verdict, Verdict::CannotTell, "{rows:?}");
        assert!(undecided(&diagnosis, Cause::Suspended), "{rows:?}");
    }
    // With one directory, the membership shows the status.
    let mut e = with(vec![unknown()]);
    let only = UserDirectory { id: "u1".into(), name: None };
    e.user_directories.insert("a1".into(), seen(vec![only.clone()]));
    assert_eq!(diagnose(&e).verdict, Verdict::Healthy);
    e.user_directories.insert("a1".into(), seen(vec![only, UserDirectory { id: "u2".into(), name: None }]));
    assert_eq!(diagnose(&e).verdict, Verdict::CannotTell);
}

#[test]
fn a_suspension_in_words_that_nobody_knows_is_undecided() {
    let mut e = healthy();
    put(&mut e.accounts, |all| all[0].membership = Some("limbo".into()));
    e.roles.insert("a1".into(), seen(Vec::new()));
    assert!(undecided(&diagnose(&e), Cause::Suspended));
    e.roles.insert("a1".into(), Read::Gap("503".into()));
    assert!(undecided(&diagnose(&e), Cause::Suspended));
}

#[test]
fn groups_that_were_not_shown_are_named_as_unread() {
    let mut e = healthy();
    put(&mut e.accounts, |all| all[0].groups = None);
    let diagnosis = diagnose(&e);
    assert_eq!(diagnosis.verdict, Verdict::CannotTell);
    assert!(diagnosis.unread.iter().any(|(source, _)| *source == Source::Groups), "{:?}", diagnosis.unread);
}
