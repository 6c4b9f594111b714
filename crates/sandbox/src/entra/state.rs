//! The state of the simulated Entra tenant, as plain structs that a scenario may change freely. This module must
//! never act by itself; the other modules read and change the state.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::switches::Switches;

/// The tenant, shared by the routers.
pub type Shared = Arc<Mutex<Entra>>;

#[derive(Clone, Debug)]
pub struct Entra {
    pub tenant_id: String,
    /// Verified domains. The token endpoint accepts any of them in place of the tenant id.
    pub domains: Vec<String>,
    /// App registrations that may ask for tokens, by client id.
    pub apps: BTreeMap<String, App>,
    /// Existing users by object id.
    pub users: BTreeMap<String, User>,
    /// Soft-deleted users by object id, kept 30 days.
    pub deleted_users: BTreeMap<String, User>,
    /// Groups by object id.
    pub groups: BTreeMap<String, Group>,
    /// Enterprise applications by object id.
    pub service_principals: BTreeMap<String, ServicePrincipal>,
    /// The object id of the Atlassian application that [`Entra::new`] creates.
    pub atlassian: String,
    /// The assignments of users and groups to applications.
    pub assignments: Vec<Assignment>,
    /// The provisioning log, oldest first.
    pub log: Vec<LogEntry>,
    /// Changes of the provisioning configuration, oldest first.
    pub audits: Vec<Audit>,
    /// Answers to the questions that the documents leave open.
    pub switches: Switches,
    /// How far this tenant's clock runs ahead, for example to let seven days pass.
    pub ahead: SignedDuration,
    /// The issued tokens.
    pub(super) tokens: BTreeMap<String, Token>,
    /// The nicknames in use, in lower case. A new person gets another one.
    pub(super) nicknames: BTreeSet<String>,
    /// An index of memberships by member. It exists while no membership changes.
    pub(super) holders: Option<super::index::Holders>,
    /// Where the job writes to in this process. Otherwise it writes over the network.
    pub(super) services: Option<crate::in_process::Services>,
    /// The streams and the tokens of the delta queries.
    pub(super) delta: super::delta_places::Store,
    /// Times of the latest rate-limited calls, by limit and client.
    pub(super) limits: BTreeMap<String, VecDeque<Timestamp>>,
}

/// An app registration with a service principal in the tenant.
#[derive(Clone, Debug, Default)]
pub struct App {
    /// The valid client secret. None if the app logs in by assertion only.
    pub secret: Option<String>,
    /// When the valid client secret ends.
    pub secret_ends: Timestamp,
    /// Expired secrets (AADSTS7000222).
    pub expired_secrets: Vec<String>,
    /// The first characters and the ends of further client secrets, which nobody logs in with here.
    pub other_secrets: Vec<(String, Timestamp)>,
    /// Federated assertions that are accepted.
    pub assertions: Vec<String>,
    /// The certificates that may sign the app's assertions.
    pub certificates: Vec<Registered>,
    /// Ids of assertions that were used.
    pub(super) used_assertions: Vec<String>,
    /// Granted application permissions. A token keeps the permissions of the moment it was issued.
    pub roles: Vec<String>,
}

/// An issued token. It is opaque: its text reveals nothing.
#[derive(Clone, Debug)]
pub(super) struct Token {
    /// When it expires.
    pub expires: Timestamp,
    /// The client that got it.
    pub client_id: String,
    pub roles: BTreeSet<String>,
}

#[derive(Clone, Debug, Default)]
pub struct User {
    pub id: String,
    /// `userPrincipalName`
    pub upn: String,
    /// Present only with a mailbox.
    pub mail: Option<String>,
    /// Addresses with `SMTP:` for the primary and `smtp:` for aliases.
    pub proxy_addresses: Vec<String>,
    /// Other addresses, such as a private one.
    pub other_mails: Vec<String>,
    /// Whether the person may sign in.
    pub account_enabled: bool,
    /// `Member` or `Guest`.
    pub user_type: String,
    pub display_name: String,
    pub given_name: Option<String>,
    pub surname: Option<String>,
    /// The department, which scoping filters usually use.
    pub department: Option<String>,
    pub job_title: Option<String>,
    /// `mailNickname`, which Microsoft's default table maps to `externalId`. A person may have none.
    pub mail_nickname: Option<String>,
    /// The employee number of the personnel department.
    pub employee_id: Option<String>,
    /// `extensionAttribute1` to `extensionAttribute15`, by name. Unset ones are absent.
    pub extension_attributes: BTreeMap<String, String>,
    /// The name in the on-premises directory, which may differ from the cloud name.
    pub on_premises_upn: Option<String>,
    /// The id in the on-premises directory.
    pub on_premises_immutable_id: Option<String>,
    /// When the object was created.
    pub created: Timestamp,
    /// Whether the on-premises directory controls the attributes.
    pub on_premises_sync_enabled: Option<bool>,
    /// When the object was deleted. Set for deleted users only.
    pub deleted: Option<Timestamp>,
}

