//! Evidence for tests: Jane, a healthy person, and functions that add one fault. The tests of the executor include this
//! file too, so it names the crate from outside.

use jiff::Timestamp;

use reinstate_core::evidence::{
    Account, AppRole, AppUse, Assignment, Claim, Domain, Evidence, GroupRole, IdpGroup, IdpUser, Job,
    LogEntry, Mapping, OrgGroup, Pending, Permissions, Read, ScimLink, ScimRecord, StoppedBy, UserDirectory,
    Workspace,
};
use reinstate_core::op::Op;
use reinstate_core::subject::{RecordId, Subject, Who};

pub const JANE: &str = "11111111-1111-4111-8111-111111111111";
pub const OTHER: &str = "22222222-2222-4222-8222-222222222222";
pub const MAIL: &str = "jane@acme.example";
pub const A1: &str = "712020:account-1";
pub const A2: &str = "712020:account-2";
pub const D1: &str = "directory-1";
/// A user directory, which is not a SCIM directory.
pub const U1: &str = "user-directory-1";

/// A time. Another value gives the same state, read at another time.
pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

pub fn seen<T>(value: T) -> Read<T> {
    Read::seen(at(0), value)
}

pub fn gap<T>() -> Read<T> {
    Read::Gap("503".into())
}

pub fn group(name: &str) -> IdpGroup {
    IdpGroup { id: format!("g-{name}"), name: name.to_owned(), security: Some(true) }
}

pub fn record_id(record: &str) -> RecordId {
    RecordId { directory: D1.to_owned(), record: record.to_owned() }
}

pub fn person() -> IdpUser {
    IdpUser {
        id: JANE.to_owned(),
        upn: Some(MAIL.to_owned()),
        mail: Some(MAIL.to_owned()),
        enabled: Some(true),
        name: Some("Jane".to_owned()),
        ..IdpUser::default()
    }
}

pub fn account(id: &str, email: &str) -> Account {
    Account {
        id: id.to_owned(),
        kind: Some("atlassian".to_owned()),
        email: Some(email.to_owned()),
        name: Some("Jane".to_owned()),
        status: Some("active".to_owned()),
        membership: Some("active".to_owned()),
        claim: Claim::Managed,
        email_verified: Some(true),
        platform_roles: Some(Vec::new()),
        groups: Some(Vec::new()),
        ..Account::default()
    }
}

pub fn record(id: &str, external: &str, email: &str, account: Option<&str>) -> ScimRecord {
    ScimRecord {
        id: record_id(id),
        external_id: Some(external.to_owned()),
        user_name: Some(email.to_owned()),
        email: Some(email.to_owned()),
        active: Some(true),
        account: account.map(str::to_owned),
        groups: Vec::new(),
        created: None,
        modified: None,
    }
}

/// A role in Jira, held through a user directory in which the account is active.
pub fn role(name: &str) -> AppRole {
    AppRole {
        resource: "jira".to_owned(),
        role: name.to_owned(),
        app: true,
        directory: Some(U1.to_owned()),
        status: Some("active".to_owned()),
        ..AppRole::default()
    }
}

/// What the groups grant: a role in Jira.
pub fn grant(name: &str) -> GroupRole {
    GroupRole {
        resource: "jira".to_owned(),
        owner: Some("jira-software".to_owned()),
        app: true,
        roles: vec![name.to_owned()],
        is_default: false,
    }
}

/// Suspends an account in its only user directory.
pub fn suspend(e: &mut Evidence, id: &str) {
    account_of(e, id).membership = Some("suspended".to_owned());
    for row in value(e.roles.get_mut(id).unwrap()) {
        row.status = Some("suspended".to_owned());
    }
    e.workspaces = seen(vec![jira(9)]);
}

/// Jira with ten seats, of which `usage` are taken.
pub fn jira(usage: i64) -> Workspace {
    Workspace {
        id: "jira".to_owned(),
        name: "Jira".to_owned(),
        key: Some("jira-software".to_owned()),
        site: Some("acme".to_owned()),
        usage: Some(usage),
        capacity: Some(10),
    }
}

pub fn restore(account: &str) -> Op {
    Op::RestoreAccess { account: account.to_owned(), directory: Some(U1.to_owned()) }
}

pub fn link(record: &str, account: Option<&str>) -> ScimLink {
    ScimLink { id: record_id(record), account: account.map(str::to_owned) }
}

/// Adds what belongs to an account: roles, permissions, links, use.
pub fn surround(e: &mut Evidence, id: &str, links: Vec<ScimLink>, used: bool) {
    let role = role("user");
    let uses = AppUse { app: "jira-software".to_owned(), day: "2026-10-02".to_owned() };
    let allowed = ["email.set", "lifecycle.delete", "lifecycle.enablement"];
    let allowed = allowed.map(|privilege| (privilege.to_owned(), None)).into();
    e.permissions.insert(id.to_owned(), seen(Permissions(allowed)));
    e.roles.insert(id.to_owned(), seen(if used { vec![role] } else { Vec::new() }));
    e.last_active.insert(id.to_owned(), seen(if used { vec![uses] } else { Vec::new() }));
    e.account_links.insert(id.to_owned(), seen(links));
    let only = UserDirectory { id: U1.to_owned(), name: Some("Primary".to_owned()) };
    e.user_directories.insert(id.to_owned(), seen(vec![only]));
}

