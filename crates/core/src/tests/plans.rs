//! Property tests over generated evidence: a known state with changes and gaps. Every plan must keep the rules. The
//! oracle reads the evidence itself and does not use the planner's functions.

use proptest::prelude::*;

use super::build::{
    A1, A2, D1, JANE, MAIL, OTHER, account, address_elsewhere, drifted, gap, grant, group, healthy, jira,
    link, linked_elsewhere, never_provisioned, person, record, record_of, role, seen, stale_record, surround,
    suspend, value,
};
use super::conditions::rules;
use crate::condition::{ConditionState, conditions_after};
use crate::diagnose::Case;
use crate::evidence::{AppRole, Evidence, HopelessPlan, IdpUser, LogEntry, Read, Source, StoppedBy};
use crate::planner::is_proven;
use crate::rules::{Approvers, Rules};
use crate::subject::normalize;
use crate::{Cause, Op, Plan, Risk, Verdict, diagnose, plan, retire_plan, undo_plan};

type Change = fn(&mut Evidence);

fn known<T>(read: Option<&mut Read<T>>) -> Option<&mut T> {
    match read {
        Some(Read::Seen { value, .. }) => Some(value),
        _ => None,
    }
}

const CHANGES: &[Change] = &[
    |e| e.users = gap(),
    |e| e.deleted_users = gap(),
    |e| e.memberships = gap(),
    |e| e.nested = gap(),
    |e| e.assignments = gap(),
    |e| e.job = gap(),
    |e| e.mapping = gap(),
    |e| e.log = gap(),
    |e| e.pending = gap(),
    |e| e.pending = Read::NotAsked,
    |e| e.stopped_by = gap(),
    |e| e.stopped_by = seen(None),
    |e| e.stopped_by = seen(Some(StoppedBy::Named("Vera".to_owned()))),
    |e| known(Some(&mut e.pending)).into_iter().for_each(|pending| pending.staged_deletes = 1),
    |e| {
        known(Some(&mut e.job)).into_iter().for_each(|job| job.quarantine = Some("TooManyDeletes".to_owned()))
    },
    |e| known(Some(&mut e.job)).into_iter().for_each(|job| job.quarantine = Some("Unknown".to_owned())),
    |e| {
        known(Some(&mut e.job))
            .into_iter()
            .for_each(|job| job.error_code = Some("InvalidCredentials".to_owned()))
    },
    |e| {
        known(Some(&mut e.log)).into_iter().for_each(|log| {
            log.insert(0, LogEntry { error_code: Some("InvalidAnchor".to_owned()), ..LogEntry::default() });
        })
    },
    |e| e.accounts = gap(),
    |e| e.links = gap(),
    |e| e.domains = gap(),
    |e| drop(e.account_links.insert(A1.to_owned(), gap())),
    |e| drop(e.account_links.insert(A2.to_owned(), gap())),
    |e| drop(e.records.insert(D1.to_owned(), gap())),
    |e| drop(e.permissions.insert(A1.to_owned(), gap())),
    |e| drop(e.permissions.insert(A2.to_owned(), gap())),
    |e| drop(e.roles.insert(A1.to_owned(), gap())),
    |e| drop(e.last_active.insert(A2.to_owned(), gap())),
    |e| drop(e.bearers.insert(MAIL.to_owned(), gap())),
    |e| drop(e.owners.insert(OTHER.to_owned(), gap())),
    |e| e.records.clear(),
    |e| e.bearers.clear(),
    |e| e.owners.clear(),
    |e| e.permissions.clear(),
    |e| e.links = Read::NotAsked,
    |e| e.domains = Read::NotAsked,
    |e| known(Some(&mut e.users)).into_iter().flatten().for_each(|user| user.enabled = Some(false)),
    |e| known(Some(&mut e.users)).into_iter().flatten().for_each(|user| user.enabled = None),
    |e| known(Some(&mut e.users)).into_iter().flatten().for_each(|user| (user.mail, user.upn) = (None, None)),
    |e| known(Some(&mut e.users)).into_iter().for_each(Vec::clear),
    |e| {
        known(Some(&mut e.users)).into_iter().for_each(|users| {
            users.push(IdpUser { id: OTHER.to_owned(), ..person() });
        })
    },
    |e| known(Some(&mut e.assignments)).into_iter().for_each(Vec::clear),
    |e| known(Some(&mut e.memberships)).into_iter().for_each(Vec::clear),
    |e| known(Some(&mut e.memberships)).into_iter().for_each(|groups| groups.push(group("unassigned"))),
    |e| known(Some(&mut e.domains)).into_iter().for_each(Vec::clear),
    |e| known(Some(&mut e.mapping)).into_iter().for_each(|mapping| mapping.scoped = true),
    |e| known(Some(&mut e.mapping)).into_iter().for_each(|mapping| mapping.groups_on = false),
    |e| known(Some(&mut e.mapping)).into_iter().for_each(|mapping| mapping.external_id_from = None),
    |e| known(Some(&mut e.job)).into_iter().for_each(|job| job.code = Some("Quarantine".to_owned())),
    |e| known(Some(&mut e.job)).into_iter().for_each(|job| job.schedule = Some("Disabled".to_owned())),
    |e| {
        known(Some(&mut e.log)).into_iter().for_each(|log| {
            log.insert(
                0,
                LogEntry { http_status: Some(409), status: "failure".to_owned(), ..LogEntry::default() },
            );
        })
    },
    |e| {
        known(Some(&mut e.log)).into_iter().for_each(|log| {
            log.insert(0, LogEntry { skip_reason: Some("NotInScope".to_owned()), ..LogEntry::default() });
        })
    },
    |e| known(Some(&mut e.log)).into_iter().for_each(Vec::clear),
    |e| each_account(e, |known| known.status = Some("inactive".to_owned())),
    |e| each_account(e, |known| known.status = Some("closed".to_owned())),
    |e| each_account(e, |known| known.for_deletion = true),
    |e| each_account(e, |known| known.membership = Some("suspended".to_owned())),
    |e| each_account(e, |known| known.membership = Some("no_membership".to_owned())),
    |e| each_account(e, |known| known.kind = Some("customer".to_owned())),
    |e| each_account(e, |known| known.kind = None),
    |e| each_account(e, |known| known.status = None),
    |e| each_account(e, |known| known.membership = None),
    |e| each_account(e, |known| known.groups = None),
    |e| each_account(e, |known| known.groups = Some(Vec::new())),
    |e| each_account(e, |known| known.email = None),
    |e| each_account(e, |known| known.platform_roles = None),
    |e| each_account(e, |known| known.platform_roles = Some(vec!["atlassian/org-admin".to_owned()])),
    |e| each_account(e, |known| known.claim = crate::evidence::Claim::Unmanaged),
    |e| known(Some(&mut e.accounts)).into_iter().for_each(Vec::clear),
    |e| {
        known(Some(&mut e.accounts)).into_iter().for_each(|all| all.push(account(A2, MAIL)));
        surround(e, A2, Vec::new(), false);
    },
    |e| {
        known(e.roles.get_mut(A1)).into_iter().for_each(|roles| {
            roles.push(AppRole { role: "org-admin".to_owned(), ..AppRole::default() });
        })
    },
    |e| {
        known(e.roles.get_mut(A1))
            .into_iter()
            .flatten()
            .for_each(|row| row.status = Some("suspended".to_owned()))
    },
    |e| {
        known(e.roles.get_mut(A1)).into_iter().flatten().for_each(|row| row.status = Some("limbo".to_owned()))
    },
    |e| known(e.roles.get_mut(A1)).into_iter().flatten().for_each(|row| row.directory = None),
    |e| {
        known(e.roles.get_mut(A1)).into_iter().for_each(|roles| {
            let (directory, status) = (Some("user-directory-2".to_owned()), Some("suspended".to_owned()));
            roles.push(AppRole { directory, status, ..role("user") });
        })
    },
    |e| known(e.roles.get_mut(A1)).into_iter().flatten().for_each(|row| row.role = "guest".to_owned()),
    |e| known(e.roles.get_mut(A1)).into_iter().flatten().for_each(|row| row.resource = "wiki".to_owned()),
    |e| known(e.roles.get_mut(A1)).into_iter().for_each(Vec::clear),
    |e| drop(e.group_roles.insert("g-jira-users".to_owned(), seen(vec![grant("admin")]))),
    |e| drop(e.group_roles.insert("g-wiki-users".to_owned(), seen(vec![grant("customer")]))),
    |e| drop(e.group_roles.insert("g-wiki-users".to_owned(), gap())),
    |e| e.group_roles.clear(),
    |e| e.shown_groups = gap(),
    |e| known(Some(&mut e.shown_groups)).into_iter().flatten().for_each(|group| group.resources = None),
    |e| e.subject.app = Some("jira".to_owned()),
    |e| e.subject.app = Some("wiki".to_owned()),
    |e| e.workspaces = gap(),
    |e| e.workspaces = seen(vec![jira(10)]),
    |e| {
        known(e.permissions.get_mut(A1)).into_iter().for_each(|permissions| {
            permissions.0.insert("x".to_owned(), Some("administrative.notMyself".to_owned()));
        })
    },
    |e| known(e.permissions.get_mut(A1)).into_iter().for_each(|permissions| permissions.0.clear()),
    |e| each_record(e, |record| record.account = None),
    |e| each_record(e, |record| record.account = Some(A2.to_owned())),
    |e| each_record(e, |record| record.account = Some("712020:nobody".to_owned())),
    |e| each_record(e, |record| record.active = Some(false)),
    |e| each_record(e, |record| record.external_id = Some(OTHER.to_owned())),
    |e| each_record(e, |record| record.external_id = None),
    |e| known(e.records.get_mut(D1)).into_iter().for_each(Vec::clear),
    |e| {
        known(e.records.get_mut(D1)).into_iter().for_each(|all| all.push(record("r5", OTHER, MAIL, Some(A1))))
    },
    |e| known(Some(&mut e.links)).into_iter().for_each(Vec::clear),
    |e| known(Some(&mut e.links)).into_iter().for_each(|links| links.push(link("r5", Some(A2)))),
    |e| drop(e.owners.insert(OTHER.to_owned(), seen(vec![IdpUser { id: OTHER.to_owned(), ..person() }]))),
    |e| drop(e.owners.insert(OTHER.to_owned(), seen(Vec::new()))),
    |e| {
        let colleague = IdpUser { id: OTHER.to_owned(), ..person() };
        e.bearers.insert(MAIL.to_owned(), seen(vec![colleague]));
    },
];

