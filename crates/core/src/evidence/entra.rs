//! Facts from the identity provider (Entra ID): people, groups, assignments, the job and its log. They hold what was
//! read and draw no conclusions.

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
    /// `mail`. Empty if there is no Exchange mailbox.
    pub mail: Option<String>,
    /// Addresses of `proxyAddresses` and `otherMails`, without the `smtp:` prefix.
    pub aliases: Vec<String>,
    /// `accountEnabled`. `None` if it could not be read.
    pub enabled: Option<bool>,
    /// `displayName`
    pub name: Option<String>,
    /// `userType`: Member or Guest.
    pub kind: Option<String>,
    /// `createdDateTime`
    pub created: Option<Timestamp>,
    /// `onPremisesSyncEnabled`
    pub on_premises: Option<bool>,
    /// Other attributes that a mapping may refer to, by their names in the job's schema. An attribute of
    /// [`Self::MAPPED_ATTRIBUTES`] that is missing here is empty. Any other attribute is here only if it was selected,
    /// with the empty text if the person has none.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
}

impl IdpUser {
    /// Attributes that are requested with every user because a job's mapping may refer to them. The names are those of
    /// the schema. Microsoft Graph uses the same names; there, the extension attributes are in a property of their own.
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

    /// Whether an attribute of the schema is read with every user.
    #[must_use]
    pub fn is_usual(attribute: &str) -> bool {
        const OWN: &[&str] = &[
            "objectId",
            "userPrincipalName",
            "mail",
            "displayName",
            "userType",
            "accountEnabled",
            "IsSoftDeleted",
        ];
        OWN.iter().chain(Self::MAPPED_ATTRIBUTES).any(|known| known.eq_ignore_ascii_case(attribute))
    }

    /// Whether the user is a guest, whose domain belongs to another organization.
    #[must_use]
    pub fn is_guest(&self) -> bool {
        let by_name = self.upn.as_deref().is_some_and(|upn| upn.to_uppercase().contains("#EXT#"));
        by_name || self.kind.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("guest"))
    }

    /// Every address of this user, lower case. The `mail` comes first.
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

    /// Whether a deleted user had this address as mail or as user principal name. On deletion, Entra puts the object
    /// id, without its hyphens, in front of the user principal name.
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
    /// `displayName`. Empty if the program may not read it.
    pub name: String,
    /// `securityEnabled` of a group at the identity provider. Only security groups entitle their members.
    #[serde(default)]
    pub security: Option<bool>,
}

/// A dynamic group: a rule decides who is a member, and nobody can be added by hand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DynamicGroup {
    pub id: String,
    pub name: String,
    /// `membershipRule`
    pub rule: Option<String>,
    /// `membershipRuleProcessingState`: whether the evaluation of the rule is paused. `None` if not shown.
    pub paused: Option<bool>,
}

/// An assignment to the enterprise application (`appRoleAssignedTo`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assignment {
    /// Object id of the user or group.
    pub principal: String,
    pub is_group: bool,
    pub name: String,
    /// `createdDateTime`
    pub created: Option<Timestamp>,
    /// Whether the role is Default Access (`appRoleId` of zeros). `None` if not shown.
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
    /// `status.quarantine.error.tenantActionable`: whether an admin has to correct something first. `None` if not shown.
    #[serde(default)]
    pub tenant_actionable: Option<bool>,
    /// When the last finished execution began. `None` if there was none.
    #[serde(default)]
    pub cycle_began: Option<Timestamp>,
    /// When the last execution ended. `None` if there was none.
    pub last_cycle: Option<Timestamp>,
    /// When the last successful execution ended. `None` if there was none, or if it is not shown.
    #[serde(default)]
    pub last_success: Option<Timestamp>,
}

impl Job {
    /// Whether the job is in quarantine, by its status code or by its quarantine object.
    #[must_use]
    pub fn is_quarantined(&self) -> bool {
        self.quarantine.is_some() || self.has_code("quarantine")
    }

    /// The value in the schedule or status code that shows that the job is stopped, other than a quarantine. An unknown
    /// value is no proof that the job is stopped.
    #[must_use]
    pub fn standstill(&self) -> Option<&str> {
        let stops = |state: &&str| ["disabled", "paused"].iter().any(|word| state.eq_ignore_ascii_case(word));
        let schedule = self.schedule.as_deref().filter(stops);
        let stopped = ["paused", "notrun", "notconfigured"].iter().any(|code| self.has_code(code));
        schedule.or(self.code.as_deref().filter(|_| stopped))
    }

    /// Whether the job runs cycles.
    #[must_use]
    pub fn runs(&self) -> bool {
        !self.is_quarantined() && self.standstill().is_none()
    }

    /// Whether Atlassian rejected the key that the job uses.
    #[must_use]
    pub fn key_is_rejected(&self) -> bool {
        self.error_code.as_deref().is_some_and(|code| {
            let code = code.to_lowercase();
            code.contains("invalidcredentials") || code.contains("unauthorized")
        })
    }

    /// Whether a cycle has succeeded since this time. A refusal from before that success no longer applies.
    #[must_use]
    pub fn has_worked_since(&self, at: Timestamp) -> bool {
        let ended_well = self.last_cycle.filter(|_| self.error_code.is_none() && !self.is_quarantined());
        self.last_success.max(ended_well).is_some_and(|ended| ended >= at)
    }

