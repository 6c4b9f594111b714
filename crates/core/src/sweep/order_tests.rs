//! Pages arrive in any order. What they hold is found all the same.

use super::tests::{at, user};
use super::*;
use crate::evidence::{IdpUser, LogEntry, Mapping};

#[test]
fn members_are_found_in_whatever_order_they_came() {
    let person = |number: u32| format!("person-{number}");
    let mut members = Members::default();
    // Another order than that of the people, and one of them twice.
    for number in (0..20).rev().chain([7]) {
        members.add(&person(number), number);
    }
    members.add(&person(3), 0);
    members.seal();
    for number in 0..20 {
        let groups: Vec<usize> = members.groups_of(&person(number)).collect();
        let own = usize::try_from(number).unwrap();
        assert_eq!(groups, if number == 3 { vec![0, 3] } else { vec![own] }, "{number}");
    }
    assert_eq!(members.groups_of("nobody").count(), 0);
}

#[test]
fn external_ids_are_found_in_whatever_order_their_people_came() {
    let mapping = Mapping { external_id_from: Some("[employeeId]".to_owned()), ..Mapping::default() };
    let mut people = People::default();
    for number in (0..20).rev() {
        let attributes = [("employeeId".to_owned(), format!("e{number}"))].into();
        let (id, upn) = (format!("person-{number}"), format!("{number}@acme.example"));
        people.add(&IdpUser { attributes, ..user(&id, &upn) }, &[]);
    }
    people.seal();
    people.index_external_ids(&mapping);
    for number in 0..20 {
        let found: Vec<String> =
            people.by_external(&mapping, &format!("e{number}")).into_iter().map(|user| user.id).collect();
        assert_eq!(found, [format!("person-{number}")]);
    }
}

#[test]
fn the_newest_entry_of_a_log_decides_in_whatever_order_the_pages_came() {
    let entry = |status: &str, second| LogEntry {
        status: status.to_owned(),
        detail: Some("why".to_owned()),
        at: Some(at(second)),
        ..LogEntry::default()
    };
    for (newest, complains) in [("failure", true), ("success", false)] {
        let oldest = if complains { "success" } else { "failure" };
        for seconds in [[2, 1], [1, 2]] {
            let mut log = Logs::default();
            for second in seconds {
                log.add("jane", entry(if second == 2 { newest } else { oldest }, second));
            }
            log.seal();
            assert_eq!(log.complains_of("jane"), complains, "{newest} {seconds:?}");
            // What the service answered is evidence of a failure.
            let failure = log.of("jane").iter().find(|entry| entry.status == "failure").unwrap();
            assert_eq!(failure.detail.as_deref(), Some("why"));
        }
    }
}