/// A direct member of a group.
#[derive(Clone, Debug)]
pub struct Member {
    /// The object id of a user or of a nested group.
    pub id: String,
    /// When the membership was created. The index shows it later.
    pub since: Timestamp,
}

#[derive(Clone, Debug, Default)]
pub struct Group {
    pub id: String,
    pub display_name: String,
    /// Only security-enabled groups are provisioned.
    pub security_enabled: bool,
    /// The rule, if the membership is dynamic.
    pub membership_rule: Option<String>,
    /// Whether an admin paused the evaluation of the rule. The membership then stays as it is.
    pub rule_is_paused: bool,
    /// Whether the on-premises directory controls the group.
    pub on_premises_sync_enabled: Option<bool>,
    pub created: Timestamp,
    /// Direct members, users and groups.
    pub members: Vec<Member>,
}

/// An enterprise application.
#[derive(Clone, Debug)]
pub struct ServicePrincipal {
    pub id: String,
    /// The application's id. It is not the object id.
    pub app_id: String,
    /// The display name, which customers may change.
    pub display_name: String,
    /// Client ids of apps whose service principal owns this one (`…OwnedBy`).
    pub owners: Vec<String>,
    /// Its synchronization job, if it provisions by SCIM.
    pub job: Option<Job>,
}

/// An assignment of a user or group to an application.
#[derive(Clone, Debug)]
pub struct Assignment {
    pub id: String,
    /// The user or group.
    pub principal: String,
    /// The object id of the service principal.
    pub resource: String,
    /// The role in the application, or [`DEFAULT_ACCESS`] if none was chosen.
    pub app_role: String,
    /// Whether the provisioning service ignores it, for example because its role was removed. Graph still lists it, and
    /// the log shows the person as assigned, but without the required role.
    pub is_broken: bool,
    pub created: Timestamp,
}

/// The role `User` of the Atlassian application.
pub const USER_ROLE: &str = "18d14569-c3bd-439b-9a66-3a2aee01d14f";
/// The role id of an assignment without a role.
pub const DEFAULT_ACCESS: &str = "00000000-0000-0000-0000-000000000000";

/// `status.code` of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobCode {
    /// Never set up.
    NotConfigured,
    /// Set up, no cycle yet.
    NotRun,
    /// Cycles run.
    Active,
    /// Stopped by an admin.
    Paused,
    /// Slowed down to once a day because of failures.
    Quarantine,
}

/// Why a job is in quarantine, and since when.
#[derive(Clone, Debug)]
pub struct Quarantine {
    /// Such as `EncounteredQuarantineException` or `TooManyDeletes`.
    pub reason: String,
    pub began: Timestamp,
    /// When the next cycle is tried.
    pub next_attempt: Timestamp,
    /// The error behind it.
    pub code: String,
    pub message: String,
    /// Whether an admin has to correct something before the job can work.
    pub tenant_actionable: bool,
}

/// A finished cycle.
#[derive(Clone, Debug)]
pub struct Run {
    pub id: String,
    pub began: Timestamp,
    pub ended: Timestamp,
    /// `Succeeded`, `Failed` or `EntryLevelErrors`.
    pub state: String,
    /// The number of objects that were checked.
    pub imported: u64,
    /// The number of objects written to the target.
    pub exported: u64,
    /// The number of objects that failed and wait for a retry.
    pub escrowed: u64,
    /// The error code and the text of a failed cycle.
    pub error: Option<(String, String)>,
}

/// What the engine believes the target holds for one object.
#[derive(Clone, Debug, Default)]
pub struct Export {
    /// The object's SCIM id.
    pub anchor: Option<String>,
    /// The attributes of the last export.
    pub attributes: BTreeMap<String, Value>,
    /// The object ids of the members that the engine believes the target has.
    pub members: BTreeSet<String>,
}

