//! Everything the fake tenant knows, as plain structs that a scenario may change at will. It must never do
//! anything by itself; the other modules read and change it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use serde_json::Value;

use super::switches::Switches;

/// The tenant as the routers share it.
pub type Shared = Arc<Mutex<Entra>>;

#[derive(Clone, Debug)]
pub struct Entra {
    pub tenant_id: String,
    /// Verified domains; the token endpoint takes any of them for the id.
    pub domains: Vec<String>,
    /// App registrations that may ask for tokens, by client id.
    pub apps: BTreeMap<String, App>,
    /// Living users by object id.
    pub users: BTreeMap<String, User>,
    /// Soft-deleted users by object id, kept 30 days.
    pub deleted_users: BTreeMap<String, User>,
    /// Groups by object id.
    pub groups: BTreeMap<String, Group>,
    /// Enterprise applications by object id.
    pub service_principals: BTreeMap<String, ServicePrincipal>,
    /// The object id of the Atlassian application that [`Entra::new`] made.
    pub atlassian: String,
    /// Who is assigned to which application.
    pub assignments: Vec<Assignment>,
    /// The provisioning log, oldest first.
    pub log: Vec<LogEntry>,
    /// Changes of provisioning, oldest first.
    pub audits: Vec<Audit>,
    /// What the documents leave open.
    pub switches: Switches,
    /// Tokens that were given out.
    pub(super) tokens: BTreeMap<String, Token>,
    /// Nicknames that were given out, in lower case: a new person gets another one.
    pub(super) nicknames: BTreeSet<String>,
    /// Memberships by member, while none changes.
    pub(super) holders: Option<super::index::Holders>,
    /// Times of the latest limited calls, by limit and client.
    pub(super) limits: BTreeMap<String, VecDeque<Timestamp>>,
}

/// An app registration with a service principal in the tenant.
#[derive(Clone, Debug, Default)]
pub struct App {
    /// The valid client secret; none if the app logs in by assertion only.
    pub secret: Option<String>,
    /// Secrets that were valid once (AADSTS7000222).
    pub expired_secrets: Vec<String>,
    /// Federated assertions that are taken as genuine.
    pub assertions: Vec<String>,
    /// Certificates with which the app may sign assertions.
    pub certificates: Vec<Registered>,
    /// Ids of assertions that were taken.
    pub(super) used_assertions: Vec<String>,
    /// Granted application permissions. A token keeps those of the moment it was made.
    pub roles: Vec<String>,
}

/// A token that was given out. Opaque: its text says nothing.
#[derive(Clone, Debug)]
pub(super) struct Token {
    /// From when on it is refused.
    pub expires: Timestamp,
    /// Whom it was given to.
    pub client_id: String,
    pub roles: BTreeSet<String>,
}

#[derive(Clone, Debug, Default)]
pub struct User {
    pub id: String,
    /// `userPrincipalName`
    pub upn: String,
    /// Only there with a mailbox.
    pub mail: Option<String>,
    /// `SMTP:` for the primary, `smtp:` for aliases.
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
    /// Department: what scoping filters are usually about.
    pub department: Option<String>,
    pub job_title: Option<String>,
    /// `mailNickname`: what Microsoft's default table maps to `externalId`. A directory may hold people without one.
    pub mail_nickname: Option<String>,
    /// The number that the personnel department gave.
    pub employee_id: Option<String>,
    /// `extensionAttribute1` to `extensionAttribute15`, by name; those that are not set are absent.
    pub extension_attributes: BTreeMap<String, String>,
    /// The name in the directory on premises, which may differ from the one in the cloud.
    pub on_premises_upn: Option<String>,
    /// The id in the directory on premises.
    pub on_premises_immutable_id: Option<String>,
    /// When the object was created.
    pub created: Timestamp,
    /// Whether attributes are mastered on premises.
    pub on_premises_sync_enabled: Option<bool>,
    /// When the object was deleted; set for deleted users only.
    pub deleted: Option<Timestamp>,
}

/// A direct member of a group.
#[derive(Clone, Debug)]
pub struct Member {
    /// Object id of a user or of a nested group.
    pub id: String,
    /// When the membership was made; the index shows it later.
    pub since: Timestamp,
}

#[derive(Clone, Debug)]
pub struct Group {
    pub id: String,
    pub display_name: String,
    /// Only security-enabled groups are provisioned.
    pub security_enabled: bool,
    /// The rule, if membership is dynamic.
    pub membership_rule: Option<String>,
    /// Whether the group is mastered on premises.
    pub on_premises_sync_enabled: Option<bool>,
    pub created: Timestamp,
    /// Direct members, users and groups.
    pub members: Vec<Member>,
}