fn each_account(e: &mut Evidence, change: impl Fn(&mut crate::evidence::Account)) {
    known(Some(&mut e.accounts)).into_iter().flatten().for_each(change);
}

fn each_record(e: &mut Evidence, change: impl Fn(&mut crate::evidence::ScimRecord)) {
    known(e.records.get_mut(D1)).into_iter().flatten().for_each(change);
}

fn worlds() -> Vec<Evidence> {
    let mut suspended = drifted();
    suspend(&mut suspended, A1);
    let mut unlinked = drifted();
    record_of(&mut unlinked, "r1").account = None;
    value(&mut unlinked.links)[0].account = None;
    value(unlinked.account_links.get_mut(A1).unwrap()).clear();
    let mut stopped = never_provisioned();
    value(&mut stopped.job).schedule = Some("Disabled".to_owned());
    let mut slowed = never_provisioned();
    value(&mut slowed.job).quarantine = Some("EncounteredEscrowProportionThreshold".to_owned());
    let mut lost = never_provisioned();
    lost.log = seen(vec![LogEntry { error_code: Some("InvalidAnchor".to_owned()), ..LogEntry::default() }]);
    vec![
        stopped,
        slowed,
        lost,
        healthy(),
        drifted(),
        never_provisioned(),
        linked_elsewhere(),
        address_elsewhere(),
        stale_record(),
        suspended,
        unlinked,
    ]
}

