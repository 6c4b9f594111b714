//! Tests of the join on hand-made rows, of the list that an approval covers, and of the sweep's state machine.

use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::evidence::{
    Assignment, Claim, Domain, GroupRole, IdpGroup, IdpUser, Job, Mapping, OrgGroup, Read, ScimRecord,
};
use crate::finding::{Cause, Verdict};
use crate::fold::Fold as _;
use crate::run::{Goal, Limits, Request as By, Requester};
use crate::subject::RecordId;

pub(super) const JANE: &str = "000000e1-0000-4000-8000-00000000000a";
pub(super) const GROUP: &str = "00000096-0000-4000-8000-000000000001";

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

pub(super) fn user(id: &str, upn: &str) -> IdpUser {
    IdpUser {
        id: id.to_owned(),
        upn: Some(upn.to_owned()),
        mail: Some(upn.to_owned()),
        enabled: Some(true),
        ..IdpUser::default()
    }
}

pub(super) fn group(id: &str, name: &str) -> IdpGroup {
    IdpGroup { id: id.to_owned(), name: name.to_owned(), security: Some(true) }
}

pub(super) fn jane(groups: &[&str]) -> ListedAccount {
    let groups = groups.iter().map(|name| group(&name.to_lowercase(), name)).collect();
    let account = crate::evidence::Account {
        id: "712020:jane".to_owned(),
        kind: Some("atlassian".to_owned()),
        email: Some("Jane@acme.example".to_owned()),
        status: Some("active".to_owned()),
        membership: Some("active".to_owned()),
        claim: Claim::Managed,
        groups: Some(groups),
        ..Default::default()
    };
    ListedAccount { account, roles: Some(HeldRoles { lists: vec![0] }) }
}

pub(super) fn mapping(external_id: &str) -> Mapping {
    Mapping {
        groups_on: true,
        user_name_from: Some("[userPrincipalName]".to_owned()),
        email_from: Some("[mail]".to_owned()),
        external_id_from: Some(external_id.to_owned()),
        ..Mapping::default()
    }
}

pub(super) fn list(resource: &str, roles: ListedRoles) -> RoleList {
    RoleList { resource: Some(resource.to_owned()), roles }
}

/// Each group grants Jira. At Atlassian it has the id of its name in lower case.
fn grants(groups: &[(&str, &str)], assignments: Vec<Assignment>) -> Grants {
    let role = GroupRole {
        resource: "jira".to_owned(),
        app: true,
        roles: vec!["atlassian/user".to_owned()],
        ..GroupRole::default()
    };
    let group =
        |name: &str| OrgGroup { id: name.to_lowercase(), name: name.to_owned(), ..OrgGroup::default() };
    let mut known: Vec<OrgGroup> = groups.iter().map(|(_, name)| group(name)).collect();
    known.sort_by(|a, b| a.id.cmp(&b.id));
    let roles = known.iter().map(|group| (group.id.clone(), Read::seen(at(0), vec![role.clone()])));
    Grants {
        assignments: Read::seen(at(0), assignments),
        group_roles: roles.collect(),
        groups: Read::seen(at(0), known),
        workspaces: Read::seen(at(0), Vec::new()),
    }
}

/// A record of Jane that is linked to her account.
pub(super) fn record(id: &str) -> ScimRecord {
    ScimRecord {
        id: RecordId { directory: "d1".to_owned(), record: id.to_owned() },
        external_id: Some(JANE.to_owned()),
        user_name: Some("jane@acme.example".to_owned()),
        email: Some("jane@acme.example".to_owned()),
        active: Some(true),
        account: Some("712020:jane".to_owned()),
        groups: Vec::new(),
        created: None,
        modified: None,
    }
}

/// Jane in these groups, with one record that is linked to her account.
pub(super) fn census(groups: &[(&str, &str)]) -> Census {
    let mut people = People::default();
    people.add(&user(JANE, "jane@acme.example"), &[]);
    people.seal();
    let mut members = Members::default();
    let mut assignments = Vec::new();
    for (number, (id, name)) in (0_u32..).zip(groups) {
        members.add(JANE, number);
        let (principal, name) = ((*id).to_owned(), (*name).to_owned());
        assignments.push(Assignment {
            principal,
            is_group: true,
            name,
            created: None,
            default_access: Some(false),
        });
    }
    members.seal();
    let mut records = Records::new("d1");
    records.add(&record("r1"));
    records.seal();
    Census {
        users: Read::seen(at(0), people),
        members: Read::seen(at(0), members),
        grants: grants(groups, assignments),
        role_lists: Some(vec![list("jira", ListedRoles::One("user")), list("jira", ListedRoles::Closed)]),
        records: [("d1".to_owned(), Read::seen(at(0), records))].into(),
        mapping: Read::seen(at(0), mapping("[objectId]")),
        several: Read::seen(at(0), Keys::default()),
        ..Census::default()
    }
}

