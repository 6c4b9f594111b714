//! Apps: what the groups grant, what the account can open, and why an app is missing.

use super::*;
use crate::diagnose::{NOT_EXAMINED, Why};

pub(super) fn app(e: &mut Evidence, resource: &str, role: &str) {
    put(e.roles.get_mut("a1").unwrap(), |rows| {
        rows.push(AppRole {
            resource: resource.into(),
            role: role.into(),
            app: crate::evidence::opens_app(role),
            ..super::role("u1", "active")
        });
    });
}

/// A second expected group, which the account is in and which grants these roles in the wiki.
pub(super) fn with_wiki(roles: &[&str]) -> Evidence {
    let mut e = healthy();
    put(&mut e.memberships, |all| all.push(group("wiki")));
    put(&mut e.assignments, |all| {
        let second = Assignment { principal: "g-wiki".into(), name: "wiki".into(), ..all[0].clone() };
        all.push(second);
    });
    put(&mut e.accounts, |all| all[0].groups.as_mut().unwrap().push(group("wiki")));
    put(&mut e.shown_groups, |all| all.push(org_group("wiki")));
    e.group_roles.insert("g-wiki".into(), seen(vec![grant("wiki", roles)]));
    e
}

pub(super) fn missing(e: &Evidence) -> Option<Vec<(String, &'static str)>> {
    let missing = diagnose(e).apps.missing?;
    Some(missing.into_iter().map(|app| (app.name.app, app.why.word())).collect())
}

#[test]
fn an_app_is_there_if_the_role_is_as_strong_as_the_weakest_grant() {
    // Columns: what the group grants, what the account holds, whether that is enough.
    for (granted, held, enough) in [
        (&["atlassian/user"][..], Some("atlassian/user"), true),
        (&["atlassian/user"], Some("jira/admin"), true),
        (&["atlassian/user"], Some("atlassian/guest"), false),
        (&["atlassian/user"], Some("atlassian/customer"), false),
        (&["atlassian/user"], Some("atlassian/power-user"), false),
        (&["atlassian/user"], None, false),
        (&["atlassian/admin"], Some("atlassian/user"), false),
        (&["atlassian/admin", "atlassian/user"], Some("atlassian/user"), true),
        (&["atlassian/guest"], Some("atlassian/contributor"), true),
    ] {
        let mut e = with_wiki(granted);
        held.into_iter().for_each(|role| app(&mut e, "wiki", role));
        let diagnosis = diagnose(&e);
        let wanted = if enough { Verdict::Healthy } else { Verdict::Broken };
        assert_eq!(diagnosis.verdict, wanted, "{granted:?} {held:?}: {:?}", diagnosis.findings);
        assert_eq!(diagnosis.apps.expected.as_ref().map(Vec::len), Some(2));
        let too_weak = held.is_some() && !enough;
        assert_eq!(diagnosis.found(Cause::RoleTooWeak), too_weak, "{granted:?} {held:?}");
        if too_weak {
            assert_eq!(missing(&e), Some(vec![("wiki".into(), "role-too-weak")]));
        }
    }
}

#[test]
fn a_role_in_another_app_or_a_suspended_directory_is_not_this_app() {
    let mut e = with_wiki(&["user"]);
    app(&mut e, "other", "user");
    assert_eq!(missing(&e), Some(vec![("wiki".into(), "unknown")]));
    let mut e = with_wiki(&["user"]);
    app(&mut e, "wiki", "user");
    put(e.roles.get_mut("a1").unwrap(), |rows| {
        rows[1].directory = Some("u2".into());
        rows[1].status = Some("suspended".into());
    });
    assert_eq!(missing(&e), Some(vec![("wiki".into(), "suspended")]));
}