fn evidence() -> impl Strategy<Value = Evidence> {
    (0..worlds().len(), prop::collection::vec(0..CHANGES.len(), 0..5)).prop_map(|(world, changes)| {
        let mut e = worlds().swap_remove(world);
        changes.into_iter().for_each(|change| CHANGES[change](&mut e));
        e
    })
}

fn loosened(earlier: &[Op], id: &crate::subject::RecordId) -> bool {
    earlier.iter().any(|op| match op {
        Op::UnlinkRecord { record, .. } | Op::DeleteRecord { record } => record == id,
        Op::ForgetAccountRecords { records, .. } => records.contains(id),
        _ => false,
    })
}

/// The account that a step writes was read, and it is an ordinary person's account.
fn is_writable(e: &Evidence, id: &str) {
    let known = e.account(id).expect("an account that was not read");
    assert_eq!(known.kind.as_deref(), Some("atlassian"));
    let admin = |role: &String| role.ends_with("org-admin");
    assert!(!known.platform_roles.iter().flatten().any(admin), "an admin by search");
    let roles = e.roles.get(id).and_then(Read::get);
    assert!(!roles.into_iter().flatten().any(|held| admin(&held.role)), "an admin by roles");
    assert!(known.platform_roles.is_some() || roles.is_some(), "roles unread");
    let permissions = e.permissions.get(id).and_then(Read::get).expect("permissions unread");
    assert!(!permissions.has_reason("administrative.notMyself"));
}

