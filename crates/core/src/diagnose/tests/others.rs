//! What concerns somebody else, another group or another directory decides nothing about the person.

use super::*;
use crate::diagnose::Case;

fn assignment(principal: &str, is_group: bool, created: i64) -> Assignment {
    Assignment {
        principal: principal.into(),
        is_group,
        name: principal.into(),
        created: Some(at(created)),
        default_access: Some(false),
    }
}

#[test]
fn the_assignment_of_somebody_else_neither_assigns_nor_reaches_a_person() {
    let mut e = healthy();
    let mut judged = |assignments: &[Assignment]| {
        e.assignments = seen(assignments.to_vec());
        let case = Case::new(&e);
        (case.is_assigned(), case.reached_at())
    };
    let joan = || assignment("joan", false, -2000);
    assert_eq!(judged(&[joan()]), (Some(false), None));
    assert_eq!(judged(&[joan(), assignment("g-wiki", true, -2000)]), (Some(false), None));
    assert_eq!(judged(&[joan(), assignment(ID, false, 5)]), (Some(true), Some(at(5))));
    assert_eq!(judged(&[joan(), assignment("g-jira", true, 5)]), (Some(true), Some(at(5))));
}

#[test]
fn a_group_is_young_by_its_own_assignment() {
    let mut e = healthy();
    // The last cycle ended at 10.
    e.assignments = seen(vec![assignment("g-jira", true, 0), assignment("g-wiki", true, 50)]);
    let case = Case::new(&e);
    assert!(!case.is_young(&group("jira")) && case.is_young(&group("wiki")));
    assert!(!case.is_young(&group("desk")), "it is not assigned");
}

/// The account is suspended in both directories. Her group belongs to the first.
fn suspended_in_both() -> Evidence {
    let mut e = healthy();
    put(&mut e.accounts, |all| all[0].membership = Some("suspended".into()));
    e.roles.insert("a1".into(), seen(vec![role("u1", "suspended"), role("u2", "suspended")]));
    let of = |name: &str, directory: &str| OrgGroup { directory: Some(directory.into()), ..org_group(name) };
    e.shown_groups = seen(vec![of("wiki", "u2"), of("jira", "u1")]);
    e
}

#[test]
fn a_suspension_is_lifted_only_in_the_directories_of_the_persons_groups() {
    let lifted = |e: &Evidence| {
        let case = Case::new(e);
        let account = case.account.unwrap();
        case.suspended_in(account).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let mut e = suspended_in_both();
    assert_eq!(lifted(&e), ["u1"]);
    // No directory of her groups is among them, so she may need any.
    put(&mut e.shown_groups, |all| all[1].directory = Some("u9".into()));
    assert_eq!(lifted(&e), ["u1", "u2"]);
}

#[test]
fn a_restored_account_needs_seats_for_its_roles_there_or_for_those_of_its_groups() {
    let seats = |directory: &str| {
        let mut e = healthy();
        let on = |resource: &str, app, directory: &str| AppRole {
            resource: resource.into(),
            app,
            ..role(directory, "suspended")
        };
        let rows = vec![on("jira", true, "u1"), on("site", false, "u1"), on("wiki", true, "u2")];
        e.roles.insert("a1".into(), seen(rows));
        let grants = vec![
            grant("desk", &["atlassian/user"]),
            grant("chat", &["atlassian/admin"]),
            grant("board", &["atlassian/guest"]),
        ];
        e.group_roles.insert("g-jira".into(), seen(grants));
        let case = Case::new(&e);
        let needed = case.seats_needed(case.account.unwrap(), Some(directory)).unwrap();
        needed.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(seats("u1"), ["jira"]);
    assert_eq!(seats("u2"), ["wiki"]);
    assert_eq!(seats("u3"), ["chat", "desk"], "a guest takes no seat");
}