#[test]
fn a_full_app_is_the_cause_only_where_the_person_lacks_it() {
    let full = |e: &mut Evidence| e.workspaces = seen(vec![space("jira", 10), space("wiki", 10)]);
    let mut e = with_wiki(&["user"]);
    full(&mut e);
    assert_eq!((codes(&e), missing(&e)), (vec!["seats-full"], Some(vec![("wiki".into(), "seats-full")])));
    // A guest role by hand does not change that: without a seat, no stronger role can arrive.
    app(&mut e, "wiki", "guest");
    assert_eq!(codes(&e), ["seats-full"]);
    // A role that takes no seat does not wait for one.
    let mut e = with_wiki(&["guest"]);
    full(&mut e);
    assert_eq!((codes(&e), missing(&e)), (vec![], Some(vec![("wiki".into(), "unknown")])));
    let mut e = with_wiki(&["user"]);
    app(&mut e, "wiki", "user");
    full(&mut e);
    assert_eq!(codes(&e), Vec::<&str>::new());
    e = with_wiki(&["user"]);
    e.workspaces = Read::Gap("403".into());
    assert!(undecided(&diagnose(&e), Cause::SeatsFull));
}

#[test]
fn seats_that_are_not_shown_are_not_free_seats() {
    let hidden = |key: &str| Workspace { usage: None, ..space(key, 0) };
    let mut e = with_wiki(&["user"]);
    e.workspaces = seen(vec![space("jira", 1), hidden("wiki")]);
    let diagnosis = diagnose(&e);
    assert!(undecided(&diagnosis, Cause::SeatsFull) && !diagnosis.found(Cause::SeatsFull));
    let says = "the seats of wiki (acme) are not shown".to_owned();
    assert!(diagnosis.unread.contains(&(Source::Workspaces, says)), "{:?}", diagnosis.unread);
    // An app that the person can open needs no seat.
    e.workspaces = seen(vec![hidden("jira"), space("wiki", 1)]);
    assert!(!undecided(&diagnose(&e), Cause::SeatsFull));
}

#[test]
fn beside_a_suspension_every_full_app_that_returns_is_named() {
    let mut e = with_wiki(&["user"]);
    app(&mut e, "wiki", "user");
    put(&mut e.accounts, |all| all[0].membership = Some("suspended".into()));
    put(e.roles.get_mut("a1").unwrap(), |rows| {
        rows.iter_mut().for_each(|row| row.status = Some("suspended".into()))
    });
    assert_eq!(codes(&e), ["suspended"]);
    e.workspaces = seen(vec![space("jira", 5), space("wiki", 10)]);
    let diagnosis = diagnose(&e);
    assert_eq!(codes(&e), ["suspended", "seats-full"]);
    let says = &diagnosis.findings[1].because[0].message;
    assert!(says.contains("wiki has 10 of 10") && !says.contains("jira"), "{says}");
    // A person who is not suspended has those seats.
    put(&mut e.accounts, |all| all[0].membership = Some("active".into()));
    put(e.roles.get_mut("a1").unwrap(), |rows| {
        rows.iter_mut().for_each(|row| row.status = Some("active".into()))
    });
    assert_eq!(codes(&e), Vec::<&str>::new());
}

#[test]
fn a_group_that_grants_nothing_blocks_only_where_nothing_can_be_opened() {
    // One of two groups grants nothing.
    let e = with_wiki(&["customer"]);
    let diagnosis = diagnose(&e);
    assert_eq!((diagnosis.verdict, codes(&e)), (Verdict::Healthy, vec!["group-without-role"]));
    assert!(!diagnosis.findings[0].blocking);
    // Atlassian's count of zero resources is enough.
    let mut e = healthy();
    e.group_roles.clear();
    put(&mut e.shown_groups, |all| all[0].resources = Some(0));
    assert_eq!((diagnose(&e).verdict, codes(&e)), (Verdict::Healthy, vec!["group-without-role"]));
    put(e.roles.get_mut("a1").unwrap(), Vec::clear);
    let diagnosis = diagnose(&e);
    assert_eq!((diagnosis.verdict, diagnosis.findings[0].blocking), (Verdict::Broken, true));
    // The roles of one group are unread, so it may grant an app.
    put(&mut e.shown_groups, |all| all[0].resources = None);
    assert!(undecided(&diagnose(&e), Cause::GroupWithoutRole));
    assert_eq!(diagnose(&e).verdict, Verdict::Broken, "without any role, no app can be opened");
}