/// A record that is removed belongs to no other living person.
fn is_nobodys(e: &Evidence, id: &crate::subject::RecordId) {
    let external = e.record(id).flatten().and_then(|record| record.external_id.as_deref());
    if let Some(external) = external.filter(|external| *external != JANE) {
        let owner = e.owners.get(external).and_then(Read::get).expect("an owner that was not read");
        assert!(owner.is_empty(), "a living owner");
    }
}

/// No deletion is waiting, the reason why the job is stopped is known, and nobody stopped it on purpose.
fn may_cycle(e: &Evidence, job: &str) {
    let known = e.job.get().expect("a job that was not read");
    assert_eq!(known.id, job);
    assert_eq!(e.pending.get().expect("its log unread").staged_deletes, 0);
    let code = known.error_code.as_deref().unwrap_or_default();
    assert!(!code.contains("InvalidCredentials"), "a key that is refused");
    let quarantined = known.quarantine.is_some() || known.code.as_deref() == Some("Quarantine");
    if quarantined {
        let reason = known.quarantine.as_deref().expect("a reason nobody knows");
        assert!(!["TooManyDeletes", "Unknown", ""].contains(&reason), "{reason}");
    } else if known.schedule.as_deref() != Some("Active") {
        assert_eq!(e.stopped_by.get(), Some(&Some(StoppedBy::Service)), "somebody stopped it");
    }
}

fn judge(e: &Evidence, plan: &Plan) {
    let Some([known]) = e.users.get().map(Vec::as_slice) else { panic!("steps for nobody, or for two") };
    let mut earlier: Vec<Op> = Vec::new();
    for step in &plan.steps {
        assert!(step.risk >= step.op.risk(), "milder than it is");
        if let Some(id) = step.op.account() {
            is_writable(e, id);
        }
        match &step.op {
            Op::ProvisionUser { person, account, .. } | Op::ProvisionMembership { person, account, .. } => {
                assert_eq!(*person, known.id);
                assert_ne!(known.enabled, Some(false));
                let wanted = known.mail.as_deref().or(known.upn.as_deref()).expect("no address");
                let bearers = e.accounts.get().into_iter().flatten();
                let others = bearers.filter(|a| a.bears(wanted) && a.status.as_deref() != Some("closed"));
                for other in others.filter(|a| Some(&a.id) != account.as_ref()) {
                    let parked =
                        |op: &Op| matches!(op, Op::ParkEmail { account, .. } if *account == other.id);
                    assert!(earlier.iter().any(parked), "provisioning into a taken address");
                }
                let verified = e.on_verified_domain(wanted);
                assert_ne!(verified, Some(false), "Atlassian would unlink");
                if step.risk == Risk::Harmless {
                    assert_eq!((known.enabled, verified), (Some(true), Some(true)));
                    assert!(e.assignments.get().is_some() && e.mapping.get().is_some());
                    assert!(e.accounts.get().is_some());
                    let records = e.records.values().any(|read| read.get().is_some());
                    let by_account = e.account_links.values().any(|read| read.get().is_some());
                    assert!(e.links.get().is_some() || records || by_account, "the record unread");
                    assert!(!e.mapping.get().unwrap().scoped || e.log.get().is_some());
                }
            }
            Op::UnlinkRecord { record, .. } => is_nobodys(e, record),
            Op::ForgetAccountRecords { records, .. } => {
                assert!(!records.is_empty());
                records.iter().for_each(|record| is_nobodys(e, record));
            }
            Op::DeleteRecord { record } => {
                is_nobodys(e, record);
                let linked = e.record(record).expect("unread").and_then(|known| known.account.clone());
                let alive = linked
                    .filter(|id| e.account(id).and_then(|known| known.status.as_deref()) != Some("closed"));
                assert!(alive.is_none() || loosened(&earlier, record), "deleting deactivates an account");
            }
            Op::ParkEmail { account, from, to } => {
                let users = e.bearers.get(&normalize(from)).and_then(Read::get).expect("bearers unread");
                assert!(users.iter().all(|user| user.id == known.id), "a living colleague");
                assert!(e.account_links.get(account).and_then(Read::get).is_some(), "links unread");
                assert!(!e.accounts.get().unwrap().iter().any(|other| other.bears(to)), "placeholder in use");
            }
            Op::StartProvisioning { job } | Op::RestartProvisioning { job, .. } => may_cycle(e, job),
            Op::RestoreAccess { .. } | Op::ActivateAccount { .. } | Op::CancelDeletion { .. } => {
                assert_ne!(known.enabled, Some(false), "access for somebody who is disabled");
                assert!(
                    known.enabled.is_some() || step.risk == Risk::Disruptive,
                    "whether enabled is unread"
                );
                if let Op::RestoreAccess { account, directory } = &step.op {
                    let directory = directory.as_deref().expect("no directory");
                    assert_ne!(directory, "-");
                    let spaces = e.workspaces.get();
                    let full = |id: &str| spaces.and_then(|all| all.iter().find(|s| s.id == id)?.is_full());
                    let roles = e.roles.get(account).and_then(Read::get).into_iter().flatten();
                    for held in roles.filter(|r| r.takes_seat() && r.directory.as_deref() == Some(directory))
                    {
                        assert_ne!(full(&held.resource), Some(true), "there is no seat");
                        let counted = full(&held.resource).is_some();
                        assert!(counted || step.risk == Risk::Disruptive, "the seats are unread");
                    }
                }
            }
            Op::DeactivateAccount { .. }
            | Op::ScheduleDeletion { .. }
            | Op::SuspendAccess { .. }
            | Op::ReturnEmail { .. } => panic!("a repair never does that: {}", step.op.action()),
        }
        earlier.push(step.op.clone());
    }
}

