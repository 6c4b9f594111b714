use super::{ListedRepair, MAX_PREVIEWED_PEOPLE, RepairList, RepairPreview, SweepEvent, SweepFinding};
use crate::{Cause, Risk, Verdict};

fn found(n: usize, risk: Risk, steps: &[&str]) -> SweepFinding {
    SweepFinding {
        query: format!("p{n:02}@acme.example"),
        name: Some("Some Body".to_owned()),
        // In another order than the addresses.
        account: Some(format!("a{:02}", 50 - n)),
        person: None,
        verdict: Verdict::Broken,
        causes: vec![Cause::MembershipDrift],
        missing: Some(1),
        missing_apps: None,
        unread: false,
        digest: Some(format!("sha256:{n}")),
        steps: steps.iter().map(|step| (*step).to_owned()).collect(),
        groups: vec!["jira-users".to_owned()],
        risk: Some(risk),
        needs_approval: risk > Risk::Harmless,
    }
}

fn list(found: &[SweepFinding]) -> RepairList {
    RepairList::new(found.iter().filter_map(SweepFinding::harmless).collect())
}

#[test]
fn a_preview_shows_the_first_people_and_counts_the_steps_of_the_list_alone() {
    let mut all: Vec<SweepFinding> = (0..12)
        .rev()
        .map(|n| found(n, Risk::Harmless, &["provision-user", "provision-membership"]))
        .collect();
    all.push(found(20, Risk::Destructive, &["park-email"]));
    let list = list(&all);
    // Not on the list: somebody who was found after it was made.
    all.push(found(30, Risk::Harmless, &["provision-user"]));
    let preview = RepairPreview::of(&list, &all.iter().collect::<Vec<_>>());
    let shown: Vec<&str> = preview.first.iter().map(|one| one.query.as_str()).collect();
    let wanted: Vec<String> = (0..MAX_PREVIEWED_PEOPLE).map(|n| format!("p{n:02}@acme.example")).collect();
    assert_eq!(shown, wanted, "in the order of the table");
    let steps: Vec<(&str, u64)> = preview.steps.iter().map(|(step, n)| (step.as_str(), *n)).collect();
    assert_eq!(steps, [("provision-membership", 12), ("provision-user", 12)]);
    // The watch shows whom it found, and what the list would do.
    let everybody = RepairPreview::of_everybody(&list, &all[10..].iter().collect::<Vec<_>>());
    let shown: Vec<&str> = everybody.first.iter().map(|one| one.query.as_str()).collect();
    assert_eq!(shown[2..], ["p20@acme.example", "p30@acme.example"]);
    assert_eq!(everybody.steps.values().sum::<u64>(), 4, "two steps each for two people");
}

#[test]
fn an_account_that_was_found_twice_is_counted_as_often_as_it_is_repaired() {
    let one = found(1, Risk::Harmless, &["provision-user"]);
    let again = SweepFinding { query: "alias@acme.example".to_owned(), ..one.clone() };
    let all = [one, again];
    let list = list(&all);
    assert_eq!(list.repairs().len(), 1);
    let preview = RepairPreview::of(&list, &all.iter().collect::<Vec<_>>());
    assert_eq!((preview.first.len(), preview.steps.get("provision-user")), (1, Some(&1)));
}

#[test]
fn a_result_and_a_row_of_version_1_are_still_read() {
    let tally = serde_json::json!({
        "accounts": 1, "healthy": 0, "broken": 1, "cannot_tell": 0, "unread": 0, "by_cause": {},
    });
    let repair =
        ListedRepair { subject: "a1".to_owned(), query: "p1".to_owned(), digest: "sha256:1".to_owned() };
    let old = serde_json::json!({
        "kind": "sweep-surveyed", "tally": tally, "unread": [], "list": [repair], "approvals": 0, "since": null,
    });
    let read: SweepEvent = serde_json::from_value(old).unwrap();
    assert!(matches!(read, SweepEvent::SweepSurveyed { preview, .. } if preview == RepairPreview::default()));
    let mut row = serde_json::to_value(found(1, Risk::Harmless, &["provision-user"])).unwrap();
    row.as_object_mut().unwrap().retain(|key, _| key != "name" && key != "groups");
    let read: SweepFinding = serde_json::from_value(row).unwrap();
    assert!(read.name.is_none() && read.groups.is_empty() && read.harmless().is_some());
}
