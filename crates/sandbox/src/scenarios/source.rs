//! Scenarios of the person at the identity provider, and of what keeps them out of the job.

use serde_json::json;

use super::job::schema;
use super::link::written;
use super::{JANE, Scenario};
use crate::entra::{LogEntry, Run, Step, Subject, mapping_source};
use crate::tenant::{DIRECTORY, Tenant, hours_ago, minutes_ago};
use reinstate_core::{Cause, Outcome};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "idp-user-missing",
        title: "Nobody of that name is at the identity provider.",
        who: "jnae@acme.example",
        finds: &[Cause::IdpUserMissing],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            tenant.employee(JANE, "Jane Doe");
        },
    },
    Scenario {
        name: "idp-user-disabled",
        title: "The person is disabled at the identity provider, and so is the account.",
        who: JANE,
        finds: &[Cause::IdpUserDisabled],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            if let Some(user) = tenant.entra.users.get_mut(&jane.idp) {
                user.account_enabled = false;
            }
            tenant.atlassian.set_active(&jane.account, false);
            if let Some(record) = tenant.atlassian.scim_users.get_mut(&jane.record) {
                record.active = false;
            }
        },
    },
    Scenario {
        name: "not-assigned",
        title: "The person is in no group of the Atlassian application.",
        who: JANE,
        finds: &[Cause::NotAssigned],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            let jane = tenant.entra.add_user(JANE, "Jane Doe");
            let other = tenant.entra.add_group("lunch-club");
            tenant.entra.add_member(&other, &jane);
            tenant.account(JANE, "Jane Doe", 40);
        },
    },
    Scenario {
        name: "nested-only",
        title: "The person is in the assigned group only through another group.",
        who: JANE,
        finds: &[Cause::NestedOnly],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            let jane = tenant.entra.add_user(JANE, "Jane Doe");
            let inner = tenant.entra.add_group("contractors");
            tenant.entra.add_member(&inner, &jane);
            tenant.entra.nest(&tenant.jira_users.clone(), &inner);
            tenant.account(JANE, "Jane Doe", 40);
        },
    },
    Scenario {
        name: "nested-only-with-hostile-names",
        title: "The same, of somebody whose address, name and group are written to break out of messages and filters.",
        who: "o'brien+(x)&y=1@acme.example",
        finds: &[Cause::NestedOnly],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            let (address, name) =
                ("o'brien+(x)&y=1@acme.example", "=1+1 <!channel> <http://evil.example|x> *b* `c`");
            let person = tenant.entra.add_user(address, name);
            let inner = tenant.entra.add_group("x' or 1 eq 1 <!here> \"team\" ../..?a=b#c");
            tenant.entra.add_member(&inner, &person);
            tenant.entra.nest(&tenant.jira_users.clone(), &inner);
            tenant.account(address, name, 40);
        },
    },
    Scenario {
        name: "idp-user-deleted",
        title: "Jane was deleted at the identity provider, and her account was deactivated.",
        who: JANE,
        finds: &[Cause::IdpUserDeleted],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            tenant.entra.delete_user(&jane.idp, hours_ago(50));
            forget(tenant, &jane.record);
            tenant.atlassian.set_active(&jane.account, false);
        },
    },
    Scenario {
        name: "orphaned-record",
        title: "Jane was deleted at the identity provider without being un-assigned: her record and account live on.",
        who: JANE,
        finds: &[Cause::IdpUserDeleted, Cause::OrphanedRecord],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            tenant.entra.delete_user(&jane.idp, hours_ago(50));
        },
    },
    Scenario {
        name: "out-of-scope",
        title: "The job's filter takes engineers; Jane is in sales.",
        who: JANE,
        finds: &[Cause::OutOfScope],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            let jane = tenant.hire(JANE, "Jane Doe");
            tenant.account(JANE, "Jane Doe", 12);
            filter(tenant, &jane, "Sales");
            skipped(tenant, &jane);
        },
    },
    Scenario {
        name: "assignment-broken",
        title: "Jane's groups are assigned with a role that was removed, so the job entitles nobody through them.",
        who: JANE,
        finds: &[Cause::AssignmentBroken],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            let jane = tenant.hire(JANE, "Jane Doe");
            tenant.account(JANE, "Jane Doe", 12);
            break_assignments(tenant);
            not_entitled(tenant, &jane, 2);
        },
    },
    Scenario {
        name: "assignment-broken-and-renamed",
        title: "The same; Jane was renamed meanwhile, and a group was lost.",
        who: JANE,
        finds: &[Cause::AssignmentBroken, Cause::EmailMismatch],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            let jane = tenant.hire(JANE, "Jane Doe");
            let account = tenant.account("jane.miller@acme.example", "Jane Miller", 250);
            let record =
                tenant.atlassian.scim_record(DIRECTORY, "jane.miller@acme.example", &jane, Some(&account));
            tenant.atlassian.join(&record, "wiki-users");
            tenant.exported(&jane, &record);
            break_assignments(tenant);
            not_entitled(tenant, &jane, 2);
        },
    },
    Scenario {
        name: "healthy-once-not-entitled",
        title: "The job once skipped Jane for lack of a role, and has written her since.",
        who: JANE,
        finds: &[],
        mentions: &[],
        ends: Outcome::Healthy,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            not_entitled(tenant, &jane.idp, 30);
            written(tenant, &jane.idp, &jane.record);
        },
    },
    Scenario {
        name: "dynamic-group-pending",
        title: "Jane belongs into a dynamic group, and an admin has paused the evaluation of its rule.",
        who: JANE,
        finds: &[Cause::DynamicGroupPending],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            let jane = tenant.entra.add_user(JANE, "Jane Doe");
            if let Some(user) = tenant.entra.users.get_mut(&jane) {
                user.department = Some("Engineering".to_owned());
            }
            by_rule(tenant, true);
            tenant.account(JANE, "Jane Doe", 40);
        },
    },
    Scenario {
        name: "not-assigned-dynamic",
        title: "The assigned group is dynamic, its rule is evaluated, and Jane does not match it.",
        who: JANE,
        finds: &[Cause::NotAssigned],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            tenant.entra.add_user(JANE, "Jane Doe");
            by_rule(tenant, false);
            tenant.account(JANE, "Jane Doe", 40);
        },
    },
    Scenario {
        name: "healthy-dynamic-group-paused",
        title: "The assigned group is dynamic and paused, and Jane was in it before.",
        who: JANE,
        finds: &[],
        mentions: &[],
        ends: Outcome::Healthy,
        arrange: |tenant| {
            tenant.employee(JANE, "Jane Doe");
            by_rule(tenant, true);
        },
    },
    Scenario {
        name: "attribute-missing",
        title: "Jane has no mailbox, and the job fills the address from the mail alone.",
        who: JANE,
        finds: &[Cause::AttributeMissing],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            let jane = tenant.hire(JANE, "Jane Doe");
            tenant.account(JANE, "Jane Doe", 12);
            without_mail(tenant, &jane);
        },
    },
    Scenario {
        name: "sync-pending",
        title: "Jane was created minutes ago; the next cycle has not come.",
        who: JANE,
        finds: &[Cause::SyncPending],
        mentions: &[],
        ends: Outcome::Restored,
        arrange: |tenant| {
            let jane = tenant.hire(JANE, "Jane Doe");
            if let Some(user) = tenant.entra.users.get_mut(&jane) {
                user.created = hours_ago(0);
            }
            cycle_ended(tenant);
        },
    },
    Scenario {
        name: "sync-pending-group",
        title: "A group was assigned minutes ago; Jane has all the others.",
        who: JANE,
        finds: &[Cause::SyncPending],
        mentions: &[],
        ends: Outcome::Restored,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            let design = tenant.entra.add_group("design");
            tenant.entra.add_member(&design, &jane.idp);
            // Provisioning on demand honours an assignment after a few minutes.
            tenant.entra.assign_at(&design, minutes_ago(10));
            cycle_ended(tenant);
        },
    },
    Scenario {
        name: "membership-young",
        title: "A membership is minutes old, but Graph gives it no time: it counts as lost.",
        who: JANE,
        finds: &[Cause::MembershipDrift],
        mentions: &[],
        ends: Outcome::Restored,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            tenant.atlassian.leave(&jane.record, "jira-users");
            let group = tenant.jira_users.clone();
            tenant.entra.remove_member(&group, &jane.idp);
            tenant.entra.add_member_at(&group, &jane.idp, hours_ago(0));
            cycle_ended(tenant);
            tenant.sends_known_members();
        },
    },
    Scenario {
        name: "healthy-in-scope",
        title: "The job has a filter, and Jane passes it.",
        who: JANE,
        finds: &[],
        mentions: &[],
        ends: Outcome::Healthy,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            filter(tenant, &jane.idp, "Engineering");
        },
    },
    Scenario {
        name: "healthy-without-mail",
        title: "Jane has no mailbox; her record was written before and works.",
        who: JANE,
        finds: &[],
        mentions: &[],
        ends: Outcome::Healthy,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            without_mail(tenant, &jane.idp);
        },
    },
    Scenario {
        name: "healthy-upn-for-mail",
        title: "Jane has no mailbox, and the job falls back to the user principal name.",
        who: JANE,
        finds: &[],
        mentions: &[],
        ends: Outcome::Healthy,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            without_mail(tenant, &jane.idp);
            let source = "/synchronizationRules/0/objectMappings/1/attributeMappings/2/source";
            if let Some(source) = schema(tenant, source) {
                *source = mapping_source("Coalesce([mail], [userPrincipalName])");
            }
        },
    },
    Scenario {
        name: "healthy-everybody-is-synced",
        title: "The job syncs everybody, so Jane works without an assignment.",
        who: JANE,
        finds: &[],
        mentions: &[Cause::NotAssigned],
        ends: Outcome::Healthy,
        arrange: |tenant| {
            let jane = tenant.entra.add_user(JANE, "Jane Doe");
            let account = tenant.account(JANE, "Jane Doe", 12);
            let record = tenant.atlassian.scim_record(DIRECTORY, JANE, &jane, Some(&account));
            tenant.entra.remember_export(&jane, &record, &[]);
            let jira = tenant.jira.clone();
            if let Some(known) = tenant.atlassian.accounts.get_mut(&account) {
                known.direct_roles.insert((jira, "atlassian/user".to_owned()));
            }
            if let Some(job) = tenant.entra.atlassian_job() {
                job.sync_all = true;
            }
        },
    },
    Scenario {
        name: "healthy-not-assigned-but-written",
        title: "Jane is assigned to nothing, and yet the job wrote her yesterday and she works.",
        who: JANE,
        finds: &[],
        mentions: &[Cause::NotAssigned],
        ends: Outcome::Healthy,
        arrange: |tenant| {
            let jane = tenant.entra.add_user(JANE, "Jane Doe");
            let account = tenant.account(JANE, "Jane Doe", 12);
            let record = tenant.atlassian.scim_record(DIRECTORY, JANE, &jane, Some(&account));
            tenant.entra.remember_export(&jane, &record, &[]);
            let jira = tenant.jira.clone();
            if let Some(known) = tenant.atlassian.accounts.get_mut(&account) {
                known.direct_roles.insert((jira, "atlassian/user".to_owned()));
            }
            written(tenant, &jane, &record);
        },
    },
    Scenario {
        name: "healthy-guest",
        title: "A guest from a company whose domain is not ours works in our site.",
        who: "jane@partner.example",
        finds: &[],
        mentions: &[],
        ends: Outcome::Healthy,
        arrange: |tenant| {
            let account = tenant.account("jane@partner.example", "Jane Doe", 3);
            let jane = tenant.hire("jane_partner.example#EXT#@acme.example", "Jane Doe");
            if let Some(user) = tenant.entra.users.get_mut(&jane) {
                "Guest".clone_into(&mut user.user_type);
                user.mail = Some("jane@partner.example".to_owned());
                user.proxy_addresses.clear();
            }
            let record =
                tenant.atlassian.scim_record(DIRECTORY, "jane@partner.example", &jane, Some(&account));
            // How the job writes a guest's name is an open question, so the record holds whatever the job would
            // write.
            let name = tenant.entra.users.get(&jane).and_then(|user| tenant.entra.mapped(user, "userName"));
            if let (Some(known), Some(name)) = (tenant.atlassian.scim_users.get_mut(&record), name) {
                known.user_name = name;
            }
            tenant.atlassian.join(&record, "jira-users");
            tenant.atlassian.join(&record, "wiki-users");
            tenant.exported(&jane, &record);
        },
    },
];