proptest! {
    // `PROPTEST_CASES` can raise the number of cases, to find faults that occur once in 20,000 cases.
    #![proptest_config(ProptestConfig {
        cases: ProptestConfig::default().cases.max(4096),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_plan_of_any_evidence_keeps_the_law(e in evidence(), tried in any::<bool>()) {
        let diagnosis = diagnose(&e);
        let first = plan(&e, &diagnosis, &rules(), &[]);
        let done = if tried { first.steps.clone() } else { Vec::new() };
        for plan in [plan(&e, &diagnosis, &rules(), &done), first] {
            prop_assert_eq!(plan.digest().is_some(), !plan.steps.is_empty());
            if !plan.steps.is_empty() {
                prop_assert_eq!(diagnosis.verdict, Verdict::Broken);
                prop_assert!(diagnosis.candidates.is_empty());
                judge(&e, &plan);
            }
        }
        // Whatever never worked here: the law holds, and steps never vanish.
        let mut e = e;
        let first = plan(&e, &diagnosis, &rules(), &done);
        let cause = diagnosis.main_cause().unwrap_or(Cause::NeverProvisioned);
        e.hopeless = vec![HopelessPlan { cause, actions: first.essence(), failed: 5 }];
        let beyond = plan(&e, &diagnosis, &rules(), &done);
        prop_assert_eq!(beyond.steps.is_empty(), first.steps.is_empty());
        prop_assert_eq!(beyond.skipped.is_empty(), beyond.steps == first.steps);
        if !beyond.steps.is_empty() {
            judge(&e, &beyond);
            let case = Case::new(&e);
            prop_assert!(beyond.steps.iter().all(|step| is_proven(&case, &done, &step.op)), "without proof");
        }
        let never = Rules {
            reversible: Approvers::Never, disruptive: Approvers::Never, destructive: Approvers::Never, ..rules()
        };
        let plan = plan(&e, &diagnosis, &never, &[]);
        prop_assert!(plan.steps.iter().all(|step| step.risk == Risk::Harmless), "what is never allowed is advice");
    }

    #[test]
    fn an_undo_and_a_retirement_of_any_evidence_keep_the_law(e in evidence(), picks in prop::collection::vec(any::<prop::sample::Index>(), 0..4)) {
        let mut e = e;
        e.subject.accounts.insert(A2.to_owned());
        let all = super::upper::kinds();
        let begun: Vec<Op> = picks.iter().map(|pick| pick.get(&all).clone()).collect();
        let diagnosis = diagnose(&e);
        let retired = retire_plan(&e, &diagnosis, &rules(), A2, &[]);
        if !retired.steps.is_empty() {
            prop_assert_eq!(diagnosis.verdict, Verdict::Healthy, "retired before access was proven");
        }
        for plan in [undo_plan(&e, &diagnosis, &rules(), &begun, &[]), retired] {
            let mut earlier: Vec<&Op> = Vec::new();
            for step in &plan.steps {
                prop_assert!(step.risk >= step.op.risk(), "milder than it is");
                prop_assert!(!matches!(step.op.rung(), 4..=7), "an undo takes no record and starts no job");
                if let Some(id) = step.op.account() {
                    is_writable(&e, id);
                }
                let held = conditions_after(&step.op, &Case::new(&e), &rules(), &earlier);
                let may_be_unread = |source: &Source| match step.op.rung() {
                    1 | 2 => true,
                    3 => matches!(source, Source::Users | Source::Workspaces | Source::GroupRoles),
                    _ => false,
                };
                let let_pass = |unread: &[Source]| step.risk == Risk::Disruptive && unread.iter().all(may_be_unread);
                let passes = match &held {
                    ConditionState::True => true,
                    ConditionState::Unread(unread) => let_pass(unread),
                    ConditionState::False(_) => false,
                };
                prop_assert!(passes, "{:?}", held);
                if step.op.rung() >= 8 {
                    let address = match &step.op {
                        Op::ReturnEmail { to, .. } => to.clone(),
                        op => e.account(op.account().unwrap()).and_then(|known| known.email.clone()).unwrap(),
                    };
                    let users = e.bearers.get(&normalize(&address)).and_then(Read::get).expect("bearers unread");
                    prop_assert!(users.iter().all(|user| Some(&user.id) == diagnosis.person.as_ref()));
                }
                earlier.push(&step.op);
            }
        }
    }

    #[test]
    fn the_verdict_follows_the_ruling(e in evidence()) {
        let diagnosis = diagnose(&e);
        let missing = diagnosis.groups.missing.clone();
        let blocking = diagnosis.findings.iter().any(|finding| finding.blocking);
        prop_assert_eq!(&diagnose(&e), &diagnosis, "the same evidence, the same answer");
        prop_assert!(diagnosis.findings.iter().all(|finding| !finding.because.is_empty()));
        // Which app was asked for is not known, so the answer cannot be about it.
        let unclear = e.subject.app.is_some() && (diagnosis.app_choice.is_some() || e.workspaces.get().is_none());
        if Case::new(&e).is_ambiguous() || unclear {
            prop_assert_eq!(diagnosis.verdict, Verdict::CannotTell);
            return Ok(());
        }
        let missing_groups = missing.as_ref().is_some_and(|missing| !missing.is_empty()) && e.subject.app.is_none();
        let missing_apps = diagnosis.apps.missing.as_ref().is_some_and(|missing| !missing.is_empty());
        if blocking || missing_groups || missing_apps {
            prop_assert_eq!(diagnosis.verdict, Verdict::Broken);
        }
        if diagnosis.verdict == Verdict::Healthy {
            let asked = e.subject.app.is_some();
            prop_assert!(asked || missing == Some(Vec::new()));
            let lists = [diagnosis.apps.expected.clone(), diagnosis.apps.present.clone()];
            prop_assert!(asked || (lists[0].is_some() && lists[0] == lists[1]), "an app was not read or is not there");
            prop_assert!(diagnosis.apps.missing.as_ref().is_none_or(Vec::is_empty));
            let id = diagnosis.account.clone().expect("healthy without an account");
            let known = e.account(&id).expect("healthy without having read the account");
            prop_assert!(!known.for_deletion);
            prop_assert_eq!(known.status.as_deref(), Some("active"));
            prop_assert_eq!(known.membership.as_deref(), Some("active"));
            let roles = e.roles.get(&id).and_then(Read::get).expect("healthy without having read the roles");
            let opens = |held: &AppRole| held.app && held.status.as_deref().is_none_or(|how| how == "active");
            prop_assert!(roles.iter().any(opens), "no role opens an app");
            let suspended = |held: &AppRole| held.status.as_deref() == Some("suspended");
            prop_assert!(asked || !roles.iter().any(suspended), "suspended in a directory");
        }
        for (source, reason) in e.gaps() {
            prop_assert!(diagnosis.unread.contains(&(source, reason)), "a gap that is not shown");
        }
        for (a, b) in diagnosis.findings.iter().zip(diagnosis.findings.iter().skip(1)) {
            prop_assert!(a.code < b.code, "in the order of the trail, each once");
        }
    }
}
