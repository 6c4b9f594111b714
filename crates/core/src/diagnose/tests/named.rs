//! What a finding names as its proof: only what concerns the person.

use super::*;

fn says(e: &Evidence, cause: Cause) -> String {
    let diagnosis = diagnose(e);
    let finding = diagnosis.findings.iter().find(|finding| finding.code == cause).unwrap();
    finding.because.iter().map(|fact| fact.message.clone()).collect::<Vec<_>>().join("; ")
}

#[test]
fn a_broken_assignment_names_the_assignments_of_the_person_and_no_others() {
    let assignment = |principal: &str, is_group, name: &str| Assignment {
        principal: principal.into(),
        is_group,
        name: name.into(),
        created: Some(at(-1000)),
        default_access: Some(false),
    };
    let mut e = without_record();
    e.assignments = seen(vec![
        assignment("g-jira", true, "jira"),
        assignment(ID, false, "Jane"),
        assignment("g-wiki", true, "wiki"),
        assignment("joan", false, "Joan"),
    ]);
    let skipped = LogEntry {
        status: "skipped".into(),
        skip_reason: Some("NotEffectivelyEntitled".into()),
        at: Some(at(50)),
        ..LogEntry::default()
    };
    e.log = seen(vec![skipped]);
    let says = says(&e, Cause::AssignmentBroken);
    assert!(says.contains("the person is assigned by jira, Jane") && !says.contains("wiki"), "{says}");
    assert!(!says.contains("Joan"), "{says}");
}

#[test]
fn a_full_group_is_named_only_if_the_person_is_missing_in_it() {
    let mut e = healthy();
    let full = |name: &str, members| OrgGroup { members: Some(members), ..org_group(name) };
    put(&mut e.memberships, |all| all.extend([group("wiki"), group("desk")]));
    put(&mut e.assignments, |all| {
        for name in ["wiki", "desk"] {
            all.push(Assignment { principal: format!("g-{name}"), name: name.into(), ..all[0].clone() });
        }
    });
    put(e.records.get_mut("d1").unwrap(), |all| all[0].groups.extend([group("wiki"), group("desk")]));
    e.places.group_members = Some(10);
    e.sent_memberships.extend(["g-wiki".to_owned(), "g-desk".to_owned()]);
    // She is in `jira`. Of the two others, one has room.
    e.groups = seen(vec![full("jira", 12), full("wiki", 12), full("desk", 9)]);
    let says = says(&e, Cause::GroupTooLarge);
    assert!(says.starts_with("wiki has as many members"), "{says}");
}
