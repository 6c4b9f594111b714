//! Causes in this part of the trail: the Atlassian account.

use reinstate_core::Cause;

use super::super::page::{Page, shows};
use super::answer_for;

pub fn page() -> Page {
    let mut page = Page::new(
        "What check says of each cause: the Atlassian account",
        "Facts, advice and costs as `check WHO` shows them in the terminal. The cards use the same words.",
    );
    shows!(page, "pending-deletion", "The account is scheduled for deletion.", answer_for(&mut page, Cause::PendingDeletion), @"
    Somebody scheduled Jane's account for deletion and removed its record before.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      BROKEN  SCIM record        there is none
      BROKEN  Atlassian account  The account is scheduled for deletion
      BROKEN  Groups             0 of 2 expected
      BROKEN  Apps               confluence (acme): missing (pending-deletion); jira-software (acme): missing (pending-deletion)

    Apps
      MISSING confluence (acme): pending-deletion
      MISSING jira-software (acme): pending-deletion

    Found
      The account is scheduled for deletion (pending-deletion)
        atlassian.users: account 712020:93c3f6a0-0000-4000-8000-000000000004 is scheduled for deletion

    Missing groups
      jira-users
      wiki-users

    Plan
      1. Cancel the deletion of account 712020:93c3f6a0-0000-4000-8000-000000000004 [reversible; can be undone by another destructive step]
      2. Provision the person on demand [harmless; nothing to undo]
      3. Provision the person in jira-users [harmless; nothing to undo]
      4. Provision the person in wiki-users [harmless; nothing to undo]

    What it costs
      To undo this, account 712020:93c3f6a0-0000-4000-8000-000000000004 would be scheduled for deletion again, with another 14 days.

    Repairs are asked for in Slack: /reinstate repair jane@acme.example   (plan 0a11a934)
    ");
    shows!(page, "deactivated-by-idp", "The account was deactivated by provisioning.", answer_for(&mut page, Cause::DeactivatedByIdp), @"
    Jane was disabled and enabled again at the identity provider; the account stayed as it was.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      BROKEN  SCIM record        linked, but not active
      BROKEN  Atlassian account  The account was deactivated by provisioning
      BROKEN  Groups             0 of 2 expected
      BROKEN  Apps               confluence (acme): missing (deactivated-by-idp); jira-software (acme): missing (deactivated-by-idp)

    Apps
      MISSING confluence (acme): deactivated-by-idp
      MISSING jira-software (acme): deactivated-by-idp

    Found
      The account was deactivated by provisioning (deactivated-by-idp)
        atlassian.users: account 712020:93c3f6a0-0000-4000-8000-000000000004 is inactive and linked to provisioning
        scim.users: the linked record 5578ea37-0000-4000-8000-000000000004 is inactive

    Missing groups
      jira-users
      wiki-users

    Plan
      1. Provision the person on demand [harmless; nothing to undo]
      2. Provision the person in jira-users [harmless; nothing to undo]
      3. Provision the person in wiki-users [harmless; nothing to undo]

    Repairs are asked for in Slack: /reinstate repair jane@acme.example   (plan 8824b8bd)
    ");
    shows!(page, "deactivated-locally", "The account was deactivated in Atlassian.", answer_for(&mut page, Cause::DeactivatedLocally), @"
    An admin deactivated Jane's account by hand; provisioning does not hold it.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      BROKEN  SCIM record        there is none
      BROKEN  Atlassian account  The account was deactivated in Atlassian
      BROKEN  Groups             0 of 2 expected
      BROKEN  Apps               confluence (acme): missing (deactivated-locally); jira-software (acme): missing (deactivated-locally)

    Apps
      MISSING confluence (acme): deactivated-locally
      MISSING jira-software (acme): deactivated-locally

    Found
      The account was deactivated in Atlassian (deactivated-locally)
        atlassian.users: account 712020:93c3f6a0-0000-4000-8000-000000000004 is inactive and not linked to provisioning

    Missing groups
      jira-users
      wiki-users

    Plan
      1. Activate account 712020:93c3f6a0-0000-4000-8000-000000000004 [reversible; can be undone]
      2. Provision the person on demand [harmless; nothing to undo]
      3. Provision the person in jira-users [harmless; nothing to undo]
      4. Provision the person in wiki-users [harmless; nothing to undo]

    Repairs are asked for in Slack: /reinstate repair jane@acme.example   (plan 46d6ed92)
    ");
    shows!(page, "suspended", "The account's access is suspended in the organization.", answer_for(&mut page, Cause::Suspended), @"
    Jane's access is suspended in the organization; her groups are still listed.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      ok      SCIM record        linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
      BROKEN  Atlassian account  The account's access is suspended in the organization
      ok      Groups             2 of 2 expected
      BROKEN  Apps               confluence (acme): missing (suspended); jira-software (acme): missing (suspended)

    Apps
      MISSING confluence (acme): suspended
      MISSING jira-software (acme): suspended

    Found
      The account's access is suspended in the organization (suspended)
        atlassian.users: account 712020:93c3f6a0-0000-4000-8000-000000000004 has its membership suspended in directory Primary Directory (d1e00000-0000-4000-8000-000000000001)

    Plan
      1. Lift the suspension of account 712020:93c3f6a0-0000-4000-8000-000000000004 in directory d1e00000-0000-4000-8000-000000000001 [reversible; can be undone]

    What it costs
      Account 712020:93c3f6a0-0000-4000-8000-000000000004 takes a seat again in every app in which it has a role. Without a free seat, Atlassian refuses.

    Repairs are asked for in Slack: /reinstate repair jane@acme.example   (plan 59e68a7d)
    ");
    shows!(page, "not-in-directory", "The account is in no user directory of the organization.", answer_for(&mut page, Cause::NotInDirectory), @"
    Jane is assigned without a group, and her managed account is in no directory.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      ok      SCIM record        linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
      BROKEN  Atlassian account  The account is in no user directory of the organization
      ok      Groups             0 of 0 expected
      BROKEN  Apps               no app role

    Found
      The account is in no user directory of the organization (not-in-directory)
        atlassian.users: account 712020:93c3f6a0-0000-4000-8000-000000000004 is a member of no directory

    What a person can do
      In admin.atlassian.com, Directory > Users > Invite users: invite jane@acme.example to the organization's directory, or add them to a synced group that gives an app.
    ");
    shows!(page, "deactivated-while-linked", "The account is inactive, and its record is active.", answer_for(&mut page, Cause::DeactivatedWhileLinked), @"
    An admin deactivated Jane's account by hand; provisioning still has it as active.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      ok      SCIM record        linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
      BROKEN  Atlassian account  The account was deactivated in Atlassian, but its SCIM record is active
      ok      Groups             2 of 2 expected
      BROKEN  Apps               confluence (acme): missing (deactivated-while-linked); jira-software (acme): missing (deactivated-while-linked)

    Apps
      MISSING confluence (acme): deactivated-while-linked
      MISSING jira-software (acme): deactivated-while-linked

    Found
      The account was deactivated in Atlassian, but its SCIM record is active (deactivated-while-linked)
        atlassian.users: account 712020:93c3f6a0-0000-4000-8000-000000000004 is inactive
        scim.users: the linked record 5578ea37-0000-4000-8000-000000000004 is active
        entra.users: the person is enabled

    Plan
      1. Provision the person on demand [harmless; nothing to undo]

    What a person can do
      Find out first whether account 712020:93c3f6a0-0000-4000-8000-000000000004 (jane@acme.example) was deactivated on purpose; if so, disable jane@acme.example in Entra instead. Otherwise you can also do the repair in Entra: disable jane@acme.example, wait for one cycle (about 40 minutes), enable jane@acme.example, and wait for another. Then the status is sent again.

    Repairs are asked for in Slack: /reinstate repair jane@acme.example   (plan 603a844a)
    ");
    shows!(page, "deactivated-elsewhere", "The account is inactive, and this organization does not manage it.", answer_for(&mut page, Cause::DeactivatedElsewhere), @"
    A guest's account is deactivated by their own company, and provisioning here has it as active.

    jane@partner.example: broken

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      ok      SCIM record        linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
      BROKEN  Atlassian account  The account is deactivated, and this organization does not manage it
      ok      Groups             2 of 2 expected
      BROKEN  Apps               confluence (acme): missing (deactivated-elsewhere); jira-software (acme): missing (deactivated-elsewhere)

    Apps
      MISSING confluence (acme): deactivated-elsewhere
      MISSING jira-software (acme): deactivated-elsewhere

    Found
      The account is deactivated, and this organization does not manage it (deactivated-elsewhere)
        atlassian.users: account 712020:93c3f6a0-0000-4000-8000-000000000004 is inactive, and this organization does not manage it

    What a person can do
      This organization does not manage account 712020:93c3f6a0-0000-4000-8000-000000000004 (jane@partner.example), so nothing here can activate it. The admins of the organization that manages partner.example can: admin.atlassian.com, Directory > Managed accounts > Reactivate account. If they do not want to, give jane@partner.example another address in Entra.
    ");
    shows!(page, "account-unclaimed", "The account is on a verified domain and not claimed.", answer_for(&mut page, Cause::AccountUnclaimed), @"
    The domain is verified, but Jane's account was never claimed, and a group is missing.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      ok      SCIM record        linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
      BROKEN  Atlassian account  The account is on a verified domain, but it is not claimed
      BROKEN  Groups             1 of 2 expected
      BROKEN  Apps               jira-software (acme): user; confluence (acme): missing (account-unclaimed)

    Apps
      ok      jira-software (acme) as user, through jira-users
      MISSING confluence (acme): account-unclaimed

    Found
      The account is on a verified domain, but it is not claimed (account-unclaimed)
        atlassian.users: account 712020:93c3f6a0-0000-4000-8000-000000000004 has the address jane@acme.example and is not managed
        atlassian.domains: acme.example is a verified domain of the organization

    Missing groups
      wiki-users

    What a person can do
      This organization does not manage account 712020:93c3f6a0-0000-4000-8000-000000000004 (jane@acme.example), although acme.example is verified. In admin.atlassian.com, Settings > Domains > acme.example > Claim accounts: claim it. If it is not listed there, another organization manages it, and its admins must release it. Do not provision jane@acme.example before: an update of an unclaimed account takes it out of its synced groups.
    ");
    shows!(page, "email-unverified", "Nobody confirmed the address of the account.", answer_for(&mut page, Cause::EmailUnverified), @"
    Jane never confirmed her address and has never been in.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      ok      SCIM record        linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
      BROKEN  Atlassian account  The e-mail address of the account was never confirmed
      ok      Groups             2 of 2 expected
      ok      Apps               confluence (acme): user; jira-software (acme): user

    Apps
      ok      confluence (acme) as user, through wiki-users
      ok      jira-software (acme) as user, through jira-users

    Found
      The e-mail address of the account was never confirmed (email-unverified)
        atlassian.users: the address of account 712020:93c3f6a0-0000-4000-8000-000000000004 was never confirmed
        atlassian.last-active: the account was never used

    What a person can do
      The address of account 712020:93c3f6a0-0000-4000-8000-000000000004 (jane@acme.example) was never confirmed. Ask its owner to open Atlassian's confirmation mail, or to sign in at https://id.atlassian.com, which sends it again. Look in the spam folder as well.
    ");
    page
}
