//! The table of dimensions: in what a tenant may differ from the ordinary one, and each value that it may have. The
//! first value of a dimension must be the ordinary one, because shrinking sets dimensions back to it.

use super::blueprint::{
    AskedBy, Assigned, Blueprint, Colleagues, GroupNames, History, OtherApplication, PersonKind,
    SecondDirectory, UserDirectories,
};

/// One value of a dimension: its name, and what it changes.
pub type Choice = (&'static str, fn(&mut Blueprint));

/// One way in which tenants differ.
pub struct Dimension {
    pub name: &'static str,
    pub choices: &'static [Choice],
}

const ORDINARY: Choice = ("ordinary", |_| {});

pub const DIMENSIONS: &[Dimension] = &[
    Dimension {
        name: "external-id",
        choices: &[
            ORDINARY,
            ("mail-nickname", |b| b.external_id = Some("[mailNickname]")),
            ("employee-id", |b| b.external_id = Some("[employeeId]")),
            ("extension-attribute", |b| b.external_id = Some("[extensionAttribute1]")),
            ("on-premises-name", |b| b.external_id = Some("[onPremisesUserPrincipalName]")),
            ("lower-name", |b| b.external_id = Some("ToLower([userPrincipalName])")),
            ("expression", |b| {
                b.external_id = Some("Append(ToLower(Coalesce([mailNickname], [employeeId])), \"-acme\")");
            }),
            ("join", |b| b.external_id = Some("Join(\".\", [givenName], [surname])")),
            ("unknown-function", |b| b.external_id = Some("PCase([mailNickname])")),
            ("not-mapped", |b| b.external_id = None),
        ],
    },
    Dimension {
        name: "user-name",
        choices: &[
            ORDINARY,
            ("mail", |b| b.user_name = "Coalesce([mail], [userPrincipalName])"),
            ("on-premises-name", |b| b.user_name = "[onPremisesUserPrincipalName]"),
            ("lower", |b| b.user_name = "ToLower([userPrincipalName])"),
            ("original-name", |b| b.user_name = "[originalUserPrincipalName]"),
            ("join", |b| b.user_name = "Join(\"@\", [mailNickname], \"acme.example\")"),
            ("unknown-function", |b| b.user_name = "PCase([userPrincipalName])"),
        ],
    },
    Dimension {
        name: "email",
        choices: &[
            ORDINARY,
            ("coalesce", |b| b.email = "Coalesce([mail], [userPrincipalName])"),
            ("lower", |b| b.email = "ToLower([mail])"),
            ("if-present", |b| b.email = "IIF(IsPresent([mail]), [mail], [userPrincipalName])"),
            ("name", |b| b.email = "[userPrincipalName]"),
        ],
    },
    Dimension {
        name: "active",
        choices: &[
            ORDINARY,
            ("not-deleted", |b| b.active = Some("Not([IsSoftDeleted])")),
            ("enabled", |b| b.active = Some("[accountEnabled]")),
            ("not-mapped", |b| b.active = None),
        ],
    },
    Dimension {
        name: "matching",
        choices: &[
            ORDINARY,
            ("external-id", |b| b.matching = "externalId"),
            ("email", |b| b.matching = "emails[type eq \"work\"].value"),
        ],
    },
    Dimension {
        name: "person",
        choices: &[
            ORDINARY,
            ("other-name", |b| b.person = PersonKind::OtherName),
            ("guest", |b| b.person = PersonKind::Guest),
            ("capitals", |b| b.person = PersonKind::Capitals),
            ("unicode", |b| b.person = PersonKind::Unicode),
            ("no-mailbox", |b| b.person = PersonKind::NoMailbox),
        ],
    },
    Dimension {
        name: "aliases",
        choices: &[
            ORDINARY,
            ("some", |b| b.aliases = true),
            ("foreign-account", |b| (b.aliases, b.foreign_alias_account) = (true, true)),
        ],
    },
    Dimension {
        name: "assigned",
        choices: &[
            ORDINARY,
            ("groups-and-direct", |b| b.assigned = Assigned::GroupsAndDirect),
            ("direct", |b| b.assigned = Assigned::Direct),
            ("default-access", |b| b.assigned = Assigned::DefaultAccess),
            ("one-broken", |b| b.assigned = Assigned::OneBroken),
            ("sync-all", |b| b.assigned = Assigned::SyncAll),
            ("groups-and-sync-all", |b| b.assigned = Assigned::GroupsAndSyncAll),
            ("dynamic-groups", |b| b.assigned = Assigned::DynamicGroups),
        ],
    },
    Dimension {
        name: "group-names",
        choices: &[
            ORDINARY,
            ("capitals", |b| b.group_names = GroupNames::Capitals),
            ("double-blank", |b| b.group_names = GroupNames::DoubleBlank),
            ("decomposed", |b| b.group_names = GroupNames::Decomposed),
        ],
    },
    Dimension { name: "group-ids", choices: &[ORDINARY, ("not-mapped", |b| b.group_ids = false)] },
    Dimension {
        name: "second-directory",
        choices: &[
            ORDINARY,
            ("with-key", |b| b.second_directory = SecondDirectory::WithKey),
            ("with-key-and-record", |b| b.second_directory = SecondDirectory::WithKeyAndRecord),
            ("without-key", |b| b.second_directory = SecondDirectory::WithoutKey),
            ("unknown", |b| b.second_directory = SecondDirectory::Unknown),
        ],
    },
    Dimension {
        name: "other-application",
        choices: &[
            ORDINARY,
            ("without-job", |b| b.other_application = OtherApplication::WithoutJob),
            ("same-directory", |b| b.other_application = OtherApplication::SameDirectory),
            ("other-service", |b| b.other_application = OtherApplication::OtherService),
        ],
    },
    Dimension {
        name: "colleagues",
        choices: &[
            ORDINARY,
            ("similar-address", |b| b.colleagues = Colleagues::SimilarAddress),
            ("same-name", |b| b.colleagues = Colleagues::SameName),
            ("nickname-of-person", |b| b.colleagues = Colleagues::NicknameOfPerson),
            ("deleted-similar-address", |b| b.colleagues = Colleagues::DeletedSimilarAddress),
        ],
    },
    Dimension {
        name: "history",
        choices: &[
            ORDINARY,
            ("success", |b| b.history = History::Success),
            ("old-success", |b| b.history = History::OldSuccess),
            ("rejected-key-then-success", |b| b.history = History::RejectedKeyThenSuccess),
            ("conflict-then-success", |b| b.history = History::ConflictThenSuccess),
            ("not-entitled-then-success", |b| b.history = History::NotEntitledThenSuccess),
            ("lost-anchor-then-success", |b| b.history = History::LostAnchorThenSuccess),
            ("refusal-then-success", |b| b.history = History::RefusalThenSuccess),
            ("other-record-then-success", |b| b.history = History::OtherRecordThenSuccess),
            ("success-then-nothing", |b| b.history = History::SuccessThenNothing),
            ("nothing", |b| b.history = History::Nothing),
        ],
    },
    Dimension {
        name: "user-directories",
        choices: &[
            ORDINARY,
            ("wiki-in-second", |b| b.user_directories = UserDirectories::WikiInSecond),
            ("suspended-elsewhere", |b| b.user_directories = UserDirectories::SuspendedElsewhere),
            ("empty", |b| b.user_directories = UserDirectories::Empty),
        ],
    },
    Dimension {
        name: "asked-by",
        choices: &[
            ORDINARY,
            ("name", |b| b.asked_by = AskedBy::UserPrincipalName),
            ("account", |b| b.asked_by = AskedBy::AccountId),
        ],
    },
    Dimension {
        name: "jira-role",
        choices: &[
            ORDINARY,
            ("admin", |b| b.jira_role = "atlassian/admin"),
            ("guest", |b| b.jira_role = "atlassian/guest"),
            ("basic", |b| b.jira_role = "atlassian/basic"),
            ("contributor", |b| b.jira_role = "atlassian/contributor"),
            ("customer", |b| b.jira_role = "atlassian/customer"),
            ("user-access-admin", |b| b.jira_role = "atlassian/user-access-admin"),
            ("ai-access", |b| b.jira_role = "atlassian/ai-access"),
            ("unknown", |b| b.jira_role = "atlassian/viewer-of-nothing"),
        ],
    },
    Dimension {
        name: "wiki-role",
        choices: &[
            ORDINARY,
            ("admin", |b| b.wiki_role = Some("atlassian/admin")),
            ("nothing", |b| b.wiki_role = None),
        ],
    },
    Dimension {
        name: "direct-role",
        choices: &[
            ORDINARY,
            ("user", |b| b.direct_role = Some("atlassian/user")),
            ("guest", |b| b.direct_role = Some("atlassian/guest")),
            ("customer", |b| b.direct_role = Some("atlassian/customer")),
            ("unknown", |b| b.direct_role = Some("atlassian/viewer-of-nothing")),
        ],
    },
    Dimension { name: "second-site", choices: &[ORDINARY, ("jira", |b| b.second_site = true)] },
    Dimension { name: "local-group", choices: &[ORDINARY, ("jira", |b| b.local_group = true)] },
    Dimension {
        name: "seats",
        choices: &[ORDINARY, ("full", |b| b.seats_full = true), ("unknown", |b| b.seats_known = false)],
    },
    Dimension { name: "used", choices: &[ORDINARY, ("never", |b| b.used = false)] },
    Dimension { name: "org-admin", choices: &[ORDINARY, ("yes", |b| b.is_org_admin = true)] },
    Dimension { name: "audit-log", choices: &[ORDINARY, ("granted", |b| b.audit_log = true)] },
];