fn judge(census: &Census, listed: ListedAccount) -> JoinOutcome {
    Join::default().judge(census, listed)
}

#[test]
fn names_that_differ_in_case_are_the_same_group_and_the_same_address() {
    let census = census(&[(GROUP, "Jira-Users")]);
    assert_eq!(judge(&census, jane(&["jira-USERS"])), JoinOutcome::Good);
    assert!(
        matches!(judge(&census, jane(&["wiki-users"])), JoinOutcome::Look(asked) if asked.need == LookDepth::Close)
    );
}

#[test]
fn somebody_in_five_hundred_groups_is_judged_by_all_of_them() {
    let ids: Vec<(String, String)> =
        (0..500).map(|n| (format!("00000096-0000-4000-8000-{n:012x}"), format!("team-{n}"))).collect();
    let groups: Vec<(&str, &str)> = ids.iter().map(|(id, name)| (id.as_str(), name.as_str())).collect();
    let census = census(&groups);
    let mut names: Vec<&str> = groups.iter().map(|(_, name)| *name).collect();
    assert_eq!(judge(&census, jane(&names)), JoinOutcome::Good);
    names.remove(321);
    assert!(matches!(judge(&census, jane(&names)), JoinOutcome::Look(_)));
}

#[test]
fn an_account_that_comes_twice_counts_once_and_a_second_account_stands_beside() {
    let census = census(&[(GROUP, "jira-users")]);
    let mut join = Join::default();
    assert_eq!(join.judge(&census, jane(&["jira-users"])), JoinOutcome::Good);
    assert_eq!(join.judge(&census, jane(&["jira-users"])), JoinOutcome::Skip);
    let mut second = jane(&[]);
    second.account.id = "712020:other".to_owned();
    assert_eq!(join.judge(&census, second), JoinOutcome::Beside);
    assert_eq!(join.without_account(&census).count(), 0);
    // The search listed no account, so the sweep asks for her by her address.
    let left: Vec<SweepQuery> = Join::default().without_account(&census).collect();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].who.text(), "jane@acme.example");
}

#[test]
fn no_doubt_is_called_health() {
    let doubts: [fn(&mut Census, &mut ListedAccount); 13] = [
        |_, listed| listed.account.membership = None,
        |_, listed| listed.account.status = Some("inactive".to_owned()),
        |_, listed| listed.account.for_deletion = true,
        |_, listed| listed.account.email_verified = Some(false),
        |_, listed| listed.roles = Some(HeldRoles::default()),
        |_, listed| listed.roles = None,
        |_, listed| listed.account.groups = None,
        |_, listed| listed.account.status = Some("limbo".to_owned()),
        |census, _| census.several = Read::Gap("403".into()),
        |census, _| {
            let mut keys = Keys::default();
            keys.add("712020:jane");
            census.several = Read::seen(at(0), keys);
        },
        |_, listed| listed.account.email = Some("old@acme.example".to_owned()),
        |census, _| census.members = Read::Gap("403".into()),
        |census, _| {
            let mut log = Logs::default();
            let entry = crate::evidence::LogEntry { status: "failure".to_owned(), ..Default::default() };
            log.add(JANE, entry);
            census.log = Read::seen(at(0), log);
        },
    ];
    for (number, doubt) in doubts.iter().enumerate() {
        let (mut census, mut listed) = (census(&[(GROUP, "jira-users")]), jane(&["jira-users"]));
        doubt(&mut census, &mut listed);
        assert!(matches!(judge(&census, listed), JoinOutcome::Look(_)), "doubt {number}");
    }
}

