//! Facts of the identity provider: people, groups, assignments, the job and its log. They say what was read, no more.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::expression::{Expression, Mapped};
use crate::subject::normalize;

/// A user object at the identity provider (Graph `user`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IdpUser {
    pub id: String,
    /// `userPrincipalName`
    pub upn: Option<String>,
    /// `mail`; empty without an Exchange mailbox.
    pub mail: Option<String>,
    /// Addresses of `proxyAddresses` and `otherMails`, without the `smtp:` prefix.
    pub aliases: Vec<String>,
    /// `accountEnabled`; `None` when it could not be read.
    pub enabled: Option<bool>,
    /// `displayName`
    pub name: Option<String>,
    /// `userType`: Member or Guest.
    pub kind: Option<String>,
    /// `createdDateTime`
    pub created: Option<Timestamp>,
    /// `onPremisesSyncEnabled`
    pub on_premises: Option<bool>,
    /// Other attributes that a mapping may refer to, by their names in the job's schema. One of
    /// [`Self::MAPPED_ATTRIBUTES`] that is not in here is empty.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
}

impl IdpUser {
    /// Attributes that every reading of a person asks for because a job's mapping may refer to them, by their names
    /// in the schema. Microsoft Graph uses the same names; the extension attributes lie in a property of their own.
    pub const MAPPED_ATTRIBUTES: &[&str] = &[
        "mailNickname",
        "employeeId",
        "givenName",
        "surname",
        "jobTitle",
        "department",
        "companyName",
        "onPremisesUserPrincipalName",
        "onPremisesSamAccountName",
        "onPremisesImmutableId",
        "extensionAttribute1",
        "extensionAttribute2",
        "extensionAttribute3",
        "extensionAttribute4",
        "extensionAttribute5",
        "extensionAttribute6",
        "extensionAttribute7",
        "extensionAttribute8",
        "extensionAttribute9",
        "extensionAttribute10",
        "extensionAttribute11",
        "extensionAttribute12",
        "extensionAttribute13",
        "extensionAttribute14",
        "extensionAttribute15",
    ];

    /// Every address of this user, lower case, the mail first.
    #[must_use]
    pub fn addresses(&self) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for address in self.mail.iter().chain(&self.upn).chain(&self.aliases) {
            let address = normalize(address);
            if address.contains('@') && !all.contains(&address) {
                all.push(address);
            }
        }
        all
    }

    /// Whether a deleted user had this address as mail or as user principal name. Deletion puts the object id without
    /// its hyphens in front of the name.
    #[must_use]
    pub fn was_deleted_as(&self, address: &str) -> bool {
        let wanted = normalize(address);
        let prefix = normalize(&self.id.replace('-', ""));
        let name = self.upn.as_deref().map(normalize);
        let bare = name.as_deref().map(|name| name.strip_prefix(prefix.as_str()).unwrap_or(name));
        bare == Some(wanted.as_str())
            || self.mail.as_deref().map(normalize).as_deref() == Some(wanted.as_str())
    }
}

/// A group at the identity provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct IdpGroup {
    pub id: String,
    /// `displayName`; empty where the caller may not read it.
    pub name: String,
    /// `securityEnabled`, of a group at the identity provider. Only such groups entitle their members.
    #[serde(default)]
    pub security: Option<bool>,
}

/// Who is assigned to the enterprise application (`appRoleAssignedTo`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assignment {
    /// Object id of the user or group.
    pub principal: String,
    /// Whether it is a group.
    pub is_group: bool,
    pub name: String,
    /// `createdDateTime`
    pub created: Option<Timestamp>,
    /// Whether the role is Default Access (`appRoleId` of zeros); `None` when not shown.
    #[serde(default)]
    pub default_access: Option<bool>,
}