    /// Whether a cycle is known to have succeeded since this time.
    #[must_use]
    pub fn has_succeeded_since(&self, at: Timestamp) -> bool {
        self.last_success.is_some_and(|ended| ended >= at)
    }

    /// The state of the job as a step records it.
    #[must_use]
    pub fn state(&self) -> serde_json::Value {
        serde_json::json!({ "schedule": self.schedule, "code": self.code, "quarantine": self.quarantine })
    }

    fn has_code(&self, code: &str) -> bool {
        self.code.as_deref().is_some_and(|known| known.eq_ignore_ascii_case(code))
    }
}

/// Who stopped the job, according to the directory's audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StoppedBy {
    /// A person or a program of the organization. Somebody must ask them first.
    Named(String),
    /// The provisioning service itself.
    Service,
}

/// Changes in the job's log that a coming cycle may still make to people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Deletions that are held back until a person allows them.
    pub staged_deletes: usize,
    /// Deletions that failed and will be tried again.
    pub deletes: usize,
    /// Deactivations that failed and will be tried again.
    pub disables: usize,
}

/// An enterprise application whose name contains "Atlassian".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// Object id of the service principal.
    pub id: String,
    pub name: String,
    /// Whether it has a job that writes, or may write, to a configured directory. A job that writes elsewhere provisions
    /// other people, such as customers of the service desk, and says nothing about this configuration.
    pub has_job: bool,
}

/// Rules and attribute mappings of the job (`schema`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Mapping {
    /// Id of the rule for provisioning users on demand.
    pub user_rule: Option<String>,
    /// Id of the rule for provisioning groups on demand. `None` if groups are not provisioned.
    pub group_rule: Option<String>,
    /// Whether the group mapping exists, is enabled and maps `members`.
    pub groups_on: bool,
    /// Source expression of `userName`, as in the schema. `None` if the attribute is not mapped.
    pub user_name_from: Option<String>,
    /// Source expression of `emails[type eq "work"].value`. `None` if the attribute is not mapped.
    pub email_from: Option<String>,
    /// Source expression of `externalId`. `None` if the attribute is not mapped.
    pub external_id_from: Option<String>,
    /// Source expression of `active`. `None` if the attribute is not mapped.
    #[serde(default)]
    pub active_from: Option<String>,
    /// The target attributes used for matching, in order of precedence.
    pub matching: Vec<String>,
    /// Whether the user mapping has a scoping filter.
    pub scoped: bool,
    /// `SyncAll` in the job's settings. `None` if not readable.
    pub sync_all: Option<bool>,
    /// The SCIM directory that the job writes to, according to its settings. `None` if not requested or not readable.
    pub directory: Option<String>,
}

impl Mapping {
    /// What the job writes into a person's `userName`.
    #[must_use]
    pub fn user_name(&self, person: &IdpUser) -> Mapped {
        mapped(self.user_name_from.as_deref(), person)
    }

    /// What the job writes as a person's work address.
    #[must_use]
    pub fn email(&self, person: &IdpUser) -> Mapped {
        mapped(self.email_from.as_deref(), person)
    }

    /// What the job writes into a person's `externalId`.
    #[must_use]
    pub fn external_id(&self, person: &IdpUser) -> Mapped {
        mapped(self.external_id_from.as_deref(), person)
    }

    /// What the job writes into `active` for a person whom it provisions.
    #[must_use]
    pub fn active(&self, person: &IdpUser) -> Mapped {
        mapped(self.active_from.as_deref(), person)
    }

    /// The source attributes in the expressions that this program can parse.
    #[must_use]
    pub fn attributes(&self) -> BTreeSet<String> {
        let all = [&self.user_name_from, &self.email_from, &self.external_id_from, &self.active_from];
        let parsed = all.into_iter().flatten().filter_map(|text| Expression::parse(text));
        parsed.flat_map(|one| one.attributes().into_iter().map(str::to_owned).collect::<Vec<_>>()).collect()
    }

    /// The first attribute by which the job looks people up and Atlassian cannot filter
    /// (docs/reference/rules.md#atlassian-scim-filters).
    #[must_use]
    pub fn unfilterable(&self) -> Option<&str> {
        let filters = |target: &&String| {
            ["userName", "externalId"].iter().any(|known| known.eq_ignore_ascii_case(target))
        };
        self.matching.iter().find(|target| !filters(target)).map(String::as_str)
    }

    /// The attributes in the expressions that are not read with every user. Each is selected on its own, and its value is
    /// unread if that fails.
    #[must_use]
    pub fn unusual_attributes(&self) -> BTreeSet<String> {
        let mut all = self.attributes();
        all.retain(|name| !IdpUser::is_usual(name));
        all
    }

    /// The parsed expression of `userName`. `None` if there is none or it cannot be parsed.
    #[must_use]
    pub fn user_name_expression(&self) -> Option<Expression> {
        self.user_name_from.as_deref().and_then(Expression::parse)
    }

    /// The parsed expression of `externalId`. `None` if there is none or it cannot be parsed.
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
