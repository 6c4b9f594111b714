//! The actions of the audit log that concern access, by the list that Atlassian publishes (`event-actions`). Events
//! contain them in lower case. A page that was read, or an action that is not in the list, concerns nobody here. This
//! module must never tell what has happened: it only tells who has to be read.

/// Whom an action concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concern {
    /// The account in the context.
    Account,
    /// The account of a SCIM record. The context may name the account or the record.
    Record,
    /// Everybody.
    Organization,
}

/// A person loses or gains access, or an address changes.
const OF_ACCOUNTS: &[&str] = &[
    "email_change",
    "managed_account_deactivated",
    "managed_account_deleted",
    "managed_account_deletion_cancelled",
    "managed_account_deletion_scheduled",
    "managed_account_reactivated",
    "user_added_to_group",
    "user_disabled_org_access",
    "user_disabled_site_access",
    "user_enabled_org_access",
    "user_enabled_site_access",
    "user_granted_product_access",
    "user_granted_role",
    "user_removed_from_group",
    "user_removed_from_org",
    "user_removed_from_site",
    "user_revoked_product_access",
    "user_revoked_role",
];

/// The identity provider has changed the record of a person.
const OF_RECORDS: &[&str] = &[
    "become_managed_scim_user",
    "become_unmanaged_scim_user",
    "scim_group_add_member",
    "scim_group_remove_member",
    "scim_group_unmanaged_member_added",
    "scim_group_unmanaged_member_removed",
    "scim_user_create",
    "scim_user_delete",
    "scim_user_linked_to_aa",
    "scim_user_unlinked_from_aa",
    "scim_user_update",
];

/// Many people are affected: everybody in a group, in a domain, or in a directory.
const OF_EVERYBODY: &[&str] = &[
    "domain_claimed",
    "domain_deleted",
    "domain_removed",
    "domain_verification_completed",
    "domain_verification_removed",
    "group_deleted",
    "group_granted_product_access",
    "group_granted_role",
    "group_revoked_product_access",
    "group_revoked_role",
    "scim_directory_created",
    "scim_directory_deleted",
    "scim_directory_token_rotated",
    "scim_group_delete",
    "scim_sync_disabled",
    "scim_sync_enabled",
    "site_sync_conflicting_group",
];

/// Whom an action in lower case concerns. `None` for every other action.
#[must_use]
pub fn concern(action: &str) -> Option<Concern> {
    let lists = [
        (OF_ACCOUNTS, Concern::Account),
        (OF_RECORDS, Concern::Record),
        (OF_EVERYBODY, Concern::Organization),
    ];
    lists.into_iter().find(|(list, _)| list.contains(&action)).map(|(_, concern)| concern)
}