/// An object that failed and waits for its retry.
#[derive(Clone, Debug)]
pub struct Escrow {
    /// The number of failures.
    pub tries: u32,
    /// The earliest time of the next try.
    pub next: Timestamp,
    /// The source at the time of the failure. If it changes, the engine tries again at once.
    pub source: Value,
}

/// A synchronization job with its settings and the engine's cache.
#[derive(Clone, Debug)]
pub struct Job {
    pub id: String,
    /// Such as `scim`.
    pub template_id: String,
    /// `status.code`
    pub code: JobCode,
    /// `schedule.state`: Active, Disabled or Paused.
    pub schedule_state: String,
    /// `schedule.interval`
    pub interval: String,
    /// Set during a quarantine. It is separate from `code`, because a paused job may be in quarantine too.
    pub quarantine: Option<Quarantine>,
    /// The last cycle, whatever its result.
    pub last_execution: Option<Run>,
    /// The last cycle that succeeded.
    pub last_success: Option<Run>,
    /// The last successful cycle that wrote something.
    pub last_export: Option<Run>,
    /// When the first full cycle ended. None if it has not ended yet.
    pub steady_first: Option<Timestamp>,
    /// When the latest cycle without errors ended.
    pub steady_last: Option<Timestamp>,
    /// Rules and mappings, as Graph shows them. The engine follows exactly these.
    pub schema: Value,
    /// `BaseAddress`: Atlassian's SCIM directory.
    pub base_address: String,
    /// `SecretToken`: Atlassian's SCIM key.
    pub secret_token: String,
    /// `SyncAll`: everyone, not only assigned users.
    pub sync_all: bool,
    /// The engine's cache, by object id.
    pub cache: BTreeMap<String, Export>,
    /// The source of each object as the last cycle saw it, which acts as the watermark of the delta query.
    pub seen: BTreeMap<String, Value>,
    /// Objects that failed and wait for a retry.
    pub escrows: BTreeMap<String, Escrow>,
    /// Whether a cycle runs now.
    pub(super) running: bool,
    /// Whether another cycle was requested meanwhile.
    pub(super) run_again: bool,
}

/// One step of a provisioning event.
#[derive(Clone, Debug)]
pub struct Step {
    /// Such as `EntryExportAdd`.
    pub name: String,
    /// Import, Scoping, Matching or Export.
    pub kind: String,
    /// Success, Skipped or Failure.
    pub status: String,
    /// Free text.
    pub description: String,
    /// Names and values.
    pub details: BTreeMap<String, String>,
}

/// The user or group of an event, on one side.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    /// Object id or SCIM id.
    pub id: String,
    pub name: String,
    /// `User` or `Group`.
    pub kind: String,
}

/// Why an event failed.
#[derive(Clone, Debug)]
pub struct LogError {
    /// Such as `SystemForCrossDomainIdentityManagementServiceIncompatibleFiltering`.
    pub code: String,
    /// The text around the target's answer.
    pub reason: String,
}

/// One event of the provisioning log, which is also the content of an on-demand answer.
#[derive(Clone, Debug)]
pub struct LogEntry {
    pub id: String,
    pub at: Timestamp,
    /// When the log begins to show it.
    pub visible: Timestamp,
    pub job_id: String,
    pub service_principal: String,
    pub cycle_id: String,
    pub change_id: String,
    /// Create, Update, Disable, Delete, StagedDelete or Other.
    pub action: String,
    /// Success, Failure, Skipped or Warning.
    pub status: String,
    /// Set on failures.
    pub error: Option<LogError>,
    /// The object in Entra.
    pub source: Subject,
    /// The record at Atlassian.
    pub target: Subject,
    pub steps: Vec<Step>,
    /// Attribute, old value, new value.
    pub modified: Vec<(String, Option<String>, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// A user, by user principal name.
    User(String),
    /// An application, by its name.
    App(String),
}

#[derive(Clone, Debug)]
pub struct Audit {
    pub at: Timestamp,
    pub activity: String,
    pub by: By,
    /// The object id of the enterprise application.
    pub service_principal: String,
}

/// A certificate of an app registration.
#[derive(Clone, Debug, Default)]
pub struct Registered {
    /// base64url of the SHA-256 of the DER certificate: `x5t#S256`.
    pub thumbprint: String,
    /// The RSA public key, as PKCS#1.
    pub public_key: Vec<u8>,
}