#[test]
fn unread_roles_leave_apps_unknown_unless_something_is_certain() {
    let mut e = with_wiki(&["user"]);
    app(&mut e, "wiki", "user");
    e.group_roles.insert("g-wiki".into(), Read::Gap("503".into()));
    let diagnosis = diagnose(&e);
    assert_eq!(diagnosis.verdict, Verdict::CannotTell);
    assert_eq!((diagnosis.apps.expected, diagnosis.apps.present, diagnosis.apps.missing), (None, None, None));
    // The unread group may grant a weaker role, so a weaker role proves nothing. No role at all does.
    put(e.roles.get_mut("a1").unwrap(), |rows| rows[0].role = "guest".into());
    assert_eq!(diagnose(&e).verdict, Verdict::CannotTell);
    put(e.roles.get_mut("a1").unwrap(), |rows| drop(rows.remove(0)));
    assert_eq!(diagnose(&e).verdict, Verdict::Broken);
    // The account's own roles are unread.
    let mut e = healthy();
    e.roles.insert("a1".into(), Read::Gap("503".into()));
    let diagnosis = diagnose(&e);
    assert_eq!(
        (diagnosis.verdict, diagnosis.apps.expected.map(|all| all.len())),
        (Verdict::CannotTell, Some(1))
    );
}

#[test]
fn a_person_without_groups_needs_any_app() {
    let mut e = healthy();
    put(&mut e.assignments, |all| {
        all[0] = Assignment { principal: ID.into(), is_group: false, ..all[0].clone() };
    });
    put(&mut e.accounts, |all| all[0].groups = Some(Vec::new()));
    assert_eq!(diagnose(&e).verdict, Verdict::Healthy);
    put(e.roles.get_mut("a1").unwrap(), |rows| rows[0].role = "customer".into());
    put(e.roles.get_mut("a1").unwrap(), |rows| rows[0].app = false);
    assert_eq!(diagnose(&e).verdict, Verdict::Broken);
}

#[test]
fn a_question_about_one_app_is_answered_for_that_app() {
    let mut e = with_wiki(&["user"]);
    let ask = |e: &Evidence, app: &str| {
        let mut e = e.clone();
        e.subject.app = Some(app.into());
        diagnose(&e)
    };
    assert_eq!(ask(&e, "jira").verdict, Verdict::Healthy);
    assert_eq!(ask(&e, "wiki").verdict, Verdict::Broken);
    assert_eq!(ask(&e, "jira").apps.others_missing.len(), 1);
    assert_eq!(ask(&e, "wiki").apps.others_missing.len(), 0);
    // A missing group that does not grant the app is reported and does not block.
    put(&mut e.accounts, |all| all[0].groups.as_mut().unwrap().retain(|group| group.name != "wiki"));
    e.groups = seen(vec![org_group("wiki")]);
    e.scim_groups = seen(std::collections::BTreeMap::new());
    let jira = ask(&e, "jira");
    assert!(jira.found(Cause::MembershipDrift) && jira.verdict == Verdict::Healthy, "{:?}", jira.findings);
    assert_eq!(ask(&e, "wiki").verdict, Verdict::Broken);
    // Several apps, none, and unread apps.
    let both = ask(&e, "i");
    assert_eq!(
        (both.verdict, both.app_choice.map(|choice| (choice.several, choice.apps.len()))),
        (Verdict::CannotTell, Some((true, 2)))
    );
    let none = ask(&e, "trello").app_choice.unwrap();
    assert_eq!((none.several, none.apps.len()), (false, 2));
    e.workspaces = Read::Gap("403".into());
    assert_eq!(ask(&e, "jira").verdict, Verdict::CannotTell);
}

#[test]
fn an_app_that_no_group_grants_blocks_only_where_it_cannot_be_opened() {
    let mut e = healthy();
    e.subject.app = Some("wiki".into());
    let diagnosis = diagnose(&e);
    assert_eq!((diagnosis.verdict, codes(&e)), (Verdict::Broken, vec!["app-not-granted"]));
    app(&mut e, "wiki", "user");
    let diagnosis = diagnose(&e);
    assert_eq!((diagnosis.verdict, diagnosis.findings[0].blocking), (Verdict::Healthy, false));
    e.group_roles.insert("g-jira".into(), Read::Gap("503".into()));
    assert!(undecided(&diagnose(&e), Cause::AppNotGranted));
    e.memberships = Read::Gap("503".into());
    assert!(undecided(&diagnose(&e), Cause::AppNotGranted));
}