/// The synchronization job of the enterprise application.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Job id, opaque.
    pub id: String,
    /// `schedule.state`: Active, Disabled, Paused.
    pub schedule: Option<String>,
    /// `status.code`: NotConfigured, NotRun, Active, Paused, Quarantine.
    pub code: Option<String>,
    /// `status.quarantine.reason`
    pub quarantine: Option<String>,
    /// Error code of the quarantine or of the last execution.
    pub error_code: Option<String>,
    /// Beginning of the last execution that has ended; `None` for never.
    #[serde(default)]
    pub cycle_began: Option<Timestamp>,
    /// End of the last execution; `None` for never.
    pub last_cycle: Option<Timestamp>,
    /// End of the last execution that succeeded; `None` for never, or not shown.
    #[serde(default)]
    pub last_success: Option<Timestamp>,
}

impl Job {
    /// Whether it is in quarantine, by its code or by the quarantine itself.
    #[must_use]
    pub fn is_quarantined(&self) -> bool {
        self.quarantine.is_some() || self.has_code("quarantine")
    }

    /// What stands instead of "active" in its schedule or its code, other than a quarantine. A word that nobody
    /// knows is no proof that anything stopped.
    #[must_use]
    pub fn standstill(&self) -> Option<&str> {
        let stops = |state: &&str| ["disabled", "paused"].iter().any(|word| state.eq_ignore_ascii_case(word));
        let schedule = self.schedule.as_deref().filter(stops);
        let stopped = ["paused", "notrun", "notconfigured"].iter().any(|code| self.has_code(code));
        schedule.or(self.code.as_deref().filter(|_| stopped))
    }

    /// Whether cycles run.
    #[must_use]
    pub fn runs(&self) -> bool {
        !self.is_quarantined() && self.standstill().is_none()
    }

    /// Whether the target refused the key the job uses.
    #[must_use]
    pub fn key_is_rejected(&self) -> bool {
        self.error_code.as_deref().is_some_and(|code| {
            let code = code.to_lowercase();
            code.contains("invalidcredentials") || code.contains("unauthorized")
        })
    }

    /// Whether a cycle has ended well since then, so that what was refused then is not refused any more.
    #[must_use]
    pub fn has_worked_since(&self, at: Timestamp) -> bool {
        let ended_well = self.last_cycle.filter(|_| self.error_code.is_none() && !self.is_quarantined());
        self.last_success.max(ended_well).is_some_and(|ended| ended >= at)
    }

    fn has_code(&self, code: &str) -> bool {
        self.code.as_deref().is_some_and(|known| known.eq_ignore_ascii_case(code))
    }
}

/// Who stopped the job, by the directory's audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StoppedBy {
    /// A person, or somebody's program: ask them first.
    Named(String),
    /// The provisioning service itself.
    Service,
}

/// What the job's log holds that a cycle may still do to people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Deletions held back until a person allows them.
    pub staged_deletes: usize,
    /// Deletions that failed and are tried again.
    pub deletes: usize,
    /// Deactivations that failed and are tried again.
    pub disables: usize,
}

/// An enterprise application whose name says Atlassian.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// Object id of the service principal.
    pub id: String,
    pub name: String,
    /// Whether it has a synchronization job.
    pub has_job: bool,
}

/// Rules and mappings of the job (`schema`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Mapping {
    /// Rule that provisions users on demand.
    pub user_rule: Option<String>,
    /// Rule that provisions groups on demand; `None` when groups do not sync.
    pub group_rule: Option<String>,
    /// Whether the group mapping exists, is enabled and maps `members`.
    pub groups_on: bool,
    /// Source expression of `userName`, as the schema has it; `None` when the attribute is not mapped.
    pub user_name_from: Option<String>,
    /// Source expression of `emails[type eq "work"].value`; `None` when the attribute is not mapped.
    pub email_from: Option<String>,
    /// Source expression of `externalId`; `None` when the attribute is not mapped.
    pub external_id_from: Option<String>,
    /// Target attributes that match, in order of precedence.
    pub matching: Vec<String>,
    /// Whether the user mapping has a scoping filter.
    pub scoped: bool,
    /// `SyncAll` of the job's settings; `None` when not readable.
    pub sync_all: Option<bool>,
    /// The SCIM directory the job writes to, by its settings; `None` when not asked or not readable.
    pub directory: Option<String>,
}

