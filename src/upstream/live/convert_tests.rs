//! Tests of what the services return about roles and about the job, and what they leave out.

use super::*;

fn held(row: serde_json::Value) -> Result<Vec<core::AppRole>, String> {
    roles(vec![serde_json::from_value(row).unwrap()])
}

fn granted(row: serde_json::Value) -> Result<core::GroupRole, String> {
    group_role(serde_json::from_value(row).unwrap())
}

fn row(resource: &str, owner: &str, role: &str) -> serde_json::Value {
    serde_json::json!({"resourceId": resource, "resourceOwner": owner, "roles": [role]})
}

#[test]
fn six_roles_open_an_app_whatever_their_prefix_and_no_others_do() {
    let jira = |role: &str| row("ari:cloud:jira-software::site/1", "jira-software", role);
    for role in ["user", "admin", "guest", "basic", "contributor", "stakeholder"] {
        for name in
            [role.to_owned(), format!("atlassian/{role}"), format!("Atlassian/{}", role.to_uppercase())]
        {
            assert!(held(jira(&name)).unwrap()[0].app, "{name}");
            assert!(granted(jira(&name)).unwrap().grants(), "{name}");
        }
    }
    for role in ["user-access-admin", "customer", "ai-access", "org-admin", "site-admin", "brand-new", ""] {
        let name = format!("atlassian/{role}");
        assert!(!held(jira(&name)).unwrap()[0].app, "{name}");
        assert!(!granted(jira(&name)).unwrap().grants(), "{name}");
    }
    assert!(granted(jira("atlassian/user")).unwrap().takes_seat());
    assert!(!granted(jira("atlassian/guest")).unwrap().takes_seat());
}

#[test]
fn a_role_is_one_in_an_app_only_where_it_is_said_of_what() {
    for (resource, owner, app) in [
        ("ari:cloud:confluence::site/1", "confluence", true),
        ("ari:cloud:confluence::site/1", "", true),
        ("", "confluence", true),
        ("", "", false),
        ("ari:cloud:platform::org/1", "", false),
        ("ari:cloud:x::site/1", "platform", false),
    ] {
        assert_eq!(held(row(resource, owner, "atlassian/user")).unwrap()[0].app, app, "{resource} {owner}");
        assert_eq!(
            granted(row(resource, owner, "atlassian/user")).unwrap().grants(),
            app,
            "{resource} {owner}"
        );
    }
}

#[test]
fn a_row_keeps_its_directory_and_its_status_with_a_role_or_without() {
    for roles in [serde_json::json!(["atlassian/user"]), serde_json::json!([])] {
        let mut row = row("ari", "jira-software", "");
        row["roles"] = roles;
        row["directoryId"] = "u1".into();
        row["userDirectoryStatus"] = "suspended".into();
        let all = held(row).unwrap();
        assert_eq!(all.len(), 1);
        assert_eq!((all[0].directory.as_deref(), all[0].status.as_deref()), (Some("u1"), Some("suspended")));
    }
}

#[test]
fn what_is_left_out_is_not_none() {
    let bare = serde_json::json!({"resourceId": "ari", "resourceOwner": "jira-software"});
    assert!(held(bare.clone()).is_err());
    assert!(granted(bare).is_err());
    let groups = |groups: serde_json::Value| {
        let known = serde_json::from_value(serde_json::json!({"accountId": "a", "groups": groups})).unwrap();
        account(known).unwrap().groups
    };
    assert_eq!(groups(serde_json::json!([])), Some(Vec::new()));
    assert_eq!(groups(serde_json::Value::Null), None);
    // A group without a name is kept, because it may be any group that seems to be missing.
    let shown = groups(serde_json::json!([{"id": "g", "name": "jira"}, {"id": "h"}])).unwrap();
    assert_eq!(shown.iter().map(|group| group.name.as_str()).collect::<Vec<_>>(), ["jira", ""]);
}

#[test]
fn who_stopped_the_job_is_unread_if_the_log_ends_before_that() {
    let change = |activity: &str, target: &str| audit::JobChange {
        activity: activity.to_owned(),
        by_user: Some("Vera".to_owned()),
        targets: vec![target.to_owned()],
        ..audit::JobChange::default()
    };
    let read = |activity: &str, target: &str, complete| {
        stopper(audit::JobChanges { changes: vec![change(activity, target)], complete }, "sp")
    };
    let stop = "Disable/pause provisioning configuration";
    for complete in [true, false] {
        assert_eq!(read(stop, "sp", complete), Ok(Some(core::StoppedBy::Named("Vera".to_owned()))));
        assert_eq!(read("Enable/start provisioning configuration", "sp", complete), Ok(None));
    }
    assert_eq!(read(stop, "another", true), Ok(None));
    assert!(read(stop, "another", false).is_err(), "the change may be on a page that was not read");
}
