//! The conditions of the ladder, one by one: each of them unread, and each of them false.

use super::build::{
    A1, A2, D1, JANE, MAIL, OTHER, account, account_of, address_elsewhere, drifted, gap, group, healthy,
    jira, link, linked_elsewhere, never_provisioned, person, record, record_id, record_of, restore, seen,
    stale_record, suspend, value,
};
use crate::condition::{ConditionState, conditions, may_write};
use crate::diagnose::Case;
use crate::evidence::{AppRole, Evidence, GroupRole, IdpUser, LogEntry, Source};
use crate::rules::Rules;
use crate::{Op, Plan, Risk, diagnose, plan};

pub fn rules() -> Rules {
    Rules { parking_domain: Some("acme.example".to_owned()), ..Rules::default() }
}

fn protecting(name: &str) -> Rules {
    Rules { protected: [name.to_owned()].into(), ..rules() }
}

pub fn planned(e: &Evidence, rules: &Rules) -> Plan {
    plan(e, &diagnose(e), rules, &[])
}

fn held(op: &Op, e: &Evidence, rules: &Rules) -> ConditionState {
    conditions(op, &Case::new(e), rules)
}

fn provision(account: Option<&str>) -> Op {
    Op::ProvisionUser { person: JANE.to_owned(), account: account.map(str::to_owned), email: MAIL.to_owned() }
}

fn membership() -> Op {
    Op::ProvisionMembership {
        person: JANE.to_owned(),
        group: group("wiki-users").id,
        group_name: "wiki-users".to_owned(),
        account: Some(A1.to_owned()),
    }
}

fn park() -> Op {
    Op::ParkEmail { account: A2.to_owned(), from: MAIL.to_owned(), to: "parked@acme.example".to_owned() }
}

fn forget() -> Op {
    Op::ForgetAccountRecords { account: A2.to_owned(), records: vec![record_id("r1")] }
}

fn unlink() -> Op {
    Op::UnlinkRecord { record: record_id("r1"), account: A2.to_owned() }
}

