//! What each kind of step is: its place on the ladder, its risk, what it touches, and how people read it. One line for
//! each kind.

use super::build::{A1, A2, JANE, MAIL, U1, record_id};
use super::upper::kinds;
use crate::op::{Op, ResetScope, Risk, Undo};

/// The kind of a step as one line: rung, action, risk, undo, whether it counts against the cap, and what it touches.
fn line(op: &Op) -> String {
    let records: Vec<&str> = op.records().iter().map(|id| id.record.as_str()).collect();
    format!(
        "{} {} | {} | {:?}{}{}{} | about {}, account {}, takes {}, frees {}, removes {}",
        op.rung(),
        op.action(),
        op.risk().word(),
        op.undo(),
        if op.is_capped() { ", capped" } else { "" },
        if op.is_one_shot() { ", once" } else { "" },
        if op.is_tenant_wide() { ", tenant" } else { "" },
        op.target(),
        op.account().unwrap_or("none"),
        op.takes().map_or("no time".to_owned(), |time| format!("{} h", time.as_secs() / 3600)),
        op.frees().unwrap_or("nothing"),
        if records.is_empty() { "nothing".to_owned() } else { records.join(" ") },
    )
}

#[test]
fn every_kind_of_step_has_its_place_on_the_ladder() {
    let lines: Vec<String> = kinds().iter().map(line).collect();
    let expected = [
        "1 provision-user | harmless | NoneNeeded | about {JANE}, account none, takes no time, frees nothing, removes nothing",
        "2 provision-membership | harmless | NoneNeeded | about g, account none, takes no time, frees nothing, removes nothing",
        "3 restore-access | reversible | Full | about {A2}, account {A2}, takes no time, frees nothing, removes nothing",
        "3 activate-account | reversible | Full | about {A2}, account {A2}, takes no time, frees nothing, removes nothing",
        "3 cancel-deletion | reversible | FullButDestructive | about {A2}, account {A2}, takes no time, frees nothing, removes nothing",
        "4 unlink-record | disruptive | ByProvisioning, capped | about r1, account {A2}, takes no time, frees nothing, removes r1",
        "5 delete-record | disruptive | ByProvisioning, capped | about r1, account none, takes no time, frees nothing, removes r1",
        "6 forget-account-records | disruptive | ByProvisioning, capped, once | about {A2}, account {A2}, takes no time, frees nothing, removes r1",
        "7 start-provisioning | disruptive | Impossible, capped, once, tenant | about job, account none, takes 24 h, frees nothing, removes nothing",
        "7 restart-provisioning | disruptive | Impossible, capped, once, tenant | about job, account none, takes 24 h, frees nothing, removes nothing",
        "8 park-email | destructive | UntilTaken, capped, once | about {A2}, account {A2}, takes no time, frees {MAIL}, removes nothing",
        "9 deactivate-account | destructive | WhileUnlinked, capped, once | about {A2}, account {A2}, takes no time, frees nothing, removes nothing",
        "10 schedule-deletion | destructive | UntilDue, capped, once | about {A2}, account {A2}, takes no time, frees nothing, removes nothing",
        "3 suspend-access | disruptive | Full, capped | about {A2}, account {A2}, takes no time, frees nothing, removes nothing",
        "8 return-email | destructive | UntilTaken, capped, once | about {A2}, account {A2}, takes no time, frees parked@acme.example, removes nothing",
    ];
    let expected =
        expected.map(|line| line.replace("{JANE}", JANE).replace("{A2}", A2).replace("{MAIL}", MAIL));
    assert_eq!(lines, expected);
}

#[test]
fn every_step_says_what_it_does() {
    let says: Vec<String> = kinds().iter().map(Op::says).collect();
    let expected = [
        "Provision the person on demand",
        "Provision the person in g",
        "Lift the suspension of account {A2} in directory {U1}",
        "Activate account {A2}",
        "Cancel the deletion of account {A2}",
        "Unlink SCIM record r1 from account {A2}",
        "Delete SCIM record r1",
        "Delete all 1 SCIM records of account {A2}",
        "Start provisioning for the whole tenant, from where it stopped",
        "Restart provisioning for the whole tenant",
        "Move {MAIL} off account {A2}",
        "Deactivate account {A2}",
        "Delete account {A2}, due in 14 days",
        "Suspend account {A2} again in directory {U1}",
        "Move {MAIL} back to account {A2}",
    ];
    let expected = expected.map(|line| line.replace("{U1}", U1).replace("{A2}", A2).replace("{MAIL}", MAIL));
    assert_eq!(says, expected);
    // An entry of version 1 names no directory, and nothing is said about one.
    let older = Op::RestoreAccess { account: A1.to_owned(), directory: None };
    assert_eq!(older.says(), format!("Lift the suspension of account {A1}"));
    let full = Op::RestartProvisioning { job: "job".to_owned(), scope: ResetScope::Full };
    assert!(full.says().contains("match every record again"), "{}", full.says());
}

#[test]
fn a_restart_never_resets_more_than_it_says() {
    assert_eq!(ResetScope::Usual.flags(), "Watermark, Escrows, QuarantineState");
    assert_eq!(ResetScope::Full.flags(), "Full");
}

#[test]
fn every_kind_of_undo_has_words_of_its_own() {
    let all = [
        Undo::NoneNeeded,
        Undo::Full,
        Undo::FullButDestructive,
        Undo::WhileUnlinked,
        Undo::ByProvisioning,
        Undo::UntilTaken,
        Undo::UntilDue,
        Undo::Impossible,
    ];
    let words: std::collections::BTreeSet<&str> = all.into_iter().map(Undo::message).collect();
    assert_eq!(words.len(), all.len());
    assert_eq!(Undo::Impossible.message(), "cannot be undone");
}

#[test]
fn all_records_of_an_account_are_named_by_the_step_that_removes_them() {
    let records = vec![record_id("r1"), record_id("r2")];
    let forget = Op::ForgetAccountRecords { account: A1.to_owned(), records: records.clone() };
    assert_eq!(forget.records(), records);
    assert_eq!(forget.says(), format!("Delete all 2 SCIM records of account {A1}"));
    assert_eq!(forget.risk(), Risk::Disruptive);
}
