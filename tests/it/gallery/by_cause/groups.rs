//! Causes in this part of the trail: groups and apps.

use reinstate_core::Cause;

use super::super::page::{Page, shows};
use super::answer_for;

pub fn page() -> Page {
    let mut page = Page::new(
        "What check says of each cause: groups and apps",
        "Facts, advice and costs as `check WHO` shows them in the terminal. The cards use the same words.",
    );
    shows!(page, "membership-drift", "Group memberships were lost on the way to Atlassian.", answer_for(&mut page, Cause::MembershipDrift), @"
    Everything is in order but the groups: Atlassian lost them, and the identity provider does not look.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      ok      SCIM record        linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
      ok      Atlassian account  active
      BROKEN  Groups             Group memberships did not reach Atlassian
      BROKEN  Apps               confluence (acme): missing (membership-drift); jira-software (acme): missing (membership-drift)

    Apps
      MISSING confluence (acme): membership-drift
      MISSING jira-software (acme): membership-drift

    Found
      Group memberships did not reach Atlassian (membership-drift)
        scim.users: the record is not a member of jira-users, wiki-users, and the person is at the identity provider
        atlassian.users: the account does not show jira-users, wiki-users

    Missing groups
      jira-users
      wiki-users

    Plan
      1. Provision the person in jira-users [harmless; nothing to undo]
      2. Provision the person in wiki-users [harmless; nothing to undo]

    Repairs are asked for in Slack: /reinstate repair jane@acme.example   (plan c55803a7)
    ");
    shows!(page, "propagation-lag", "Atlassian has the membership but does not show it yet.", answer_for(&mut page, Cause::PropagationLag), @"
    Provisioning has written the memberships, and Atlassian does not show them.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      ok      SCIM record        linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
      ok      Atlassian account  active
      BROKEN  Groups             Atlassian has the membership but does not show it yet
      BROKEN  Apps               confluence (acme): missing (propagation-lag); jira-software (acme): missing (propagation-lag)

    Apps
      MISSING confluence (acme): propagation-lag
      MISSING jira-software (acme): propagation-lag

    Found
      Atlassian has the membership but does not show it yet (propagation-lag)
        scim.users: the record is a member of jira-users, wiki-users, which the account does not show

    Missing groups
      jira-users
      wiki-users

    Plan
      1. Provision the person in jira-users [harmless; nothing to undo]
      2. Provision the person in wiki-users [harmless; nothing to undo]

    What a person can do
      Wait some minutes and check again: Atlassian has the membership and does not show it yet.

    Repairs are asked for in Slack: /reinstate repair jane@acme.example   (plan f22e8b38)
    ");
    shows!(page, "group-name-conflict", "A local group of the same name keeps the synced group out.", answer_for(&mut page, Cause::GroupNameConflict), @"
    A local group was called design before the identity provider's group came.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      ok      SCIM record        linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
      ok      Atlassian account  active
      BROKEN  Groups             A local group with the same name blocks the synced group
      ok      Apps               confluence (acme): user; jira-software (acme): user

    Apps
      ok      confluence (acme) as user, through wiki-users
      ok      jira-software (acme) as user, through jira-users

    Found
      A local group with the same name blocks the synced group (group-name-conflict)
        atlassian.groups: design is a group of the organization whose members do not come from the identity provider

    Missing groups
      design

    What a person can do
      In admin.atlassian.com, Security > Identity providers > the directory 6c2f0000-0000-4000-8000-000000000001 > Review groups: compare the members of design, then let the identity provider take the group over (this replaces its members), or give the Entra group a new name as a new group. Never delete or un-assign the group: its permissions would be lost.

    Ready to paste into a ticket to Atlassian
      User provisioning (SCIM) of organization 9a1jj823-0000-4000-8000-000000000001, directory 6c2f0000-0000-4000-8000-000000000001. It concerns one person: address jane@acme.example, Entra object id 000000e1-0000-4000-8000-000000000004, Atlassian account 712020:93c3f6a0-0000-4000-8000-000000000004, SCIM record 5578ea37-0000-4000-8000-000000000004 of directory 6c2f0000-0000-4000-8000-000000000001. A local group with the same name blocks the synced group: design is a group of the organization whose members do not come from the identity provider (atlassian.groups, read TIME). Please tell us how the synced group can take over this name without the permissions of the group that has it now being lost.
    ");
    shows!(page, "default-group-clash", "A default group of an app has the synced group's name.", answer_for(&mut page, Cause::DefaultGroupClash), @"
    The group at the identity provider has the name of an app's default group.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      ok      SCIM record        linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
      ok      Atlassian account  active
      BROKEN  Groups             A default group of an app has the synced group's name
      ok      Apps               confluence (acme): user; jira-software (acme): user

    Apps
      ok      confluence (acme) as user, through wiki-users, confluence-users
      ok      jira-software (acme) as user, through jira-users

    Found
      A default group of an app has the synced group's name (default-group-clash)
        atlassian.groups: confluence-users is a group of the organization whose members do not come from the identity provider
        atlassian.group-role-assignments: it is a built-in group or a default group of an app

    Missing groups
      confluence-users

    What a person can do
      confluence-users is a built-in group or a default group of an app, which cannot be synced. Use a new Entra group with another name, and give it the roles that are needed in admin.atlassian.com, Directory > Groups. For a default group you can instead make another group the default one (Products > the app > Manage access). Never delete or un-assign the group, and never let the identity provider take it over.

    Ready to paste into a ticket to Atlassian
      User provisioning (SCIM) of organization 9a1jj823-0000-4000-8000-000000000001, directory 6c2f0000-0000-4000-8000-000000000001. It concerns one person: address jane@acme.example, Entra object id 000000e1-0000-4000-8000-000000000004, Atlassian account 712020:93c3f6a0-0000-4000-8000-000000000004, SCIM record 5578ea37-0000-4000-8000-000000000004 of directory 6c2f0000-0000-4000-8000-000000000001. A default group of an app has the synced group's name: confluence-users is a group of the organization whose members do not come from the identity provider (atlassian.groups, read TIME); it is a built-in group or a default group of an app (atlassian.group-role-assignments, read TIME). Please tell us how the synced group can take over this name without the permissions of the group that has it now being lost.
    ");
    shows!(page, "group-renamed", "A group was renamed, and Atlassian keeps the old name.", answer_for(&mut page, Cause::GroupRenamed), @"
    A group was renamed at the identity provider. Atlassian keeps the old name, and all works.

    jane@acme.example: healthy

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      ok      SCIM record        linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
      ok      Atlassian account  active
      ok      Groups             2 of 2 expected
      ok      Apps               confluence (acme): user; jira-software (acme): user

    Apps
      ok      confluence (acme) as user, through wiki-users
      ok      jira-software (acme) as user, through jira-people

    Found
      A group was renamed, and Atlassian keeps the old name (group-renamed)
        scim.groups: jira-people is still called jira-users at Atlassian

    What a person can do
      Atlassian takes no new name for a synced group: jira-people is called jira-users there. Nothing is lost; give the Entra group its old name back, or make a new group and move its roles before the old one is touched.

    Ready to paste into a ticket to Atlassian
      User provisioning (SCIM) of organization 9a1jj823-0000-4000-8000-000000000001, directory 6c2f0000-0000-4000-8000-000000000001. It concerns one person: address jane@acme.example, Entra object id 000000e1-0000-4000-8000-000000000004, Atlassian account 712020:93c3f6a0-0000-4000-8000-000000000004, SCIM record 5578ea37-0000-4000-8000-000000000004 of directory 6c2f0000-0000-4000-8000-000000000001. The account and its membership are active, no expected group is missing, and the account holds its roles in confluence (acme) (user), jira-software (acme) (user). The person still cannot work. Please find out why; sign-in, permissions inside apps and portal-only accounts were not examined.

    Not examined: sign-in, permissions inside apps, and portal accounts.
    ");
    shows!(page, "group-without-role", "The person's groups give no app role.", answer_for(&mut page, Cause::GroupWithoutRole), @"
    Jane is in all her groups, and none of them gives an app.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      ok      SCIM record        linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
      ok      Atlassian account  active
      ok      Groups             2 of 2 expected
      BROKEN  Apps               The person's groups grant no app

    Found
      The person's groups grant no app (group-without-role)
        atlassian.groups: jira-users, wiki-users give no app role
        atlassian.role-assignments: the account has no app role

    What a person can do
      In admin.atlassian.com, Directory > Groups: open the group (jira-users, wiki-users) and give it a role in the app that its members need (Add products).
    ");
    shows!(page, "seats-full", "No seat is left in the app.", answer_for(&mut page, Cause::SeatsFull), @"
    Jane is in all her groups, and no seat was left for her.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      ok      SCIM record        linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
      ok      Atlassian account  active
      ok      Groups             2 of 2 expected
      BROKEN  Apps               The app has no free seat

    Apps
      MISSING confluence (acme): seats-full
      MISSING jira-software (acme): seats-full

    Found
      The app has no free seat (seats-full)
        atlassian.workspaces: Acme Jira has 100 of 100 seats taken; Acme Wiki has 100 of 100 seats taken
        atlassian.role-assignments: the account has no role in confluence (acme); the account has no role in jira-software (acme)

    What a person can do
      No seat is left in Acme Jira (100 of 100 taken), Acme Wiki (100 of 100 taken). In admin.atlassian.com, Billing > the app: add seats, or take access from people who do not use it (Directory > Users, by last activity). Then take the person out of the group at Entra and put them back.
    ");
    shows!(page, "role-too-weak", "The account has a weaker role than its group grants.", answer_for(&mut page, Cause::RoleTooWeak), @"
    Somebody made Jane a guest in the wiki by hand, and the role of her group has no effect.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      ok      SCIM record        linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
      ok      Atlassian account  active
      ok      Groups             2 of 2 expected
      BROKEN  Apps               The account has a weaker role than its group grants

    Apps
      ok      jira-software (acme) as user, through jira-users
      MISSING confluence (acme): role-too-weak

    Found
      The account has a weaker role than its group grants (role-too-weak)
        atlassian.role-assignments: the account has only guest in confluence (acme), and wiki-users grants user
        atlassian.group-role-assignments: wiki-users grants the stronger role

    What a person can do
      In admin.atlassian.com, Directory > Users > the person > App access: remove guest in confluence (acme) (its groups grant user). A weaker role that was given by hand can keep the role of the group from having effect.
    ");
    shows!(page, "group-too-large", "The group has reached the size limit of the synchronization.", answer_for(&mut page, Cause::GroupTooLarge), @"
    A run has sent the memberships, and the groups are full.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      ok      SCIM record        linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
      ok      Atlassian account  active
      BROKEN  Groups             A group has reached the size limit of the synchronization
      BROKEN  Apps               confluence (acme): missing (group-too-large); jira-software (acme): missing (group-too-large)

    Apps
      MISSING confluence (acme): group-too-large
      MISSING jira-software (acme): group-too-large

    Found
      A group has reached the size limit of the synchronization (group-too-large)
        atlassian.groups: jira-users, wiki-users has as many members as the synchronization takes, and the membership was sent

    Missing groups
      jira-users
      wiki-users

    Plan
      1. Provision the person in jira-users [harmless; nothing to undo]
      2. Provision the person in wiki-users [harmless; nothing to undo]

    What a person can do
      Split the group at the identity provider into smaller groups, assign them to the Atlassian application, and give each of them the same roles at Atlassian before people are moved. Do not delete or un-assign the old group.

    Repairs are asked for in Slack: /reinstate repair jane@acme.example   (plan 2e687c26)
    ");
    shows!(page, "app-not-granted", "None of the groups grants the app that was asked for.", answer_for(&mut page, Cause::AppNotGranted), @"
    Jane asks for an app that none of her groups grants.

    jane@acme.example: broken

      ok      Identity provider  exists and is enabled
      ok      Provisioning       assigned; the job runs
      ok      SCIM record        linked to account 712020:93c3f6a0-0000-4000-8000-000000000004
      ok      Atlassian account  active
      ok      Groups             2 of 2 expected
      BROKEN  Apps               None of the person's groups grants the app

    Found
      None of the person's groups grants the app (app-not-granted)
        atlassian.group-role-assignments: jira-users, wiki-users do not grant confluence (lab)

    What a person can do
      To give confluence (lab), make the person a direct member of one of these Entra groups, which are assigned and grant it: lab-people. If a group is dynamic, change the attribute that its rule reads.
    ");
    page
}