/// Deletes a record without telling the identity provider.
pub(super) fn forget(tenant: &mut Tenant, record: &str) {
    tenant.atlassian.leave(record, "jira-users");
    tenant.atlassian.leave(record, "wiki-users");
    tenant.atlassian.scim_users.remove(record);
}

/// Gives the job a filter on the department, and the person a department.
fn filter(tenant: &mut Tenant, idp: &str, department: &str) {
    if let Some(user) = tenant.entra.users.get_mut(idp) {
        user.department = Some(department.to_owned());
    }
    if let Some(groups) = schema(tenant, "/synchronizationRules/0/objectMappings/1/scope/groups") {
        *groups = json!([{"name": "engineers", "clauses": [{
            "operatorName": "EQUALS", "sourceOperandName": "department",
            "targetOperand": {"values": ["Engineering"]},
        }]}]);
    }
}

/// The log entry for a person whom the filter excludes.
fn skipped(tenant: &mut Tenant, idp: &str) {
    let details = [
        ("IsActive", "True"),
        ("Assigned", "True"),
        ("IsInProvisioningScopeDisplayName", "False"),
        ("ScopeEvaluationResult", "{\"engineers.department EQUALS 'Engineering'\":false}"),
        ("SkipReason", "NotEffectivelyEntitled"),
    ];
    left_out(tenant, idp, 2, &details);
}