#[test]
fn an_account_that_is_read_closely_in_any_case_waits_for_no_list() {
    let census = census(&[(GROUP, "Jira-Users")]);
    let groups = ["Jira-Users"];
    let waiting = |change: &dyn Fn(&mut ListedAccount)| {
        let mut listed = jane(&groups);
        change(&mut listed);
        (census.deciding_lists(&listed), judge(&census, listed))
    };
    let (lists, judged) = waiting(&|_| {});
    assert_eq!((lists, judged), (vec![0, 1], JoinOutcome::Good));
    let broken: [&dyn Fn(&mut ListedAccount); 4] = [
        &|listed| listed.account.groups = Some(Vec::new()),
        &|listed| listed.account.email = Some("other@acme.example".to_owned()),
        &|listed| listed.account.email_verified = Some(false),
        &|listed| listed.account.membership = Some("suspended".to_owned()),
    ];
    for change in broken {
        let (lists, judged) = waiting(change);
        assert!(lists.is_empty());
        let JoinOutcome::Look(asked) = judged else { panic!("{judged:?}") };
        assert_eq!(asked.need, LookDepth::Close);
    }
    // Such an account is diagnosed with the lists, so it waits for them.
    let mut census = census.clone();
    census.several = Read::Gap("no answer".into());
    assert_eq!(census.deciding_lists(&jane(&groups)), vec![0, 1]);
}

#[test]
fn who_has_left_is_looked_at_if_something_of_them_remains() {
    let depth = |census: &Census| {
        let mut left = jane(&[]);
        left.account.status = Some("inactive".to_owned());
        match judge(census, left) {
            JoinOutcome::Look(asked) => Some(asked.need),
            _ => None,
        }
    };
    let disabled = |census: &mut Census| {
        let mut people = People::default();
        people.add(&IdpUser { enabled: Some(false), ..user(JANE, "jane@acme.example") }, &[]);
        people.seal();
        census.users = Read::seen(at(0), people);
    };
    let records = |all: &[(&str, &str, Option<&str>)]| {
        let mut records = Records::new("d1");
        for (id, address, account) in all {
            records.add(&ScimRecord {
                id: RecordId { directory: "d1".to_owned(), record: (*id).to_owned() },
                external_id: Some(JANE.to_owned()),
                user_name: Some((*address).to_owned()),
                email: Some("jane@acme.example".to_owned()),
                active: Some(false),
                account: account.map(str::to_owned),
                groups: Vec::new(),
                created: None,
                modified: None,
            });
        }
        records.seal();
        std::collections::BTreeMap::from([("d1".to_owned(), Read::seen(at(0), records))])
    };
    let name = "jane@acme.example";
    let mut census = census(&[]);
    disabled(&mut census);
    // Columns: the records, how closely a disabled person is looked at, and somebody without a user object.
    for (all, when_disabled, when_gone) in [
        (&[][..], LookDepth::Local, LookDepth::Local),
        (&[("r1", name, Some("712020:jane"))], LookDepth::Local, LookDepth::Close),
        (&[("r1", name, Some("712020:other"))], LookDepth::Close, LookDepth::Close),
        (&[("r1", "jane@corp.example", None)], LookDepth::Close, LookDepth::Close),
        (
            &[("r1", name, Some("712020:jane")), ("r2", name, Some("712020:jane"))],
            LookDepth::Close,
            LookDepth::Close,
        ),
    ] {
        census.records = records(all);
        assert_eq!(depth(&census), Some(when_disabled), "{all:?}");
        let mut gone = census.clone();
        gone.users = Read::seen(at(0), People::default());
        assert_eq!(depth(&gone), Some(when_gone), "{all:?}");
    }
}

#[test]
fn a_person_without_an_account_is_looked_at_also_while_the_job_has_a_fault() {
    let mut census = census(&[(GROUP, "jira-users")]);
    census.trouble = true;
    let need = |join: &Join| join.without_account(&census).map(|asked| asked.need).collect::<Vec<_>>();
    assert_eq!(need(&Join::default()), [LookDepth::Close]);
    // Where the list of accounts is not complete, the person may have one.
    let mut cut = Join::default();
    cut.cut_short = true;
    assert_eq!(need(&cut), [LookDepth::Local]);
}

