//! What distinguishes one generated tenant from the ordinary one, as plain data. Dimensions set it; `company` builds
//! the tenant from it. It must never hold an id: ids exist only once the tenant is built.

use crate::atlassian;
use crate::entra;

/// The person of interest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonKind {
    /// The user principal name is the address.
    Plain,
    /// The user principal name is a personnel number.
    OtherName,
    /// A guest of another company, with the mark `#EXT#` in the user principal name.
    Guest,
    /// The user principal name and the address are written with capitals in Entra, and without in Atlassian.
    Capitals,
    /// The address has letters outside ASCII.
    Unicode,
    /// No mailbox. The job falls back to the user principal name.
    NoMailbox,
}

/// How the person is assigned to the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assigned {
    /// Through each of the groups.
    Groups,
    /// Through the groups, and directly as well.
    GroupsAndDirect,
    /// Directly, and in no assigned group. Roles are direct as well.
    Direct,
    /// Through groups whose assignment names no role.
    DefaultAccess,
    /// Through the groups. One of the assignments is broken, the other is not.
    OneBroken,
    /// Not at all: the job synchronizes everybody. Roles are direct.
    SyncAll,
    /// Through the groups, and the job synchronizes everybody besides.
    GroupsAndSyncAll,
    /// Through groups whose members a rule chooses.
    DynamicGroups,
}

/// How the names of groups differ between Entra and Atlassian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupNames {
    Same,
    /// Capitals in Entra.
    Capitals,
    /// Two blanks in Entra, one in Atlassian.
    DoubleBlank,
    /// Decomposed letters in Entra, composed ones in Atlassian.
    Decomposed,
}

/// A second SCIM directory of the organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondDirectory {
    None,
    /// The bot has its key. It is empty.
    WithKey,
    /// The bot has its key. It holds an unlinked record of the person.
    WithKeyAndRecord,
    /// The bot knows it and has no key.
    WithoutKey,
    /// The bot does not know it.
    Unknown,
}

/// Another enterprise application of the tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherApplication {
    None,
    /// For signing in only.
    WithoutJob,
    /// Its job writes to the same directory.
    SameDirectory,
    /// Its job writes to another service.
    OtherService,
}

/// Colleagues of the person besides the ordinary one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colleagues {
    None,
    /// Two people of whom one has an address that ends with the other's.
    SimilarAddress,
    /// Somebody with the same display name.
    SameName,
    /// Somebody whose nickname is the local part of the person's address.
    NicknameOfPerson,
    /// Somebody deleted at the identity provider, whose address ends with the person's.
    DeletedSimilarAddress,
}

/// What the log says about the person, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum History {
    None,
    Success,
    OldSuccess,
    RejectedKeyThenSuccess,
    ConflictThenSuccess,
    NotEntitledThenSuccess,
    LostAnchorThenSuccess,
    /// A refusal with the status of a conflict, for another reason.
    RefusalThenSuccess,
    /// Written into a record that no longer exists, then into the present one.
    OtherRecordThenSuccess,
    /// A success, and afterwards nothing to do.
    SuccessThenNothing,
    /// Only that there was nothing to do.
    Nothing,
}

/// User directories of the organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserDirectories {
    One,
    /// The wiki group is in a second one.
    WikiInSecond,
    /// The person is suspended in a second one, which carries no expected group.
    SuspendedElsewhere,
    /// A second one is empty.
    Empty,
}

/// How WHO is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskedBy {
    Address,
    UserPrincipalName,
    AccountId,
}

#[derive(Clone, Debug)]
pub struct Blueprint {
    /// The expression that fills `externalId`. None if the job does not write it.
    pub external_id: Option<&'static str>,
    pub user_name: &'static str,
    pub email: &'static str,
    /// None if the job does not write it.
    pub active: Option<&'static str>,
    /// The target attribute by which people are matched.
    pub matching: &'static str,
    pub person: PersonKind,
    /// The person has further addresses.
    pub aliases: bool,
    /// An unused account of another organization has one of these.
    pub foreign_alias_account: bool,
    pub assigned: Assigned,
    pub group_names: GroupNames,
    /// Whether the job writes the object id of groups.
    pub group_ids: bool,
    pub second_directory: SecondDirectory,
    pub other_application: OtherApplication,
    pub colleagues: Colleagues,
    pub history: History,
    pub user_directories: UserDirectories,
    pub asked_by: AskedBy,
    /// The role that the first group grants in Jira.
    pub jira_role: &'static str,
    /// The role that the second group grants in Confluence. None if it grants nothing.
    pub wiki_role: Option<&'static str>,
    /// A role in Jira that the person has directly.
    pub direct_role: Option<&'static str>,
    /// Whether a third group opens Jira on a second site.
    pub second_site: bool,
    /// Whether a local group grants a role in Jira too.
    pub local_group: bool,
    /// Whether no seat is left. The person has one.
    pub seats_full: bool,
    /// Whether Atlassian tells how many seats there are.
    pub seats_known: bool,
    /// Whether the accounts were ever used.
    pub used: bool,
    /// Whether the person is an admin of the organization, so that nothing of theirs is touched.
    pub is_org_admin: bool,
    /// Whether our application may read the audit log of changes.
    pub audit_log: bool,
    pub atlassian: atlassian::Switches,
    pub entra: entra::Switches,
}

impl Default for Blueprint {
    fn default() -> Self {
        Self {
            external_id: Some("[objectId]"),
            user_name: "[userPrincipalName]",
            email: "[mail]",
            active: Some("Switch([IsSoftDeleted], , \"False\", \"True\", \"True\", \"False\")"),
            matching: "userName",
            person: PersonKind::Plain,
            aliases: false,
            foreign_alias_account: false,
            assigned: Assigned::Groups,
            group_names: GroupNames::Same,
            group_ids: true,
            second_directory: SecondDirectory::None,
            other_application: OtherApplication::None,
            colleagues: Colleagues::None,
            history: History::None,
            user_directories: UserDirectories::One,
            asked_by: AskedBy::Address,
            jira_role: "atlassian/user",
            wiki_role: Some("atlassian/user"),
            direct_role: None,
            second_site: false,
            local_group: false,
            seats_full: false,
            seats_known: true,
            used: true,
            is_org_admin: false,
            audit_log: false,
            atlassian: atlassian::Switches::default(),
            // A test asks faster than any person, and time does not pass for the limits of the simulated service.
            entra: entra::Switches { limit_requests: usize::MAX, ..entra::Switches::default() },
        }
    }
}

impl Blueprint {
    /// Whether the job synchronizes everybody, and Graph does not show its settings.
    #[must_use]
    pub fn sync_all_is_hidden(&self) -> bool {
        self.assigned == Assigned::SyncAll && !self.entra.secrets_readable
    }
}