#[test]
fn extra_groups_are_synced_groups_that_nobody_gives() {
    let mut e = healthy();
    put(&mut e.accounts, |all| all[0].groups.as_mut().unwrap().push(group("old-team")));
    assert_eq!(diagnose(&e).groups.extra, None, "whether it is synced was not read");
    put(&mut e.shown_groups, |all| all.push(org_group("old-team")));
    assert_eq!(diagnose(&e).groups.extra, Some(vec!["old-team".to_owned()]));
    assert_eq!(diagnose(&e).verdict, Verdict::Healthy);
    put(&mut e.shown_groups, |all| all[1].synced = Some(false));
    assert_eq!(diagnose(&e).groups.extra, Some(Vec::new()));
    // The person is in it at the identity provider, and a job that provisions everybody may give it.
    put(&mut e.shown_groups, |all| all[1].synced = Some(true));
    put(&mut e.memberships, |all| all.push(group("Old-Team")));
    assert_eq!(diagnose(&e).groups.extra, Some(Vec::new()));
    put(&mut e.mapping, |mapping| mapping.sync_all = Some(false));
    assert_eq!(diagnose(&e).groups.extra, Some(vec!["old-team".to_owned()]));
}

#[test]
fn the_external_id_of_a_group_decides_before_its_name() {
    let mut e = healthy();
    let own = IdpGroup { id: "scim-1".into(), name: "jira".into(), security: None };
    put(e.records.get_mut("d1").unwrap(), |all| all[0].groups = vec![own]);
    let known = |id: &str| seen(std::collections::BTreeMap::from([("scim-1".to_owned(), id.to_owned())]));
    e.scim_groups = known("g-jira");
    assert_eq!(diagnose(&e).groups.missing, Some(Vec::new()));
    // Another group of the identity provider had this name first.
    e.scim_groups = known("g-other");
    assert_eq!(diagnose(&e).groups.missing, Some(vec!["jira".to_owned()]));
    // The group is known under an older name.
    put(&mut e.memberships, |all| all[0].name = "jira-people".into());
    e.scim_groups = known("g-jira");
    let diagnosis = diagnose(&e);
    assert_eq!(diagnosis.groups.missing, Some(Vec::new()));
    assert!(diagnosis.found(Cause::GroupRenamed));
    assert_eq!(diagnosis.apps.present.unwrap()[0].through, ["jira-people"]);
}

#[test]
fn names_of_groups_are_compared_without_case_white_space_and_unicode_form() {
    let mut e = healthy();
    put(&mut e.memberships, |all| all[0].name = "B\u{fc}ro  Jira".into());
    put(&mut e.accounts, |all| all[0].groups.as_mut().unwrap()[0].name = "BU\u{308}RO Jira".into());
    assert_eq!((diagnose(&e).verdict, diagnose(&e).groups.missing), (Verdict::Healthy, Some(Vec::new())));
    put(&mut e.memberships, |all| all[0].name = " ".into());
    assert_eq!(diagnose(&e).verdict, Verdict::CannotTell, "a group without a name is a gap");
}

#[test]
fn a_built_in_group_is_never_taken_over() {
    for (name, roles) in [("site-admins", vec![]), ("crew", vec!["atlassian/org-admin"])] {
        let mut e = healthy();
        put(&mut e.memberships, |all| all[0].name = name.into());
        put(&mut e.accounts, |all| all[0].groups = Some(Vec::new()));
        e.records.insert("d1".into(), seen(vec![ScimRecord { groups: Vec::new(), ..record() }]));
        e.groups = seen(vec![OrgGroup { synced: Some(false), ..org_group(name) }]);
        let held = GroupRole { app: false, ..grant("org", &roles) };
        e.group_roles.insert(format!("g-{name}"), seen(vec![held]));
        assert_eq!(codes(&e), ["default-group-clash"], "{name}");
    }
}