#[test]
fn an_anchor_on_another_record_is_a_doubt() {
    let census_with = |target: &str| {
        let mut census = census(&[(GROUP, "jira-users")]);
        let mut log = Logs::default();
        let (status, target) = ("success".to_owned(), Some(target.to_owned()));
        log.add(JANE, crate::evidence::LogEntry { status, target, ..Default::default() });
        census.log = Read::seen(at(0), log);
        census
    };
    assert_eq!(judge(&census_with("r1"), jane(&["jira-users"])), JoinOutcome::Good);
    let doubt = judge(&census_with("r2"), jane(&["jira-users"]));
    assert!(matches!(doubt, JoinOutcome::Look(asked) if asked.need == LookDepth::Close));
}

#[test]
fn a_cause_that_concerns_everybody_is_reported_once_and_stops_the_repairs() {
    let settled = |change: fn(&mut Census)| {
        let mut census = census(&[(GROUP, "jira-users")]);
        let domain = Domain { name: "acme.example".to_owned(), verified: true };
        census.domains = Read::seen(at(0), vec![domain]);
        let job = Job { id: "j".to_owned(), code: Some("Active".to_owned()), ..Job::default() };
        census.job = Read::seen(at(0), job);
        change(&mut census);
        census.settle(at(0));
        census.tenant_causes
    };
    assert_eq!(settled(|_| {}), []);
    let paused = settled(|census| {
        let job = Job { id: "j".to_owned(), code: Some("Paused".to_owned()), ..Job::default() };
        census.job = Read::seen(at(0), job);
    });
    assert_eq!(paused, [Cause::ProvisioningStopped]);
    assert_eq!(settled(|census| census.domains = Read::seen(at(0), Vec::new())), [Cause::DomainNotClaimed]);
    assert_eq!(settled(|census| census.domains = Read::Gap("403".into())), [], "unread proves nothing");
    let advice = settled(|census| {
        let matching = vec!["emails[type eq \"work\"].value".to_owned()];
        census.mapping = Read::seen(at(0), Mapping { matching, ..mapping("[objectId]") });
    });
    assert_eq!(advice, [Cause::MatchingOnEmail]);

    let found = |causes: &[Cause]| SweepFinding {
        query: "jane@acme.example".to_owned(),
        name: None,
        account: None,
        person: None,
        verdict: Verdict::Broken,
        causes: causes.to_vec(),
        missing: None,
        missing_apps: None,
        unread: false,
        digest: None,
        steps: Vec::new(),
        groups: Vec::new(),
        risk: None,
        needs_approval: false,
    };
    let (common, both) = (found(&paused), found(&[Cause::ProvisioningStopped, Cause::Suspended]));
    let mut tally = Tally::of_tenant(paused);
    tally.found(&common);
    tally.found(&both);
    assert_eq!(tally.broken, 2);
    assert_eq!(tally.by_cause, [("suspended".to_owned(), 1)].into());
    assert!(!tally.has_own_cause(&common) && tally.has_own_cause(&both) && tally.has_own_cause(&found(&[])));
    assert!(tally.has_tenant_fault() && !Tally::of_tenant(advice).has_tenant_fault());
    // A journal of an earlier version has no such field.
    let old = serde_json::from_str::<Tally>(
        r#"{"accounts":1,"healthy":1,"broken":0,"cannot_tell":0,"unread":0,"by_cause":{}}"#,
    );
    assert_eq!(old.unwrap().tenant_causes, []);
}

#[test]
fn ids_that_are_no_guids_are_kept_apart() {
    assert_eq!(key(JANE), key(&JANE.replace('-', "")));
    assert_ne!(key("import-1042"), key("import-1043"));
    assert_ne!(key(""), key("0"));
}

pub(super) fn repairs(count: usize) -> RepairList {
    let one = |n: usize| ListedRepair {
        subject: format!("a{n}"),
        query: format!("p{n}@acme.example"),
        digest: format!("sha256:{n}"),
    };
    RepairList::new((0..count).rev().map(one).collect())
}

#[test]
fn a_list_is_sorted_and_its_digest_is_of_accounts_and_plans() {
    let list = repairs(3);
    assert_eq!(list.repairs().iter().map(|one| one.subject.as_str()).collect::<Vec<_>>(), ["a0", "a1", "a2"]);
    assert_eq!(list.digest(), repairs(3).digest());
    assert_ne!(list.digest(), repairs(4).digest());
    assert_eq!(repairs(0).digest(), None);
    assert!(!repairs(5).needs_approver() && repairs(6).needs_approver());
    let waves: Vec<usize> = [0, 4, 5, 54, 55, 9999].into_iter().map(RepairList::wave_of).collect();
    assert_eq!(waves, [0, 0, 1, 1, 2, 2]);
}

