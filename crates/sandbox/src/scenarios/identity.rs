//! Scenarios about the owner of a record: `externalId` is not the object id, a colleague's record is in conflict, or
//! the log shows more than the record. In most of them every write is dangerous.

use serde_json::json;

use super::job::schema;
use super::link::written;
use super::source::cycle_ended;
use super::{JANE, Scenario};
use crate::entra::{DEFAULT_ACCESS, LogEntry, Step, Subject};
use crate::external_id::ExternalIdFrom;
use crate::tenant::{DIRECTORY, Tenant, hours_ago};
use reinstate_core::{Cause, Outcome};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "healthy-nickname-and-other-name",
        title: "The job writes nicknames and names of the old directory on premises; none of them is Jane's cloud name.",
        who: JANE,
        finds: &[],
        mentions: &[],
        ends: Outcome::Healthy,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            if let Some(user) = tenant.entra.users.get_mut(&jane.idp) {
                "jd0417@acme.example".clone_into(&mut user.upn);
                user.on_premises_upn = Some(ON_PREMISES.to_owned());
                user.mail_nickname = Some("jdoe".to_owned());
            }
            tenant.set_source("userName", "[onPremisesUserPrincipalName]");
            if let Some(record) = tenant.atlassian.scim_users.get_mut(&jane.record) {
                ON_PREMISES.clone_into(&mut record.user_name);
            }
            tenant.map_external_id(ExternalIdFrom::MailNickname);
            tenant.entra.remember_export(&jane.idp, &jane.record, &[]);
        },
    },
    Scenario {
        name: "name-held-by-colleague",
        title: "The record of a colleague holds Jane's user name. It is the colleague's, and nothing may be moved.",
        who: JANE,
        // The record belongs to an active colleague, so it is not stale, and the address is free.
        finds: &[Cause::ExportFailing],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            let jane = tenant.hire(JANE, "Jane Doe");
            tenant.account(JANE, "Jane Doe", 77);
            let colleague = tenant.employee("jane.roe@acme.example", "Jane Roe");
            if let Some(record) = tenant.atlassian.scim_users.get_mut(&colleague.record) {
                JANE.clone_into(&mut record.user_name);
            }
            tenant.map_external_id(ExternalIdFrom::MailNickname);
            match_by_external_id(tenant);
            tenant.refused_for(&jane, "Create", "userName", JANE);
        },
    },
    Scenario {
        name: "wrong-anchor",
        title: "A group is missing, and the job takes a colleague's record for Jane's. Anything sent would change that record.",
        who: JANE,
        finds: &[Cause::WrongAnchor],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            let colleague = tenant.employee("jane.roe@acme.example", "Jane Roe");
            tenant.atlassian.leave(&jane.record, "jira-users");
            tenant.entra.remember_export(&jane.idp, &colleague.record, &[]);
            written(tenant, &jane.idp, &colleague.record);
        },
    },
    Scenario {
        name: "export-failing",
        title: "Atlassian refuses Jane's record because of a value in it, and no cause explains the refusal.",
        who: JANE,
        finds: &[Cause::ExportFailing],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            let jane = tenant.hire(JANE, "Jane Doe");
            tenant.account(JANE, "Jane Doe", 77);
            malformed(tenant, &jane, "Create");
        },
    },
    Scenario {
        name: "export-failing-by-match",
        title: "The job looks people up by e-mail address. Atlassian does not filter by it, so nobody new arrives.",
        who: JANE,
        finds: &[Cause::ExportFailing],
        mentions: &[Cause::MatchingOnEmail],
        ends: Outcome::Advice,
        arrange: |tenant| {
            tenant.hire(JANE, "Jane Doe");
            super::job::match_on_email(tenant);
        },
    },
    Scenario {
        name: "healthy-export-failing-and-access",
        title: "The newest export failed because of a title that is too long. Everything that Jane needs is there.",
        who: JANE,
        finds: &[],
        mentions: &[],
        ends: Outcome::Healthy,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            malformed(tenant, &jane.idp, "Update");
        },
    },
    Scenario {
        name: "history-elsewhere",
        title: "Jane came back as a vendor with a new user. Her years of work are on the account of the old one.",
        who: "c-jane@acme.example",
        finds: &[],
        mentions: &[Cause::HistoryElsewhere],
        ends: Outcome::Healthy,
        arrange: |tenant| came_back(tenant, false),
    },
    Scenario {
        name: "healthy-new-namesake",
        title: "A new colleague has the same name as another who works here.",
        who: "c-jane@acme.example",
        finds: &[],
        mentions: &[],
        ends: Outcome::Healthy,
        arrange: |tenant| came_back(tenant, true),
    },
    Scenario {
        name: "drift-while-not-entitled",
        title: "A group is missing. Jane is assigned, and the job calls her not entitled: sending her again disables her.",
        who: JANE,
        finds: &[Cause::AssignmentBroken],
        mentions: &[],
        ends: Outcome::Advice,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            tenant.atlassian.leave(&jane.record, "jira-users");
            written(tenant, &jane.idp, &jane.record);
            not_entitled(tenant, &jane.idp);
            tenant.entra.assignments.iter_mut().for_each(|assignment| assignment.is_broken = true);
        },
    },
    Scenario {
        name: "default-access-only",
        title: "Jane was never written, and the only assignments name no role: whether that is enough is not known.",
        who: JANE,
        finds: &[Cause::NeverProvisioned],
        mentions: &[],
        ends: Outcome::Restored,
        arrange: |tenant| {
            tenant.hire(JANE, "Jane Doe");
            for assignment in &mut tenant.entra.assignments {
                DEFAULT_ACCESS.clone_into(&mut assignment.app_role);
            }
        },
    },
    Scenario {
        name: "unread-second-directory",
        title: "A group is missing, and of two directories the bot has the key of one.",
        who: JANE,
        finds: &[Cause::MembershipDrift],
        mentions: &[],
        ends: Outcome::Restored,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            tenant.atlassian.leave(&jane.record, "jira-users");
            tenant.atlassian.add_directory(OTHER_DIRECTORY, "sandbox-other-key");
            tenant.without_key.push(OTHER_DIRECTORY.to_owned());
            tenant.sends_known_members();
        },
    },
    Scenario {
        name: "former-record-on-own-account",
        title: "Jane was created again with another nickname. Her former record holds her account, so the new one is refused.",
        who: JANE,
        // Jane's address is on an account that none of her records is linked to. The old record on that account
        // causes the conflict.
        finds: &[Cause::StaleRecordConflict, Cause::EmailHeldByManagedAccount],
        mentions: &[],
        ends: Outcome::Restored,
        arrange: |tenant| {
            let jane = tenant.hire(JANE, "Jane Doe");
            if let Some(user) = tenant.entra.users.get_mut(&jane) {
                user.created = "2026-09-01T08:00:00Z".parse().unwrap_or_default();
            }
            let account = tenant.account(JANE, "Jane Doe", 300);
            tenant.map_external_id(ExternalIdFrom::MailNickname);
            tenant.atlassian.scim_record(DIRECTORY, JANE, "jmiller", Some(&account));
            tenant.refused(&jane, "Create", JANE);
        },
    },
    Scenario {
        name: "old-key-failure-and-drift",
        title: "The SCIM key was refused once and renewed since; what is wrong today is a lost membership.",
        who: JANE,
        finds: &[Cause::MembershipDrift],
        mentions: &[],
        ends: Outcome::Restored,
        arrange: |tenant| {
            let jane = tenant.employee(JANE, "Jane Doe");
            tenant.atlassian.leave(&jane.record, "jira-users");
            let code = "SystemForCrossDomainIdentityManagementInvalidCredentials";
            let reason = "StatusCode: Unauthorized\r\nMessage: The credentials were refused.";
            tenant.entra.log_failure(&jane.idp, "Update", code, reason, hours_ago(90));
            cycle_ended(tenant);
            tenant.sends_known_members();
        },
    },
];

