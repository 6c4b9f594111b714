//! The status of an account in one user directory.

use super::*;

/// The account in two user directories, suspended in the second.
fn in_two_directories() -> Evidence {
    with(healthy(), |e| {
        let mut second = value(e.roles.get_mut(A1).unwrap())[0].clone();
        second.directory = Some("user-directory-2".to_owned());
        second.status = Some("suspended".to_owned());
        value(e.roles.get_mut(A1).unwrap()).push(second);
    })
}

#[test]
fn a_suspension_is_judged_in_the_directory_that_is_named() {
    let second = Some("user-directory-2".to_owned());
    let lift = Op::RestoreAccess { account: A1.to_owned(), directory: second.clone() };
    let suspend_there = Op::SuspendAccess { account: A1.to_owned(), directory: second };
    let suspend_here = Op::SuspendAccess { account: A1.to_owned(), directory: Some(U1.to_owned()) };
    table(&restore(A1), vec![("done", "active in that one", in_two_directories())]);
    table(&lift, vec![("open", "suspended in that one", in_two_directories())]);
    table(&suspend_there, vec![("done", "suspended in that one", in_two_directories())]);
    table(&suspend_here, vec![("open", "active in that one", in_two_directories())]);
    // The membership alone does not show it, unless there is no other directory.
    let no_rows = |e: &mut Evidence| value(e.roles.get_mut(A1).unwrap()).clear();
    let unread = |e: &mut Evidence| e.user_directories.clear();
    table(
        &restore(A1),
        vec![
            ("unread", "roles", with(healthy(), |e| drop(e.roles.insert(A1.to_owned(), gap())))),
            (
                "unread",
                "no role there",
                with(healthy(), |e| {
                    no_rows(e);
                    unread(e);
                }),
            ),
            ("done", "no role, and no other directory", with(healthy(), no_rows)),
            (
                "unread",
                "a word that nobody knows",
                with(healthy(), |e| {
                    value(e.roles.get_mut(A1).unwrap())[0].status = Some("limbo".to_owned());
                }),
            ),
        ],
    );
}

#[test]
fn a_step_of_version_1_names_no_directory_and_none_is_chosen_for_it() {
    let old = |action: &str| -> Op {
        serde_json::from_value(serde_json::json!({ "action": action, "account": A1 })).unwrap()
    };
    let (restore, suspend_again) = (old("restore-access"), old("suspend-access"));
    assert_eq!(
        serde_json::to_value(&restore).unwrap().as_object().unwrap().len(),
        2,
        "digests stay the same"
    );
    let suspended = with(healthy(), |e| suspend(e, A1));
    table(
        &restore,
        vec![
            ("done", "it has come true", healthy()),
            ("blocked", "suspended", suspended.clone()),
            ("blocked", "suspended in one of two", in_two_directories()),
        ],
    );
    table(&suspend_again, vec![("done", "it is so", suspended), ("blocked", "active", healthy())]);
}