/// The log entry for a person whose assignment gives no role that exists.
fn not_entitled(tenant: &mut Tenant, idp: &str, hours: i64) {
    let details = [
        ("IsActive", "True"),
        ("Assigned", "True"),
        ("IsEffectivelyEntitledForProvisioning", "False"),
        ("IsInProvisioningScopeDisplayName", "True"),
        ("SkipReason", "NotEffectivelyEntitled"),
    ];
    left_out(tenant, idp, hours, &details);
}

/// Removes the role of every assignment. Graph still lists the assignments.
fn break_assignments(tenant: &mut Tenant) {
    for assignment in &mut tenant.entra.assignments {
        assignment.is_broken = true;
    }
}

/// Makes the assigned groups dynamic.
fn by_rule(tenant: &mut Tenant, paused: bool) {
    for id in [tenant.jira_users.clone(), tenant.wiki_users.clone()] {
        if let Some(group) = tenant.entra.groups.get_mut(&id) {
            group.membership_rule = Some("user.department -eq \"Engineering\"".to_owned());
            group.rule_is_paused = paused;
        }
    }
}

fn left_out(tenant: &mut Tenant, idp: &str, hours: i64, details: &[(&str, &str)]) {
    let source = Subject { id: idp.to_owned(), name: JANE.to_owned(), kind: "User".to_owned() };
    let mut entry = LogEntry::about(source, hours_ago(hours));
    "Skipped".clone_into(&mut entry.status);
    entry.steps.push(Step {
        name: "EntrySynchronizationScoping".to_owned(),
        kind: "Scoping".to_owned(),
        status: "Skipped".to_owned(),
        description: "Determine if User in scope by evaluating against each scoping filter".to_owned(),
        details: details.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
    });
    tenant.entra.log_entry(entry);
}

fn without_mail(tenant: &mut Tenant, idp: &str) {
    if let Some(user) = tenant.entra.users.get_mut(idp) {
        user.mail = None;
        user.proxy_addresses.clear();
    }
}

/// Sets the end of the last cycle to an hour ago.
pub(super) fn cycle_ended(tenant: &mut Tenant) {
    if let Some(job) = tenant.entra.atlassian_job() {
        job.last_execution = Some(Run {
            id: "cycle".to_owned(),
            began: hours_ago(2),
            ended: hours_ago(1),
            state: "Succeeded".to_owned(),
            imported: 4,
            exported: 0,
            escrowed: 0,
            error: None,
        });
    }
}
