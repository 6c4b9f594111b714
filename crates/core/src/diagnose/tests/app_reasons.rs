//! Why each of several apps is missing, and when a group is known to give none.

use super::apps::{app, missing, with_wiki};
use super::*;

/// Jane is in both groups and has no role in either app. So many seats of ten are taken in each.
fn without_roles(granted: &[&str], jira: i64, wiki: i64) -> Evidence {
    let mut e = with_wiki(granted);
    e.roles.insert("a1".into(), seen(Vec::new()));
    e.workspaces = seen(vec![space("jira", jira), space("wiki", wiki)]);
    e
}

#[test]
fn each_missing_app_has_the_reason_that_concerns_it() {
    let why = |e: &Evidence| {
        let found = missing(e).unwrap();
        found.into_iter().map(|(app, why)| format!("{app} {why}")).collect::<Vec<_>>()
    };
    assert_eq!(why(&without_roles(&["user"], 10, 5)), ["jira seats-full", "wiki unknown"]);
    assert_eq!(why(&without_roles(&["user"], 5, 10)), ["jira unknown", "wiki seats-full"]);
    assert_eq!(
        why(&without_roles(&["guest"], 10, 10)),
        ["jira seats-full", "wiki unknown"],
        "a guest needs none"
    );
    let mut weak = without_roles(&["user"], 10, 5);
    app(&mut weak, "wiki", "guest");
    assert_eq!(why(&weak), ["jira seats-full", "wiki role-too-weak"]);
    put(&mut weak.workspaces, |all| all[1].usage = Some(10));
    assert_eq!(
        why(&weak),
        ["jira seats-full", "wiki seats-full"],
        "without a seat, no stronger role arrives"
    );
    // She is not in the group, so the seats do not matter to her.
    let mut outside = without_roles(&["user"], 5, 10);
    outside.groups = seen(vec![org_group("wiki")]);
    put(&mut outside.accounts, |all| all[0].groups.as_mut().unwrap().retain(|group| group.name == "jira"));
    assert!(!why(&outside).contains(&"wiki seats-full".to_owned()), "{:?}", why(&outside));
}

#[test]
fn groups_give_no_app_only_if_all_of_them_are_known_to_give_none() {
    let found = |change: fn(&mut Evidence)| {
        let mut e = without_roles(&["customer"], 5, 5);
        e.group_roles.insert("g-jira".into(), seen(Vec::new()));
        change(&mut e);
        let diagnosis = diagnose(&e);
        let finding = diagnosis.findings.iter().find(|finding| finding.code == Cause::GroupWithoutRole);
        let says = finding.map(|finding| finding.because[0].message.clone());
        (says, undecided(&diagnosis, Cause::GroupWithoutRole))
    };
    assert_eq!(found(|_| {}), (Some("jira, wiki give no app role".to_owned()), false));
    let another_grants = |e: &mut Evidence| {
        e.group_roles.insert("g-wiki".into(), seen(vec![grant("wiki", &["user"])]));
    };
    assert_eq!(found(another_grants), (None, false));
    let another_is_absent = |e: &mut Evidence| {
        e.groups = seen(Vec::new());
        put(&mut e.shown_groups, |all| all.retain(|group| group.name != "wiki"));
        put(&mut e.accounts, |all| all[0].groups.as_mut().unwrap().retain(|group| group.name != "wiki"));
    };
    assert_eq!(found(another_is_absent), (None, false), "it may get its roles later");
    assert_eq!(found(|e| drop(e.roles.insert("a1".into(), Read::Gap("503".into())))), (None, true));
    assert_eq!(found(|e| drop(e.group_roles.insert("g-wiki".into(), Read::Gap("503".into())))), (None, true));
}
