//! The changes, each of which is made alone.

use crate::evidence::{
    AppRole, Application, Claim, DynamicGroup, Evidence, GroupRole, IdpUser, LogEntry, OrgGroup, Read,
};
use crate::subject::{Subject, Who};
use crate::tests::build::{
    A1, A2, D1, JANE, MAIL, OTHER, account, at, gap, grant, group, jira, link, person, record, refused, role,
    seen, surround,
};

pub type Change = (&'static str, fn(&mut Evidence));

/// The value, if it was read.
fn known<T>(read: &mut Read<T>) -> Option<&mut T> {
    match read {
        Read::Seen { value, .. } => Some(value),
        _ => None,
    }
}

fn users(e: &mut Evidence, change: impl Fn(&mut IdpUser)) {
    known(&mut e.users).into_iter().flatten().for_each(change);
}

fn accounts(e: &mut Evidence, change: impl Fn(&mut crate::evidence::Account)) {
    known(&mut e.accounts).into_iter().flatten().for_each(change);
}

fn records(e: &mut Evidence, change: impl Fn(&mut crate::evidence::ScimRecord)) {
    e.records.values_mut().filter_map(known).flatten().for_each(change);
}

fn entry(e: &mut Evidence, change: impl FnOnce(&mut LogEntry)) {
    let mut entry = LogEntry { action: "update".to_owned(), ..LogEntry::default() };
    change(&mut entry);
    known(&mut e.log).into_iter().for_each(|log| log.insert(0, entry.clone()));
}

fn colleague() -> IdpUser {
    IdpUser { id: OTHER.to_owned(), name: Some("Joan".to_owned()), ..person() }
}

pub const CHANGES: &[Change] = &[
    ("users unread", |e| e.users = gap()),
    ("deleted users unread", |e| e.deleted_users = gap()),
    ("groups of the person unread", |e| e.memberships = gap()),
    ("assignments unread", |e| e.assignments = gap()),
    ("job unread", |e| e.job = gap()),
    ("mapping unread", |e| e.mapping = gap()),
    ("log unread", |e| e.log = gap()),
    ("accounts unread", |e| e.accounts = gap()),
    ("links by address unread", |e| e.links = gap()),
    ("links of the account unread", |e| drop(e.account_links.insert(A1.to_owned(), gap()))),
    ("records unread", |e| drop(e.records.insert(D1.to_owned(), gap()))),
    ("a second directory without a key", |e| drop(e.records.insert("directory-3".to_owned(), gap()))),
    ("domains unread", |e| e.domains = gap()),
    ("permissions unread", |e| drop(e.permissions.insert(A1.to_owned(), gap()))),
    ("roles unread", |e| drop(e.roles.insert(A1.to_owned(), gap()))),
    ("last use unread", |e| drop(e.last_active.insert(A1.to_owned(), gap()))),
    ("shown groups unread", |e| e.shown_groups = gap()),
    ("seats unread", |e| e.workspaces = gap()),
    ("owner of the other id unread", |e| drop(e.owners.insert(OTHER.to_owned(), gap()))),
    ("nobody was looked up", |e| (e.owners.clear(), e.bearers.clear()).0),
    ("the person is disabled", |e| users(e, |user| user.enabled = Some(false))),
    ("the status of the person is unread", |e| users(e, |user| user.enabled = None)),
    ("the person has no address", |e| users(e, |user| (user.mail, user.upn) = (None, None))),
    ("the person has another name", |e| users(e, |user| user.name = Some("Joan".to_owned()))),
    ("the person has no name", |e| users(e, |user| user.name = None)),
    ("the person is young", |e| users(e, |user| user.created = Some(at(-1000)))),
    ("the person is new in the directory", |e| users(e, |user| user.created = Some(at(-9_900_000)))),
    ("the day of creation is unread", |e| users(e, |user| user.created = None)),
    ("the person is a guest", |e| users(e, |user| user.kind = Some("Guest".to_owned()))),
    ("two people", |e| known(&mut e.users).into_iter().for_each(|users| users.push(colleague()))),
    ("nobody", |e| known(&mut e.users).into_iter().for_each(Vec::clear)),
    ("not assigned", |e| known(&mut e.assignments).into_iter().for_each(Vec::clear)),
    ("in no group", |e| known(&mut e.memberships).into_iter().for_each(Vec::clear)),
    ("groups are no security groups", |e| {
        known(&mut e.memberships).into_iter().flatten().for_each(|group| group.security = Some(false));
    }),
    ("Default Access", |e| {
        known(&mut e.assignments).into_iter().flatten().for_each(|one| one.default_access = Some(true));
    }),
    ("a group is dynamic and paused", |e| {
        let paused = |group: &crate::evidence::IdpGroup| DynamicGroup {
            id: group.id.clone(),
            name: group.name.clone(),
            paused: Some(true),
            ..DynamicGroup::default()
        };
        e.dynamic_groups = seen(vec![paused(&group("wiki-users"))]);
    }),
    ("a scoping filter", |e| known(&mut e.mapping).into_iter().for_each(|mapping| mapping.scoped = true)),
    ("groups are switched off", |e| {
        known(&mut e.mapping).into_iter().for_each(|mapping| mapping.groups_on = false);
    }),
    ("externalId is mapped from the nickname", |e| {
        known(&mut e.mapping)
            .into_iter()
            .for_each(|mapping| mapping.external_id_from = Some("[mailNickname]".to_owned()));
    }),
    ("matched by e-mail", |e| {
        known(&mut e.mapping).into_iter().for_each(|mapping| mapping.matching = vec!["emails".to_owned()]);
    }),
    ("SyncAll", |e| known(&mut e.mapping).into_iter().for_each(|mapping| mapping.sync_all = Some(true))),
    ("the job writes to another directory", |e| {
        known(&mut e.mapping)
            .into_iter()
            .for_each(|mapping| mapping.directory = Some("directory-2".to_owned()));
    }),
    ("the job is stopped", |e| {
        known(&mut e.job).into_iter().for_each(|job| job.schedule = Some("Disabled".to_owned()));
    }),
    ("the job is in quarantine", |e| {
        known(&mut e.job).into_iter().for_each(|job| job.quarantine = Some("TooManyDeletes".to_owned()));
    }),
    ("the key is rejected", |e| {
        known(&mut e.job).into_iter().for_each(|job| job.error_code = Some("InvalidCredentials".to_owned()));
    }),
    ("deletions are staged", |e| {
        known(&mut e.pending).into_iter().for_each(|pending| pending.staged_deletes = 1);
    }),
    ("an empty log", |e| known(&mut e.log).into_iter().for_each(Vec::clear)),
    ("a create was refused", |e| {
        known(&mut e.log).into_iter().for_each(|log| log.insert(0, refused("create")))
    }),
    ("an update was refused", |e| {
        known(&mut e.log).into_iter().for_each(|log| log.insert(0, refused("update")))
    }),
    ("a refusal before something was cleared", |e| {
        let old = LogEntry { at: Some(at(-10)), ..refused("create") };
        known(&mut e.log).into_iter().for_each(|log| log.insert(0, old.clone()));
        e.cleared = Some(at(-5));
    }),
    ("a failure of another kind", |e| {
        entry(e, |entry| (entry.status, entry.http_status) = ("failure".to_owned(), Some(400)));
    }),
    ("the service was busy", |e| {
        entry(e, |entry| (entry.status, entry.http_status) = ("failure".to_owned(), Some(503)));
    }),
    ("not entitled", |e| {
        entry(e, |entry| {
            entry.status = "skipped".to_owned();
            entry.skip_reason = Some("NotEffectivelyEntitled".to_owned());
        });
    }),
    ("the log names another record", |e| {
        entry(e, |entry| {
            (entry.status, entry.target) = ("success".to_owned(), Some("r5".to_owned()));
        });
    }),
    ("inactive", |e| accounts(e, |known| known.status = Some("inactive".to_owned()))),
    ("closed", |e| accounts(e, |known| known.status = Some("closed".to_owned()))),
    ("for deletion", |e| accounts(e, |known| known.for_deletion = true)),
    ("suspended", |e| accounts(e, |known| known.membership = Some("suspended".to_owned()))),
    ("in no directory", |e| accounts(e, |known| known.membership = Some("no_membership".to_owned()))),
    ("not confirmed", |e| accounts(e, |known| known.email_verified = Some(false))),
    ("an app account", |e| accounts(e, |known| known.kind = Some("app".to_owned()))),
    ("not managed", |e| accounts(e, |known| known.claim = Claim::Unmanaged)),
    ("an admin", |e| {
        accounts(e, |known| known.platform_roles = Some(vec!["atlassian/org-admin".to_owned()]));
    }),
    ("groups of the account unread", |e| accounts(e, |known| known.groups = None)),
    ("address of the account hidden", |e| accounts(e, |known| known.email = None)),
    ("another name of the account", |e| accounts(e, |known| known.name = Some("Joan".to_owned()))),
    ("an extra group", |e| {
        accounts(e, |known| known.groups.iter_mut().for_each(|all| all.push(group("more"))))
    }),
    ("no account", |e| known(&mut e.accounts).into_iter().for_each(Vec::clear)),
    ("a second account with the address", |e| {
        known(&mut e.accounts).into_iter().for_each(|all| all.push(account(A2, MAIL)));
        surround(e, A2, Vec::new(), false);
    }),
    ("both accounts are used", |e| surround(e, A2, vec![link("r1", Some(A2))], true)),
    ("she keeps the first account", |e| e.subject.keep = Some(A1.to_owned())),
    ("she keeps the second account", |e| e.subject.keep = Some(A2.to_owned())),
    ("no role", |e| e.roles.get_mut(A1).and_then(known).into_iter().for_each(Vec::clear)),
    ("a weaker role", |e| {
        e.roles
            .get_mut(A1)
            .and_then(known)
            .into_iter()
            .flatten()
            .for_each(|row| row.role = "guest".to_owned());
    }),
    ("suspended in a second directory", |e| {
        let (directory, status) = (Some("user-directory-2".to_owned()), Some("suspended".to_owned()));
        let row = AppRole { directory, status, ..role("user") };
        e.roles.get_mut(A1).and_then(known).into_iter().for_each(|rows| rows.push(row.clone()));
    }),
    ("a group grants more", |e| {
        drop(e.group_roles.insert("g-jira-users".to_owned(), seen(vec![grant("admin")])));
        drop(e.group_roles.insert("g-wiki-users".to_owned(), seen(vec![grant("admin")])));
    }),
    ("no group grants anything", |e| e.group_roles.values_mut().for_each(|roles| *roles = seen(Vec::new()))),
    ("no free seat", |e| e.workspaces = seen(vec![jira(10)])),
    ("asked about Jira", |e| e.subject.app = Some("jira".to_owned())),
    ("asked about an app that does not exist", |e| e.subject.app = Some("wiki".to_owned())),
    ("the records are unlinked", |e| records(e, |record| record.account = None)),
    ("the records are on the other account", |e| records(e, |record| record.account = Some(A2.to_owned()))),
    ("the records are inactive", |e| records(e, |record| record.active = Some(false))),
    ("the records have another id", |e| records(e, |record| record.external_id = Some(OTHER.to_owned()))),
    ("the records have no id", |e| records(e, |record| record.external_id = None)),
    ("the records have another name", |e| {
        records(e, |record| record.user_name = Some("joan@acme.example".to_owned()));
    }),
    ("no records", |e| e.records.values_mut().filter_map(known).for_each(Vec::clear)),
    ("a record of the other id on the account", |e| {
        e.records.get_mut(D1).and_then(known).into_iter().for_each(|all| {
            all.push(record("r5", OTHER, MAIL, Some(A1)));
        });
    }),
    ("a record with her id and no link", |e| {
        e.records.get_mut(D1).and_then(known).into_iter().for_each(|all| {
            all.push(record("r5", JANE, "jane.old@acme.example", None));
        });
    }),
    ("a link to a record that no directory has", |e| {
        known(&mut e.links).into_iter().for_each(|links| links.push(link("r7", Some(A1))));
    }),
    ("a colleague has the other id", |e| drop(e.owners.insert(OTHER.to_owned(), seen(vec![colleague()])))),
    ("nobody has the other id", |e| drop(e.owners.insert(OTHER.to_owned(), seen(Vec::new())))),
    ("a colleague has the address too", |e| drop(e.bearers.insert(MAIL.to_owned(), seen(vec![colleague()])))),
    ("no domain is verified", |e| known(&mut e.domains).into_iter().for_each(Vec::clear)),
    ("the domain is claimable", |e| {
        known(&mut e.domains).into_iter().for_each(Vec::clear);
        e.tenant_domains = seen(vec!["acme.example".to_owned()]);
    }),
    ("asked by the id of the account", |e| e.subject = Subject::asked(Who::Account(A1.to_owned()))),
    ("asked by the id of no account", |e| e.subject = Subject::asked(Who::Account("712020:none".to_owned()))),
    ("asked by another address", |e| {
        e.subject = Subject::asked(Who::Email("jane.alias@acme.example".to_owned()))
    }),
    ("assigned directly", |e| {
        known(&mut e.assignments).into_iter().flatten().for_each(|one| {
            (one.principal, one.is_group) = (JANE.to_owned(), false);
        });
    }),
    ("assigned a minute ago, and no cycle since", |e| {
        known(&mut e.assignments).into_iter().flatten().for_each(|one| one.created = Some(at(-60)));
        known(&mut e.job).into_iter().for_each(|job| job.last_cycle = Some(at(-600)));
    }),
    ("assigned before the last cycle", |e| {
        known(&mut e.assignments).into_iter().flatten().for_each(|one| one.created = Some(at(-600)));
        known(&mut e.job).into_iter().for_each(|job| job.last_cycle = Some(at(-60)));
    }),
    ("another application has the job", |e| {
        e.job = gap();
        e.applications = seen(vec![Application { has_job: true, ..Application::default() }]);
    }),
    ("no application has a job", |e| {
        e.job = gap();
        e.applications = seen(vec![Application::default()]);
    }),
    ("groups inside groups unread", |e| e.nested = gap()),
    ("groups inside groups are none", |e| e.nested = seen(Vec::new())),
    ("left out by the filter", |e| {
        entry(e, |entry| {
            (entry.status, entry.filtered_out) = ("skipped".to_owned(), true);
            entry.failed_clauses = vec!["department".to_owned()];
        });
    }),
    ("withdrawn", |e| {
        entry(e, |entry| (entry.action, entry.status) = ("disable".to_owned(), "success".to_owned()));
    }),
    ("the key was refused once", |e| {
        entry(e, |entry| (entry.status, entry.http_status) = ("failure".to_owned(), Some(401)));
    }),
    ("a membership was refused", |e| {
        entry(e, |entry| {
            (entry.status, entry.http_status) = ("failure".to_owned(), Some(404));
            entry.detail = Some("group not found".to_owned());
        });
    }),
    ("no cycle was read", |e| known(&mut e.job).into_iter().for_each(|job| job.last_cycle = None)),
    ("active is mapped from a date", |e| {
        known(&mut e.mapping)
            .into_iter()
            .for_each(|mapping| mapping.active_from = Some("[employeeHireDate]".to_owned()));
    }),
    ("active is mapped from the status", |e| {
        known(&mut e.mapping)
            .into_iter()
            .for_each(|mapping| mapping.active_from = Some("[accountEnabled]".to_owned()));
    }),
    ("active is not mapped", |e| {
        known(&mut e.mapping).into_iter().for_each(|mapping| mapping.active_from = None)
    }),
    ("nobody knows whose the account is", |e| accounts(e, |known| known.claim = Claim::Unknown)),
    ("no word about the account", |e| {
        accounts(e, |known| (known.status, known.membership) = (None, None));
    }),
    ("a word about the account that nobody knows", |e| {
        accounts(e, |known| known.status = Some("limbo".to_owned()));
    }),
    ("a person deactivated the account", |e| {
        accounts(e, |known| known.status = Some("inactive".to_owned()));
        e.deactivated_by.insert(A1.to_owned(), seen(Some("Vera".to_owned())));
    }),
    ("the groups are full", |e| {
        let full = |group: &mut OrgGroup| group.members = Some(35_000);
        known(&mut e.groups).into_iter().flatten().for_each(full);
        known(&mut e.shown_groups).into_iter().flatten().for_each(full);
    }),
    ("the groups are full and the membership was sent", |e| {
        let full = |group: &mut OrgGroup| group.members = Some(35_000);
        known(&mut e.groups).into_iter().flatten().for_each(full);
        known(&mut e.shown_groups).into_iter().flatten().for_each(full);
        e.sent_memberships = ["g-jira-users", "g-wiki-users"].map(str::to_owned).into();
    }),
    ("the groups are local ones", |e| {
        known(&mut e.groups).into_iter().flatten().for_each(|group| group.synced = Some(false));
        known(&mut e.shown_groups).into_iter().flatten().for_each(|group| group.synced = Some(false));
    }),
    ("the groups are not at Atlassian", |e| {
        (e.groups, e.shown_groups) = (seen(Vec::new()), seen(Vec::new()))
    }),
    ("the groups have other names there", |e| {
        accounts(e, |known| {
            known.groups.iter_mut().flatten().for_each(|group| group.name.insert_str(0, "old-"));
        });
    }),
    ("the record has every group", |e| {
        records(e, |record| record.groups = vec![group("jira-users"), group("wiki-users")]);
    }),
    ("the record has no group", |e| records(e, |record| record.groups.clear())),
    ("roles through no directory", |e| {
        e.roles.get_mut(A1).and_then(known).into_iter().flatten().for_each(|row| row.directory = None);
    }),
    ("roles with a status that nobody knows", |e| {
        let limbo = Some("limbo".to_owned());
        e.roles.get_mut(A1).and_then(known).into_iter().flatten().for_each(|row| row.status = limbo.clone());
    }),
    ("suspended in every directory by its roles", |e| {
        let word = Some("suspended".to_owned());
        e.roles.get_mut(A1).and_then(known).into_iter().flatten().for_each(|row| row.status = word.clone());
    }),
    ("a role in an app that no group grants", |e| {
        let more = AppRole { resource: "wiki".to_owned(), ..role("user") };
        e.roles.get_mut(A1).and_then(known).into_iter().for_each(|rows| rows.push(more.clone()));
    }),
    ("one group grants another app", |e| {
        let wiki =
            GroupRole { resource: "wiki".to_owned(), owner: Some("confluence".to_owned()), ..grant("user") };
        drop(e.group_roles.insert("g-wiki-users".to_owned(), seen(vec![wiki])));
    }),
    ("what one group grants is unread", |e| drop(e.group_roles.insert("g-wiki-users".to_owned(), gap()))),
    ("one group grants a weak role", |e| {
        drop(e.group_roles.insert("g-wiki-users".to_owned(), seen(vec![grant("guest")])));
    }),
    ("a former account with her name", |e| {
        users(e, |user| user.created = Some(at(-86_400)));
        let mut former = account(A2, "jane.miller@acme.example");
        former.status = Some("inactive".to_owned());
        e.namesakes = seen(vec![former]);
        surround(e, A2, Vec::new(), true);
        e.bearers.insert("jane.miller@acme.example".to_owned(), seen(Vec::new()));
    }),
];
