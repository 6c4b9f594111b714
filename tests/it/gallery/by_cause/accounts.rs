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
      BROKEN  Apps               no app role

    Found
      The account is scheduled for deletion (pending-deletion)
        atlassian.users: account 712020:93c3f6a0-0000-4000-8000-000000000004 is scheduled for deletion

    Missing groups
      jira-users
      wiki-users

    Plan
      1. Cancel the deletion of account 712020:93c3f6a0-0000-4000-8000-000000000004 [reversible; can be undone, by a step that is destructive itself]
      2. Have the identity provider write the person's record again [harmless; nothing to undo]
      3. Have the identity provider write the membership in jira-users again [harmless; nothing to undo]
      4. Have the identity provider write the membership in wiki-users again [harmless; nothing to undo]

    What it costs
      To undo it, account 712020:93c3f6a0-0000-4000-8000-000000000004 would be scheduled for deletion anew, due 14 days from then.

    Repairs are asked for in Slack: /reinstate repair jane@acme.example   (plan 989800eb)
    ");
    shows!(page, "deactivated-by-idp", "The account was deactivated by provisioning.", answer_for(&mut page, Cause::DeactivatedByIdp), @"
    Jane was disabled and enabled again at the identity provider; the account stayed as it was.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      BROKEN  SCIM record        linked, but not active
      BROKEN  Atlassian account  The account was deactivated by provisioning
      BROKEN  Groups             0 of 2 expected
      BROKEN  Apps               no app role

    Found
      The account was deactivated by provisioning (deactivated-by-idp)
        atlassian.users: account 712020:93c3f6a0-0000-4000-8000-000000000004 is inactive and linked to provisioning

    Missing groups
      jira-users
      wiki-users

    Plan
      1. Have the identity provider write the person's record again [harmless; nothing to undo]
      2. Have the identity provider write the membership in jira-users again [harmless; nothing to undo]
      3. Have the identity provider write the membership in wiki-users again [harmless; nothing to undo]

    Repairs are asked for in Slack: /reinstate repair jane@acme.example   (plan 8d6e010f)
    ");
    shows!(page, "deactivated-locally", "The account was deactivated in Atlassian.", answer_for(&mut page, Cause::DeactivatedLocally), @"
    An admin deactivated Jane's account by hand; provisioning does not hold it.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      BROKEN  SCIM record        there is none
      BROKEN  Atlassian account  The account was deactivated in Atlassian
      BROKEN  Groups             0 of 2 expected
      BROKEN  Apps               no app role

    Found
      The account was deactivated in Atlassian (deactivated-locally)
        atlassian.users: account 712020:93c3f6a0-0000-4000-8000-000000000004 is inactive and not linked to provisioning

    Missing groups
      jira-users
      wiki-users

    Plan
      1. Activate account 712020:93c3f6a0-0000-4000-8000-000000000004 [reversible; can be undone exactly]
      2. Have the identity provider write the person's record again [harmless; nothing to undo]
      3. Have the identity provider write the membership in jira-users again [harmless; nothing to undo]
      4. Have the identity provider write the membership in wiki-users again [harmless; nothing to undo]

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
      ok      Apps               at least one app role

    Found
      The account's access is suspended in the organization (suspended)
        atlassian.users: account 712020:93c3f6a0-0000-4000-8000-000000000004 has its membership suspended in directory Primary Directory (d1e00000-0000-4000-8000-000000000001)

    Plan
      1. Lift the suspension of account 712020:93c3f6a0-0000-4000-8000-000000000004 in directory d1e00000-0000-4000-8000-000000000001 [reversible; can be undone exactly]

    What it costs
      Account 712020:93c3f6a0-0000-4000-8000-000000000004 takes its seats again in every app it has a role in; without a free seat Atlassian refuses.

    Repairs are asked for in Slack: /reinstate repair jane@acme.example   (plan 4aa045fb)
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
    page
}