impl Mapping {
    /// What the job writes into `userName` of a person.
    #[must_use]
    pub fn user_name(&self, person: &IdpUser) -> Mapped {
        mapped(self.user_name_from.as_deref(), person)
    }

    /// What the job writes as the work address of a person.
    #[must_use]
    pub fn email(&self, person: &IdpUser) -> Mapped {
        mapped(self.email_from.as_deref(), person)
    }

    /// What the job writes into `externalId` of a person.
    #[must_use]
    pub fn external_id(&self, person: &IdpUser) -> Mapped {
        mapped(self.external_id_from.as_deref(), person)
    }

    /// The attributes that its expressions refer to, as far as they are understood.
    #[must_use]
    pub fn attributes(&self) -> BTreeSet<String> {
        let all = [&self.user_name_from, &self.email_from, &self.external_id_from];
        let parsed = all.into_iter().flatten().filter_map(|text| Expression::parse(text));
        parsed.flat_map(|one| one.attributes().into_iter().map(str::to_owned).collect::<Vec<_>>()).collect()
    }

    /// The expression behind `externalId`, where it is understood.
    #[must_use]
    pub fn external_id_expression(&self) -> Option<Expression> {
        self.external_id_from.as_deref().and_then(Expression::parse)
    }
}

fn mapped(from: Option<&str>, person: &IdpUser) -> Mapped {
    match from.map(Expression::parse) {
        None => Mapped::Empty,
        Some(None) => Mapped::Unread,
        Some(Some(expression)) => expression.mapped(person),
    }
}

/// What the job did for this person once (`auditLogs/provisioning`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LogEntry {
    pub at: Option<Timestamp>,
    /// create, update, delete, disable, stagedDelete, other.
    pub action: String,
    /// success, failure, skipped, warning.
    pub status: String,
    /// Entra's own code, which may mislead; the HTTP status counts.
    pub error_code: Option<String>,
    /// The true HTTP status of the target's answer.
    pub http_status: Option<u16>,
    /// `scimType` of the target's answer.
    pub scim_type: Option<String>,
    /// `detail` of the target's answer.
    pub detail: Option<String>,
    /// Why nothing was exported, normalised (`NotEffectivelyEntitled`, `RedundantExport`).
    pub skip_reason: Option<String>,
    /// Whether the scoping filter said no. Everything else it says (active, assigned) stands elsewhere too.
    pub filtered_out: bool,
    /// The clauses of the filter that were false.
    pub failed_clauses: Vec<String>,
    /// `targetIdentity.id`: the SCIM record the IdP is anchored on.
    pub target: Option<String>,
    /// `changeId`, for a ticket.
    pub change_id: Option<String>,
    /// `cycleId`, for a ticket.
    pub cycle_id: Option<String>,
    /// When the IdP tries again, as its log says.
    pub retry_at: Option<Timestamp>,
}

impl LogEntry {
    /// Whether the target refused because a value is taken: it says so by `scimType`, or its detail names a value that
    /// exists already. Any other 409 is not a conflict of this kind.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        let detail = self.detail.as_deref().unwrap_or_default().to_lowercase();
        let taken = [
            "already exists",
            "already in use",
            "already taken",
            "not unique",
            "must be unique",
            "duplicate",
        ];
        self.scim_type.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("uniqueness"))
            || (self.http_status == Some(409) && taken.iter().any(|words| detail.contains(words)))
    }

    /// Whether the target was written to.
    #[must_use]
    pub fn is_export(&self) -> bool {
        matches!(self.action.to_lowercase().as_str(), "create" | "update")
    }

    /// Whether the target refused the key that the identity provider uses.
    #[must_use]
    pub fn is_key_refused(&self) -> bool {
        let code = self.error_code.as_deref().unwrap_or_default();
        self.http_status == Some(401) || code.ends_with("InvalidCredentials")
    }

    /// Whether the identity provider found that no assignment entitles the person.
    #[must_use]
    pub fn is_not_entitled(&self) -> bool {
        self.skip_reason.as_deref() == Some("NotEffectivelyEntitled")
    }

    /// Whether this entry is a success.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.status.eq_ignore_ascii_case("success")
    }
}