type Change = (&'static str, fn(&mut Evidence));

/// Every op with evidence in which all its conditions are true, and the account that it writes.
fn ops() -> Vec<(Op, Evidence, &'static str)> {
    let mut inactive = never_provisioned();
    account_of(&mut inactive, A1).status = Some("inactive".to_owned());
    let mut suspended = drifted();
    suspend(&mut suspended, A1);
    let mut going = drifted();
    account_of(&mut going, A1).for_deletion = true;
    vec![
        (provision(Some(A1)), never_provisioned(), A1),
        (membership(), drifted(), A1),
        (restore(A1), suspended, A1),
        (Op::ActivateAccount { account: A1.to_owned() }, inactive, A1),
        (Op::CancelDeletion { account: A1.to_owned() }, going, A1),
        (unlink(), linked_elsewhere(), A2),
        (forget(), linked_elsewhere(), A2),
        (park(), address_elsewhere(), A2),
    ]
}

#[test]
fn in_the_worlds_of_these_tests_every_condition_holds_and_every_op_is_planned() {
    for (op, e, _) in ops() {
        assert_eq!(held(&op, &e, &rules()), ConditionState::True, "{}", op.action());
    }
    for (e, action) in [
        (drifted(), "provision-membership"),
        (never_provisioned(), "provision-user"),
        (linked_elsewhere(), "unlink-record"),
        (stale_record(), "delete-record"),
        (address_elsewhere(), "park-email"),
    ] {
        let plan = planned(&e, &rules());
        assert_eq!(plan.steps.first().map(|step| step.op.action()), Some(action), "{:?}", plan.advice);
    }
    assert_eq!(planned(&drifted(), &rules()).risk(), Some(Risk::Harmless));
    assert_eq!(planned(&never_provisioned(), &rules()).risk(), Some(Risk::Harmless));
}

#[test]
fn an_on_demand_step_with_a_false_condition_is_never_sent() {
    let changes: &[Change] = &[
        ("disabled", |e| value(&mut e.users)[0].enabled = Some(false)),
        ("not assigned", |e| {
            value(&mut e.assignments).clear();
            value(&mut e.log).clear();
        }),
        ("out of scope", |e| {
            value(&mut e.mapping).scoped = true;
            let left_out = LogEntry { filtered_out: true, ..LogEntry::default() };
            e.log = seen(vec![left_out]);
        }),
        ("domain not claimed", |e| value(&mut e.domains).clear()),
        ("domain not verified", |e| value(&mut e.domains)[0].verified = false),
        ("another account bears it", |e| value(&mut e.accounts).push(account(A2, &MAIL.to_uppercase()))),
        ("record linked elsewhere", |e| {
            value(e.records.get_mut(D1).unwrap()).retain(|known| known.id.record != "r1");
            value(e.records.get_mut(D1).unwrap()).push(record("r1", JANE, MAIL, Some(A2)));
        }),
        ("another person", |e| value(&mut e.users)[0].id = OTHER.to_owned()),
        ("nobody", |e| value(&mut e.users).clear()),
    ];
    for (op, base, _) in ops().into_iter().take(2) {
        for (label, change) in changes {
            let mut e = base.clone();
            change(&mut e);
            assert!(
                matches!(held(&op, &e, &rules()), ConditionState::False(_)),
                "{} {label}: {:?}",
                op.action(),
                held(&op, &e, &rules())
            );
            let plan = planned(&e, &rules());
            assert!(plan.steps.iter().all(|step| step.op != op), "{} {label}", op.action());
        }
    }
    let mut e = drifted();
    value(&mut e.memberships).retain(|known| known.name != "wiki-users");
    assert!(matches!(held(&membership(), &e, &rules()), ConditionState::False(_)), "no member any more");
}

#[test]
fn an_on_demand_step_with_an_unread_condition_needs_an_approver() {
    let changes: &[Change] = &[
        ("users", |e| e.users = gap()),
        ("enabled", |e| value(&mut e.users)[0].enabled = None),
        ("assignments", |e| e.assignments = gap()),
        ("schema", |e| e.mapping = gap()),
        ("scope by an unread log", |e| {
            value(&mut e.mapping).scoped = true;
            e.log = gap();
        }),
        ("scope by an empty log", |e| {
            value(&mut e.mapping).scoped = true;
            e.log = seen(Vec::new());
        }),
        ("domains", |e| e.domains = gap()),
    ];
    for (op, base, _) in ops().into_iter().take(2) {
        for (label, change) in changes {
            let mut e = base.clone();
            change(&mut e);
            let held = held(&op, &e, &rules());
            assert!(matches!(held, ConditionState::Unread(_)), "{} {label}: {held:?}", op.action());
            let plan = planned(&e, &rules());
            let mild = plan.steps.iter().find(|step| step.risk < Risk::Disruptive);
            assert!(mild.is_none(), "{label}: {mild:?}");
        }
    }
    // Unread: who has the address, while no account is expected yet.
    let mut e = never_provisioned();
    e.accounts = gap();
    assert!(matches!(held(&provision(None), &e, &rules()), ConditionState::Unread(_)));
    // Unread: whether the person has a record.
    let mut e = never_provisioned();
    e.links = gap();
    assert!(matches!(held(&provision(Some(A1)), &e, &rules()), ConditionState::Unread(_)));
}

#[test]
fn a_protected_account_is_refused_for_every_op_by_every_name() {
    for (op, base, id) in ops() {
        let address = base.account(id).unwrap().email.clone().unwrap();
        for name in [id, address.as_str(), JANE, MAIL] {
            let rules = protecting(&name.to_lowercase());
            assert!(
                matches!(held(&op, &base, &rules), ConditionState::False(_)),
                "{} protected by {name}",
                op.action()
            );
            assert!(planned(&base, &rules).steps.iter().all(|step| step.op.account() != Some(id)), "{name}");
        }
    }
    // Deleting a record names no account. It is refused all the same, because a protected person gets access through
    // the record.
    let delete = Op::DeleteRecord { record: record_id("r0") };
    assert_eq!(held(&delete, &stale_record(), &rules()), ConditionState::True);
    for name in [JANE, MAIL] {
        assert!(
            matches!(held(&delete, &stale_record(), &protecting(name)), ConditionState::False(_)),
            "{name}"
        );
    }
    // Aliases and the UPN are also compared with the protected list.
    let mut e = drifted();
    value(&mut e.users)[0].aliases = vec!["Break.Glass@acme.example".to_owned()];
    let rules = protecting("break.glass@acme.example");
    for (op, ..) in ops().into_iter().take(5) {
        assert!(matches!(held(&op, &e, &rules), ConditionState::False(_)), "{}", op.action());
    }
}

#[test]
fn an_account_whose_address_is_hidden_is_protected_when_the_list_holds_an_address() {
    for (op, base, id) in ops() {
        for hidden in [None, Some(String::new())] {
            let mut e = base.clone();
            account_of(&mut e, id).email = hidden;
            let by_address = protecting("break.glass@acme.example");
            assert!(
                matches!(may_write(&Case::new(&e), id, &by_address), ConditionState::False(_)),
                "{}",
                op.action()
            );
            let by_id = protecting("712020:break-glass");
            assert_eq!(may_write(&Case::new(&e), id, &by_id), may_write(&Case::new(&base), id, &by_id));
        }
    }
}

#[test]
fn what_makes_an_account_protected_without_a_list() {
    fn admin() -> AppRole {
        let (resource, role) = ("org".to_owned(), "atlassian/org-admin".to_owned());
        AppRole { resource, role, ..AppRole::default() }
    }
    type Spoil = (&'static str, fn(&mut Evidence, &str));
    let changes: &[Spoil] = &[
        ("admin by search", |e, id| {
            account_of(e, id).platform_roles = Some(vec!["atlassian/org-admin".to_owned()]);
        }),
        ("admin by roles", |e, id| value(e.roles.get_mut(id).unwrap()).push(admin())),
        ("admin by roles only", |e, id| {
            account_of(e, id).platform_roles = None;
            value(e.roles.get_mut(id).unwrap()).push(admin());
        }),
        ("behind the key", |e, id| {
            let reason = Some("administrative.notMyself".to_owned());
            value(e.permissions.get_mut(id).unwrap()).0.insert("profile.write".to_owned(), reason);
        }),
        ("customer", |e, id| account_of(e, id).kind = Some("customer".to_owned())),
        ("app", |e, id| account_of(e, id).kind = Some("app".to_owned())),
        ("kind unread", |e, id| account_of(e, id).kind = None),
        ("roles unread", |e, id| {
            account_of(e, id).platform_roles = None;
            e.roles.insert(id.to_owned(), gap());
        }),
        ("roles not asked", |e, id| {
            account_of(e, id).platform_roles = None;
            e.roles.remove(id);
        }),
        ("permissions unread", |e, id| {
            e.permissions.insert(id.to_owned(), gap());
        }),
        ("permissions not asked", |e, id| {
            e.permissions.remove(id);
        }),
        ("not shown", |e, id| value(&mut e.accounts).retain(|known| known.id != id)),
        ("accounts unread", |e, _| e.accounts = gap()),
    ];
    for (op, base, id) in ops() {
        for (label, change) in changes {
            let mut e = base.clone();
            change(&mut e, id);
            assert!(!matches!(held(&op, &e, &rules()), ConditionState::True), "{} {label}", op.action());
            let plan = planned(&e, &rules());
            assert!(
                plan.steps.iter().all(|step| step.op.account() != Some(id)),
                "{} {label}: {plan:?}",
                op.action()
            );
        }
    }
}

#[test]
fn activation_waits_for_provisioning_to_let_go() {
    let op = Op::ActivateAccount { account: A1.to_owned() };
    let mut e = never_provisioned();
    let permissions = e.permissions.get_mut(A1).unwrap();
    let reason = Some("externalDirectoryScim".to_owned());
    value(permissions).0.insert("lifecycle.enablement".to_owned(), reason);
    assert!(matches!(held(&op, &e, &rules()), ConditionState::False(_)));
    value(e.permissions.get_mut(A1).unwrap()).0.clear();
    assert!(matches!(held(&op, &e, &rules()), ConditionState::Unread(_)));
}

fn colleague() -> IdpUser {
    IdpUser { id: OTHER.to_owned(), name: Some("Joan".to_owned()), ..person() }
}

#[test]
fn a_living_colleague_keeps_their_record_and_their_address() {
    // Rungs 4 to 6.
    let foreign: Vec<(Op, Evidence)> = vec![
        (unlink(), linked_elsewhere()),
        (forget(), linked_elsewhere()),
        (Op::DeleteRecord { record: record_id("r0") }, stale_record()),
    ];
    for (op, mut e) in foreign {
        let id = if matches!(op, Op::DeleteRecord { .. }) { "r0" } else { "r1" };
        record_of(&mut e, id).external_id = Some(OTHER.to_owned());
        e.owners.insert(OTHER.to_owned(), seen(vec![colleague()]));
        assert!(matches!(held(&op, &e, &rules()), ConditionState::False(_)), "{} alive", op.action());
        assert!(planned(&e, &rules()).steps.iter().all(|step| step.op != op), "{}", op.action());
        e.owners.insert(OTHER.to_owned(), gap());
        assert_ne!(held(&op, &e, &rules()), ConditionState::True, "{} unread", op.action());
        assert!(planned(&e, &rules()).steps.iter().all(|step| step.op != op), "{}", op.action());
        e.owners.remove(OTHER);
        assert_ne!(held(&op, &e, &rules()), ConditionState::True, "{} not asked", op.action());
        e.owners.insert(OTHER.to_owned(), seen(Vec::new()));
        assert_eq!(held(&op, &e, &rules()), ConditionState::True, "{} gone", op.action());
    }
    // Rung 8: the address.
    let changes: &[Change] = &[
        ("a colleague has it", |e| {
            e.bearers.insert(MAIL.to_owned(), seen(vec![person(), colleague()]));
        }),
        ("unread", |e| {
            e.bearers.insert(MAIL.to_owned(), gap());
        }),
        ("not asked", |e| {
            e.bearers.remove(MAIL);
        }),
        ("links unread", |e| {
            e.account_links.insert(A2.to_owned(), gap());
        }),
        ("links not asked", |e| {
            e.account_links.remove(A2);
        }),
        ("a link into a directory without key", |e| {
            let mut strange = link("r9", Some(A2));
            strange.id.directory = "directory-2".to_owned();
            e.account_links.insert(A2.to_owned(), seen(vec![strange]));
        }),
        ("linked to a living colleague's record", |e| {
            value(e.records.get_mut(D1).unwrap()).push(record("r9", OTHER, "joan@acme.example", Some(A2)));
            e.account_links.insert(A2.to_owned(), seen(vec![link("r9", Some(A2))]));
            e.owners.insert(OTHER.to_owned(), seen(vec![colleague()]));
        }),
        ("linked to a record without externalId", |e| {
            let mut nameless = record("r9", OTHER, "joan@acme.example", Some(A2));
            nameless.external_id = None;
            value(e.records.get_mut(D1).unwrap()).push(nameless);
            e.account_links.insert(A2.to_owned(), seen(vec![link("r9", Some(A2))]));
        }),
        ("the person unread", |e| e.users = gap()),
    ];
    for (label, change) in changes {
        let mut e = address_elsewhere();
        change(&mut e);
        assert!(!matches!(held(&park(), &e, &rules()), ConditionState::True), "{label}");
        let plan = planned(&e, &rules());
        assert!(plan.steps.iter().all(|step| step.op.action() != "park-email"), "{label}");
    }
}

#[test]
fn a_record_linked_to_a_live_account_is_not_deleted_whichever_source_shows_the_link() {
    let delete = Op::DeleteRecord { record: record_id("r0") };
    let mut in_directory = stale_record();
    record_of(&mut in_directory, "r0").account = Some(A1.to_owned());
    let mut in_index = stale_record();
    in_index.links = seen(vec![link("r0", Some(A1))]);
    let mut by_account = stale_record();
    by_account.account_links.insert(A1.to_owned(), seen(vec![link("r0", Some(A1))]));
    for (label, e) in [("directory", &in_directory), ("index", &in_index), ("account", &by_account)] {
        assert!(matches!(held(&delete, e, &rules()), ConditionState::False(_)), "{label}");
    }
    let mut unread = stale_record();
    unread.records.insert(D1.to_owned(), gap());
    assert!(matches!(held(&delete, &unread, &rules()), ConditionState::Unread(_)));
    // A closed account cannot be deactivated by the deletion.
    account_of(&mut in_directory, A1).status = Some("closed".to_owned());
    assert_eq!(held(&delete, &in_directory, &rules()), ConditionState::True);
}

#[test]
fn the_ends_of_the_ladder_are_not_reached_for_a_healthy_person() {
    let plan = planned(&healthy(), &rules());
    assert!(plan.steps.is_empty() && plan.digest().is_none());
}

#[test]
fn rung_three_is_for_people_who_are_enabled_and_where_that_is_unread_an_approver_decides() {
    for (op, mut e, _) in ops().into_iter().skip(2).take(3) {
        value(&mut e.users)[0].enabled = None;
        assert_eq!(held(&op, &e, &rules()), ConditionState::Unread(vec![Source::Users]), "{}", op.action());
        // The rules cannot tell who deactivated an account if the person may be disabled. So no plan has this step.
        if !matches!(op, Op::ActivateAccount { .. }) {
            let plan = planned(&e, &rules());
            let step = plan.steps.iter().find(|step| step.op == op).unwrap_or_else(|| panic!("{plan:?}"));
            assert_eq!(step.risk, Risk::Disruptive, "{}", op.action());
        }
        value(&mut e.users)[0].enabled = Some(false);
        assert!(matches!(held(&op, &e, &rules()), ConditionState::False(_)), "{}", op.action());
        // If no single person was found, the person may be on the protected list.
        for users in [gap(), seen(Vec::new()), seen(vec![person(), person()])] {
            e.users = users;
            assert!(matches!(held(&op, &e, &rules()), ConditionState::False(_)), "{}", op.action());
        }
    }
}

#[test]
fn restoring_needs_a_free_seat_in_every_app_that_it_gives_back() {
    let (op, suspended, _) = ops().swap_remove(2);
    let with = |change: fn(&mut Evidence)| {
        let mut e = suspended.clone();
        change(&mut e);
        held(&op, &e, &rules())
    };
    let full = with(|e| e.workspaces = seen(vec![jira(10)]));
    assert!(
        matches!(&full, ConditionState::False(why) if why.contains("no seat is free in Jira")),
        "{full:?}"
    );
    let mut e = suspended.clone();
    e.workspaces = seen(vec![jira(10)]);
    let advice = planned(&e, &rules()).advice.join(" ");
    assert!(advice.contains("no seat is free in Jira"), "{advice}");
    let unread = ConditionState::Unread(vec![Source::Workspaces]);
    assert_eq!(with(|e| e.workspaces = gap()), unread);
    assert_eq!(with(|e| value(&mut e.workspaces).clear()), unread, "an app that is not listed");
    assert_eq!(with(|e| value(&mut e.workspaces)[0].capacity = None), unread, "seats that are not counted");
    // A guest takes no seat.
    let guest = with(|e| {
        e.workspaces = seen(vec![jira(10)]);
        value(e.roles.get_mut(A1).unwrap())[0].role = "atlassian/guest".to_owned();
    });
    assert_eq!(guest, ConditionState::True);
    // Without a role in that directory, the groups show which apps come back.
    let grants = |e: &mut Evidence| {
        value(e.roles.get_mut(A1).unwrap()).clear();
        let role = GroupRole {
            resource: "jira".to_owned(),
            app: true,
            roles: vec!["user".to_owned()],
            ..GroupRole::default()
        };
        for name in ["jira-users", "wiki-users"] {
            e.group_roles.insert(group(name).id, seen(vec![role.clone()]));
        }
    };
    assert_eq!(with(grants), ConditionState::True);
    assert_eq!(
        with(|e| {
            value(e.roles.get_mut(A1).unwrap()).clear();
            e.group_roles.clear();
        }),
        ConditionState::Unread(vec![Source::GroupRoles])
    );
}
