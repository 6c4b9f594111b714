//! Causes in this part of the trail: the person at the identity provider.

use reinstate_core::Cause;

use super::super::page::{Page, shows};
use super::answer_for;

pub fn page() -> Page {
    let mut page = Page::new(
        "What check says of each cause: the person at the identity provider",
        "Facts, advice and costs as `check WHO` shows them in the terminal. The cards use the same words.",
    );
    shows!(page, "idp-user-missing", "The identity provider knows nobody of that name.", answer_for(&mut page, Cause::IdpUserMissing), @"
    Nobody of that name is at the identity provider.

    jnae@acme.example: broken

      BROKEN  Identity provider  The identity provider has nobody with this name
      unread  Provisioning       whether the person is assigned could not be read
      BROKEN  SCIM record        there is none
      BROKEN  Atlassian account  there is none
      unread  Groups             not known
      BROKEN  Apps               no account, so no app role

    Found
      The identity provider has nobody with this name (idp-user-missing)
        entra.users: no user has this name as user principal name, mail, proxy address or other address
        entra.deleted-users: nor has a user deleted in the last 30 days

    What a person can do
      Check the spelling of jnae@acme.example. If the person is new, create them in the Entra admin center, Users > New user.
    ");
    shows!(page, "idp-user-deleted", "The person was deleted at the identity provider.", answer_for(&mut page, Cause::IdpUserDeleted), @"
    Jane was deleted at the identity provider, and her account was deactivated.

    jane@acme.example: broken

      BROKEN  Identity provider  The person was deleted at the identity provider
      unread  Provisioning       whether the person is assigned could not be read
      BROKEN  SCIM record        there is none
      BROKEN  Atlassian account  not active
      unread  Groups             not known
      BROKEN  Apps               no app role

    Found
      The person was deleted at the identity provider (idp-user-deleted)
        entra.deleted-users: a user of this name is among the deleted users

    What a person can do
      In the Entra admin center, Users > Deleted users: restore jane@acme.example if they should be back. Deleted users are kept for 30 days.
    ");
    shows!(page, "idp-user-disabled", "The person is disabled at the identity provider.", answer_for(&mut page, Cause::IdpUserDisabled), @"
    The person is disabled at the identity provider, and so is the account.

    jane@acme.example: broken

      BROKEN  Identity provider  The person is disabled at the identity provider
      ok      Provisioning       assigned; the job runs
      BROKEN  SCIM record        linked, but not active
      BROKEN  Atlassian account  not active
      BROKEN  Groups             0 of 2 expected
      BROKEN  Apps               confluence (acme): missing (idp-user-disabled); jira-software (acme): missing (idp-user-disabled)

    Apps
      MISSING confluence (acme): idp-user-disabled
      MISSING jira-software (acme): idp-user-disabled

    Found
      The person is disabled at the identity provider (idp-user-disabled)
        entra.users: accountEnabled is false

    Missing groups
      jira-users
      wiki-users

    What a person can do
      If jane@acme.example should work again: in the Entra admin center, Users > jane@acme.example (object id 000000e1-0000-4000-8000-000000000004) > Properties > Settings, set Account enabled. Otherwise this is as it should be.
    ");
    shows!(page, "not-assigned", "The person is not assigned to the Atlassian application.", answer_for(&mut page, Cause::NotAssigned), @"
    The person is in no group of the Atlassian application.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      BROKEN  Provisioning       The person is not assigned to the Atlassian application
      BROKEN  SCIM record        there is none
      ok      Atlassian account  active
      ok      Groups             0 of 0 expected
      BROKEN  Apps               no app role

    Found
      The person is not assigned to the Atlassian application (not-assigned)
        entra.assignments: neither the person nor a group of theirs is assigned to the application
        entra.memberships: the person is a direct member of 1 groups

    What a person can do
      Assign jane@acme.example (object id 000000e1-0000-4000-8000-000000000004): make them a direct member of a group that is assigned (jira-users, wiki-users), or in Entra admin center, Enterprise applications > the Atlassian application (object id 0000005e-0000-4000-8000-000000000000) > Users and groups, add a group they are a direct member of.
    ");
    shows!(page, "nested-only", "The person is in the assigned group only through another group.", answer_for(&mut page, Cause::NestedOnly), @"
    The person is in the assigned group only through another group.

    jane@acme.example: broken

      BROKEN  Identity provider  The person is in the assigned group only through another group
      BROKEN  Provisioning       not assigned
      BROKEN  SCIM record        there is none
      ok      Atlassian account  active
      ok      Groups             0 of 0 expected
      BROKEN  Apps               no app role

    Found
      The person is in the assigned group only through another group (nested-only)
        entra.nested-memberships: the person belongs to jira-users only through another group, and provisioning does not look into nested groups

    What a person can do
      Provisioning does not look into nested groups. In the Entra admin center, Groups: make them a direct member of a group that is assigned (jira-users, wiki-users) (jane@acme.example (object id 000000e1-0000-4000-8000-000000000004)), or assign the inner group itself in Entra admin center, Enterprise applications > the Atlassian application (object id 0000005e-0000-4000-8000-000000000000) > Users and groups.
    ");
    shows!(page, "out-of-scope", "The provisioning filter leaves the person out.", answer_for(&mut page, Cause::OutOfScope), @"
    The job's filter takes engineers; Jane is in sales.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      BROKEN  Provisioning       The provisioning filter leaves the person out
      BROKEN  SCIM record        there is none
      ok      Atlassian account  active
      BROKEN  Groups             0 of 2 expected
      BROKEN  Apps               confluence (acme): missing (out-of-scope); jira-software (acme): missing (out-of-scope)

    Apps
      MISSING confluence (acme): out-of-scope
      MISSING jira-software (acme): out-of-scope

    Found
      The provisioning filter leaves the person out (out-of-scope)
        entra.provisioning-log: the job skipped the person: engineers.department EQUALS 'Engineering' is false
        entra.schema: the job's mapping of users has a scoping filter

    Missing groups
      jira-users
      wiki-users

    What a person can do
      The scoping filter leaves jane@acme.example out: engineers.department EQUALS 'Engineering'. Change that attribute of the person in the Entra admin center, Users > jane@acme.example (object id 000000e1-0000-4000-8000-000000000004), or the filter in Entra admin center, Enterprise applications > the Atlassian application (object id 0000005e-0000-4000-8000-000000000000) > Provisioning > Mappings > Provision Microsoft Entra ID Users > Source object scope.

    Ready to paste into a ticket to Microsoft
      Application provisioning from Microsoft Entra ID to Atlassian Cloud: tenant 0f0e0000-0000-4000-8000-000000000001, service principal 0000005e-0000-4000-8000-000000000000, job scim.0f0e0000000040008000000000000001.0000000b-0000-4000-8000-000000000001. It concerns one person: address jane@acme.example, Entra object id 000000e1-0000-4000-8000-000000000004, Atlassian account 712020:93c3f6a0-0000-4000-8000-000000000004. The provisioning filter leaves the person out: the job skipped the person: engineers.department EQUALS 'Engineering' is false (entra.provisioning-log, read TIME); the job's mapping of users has a scoping filter (entra.schema, read TIME). Provisioning log, TIME: other ended as skipped, skipped for NotEffectivelyEntitled, change id ID, cycle id ID. Please tell us why the job does not export this object, which is enabled and assigned.
    ");
    shows!(page, "attribute-missing", "The person lacks an attribute that provisioning needs.", answer_for(&mut page, Cause::AttributeMissing), @"
    Jane has no mailbox, and the job fills the address from the mail alone.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      BROKEN  Provisioning       The person lacks an attribute that provisioning needs
      BROKEN  SCIM record        there is none
      ok      Atlassian account  active
      BROKEN  Groups             0 of 2 expected
      BROKEN  Apps               confluence (acme): missing (attribute-missing); jira-software (acme): missing (attribute-missing)

    Apps
      MISSING confluence (acme): attribute-missing
      MISSING jira-software (acme): attribute-missing

    Found
      The person lacks an attribute that provisioning needs (attribute-missing)
        entra.users: mail is empty
        entra.schema: the job fills the work e-mail from mail alone

    Missing groups
      jira-users
      wiki-users

    What a person can do
      Fill the attribute [mail] of jane@acme.example (object id 000000e1-0000-4000-8000-000000000004) in Entra (mail is set by an Exchange mailbox only), or let the job fall back in Entra admin center, Enterprise applications > the Atlassian application (object id 0000005e-0000-4000-8000-000000000000) > Provisioning > Mappings > Provision Microsoft Entra ID Users: Coalesce([mail], [userPrincipalName]).
    ");
    shows!(page, "sync-pending", "The assignment is newer than the last provisioning cycle.", answer_for(&mut page, Cause::SyncPending), @"
    Jane was created minutes ago; the next cycle has not come.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      BROKEN  Provisioning       The assignment is newer than the last provisioning cycle
      BROKEN  SCIM record        there is none
      BROKEN  Atlassian account  there is none
      BROKEN  Groups             0 of 2 expected
      BROKEN  Apps               confluence (acme): missing (sync-pending); jira-software (acme): missing (sync-pending)

    Apps
      MISSING confluence (acme): sync-pending
      MISSING jira-software (acme): sync-pending

    Found
      The assignment is newer than the last provisioning cycle (sync-pending)
        entra.assignments: the person, or the first assignment that reaches them, is newer than the last cycle
        entra.jobs: the job runs; a cycle comes about every 40 minutes

    Missing groups
      jira-users
      wiki-users

    Plan
      1. Provision the person on demand [harmless; nothing to undo]
      2. Provision the person in jira-users [harmless; nothing to undo]
      3. Provision the person in wiki-users [harmless; nothing to undo]

    What a person can do
      The next cycle comes within about 40 minutes and does the same by itself.

    Repairs are asked for in Slack: /reinstate repair jane@acme.example   (plan f02e1fa2)
    ");
    shows!(page, "assignment-broken", "The assignment entitles nobody.", answer_for(&mut page, Cause::AssignmentBroken), @"
    Jane's groups are assigned with a role that was removed, so the job entitles nobody through them.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      BROKEN  Provisioning       The assignment exists, but the identity provider does not accept it
      BROKEN  SCIM record        there is none
      ok      Atlassian account  active
      BROKEN  Groups             0 of 2 expected
      BROKEN  Apps               confluence (acme): missing (assignment-broken); jira-software (acme): missing (assignment-broken)

    Apps
      MISSING confluence (acme): assignment-broken
      MISSING jira-software (acme): assignment-broken

    Found
      The assignment exists, but the identity provider does not accept it (assignment-broken)
        entra.provisioning-log: the job skipped the person, because no assignment entitles them (NotEffectivelyEntitled)
        entra.assignments: the person is assigned by jira-users, wiki-users

    Missing groups
      jira-users
      wiki-users

    What a person can do
      jane@acme.example (object id 000000e1-0000-4000-8000-000000000004) is assigned by jira-users, wiki-users, but the identity provider accepts none of these assignments. In Entra admin center, Enterprise applications > the Atlassian application (object id 0000005e-0000-4000-8000-000000000000) > Users and groups: select the assignment, choose Edit assignment and select a role that exists (User). If it is a group's, you can instead assign jane@acme.example directly with that role. Never remove the assignment of a group: Atlassian could lose the group.
    ");
    shows!(page, "dynamic-group-pending", "A dynamic group is paused.", answer_for(&mut page, Cause::DynamicGroupPending), @r#"
    Jane belongs into a dynamic group, and an admin has paused the evaluation of its rule.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      BROKEN  Provisioning       A dynamic group is paused, so the person is not in it
      BROKEN  SCIM record        there is none
      ok      Atlassian account  active
      ok      Groups             0 of 0 expected
      BROKEN  Apps               no app role

    Found
      A dynamic group is paused, so the person is not in it (dynamic-group-pending)
        entra.dynamic-groups: jira-users, wiki-users is a dynamic group, and the evaluation of its rule is paused
        entra.memberships: the person is a direct member of no assigned group

    What a person can do
      In the Entra admin center, Groups > the group > Dynamic membership rules: end the pause of jira-users (object id 00000096-0000-4000-8000-000000000001, rule: user.department -eq "Engineering"); wiki-users (object id 00000096-0000-4000-8000-000000000002, rule: user.department -eq "Engineering"). Then check with Validate Rules that the rule includes jane@acme.example (object id 000000e1-0000-4000-8000-000000000004). If it does not, change the attribute that the rule names, or the rule.
    "#);
    page
}