/// An enterprise application.
#[derive(Clone, Debug)]
pub struct ServicePrincipal {
    pub id: String,
    /// The application's id, never to be taken for the object id.
    pub app_id: String,
    /// Display name, which customers change.
    pub display_name: String,
    /// Client ids of apps whose service principal owns this one (`…OwnedBy`).
    pub owners: Vec<String>,
    /// Its synchronization job, if it provisions by SCIM at all.
    pub job: Option<Job>,
}

/// An assignment of a user or group to an application.
#[derive(Clone, Debug)]
pub struct Assignment {
    pub id: String,
    /// The user or group.
    pub principal: String,
    /// The service principal's object id.
    pub resource: String,
    /// The role in the application; [`DEFAULT_ACCESS`] where none was chosen.
    pub app_role: String,
    /// Whether the provisioning service does not honour it, as when its role was removed. Graph lists it all the same.
    pub is_broken: bool,
    pub created: Timestamp,
}

/// The role `User` of the Atlassian application.
pub const USER_ROLE: &str = "18d14569-c3bd-439b-9a66-3a2aee01d14f";
/// What stands for a role where an assignment names none.
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
    /// Slowed to once a day because of failures.
    Quarantine,
}

/// Why and since when a job is quarantined.
#[derive(Clone, Debug)]
pub struct Quarantine {
    /// Such as `EncounteredQuarantineException` or `TooManyDeletes`.
    pub reason: String,
    pub began: Timestamp,
    /// When the next cycle is tried.
    pub next_attempt: Timestamp,
    /// The error behind it.
    pub code: String,
    /// The error's text.
    pub message: String,
}

/// One cycle that ended.
#[derive(Clone, Debug)]
pub struct Run {
    /// The cycle's id.
    pub id: String,
    pub began: Timestamp,
    pub ended: Timestamp,
    /// `Succeeded`, `Failed` or `EntryLevelErrors`.
    pub state: String,
    /// How many objects were looked at.
    pub imported: u64,
    /// How many were written to the target.
    pub exported: u64,
    /// How many failed and wait for a retry.
    pub escrowed: u64,
    /// Error code and text of a failed cycle.
    pub error: Option<(String, String)>,
}

/// What the engine believes the target holds for one object.
#[derive(Clone, Debug, Default)]
pub struct Export {
    /// The object's SCIM id.
    pub anchor: Option<String>,
    /// Attributes as last exported.
    pub attributes: BTreeMap<String, Value>,
    /// Object ids of members the engine believes are there.
    pub members: BTreeSet<String>,
}

/// An object that failed and waits for its retry.
#[derive(Clone, Debug)]
pub struct Escrow {
    /// How often it failed.
    pub tries: u32,
    /// Not before.
    pub next: Timestamp,
    /// The source as it was when it failed: a change is tried at once.
    pub source: Value,
}

/// A synchronization job with its settings and the engine's memory.
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
    /// Set while quarantined; kept apart from `code` because a paused job may be quarantined too.
    pub quarantine: Option<Quarantine>,
    /// The last cycle, whatever came of it.
    pub last_execution: Option<Run>,
    /// The last cycle that succeeded.
    pub last_success: Option<Run>,
    /// The last successful cycle that wrote something.
    pub last_export: Option<Run>,
    /// When the first full cycle ended; none = it has not.
    pub steady_first: Option<Timestamp>,
    /// When the latest cycle without errors ended.
    pub steady_last: Option<Timestamp>,
    /// Rules and mappings, as Graph shows them; the engine obeys exactly this.
    pub schema: Value,
    /// `BaseAddress`: Atlassian's SCIM directory.
    pub base_address: String,
    /// `SecretToken`: Atlassian's SCIM key.
    pub secret_token: String,
    /// `SyncAll`: everyone, not only those assigned.
    pub sync_all: bool,
    /// The engine's cache, by object id.
    pub cache: BTreeMap<String, Export>,
    /// The source of each object as the last cycle saw it: the watermark of the delta query.
    pub seen: BTreeMap<String, Value>,
    /// Objects that failed.
    pub escrows: BTreeMap<String, Escrow>,
    /// Whether a cycle runs now.
    pub(super) running: bool,
    /// Whether another was asked for meanwhile.
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

/// Who or what an event is about, on one side.
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

/// One event of the provisioning log, and the content of an on-demand answer.
#[derive(Clone, Debug)]
pub struct LogEntry {
    /// The event's id.
    pub id: String,
    pub at: Timestamp,
    /// From when on the log shows it.
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
    /// On the side of Entra.
    pub source: Subject,
    /// On the side of Atlassian.
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