pub fn healthy() -> Evidence {
    let mut e = Evidence::new(Subject::asked(Who::Email(MAIL.to_owned())), at(0));
    let groups = vec![group("jira-users"), group("wiki-users")];
    e.users = seen(vec![person()]);
    e.deleted_users = seen(Vec::new());
    e.memberships = seen(groups.clone());
    e.nested = seen(groups.clone());
    let assigned = groups.iter().map(|g| Assignment {
        principal: g.id.clone(),
        is_group: true,
        name: g.name.clone(),
        created: None,
        default_access: Some(false),
    });
    e.assignments = seen(assigned.collect());
    e.job = seen(Job { id: "job".to_owned(), schedule: Some("Active".to_owned()), ..Job::default() });
    e.stopped_by = seen(Some(StoppedBy::Service));
    e.pending = seen(Pending::default());
    e.mapping = seen(Mapping {
        groups_on: true,
        user_name_from: Some("[userPrincipalName]".to_owned()),
        email_from: Some("[mail]".to_owned()),
        external_id_from: Some("[objectId]".to_owned()),
        active_from: Some("Switch([IsSoftDeleted], , \"False\", \"True\", \"True\", \"False\")".to_owned()),
        ..Mapping::default()
    });
    e.log = seen(vec![LogEntry {
        action: "update".to_owned(),
        status: "success".to_owned(),
        target: Some("r1".to_owned()),
        ..LogEntry::default()
    }]);
    let mut own = record("r1", JANE, MAIL, Some(A1));
    own.groups = groups.clone();
    let mut jane = account(A1, MAIL);
    jane.groups = Some(groups.clone());
    e.accounts = seen(vec![jane]);
    e.links = seen(vec![link("r1", Some(A1))]);
    e.records.insert(D1.to_owned(), seen(vec![own]));
    surround(&mut e, A1, vec![link("r1", Some(A1))], true);
    e.domains = seen(vec![Domain { name: "acme.example".to_owned(), verified: true }]);
    e.groups = seen(Vec::new());
    let shown = groups.iter().map(|group| OrgGroup {
        id: group.id.clone(),
        name: group.name.clone(),
        synced: Some(true),
        resources: Some(1),
        ..OrgGroup::default()
    });
    e.shown_groups = seen(shown.collect());
    for group in &groups {
        e.group_roles.insert(group.id.clone(), seen(vec![grant("user")]));
    }
    e.workspaces = seen(vec![jira(9)]);
    e.scim_groups = seen(std::collections::BTreeMap::new());
    e
}

pub fn value<T>(read: &mut Read<T>) -> &mut T {
    match read {
        Read::Seen { value, .. } => value,
        _ => panic!("the builder reads everything"),
    }
}

pub fn account_of<'a>(e: &'a mut Evidence, id: &str) -> &'a mut Account {
    value(&mut e.accounts).iter_mut().find(|account| account.id == id).unwrap()
}

pub fn record_of<'a>(e: &'a mut Evidence, id: &str) -> &'a mut ScimRecord {
    value(e.records.get_mut(D1).unwrap()).iter_mut().find(|record| record.id.record == id).unwrap()
}

/// A group membership was lost at Atlassian. The repair is harmless.
pub fn drifted() -> Evidence {
    let mut e = healthy();
    record_of(&mut e, "r1").groups.pop();
    account_of(&mut e, A1).groups.as_mut().unwrap().pop();
    e
}

/// Atlassian has only the account, no record.
pub fn never_provisioned() -> Evidence {
    let mut e = healthy();
    value(e.records.get_mut(D1).unwrap()).clear();
    e.links = seen(Vec::new());
    e.log = seen(Vec::new());
    e.account_links.insert(A1.to_owned(), seen(Vec::new()));
    account_of(&mut e, A1).groups = Some(Vec::new());
    e
}

/// The record is linked to an empty account with a placeholder address. The account that she used has her address.
pub fn linked_elsewhere() -> Evidence {
    let mut e = healthy();
    value(&mut e.accounts).push(account(A2, "jane.old@acme.example"));
    record_of(&mut e, "r1").account = Some(A2.to_owned());
    e.links = seen(vec![link("r1", Some(A2))]);
    e.account_links.insert(A1.to_owned(), seen(Vec::new()));
    surround(&mut e, A2, vec![link("r1", Some(A2))], false);
    account_of(&mut e, A1).groups = Some(Vec::new());
    e.bearers.insert(MAIL.to_owned(), seen(vec![person()]));
    e.bearers.insert("jane.old@acme.example".to_owned(), seen(Vec::new()));
    e
}

/// The record is linked to the account that she used, which lost its groups. An empty account that nobody needs has her
/// address.
pub fn address_elsewhere() -> Evidence {
    let mut e = healthy();
    account_of(&mut e, A1).groups = Some(Vec::new());
    account_of(&mut e, A1).email = Some("jane.old@acme.example".to_owned());
    value(&mut e.accounts).push(account(A2, MAIL));
    surround(&mut e, A2, Vec::new(), false);
    e.bearers.insert(MAIL.to_owned(), seen(vec![person()]));
    e.bearers.insert("jane.old@acme.example".to_owned(), seen(Vec::new()));
    e
}

/// Atlassian refused because a value is in use.
pub fn refused(action: &str) -> LogEntry {
    LogEntry {
        action: action.to_owned(),
        status: "failure".to_owned(),
        http_status: Some(409),
        scim_type: Some("uniqueness".to_owned()),
        ..LogEntry::default()
    }
}

/// An old unlinked record has her name, and Atlassian refused to create hers.
pub fn stale_record() -> Evidence {
    let mut e = never_provisioned();
    value(e.records.get_mut(D1).unwrap()).push(record("r0", OTHER, MAIL, None));
    e.links = seen(vec![link("r0", None)]);
    e.log = seen(vec![refused("create")]);
    e.owners.insert(OTHER.to_owned(), seen(Vec::new()));
    e
}