pub(super) fn by(id: &str) -> By {
    By {
        by: Requester::with_id(id),
        channel: "C1".to_owned(),
        text: "sweep".to_owned(),
        response_url: None,
        aim: Goal::default(),
        helps: None,
    }
}

pub(super) fn surveyed(count: usize) -> SweepEvent {
    SweepEvent::SweepSurveyed {
        tally: Tally::default(),
        unread: Vec::new(),
        list: repairs(count),
        approvals: 0,
        since: None,
        preview: RepairPreview::default(),
    }
}

fn limits() -> Limits {
    Limits { expire_after: Duration::from_secs(3600), start_within: Duration::from_secs(900) }
}

pub(super) fn fold(events: &[SweepEvent]) -> Result<Sweep, crate::Illegal> {
    Sweep::fold((1_i64..).zip(events).map(|(seq, event)| (seq, at(seq), event)))
}

#[test]
fn nothing_is_repaired_that_nobody_approved_and_nothing_after_a_day() {
    let opened = SweepEvent::SweepOpened { asked: by("U0ADA"), rule: "users".to_owned(), watch: None };
    let digest = repairs(6).digest().unwrap();
    let requested =
        SweepEvent::SweepRequested { by: by("U0ADA"), digest: digest.clone(), rule: "users".to_owned() };
    let approved = |who: &str| SweepEvent::SweepApproved { by: who.to_owned(), digest: digest.clone() };
    let mut events = vec![opened, surveyed(6)];
    let next = |events: &[SweepEvent], second| fold(events).unwrap().next(at(second), &limits());
    assert!(matches!(next(&events, 9), SweepNext::AwaitRequest(_)));
    events.push(requested);
    assert!(matches!(next(&events, 9), SweepNext::AwaitApproval(_)));
    assert!(matches!(next(&events, 4000), SweepNext::End(_)), "nobody approved in time");
    let own: Vec<_> = events.iter().cloned().chain([approved("U0ADA")]).collect();
    assert!(fold(&own).is_err(), "nobody approves their own request");
    events.push(approved("U0GRACE"));
    assert_eq!(next(&events, 9), SweepNext::Repair);
    assert_eq!(next(&events, 86_000), SweepNext::Repair);
    assert!(matches!(next(&events, 86_500), SweepNext::End(_)), "a day is over");
    events.push(SweepEvent::SweepPaused { by: None, why: "2 of 5".into() });
    assert_eq!(next(&events, 9), SweepNext::AwaitPerson);
    events.push(SweepEvent::SweepResumed { by: "U0ADA".to_owned() });
    assert_eq!(next(&events, 9), SweepNext::Repair);
}

#[test]
fn another_list_cannot_be_approved_and_five_need_nobody() {
    let opened = || SweepEvent::SweepOpened { asked: by("U0ADA"), rule: "users".to_owned(), watch: None };
    let other = repairs(4).digest().unwrap();
    let wrong = SweepEvent::SweepRequested { by: by("U0ADA"), digest: other, rule: String::new() };
    assert!(fold(&[opened(), surveyed(5), wrong]).is_err());
    let right = SweepEvent::SweepRequested {
        by: by("U0ADA"),
        digest: repairs(5).digest().unwrap(),
        rule: String::new(),
    };
    let course = fold(&[opened(), surveyed(5), right]).unwrap();
    assert_eq!(course.next(at(9), &limits()), SweepNext::Repair);
    let counts = SweepEvent::SweepRepaired { begun: 1, restored: 1, skipped: 0, failed: 0 };
    assert!(fold(&[opened(), surveyed(5), counts]).is_err(), "nothing was asked for");
}

#[test]
fn a_request_of_version_1_which_names_no_rule_is_still_read() {
    let asked = serde_json::to_value(by("U0ADA")).unwrap();
    let old = serde_json::json!({"kind": "sweep-requested", "by": asked, "digest": "sha256:0"});
    let read: SweepEvent = serde_json::from_value(old).unwrap();
    assert!(matches!(read, SweepEvent::SweepRequested { rule, .. } if rule.is_empty()));
}
