//! Reads one person of the simulated tenant through the real clients, as `check` does. Any source can be refused.

use reinstate::cli::world;
use reinstate::config::{Config, Purpose};
use reinstate::world::ReadScope;
use reinstate_core::{Diagnosis, Evidence, Plan, Source, Subject, Who, diagnose, plan};
use reinstate_sandbox::Sandbox;
use reinstate_sandbox::scenarios::Scenario;
use reinstate_sandbox::tenant::Tenant;
use reinstate_sandbox::wire::{Call, Injection, Service};

pub async fn start(tenant: Tenant) -> Sandbox {
    reinstate::upstream::install_tls();
    Sandbox::start(tenant).await.unwrap()
}

pub fn config(sandbox: &Sandbox) -> Config {
    let env = sandbox.env("sqlite::memory:", "127.0.0.1:0");
    Config::load(None, &env, Purpose::Diagnose).unwrap()
}

pub async fn gather(sandbox: &Sandbox, who: &str) -> Evidence {
    let who = Who::parse(who).unwrap();
    world(&config(sandbox)).unwrap().gather(Subject::asked(who), ReadScope::Everything).await
}

pub async fn ask(sandbox: &Sandbox, who: &str) -> (Diagnosis, Plan) {
    let evidence = gather(sandbox, who).await;
    let diagnosis = diagnose(&evidence);
    let plan = plan(&evidence, &diagnosis, &config(sandbox).rules(), &[]);
    (diagnosis, plan)
}

pub async fn look(scenario: &Scenario) -> (Sandbox, Diagnosis, Plan) {
    let sandbox = start(scenario.tenant()).await;
    let (diagnosis, plan) = ask(&sandbox, scenario.who).await;
    (sandbox, diagnosis, plan)
}

/// From now on every call that reads this source is answered with 403.
pub fn refuse(sandbox: &Sandbox, source: Source) {
    let refused = Injection::Answer { status: 403, headers: Vec::new(), body: "{}".to_owned() };
    sandbox.wire.inject_when(u32::MAX, refused, move |call, _| read_by(call) == Some(source));
}

/// The source that a reading call is for.
pub fn read_by(call: &Call) -> Option<Source> {
    let path = call.path.as_str();
    let has = |part: &str| path.contains(part);
    Some(match call.service {
        Service::Entra if has("/transitiveMemberOf") => Source::NestedMemberships,
        Service::Entra if has("/memberOf") => Source::Memberships,
        Service::Entra if has("/deletedItems") => Source::DeletedUsers,
        Service::Entra if path.ends_with("/v1.0/groups") => Source::DynamicGroups,
        Service::Entra if has("/v1.0/users") => Source::Users,
        Service::Entra if path.ends_with("/organization") => Source::TenantDomains,
        Service::Entra if has("/appRoleAssignedTo") => Source::Assignments,
        Service::Entra if has("/auditLogs/directoryAudits") => Source::AuditLog,
        Service::Entra if has("/auditLogs/directoryAudits") => Source::AuditLog,
        Service::Entra if has("/auditLogs/") => Source::ProvisioningLog,
        Service::Entra if has("/schema") => Source::Schema,
        Service::Entra if has("/synchronization/jobs") && call.method == "GET" => Source::Jobs,
        Service::Entra if path.ends_with("/servicePrincipals") => Source::Applications,
        Service::Atlassian if has("scim-links") => Source::ScimLinks,
        Service::Atlassian if has("/scim/") && has("/Users") => Source::ScimUsers,
        Service::Atlassian if has("/scim/") && has("/Groups") => Source::ScimGroups,
        Service::Atlassian if has("/users/search") => Source::Accounts,
        Service::Atlassian if has("/manage") => Source::Permissions,
        Service::Atlassian if has("/last-active") => Source::LastActive,
        Service::Atlassian if has("/groups/search") => Source::Groups,
        Service::Atlassian if has("-/groups/") => Source::GroupRoles,
        Service::Atlassian if has("/role-assignments") => Source::Roles,
        Service::Atlassian if path.ends_with("/directories") => Source::Directories,
        Service::Atlassian if has("/workspaces") => Source::Workspaces,
        Service::Atlassian if path.ends_with("/events") => Source::OrgAuditLog,
        Service::Atlassian if has("/domains") => Source::Domains,
        _ => return None,
    })
}
