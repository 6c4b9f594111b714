//! The upper rungs and the inverses: each condition of rungs 7 to 10 is tested unread, and false. Also: the plans of
//! undo and retirement, and the choice between two accounts.

use super::build::{
    A1, A2, JANE, MAIL, OTHER, U1, account, account_of, address_elsewhere, at, gap, healthy, link,
    linked_elsewhere, never_provisioned, person, record, record_id, restore, seen, surround, value,
};
use super::conditions::{planned, rules};
use crate::condition::{ConditionState, conditions};
use crate::diagnose::Case;
use crate::evidence::{Evidence, IdpUser, JobStart, Read, StoppedBy};
use crate::op::ResetScope;
use crate::planner::{inverse, left_over, parking_address};
use crate::{Op, Plan, Risk, Undo, Verdict, diagnose, retire_plan, undo_plan};

type Change = (&'static str, fn(&mut Evidence));

fn held(op: &Op, e: &Evidence) -> ConditionState {
    conditions(op, &Case::new(e), &rules())
}

/// Checks that each of these changes makes the conditions unread or false, and never true.
fn spoiled(op: &Op, base: &dyn Fn() -> Evidence, unread: &[Change], wrong: &[Change]) {
    assert_eq!(held(op, &base()), ConditionState::True, "{}", op.action());
    for (label, change) in unread {
        let mut e = base();
        change(&mut e);
        assert!(
            matches!(held(op, &e), ConditionState::Unread(_)),
            "{} {label}: {:?}",
            op.action(),
            held(op, &e)
        );
    }
    for (label, change) in wrong {
        let mut e = base();
        change(&mut e);
        assert!(
            matches!(held(op, &e), ConditionState::False(_)),
            "{} {label}: {:?}",
            op.action(),
            held(op, &e)
        );
    }
}

fn start() -> Op {
    Op::StartProvisioning { job: "job".to_owned() }
}

fn stopped() -> Evidence {
    let mut e = never_provisioned();
    value(&mut e.job).schedule = Some("Disabled".to_owned());
    e
}

fn slowed() -> Evidence {
    let mut e = never_provisioned();
    value(&mut e.job).quarantine = Some("EncounteredEscrowProportionThreshold".to_owned());
    e
}

#[test]
fn the_job_runs_again_only_where_nobody_wanted_it_to_stand_still() {
    let common: &[Change] = &[
        ("the job", |e| e.job = gap()),
        ("its log", |e| e.pending = gap()),
        ("its log not asked", |e| e.pending = Read::NotAsked),
    ];
    let staged: Change = ("staged", |e| value(&mut e.pending).staged_deletes = 1);
    let key: Change = ("the key", |e| value(&mut e.job).error_code = Some("InvalidCredentials".to_owned()));
    let unread =
        [common, &[("who", |e| e.stopped_by = gap()), ("not asked", |e| e.stopped_by = Read::NotAsked)]];
    let wrong: &[Change] = &[
        staged,
        key,
        ("Vera", |e| e.stopped_by = seen(Some(StoppedBy::Named("Vera".to_owned())))),
        ("nobody knows", |e| e.stopped_by = seen(None)),
    ];
    spoiled(&start(), &stopped, &unread.concat(), wrong);
    let wrong: &[Change] = &[
        staged,
        key,
        ("deletes", |e| value(&mut e.job).quarantine = Some("TooManyDeletes".to_owned())),
        ("a fault of the tenant", |e| value(&mut e.job).tenant_actionable = Some(true)),
        ("unknown", |e| value(&mut e.job).quarantine = Some("Unknown".to_owned())),
        ("not given", |e| value(&mut e.job).quarantine = Some("no reason given".to_owned())),
        ("by its code alone", |e| {
            value(&mut e.job).quarantine = None;
            value(&mut e.job).code = Some("Quarantine".to_owned());
        }),
    ];
    spoiled(&start(), &slowed, common, wrong);
    let full = Op::RestartProvisioning { job: "job".to_owned(), scope: ResetScope::Full };
    spoiled(&full, &healthy, common, &[staged, key]);
}

#[test]
fn no_job_is_started_for_somebody_the_identity_provider_does_not_show() {
    for deleted in [seen(Vec::new()), gap()] {
        let mut e = stopped();
        value(&mut e.users).clear();
        e.deleted_users = deleted;
        assert!(planned(&e, &rules()).steps.is_empty());
    }
}

#[test]
fn a_start_that_ended_in_the_same_state_is_not_repeated() {
    let first = planned(&slowed(), &rules());
    let actions = |plan: &Plan| plan.steps.iter().map(|step| step.op.action()).collect::<Vec<_>>();
    assert_eq!(actions(&first), ["start-provisioning"]);
    assert_eq!((first.risk(), first.is_tenant_wide()), (Some(Risk::Disruptive), true));
    assert!(
        first.cost.iter().any(|line| line.contains("0 deactivations and 0 deletions")),
        "{:?}",
        first.cost
    );
    assert!(first.cost.iter().any(|line| line.contains("cannot be undone")), "{:?}", first.cost);
    let e = slowed();
    let diagnosis = diagnose(&e);
    let second = crate::plan(&e, &diagnosis, &rules(), &first.steps);
    assert!(second.steps.is_empty() && second.advice.iter().any(|line| line.contains("same state")));
    // An earlier run started it, as the journal shows.
    let mut e = slowed();
    let before = value(&mut e.job).state();
    e.starts = vec![JobStart { at: at(-100), before }];
    let again = planned(&e, &rules());
    assert!(again.steps.is_empty(), "{:?}", again.steps);
    assert!(
        again.advice.iter().any(|line| line.contains("came back to the same state")),
        "{:?}",
        again.advice
    );
    value(&mut e.job).last_success = Some(at(-50));
    assert_eq!(actions(&planned(&e, &rules())), ["start-provisioning"], "it ran well in between");
    // Another quarantine reason is different evidence.
    value(&mut e.job).last_success = None;
    value(&mut e.job).quarantine = Some("EncounteredBaseEscrowThreshold".to_owned());
    assert_eq!(actions(&crate::plan(&e, &diagnose(&e), &rules(), &first.steps)), ["start-provisioning"]);
}

/// Jane has access, and an account that her repair left without use has a placeholder address.
fn left() -> Evidence {
    let mut e = healthy();
    let parked = parking_address(A2, "acme.example");
    value(&mut e.accounts).push(account(A2, &parked));
    surround(&mut e, A2, Vec::new(), false);
    e.bearers.insert(parked, seen(Vec::new()));
    e.subject.accounts.insert(A2.to_owned());
    e
}

fn colleague() -> IdpUser {
    IdpUser { id: OTHER.to_owned(), name: Some("Joan".to_owned()), ..person() }
}

const NOBODYS: [&[Change]; 2] = [
    &[
        ("links", |e| drop(e.account_links.insert(A2.to_owned(), gap()))),
        ("whose address", |e| e.bearers.clear()),
        ("the person", |e| e.users = gap()),
        ("a record without its directory", |e| {
            let mut strange = link("r9", Some(A2));
            strange.id.directory = "directory-2".to_owned();
            e.account_links.insert(A2.to_owned(), seen(vec![strange]));
        }),
    ],
    &[
        ("a colleague's address", |e| {
            e.bearers.values_mut().for_each(|read| *read = seen(vec![colleague()]));
        }),
        ("a colleague's record", |e| {
            value(e.records.get_mut("directory-1").unwrap()).push(record(
                "r9",
                OTHER,
                "j@acme.example",
                Some(A2),
            ));
            e.account_links.insert(A2.to_owned(), seen(vec![link("r9", Some(A2))]));
            e.owners.insert(OTHER.to_owned(), seen(vec![colleague()]));
        }),
        ("an admin", |e| account_of(e, A2).platform_roles = Some(vec!["atlassian/org-admin".to_owned()])),
        ("roles unread", |e| {
            account_of(e, A2).platform_roles = None;
            e.roles.insert(A2.to_owned(), gap());
        }),
        ("not a person's", |e| account_of(e, A2).kind = Some("app".to_owned())),
        ("gone", |e| value(&mut e.accounts).retain(|known| known.id != A2)),
    ],
];

#[test]
fn an_account_ends_only_if_it_is_nobodys_and_access_is_proven() {
    type Spoil = (&'static str, fn(&mut Evidence, &str));
    let deactivate = Op::DeactivateAccount { account: A2.to_owned() };
    let delete = Op::ScheduleDeletion { account: A2.to_owned() };
    let proof: &[Change] = &[
        ("a group is missing", |e| account_of(e, A1).groups.as_mut().unwrap().clear()),
        ("suspended", |e| account_of(e, A1).membership = Some("suspended".to_owned())),
    ];
    for (op, privilege) in [(&deactivate, "lifecycle.enablement"), (&delete, "lifecycle.delete")] {
        // An account that is not shown has no address to check.
        let gone = |change: &&Change| change.0 == "gone";
        let wrong: Vec<Change> = NOBODYS[1].iter().filter(|change| !gone(change)).copied().collect();
        let unread: Vec<Change> = NOBODYS[1].iter().filter(gone).chain(NOBODYS[0]).copied().collect();
        spoiled(op, &left, &unread, &[&wrong[..], proof].concat());
        let spoil: &[Spoil] = &[
            ("refused", |e, name| {
                let reason = Some("externalDirectory.scim".to_owned());
                value(e.permissions.get_mut(A2).unwrap()).0.insert(name.to_owned(), reason);
            }),
            ("not said", |e, name| drop(value(e.permissions.get_mut(A2).unwrap()).0.remove(name))),
        ];
        for (label, change) in spoil {
            let mut e = left();
            change(&mut e, privilege);
            assert_ne!(held(op, &e), ConditionState::True, "{} {label}", op.action());
        }
    }
}

#[test]
fn an_address_goes_back_under_the_conditions_under_which_it_was_moved() {
    let from = parking_address(A2, "acme.example");
    let back = Op::ReturnEmail { account: A2.to_owned(), from: from.clone(), to: MAIL.to_owned() };
    let base = || {
        let mut e = address_elsewhere();
        account_of(&mut e, A2).email = Some(parking_address(A2, "acme.example"));
        e
    };
    let unread: &[Change] = &[
        ("domains", |e| e.domains = gap()),
        ("allowed", |e| drop(value(e.permissions.get_mut(A2).unwrap()).0.remove("email.set"))),
    ];
    let wrong: &[Change] = &[("another domain", |e| value(&mut e.domains).clear())];
    spoiled(&back, &base, &[NOBODYS[0], unread].concat(), &[NOBODYS[1], wrong].concat());
    // Another account has the address by now.
    let mut e = base();
    account_of(&mut e, A1).email = Some(MAIL.to_owned());
    let begun = [Op::ParkEmail { account: A2.to_owned(), from: MAIL.to_owned(), to: from }];
    let plan = undo_plan(&e, &diagnose(&e), &rules(), &begun, &[]);
    assert!(plan.steps.is_empty(), "{:?}", plan.steps);
    assert!(plan.advice.iter().any(|line| line.contains("is in use, by account")), "{:?}", plan.advice);
    let plan = undo_plan(&base(), &diagnose(&base()), &rules(), &begun, &[]);
    assert_eq!(plan.steps.first().map(|step| &step.op), Some(&back), "{:?}", plan.advice);
}

/// One op of each kind.
pub fn kinds() -> Vec<Op> {
    let account = || A2.to_owned();
    let (from, to) = (MAIL.to_owned(), "parked@acme.example".to_owned());
    vec![
        Op::ProvisionUser { person: JANE.to_owned(), account: None, email: MAIL.to_owned() },
        Op::ProvisionMembership {
            person: JANE.to_owned(),
            group: "g".to_owned(),
            group_name: "g".to_owned(),
            account: None,
        },
        restore(A2),
        Op::ActivateAccount { account: account() },
        Op::CancelDeletion { account: account() },
        Op::UnlinkRecord { record: record_id("r1"), account: account() },
        Op::DeleteRecord { record: record_id("r1") },
        Op::ForgetAccountRecords { account: account(), records: vec![record_id("r1")] },
        start(),
        Op::RestartProvisioning { job: "job".to_owned(), scope: ResetScope::Usual },
        Op::ParkEmail { account: account(), from: from.clone(), to: to.clone() },
        Op::DeactivateAccount { account: account() },
        Op::ScheduleDeletion { account: account() },
        Op::SuspendAccess { account: account(), directory: Some(U1.to_owned()) },
        Op::ReturnEmail { account: account(), from: to, to: from },
    ]
}

#[test]
fn what_can_be_undone_by_us_has_an_inverse_and_nothing_else_has() {
    for op in kinds() {
        let by_us = !matches!(op.undo(), Undo::NoneNeeded | Undo::ByProvisioning | Undo::Impossible);
        assert_eq!(inverse(&op).is_some(), by_us, "{}", op.action());
        if let Some(back) = inverse(&op) {
            assert_eq!(inverse(&back), Some(op.clone()), "{}", op.action());
            assert_eq!(back.account(), op.account());
        }
        assert_eq!(op.is_one_shot(), op.rung() >= 6, "{}", op.action());
        assert_eq!(op.takes().is_some(), op.rung() == 7, "{}", op.action());
    }
    // The inverse of a cancelled deletion is as destructive as a deletion.
    let back = inverse(&Op::CancelDeletion { account: A1.to_owned() }).unwrap();
    assert_eq!(back.risk(), Risk::Destructive);
}

#[test]
fn an_undo_says_what_stays() {
    let begun = [Op::UnlinkRecord { record: record_id("r1"), account: A2.to_owned() }];
    let e = healthy();
    let plan = undo_plan(&e, &diagnose(&e), &rules(), &begun, &[]);
    assert!(plan.steps.is_empty(), "she is linked and well: {:?}", plan.steps);
    assert!(plan.advice.iter().any(|line| line.contains("r1 cannot be put back")), "{:?}", plan.advice);
    // If she is not provisioned, provisioning restores what it can.
    let e = never_provisioned();
    let plan = undo_plan(&e, &diagnose(&e), &rules(), &begun, &[]);
    let actions: Vec<&str> = plan.steps.iter().map(|step| step.op.action()).collect();
    assert_eq!(actions, ["provision-user", "provision-membership", "provision-membership"]);
    assert_eq!(plan.risk(), Some(Risk::Harmless));
}

#[test]
fn an_account_is_retired_one_rung_at_a_time() {
    let e = left();
    let retire = |e: &Evidence, tried: &[_]| retire_plan(e, &diagnose(e), &rules(), A2, tried);
    let first = retire(&e, &[]);
    assert_eq!(first.steps.iter().map(|step| step.op.action()).collect::<Vec<_>>(), ["deactivate-account"]);
    assert_eq!(first.risk(), Some(Risk::Destructive));
    let mut inactive = left();
    account_of(&mut inactive, A2).status = Some("inactive".to_owned());
    assert!(retire(&inactive, &first.steps).steps.is_empty(), "nobody is led on");
    let second = retire(&inactive, &[]);
    assert_eq!(second.steps.first().map(|step| step.op.action()), Some("schedule-deletion"));
    assert!(
        second
            .cost
            .iter()
            .any(|line| line.contains("never used, is deactivated at once") && line.contains("Former user")),
        "{:?}",
        second.cost
    );
    account_of(&mut inactive, A2).for_deletion = true;
    assert!(retire(&inactive, &[]).steps.is_empty());
    // Access is not proven, or it is her own account.
    let mut e = left();
    account_of(&mut e, A1).groups = Some(Vec::new());
    let plan = retire(&e, &[]);
    assert!(
        plan.steps.is_empty() && plan.advice.iter().any(|line| line.contains("proven")),
        "{:?}",
        plan.advice
    );
    let own = retire_plan(&left(), &diagnose(&left()), &rules(), A1, &[]);
    assert!(
        own.steps.is_empty() && own.advice[0].contains("on another account is proven"),
        "{:?}",
        own.advice
    );
    assert_eq!(left_over(&first.steps.iter().map(|step| step.op.clone()).collect::<Vec<_>>()), Some(A2));
    assert_eq!(left_over(&[start()]), None);
}

/// Her record is linked to one account, another account has her address, and both are used.
fn torn() -> Evidence {
    let mut e = linked_elsewhere();
    surround(&mut e, A2, vec![link("r1", Some(A2))], true);
    e
}

#[test]
fn a_pick_between_two_used_accounts_makes_a_plan_for_the_one_that_was_picked() {
    let diagnosis = diagnose(&torn());
    assert_eq!((diagnosis.verdict, diagnosis.candidates.len()), (Verdict::Broken, 2));
    let says = diagnosis.candidates[0].remarks.join("; ");
    for shown in ["last active in jira-software on 2026-10-02", "roles user", "SCIM record"] {
        assert!(says.contains(shown), "{shown}: {says}");
    }
    let undecided = planned(&torn(), &rules());
    assert!(undecided.steps.is_empty());
    assert!(undecided.advice[0].starts_with("Both accounts were used"), "{:?}", undecided.advice);
    let picked = |keep: &str| {
        let mut e = torn();
        e.subject.keep = Some(keep.to_owned());
        (planned(&e, &rules()), diagnose(&e))
    };
    let (plan, diagnosis) = picked(A1);
    assert_eq!(diagnosis.account.as_deref(), Some(A1));
    let first = plan.steps.first().map(|step| step.op.clone());
    assert_eq!(
        first,
        Some(Op::UnlinkRecord { record: record_id("r1"), account: A2.to_owned() }),
        "{:?}",
        plan.advice
    );
    let (plan, diagnosis) = picked(A2);
    assert_eq!(diagnosis.account.as_deref(), Some(A2));
    let parks = plan.steps.first().is_some_and(|step| step.op.action() == "park-email");
    assert!(parks && plan.steps[0].op.account() == Some(A1), "{:?} {:?}", plan.steps, plan.advice);
    assert!(plan.cost.iter().any(|line| line.contains("last active in jira-software")), "{:?}", plan.cost);
    // The choice is checked against the evidence.
    let (plan, diagnosis) = picked("712020:somebody-else");
    assert!(plan.steps.is_empty() && diagnosis.candidates.len() == 2);
}

#[test]
fn a_record_that_comes_back_to_the_wrong_account_is_deleted_the_next_time() {
    let e = linked_elsewhere();
    let first = planned(&e, &rules());
    let actions = |plan: &Plan| plan.steps.iter().take(2).map(|step| step.op.action()).collect::<Vec<_>>();
    assert_eq!(actions(&first), ["unlink-record", "provision-user"]);
    let second = crate::plan(&e, &diagnose(&e), &rules(), &first.steps);
    assert_eq!(actions(&second), ["unlink-record", "delete-record"]);
    let both = [first.steps, second.steps].concat();
    let third = crate::plan(&e, &diagnose(&e), &rules(), &both);
    assert!(third.steps.is_empty() && !third.advice.is_empty(), "{:?}", third.steps);
}