/// Jane's name in the on-premises directory.
const ON_PREMISES: &str = "jane.doe@corp.acme.example";
/// A directory that the bot knows but has no key for.
const OTHER_DIRECTORY: &str = "6c2f0000-0000-4000-8000-000000000002";

/// The job matches people by `externalId` alone, so a record with another value never becomes the person's record.
fn match_by_external_id(tenant: &mut Tenant) {
    let users = "/synchronizationRules/0/objectMappings/1/attributeMappings";
    for (at, priority) in [(0, 0), (3, 1)] {
        if let Some(rank) = schema(tenant, &format!("{users}/{at}/matchingPriority")) {
            *rank = json!(priority);
        }
    }
}

/// Jane Doe has an old user with a used account, and a new user with an account that nobody has used.
fn came_back(tenant: &mut Tenant, old_is_enabled: bool) {
    let old = tenant.employee(JANE, "Jane Doe");
    if let Some(user) = tenant.entra.users.get_mut(&old.idp) {
        user.account_enabled = old_is_enabled;
    }
    let new = tenant.employee("c-jane@acme.example", "Jane Doe");
    if let Some(user) = tenant.entra.users.get_mut(&new.idp) {
        user.created = hours_ago(30 * 24);
    }
    let used = hours_ago(40 * 24).strftime("%Y-%m-%d").to_string();
    if let Some(account) = tenant.atlassian.accounts.get_mut(&old.account) {
        account.activity.iter_mut().for_each(|one| used.clone_into(&mut one.day));
    }
    if let Some(account) = tenant.atlassian.accounts.get_mut(&new.account) {
        account.activity.clear();
        account.contributions = 0;
    }
}

/// Atlassian refused a value of the person.
fn malformed(tenant: &mut Tenant, idp: &str, action: &str) {
    let scim = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": "400", "scimType": "invalidValue", "detail": "title: size must be between 0 and 255",
    });
    let reason = format!(
        "StatusCode: BadRequest\r\nMessage: Processing of the HTTP request resulted in an exception.\r\nWeb Response: \r\n{scim}."
    );
    let code = "SystemForCrossDomainIdentityManagementBadRequest";
    tenant.entra.log_failure(idp, action, code, &reason, hours_ago(3));
}

/// The newest log entry about the person: assigned, enabled and in scope, but not entitled.
fn not_entitled(tenant: &mut Tenant, idp: &str) {
    let source = Subject { id: idp.to_owned(), name: JANE.to_owned(), kind: "User".to_owned() };
    let mut entry = LogEntry::about(source, hours_ago(1));
    "Skipped".clone_into(&mut entry.status);
    let details = [
        ("IsActive", "True"),
        ("Assigned", "True"),
        ("IsEffectivelyEntitledForProvisioning", "False"),
        ("IsInProvisioningScopeDisplayName", "True"),
        ("ScopeEvaluationResult", "{}"),
        ("SkipReason", "NotEffectivelyEntitled"),
    ];
    entry.steps.push(Step {
        name: "EntrySynchronizationScoping".to_owned(),
        kind: "Scoping".to_owned(),
        status: "Skipped".to_owned(),
        description: "This object does not have required entitlement for provisioning.".to_owned(),
        details: details.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
    });
    tenant.entra.log_entry(entry);
}