#[test]
fn a_reason_that_nobody_knows_is_unknown() {
    let why: Why = serde_json::from_str("\"something-new\"").unwrap();
    assert_eq!((why.word(), serde_json::to_string(&why).unwrap()), ("unknown", "\"unknown\"".to_owned()));
    let why: Why = serde_json::from_str("\"seats-full\"").unwrap();
    assert_eq!(why, Why(Some(Cause::SeatsFull)));
    assert_eq!(NOT_EXAMINED, ["sign-in", "permissions-inside-apps", "portal-accounts"]);
}

#[test]
fn a_full_group_is_the_cause_only_after_the_membership_was_sent() {
    let lost = |members: Option<i64>| {
        let mut e = healthy();
        put(&mut e.accounts, |all| all[0].groups = Some(Vec::new()));
        e.records.insert("d1".into(), seen(vec![ScimRecord { groups: Vec::new(), ..record() }]));
        e.groups = seen(vec![OrgGroup { members, ..org_group("jira") }]);
        e
    };
    let mut e = lost(Some(35_000));
    put(e.roles.get_mut("a1").unwrap(), Vec::clear);
    assert_eq!(codes(&e), ["membership-drift"]);
    e.sent_memberships.insert("g-jira".into());
    assert_eq!(
        (codes(&e), missing(&e)),
        (vec!["group-too-large"], Some(vec![("jira".into(), "group-too-large")]))
    );
    let mut small = lost(Some(34_999));
    small.sent_memberships.insert("g-jira".into());
    assert_eq!(codes(&small), ["membership-drift"]);
    small.places.group_members = Some(5_000);
    assert_eq!(codes(&small), ["group-too-large"]);
    // The number of members was not shown.
    let mut unknown = lost(None);
    unknown.sent_memberships.insert("g-jira".into());
    assert!(undecided(&diagnose(&unknown), Cause::GroupTooLarge));
}

#[test]
fn groups_that_grant_no_app_are_looked_up_only_where_nothing_can_be_opened() {
    let names = |e: &Evidence| {
        let case = super::super::Case::new(e);
        case.groups_without_app().iter().map(|group| group.name.clone()).collect::<Vec<_>>()
    };
    let without = || {
        let mut e = healthy();
        e.group_roles.values_mut().for_each(|roles| *roles = seen(Vec::new()));
        e.roles.values_mut().for_each(|roles| put(roles, Vec::clear));
        e
    };
    assert!(!names(&without()).is_empty());
    assert_eq!(names(&healthy()), [""; 0], "a group grants an app");
    let mut e = without();
    e.roles = healthy().roles;
    assert_eq!(names(&e), [""; 0], "the account can open something");
    let mut e = without();
    e.roles.values_mut().for_each(|roles| *roles = Read::Gap("503".into()));
    assert_eq!(names(&e), [""; 0], "whether it can is unread");
    let mut e = without();
    e.group_roles.values_mut().for_each(|roles| *roles = Read::Gap("503".into()));
    assert_eq!(names(&e), [""; 0], "what the groups grant is unread");
}

#[test]
fn the_asked_app_is_named_if_it_is_known_that_no_group_grants_it() {
    let asked = |app: &str, change: fn(&mut Evidence)| {
        let mut e = with_wiki(&["user"]);
        e.subject.app = Some(app.into());
        change(&mut e);
        super::super::Case::new(&e).app_not_granted().map(str::to_owned)
    };
    assert_eq!(asked("jira", |_| {}), None);
    let nothing = |e: &mut Evidence| e.group_roles.values_mut().for_each(|roles| *roles = seen(Vec::new()));
    assert_eq!(asked("jira", nothing).as_deref(), Some("jira"));
    let unread =
        |e: &mut Evidence| e.group_roles.values_mut().for_each(|roles| *roles = Read::Gap("503".into()));
    assert_eq!(asked("jira", unread), None);
    assert_eq!(asked("weather", nothing), None, "no such app");
}
